"""Texts with cues put into them, and what both models say of them: every text is read once, whichever class asks."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from analysis.base.records import SIDES, Side
from analysis.base.seeds import draw
from analysis.tracks.intent.predict import predict_texts, softmax

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.models.load_classifier import LoadedClassifier
    from analysis.tracks.intent.insertable import Cue


class Insertions:
    """Texts, what both sides say of them, and of the same texts with cues in them.

    Args:
        models: of both sides.
        refs: of n texts; places of insertion are drawn by them.
        texts: the n texts.
        limit: tokens that are read of a text.
        seed: of the places.
    """

    def __init__(
        self,
        models: Mapping[Side, LoadedClassifier],
        refs: Sequence[str],
        texts: Sequence[str],
        limit: int,
        seed: int,
    ) -> None:
        self.models = models
        self.refs = refs
        self.texts = texts
        self.limit = limit
        self.seed = seed
        self._plain: dict[tuple[Side, int], NDArray[np.float32]] = {}
        self._known: dict[tuple[Side, Cue, int], NDArray[np.float32]] = {}

    def read(self, side: Side, wanted: Iterable[tuple[Collection[Cue], Sequence[int]]]) -> None:
        """Read cues in rows at once, as far as they are not known: many texts of a length are read in one batch."""
        pairs = dict.fromkeys((cue, row) for cues, rows in wanted for cue in cues for row in rows)
        new = [pair for pair in pairs if (side, *pair) not in self._known]
        if new:
            made = [self.put(cue, row) for cue, row in new]
            for pair, p in zip(new, self._p(side, made), strict=True):
                self._known[side, *pair] = p

    def change(
        self, side: Side, cues: Sequence[Cue], rows: Sequence[int], target: int
    ) -> NDArray[np.float64]:
        """Change of a class's probability by every cue, (cues, rows); NaN where it is no number."""
        plain = self._plain_of(side, rows)[:, target]
        self.read(side, [(cues, rows)])
        found = [[self._known[side, cue, row][target] for row in rows] for cue in cues]
        return np.array(found, dtype=np.float64).reshape(len(cues), len(rows)) - plain

    def not_numbers(self, rows: Sequence[int]) -> str:
        """Says that a side's probabilities of some texts are not all numbers; empty where they are."""
        for side in SIDES:
            bad = int((~np.isfinite(self._plain_of(side, rows)).all(axis=1)).sum())
            if bad:
                return f"the {side}'s logits of {bad} of {len(rows)} texts are not numbers"
        return ""

    def put(self, cue: Cue, row: int) -> str:
        """A text with a cue; at the same place whenever it is asked for."""
        return put(cue, self.refs[row], self.texts[row], self.seed)[0]

    def _plain_of(self, side: Side, rows: Sequence[int]) -> NDArray[np.float32]:
        new = [row for row in rows if (side, row) not in self._plain]
        for row, p in zip(new, self._p(side, [self.texts[row] for row in new]), strict=True):
            self._plain[side, row] = p
        return np.stack([self._plain[side, row] for row in rows])

    def _p(self, side: Side, texts: Sequence[str]) -> NDArray[np.float32]:
        if not texts:
            return np.zeros((0, len(self.models[side].labels)), dtype=np.float32)
        return softmax(predict_texts(self.models[side], texts, self.limit))


def put(cue: Cue, ref: str, text: str, seed: int) -> tuple[str, int | None, int | None]:
    """The text with a cue as the search puts it there, and where it then stands."""
    return cue.put(text, draw(seed, "found", ref, cue.kind, cue.text))
