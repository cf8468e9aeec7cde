"""Which probes and pairs a verdict decides about: those that one side answers better, as gates count them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.base.records import ALL
from analysis.base.sql import queries
from analysis.plugin.stage import Aggregate, PlanContext
from analysis.tracks.retrieval.metric_specs import TRACK
from analysis.tracks.retrieval.probes import ROUNDING

if TYPE_CHECKING:
    import pyarrow as pa

_SQL = queries(__package__, "contested.sql")


def _compute(context: PlanContext) -> dict[str, pa.Table]:
    import pyarrow as pa

    found = [
        context.workbench.execute(_SQL["probes"], {"track": TRACK, "rounding": ROUNDING}).to_arrow_table(),
        context.workbench.execute(_SQL["pairs"], {"track": TRACK, "all": ALL}).to_arrow_table(),
    ]
    return {"contested": pa.concat_tables(found, promote_options="permissive")}


CONTESTED = Aggregate("retrieval.contested", 1, _compute)
