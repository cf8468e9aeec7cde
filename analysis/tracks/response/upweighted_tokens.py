"""Tokens whose odds rose most, over all responses that both sides were asked about.

At each place where a token stands in a response, candidate less base log-probability. What the candidate wrote it
finds probable, so the responses of both sides count; where they are the same, once.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from analysis.base.seeds import draw
from analysis.base.sql import queries
from analysis.plugin.stage import Aggregate, PlanContext
from analysis.stats import bootstrap_mean

if TYPE_CHECKING:
    import duckdb

    from analysis.stats import Interval

MIN_POSITIONS = 5
"""Places from which a token's mean is worth a number."""
MIN_PROMPTS = 3
"""Prompts that these must come from: fewer say nothing of others."""
TRIED = 400
"""Tokens, largest change first, that get an interval."""
KEPT = 50

_CHANGES = queries(__package__, "stages.sql")["token_changes"]


def upweighted(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, Interval]]:
    """The tokens whose odds clearly rose, largest mean change first, with a bootstrap interval over prompts.

    A token stands as it is read; … before it says that it continues a word. Each interval stands for itself: of
    many tokens that did not change, one in forty would be listed.
    """
    rows = connection.execute(
        _CHANGES, {"positions": MIN_POSITIONS, "prompts": MIN_PROMPTS, "tried": TRIED}
    ).fetchall()
    by_token: dict[tuple[str, str], list[tuple[str, float]]] = defaultdict(list)
    for name, token, ref, change in rows:
        by_token[name, token].append((ref, change))
    found = []
    for (name, token), places in by_token.items():
        values = np.array([change for _, change in places], dtype=np.float64)
        clusters = np.array([ref for ref, _ in places])
        interval = bootstrap_mean(values, clusters, 0.95, draw("response.odds", name))
        if interval.low > 0:
            found.append((token, interval))
    return sorted(found, key=lambda one: (-one[1].value, one[0]))[:KEPT]


def _compute(context: PlanContext) -> dict[str, pa.Table]:
    found = upweighted(context.workbench)
    numbers = {"change": "value", "low": "low", "high": "high"}
    columns = {name: [getattr(one, field) for _, one in found] for name, field in numbers.items()}
    return {
        "response_odds": pa.table(
            {
                "token": pa.array([token for token, _ in found], pa.string()),
                **{name: pa.array(values, pa.float64()) for name, values in columns.items()},
                "n": pa.array([one.n for _, one in found], pa.int32()),
            }
        )
    }


UPWEIGHTED_TOKENS = Aggregate("response.odds", 1, _compute, after_queue=True)
