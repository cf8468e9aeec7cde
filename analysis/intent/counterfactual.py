"""Counterfactual probes: a cue that must not matter is inserted, removed or swapped, and both sides answer.

An evaluation set that shares a shortcut makes a defective model look like an upgrade, so the probes are
generated, not hoped for. A variant is an example of kind `variant`, predicted like any other.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa

from analysis.examples import content_sha256
from analysis.intent.settings import intent_settings
from analysis.lexicon import BUILT_IN, insert_term, remove_spans
from analysis.records import ALL
from analysis.stage import Shard, Stage, StageContext

if TYPE_CHECKING:
    from analysis.lexicon import Finder

MAX_TEXTS = 300
"""Texts per class, cue and population that are probed; drawn at random from the seed where there are more."""
DRAWS = {"critical": 4, "other": 2}
"""Random terms drawn for each text."""


class Plan(NamedTuple):
    """How one variant was made; `start` and `end` mark the cue in the variant's text."""

    ref: str
    parent_ref: str
    id: str
    text: str
    cue: str
    operation: str
    term: str
    target: str
    population: str
    start: int | None
    end: int | None


def draw(*parts: object) -> int:
    """A number that depends on the parts and on nothing else."""
    text = "/".join(str(part) for part in parts)
    return int.from_bytes(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:8], "big")


def inserted(text: str, term: str, seed: int) -> tuple[str, int, int]:
    """The text with the term at a word boundary, and where the term is in it."""
    changed = insert_term(text, term, seed)
    starts = (found.start() for found in re.finditer(f"(?={re.escape(term)})", changed))
    words = text.split()
    start = next(at for at in starts if (changed[:at] + changed[at + len(term) :]).split() == words)
    return changed, start, start + len(term)


def plans(
    rows: Sequence[tuple[str, str, str, str]], target: str, cue: str, finder: Finder, track: str, seed: int
) -> Iterator[Plan]:
    """The variants of one class and one cue.

    Args:
        rows: (ref, id, text, gold) of the evaluation examples.
        target: the class that must not depend on the cue.
        cue: name of the lexicon or built-in token class.
        finder: finds the cue in a text and has the terms to insert.
        track: prefix of the refs.
        seed: of the review.
    """
    declared = cue not in BUILT_IN
    for population in ("critical", "other"):
        members = [row for row in rows if (row[3] == target) == (population == "critical")]
        spans_of = {row[0]: finder.find(row[2]) for row in members}
        # A declared cue is inserted where none is yet; built-in classes such as punctuation are nearly everywhere.
        without = [row for row in members if not (declared and spans_of[row[0]])]
        for ref, id_, text, _ in _sample(without, seed, target, cue):
            for number in range(DRAWS[population]):
                chosen = draw(seed, ref, target, cue, number)
                term = finder.cues[chosen % len(finder.cues)]
                changed, start, end = inserted(text, term, chosen >> 16)
                name = f"{id_}~{target}~{cue}~insert{number + 1}"
                yield Plan(
                    f"{track}/variant:{name}", ref, name, changed, cue, "insert", term, target, population,
                    start, end,
                )  # fmt: skip
        having = [row for row in members if declared and spans_of[row[0]]]
        for ref, id_, text, _ in _sample(having, seed, target, cue):
            spans = spans_of[ref]
            term = text[spans[0].start : spans[0].end]
            removed = remove_spans(text, spans)
            if removed.strip():
                name = f"{id_}~{target}~{cue}~remove"
                yield Plan(
                    f"{track}/variant:{name}", ref, name, removed, cue, "remove", term, target, population,
                    None, None,
                )  # fmt: skip
            others = [other for other in finder.cues if other.casefold() != term.casefold()]
            if others:
                other = others[draw(seed, ref, target, cue, "swap") % len(others)]
                first = spans[0]
                swapped = text[: first.start] + other + text[first.end :]
                name = f"{id_}~{target}~{cue}~swap"
                yield Plan(
                    f"{track}/variant:{name}", ref, name, swapped, cue, "swap", other, target, population,
                    first.start, first.start + len(other),
                )  # fmt: skip


