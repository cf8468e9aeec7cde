"""Vectors of both sides: items and variants as documents, probes and the queries of pairs as queries."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from analysis.base.errors import AssayError
from analysis.base.records import SIDES
from analysis.models.encoder import encoders
from analysis.plugin.stage import PlanContext, RunContext, Shard, Stage
from analysis.tracks.retrieval.stage_queries import QUERIES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.models.encoding import TextKind

ROWS_PER_SHARD = 2048


def text_kind(kind: str) -> TextKind:
    """Whether examples of a kind are encoded as queries or as documents."""
    return "query" if kind in ("query", "pair") else "document"


def _plan(context: PlanContext) -> list[Shard]:
    """Texts of like length together, and equal ones beside each other, so that they are computed once."""
    pair = encoders(context.models)
    rows = context.workbench.execute(
        QUERIES["texts"], {"track": context.track, "variants": pair.encodes}
    ).fetchall()
    shards = []
    for of_kind in ("document", "query"):
        some = [row for row in rows if text_kind(row[1]) == of_kind]
        for start in range(0, len(some), ROWS_PER_SHARD):
            part = some[start : start + ROWS_PER_SHARD]
            key = {"as": of_kind, "rows": [[ref, sha256] for ref, *_, sha256 in part]}
            shards.append(Shard(key, part, len(part), sum(len(text) for _, _, _, text, *_ in part)))
    return shards


def _run(context: RunContext, shard: Shard) -> dict[str, pa.Table]:
    pair = encoders(context.models)
    columns: dict[str, pa.Array] = {"ref": pa.array([row[0] for row in shard.payload], pa.string())}
    for side in SIDES:
        parts: list[NDArray[np.float32]] = []
        places: list[int] = []
        for kind in dict.fromkeys(row[1] for row in shard.payload):
            some = [index for index, row in enumerate(shard.payload) if row[1] == kind]
            names = [shard.payload[index][2] for index in some]
            texts = [shard.payload[index][3] for index in some]
            parts.append(pair.vectors(side, kind, names, texts, text_kind(kind)))
            places += some
        if len({part.shape[1] for part in parts}) > 1:
            raise AssayError(f"the {side}'s vectors have different lengths", where=str(pair.folders[side]))
        vectors = np.concatenate(parts)[np.argsort(places)]
        columns[side] = vector_column(vectors)
    return {"retrieval_vector": pa.table(columns)}


def vector_column(vectors: NDArray[np.float32]) -> pa.ListArray:
    """The rows of a matrix (n, d) as n lists of float32."""
    offsets = np.arange(len(vectors) + 1, dtype=np.int32) * np.int32(vectors.shape[1])
    return pa.ListArray.from_arrays(
        pa.array(offsets), pa.array(np.ascontiguousarray(vectors, dtype=np.float32).ravel())
    )


ENCODE = Stage("retrieval.encode", 1, _plan, _run)
