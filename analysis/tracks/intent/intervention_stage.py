"""The stage that searches, for every flip among the selected examples, for what reverts it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa

from analysis.attribution.interventions import DELETION, GRAFT, MOST_WORDS, RANDOM, Intervention
from analysis.base.records import SIDES
from analysis.base.seeds import draw
from analysis.base.sql import queries
from analysis.models.classifier_pair import classifiers
from analysis.models.passes import counted
from analysis.plugin.stage import PlanContext, RunContext, Shard, Stage
from analysis.text.lexicon import remove_spans
from analysis.text.token_estimate import tokens_of
from analysis.tracks.intent.attribution import QUEUED
from analysis.tracks.intent.counterfactual import swapped
from analysis.tracks.intent.graft import GraftRevert, graft_reverts
from analysis.tracks.intent.interventions import RANKED, SETS, Edit, Flip, revert
from analysis.tracks.intent.predict import NOT_A_NUMBER, encode, token_limit
from analysis.tracks.intent.settings import intent_settings
from analysis.tracks.intent.tokenised import tokenise

if TYPE_CHECKING:
    from analysis.models.load_classifier import LoadedClassifier
    from analysis.tracks.intent.tokenised import Tokenised

_SQL = queries(__package__, "stages.sql")

REFS_PER_SHARD = 64
ELSEWHERE = 16
"""Random places at which another term of a cue is put in the place of as many words."""

ROWS_PER_FLIP = 55
"""About how many changed texts are asked for a flip: on the sample two in three were reverted by the tenth deletion, of
which 26 random ones followed, and the others took 78, and a few grafts."""

SpanPair = tuple[int, int]


class PlannedCue(NamedTuple):
    """A declared cue in a text: where it stands, and what is put in the place of its first mention, if anything."""

    name: str
    spans: list[SpanPair]
    other: str | None


class PlannedFlip(NamedTuple):
    """A flip to revert; `ranked` are the spans of its words, the one whose attribution changed most first."""

    ref: str
    sha256: str
    text: str
    base_label: str
    candidate_label: str
    method: str | None
    ranked: list[SpanPair]
    cues: list[PlannedCue]


def attribution_change(
    base: Mapping[SpanPair, float], candidate: Mapping[SpanPair, float]
) -> dict[SpanPair, float]:
    """Candidate minus base of a contrast's scores, by the place of a word in the text.

    Words are matched by place, so the sides may have different tokenizers; a word that only the candidate reads so is
    left out.
    """
    return {span: score - base[span] for span, score in candidate.items() if span in base}


def _plan(context: PlanContext) -> list[Shard]:
    rows = context.workbench.execute(_SQL["flips_to_revert"], {"track": context.track}).fetchall()
    ranked = _ranked(context)
    finders = {
        name: context.review.lexicon(name)
        for names in intent_settings(context.settings).irrelevant.values()
        for name in names
    }
    flips = []
    for ref, sha256, text, base_label, candidate_label in rows:
        cues = []
        for name, finder in finders.items():
            spans = finder.find(text)
            if spans:
                made = swapped(text, spans[0], finder.cues, draw(context.seed, ref, name, "swap"))
                cues.append(PlannedCue(name, [(one.start, one.end) for one in spans], made and made.term))
        method, order = ranked.get(ref, (None, []))
        flips.append(PlannedFlip(ref, sha256, text, base_label, candidate_label, method, order, cues))
    shards = []
    for start in range(0, len(flips), REFS_PER_SHARD):
        part = flips[start : start + REFS_PER_SHARD]
        determined = json.dumps([flip._replace(text="") for flip in part]).encode()
        key = {
            "max_length": token_limit(context),
            "budget": [MOST_WORDS, SETS, RANKED, RANDOM, ELSEWHERE],
            "flips": hashlib.sha256(determined).hexdigest(),
        }
        cost = intervention_cost([flip.text for flip in part], token_limit(context))
        shards.append(Shard(key, part, len(part), cost))
    return shards


def _ranked(context: PlanContext) -> dict[str, tuple[str, list[SpanPair]]]:
    """By ref, the method that ranks the words of a flip, the first of the queue's that explains it, and their order."""
    scores: dict[tuple[str, str], dict[str, dict[SpanPair, float]]] = {}
    found = context.workbench.execute(_SQL["contrasts"]).fetchall()
    for ref, method, side, starts, ends, values in found:
        by_span = dict(zip(zip(starts, ends, strict=True), values, strict=True))
        scores.setdefault((ref, method), {})[side] = by_span
    ranked: dict[str, tuple[str, list[SpanPair]]] = {}
    for method in (one.name for one in QUEUED):
        for ref in {ref for ref, name in scores if name == method and ref not in ranked}:
            sides = scores[ref, method]
            if len(sides) < 2:
                continue
            change = attribution_change(sides["base"], sides["candidate"])
            if change:
                ranked[ref] = method, sorted(change, key=lambda span: (-change[span], span))
    return ranked


def intervention_cost(texts: Sequence[str], limit: int) -> float:
    """About how many tokens are read until each of some flips is reverted, or enough was tried."""
    return float(ROWS_PER_FLIP * sum(tokens_of(text, limit) for text in texts))


def _run(context: RunContext, shard: Shard) -> dict[str, pa.Table]:
    models = (classifiers(context.models).side(side).model for side in SIDES)
    planned = intervention_cost([flip.text for flip in shard.payload], token_limit(context))
    with counted(models, lambda read: context.report(read, planned)):
        return _reverted(context, shard)


