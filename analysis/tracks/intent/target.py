"""What an attribution explains: the logit of a class, or the difference of two."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from analysis.tracks.intent.predict import softmax

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Target(NamedTuple):
    """What is explained: the logit of class `plus`, less the logit of class `minus` where there is one."""

    plus: int
    minus: int | None = None

    def output(self, logits: NDArray[np.float32]) -> NDArray[np.float32]:
        """The explained number of logits (..., classes), shape (...)."""
        chosen = logits[..., self.plus]
        return chosen if self.minus is None else chosen - logits[..., self.minus]

    def probability(self, logits: NDArray[np.float32]) -> NDArray[np.float32]:
        """p(plus), or p(plus) given that it is one of the two classes; in [0, 1], NaN for NaN logits."""
        if self.minus is None:
            return softmax(logits)[..., self.plus]
        return softmax(logits[..., [self.plus, self.minus]])[..., 0]

    def weights(self, classes: int) -> list[float]:
        """Weight of each class's logit in the explained number."""
        row = [0.0] * classes
        row[self.plus] = 1.0
        if self.minus is not None:
            row[self.minus] -= 1.0
        return row

    def name(self, labels: Sequence[str]) -> str:
        """As it is stored and printed: `CLASS`, or `CLASS − CLASS` for a contrast."""
        return labels[self.plus] if self.minus is None else f"{labels[self.plus]} − {labels[self.minus]}"
