"""Exact neighbours against a full sort and scikit-learn; ties, blocks and rotations."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.neighbors import NearestNeighbors

from analysis.tracks.retrieval import nearest as module
from analysis.tracks.retrieval.nearest import TIE, nearest


def unit(rows: int, width: int = 24, seed: int = 0) -> NDArray[np.float32]:
    vectors = np.random.default_rng(seed).normal(size=(rows, width)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def rotation(width: int, seed: int = 1) -> NDArray[np.float32]:
    return np.linalg.qr(np.random.default_rng(seed).normal(size=(width, width)))[0].astype(np.float32)


@pytest.mark.parametrize("rows", [3, 64, 65, 1500])
@pytest.mark.parametrize("k", [1, 10])
def test_neighbours_are_those_of_scikit_learn(rows: int, k: int) -> None:
    vectors = unit(rows)
    found = nearest(vectors, vectors, k, exclude_self=True)
    width = min(k, rows - 1)
    reference = NearestNeighbors(n_neighbors=width, metric="cosine", algorithm="brute").fit(vectors)
    distances, indices = reference.kneighbors()
    assert found.indices.dtype == np.int32
    assert found.scores.dtype == np.float32
    assert np.array_equal(found.indices, indices)
    assert np.allclose(found.scores, 1 - distances, atol=1e-5)


def test_queries_find_items_in_small_blocks_as_in_one(monkeypatch: pytest.MonkeyPatch) -> None:
    queries, items = unit(70, seed=3), unit(900, seed=4)
    whole = nearest(queries, items, 100, exclude_self=False)
    monkeypatch.setattr(module, "BLOCK_BYTES", 4 * 960 * 7)
    blocks = nearest(queries, items, 100, exclude_self=False)
    assert np.array_equal(whole.indices, blocks.indices)
    exact = np.sort(queries @ items.T, axis=1)[:, ::-1][:, :100]
    assert np.allclose(whole.scores, exact, atol=1e-6)


def test_equal_vectors_come_in_the_order_of_their_rows() -> None:
    # Every direction stands for thirty items: far more ties than places.
    vectors = np.repeat(unit(40), 30, axis=0)[np.random.default_rng(5).permutation(1200)]
    same = vectors @ vectors.T > 1 - 1e-4
    expected = [
        [other for other in np.flatnonzero(row) if other != index][:10] for index, row in enumerate(same)
    ]
    found = nearest(vectors, vectors, 10, exclude_self=True)
    assert found.indices.tolist() == expected
    turned = nearest(vectors @ rotation(24), vectors @ rotation(24), 10, exclude_self=True)
    assert np.array_equal(turned.indices, found.indices)


def test_a_rotation_changes_no_neighbour() -> None:
    vectors = np.concatenate([unit(700), unit(700)[:200]])
    turned = vectors @ rotation(24)
    plain = nearest(vectors, vectors, 10, exclude_self=True)
    other = nearest(turned, turned, 10, exclude_self=True)
    assert np.array_equal(plain.indices, other.indices)
    assert np.abs(plain.scores - other.scores).max() < TIE


def test_there_must_be_something_to_find() -> None:
    with pytest.raises(ValueError, match="no other items"):
        nearest(unit(1), unit(1), 3, exclude_self=True)
    with pytest.raises(ValueError, match="queries have 8 dimensions, items 24"):
        nearest(unit(2, 8), unit(2), 3, exclude_self=False)


def test_the_method_follows_size_and_what_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert module.method_for(50_000) == "exact"
    monkeypatch.setattr(module.importlib.util, "find_spec", lambda name: None)
    assert module.method_for(50_001) == "exact"
    monkeypatch.setattr(module.importlib.util, "find_spec", lambda name: object())
    assert module.method_for(50_001) == "faiss HNSW32"


def test_faiss_finds_nearly_all() -> None:
    pytest.importorskip("faiss")
    vectors = unit(3000)
    exact = nearest(vectors, vectors, 10, exclude_self=True)
    quick = nearest(vectors, vectors, 10, exclude_self=True, method="faiss HNSW32")
    again = nearest(vectors, vectors, 10, exclude_self=True, method="faiss HNSW32")
    hits = [len(set(a) & set(b)) for a, b in zip(exact.indices.tolist(), quick.indices.tolist(), strict=True)]
    assert np.mean(hits) > 9.5
    assert np.array_equal(quick.indices, again.indices)
    assert not (quick.indices == np.arange(3000)[:, None]).any()
