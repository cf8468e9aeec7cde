"""What the leads of behaviours point at, by slice, again at matched length, and over sampled responses."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa

from analysis.base.records import ALL, SIDES, Metric, MetricSide
from analysis.base.sql import queries
from analysis.plugin.metric import MetricRows, metric_table
from analysis.plugin.stage import Aggregate, PlanContext
from analysis.stats import bootstrap_mean, clopper_pearson, tango_interval
from analysis.tracks.response.lengths import length_metrics
from analysis.tracks.response.metric_specs import TRACK, rows_for
from analysis.tracks.response.preference import preference_metrics
from analysis.tracks.response.settings import response_settings

if TYPE_CHECKING:
    import duckdb
    from numpy.typing import NDArray

EXACT = "Clopper-Pearson 95 %"
TANGO = "paired difference, Tango 95 %"
MATCHED = "prompts whose two answers differ in length by at most 20 % of the longer one"
COUNTED = "language by byte n-grams, naive Bayes; models by what they lack"
CLUSTERS = "bootstrap over prompts 95 %, all samples of a prompt together"
NO_WIDTH = "every sample alike: exact, with a prompt as the unit"

_SQL = queries(__package__, "metrics.sql")


@lru_cache(maxsize=4096)
def _share(hits: int, n: int) -> tuple[float, float]:
    return clopper_pearson(hits, n)


@lru_cache(maxsize=4096)
def _change(new: int, gone: int, n: int) -> tuple[float, float]:
    """Bounds of (new - gone) / n: how far the share rose from base to candidate."""
    return tango_interval(gone, new, n)


class Counted(NamedTuple):
    """Prompts that leads point at on either side, and those where only the candidate's answer is, or the base's."""

    n: int
    base: int
    candidate: int
    new: int
    gone: int


def paired_rate(
    rows: MetricRows, name: str, slice_name: str, counted: Counted, about: str = "", *, why: str = ""
) -> list[Metric]:
    """A share on both sides of the same prompts, and how far it rose; unknown, and `why`, where there are none."""
    n = counted.n
    why = "" if n else why
    suffix = f"; {about}" if about else ""
    found = [
        rows.metric(
            name, slice_name, side, hits / n if n else None, _share(hits, n), n, EXACT + suffix, why=why
        )
        for side, hits in zip(SIDES, (counted.base, counted.candidate), strict=True)
    ]
    rise = (counted.new - counted.gone) / n if n else None
    bounds = _change(counted.new, counted.gone, n)
    return [*found, rows.metric(name, slice_name, "difference", rise, bounds, n, TANGO + suffix, why=why)]


def lead_metrics(connection: duckdb.DuckDBPyConnection, rows: MetricRows) -> list[Metric]:
    """What the leads of every behaviour point at, and where only one side's answer is pointed at, for every slice.

    Matched lengths are looked at on the slice `all` and on critical ones.
    """
    found: list[Metric] = []
    for behaviour, name, whole, *numbers in connection.execute(
        _SQL["leads"], {"track": TRACK, "all": ALL}
    ).fetchall():
        counted, matched = Counted(*numbers[:5]), Counted(*numbers[5:])
        found += paired_rate(rows, f"{behaviour}_leads", name, counted)
        for what, value in (("new", counted.new), ("gone", counted.gone)):
            found.append(
                rows.metric(f"{behaviour}_{what}", name, "difference", value, None, counted.n, "count")
            )
        if whole:
            why = "no prompt has two answers of like length"
            found += paired_rate(rows, f"{behaviour}_leads_matched", name, matched, MATCHED, why=why)
    return found


def unread_metrics(connection: duckdb.DuckDBPyConnection, rows: MetricRows) -> list[Metric]:
    """How many of the candidate's answers none of the leads of each behaviour reads, for every slice."""
    return [
        rows.metric(f"{behaviour}_unread", name, "candidate", count, None, count, COUNTED)
        for behaviour, name, count in connection.execute(_SQL["unread"], {"track": TRACK}).fetchall()
    ]


def sampled_metrics(connection: duckdb.DuckDBPyConnection, rows: MetricRows, seed: int) -> list[Metric]:
    """What leads point at over all sampled responses; nothing where none was sampled.

    The samples of a prompt depend on each other, so prompts are resampled and not samples.
    """
    values = connection.execute(_SQL["sampled"], {"track": TRACK, "all": ALL}).fetchnumpy()
    names = np.asarray(values["behaviour"], dtype=object)
    slices = np.asarray(values["slice"], dtype=object)
    found: list[Metric] = []
    for behaviour, name in sorted(set(zip(names.tolist(), slices.tolist(), strict=True))):
        some = (names == behaviour) & (slices == name)
        refs = np.asarray(values["ref"], dtype=object)[some].astype(str)
        sides = {side: np.asarray(values[side], dtype=np.float64)[some] for side in SIDES}
        metric = f"{behaviour}_leads_sampled"
        for side in SIDES:
            found.append(_sampled(rows, metric, name, side, sides[side], refs, seed))
        change = sides["candidate"] - sides["base"]
        found.append(_sampled(rows, metric, name, "difference", change, refs, seed))
    return found


def _sampled(
    rows: MetricRows,
    name: str,
    slice_name: str,
    side: MetricSide,
    values: NDArray[np.float64],
    refs: NDArray[np.str_],
    seed: int,
) -> Metric:
    """The mean over samples; where all are alike, resampling has no width and exact bounds stand in."""
    if np.ptp(values) > 0:
        return rows.of_interval(name, slice_name, side, bootstrap_mean(values, refs, 0.95, seed), CLUSTERS)
    prompts, one = len(np.unique(refs)), int(values[0])
    if side == "difference":
        bounds = _change(max(one, 0) * prompts, max(-one, 0) * prompts, prompts)
    else:
        bounds = _share(one * prompts, prompts)
    return rows.metric(name, slice_name, side, one, bounds, len(values), NO_WIDTH)


def _compute(context: PlanContext) -> dict[str, pa.Table]:
    connection, seed = context.workbench, context.seed
    rows = rows_for(one.name for one in response_settings(context.settings).behaviour)
    found = [
        *lead_metrics(connection, rows),
        *unread_metrics(connection, rows),
        *length_metrics(connection, seed),
        *sampled_metrics(connection, rows, seed),
        *preference_metrics(connection, seed, response_settings(context.settings).human_judges),
    ]
    return {"metric": metric_table(found)}


RATES = Aggregate("response.rates", 3, _compute)
