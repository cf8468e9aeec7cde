"""Attribution enrichment: how much of an explanation lies on the words of a cue that must not matter.

Share of absolute attribution on the cue's words over their share of the words: one where the cue counts as
much as any other word. Absolute, because a ratio of signed sums is unusable: its denominator passes zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pyarrow as pa

from analysis.base.sql import queries
from analysis.plugin.stage import Aggregate, PlanContext
from analysis.tracks.intent.leading import led_by
from analysis.tracks.intent.names import OCCLUSION
from analysis.tracks.intent.settings import intent_settings

if TYPE_CHECKING:
    import duckdb

_SQL = queries(__package__, "stages.sql")

_SCHEMA = pa.schema(
    [("ref", pa.string()), ("cue", pa.string()), ("side", pa.string()), ("method", pa.string()),
     ("target", pa.string()), ("words", pa.int32()), ("cue_words", pa.int32()), ("share", pa.float64()),
     ("enrichment", pa.float64())]
)  # fmt: skip


def enriched(connection: duckdb.DuckDBPyConnection) -> tuple[str, str]:
    """The methods whose attributions are read this way in a run: one of each family."""
    return OCCLUSION, led_by(connection)


def enrichment(
    starts: Sequence[int], ends: Sequence[int], scores: Sequence[float], spans: Sequence[tuple[int, int]]
) -> tuple[int, float, float] | None:
    """Number of words that the spans touch, their share of absolute attribution, and that over their share.

    Args:
        starts: first character of each word.
        ends: end of each word.
        scores: signed, of each word.
        spans: the places of the cue.

    Returns:
        None where the question is empty: no word or every word is the cue's, or no word has any attribution.
    """
    total = sum(map(abs, scores))
    inside = [
        any(start < other_end and other_start < end for other_start, other_end in spans)
        for start, end in zip(starts, ends, strict=True)
    ]
    count = sum(inside)
    if not 0 < count < len(inside) or total == 0:
        return None
    share = sum(abs(score) for score, one in zip(scores, inside, strict=True) if one) / total
    return count, share, share * len(inside) / count


def _size(context: PlanContext) -> int:
    return int(any(intent_settings(context.settings).irrelevant.values()))


def _compute(context: PlanContext) -> dict[str, pa.Table]:
    rows = context.workbench.execute(
        _SQL["attributions_of_cues"], {"methods": list(enriched(context.workbench))}
    ).fetchall()
    found = []
    for ref, cue, side, method, target, starts, ends, scores, cue_starts, cue_ends in rows:
        one = enrichment(starts, ends, scores, list(zip(cue_starts, cue_ends, strict=True)))
        if one is not None:
            count, share, value = one
            found.append((ref, cue, side, method, target, len(starts), count, share, value))
    columns = list(zip(*found, strict=True)) or [()] * len(_SCHEMA)
    arrays = [pa.array(values, field.type) for values, field in zip(columns, _SCHEMA, strict=True)]
    return {"intent_enrichment": pa.Table.from_arrays(arrays, schema=_SCHEMA)}


ENRICH = Aggregate("intent.enrichment", 1, _compute, _size, costly=True, asks_models=True)
