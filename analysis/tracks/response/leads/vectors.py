"""Texts as vectors that a linear head can be taught on: n-grams weighted by TF-IDF, or those of an encoder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.base.seeds import draw
from analysis.text.units import words

Encode = Callable[[Sequence[str]], NDArray[np.float32]]
"""Texts -> vectors, float32 [n, d]."""
Rows = Callable[[Sequence[str]], Any]
"""Texts -> rows, float64 [n, d], dense or sparse."""
Place = Callable[[Sequence[str]], NDArray[np.float64]]
"""Texts -> where they lie, float64 [n, d]."""

SAMPLE = 4_000
"""Texts from which the weight of an n-gram is counted."""
_FEATURES = 2**20
_SMALLEST = 1e-9
"""Least eigenvalue, as a share of the largest, of a direction that is kept."""


def rows_of(texts: Sequence[str], encode: Encode | None, seed: int) -> Rows:
    """An encoder's vectors, of length 1, or the n-grams of some texts."""
    return _ngrams(texts, seed) if encode is None else lambda some: _unit(encode(some).astype(np.float64))


def _ngrams(texts: Sequence[str], seed: int) -> Rows:
    """Sparse TF-IDF rows of word 1-3-grams and, within words, character 2-5-grams; each half of length 1.

    Characters find what inflection, typing errors and scripts without spaces do to words. N-grams are hashed, so a
    text not seen before loses none of its own, and is as long as one that was counted.

    Args:
        texts: from which the inverse document frequencies are counted, without labels; a sample where there are many.
        seed: of that sample.
    """
    from scipy.sparse import hstack
    from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer

    common = {"n_features": _FEATURES, "alternate_sign": False, "norm": None, "lowercase": True}
    counts = (
        HashingVectorizer(ngram_range=(1, 3), tokenizer=_words, token_pattern=None, **common),
        HashingVectorizer(analyzer="char_wb", ngram_range=(2, 5), **common),
    )
    chosen = list(texts)
    if len(chosen) > SAMPLE:
        rng = np.random.default_rng(draw(seed, "n-grams"))
        chosen = [chosen[row] for row in np.sort(rng.choice(len(chosen), SAMPLE, replace=False))]
    halves = [(one, TfidfTransformer(sublinear_tf=True).fit(one.transform(chosen))) for one in counts]
    return lambda some: hstack([weights.transform(one.transform(some)) for one, weights in halves]).tocsr()


def _words(text: str) -> list[str]:
    """Words as everywhere, but cut at hyphens."""
    return [part for start, end in words(text) for part in text[start:end].split("-")]


def spanned(rows: Rows, taught: Any) -> tuple[Place, NDArray[np.float64]]:
    """Where texts lie in the space that what is taught spans, and where that itself does, [k, at most k].

    A head with a squared penalty has its weights in that space, so it is the same head there, and a small one.

    Args:
        rows: makes the rows of texts.
        taught: [k, features], what a head learns from, taken at length 1.
    """
    taught = _unit(taught)
    products = _products(taught, taught)
    sizes, directions = np.linalg.eigh(products)
    kept = sizes > _SMALLEST * max(float(sizes[-1]), _SMALLEST)
    onto = directions[:, kept] / np.sqrt(sizes[kept])
    return lambda texts: _products(rows(texts), taught) @ onto, products @ onto


def cosines(some: Any, others: Any) -> NDArray[np.float64]:
    """Cosines of rows with rows, float64 [n, m]."""
    return _products(_unit(some), _unit(others))


def _products(some: Any, others: Any) -> NDArray[np.float64]:
    products = some @ others.T
    return np.asarray(products if isinstance(products, np.ndarray) else products.toarray(), dtype=np.float64)


def _unit(vectors: Any) -> Any:
    """Rows of length 1, dense or sparse; one without length stays as it is."""
    from sklearn.preprocessing import normalize

    return normalize(vectors)
