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

# A piece inside a word is told from the word that it spells; names of tokens are the tokenizer's own and tell both.
_CHANGES = """
WITH response AS (
    SELECT t.*, r.text FROM response_token t JOIN response_side r USING (ref, side)
    WHERE t.side = 'base' OR r.text NOT IN (
        SELECT b.text FROM response_side b WHERE b.ref = t.ref AND b.side = 'base')),
position AS (
    SELECT ref, text, unnest(tokens) AS name, unnest(starts) AS first, unnest(ends) AS last,
        unnest(candidate_logp)::DOUBLE - unnest(base_logp)::DOUBLE AS change
    FROM response),
named AS (
    SELECT ref, name, change, first = 0 OR regexp_matches(substring(text, first, 2), '^\\s|^.\\s') AS begins,
        trim(substring(text, first + 1, last - first)) AS piece
    FROM position WHERE isfinite(change)),
frequent AS (
    SELECT name, avg(change) AS mean, min(if(begins, '', '…') || piece) AS token
    FROM named WHERE piece <> '' GROUP BY name
    HAVING count(*) >= $positions AND count(DISTINCT ref) >= $prompts
    ORDER BY mean DESC, name LIMIT $tried)
SELECT n.name, f.token, n.ref, n.change FROM named n JOIN frequent f USING (name)
WHERE f.mean > 0 ORDER BY n.name, n.ref, n.change
"""


def risen(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, Interval]]:
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
    found = risen(context.workbench)
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


ODDS = Aggregate("response.odds", 1, _compute, after_queue=True)
