"""What both generators answer to one prompt, for the live worker: the likeliest answer, as a run makes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analysis.base.errors import AssayError
from analysis.base.records import SIDES
from analysis.base.sql import queries
from analysis.base.turns import Prompt, edited
from analysis.models.generator import generators
from analysis.text.cleaned import cleaned
from analysis.text.units import word_count
from analysis.tracks.response.detector_inputs import turns_by_ref

if TYPE_CHECKING:
    import duckdb

    from analysis.models.sides import Sides
    from analysis.plugin.live import LiveRequest

_SQL = queries(__package__, "live.sql")


def answer(models: Sides, evidence: duckdb.DuckDBPyConnection, request: LiveRequest) -> dict[str, Any]:
    """The likeliest answer of both sides to one prompt.

    A prompt that was made from a conversation is that conversation, with its system prompt, after the change.

    Args:
        models: both sides, whose digests were compared with the run's.
        evidence: holds the run, attached as `evidence`.
        request: the text, and the prompt that it comes from.

    Returns:
        JSON-able: `device` and `sides`, each with `output` (`text`, `ended`: `stop` or `length`, `words` of the
        text), `tokens` of the answer, and no `attributions` and `licences`.

    Raises:
        AssayError: responses that were recorded, a change beyond one turn, a chat template that refuses the prompt,
            a ref that is not in the run.
    """
    if not models:
        raise AssayError(
            "responses were recorded and no models were given, so no other prompt can be asked",
            hint="name the folders of both models in the review file, and analyse it again",
        )
    from analysis.models.generation import generate_answers

    prompt = _prompt(evidence, request)
    pair = generators(models)
    sides = {}
    for side in SIDES:
        generator = pair.generator(side)
        (made,) = generate_answers(generator, [generator.prompt_ids(prompt)])
        words = word_count(cleaned(made.text).text)
        sides[side] = {
            "output": {"text": made.text, "ended": made.ended, "words": words},
            "tokens": len(made.ids),
            "attributions": [],
            "licences": [],
        }
    return {"device": pair.device, "sides": sides}


def _prompt(evidence: duckdb.DuckDBPyConnection, request: LiveRequest) -> Prompt:
    """What the models are to answer."""
    if request.ref is None:
        return request.text
    if evidence.execute(_SQL["known"], {"ref": request.ref}).fetchone() is None:
        raise AssayError(
            f"the run has no example {request.ref!r}", where="ref", hint="give a ref of this run"
        )
    turns = turns_by_ref(evidence.execute(_SQL["turns"], {"ref": request.ref}).fetchall()).get(request.ref)
    if turns is None:
        return request.text
    changed = edited(turns, request.text)
    if changed is None:
        raise AssayError(
            "this change goes beyond one turn of the conversation",
            hint="change the words of one turn, and leave who says it",
        )
    return changed
