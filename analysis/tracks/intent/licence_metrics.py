"""What attributions say together: the licence of each slice, and enrichment of cues.

A slice's attributions support a statement where there are enough of them, they rank words better than chance,
the families agree, and they do not survive randomisation of the model. Every neutral and converged attribution
of a side's predicted class counts, never only the licensed ones: those were chosen by the outcome. So were examples
that are in the queue for what became of them, which would flatter or shame a change (the winner's curse): a slice is
judged on its members that were drawn by hash, which get its costly stages, and on all of those or not at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from analysis.base.records import SIDES, Metric, MetricSide, Side
from analysis.base.seeds import standing
from analysis.base.sql import column, queries
from analysis.plugin.metric import metric_table
from analysis.plugin.stage import Aggregate, PlanContext
from analysis.stats import bootstrap_mean, clopper_pearson, paired_mean_interval
from analysis.tracks.intent.enrichment import enriched
from analysis.tracks.intent.metric_specs import TRACK, metric
from analysis.tracks.intent.randomisation import MIN_EXAMPLES
from analysis.tracks.intent.settings import intent_settings

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

    from analysis.stats import Interval

_SQL = queries(__package__, "metrics.sql")

MIN_PERCENTILE = 0.80
MIN_PERCENTILE_BOUND = 0.70
MIN_OVERLAP_BOUND = 0.10
MAX_RANDOMISATION = 0.25


@dataclass(frozen=True)
class Judged:
    """One attribution of a predicted class; None where it is left out of that aggregate."""

    licensed: bool | None
    randomisation: float | None
    percentile: float | None
    overlap: float | None


@dataclass(frozen=True)
class SliceLicence:
    """The licence of one slice, side and method: its metrics, and why it is not granted ('' where it is)."""

    metrics: tuple[Metric, ...]
    why: str


def slice_licence(slice_name: str, side: Side, method: str, rows: Sequence[Judged]) -> SliceLicence:
    """Judge the attributions of a slice together."""
    decidable = [row.licensed for row in rows if row.licensed is not None]
    licensed = sum(decidable)
    share = licensed / len(decidable) if decidable else None
    percentile = _mean(row.percentile for row in rows)
    overlap = _mean(row.overlap for row in rows)
    survives = _mean(row.randomisation for row in rows)
    why = "; ".join(_reasons(percentile, overlap, survives))
    enough = percentile.n >= MIN_EXAMPLES
    granted = float(not why) if enough else None

    def one(name: str, of: Interval) -> Metric:
        return metric(name, slice_name, side, of.value, (of.low, of.high), of.n, method)

    metrics = (
        metric(
            "licence_share", slice_name, side, share, clopper_pearson(licensed, len(decidable)), len(decidable),
            method, why="" if decidable else "no attributed example is long enough to decide",
        ),
        one("licence_percentile", percentile),
        one("licence_overlap", overlap),
        one("licence_randomisation", survives),
        metric("licence", slice_name, side, granted, None, percentile.n, method, why=why),
    )  # fmt: skip
    return SliceLicence(metrics, why)


def _mean(values: Iterable[float | None]) -> Interval:
    return paired_mean_interval(np.array([one for one in values if one is not None], dtype=np.float64))


def _reasons(percentile: Interval, overlap: Interval, survives: Interval) -> Iterator[str]:
    if percentile.n < MIN_EXAMPLES:
        yield f"{percentile.n} of at least {MIN_EXAMPLES} neutral, converged, decidable examples"
        return
    if not (percentile.value >= MIN_PERCENTILE and percentile.low > MIN_PERCENTILE_BOUND):
        yield f"mean percentile against chance {percentile.value:.2f}, lower bound {percentile.low:.2f}"
    if overlap.n < MIN_EXAMPLES:
        few = f"{overlap.n} of at least {MIN_EXAMPLES} examples"
        yield f"the other family ranks words well in {few}: there is nothing to agree with"
    elif not overlap.low > MIN_OVERLAP_BOUND:
        yield f"agreement of the families above chance by {overlap.value:.2f}, lower bound {overlap.low:.2f}"
    if not abs(survives.value) <= MAX_RANDOMISATION:
        yield f"rank correlation with re-initialised models {survives.value:.2f}"


Tested = Mapping[tuple[str, str], Mapping[str, Judged]]


def _tested(connection: duckdb.DuckDBPyConnection, methods: tuple[str, str]) -> Tested:
    """The tested attributions by side and method, then ref.

    Families are asked whether they agree on a text only where the other one's ranking of it is itself good. One that is
    no better than chance, as deletion's is where a cue and the reason stand in one text, neither supports a ranking nor
    contradicts it. A ranking that knows nothing agrees no more often with a good one than with any other.
    """
    found: dict[tuple[str, str], dict[str, Judged]] = {}
    for ref, side, method, *numbers in connection.execute(_SQL["judged_attributions"]).fetchall():
        found.setdefault((side, method), {})[ref] = Judged(*numbers)
    other = dict(zip(methods, reversed(methods), strict=True))
    return {
        (side, method): {
            ref: one
            if is_witness(found.get((side, other[method]), {}).get(ref))
            else replace(one, overlap=None)
            for ref, one in rows.items()
        }
        for (side, method), rows in found.items()
        if method in other
    }


def is_witness(other: Judged | None) -> bool:
    """Whether another family's ranking of a text says anything by agreeing or not."""
    return other is not None and other.percentile is not None and other.percentile >= MIN_PERCENTILE


