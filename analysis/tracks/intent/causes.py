"""What the messages that changed for the worse share: causes, and slices that nobody declared.

A cue is a cause by experiment: inserted into messages that have nothing to do with the class it moves the candidate
and not the base, by the rule of `intent.relevance`. An evaluation set that shares the shortcut shows nothing of it in
counts. Everything else is a cause by counts (`analysis.plugin.causes`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from analysis.base.records import ALL, Cause, Metric
from analysis.base.sql import queries, records
from analysis.plugin.causes import (
    Beside,
    DiscoveredSlice,
    Examples,
    Group,
    Outcome,
    cause_tables,
    contested_units,
    discovered_slices,
    discovered_tables,
    distinct,
    examples_of,
    fixed_groups,
    shared_causes,
    text_groups,
)
from analysis.plugin.metric import metric_table
from analysis.plugin.stage import Aggregate, PlanContext
from analysis.stats import clustered_interval
from analysis.tracks.intent.cue_evidence import LEAST_TEXTS, count_of, newly_moves, shift_limits
from analysis.tracks.intent.metric_specs import TRACK, metric
from analysis.tracks.intent.names import RELEVANCE, SIGNALS
from analysis.tracks.intent.neutral_phrases import NEUTRAL
from analysis.tracks.intent.settings import IntentSettings, intent_settings

if TYPE_CHECKING:
    import duckdb

    from analysis.stats.groups import Units

_SQL = queries(__package__, "causes.sql")

ECHO = 0.25
"""Share of the strongest cue's effect on a class below which another moves it as something that looks alike."""
SURE, UNSURE = 0.9, 0.5
"""Confidence of the base from which on it is sure of a message, and below which it is unsure."""
EDIT = "a change of few words"


@dataclass(frozen=True)
class _Moves:
    """A cue that newly moves messages to a class (`way` 1) or from it (-1), in the population where it does so most."""

    target: str
    cue: str
    way: int
    population: str
    own: Metric
    base: Metric
    neutral: Metric | None

    @property
    def size(self) -> float:
        return abs(self.own.value or 0.0)


def _moves(
    connection: duckdb.DuckDBPyConnection, settings: IntentSettings, limits: Mapping[str, float]
) -> list[_Moves]:
    """The declared cues that the candidate newly depends on, the strongest first."""
    found = records(connection, Metric, _SQL["effects"], {"track": TRACK})
    at = {(one.name, one.slice, one.side): one for one in found}
    made: list[_Moves] = []
    for target, cues in settings.irrelevant.items():
        for cue in cues:
            key = f"{target}/{cue}"
            of_cue = []
            for population, limit in limits.items():
                name = f"relevance_own_{population}"
                own, base, change = (
                    at.get((name, key, side)) for side in ("candidate", "base", "difference")
                )
                way = newly_moves(own, base, change, limit)
                if own is None or base is None or not way or count_of(own) < LEAST_TEXTS[population]:
                    continue
                neutral = at.get((f"relevance_neutral_{population}", f"{target}/{NEUTRAL}", "candidate"))
                of_cue.append(_Moves(target, cue, way, population, own, base, neutral))
            made += sorted(of_cue, key=lambda one: -one.size)[:1]
    return sorted(made, key=lambda one: -one.size)


def cue_causes(
    connection: duckdb.DuckDBPyConnection,
    settings: IntentSettings,
    limits: Mapping[str, float],
    examples: Examples,
) -> list[Cause]:
    """One cause for each class and way that declared cues newly move messages, named by the strongest of them.

    Args:
        connection: the workbench.
        settings: of the track.
        limits: largest effect that passes, by population, as `intent.relevance` has them.
        examples: the evaluation messages.
    """
    strongest: dict[tuple[str, int], _Moves] = {}
    echoes: dict[tuple[str, int], list[_Moves]] = {}
    apart: list[_Moves] = []
    for one in _moves(connection, settings, limits):
        first = strongest.setdefault((one.target, one.way), one)
        if first is one or one.size >= ECHO * first.size:
            apart.append(one)
        else:
            echoes.setdefault((one.target, one.way), []).append(one)
    return [
        _cue_cause(
            connection,
            one,
            echoes.get((one.target, one.way), []) if strongest[one.target, one.way] is one else [],
            examples,
        )
        for one in apart
    ]


