"""Two-dimensional layouts of vectors: t-SNE, and UMAP where that extra is installed."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Points = NDArray[np.float64]

Method = Literal["tsne", "umap"]

PERPLEXITY = 30
"""Of t-SNE, where there are items enough: effective number of neighbours."""
UMAP_NEIGHBOURS = 15
EXAGGERATED, PLAIN = 100, 250
"""Steps of t-SNE with and without exaggeration. Measured at 450 to 2,000 items: 250 and 500 double the time and move
no measure of quality by more than .01."""
ANGLE = 0.8
"""Of the Barnes-Hut approximation; at .5 it costs a third more and maps are no better."""


class Layout(Protocol):
    """One side's vectors, ready to be laid out. Every method returns (n, 2) and is deterministic."""

    def first(self) -> Points:
        """From the principal components."""

    def onward(self, start: Points) -> Points:
        """From an earlier map (n, 2), gently: what has the same neighbours stays where it is."""

    def again(self, start: Points) -> Points:
        """From an earlier map (n, 2), with the force to leave it: finds a new arrangement."""

    def scattered(self, seed: int) -> Points:
        """From a random start, as `first` otherwise."""


def methods() -> tuple[Method, ...]:
    """What can be drawn here: UMAP needs the extra `maps`."""
    return ("tsne", "umap") if importlib.util.find_spec("umap") else ("tsne",)


def layout(method: Method, vectors: NDArray[np.float32], seed: int) -> Layout:
    """A side's vectors ready to be laid out.

    Args:
        method: t-SNE or UMAP.
        vectors: (n, d), rows of unit length.
        seed: of everything random.
    """
    return Tsne(vectors, seed) if method == "tsne" else Umap(vectors, seed)


def parameters(method: Method, items: int) -> str:
    """How maps of so many items are made, with the library and its version."""
    if method == "umap":
        return f"umap-learn {importlib.metadata.version('umap-learn')}, {min(UMAP_NEIGHBOURS, items - 1)} neighbours"
    return f"openTSNE {importlib.metadata.version('openTSNE')}, perplexity {perplexity(items):g}"


def perplexity(items: int) -> float:
    """Perplexity of t-SNE for so many items."""
    return min(float(PERPLEXITY), (items - 1) / 3)


class Tsne:
    """t-SNE by openTSNE with exact neighbours and Barnes-Hut, on one thread.

    Source: van der Maaten and Hinton (2008); initialisation by principal components: Kobak and Berens (2019).
    """

    def __init__(self, vectors: NDArray[np.float32], seed: int) -> None:
        # Its threads would spin while they wait; this is read when its OpenMP library is loaded.
        os.environ.setdefault("OMP_WAIT_POLICY", "passive")
        from openTSNE.affinity import PerplexityBasedNN

        self.seed = seed
        self.vectors = vectors.astype(np.float64)
        self.affinities = PerplexityBasedNN(
            self.vectors, perplexity=perplexity(len(vectors)), method="exact", n_jobs=1, random_state=seed
        )

    def first(self) -> Points:
        from openTSNE.initialization import pca

        return self._optimised(pca(self.vectors, random_state=self.seed), exaggerated=True)

    def onward(self, start: Points) -> Points:
        return self._optimised(start, exaggerated=False)

    def again(self, start: Points) -> Points:
        from openTSNE.initialization import rescale

        return self._optimised(rescale(start), exaggerated=True)

    def scattered(self, seed: int) -> Points:
        from openTSNE.initialization import random

        return self._optimised(random(len(self.vectors), random_state=self.seed + seed), exaggerated=True)

    def _optimised(self, start: Points, *, exaggerated: bool) -> Points:
        from openTSNE import TSNEEmbedding

        embedding = TSNEEmbedding(
            np.array(start),
            self.affinities,
            negative_gradient_method="bh",
            theta=ANGLE,
            n_jobs=1,
            random_state=self.seed,
        )
        if exaggerated:
            embedding.optimize(EXAGGERATED, exaggeration=12, momentum=0.5, inplace=True)
        embedding.optimize(PLAIN, momentum=0.8, inplace=True)
        return np.array(embedding, dtype=np.float64)


class Umap:
    """UMAP by umap-learn, on one thread.

    Source: McInnes, Healy and Melville (2018), UMAP: Uniform Manifold Approximation and Projection.
    """

    def __init__(self, vectors: NDArray[np.float32], seed: int) -> None:
        self.vectors, self.seed = vectors, seed

    def first(self) -> Points:
        return self._fitted("pca", self.seed, epochs=None)

    def onward(self, start: Points) -> Points:
        return self._fitted(start, self.seed, epochs=100)

    def again(self, start: Points) -> Points:
        return self._fitted(start, self.seed, epochs=None)

    def scattered(self, seed: int) -> Points:
        return self._fitted("random", self.seed + seed, epochs=None)

    def _fitted(self, start: str | Points, seed: int, epochs: int | None) -> Points:
        from umap import UMAP

        model = UMAP(
            n_neighbors=min(UMAP_NEIGHBOURS, len(self.vectors) - 1),
            metric="euclidean",
            init=start if isinstance(start, str) else start.astype(np.float32),
            n_epochs=epochs,
            random_state=seed,
            n_jobs=1,
        )
        return np.asarray(model.fit_transform(self.vectors), dtype=np.float64)