def _sample(
    rows: Iterable[tuple[str, str, str, str]], seed: int, target: str, cue: str
) -> list[tuple[str, str, str, str]]:
    return sorted(rows, key=lambda row: draw(seed, target, cue, row[0]))[:MAX_TEXTS]


def _plan_shards(context: StageContext) -> list[Shard]:
    pairs = [
        (target, cue) for target, cues in intent_settings(context.settings).irrelevant.items() for cue in cues
    ]
    return [Shard({}, pairs, len(pairs))] if pairs else []


def _run_plan(context: StageContext, shard: Shard) -> dict[str, pa.Table]:
    rows = context.workbench.execute(
        """
        SELECT e.ref, e.id, e.text, e.gold FROM example e JOIN membership m USING (ref)
        WHERE m.track = ? AND m.slice = ? ORDER BY e.ref
        """,
        [context.track, ALL],
    ).fetchall()
    made = [
        plan
        for target, cue in shard.payload
        for plan in plans(
            rows, target, cue, context.review.lexicon(cue), context.track, context.review.review.seed
        )
    ]
    columns = {name: [getattr(plan, name) for plan in made] for name in Plan._fields}
    plan_table = pa.table(
        {
            name: pa.array(values, pa.int32() if name in ("start", "end") else pa.string())
            for name, values in columns.items()
        }
    )
    context.workbench.register("incoming_plan", plan_table)
    context.workbench.execute("CREATE OR REPLACE TEMP TABLE variant_plan AS SELECT * FROM incoming_plan")
    context.workbench.unregister("incoming_plan")
    example = pa.table(
        {
            "ref": columns["ref"],
            "track": [context.track] * len(made),
            "kind": ["variant"] * len(made),
            "id": columns["id"],
            "parent_ref": columns["parent_ref"],
            "text": columns["text"],
            "gold": pa.array([None] * len(made), pa.string()),
            "sha256": [content_sha256(plan.text, None) for plan in made],
        }
    )
    return {"example": example}


_TARGET_P = """
CREATE OR REPLACE TEMP TABLE target_p AS
WITH target AS (SELECT DISTINCT target AS name, list_position($labels, target) AS position FROM variant_plan),
weighted AS (
    SELECT ref, side, list_transform(logits, x -> exp(x - list_max(logits))) AS weights FROM intent_side)
SELECT w.ref, w.side, t.name AS target, w.weights[t.position] / list_sum(w.weights) AS p
FROM weighted w CROSS JOIN target t
"""

_EFFECTS = """
SELECT v.ref, v.cue, v.operation, v.term, v.target, v.population, v.start, v."end",
       vb.p AS base_p, vc.p AS candidate_p, pb.p AS base_plain_p, pc.p AS candidate_plain_p
FROM variant_plan v
JOIN target_p vb ON vb.ref = v.ref AND vb.side = 'base' AND vb.target = v.target
JOIN target_p vc ON vc.ref = v.ref AND vc.side = 'candidate' AND vc.target = v.target
JOIN target_p pb ON pb.ref = v.parent_ref AND pb.side = 'base' AND pb.target = v.target
JOIN target_p pc ON pc.ref = v.parent_ref AND pc.side = 'candidate' AND pc.target = v.target
ORDER BY v.ref
"""


def _run_effects(context: StageContext, shard: Shard) -> dict[str, pa.Table]:
    context.workbench.execute(_TARGET_P, {"labels": list(context.models.labels)})
    return {"intent_variant": context.workbench.execute(_EFFECTS).to_arrow_table()}


VARIANTS = Stage("intent.variants", 1, _plan_shards, _run_plan, uses_models=False)
EFFECTS = Stage("intent.effects", 2, _plan_shards, _run_effects, uses_models=False)