def _cue_cause(
    connection: duckdb.DuckDBPyConnection, one: _Moves, echoes: Sequence[_Moves], examples: Examples
) -> Cause:
    asked = {"cue": one.cue, "target": one.target}
    of_messages = {**asked, "way": one.way, "track": TRACK, "all": ALL}
    standing = connection.execute(_SQL["moved_where_it_stands"], of_messages).fetchall()
    inserted = [
        ref for (ref,) in connection.execute(_SQL["moved_by_insertion"], {**asked, "way": one.way}).fetchall()
    ]
    tests = [back for _, back in standing if back is not None]
    held = dict(connection.execute(_SQL["mentions"]).fetchall()).get(one.cue, [])
    return Cause(
        track=TRACK,
        cause=f"cue:{one.target}/{one.cue}/{'to' if one.way > 0 else 'from'}",
        place=0,
        kind="cue",
        shared=one.cue,
        outcome=f"sent to {one.target}" if one.way > 0 else f"taken from {one.target}",
        members=len(standing),
        outcomes=len(standing),
        holding=int(examples.mask(held).sum()),
        examples=len(examples.texts),
        p=None,
        tried=0,
        base=one.base.value,
        candidate=one.own.value,
        neutral=one.neutral.value if one.neutral else None,
        reverted=sum(tests),
        intervened=len(tests),
        intervention=f"removing {one.cue}" if tests else "",
        sentence=_cue_sentence(connection, one, echoes, tests),
        gates=_cue_gates(connection, one, echoes),
        refs=(*(ref for ref, _ in standing), *inserted),
    )


def _cue_sentence(
    connection: duckdb.DuckDBPyConnection, one: _Moves, echoes: Sequence[_Moves], tests: Sequence[bool]
) -> str:
    """The cue first; each number beside the base's on the same texts, and the neutral phrases'."""
    verb = "move messages to" if one.way > 0 else "take messages from"
    texts = "other texts" if one.population == "other" else "texts of the class"
    beside = [
        f"base {_signed(one.base)}",
        *([f"neutral phrase {_signed(one.neutral)}"] if one.neutral else []),
    ]
    said = (
        f"{one.cue} {verb} {one.target}: inserted into {count_of(one.own)} {texts}, p {_signed(one.own)} "
        f"({', '.join(beside)})"
    )
    counts = connection.execute(
        _SQL["sent_by_insertion"], {"cue": one.cue, "target": one.target}
    ).fetchone() or (0, 0, 0, 0, 0)
    inserted, moved, by_base, neutral, by_neutral = counts
    if one.way > 0 and inserted and moved:
        shares = [
            f"base {by_base / inserted:.0%}",
            *([f"neutral {by_neutral / neutral:.0%}"] if neutral else []),
        ]
        said += f"; {moved / inserted:.0%} of {inserted} insertions are sent there ({', '.join(shares)})"
    if tests:
        said += f"; removing it takes {sum(tests)} of {len(tests)} flips back"
    if echoes:
        said += f"; weaker, {', '.join(f'{echo.cue} {_signed(echo.own)}' for echo in echoes)}"
    return said


def _signed(metric: Metric) -> str:
    return "unknown" if metric.value is None else f"{metric.value:+z.2f}"


def _cue_gates(
    connection: duckdb.DuckDBPyConnection, one: _Moves, echoes: Sequence[_Moves]
) -> tuple[str, ...]:
    """Gates that measure this: of the cue and what looks like it, and of signals in texts that hold it besides.

    Where a cue decides, what ought to support the class has nothing left to add.
    """
    keys = [f"{RELEVANCE}[{each.target}/{each.cue}]" for each in (one, *echoes)]
    asked = {"cue": one.cue, "target": one.target}
    probed, under = connection.execute(_SQL["signals_under_cue"], asked).fetchone() or (0, 0)
    if one.way > 0 and probed and 2 * under >= probed:
        keys.append(f"{SIGNALS}[{one.target}]")
    return tuple(keys)