def _licence(slice_name: str, side: Side, method: str, refs: Iterable[str], tested: Tested) -> SliceLicence:
    known = tested.get((side, method), {})
    return slice_licence(slice_name, side, method, [known[ref] for ref in refs if ref in known])


def licence_metrics(
    connection: duckdb.DuckDBPyConnection, methods: Sequence[str], tested: Tested, seed: int
) -> list[Metric]:
    """The licence of every critical slice, class and the whole evaluation set, by side and method.

    `seed` is what the members of a slice that stand for it were drawn by. Of a slice that is not critical they were
    attributed only where everything was, or by chance: one of them missing, nothing is said of it.
    """
    attributed = set(column(connection, _SQL["attributed_refs"]))
    rows: list[Metric] = []
    for name, refs in connection.execute(_SQL["judged_slices"], {"track": TRACK}).fetchall():
        drawn = standing(refs, seed)
        if not attributed.issuperset(drawn):
            continue
        for side in SIDES:
            for method in methods:
                rows += _licence(name, side, method, drawn, tested).metrics
    return rows


def enrichment_metrics(
    connection: duckdb.DuckDBPyConnection,
    methods: Sequence[str],
    tested: Tested,
    irrelevant: dict[str, list[str]],
    seed: int,
) -> list[Metric]:
    """Mean enrichment of each declared cue, on both sides and paired, with the licence of its texts.

    The texts hold the cue, and the class is their label or what either side predicts; of many, those that were drawn by
    hash. Without a licence the value is unknown, and `why` has the number with the reason.
    """
    rows: list[Metric] = []
    for target, cues in irrelevant.items():
        for cue in cues:
            held = {"cue": cue, "target": target}
            refs = standing(column(connection, _SQL["texts_of_cue_and_class"], held), seed)
            for method in methods:
                licence = {}
                for side in SIDES:
                    licence[side] = _licence(f"{target}/{cue}", side, method, refs, tested)
                    rows += licence[side].metrics
                rows += _enrichment(connection, target, cue, method, set(refs), licence, seed)
    return rows


def _enrichment(
    connection: duckdb.DuckDBPyConnection, target: str, cue: str, method: str, refs: set[str],
    licence: dict[Side, SliceLicence], seed: int,
) -> Iterator[Metric]:  # fmt: skip
    by_side: dict[str, dict[str, float]] = {side: {} for side in SIDES}
    for ref, side, value in connection.execute(
        _SQL["enrichments"], {"cue": cue, "method": method}
    ).fetchall():
        if ref in refs:
            by_side[side][ref] = value
    base, candidate = by_side["base"], by_side["candidate"]
    change = {ref: candidate[ref] - base[ref] for ref in candidate if ref in base}
    name = f"{target}/{cue}"
    for side in SIDES:
        yield _judged(name, side, list(by_side[side].values()), licence[side].why, method, seed)
    why = "; ".join(f"{side}: {licence[side].why}" for side in SIDES if licence[side].why)
    yield _judged(name, "difference", list(change.values()), why, method, seed)


def _judged(name: str, side: MetricSide, values: Sequence[float], why: str, method: str, seed: int) -> Metric:
    one = bootstrap_mean(np.array(values, dtype=np.float64), None, 0.95, seed)
    if why:
        measured = f"measured {one.value:.2f}; " if values else ""
        return metric("enrichment", name, side, None, None, one.n, method, why=f"{measured}no licence: {why}")
    return metric("enrichment", name, side, one.value, (one.low, one.high), one.n, method)


def _compute(context: PlanContext) -> dict[str, pa.Table]:
    connection = context.workbench
    irrelevant = dict(intent_settings(context.settings).irrelevant)
    methods = enriched(connection)
    tested = _tested(connection, methods)
    rows = [
        *licence_metrics(connection, methods, tested, context.seed),
        *enrichment_metrics(connection, methods, tested, irrelevant, context.seed),
    ]
    return {"metric": metric_table(rows)}


LICENCE = Aggregate("intent.licence", 2, _compute, after_queue=True)
