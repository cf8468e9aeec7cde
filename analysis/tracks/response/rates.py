"""Paired rates of the detectors, by slice, again at matched length, and over sampled responses."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa

from analysis.base.records import ALL, SIDES, Metric, MetricSide
from analysis.plugin.metric import metric_table
from analysis.plugin.stage import Aggregate, PlanContext
from analysis.stats import bootstrap_mean, clopper_pearson, mcnemar_one_sided, tango_interval
from analysis.tracks.response.detectors import BY_NAME
from analysis.tracks.response.detectors.quality import UNKNOWN, quality_words
from analysis.tracks.response.lengths import length_metrics
from analysis.tracks.response.metric_specs import HALLUCINATION, TRACK, metric, of_interval
from analysis.tracks.response.preference import preference_metrics

if TYPE_CHECKING:
    import duckdb
    from numpy.typing import NDArray

UNRATED = "length"
"""The detector that only measures."""
EXACT = "Clopper-Pearson 95 %"
TANGO = "paired difference, Tango 95 %"
MCNEMAR = "exact one-sided McNemar"
MATCHED = "prompts whose two answers differ in length by at most 20 % of the longer one"
CLUSTERS = "bootstrap over prompts 95 %, all samples of a prompt together"
NO_WIDTH = "every sample alike: exact, with a prompt as the unit"

_RATES = """
SELECT p.detector, m.slice, coalesce(any_value(s.critical), false) OR m.slice = $all AS whole,
       count(*) AS n,
       count(*) FILTER (base_hit) AS base,
       count(*) FILTER (candidate_hit) AS candidate,
       count(*) FILTER (candidate_hit AND NOT base_hit) AS broken,
       count(*) FILTER (base_hit AND NOT candidate_hit) AS fixed,
       count(*) FILTER (matched) AS matched_n,
       count(*) FILTER (matched AND base_hit) AS matched_base,
       count(*) FILTER (matched AND candidate_hit) AS matched_candidate,
       count(*) FILTER (matched AND candidate_hit AND NOT base_hit) AS matched_broken,
       count(*) FILTER (matched AND base_hit AND NOT candidate_hit) AS matched_fixed
FROM response_pair p JOIN membership m ON m.ref = p.ref AND m.track = $track
LEFT JOIN slice s ON s.slice = m.slice AND s.track = m.track
WHERE p.detector <> $unrated GROUP BY p.detector, m.slice ORDER BY p.detector, m.slice
"""

_TONES = """
WITH pair AS (
    SELECT p.ref, m.slice FROM response_pair p JOIN membership m ON m.ref = p.ref AND m.track = $track
    LEFT JOIN slice s ON s.slice = m.slice AND s.track = m.track
    WHERE p.detector = $tone AND (m.slice = $all OR s.critical)),
toned AS (SELECT DISTINCT ref, side, label FROM span WHERE detector = $tone),
label AS (SELECT DISTINCT label FROM toned),
paired AS (
    SELECT l.label, p.slice, b.ref IS NOT NULL AS base, c.ref IS NOT NULL AS candidate
    FROM pair p CROSS JOIN label l
    LEFT JOIN toned b ON b.ref = p.ref AND b.label = l.label AND b.side = 'base'
    LEFT JOIN toned c ON c.ref = p.ref AND c.label = l.label AND c.side = 'candidate')
SELECT label, slice, count(*), count(*) FILTER (base), count(*) FILTER (candidate),
       count(*) FILTER (candidate AND NOT base), count(*) FILTER (base AND NOT candidate)
FROM paired GROUP BY label, slice ORDER BY label, slice
"""

_SAMPLED = """
SELECT o.detector, m.slice, o.ref, o.number,
       coalesce(bool_or(o.hit) FILTER (o.side = 'base'), false) AS base,
       coalesce(bool_or(o.hit) FILTER (o.side = 'candidate'), false) AS candidate
