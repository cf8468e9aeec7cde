"""The stage that searches for undeclared cues, and what stands after it: which of them are confirmed, in groups.

Texts are in two halves by a hash of the candidate's digest and their ref: one finds, the other confirms. Each class is
a shard of its own where it is critical; the others share shards, and get a brief look.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from analysis.base.records import ALL, SIDES
from analysis.base.seeds import shuffled
from analysis.base.sql import queries
from analysis.models.classifier_pair import classifiers
from analysis.models.passes import counted
from analysis.plugin.stage import Aggregate, PlanContext, RunContext, Shard, Stage
from analysis.stats.discoveries import benjamini_hochberg
from analysis.text.token_estimate import tokens_of
from analysis.tracks.intent.crossfit import half_of
from analysis.tracks.intent.cue_confirm import HOPELESS, SURE, Tried
from analysis.tracks.intent.cue_hunts import (
    BRIEF,
    LEAST_TEXTS,
    MARGIN,
    MORE,
    MUCH_MORE,
    NEUTRAL,
    THOROUGH,
    Direction,
    Hunt,
    hunts,
    shorter_first,
)
from analysis.tracks.intent.cue_insertions import Insertions
from analysis.tracks.intent.cue_search import Found, readings, search
from analysis.tracks.intent.cue_shortlist import PLACES, vocabulary
from analysis.tracks.intent.found_groups import groups
from analysis.tracks.intent.insertable import Cue, vocabulary_words
from analysis.tracks.intent.predict import token_limit
from analysis.tracks.intent.settings import intent_settings

if TYPE_CHECKING:
    import duckdb

_SQL = queries(__package__, "found.sql")

LEVEL = 0.05
"""False discovery rate over everything that is tried in the half that confirms."""
MOST_TEXTS = 120
"""Texts of a half and population that a search may use; drawn by the hash where there are more."""
CLASSES_PER_SHARD = 80
"""Classes that are no critical ones, in one shard at most: they share what is read."""

TRIAL_SCHEMA = pa.schema(
    [("target", pa.string()), ("direction", pa.string()), ("kind", pa.string()), ("term", pa.string()),
     ("refs", pa.list_(pa.string())), ("base", pa.list_(pa.float64())), ("candidate", pa.list_(pa.float64())),
     ("neutral_base", pa.float64()), ("neutral_candidate", pa.float64()), ("p", pa.float64())]
)  # fmt: skip
SEARCH_SCHEMA = pa.schema(
    [("target", pa.string()), ("direction", pa.string()), ("thorough", pa.bool_()), ("tried", pa.int32()),
     ("status", pa.string()), ("why", pa.string())]
)  # fmt: skip
FOUND_SCHEMA = pa.schema(
    [("target", pa.string()), ("name", pa.string()), ("direction", pa.string()), ("kind", pa.string()),
     ("cue_kind", pa.string()), ("term", pa.string()), ("place", pa.int32()), ("p", pa.float64())]
)  # fmt: skip


def _plan(context: PlanContext) -> list[Shard]:
    """A shard for each critical class, and one for each `CLASSES_PER_SHARD` of the others."""
    rows = context.workbench.execute(_SQL["texts"], {"track": context.track, "all": ALL}).fetchall()
    labels = list(classifiers(context.models).labels)
    critical = intent_settings(context.settings).critical
    drawn = list(drawn_texts(rows, context.models.digests["candidate"]))
    shards = []
    costs = search_tokens(drawn, labels, critical, token_limit(context))
    for (part, thorough), cost in zip(_parts(labels, critical), costs, strict=True):
        key = {
            "max_length": token_limit(context),
            "seed": context.seed,
            "targets": [labels[one] for one in part],
            "thorough": bool(thorough),
            "depth": asdict(THOROUGH if thorough else BRIEF),
            "margin": MARGIN,
            "more": [MORE, MUCH_MORE],
            "looks": [SURE, HOPELESS],
            "least": LEAST_TEXTS,
            "neutral": NEUTRAL,
            "places": PLACES,
            "rows": [[ref, sha256, gold] for ref, _, gold, sha256, _ in drawn],
        }
        shards.append(Shard(key, (part, thorough, drawn), len(part), cost))
    return shards if drawn else []


def _parts(labels: Sequence[str], critical: Sequence[str]) -> list[tuple[list[int], list[int]]]:
    """The classes of each shard, and those of them that are searched thoroughly."""
    first = [labels.index(one) for one in critical if one in labels]
    others = [one for one in range(len(labels)) if one not in first]
    shards = -(-len(others) // CLASSES_PER_SHARD)
    rest = [others[at::shards] for at in range(shards)]
    return [*(([one], [one]) for one in first), *((part, []) for part in rest)]


def _part_tokens(
    drawn: Sequence[Drawn], labels: Sequence[str], part: Sequence[int], thorough: Sequence[int], limit: int
) -> float:
    """About how many tokens both sides read in the search for what moves some classes."""
    wanted, _ = _hunts(drawn, labels, thorough, part)
    return _tokens_each(drawn, limit) * sum(readings(wanted))


def search_tokens(
    drawn: Sequence[Drawn], labels: Sequence[str], critical: Sequence[str], limit: int
) -> list[float]:
    """About how many tokens both sides read in each shard of the search.

    Args:
        drawn: the texts that it is made on.
        labels: of the models.
        critical: classes that are searched thoroughly.
        limit: tokens that are read of a text.
    """
    return [1 + _part_tokens(drawn, labels, *one, limit) for one in _parts(labels, critical)]


Drawn = tuple[str, str, str | None, str, bool]
"""Ref, text, gold and digest of an evaluation text, and whether it is of the half that finds."""


def drawn_texts(rows: Iterable[tuple[str, str, str | None, str]], candidate: str) -> Iterator[Drawn]:
    """The texts in random order, at most `MOST_TEXTS` of each half and class."""
    known = {row[0]: row for row in rows}
    seen: dict[tuple[str, str | None], int] = {}
    for ref in shuffled(list(known), f"found/{candidate}"):
        half, gold = half_of(candidate, ref), known[ref][2]
        seen[half, gold] = seen.get((half, gold), 0) + 1
        if seen[half, gold] <= MOST_TEXTS:
            yield (*known[ref], half == "A")


def _run(context: RunContext, shard: Shard) -> dict[str, pa.Table]:
    """Search for one part of the classes, and say of each what was tried, or why nothing was."""
    part, thorough, drawn = shard.payload
    pair = classifiers(context.models)
    models = {side: pair.side(side) for side in SIDES}
    labels = list(pair.labels)
    refs, texts = [row[0] for row in drawn], [row[1] for row in drawn]
    golds = _golds(drawn, labels)
    wanted, refused = _hunts(drawn, labels, thorough, part)
    trials = Insertions(models, refs, texts, token_limit(context), context.seed)
    why = trials.not_numbers(range(min(LEAST_TEXTS, len(texts)))) if wanted else ""
    tried: list[Tried] = []
    if wanted and not why:
        words = vocabulary({side: vocabulary_words(models[side].tokenizer) for side in SIDES})
        given = Found(trials, golds, [at for at, row in enumerate(drawn) if row[4]], words)
        clock = _StepClock(context, readings(wanted), _tokens_each(drawn, token_limit(context)))
        with counted((one.model for one in models.values()), clock.hear):
            tried = search(given, wanted, clock.next)
    searched = [
        {"target": labels[target], "direction": direction, "thorough": target in thorough, "tried": 0,
         "status": "n/a", "why": reason}
        for (target, direction), reason in refused.items()
    ]  # fmt: skip
    count = Counter((one.target, one.direction) for one in tried)
    searched += [
        {"target": labels[hunt.target], "direction": hunt.direction, "thorough": hunt.target in thorough,
         "tried": count[hunt.target, hunt.direction], "status": "unknown" if why else "ok", "why": why}
        for hunt in wanted
    ]  # fmt: skip
    return {
        "intent_cue_search": pa.Table.from_pylist(searched, SEARCH_SCHEMA),
        "intent_cue_trial": pa.Table.from_pylist([_trial(one, labels, refs) for one in tried], TRIAL_SCHEMA),
    }


def _golds(drawn: Sequence[Drawn], labels: Sequence[str]) -> list[int | None]:
    return [labels.index(row[2]) if row[2] in labels else None for row in drawn]


def _hunts(
    drawn: Sequence[Drawn], labels: Sequence[str], thorough: Sequence[int], part: Sequence[int]
) -> tuple[list[Hunt], dict[tuple[int, Direction], str]]:
    """What is searched for in the drawn texts, and of what else why not."""
    finding = shorter_first([at for at, row in enumerate(drawn) if row[4]], [row[1] for row in drawn])
    confirming = [at for at, row in enumerate(drawn) if not row[4]]
    return hunts(_golds(drawn, labels), finding, confirming, thorough, part)


def _tokens_each(drawn: Sequence[Drawn], limit: int) -> float:
    """About how many tokens a text has."""
    return sum(tokens_of(row[1], limit) for row in drawn) / max(1, len(drawn))


class _StepClock:
    """Says how far a shard is. Most hunts find nothing and end before their plan: a step counts as much as planned.

    Args:
        context: that is told.
        steps: texts that each step is planned to read.
        each: tokens of a text.
    """

    def __init__(self, context: RunContext, steps: Sequence[float], each: float) -> None:
        self._context = context
        self._left = [each * one for one in steps][::-1]
        self._planned = sum(self._left)
        self._done = self._read = self._began = 0.0

    def hear(self, read: float) -> None:
        """So many tokens have been read since the first step began."""
        self._read = read
        here = min(read - self._began, self._left[-1]) if self._left else 0.0
        self._context.report(self._done + here, self._planned)

    def next(self) -> None:
        """The step has ended."""
        self._done += self._left.pop()
        self._began = self._read


def _trial(one: Tried, labels: Sequence[str], refs: Sequence[str]) -> dict[str, Any]:
    return {
        "target": labels[one.target],
        "direction": one.direction,
        "kind": one.cue.kind,
        "term": one.cue.text,
        "refs": [refs[row] for row in one.rows],
        **{side: _finite(one.change[side].tolist()) for side in SIDES},
        **{f"neutral_{side}": _finite([float(one.neutral[side].mean())])[0] for side in SIDES},
        "p": one.p,
    }


def _finite(values: Iterable[float]) -> list[float | None]:
    return [value if np.isfinite(value) else None for value in values]


def confirmed(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """Rows of `intent_found_cue`: the trials that Benjamini-Hochberg over all of them keeps, grouped by class."""
    rows = connection.execute(_SQL["trials"]).fetchall()
    kept = benjamini_hochberg([row[-1] for row in rows], LEVEL) if rows else []
    by_class: dict[tuple[str, str], list[tuple[Any, ...]]] = {}
    for row, discovery in zip(rows, kept, strict=True):
        if discovery:
            by_class.setdefault((row[0], row[1]), []).append(row)
    found: list[dict[str, Any]] = []
    count: dict[str, int] = {}
    for (target, direction), some in sorted(
        by_class.items(), key=lambda item: (item[0][0], item[0][1] != "rise")
    ):
        cues = [Cue(row[2], row[3]) for row in some]
        sign = 1 if direction == "rise" else -1
        # Some were read in more texts than others, which begin with the same ones.
        shared = min(len(row[4]) for row in some)
        effects = np.array([sign * (np.array(row[5][:shared]) - np.array(row[4][:shared])) for row in some])
        for group in groups(cues, effects):
            count[target] = count.get(target, 0) + 1
            found += [
                {"target": target, "name": found_name(count[target]), "direction": direction,
                 "kind": group.kind, "cue_kind": cues[at].kind, "term": cues[at].text, "place": place,
                 "p": some[at][-1]}
                for place, at in enumerate(group.members)
            ]  # fmt: skip
    return found


def found_name(number: int) -> str:
    """What a group of found cues is called beside the names of declared ones."""
    return f"found {number}"


def _compute(context: PlanContext) -> dict[str, pa.Table]:
    return {"intent_found_cue": pa.Table.from_pylist(confirmed(context.workbench), FOUND_SCHEMA)}


SEARCH = Stage("intent.found_cues", 2, _plan, _run, asks_models=True)
CONFIRM = Aggregate("intent.confirmed_cues", 1, _compute, asks_models=True)