def _reverted(context: RunContext, shard: Shard) -> dict[str, pa.Table]:
    candidate = classifiers(context.models).side("candidate")
    limit = token_limit(context)
    planned: list[PlannedFlip] = shard.payload
    numbers = [one for one in planned if NOT_A_NUMBER not in (one.base_label, one.candidate_label)]
    texts = tokenise(candidate, [one.text for one in numbers], limit)
    flips = [_flip(candidate, one, text, limit) for one, text in zip(numbers, texts, strict=True)]
    searched = revert(candidate, flips)
    rows = [
        {"ref": flip.ref, **asdict(one)} for flip, found in zip(flips, searched, strict=True) for one in found
    ]
    left = [
        one
        for one, found in zip(numbers, searched, strict=True)
        if not any(search.reverts for search in found)
    ]
    grafts = graft_reverts(
        classifiers(context.models), [one.text for one in left], [one.base_label for one in left], limit
    )
    rows += [
        {"ref": one.ref, **asdict(_grafted(one, graft))}
        for one, graft in zip(left, grafts, strict=True)
        if graft is not None
    ]
    rows += [{"ref": one.ref, **asdict(_not_numbers(one))} for one in planned if one not in numbers]
    return {"intent_intervention": pa.Table.from_pylist(rows, _SCHEMA)}


def _flip(candidate: LoadedClassifier, one: PlannedFlip, text: Tokenised, limit: int) -> Flip:
    places = {(word.start, word.end): index for index, word in enumerate(text.words)}
    first = [places[span] for span in one.ranked if span in places]
    order = dict.fromkeys([*first, *range(len(text.words))])
    labels = candidate.labels
    seed = draw("intervention", one.ref)
    edits = [edit for cue in one.cues for edit in edits_of(candidate, one.text, text, cue, limit, seed)]
    base_class, candidate_class = labels.index(one.base_label), labels.index(one.candidate_label)
    return Flip(one.ref, text, tuple(order), one.method, base_class, candidate_class, tuple(edits), seed)


def edits_of(
    candidate: LoadedClassifier, whole: str, text: Tokenised, cue: PlannedCue, limit: int, seed: int
) -> list[Edit]:
    """A cue removed, and swapped, in that part of a text that is read: nothing moves up from beyond the limit."""
    read = whole[: text.words[-1].end] if text.words else ""
    spans = tuple(span for span in cue.spans if span[1] <= len(read))
    if not spans:
        return []
    made: list[tuple[str, str | None, tuple[SpanPair, ...], str]] = [
        ("remove", None, spans, remove_spans(read, spans))
    ]
    if cue.other is not None:
        start, end = spans[0]
        made.append(("swap", cue.other, spans[:1], read[:start] + cue.other + read[end:]))
    edits = []
    for (operation, term, changed, after), ids in zip(
        made, encode(candidate, [after for *_, after in made], limit), strict=True
    ):
        if not after.strip() or ids == text.ids:
            continue
        words = sum(
            any(word.start < end and start < word.end for start, end in changed) for word in text.words
        )
        elsewhere = () if term is None else _elsewhere(candidate, read, text, term, words, limit, seed)
        edits.append(Edit(cue.name, operation, term, changed, words, ids, elsewhere))
    return edits


def _elsewhere(
    candidate: LoadedClassifier, read: str, text: Tokenised, term: str, words: int, limit: int, seed: int
) -> tuple[list[int], ...]:
    """The text with a term in the place of `words` words that follow each other, at places drawn by the seed."""
    places = range(len(text.words) - words + 1)
    chosen = sorted(places, key=lambda place: draw(seed, "elsewhere", place))[:ELSEWHERE]
    spans = [(text.words[place].start, text.words[place + words - 1].end) for place in chosen]
    changed = [read[:start] + term + read[end:] for start, end in spans]
    return tuple(encode(candidate, changed, limit)) if changed else ()


def _grafted(one: PlannedFlip, graft: GraftRevert) -> Intervention:
    return Intervention(
        kind=GRAFT, method=None, base_label=one.base_label, candidate_label=one.candidate_label,
        reverts=True, operation="graft", cue=None, term=graft.parts, words=None, starts=[], ends=[], tried=graft.tried,
        label_after=one.base_label, p_before=None, p_after=None, random_reverted=graft.others_reverted,
        random_tried=graft.others, why="",
    )  # fmt: skip


def _not_numbers(one: PlannedFlip) -> Intervention:
    return Intervention(
        kind=DELETION, method=one.method, base_label=one.base_label, candidate_label=one.candidate_label,
        reverts=False, operation=None, cue=None, term=None, words=None, starts=[], ends=[], tried=0,
        label_after=None, p_before=None, p_after=None, random_reverted=0, random_tried=0,
        why="the logits are not numbers",
    )  # fmt: skip


_PLACES = pa.list_(pa.int32())
_SCHEMA = pa.schema(
    [
        ("ref", pa.string()), ("kind", pa.string()), ("method", pa.string()), ("base_label", pa.string()),
        ("candidate_label", pa.string()), ("reverts", pa.bool_()), ("operation", pa.string()), ("cue", pa.string()),
        ("term", pa.string()), ("words", pa.int32()), ("starts", _PLACES), ("ends", _PLACES), ("tried", pa.int32()),
        ("label_after", pa.string()), ("p_before", pa.float64()), ("p_after", pa.float64()),
        ("random_reverted", pa.int32()), ("random_tried", pa.int32()), ("why", pa.string()),
    ]
)  # fmt: skip
INTERVENE = Stage("intent.interventions", 1, _plan, _run, costly=True, asks_models=True)
