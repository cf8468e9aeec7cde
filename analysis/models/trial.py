"""One example through a model before all of them: what fails is said, and what all will take is foretold."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.base.errors import AssayError
from analysis.models.load_transformers import RUNNING_ERRORS, reason
from analysis.models.passes import counted

if TYPE_CHECKING:
    from transformers import PreTrainedModel

MOST_TIMED = 16
"""Texts of one length that are timed at once."""
A_WHILE_S = 0.1
_MINUTE_S = 60
_HOUR_S = 60 * _MINUTE_S


@contextmanager
def trying(folder: Path, what: str, hint: str = "") -> Iterator[None]:
    """Turn what a model raises for an example into a mistake that a reader can place.

    Args:
        folder: of the model.
        what: it is asked to do, behind "cannot".
        hint: what to do about it.

    Raises:
        AssayError: the model raised something.
    """
    try:
        yield
    except RUNNING_ERRORS as error:
        raise AssayError(
            f"cannot {what}: {reason(error)}",
            where=str(folder),
            hint=hint or "this model is not read in this version: give one of another family",
        ) from error


def seconds_per_token(models: Iterable[PreTrainedModel], run: Callable[[], object]) -> float:
    """Seconds that models take for a token that they are given, measured while something runs.

    Args:
        models: that run.
        run: what is timed; a pass with gradients counts as in `counted`.
    """
    tokens = 0.0

    def hear(read: float) -> None:
        nonlocal tokens
        tokens = read

    started = time.monotonic()
    with counted(models, hear):
        run()
    return (time.monotonic() - started) / max(tokens, 1.0)


def for_a_while(run: Callable[[], object]) -> int:
    """Run something again and again for `A_WHILE_S`, at least once, for what takes so little that others disturb it.

    Returns:
        How often.
    """
    until, times = time.monotonic() + A_WHILE_S, 0
    while not times or time.monotonic() < until:
        run()
        times += 1
    return times


def of_one_length(text: str) -> list[str]:
    """Texts with the words of one in another order, for timing: models are mostly given many rows of one length."""
    words = text.split()
    turned = (" ".join([*words[at:], *words[:at]]) for at in range(min(len(words), MOST_TIMED)))
    return list(dict.fromkeys(turned)) or [text]


def duration(seconds: float) -> str:
    """A span of time in words of one unit, as an estimate is said."""
    if seconds < _MINUTE_S:
        return "less than a minute"
    if seconds < _HOUR_S:
        return f"{seconds / _MINUTE_S:.0f} min"
    return f"{seconds / _HOUR_S:.1f} h"


def longest_that_runs(run: Callable[[int], object], most: int) -> int:
    """The largest number of tokens up to `most` for which `run` raises nothing that models raise; 0 if none does."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        try:
            run(middle)
        except RUNNING_ERRORS:
            high = middle - 1
        else:
            low = middle
    return low
