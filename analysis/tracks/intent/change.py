"""Where the change of a classifier lives, on a sample of the messages that it answers otherwise (`change_parts`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from analysis.base.records import ALL, SIDES
from analysis.base.sql import queries
from analysis.models.classifier_pair import classifiers
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
from analysis.tracks.intent.graft import answers, exchange
from analysis.tracks.intent.metric_specs import ROWS
from analysis.tracks.intent.predict import NOT_A_NUMBER, token_limit

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from analysis.models.classifier_pair import ClassifierPair

_SQL = queries(__package__, "change.sql")


class Flips(NamedTuple):
    """The sampled flips: texts, and by number of the class in both answers, (n,) each."""

    texts: list[str]
    base: NDArray[np.int64]
    candidate: NDArray[np.int64]
    broken: NDArray[np.bool_]


def change_rows(pair: ClassifierPair, flips: Flips, max_length: int) -> list[dict[str, Any]]:
    """Rows of `change_part`, without their track.

    Args:
        pair: both classifiers.
        flips: what is to be restored.
        max_length: tokens read of a message.
    """
    flipped = Flipped(flips.broken, lambda found: found == flips.base, lambda found: found == flips.candidate)
    return change_parts.change_rows(exchange(pair), flipped, answers(pair, flips.texts, max_length))


def _plan(context: PlanContext) -> list[Shard]:
    given = {"track": context.track, "all": ALL, "unknown": NOT_A_NUMBER, "seed": str(context.seed)}
    rows = context.workbench.execute(_SQL["flips_to_graft"], given).fetchall()[:MOST_FLIPS]
    if not rows:
        return []
    labels = classifiers(context.models).labels
    flips = Flips(
        [row[1] for row in rows],
        np.array([labels.index(row[3]) for row in rows]),
        np.array([labels.index(row[4]) for row in rows]),
        np.array([row[5] for row in rows], dtype=bool),
    )
    key = {
        "max_length": token_limit(context),
        "rows": [[ref, sha256, base, other, broken] for ref, _, sha256, base, other, broken in rows],
    }
    return [Shard(key, flips, len(rows), sum(tokens_of(text, token_limit(context)) for text in flips.texts))]


def planned_tokens(pair: ClassifierPair, texts: Sequence[str], max_length: int) -> float:
    """About how many tokens are read until every composite has answered."""
    return float(planned_composites(exchange(pair)) * sum(tokens_of(text, max_length) for text in texts))


def _run(context: RunContext, shard: Shard) -> dict[str, pa.Table]:
    pair = classifiers(context.models)
    planned = planned_tokens(pair, shard.payload.texts, token_limit(context))
    with counted((pair.side(side).model for side in SIDES), lambda read: context.report(read, planned)):
        rows = change_rows(pair, shard.payload, token_limit(context))
    return {"change_part": change_table(context.track, rows)}


def _compute(context: PlanContext) -> dict[str, pa.Table]:
    """`change_restored`: what the named layers restore, or why none are named."""
    return {"metric": metric_table([restored_metric(context, ROWS)])}


CHANGE = Stage("intent.change", 2, _plan, _run, after_queue=True, asks_models=True)
CHANGE_METRICS = Aggregate("intent.change_metrics", 1, _compute, after_queue=True, asks_models=True)
