"""What both classifiers say of one text, for the live worker: as a run would have measured it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.errors import AssayError
from analysis.intent.attribution import Case, attribution_row, cases_of, explain
from analysis.intent.baseline import BaselineChooser
from analysis.intent.draws import draw
from analysis.intent.methods import INTEGRATED_GRADIENTS, METHODS, OCCLUSION, Method, Target
from analysis.intent.predict import logits_of_ids, side_rows, softmax, tokens_read
from analysis.intent.words import Tokenised, tokenise
from analysis.records import SIDES, Side

if TYPE_CHECKING:
    import duckdb
    from numpy.typing import NDArray

    from analysis.models.live import LiveRequest
    from analysis.models.load import LoadedClassifier
    from analysis.models.pair import ModelPair

USUAL = (INTEGRATED_GRADIENTS, OCCLUSION)
"""The methods of a question that names none: one of each family."""


def answer(
    models: ModelPair,
    settings: Mapping[str, Any],
    evidence: duckdb.DuckDBPyConnection,
    request: LiveRequest,
) -> dict[str, Any]:
    """Prediction and attributions of both sides for one text.

    A text that was made from an example is also explained for the flip that this example had in the run,
    so that before and after can be compared; any other text for the flip that it shows itself.

    Args:
        models: both sides, whose digests were compared with the run's.
        settings: the run's settings of the track.
        evidence: holds the run, attached as `evidence`.
        request: the text, the example that it comes from, and the methods.

    Returns:
        JSON-able: `device`, `labels`, `contrast` (the target of the flip, or None) and `sides`, each with
        `label`, `p`, `runner_up`, `runner_up_p`, `margin`, `probabilities` (in the order of `labels`, None
        where they are not numbers), `tokens`, `cut` and `attributions`, which have the columns of the table
        `attribution` without ref and side.

    Raises:
        AssayError: a method or example that is not there.
    """
    methods = _methods(USUAL if request.methods is None else request.methods)
    limit = tokens_read(models, settings.get("max_length"))
    classifiers = {side: models.side(side) for side in SIDES}
    words = {side: tokenise(classifiers[side], [request.text], limit) for side in SIDES}
    logits = {side: logits_of_ids(classifiers[side], [words[side][0].ids]) for side in SIDES}
    cases = cases_of(classifiers, words, logits)
    if request.ref is not None:
        flip = _flip(evidence, request.ref, models.labels)
        if flip is not None and all(np.isfinite(logits[side]).all() for side in SIDES):
            cases = [case for case in cases if not case.contrast] + [_contrast(classifiers, words, flip)]
    contrasts = [case.targets["base"].name(models.labels) for case in cases if case.contrast]
    seed = draw("attribution", request.ref or request.text)
    sides = {}
    for side in SIDES:
        classifier, read = classifiers[side], words[side][0]
        answers = explain(classifier, side, words[side], logits[side], cases, [seed], methods)
        rows = [dataclasses.asdict(attribution_row("", side, classifier, read, one)) for one in answers]
        sides[side] = {
            **_prediction(classifier, logits[side]),
            "tokens": len(read.ids),
            "cut": _cut(classifier, request.text, limit),
            "attributions": [_plain(row) for row in rows],
        }
    return {
        "device": classifiers["base"].device,
        "labels": list(models.labels),
        "contrast": contrasts[0] if contrasts else None,
        "sides": sides,
    }


def _methods(names: Sequence[str]) -> list[Method]:
    known = {method.name: method for method in METHODS}
    for name in names:
        if name not in known:
            raise AssayError(
                f"there is no attribution method {name!r}", where="method", hint=f"known: {', '.join(known)}"
            )
    return [known[name] for name in names]


def _flip(evidence: duckdb.DuckDBPyConnection, ref: str, labels: Sequence[str]) -> Target | None:
    """Candidate's class against base's, as the run found them for an example; None where they agree."""
    found = dict(
        evidence.execute("SELECT side, label FROM evidence.intent_side WHERE ref = ?", [ref]).fetchall()
    )
    if set(found) != set(SIDES):
        raise AssayError(f"the run has no example {ref!r}", where="ref", hint="give a ref of this run")
    if found["base"] == found["candidate"] or not set(found.values()) <= set(labels):
        return None
    return Target(labels.index(found["candidate"]), labels.index(found["base"]))


def _contrast(
    classifiers: Mapping[Side, LoadedClassifier], words: Mapping[Side, Sequence[Tokenised]], flip: Target
) -> Case:
    targets = dict.fromkeys(SIDES, flip)
    here = {side: words[side][0] for side in SIDES}
    return Case(0, targets, BaselineChooser(classifiers).choose(here, targets))


def _prediction(classifier: LoadedClassifier, logits: NDArray[np.float32]) -> dict[str, Any]:
    row = side_rows([""], "base", logits, classifier.labels, [None]).to_pylist()[0]
    probabilities = softmax(logits)[0]
    return {
        **{name: row[name] for name in ("label", "p", "runner_up", "runner_up_p", "margin")},
        "probabilities": [float(p) if np.isfinite(p) else None for p in probabilities],
    }


def _cut(classifier: LoadedClassifier, text: str, limit: int) -> bool:
    """Whether the text is longer than what is read of it."""
    return len(classifier.tokenizer(text, truncation=False, verbose=False)["input_ids"]) > limit


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """An attribution as JSON has it: no number is None."""
    kept = {name: value for name, value in row.items() if name not in ("ref", "side")}
    if kept["baseline_p"] is not None and not np.isfinite(kept["baseline_p"]):
        kept["baseline_p"] = None
    return kept | {"parameters": json.loads(kept["parameters"], parse_constant=lambda name: None)}