FROM response_sample_outcome o JOIN membership m ON m.ref = o.ref AND m.track = $track
LEFT JOIN slice s ON s.slice = m.slice AND s.track = m.track
WHERE o.detector <> $unrated AND (m.slice = $all OR s.critical)
GROUP BY o.detector, m.slice, o.ref, o.number ORDER BY o.detector, m.slice, o.ref, o.number
"""


@lru_cache(maxsize=4096)
def _share(hits: int, n: int) -> tuple[float, float]:
    return clopper_pearson(hits, n)


@lru_cache(maxsize=4096)
def _change(broken: int, fixed: int, n: int) -> tuple[float, float]:
    """Bounds of (broken - fixed) / n: how far the rate rose from base to candidate."""
    return tango_interval(fixed, broken, n)


class Counted(NamedTuple):
    """Prompts with a hit on either side, and those where only the candidate or only the base has one."""

    n: int
    base: int
    candidate: int
    broken: int
    fixed: int


def paired_rate(
    name: str, slice_name: str, counted: Counted, about: str = "", *, why: str = ""
) -> list[Metric]:
    """A rate of both sides on the same prompts, and how far it rose; unknown, and `why`, where there are none."""
    n = counted.n
    why = "" if n else why
    suffix = f"; {about}" if about else ""
    rows = [
        metric(name, slice_name, side, hits / n if n else None, _share(hits, n), n, EXACT + suffix, why=why)
        for side, hits in zip(SIDES, (counted.base, counted.candidate), strict=True)
    ]
    rise = (counted.broken - counted.fixed) / n if n else None
    bounds = _change(counted.broken, counted.fixed, n)
    return [*rows, metric(name, slice_name, "difference", rise, bounds, n, TANGO + suffix, why=why)]


def rate_metrics(connection: duckdb.DuckDBPyConnection) -> list[Metric]:
    """Rates, new and gone hits of every detector and of hallucination, for every slice.

    Matched lengths are looked at on the slice `all` and on critical ones.
    """
    rows: list[Metric] = []
    found = connection.execute(_RATES, {"track": TRACK, "all": ALL, "unrated": UNRATED}).fetchall()
    for detector, name, whole, *numbers in found:
        about = _quality(detector)
        counted, matched = Counted(*numbers[:5]), Counted(*numbers[5:])
        rows += paired_rate(f"{detector}_rate", name, counted, about)
        p = mcnemar_one_sided(counted.broken, counted.fixed)
        for what, value, method in (
            ("broken", counted.broken, "count"),
            ("fixed", counted.fixed, "count"),
            ("p", p, MCNEMAR),
        ):
            rows.append(metric(f"{detector}_{what}", name, "difference", value, None, counted.n, method))
        if whole:
            why = "no prompt has two answers of like length"
            rows += paired_rate(f"{detector}_rate_matched", name, matched, f"{MATCHED}; {about}", why=why)
    return rows


def tone_metrics(connection: duckdb.DuckDBPyConnection) -> list[Metric]:
    """Share of answers in each tone, such as `tone_warmer_rate`; an answer may be in several, or in none."""
    found = connection.execute(_TONES, {"track": TRACK, "all": ALL, "tone": "tone"}).fetchall()
    return [
        row
        for label, name, *numbers in found
        for row in paired_rate(f"tone_{label}_rate", name, Counted(*numbers), _quality("tone"))
    ]


def sampled_metrics(connection: duckdb.DuckDBPyConnection, seed: int) -> list[Metric]:
    """Rates over all sampled responses; nothing where none was sampled.

    The samples of a prompt depend on each other, so prompts are resampled and not samples.
    """
    values = connection.execute(_SAMPLED, {"track": TRACK, "all": ALL, "unrated": UNRATED}).fetchnumpy()
    names = np.asarray(values["detector"], dtype=object)
    slices = np.asarray(values["slice"], dtype=object)
    rows: list[Metric] = []
    for detector, name in sorted(set(zip(names.tolist(), slices.tolist(), strict=True))):
        some = (names == detector) & (slices == name)
        refs = np.asarray(values["ref"], dtype=object)[some].astype(str)
        sides = {side: np.asarray(values[side], dtype=np.float64)[some] for side in SIDES}
        for side in SIDES:
            rows.append(_sampled(f"{detector}_rate_sampled", name, side, sides[side], refs, seed))
        change = sides["candidate"] - sides["base"]
        rows.append(_sampled(f"{detector}_rate_sampled", name, "difference", change, refs, seed))
    return rows


def _sampled(
    name: str,
    slice_name: str,
    side: MetricSide,
    values: NDArray[np.float64],
    refs: NDArray[np.str_],
    seed: int,
) -> Metric:
    """The mean over samples; where all are alike, resampling has no width and exact bounds stand in."""
    if np.ptp(values) > 0:
        return of_interval(name, slice_name, side, bootstrap_mean(values, refs, 0.95, seed), CLUSTERS)
    prompts, one = len(np.unique(refs)), int(values[0])
    if side == "difference":
        bounds = _change(max(one, 0) * prompts, max(-one, 0) * prompts, prompts)
    else:
        bounds = _share(one * prompts, prompts)
    return metric(name, slice_name, side, one, bounds, len(values), NO_WIDTH)


def _quality(detector: str) -> str:
    """What is known of the detector, for its rate is no better than it."""
    if detector == HALLUCINATION:
        return "facts, promises and citations together"
    known = BY_NAME.get(detector)
    return UNKNOWN if known is None else quality_words(known)


def _compute(context: PlanContext) -> dict[str, pa.Table]:
    connection, seed = context.workbench, context.seed
    rows = [
        *rate_metrics(connection),
        *tone_metrics(connection),
        *length_metrics(connection, seed),
        *sampled_metrics(connection, seed),
        *preference_metrics(connection, seed),
    ]
    return {"metric": metric_table(rows)}


RATES = Aggregate("response.rates", 1, _compute)
