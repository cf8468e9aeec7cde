"""Where the change of an encoder lives, on probes that find other relevant items and hard negatives that turned over.

Every composite encodes its items anew, so that a catalogue would be encoded a hundred times: the queries are asked of
the items that either side lists for any of them, of what is relevant to them, and of others that are drawn. Among those
both sides find what they find among all. So many queries are taken that these items stay few.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.base.records import ALL, SIDES
from analysis.base.sql import dictionaries, queries
from analysis.models.encoder import encoders
from analysis.models.passes import counted
from analysis.plugin import change_parts
from analysis.plugin.change_parts import (
    MOST_FLIPS,
    Flipped,
    change_table,
    planned_composites,
    restored_metric,
)
from analysis.plugin.metric import metric_table
from analysis.plugin.stage import Aggregate, PlanContext, RunContext, Shard, Stage
from analysis.text.token_estimate import tokens_of
from analysis.tracks.retrieval.graft import Asked, exchange, outcomes
from analysis.tracks.retrieval.metric_specs import ROWS
from analysis.tracks.retrieval.probes import ROUNDING
from analysis.tracks.retrieval.settings import retrieval_settings

if TYPE_CHECKING:
    import pyarrow as pa

    from analysis.models.encoder import EncoderPair

_SQL = queries(__package__, "change.sql")

LEAST_ITEMS = 100
"""Items that the queries are asked of at least, where there are as many."""
MOST_ITEMS = 160
"""Items beyond which no further query is taken, once there are `LEAST_FLIPS`."""
LEAST_FLIPS = 16
"""Queries and hard negatives that are taken whatever their items, where there are as many: fewer name nothing."""


def change_rows(pair: EncoderPair, asked: Asked) -> list[dict[str, Any]]:
    """Rows of `change_part`, without their track.

    Args:
        pair: both encoders, which must be models.
        asked: queries whose outcome is not the same on both sides; where it is, among these items, they are left out.
    """
    base, candidate = (outcomes(pair.encoder(side), asked) for side in SIDES)
    flipped = np.flatnonzero(np.abs(candidate - base) > ROUNDING)
    wanted, had = base[flipped], candidate[flipped]
    # Recall has steps between the two sides': a composite has the outcome of the side that it is nearer to.
    flips = Flipped(
        had < wanted,
        lambda found: np.abs(found - wanted) < np.abs(found - had),
        lambda found: np.abs(found - had) < np.abs(found - wanted),
    )
    composite = pair.encoder("candidate")
    return change_parts.change_rows(exchange(pair), flips, lambda: outcomes(composite, asked)[flipped])


def planned_tokens(pair: EncoderPair, asked: Asked) -> float:
    """About how many tokens are read until both sides and every composite have encoded items and queries."""
    limit = pair.encoder("candidate").head.max_length
    tokens = sum(tokens_of(text, limit) for text in (*asked.items, *asked.queries))
    return float((len(SIDES) + planned_composites(exchange(pair))) * tokens)


def asked_of(
    flips: Sequence[Mapping[str, Any]],
    listed: Mapping[str, Sequence[str]],
    items: Sequence[Mapping[str, Any]],
    k: int,
) -> Asked:
    """The queries that are taken, with the items that they are asked of.

    Args:
        flips: rows of `flips_to_graft`.
        listed: refs of the items that either side lists, by query.
        items: rows of `items_by_draw`, all of them.
        k: items that a query finds.
    """
    title = {row["ref"]: row["title"] for row in items}
    needed: set[str] = set()
    taken: list[Mapping[str, Any]] = []
    for row in flips:
        own = {*listed.get(row["ref"], ()), *row["relevant"]}
        own |= {row[name] for name in ("positive_ref", "negative_ref") if row[name]}
        wider = needed | own | {title[ref] for ref in own}
        if len(taken) >= LEAST_FLIPS and len(wider) > MOST_ITEMS:
            break
        needed = wider
        taken.append(row)
    spare = [row["ref"] for row in items if row["ref"] not in needed][: max(0, LEAST_ITEMS - len(needed))]
    needed |= {*spare, *(title[ref] for ref in spare)}
    # In the order of all items, by which ties are broken.
    kept = sorted((row for row in items if row["ref"] in needed), key=lambda row: str(row["ref"]))
    place = {row["ref"]: number for number, row in enumerate(kept)}
    return Asked(
        [row["text"] for row in kept],
        [place[row["title"]] for row in kept],
        [row["text"] for row in taken],
        [[place[ref] for ref in row["relevant"]] if row["positive_ref"] is None else [] for row in taken],
        [
            None if row["positive_ref"] is None else (place[row["positive_ref"]], place[row["negative_ref"]])
            for row in taken
        ],
        k,
    )


def _plan(context: PlanContext) -> list[Shard]:
    if not encoders(context.models).encodes:
        return []
    connection, k = context.workbench, retrieval_settings(context.settings).k
    given = {"track": context.track, "all": ALL, "seed": str(context.seed), "most": MOST_FLIPS}
    flips = dictionaries(connection, _SQL["flips_to_graft"], given)
    if not flips:
        return []
    refs = [row["ref"] for row in flips]
    listed = {
        row["ref"]: row["items"] for row in dictionaries(connection, _SQL["listed"], {"refs": refs, "k": k})
    }
    items = dictionaries(connection, _SQL["items_by_draw"], {"seed": str(context.seed)})
    asked = asked_of(flips, listed, items, k)
    key = {
        "k": k,
        "items": asked.items,
        "titles": asked.titles,
        "queries": asked.queries,
        "relevant": asked.relevant,
        "contests": asked.contests,
    }
    return [Shard(key, asked, len(asked.queries))]


def _run(context: RunContext, shard: Shard) -> dict[str, pa.Table]:
    pair = encoders(context.models)
    planned = planned_tokens(pair, shard.payload)
    with counted((pair.encoder(side).model for side in SIDES), lambda read: context.report(read, planned)):
        rows = change_rows(pair, shard.payload)
    return {"change_part": change_table(context.track, rows)}


def _compute(context: PlanContext) -> dict[str, pa.Table]:
    """`change_restored`; none of vectors that were made elsewhere."""
    if not encoders(context.models).encodes:
        return {}
    return {"metric": metric_table([restored_metric(context, ROWS)])}


CHANGE = Stage("retrieval.change", 1, _plan, _run, after_queue=True, asks_models=True)
CHANGE_METRICS = Aggregate("retrieval.change_metrics", 1, _compute, after_queue=True, asks_models=True)
