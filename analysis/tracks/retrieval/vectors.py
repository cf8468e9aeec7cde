"""The items of a retrieval review as arrays: vectors, neighbours and attributes of both sides."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analysis.base.records import SIDES, Side
from analysis.tracks.retrieval.stage_queries import QUERIES

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb
    from numpy.typing import NDArray

AttributeKind = Literal["categorical", "multi-valued", "numeric"]


@dataclass(frozen=True)
class Attribute:
    """One attribute of all items.

    Args:
        name: its column, or `title_length` or `text_length`.
        wanted: whether it is in `group_by`; else it is in `not_by`.
        kind: `categorical` has at most one label an item, `multi-valued` any number, `numeric` a number.
        labels: names of the codes, sorted; empty for `numeric`.
        starts: (n + 1,) where the codes of each item begin; zeros for `numeric`.
        codes: indices into `labels`, item after item, ascending within an item.
        numbers: (n,), NaN where the item has none; empty unless `numeric`.
    """

    name: str
    wanted: bool
    kind: AttributeKind
    labels: tuple[str, ...]
    starts: NDArray[np.int64]
    codes: NDArray[np.int32]
    numbers: NDArray[np.float64]

    def present(self) -> NDArray[np.bool_]:
        """(n,) whether each item has the attribute."""
        if self.kind == "numeric":
            return ~np.isnan(self.numbers)
        return np.diff(self.starts) > 0


@dataclass(frozen=True)
class EmbeddingSpace:
    """Items and queries of one review in the embedding spaces of both sides.

    Args:
        refs: the items, sorted by ref, n of them.
        titles: what a reader calls them; the id where there is no title.
        vectors: (n, d) by side, rows of unit length, float32; d may differ between the sides.
        neighbours: (n, k) by side, row numbers of other items, most similar first; k is smaller where there
            are fewer other items.
        attributes: those named in the settings, wanted ones first.
        queries: probes, and the queries of pairs that belong to no probe, sorted by ref.
        query_vectors: (q, d) by side.
        ranking: (q, depth) by side, row numbers of items, most similar first.
        norms: (n,) by side, length of the items' vectors as the encoder gave them.
    """

    refs: list[str]
    titles: list[str]
    vectors: dict[Side, NDArray[np.float32]]
    neighbours: dict[Side, NDArray[np.int32]]
    attributes: tuple[Attribute, ...]
    queries: list[str] = field(default_factory=list)
    query_vectors: dict[Side, NDArray[np.float32]] = field(default_factory=dict)
    ranking: dict[Side, NDArray[np.int32]] = field(default_factory=dict)
    norms: dict[Side, NDArray[np.float32]] = field(default_factory=dict)


def load_space(workbench: duckdb.DuckDBPyConnection) -> EmbeddingSpace:
    """The items and queries of a review, once they are encoded and their neighbours are known."""
    refs, vectors = load_vectors(workbench, ("item",))
    queries, query_vectors = load_vectors(workbench, ("query", "pair"))
    titles = dict(workbench.execute(QUERIES["titles"]).fetchall())
    return EmbeddingSpace(
        refs=refs,
        titles=[titles[ref] for ref in refs],
        vectors={side: unit_rows(vectors[side]) for side in SIDES},
        neighbours={side: _lists(workbench, side, refs, refs) for side in SIDES},
        attributes=load_attributes(workbench, refs),
        queries=queries,
        query_vectors={side: unit_rows(query_vectors[side]) for side in SIDES},
        ranking={side: _lists(workbench, side, queries, refs) for side in SIDES},
        norms={side: lengths(vectors[side]) for side in SIDES},
    )


def load_vectors(
    workbench: duckdb.DuckDBPyConnection, kinds: Sequence[str]
) -> tuple[list[str], dict[Side, NDArray[np.float32]]]:
    """Refs of the encoded examples of some kinds, sorted, and their vectors (n, d) as the encoders gave them."""
    table = workbench.execute(QUERIES["vectors"], {"kinds": list(kinds)}).to_arrow_table()
    return table["ref"].to_pylist(), {side: matrix(table[side]) for side in SIDES}


def load_attributes(workbench: duckdb.DuckDBPyConnection, refs: Sequence[str]) -> tuple[Attribute, ...]:
    """The attributes of the items `refs`, wanted ones first, in the order in which they were declared."""
    table = workbench.execute(QUERIES["attributes"]).to_arrow_table()
    named = dict(
        zip(
            table["attribute"].to_pylist(),
            zip(table["wanted"].to_pylist(), table["kind"].to_pylist(), strict=True),
            strict=True,
        )
    )
    rows = pc.index_in(table["ref"], value_set=pa.array(refs, pa.string()))
    made = []
    for name, (wanted, kind) in named.items():
        mask = pc.and_(pc.equal(table["attribute"], name), pc.is_valid(rows))
        part = table.filter(mask)
        at = rows.filter(mask).to_numpy().astype(np.int64)
        numbers = np.empty(0, dtype=np.float64)
        starts = np.zeros(len(refs) + 1, dtype=np.int64)
        codes = np.empty(0, dtype=np.int32)
        labels: tuple[str, ...] = ()
        if kind == "numeric":
            numbers = np.full(len(refs), np.nan)
            numbers[at] = part["number"].to_numpy()
        else:
            labels, starts, codes = _codes(part["labels"].to_pylist(), at, len(refs))
        made.append(Attribute(name, wanted, kind, labels, starts, codes, numbers))
    return tuple(made)


def unit_rows(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """The rows (n, d) scaled to unit length; none of them is zero."""
    return np.asarray(vectors / lengths(vectors)[:, None], dtype=np.float32)


def lengths(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """(n,) Euclidean length of each row."""
    norms = np.sqrt(np.einsum("ij,ij->i", vectors, vectors, dtype=np.float64))
    return np.asarray(norms, dtype=np.float32)


def matrix(column: pa.ChunkedArray) -> NDArray[np.float32]:
    """Lists of one length as rows of a matrix; (0, 0) where there are none."""
    if not len(column):
        return np.empty((0, 0), dtype=np.float32)
    flat = np.concatenate([chunk.flatten().to_numpy() for chunk in column.chunks])
    return cast("NDArray[np.float32]", flat.reshape(len(column), -1))


def _lists(
    workbench: duckdb.DuckDBPyConnection, side: Side, refs: Sequence[str], items: Sequence[str]
) -> NDArray[np.int32]:
    """(len(refs), width) row numbers of the neighbours of `refs` among `items`."""
    workbench.register("incoming", pa.table({"ref": pa.array(refs, pa.string())}))
    column = workbench.execute(QUERIES["neighbours"], {"side": side}).to_arrow_table()["neighbours"]
    workbench.unregister("incoming")
    if not len(column):
        return np.empty((len(refs), 0), dtype=np.int32)
    names = pa.chunked_array([chunk.flatten() for chunk in column.chunks])
    rows = pc.index_in(names, value_set=pa.array(items, pa.string())).to_numpy()
    return np.asarray(rows, dtype=np.int32).reshape(len(refs), -1)


def _codes(
    lists: list[list[str]], at: NDArray[np.int64], n: int
) -> tuple[tuple[str, ...], NDArray[np.int64], NDArray[np.int32]]:
    """Labels, row starts and codes of the lists that belong to the rows `at`."""
    labels = tuple(sorted({label for one in lists for label in one}))
    code = {label: index for index, label in enumerate(labels)}
    counts = np.zeros(n, dtype=np.int64)
    counts[at] = [len(one) for one in lists]
    starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    order = np.argsort(at, kind="stable")
    codes = np.array(
        [number for row in order for number in sorted(code[label] for label in lists[row])], dtype=np.int32
    )
    return labels, starts, codes
