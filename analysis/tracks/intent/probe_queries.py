"""Probe diffs: what each cue does to base and candidate, and the worst texts behind it, by SQL alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.base.records import Metric
from analysis.base.sql import queries, records
from analysis.tracks.intent.metric_specs import TRACK

if TYPE_CHECKING:
    import duckdb

_SQL = queries(__package__, "probes.sql")


@dataclass(frozen=True, slots=True)
class ProbeDiff:
    """One cue, operation, source and population of one class: base against candidate, each with its interval.

    Effects are of the cue being there: for `remove` with minus without, for `signal` the drop of the log-odds
    when the phrase is deleted, otherwise the change of p(class) by the edit. A metric is None where the run
    has none.
    """

    target: str
    cue: str
    operation: str
    source: str
    population: str
    texts: int
    variants: int
    base: Metric | None
    candidate: Metric | None
    change: Metric | None


@dataclass(frozen=True, slots=True)
class ProbeCase:
    """One variant with p(class) of its parent (plain) and its own; `start` and `end` mark the term in `text`."""

    ref: str
    parent_ref: str
    text: str
    start: int | None
    end: int | None
    term: str
    base_plain_p: float | None
    base_p: float | None
    candidate_plain_p: float | None
    candidate_p: float | None

    @property
    def change(self) -> float | None:
        """How much more than the base's the candidate's p(class) moves by the edit; None where it is no number."""
        if self.base_p is None or self.base_plain_p is None:
            return None
        if self.candidate_p is None or self.candidate_plain_p is None:
            return None
        return (self.candidate_p - self.candidate_plain_p) - (self.base_p - self.base_plain_p)


def probe_diffs(connection: duckdb.DuckDBPyConnection) -> list[ProbeDiff]:
    """Every probed class, cue, operation, source and population: the largest change from the base first.

    Args:
        connection: has the run's evidence attached as `evidence`.
    """
    found: dict[tuple[str, str, str, str, str], tuple[int, int, dict[str, Metric]]] = {}
    for row in connection.execute(_SQL["diffs"], {"track": TRACK}).fetchall():
        target, cue, operation, source, population, texts, variants, name, slice_name, side, *numbers = row
        key = (target, cue, operation, source, population)
        _, _, sides = found.setdefault(key, (texts, variants, {}))
        if name is not None:
            sides[side] = Metric(TRACK, name, slice_name, side, *numbers)
    diffs = [
        ProbeDiff(*key, texts, variants, sides.get("base"), sides.get("candidate"), sides.get("difference"))
        for key, (texts, variants, sides) in found.items()
    ]
    return sorted(diffs, key=_largest_first)


def _largest_first(diff: ProbeDiff) -> tuple[bool, float]:
    """Effects on probabilities before those on log-odds; unknown ones first, then the largest change."""
    change = diff.change.value if diff.change is not None else None
    return diff.operation == "signal", float("-inf") if change is None else -abs(change)


def worst_cases(
    connection: duckdb.DuckDBPyConnection,
    target: str,
    cue: str,
    operation: str,
    limit: int,
    *,
    source: str | None = None,
    population: str | None = None,
) -> list[ProbeCase]:
    """The variants of one probe, worst first.

    Worst is where the cue's presence raises the candidate's p(class) most, or, for a signal, where deleting
    the phrase lowers it least. Variants without a number come before all.

    Args:
        connection: has the run's evidence attached as `evidence`.
        target: the class.
        cue: the cue, or the phrase of a signal.
        operation: insert, remove, swap or signal.
        limit: the most to return.
        source: lexicon, held out, neutral or found; None for all.
        population: critical or other; None for both.
    """
    given = {
        "target": target,
        "cue": cue,
        "operation": operation,
        "source": source,
        "population": population,
        "limit": limit,
    }
    return records(connection, ProbeCase, _SQL["cases"], given)
