"""Paired rates of the detectors, by slice, again at matched length, and over sampled responses."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa

from analysis.base.records import ALL, SIDES, Metric, MetricSide
from analysis.base.sql import queries
from analysis.plugin.metric import metric_table
from analysis.plugin.stage import Aggregate, PlanContext
from analysis.stats import bootstrap_mean, clopper_pearson, mcnemar_one_sided, tango_interval
from analysis.tracks.response.detectors.quality import UNKNOWN
from analysis.tracks.response.hallucination import HALLUCINATION, QUALITY
from analysis.tracks.response.known_detectors import RATED
from analysis.tracks.response.lengths import length_metrics
from analysis.tracks.response.metric_specs import TRACK, metric, of_interval
from analysis.tracks.response.preference import preference_metrics
from analysis.tracks.response.settings import response_settings

if TYPE_CHECKING:
    import duckdb
    from numpy.typing import NDArray

EXACT = "Clopper-Pearson 95 %"
TANGO = "paired difference, Tango 95 %"
MCNEMAR = "exact one-sided McNemar"
MATCHED = "prompts whose two answers differ in length by at most 20 % of the longer one"
LANGUAGE = "language by byte n-grams, naive Bayes"
CLUSTERS = "bootstrap over prompts 95 %, all samples of a prompt together"
NO_WIDTH = "every sample alike: exact, with a prompt as the unit"

_SQL = queries(__package__, "metrics.sql")


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
    qualities = _qualities(connection)
    for detector, name, whole, *numbers in connection.execute(
        _SQL["rates"], {"track": TRACK, "all": ALL}
    ).fetchall():
        about = qualities.get(detector, UNKNOWN)
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


def unread_metrics(connection: duckdb.DuckDBPyConnection) -> list[Metric]:
    """How many of the candidate's answers each detector does not read, for every slice."""
    rows = connection.execute(_SQL["unread"], {"track": TRACK}).fetchall()
    return [
        metric(f"{detector}_unread", name, "candidate", count, None, count, LANGUAGE)
        for detector, name, count in rows
    ]


def share_metrics(connection: duckdb.DuckDBPyConnection) -> list[Metric]:
    """Shares of answers by the labels of a detector, such as `tone_warmer_rate`; an answer may have several, or none.

    They are of the slice `all` and of critical ones.
    """
    qualities = _qualities(connection)
    rows: list[Metric] = []
    for detector in (one for one in RATED if one.shares):
        given = {"track": TRACK, "all": ALL, "detector": detector.name, "labels": list(detector.shares)}
        for label, name, *numbers in connection.execute(_SQL["shares"], given).fetchall():
            about = qualities.get(detector.name, UNKNOWN)
            rows += paired_rate(f"{detector.name}_{label}_rate", name, Counted(*numbers), about)
    return rows


def sampled_metrics(connection: duckdb.DuckDBPyConnection, seed: int) -> list[Metric]:
    """Rates over all sampled responses; nothing where none was sampled.

    The samples of a prompt depend on each other, so prompts are resampled and not samples.
    """
    values = connection.execute(_SQL["sampled"], {"track": TRACK, "all": ALL}).fetchnumpy()
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


def _qualities(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """What is known of each detector, for its rate is no better than it."""
    known = {name: quality or UNKNOWN for name, quality in connection.execute(_SQL["qualities"]).fetchall()}
    return {**known, HALLUCINATION: QUALITY}


def _compute(context: PlanContext) -> dict[str, pa.Table]:
    connection, seed = context.workbench, context.seed
    rows = [
        *rate_metrics(connection),
        *unread_metrics(connection),
        *share_metrics(connection),
        *length_metrics(connection, seed),
        *sampled_metrics(connection, seed),
        *preference_metrics(connection, seed, response_settings(context.settings).human_judges),
    ]
    return {"metric": metric_table(rows)}


RATES = Aggregate("response.rates", 3, _compute)