def _own_groups(connection: duckdb.DuckDBPyConnection) -> list[Group]:
    """Messages that hold a cue, that go to one class, and that the base was sure or unsure of."""
    asked = {"track": TRACK, "all": ALL}
    made = [
        Group("cue", f"holds {name}", f"hold {name}", "do", tuple(refs))
        for name, refs in connection.execute(_SQL["mentions"]).fetchall()
    ]
    for label, refs in connection.execute(_SQL["destinations"], asked).fetchall():
        made.append(
            Group(
                "destination",
                f"sent to {label}",
                f"go to {label}",
                "go there on the base",
                tuple(refs),
                "broken",
            )
        )
    sure = connection.execute(_SQL["confidence"], asked).fetchall()
    bands = {
        f"the base sure (p ≥ {SURE:g})": [ref for ref, p in sure if p >= SURE],
        f"the base unsure (p < {UNSURE:g})": [ref for ref, p in sure if p < UNSURE],
    }
    for name, refs in bands.items():
        made.append(Group("confidence", name, f"had {name}", "had", tuple(refs)))
    return made


def _beside(connection: duckdb.DuckDBPyConnection) -> Beside:
    asked = {"track": TRACK, "all": ALL}
    flipped = connection.execute(_SQL["went"], asked).fetchall()
    went = {ref: f"go to {label}" for ref, _, label in flipped}
    came = {ref: f"are labelled {gold}" for ref, gold, _ in flipped if gold is not None}
    return Beside(went, came, dict(connection.execute(_SQL["reverted"]).fetchall()), EDIT)


def outcomes(
    connection: duckdb.DuckDBPyConnection, settings: IntentSettings, examples: Examples
) -> list[Outcome]:
    """What may have happened to messages: newly sent to a critical class, and, last, broken."""
    asked = [
        (f"to:{name}", f"newly sent to {name}", "routing", f"{settings.label}={name}")
        for name in settings.critical
    ]
    return [
        Outcome(
            name,
            words,
            contested_units(connection, TRACK, measure, slice_name, examples),
            says_where=measure == "routing",
        )
        for name, words, measure, slice_name in (*asked, ("broken", "broken", "accuracy", ALL))
    ]


def slice_metrics(found: Sequence[DiscoveredSlice], examples: Examples, units: Units) -> list[Metric]:
    """What the confirming half says of each discovered slice: the finding half would flatter the finding."""
    rows: list[Metric] = []
    method = "of the half that did not find the slice"
    for one in found:
        inside = examples.mask(one.confirming)
        worse, better, n = inside & units.worse, inside & units.better, int(inside.sum())
        nets = np.bincount(units.cluster, weights=worse.astype(float) - better)
        broken, fixed = int(worse.sum()), int(better.sum())
        bounds = clustered_interval(broken, fixed, n, int((nets**2).sum()))
        rows += [
            metric("broken", one.name, "difference", broken, None, n, method),
            metric("fixed", one.name, "difference", fixed, None, n, method),
            metric("accuracy", one.name, "difference", (fixed - broken) / n, bounds, n, method),
        ]
    return rows


def _compute(context: PlanContext) -> dict[str, pa.Table]:
    connection, settings = context.workbench, intent_settings(context.settings)
    examples = examples_of(connection, TRACK, context.drawn)
    known, texts = fixed_groups(connection, TRACK, settings.label), text_groups(examples)
    own = _own_groups(connection)
    limits = shift_limits(context.review.rules[RELEVANCE].thresholds)
    happened = outcomes(connection, settings, examples)
    shared = shared_causes(TRACK, examples, happened, [*own, *known], texts, _beside(connection))
    causes = distinct([*cue_causes(connection, settings, limits, examples), *shared])
    units = happened[-1].units
    properties = [
        one for one in (*own, *known, *texts) if one.kind not in ("destination", "confidence", "template")
    ]
    slices = discovered_slices(examples, units, properties)
    return {
        **cause_tables(causes),
        **discovered_tables(TRACK, slices),
        "metric": metric_table(slice_metrics(slices, examples, units)),
    }


CAUSES = Aggregate("intent.causes", 2, _compute, after_queue=True)
