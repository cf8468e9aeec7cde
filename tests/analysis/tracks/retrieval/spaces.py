"""Spaces of items drawn at random, and a workbench that holds what a run knows of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.stats import ortho_group

from analysis.base.records import ALL, SIDES, Example, Side, Slice, SliceKind
from analysis.base.sql import sql_text
from analysis.data.memberships import membership_rows
from analysis.plugin.registry import get
from analysis.run.pipeline import insert_arrow, insert_rows
from analysis.store.run import SCHEMA
from analysis.tracks.retrieval.nearest import nearest
from analysis.tracks.retrieval.vectors import Attribute, EmbeddingSpace

K = 10
DEPTH = 100


def unit(vectors: NDArray[np.floating]) -> NDArray[np.float32]:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def rotated(vectors: NDArray[np.float32], seed: int = 0) -> NDArray[np.float32]:
    """The same vectors in other axes."""
    turn = ortho_group.rvs(vectors.shape[1], random_state=seed)
    return (vectors.astype(np.float64) @ turn).astype(np.float32)


def labelled(name: str, labels: Sequence[Sequence[str]], *, wanted: bool) -> Attribute:
    """An attribute from the labels of each item; multi-valued where an item has several."""
    names = tuple(sorted({label for each in labels for label in each}))
    codes = [sorted(names.index(label) for label in each) for each in labels]
    starts = np.concatenate([[0], np.cumsum([len(each) for each in codes])]).astype(np.int64)
    kind = "multi-valued" if max(map(len, codes)) > 1 else "categorical"
    flat = np.array([code for each in codes for code in each], np.int32)
    return Attribute(name, wanted, kind, names, starts, flat, np.empty(0))  # type: ignore[arg-type]


def numeric(name: str, values: NDArray[np.float64], *, wanted: bool) -> Attribute:
    starts = np.zeros(len(values) + 1, np.int64)
    return Attribute(name, wanted, "numeric", (), starts, np.empty(0, np.int32), values)


def space_of(
    base: NDArray[np.float32],
    candidate: NDArray[np.float32],
    attributes: Sequence[Attribute] = (),
    queries: Mapping[Side, NDArray[np.float32]] | None = None,
    k: int = K,
) -> EmbeddingSpace:
    """A space of those vectors; items are `i000` and so on, queries `q000`."""
    vectors: dict[Side, NDArray[np.float32]] = {"base": base, "candidate": candidate}
    refs = [f"retrieval/item:i{row:04}" for row in range(len(base))]
    asked = dict(queries or {})
    count = len(asked["base"]) if asked else 0
    return EmbeddingSpace(
        refs=refs,
        titles=[ref.rpartition(":")[2] for ref in refs],
        vectors=vectors,
        neighbours={side: nearest(vectors[side], vectors[side], k, exclude_self=True)[0] for side in SIDES},
        attributes=tuple(attributes),
        queries=[f"retrieval/query:q{row:04}" for row in range(count)],
        query_vectors=asked,
        ranking={
            side: nearest(asked[side], vectors[side], DEPTH, exclude_self=False)[0] for side in SIDES if asked
        },
    )


def catalogue(seed: int = 0, count: int = 150, queries: int = 60, width: int = 24) -> EmbeddingSpace:
    """Items of five themes with publishers and a popularity that mean nothing; both sides are the same."""
    rng = np.random.default_rng(seed)
    theme = rng.integers(0, 5, count)
    centres = rng.normal(size=(5, width)) * 1.5
    base = unit(centres[theme] + rng.normal(size=(count, width)))
    asked = unit(centres[np.arange(queries) % 5] + 0.8 * rng.normal(size=(queries, width)))
    attributes = [
        labelled("theme", [[f"theme {code}"] for code in theme], wanted=True),
        labelled("publisher", [[f"publisher {code}"] for code in rng.integers(0, 6, count)], wanted=False),
        numeric("popularity", rng.normal(size=count), wanted=False),
    ]
    return space_of(base, base, attributes, {"base": asked, "candidate": asked})


def with_candidate(
    space: EmbeddingSpace, items: NDArray[np.float32], queries: NDArray[np.float32] | None = None
) -> EmbeddingSpace:
    """The same space with other vectors of the candidate."""
    asked: dict[Side, NDArray[np.float32]] = dict(space.query_vectors)
    if queries is not None:
        asked["candidate"] = queries
    return space_of(space.vectors["base"], items, space.attributes, asked)


def workbench(
    space: EmbeddingSpace,
    relevant: Mapping[str, Sequence[str]],
    pairs: Mapping[str, tuple[str, str, str]],
    slices: Mapping[str, Sequence[str]],
    critical: Sequence[str] = (),
) -> duckdb.DuckDBPyConnection:
    """A run's tables before any statistics: examples, slices, attributes, relevance, pairs, vectors and lists.

    Args:
        space: items and queries.
        relevant: refs of relevant items, by query.
        pairs: query, positive and negative item, by ref of the pair.
        slices: queries of each slice but `all`.
        critical: the critical ones of them.
    """
    connection = duckdb.connect(":memory:")
    for schema in (sql_text(SCHEMA, "evidence.sql"), get("retrieval").schema()):
        connection.execute(schema)
    kinds: list[tuple[str, str, str | None]] = [(ref, "item", None) for ref in space.refs]
    kinds += [(ref, "query", None) for ref in space.queries]
    kinds += [(ref, "pair", query) for ref, (query, _, _) in pairs.items()]
    examples = [
        Example(ref, "retrieval", kind, ref.rpartition(":")[2], parent, f"text of {ref}", None, "")
        for ref, kind, parent in kinds
    ]
    insert_rows(connection, "example", examples)
    named = {ALL: list(space.queries), **{name: list(refs) for name, refs in slices.items()}}
    children: dict[str, list[str]] = {}
    for ref, (query, _, _) in pairs.items():
        children.setdefault(query, []).append(ref)
    for name, refs in named.items():
        kind: SliceKind = "all" if name == ALL else "declared"
        insert_rows(connection, "slice", [Slice(name, "retrieval", kind, name in critical, "", len(refs))])
        also = [] if name == ALL else [child for ref in refs for child in children.get(ref, ())]
        insert_arrow(connection, "membership", membership_rows("retrieval", {name: [*refs, *also]}))
    insert_arrow(connection, "retrieval_item", pa.table({"ref": space.refs, "title": space.titles}))
    for attribute in space.attributes:
        _insert_attribute(connection, space, attribute)
    found = [(ref, item) for ref, items in relevant.items() for item in items]
    for table, columns, rows in (
        ("retrieval_relevance", ("ref", "item_ref"), found),
        (
            "retrieval_hard_negative",
            ("ref", "positive_ref", "negative_ref"),
            [(ref, positive, negative) for ref, (_, positive, negative) in pairs.items()],
        ),
    ):
        if rows:
            values = dict(zip(columns, zip(*rows, strict=True), strict=True))
            insert_arrow(connection, table, pa.table({name: list(each) for name, each in values.items()}))
    _insert_vectors(connection, space)
    return connection


def _insert_attribute(
    connection: duckdb.DuckDBPyConnection, space: EmbeddingSpace, attribute: Attribute
) -> None:
    present = np.flatnonzero(attribute.present())
    codes = [attribute.codes[attribute.starts[row] : attribute.starts[row + 1]] for row in present]
    numbers = attribute.numbers[present] if attribute.kind == "numeric" else [None] * len(present)
    table = pa.table(
        {
            "ref": [space.refs[row] for row in present],
            "attribute": [attribute.name] * len(present),
            "wanted": [attribute.wanted] * len(present),
            "kind": [attribute.kind] * len(present),
            "labels": pa.array(
                [[attribute.labels[code] for code in each] for each in codes], pa.list_(pa.string())
            ),
            "number": pa.array(numbers, pa.float64()),
        }
    )
    insert_arrow(connection, "retrieval_attribute", table)


def _insert_vectors(connection: duckdb.DuckDBPyConnection, space: EmbeddingSpace) -> None:
    owners = [*space.refs, *space.queries]
    both: dict[str, list[object]] = {
        side: [*space.vectors[side], *(space.query_vectors[side] if space.queries else ())] for side in SIDES
    }
    insert_arrow(connection, "retrieval_vector", pa.table({"ref": owners} | both))
    for side in SIDES:
        lists = [*space.neighbours[side], *(space.ranking[side] if space.queries else ())]
        rows = {
            "ref": owners,
            "side": [side] * len(owners),
            "neighbours": [[space.refs[row] for row in each] for each in lists],
            "scores": pa.array([[0.0] * len(each) for each in lists], pa.list_(pa.float32())),
        }
        insert_arrow(connection, "retrieval_side", pa.table(rows))
