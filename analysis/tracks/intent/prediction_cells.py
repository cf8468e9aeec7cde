"""What a cell of recorded predictions says: one probability, or one for each class, in the forms that tools write.

A label with its score, a map of classes, a list in the order of the classes, a list of `{label, score}`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from analysis.data.columns import opened
from analysis.data.faults import shown
from analysis.tracks.intent.predict import NOT_A_NUMBER

TOLERANCE = 0.02
"""How far the probabilities of all classes may sum from 1: they are often written with few digits."""
TIE = 1e-6
"""How far below the highest a label's probability may be, as rounding leaves it."""
LEAST_P = 1e-30
"""What a probability of nothing counts as where its logarithm is taken."""


class UnnamedClassesError(ValueError):
    """A list of probabilities, and nothing says which is of which class."""


_NONE_NAMED: Mapping[str, float] = {}
"""One for all that name no class: there may be as many as messages."""


@dataclass(frozen=True, slots=True)
class Probabilities:
    """What a cell says of one prediction.

    Args:
        by_class: probability in [0, 1] by class, as the cell calls it; empty where it gives one number.
        alone: the one number, the probability of the label.
        whole: whether the classes named are all that there are, so that any other has none.
        numbers: whether all of it are numbers.
    """

    by_class: Mapping[str, float] = field(default_factory=lambda: _NONE_NAMED)
    alone: float | None = None
    whole: bool = False
    numbers: bool = True


@dataclass(frozen=True, slots=True)
class Prediction:
    """What one side predicts, as far as it was recorded; what was not is None."""

    label: str
    p: float | None = None
    runner_up: str | None = None
    runner_up_p: float | None = None
    margin: float | None = None
    by_class: Mapping[str, float] = field(default_factory=lambda: _NONE_NAMED)
    whole: bool = False
    numbers: bool = True

    def p_of(self, name: str) -> float | None:
        """The probability of a class; None where it was not recorded."""
        if not self.numbers:
            return 0.0
        if name in self.by_class or self.whole:
            return self.by_class.get(name, 0.0)
        return self.p if name == self.label else None

    def logits(self, classes: Sequence[str]) -> list[float] | None:
        """Logarithms of the probabilities, in the order of the classes; None where not all were recorded."""
        if not self.numbers:
            return [math.nan] * len(classes)
        if not self.whole:
            return None
        shares = np.array([self.by_class.get(name, 0.0) for name in classes])
        return [float(one) for one in np.log(np.maximum(shares, LEAST_P))]


def probabilities_cell(value: Any, classes: Sequence[str]) -> Probabilities:
    """The probabilities that a cell holds.

    Args:
        value: a number, a map, a list, or any of them as JSON text, as in CSV.
        classes: in the order of lists of numbers.

    Raises:
        UnnamedClassesError: a list of numbers, and no classes.
        ValueError: anything that is none of these, a number outside 0 to 1, or a sum that is not 1.
    """
    if isinstance(value, str):
        value = _read(value)
    if value is None:
        raise ValueError("is missing")
    if isinstance(value, int | float) and not isinstance(value, bool):
        if not math.isfinite(value):
            return Probabilities(numbers=False)
        return Probabilities(alone=_share(value, "the label"))
    named = _named(value, classes)
    if not named:
        raise ValueError(f"must be a probability, or one for each class, not {shown(value)}")
    listed = isinstance(value, list)
    known = {name: one for name, one in named.items() if one is not None}
    # In a map, what is null is a class that was not asked for; in a list it is a number that could not be written.
    if not known or (listed and len(known) < len(named)) or not all(map(math.isfinite, known.values())):
        return Probabilities(numbers=False)
    shares = {name: _share(one, shown(name)) for name, one in known.items()}
    total = sum(shares.values())
    plain = listed and not isinstance(value[0], Mapping | list)
    if total > 1 + TOLERANCE or (plain and total < 1 - TOLERANCE):
        raise ValueError(f"the probabilities sum to {total:.4g}, and not to 1; write them with more digits")
    return Probabilities(shares, whole=total >= 1 - TOLERANCE)


def prediction_of(label: str | None, given: Probabilities | None, order: Callable[[str], int]) -> Prediction:
    """What a side predicts, from its label, its probabilities, or both.

    Args:
        label: as recorded; without one, the class with the highest probability.
        given: the probabilities.
        order: place of a class, by which equal probabilities are told apart.

    Raises:
        ValueError: neither says which class is predicted, or they contradict each other.
    """
    if given is None or given.alone is not None:
        if label is None:
            raise ValueError(
                "is missing" if given is None else "one probability alone says nothing without a label"
            )
        return Prediction(label, None if given is None else given.alone)
    if not given.numbers:
        # As of a model whose logits are no numbers: it is wrong, whatever label a maximum over them gave.
        return Prediction(NOT_A_NUMBER, 0.0, NOT_A_NUMBER, 0.0, 0.0, numbers=False)
    ranked = sorted(given.by_class, key=lambda name: (-given.by_class[name], order(name)))
    first = ranked[0]
    if label is None:
        label = first
    elif given.by_class.get(label, -1.0) < given.by_class[first] - TIE:
        raise ValueError(
            f"the label is {shown(label)}, and the highest probability that of {shown(first)}: name the classes of "
            "lists in their order, or leave out one of the columns"
        )
    p = given.by_class[label]
    second = next((name for name in ranked if name != label), None)
    if second is None:
        return Prediction(
            label, p, margin=p if given.whole else None, by_class=given.by_class, whole=given.whole
        )
    second_p = given.by_class[second]
    return Prediction(label, p, second, second_p, p - second_p, given.by_class, given.whole)


def _read(text: str) -> Any:
    """A number or a structure that is written as text; empty text is missing."""
    if not text.strip():
        return None
    try:
        return float(text)
    except ValueError:
        return opened(text)


def _named(value: Any, classes: Sequence[str]) -> dict[str, float | None]:
    """Number by class, of a map or list; empty where it is neither."""
    if isinstance(value, Mapping):
        pairs: list[tuple[Any, Any]] = list(value.items())
    elif isinstance(value, list) and value and all(isinstance(one, Mapping) for one in value):
        pairs = [(one.get("label"), one.get("score")) for one in value]
    elif isinstance(value, list) and value and all(isinstance(one, list) and len(one) == 2 for one in value):
        pairs = [(name, one) for name, one in value]
    elif isinstance(value, list) and value:
        if not classes:
            raise UnnamedClassesError("is a list, and nothing names its classes")
        if len(value) != len(classes):
            raise ValueError(f"has {len(value)} probabilities, and there are {len(classes)} classes")
        pairs = list(zip(classes, value, strict=True))
    else:
        return {}
    named: dict[str, float | None] = {}
    for name, one in pairs:
        if isinstance(name, bool) or not isinstance(name, str | int) or not str(name).strip():
            raise ValueError(f"{shown(name)} is no name of a class")
        if str(name) in named:
            raise ValueError(f"names the class {shown(name)} twice")
        named[str(name)] = _number(one)
    return named


def _number(value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"must be a number, not {shown(value)}")
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _share(value: float, of: str) -> float:
    if not -TIE <= value <= 1 + TIE:
        raise ValueError(
            f"{value:.4g} of {of} is no probability: it must be from 0 to 1; of logits, write the softmax"
        )
    return min(1.0, max(0.0, float(value)))
