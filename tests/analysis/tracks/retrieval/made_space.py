"""Small spaces with attributes of every kind, made from a seed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from analysis.base.records import Side
from analysis.tracks.retrieval.nearest import nearest
from analysis.tracks.retrieval.vectors import Attribute, EmbeddingSpace


def categorical(name: str, values: Sequence[str | None], wanted: bool = True) -> Attribute:
    return multi_valued(name, [[] if value is None else [value] for value in values], wanted, "categorical")


def multi_valued(
    name: str,
    values: Sequence[Sequence[str]],
    wanted: bool = True,
    kind: str = "multi-valued",
) -> Attribute:
    labels = tuple(sorted({label for one in values for label in one}))
    rows = [sorted(labels.index(label) for label in set(one)) for one in values]
    starts = np.concatenate([[0], np.cumsum([len(one) for one in rows])]).astype(np.int64)
    codes = np.array([code for one in rows for code in one], np.int32)
    return Attribute(name, wanted, kind, labels, starts, codes, np.empty(0))  # type: ignore[arg-type]


def numeric(name: str, values: Sequence[float], wanted: bool = False) -> Attribute:
    starts = np.zeros(len(values) + 1, np.int64)
    return Attribute(name, wanted, "numeric", (), starts, np.empty(0, np.int32), np.array(values, float))


def unit(rows: NDArray[np.float64]) -> NDArray[np.float32]:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def space(
    base: NDArray[np.float64], candidate: NDArray[np.float64], attributes: Sequence[Attribute], k: int = 10
) -> EmbeddingSpace:
    vectors: dict[Side, NDArray[np.float32]] = {"base": unit(base), "candidate": unit(candidate)}
    neighbours = {side: nearest(rows, rows, k, exclude_self=True)[0] for side, rows in vectors.items()}
    names = [f"retrieval/item:{row:04d}" for row in range(len(base))]
    return EmbeddingSpace(names, names, vectors, neighbours, tuple(attributes))


def grouped_vectors(
    rng: np.random.Generator, codes: NDArray[np.int64], strength: float, d: int = 16
) -> NDArray[np.float64]:
    """Noise of length 1 plus a direction of each code."""
    directions = rng.normal(size=(int(codes.max()) + 1, d))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    noise = rng.normal(size=(len(codes), d)) / np.sqrt(d)
    return noise + strength * directions[codes]


def mixed(seed: int, n: int = 120) -> EmbeddingSpace:
    """Items with wanted theme (8 in 10 have it) and tags, unwanted publisher and popularity; sides differ."""
    rng = np.random.default_rng(seed)
    theme = rng.integers(0, 4, n)
    publisher = np.where(rng.random(n) < 0.5, theme, rng.integers(0, 4, n))
    tags = [[f"g{tag}" for tag in rng.choice(6, rng.integers(0, 4), replace=False)] for _ in range(n)]
    popularity = np.where(rng.random(n) < 0.9, np.round(rng.lognormal(3, 1, n)), np.nan)
    attributes = [
        categorical("theme", [f"t{code}" if rng.random() < 0.8 else None for code in theme]),
        multi_valued("tags", tags),
        categorical("publisher", [f"p{code}" for code in publisher], wanted=False),
        numeric("popularity", popularity.tolist()),
    ]
    base = grouped_vectors(rng, theme, 1.0)
    return space(base, base + 0.7 * grouped_vectors(rng, publisher, 1.0), attributes)
