"""What a file of results says, whichever tool wrote it: items that were put to one system, with what it answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Turns = list[dict[str, str]]
"""Messages with `role` and `content`."""


@dataclass(frozen=True)
class Item:
    """One item and its answer.

    Args:
        id: its name in the file.
        same: what tells that an item of another file is the same one: its input, or a digest of that.
        asked: what was put to the system: a text, or messages.
        text: what of it a person would call the message, without instructions and examples.
        answer: what the system answered, or what the tool took out of it; None where it gave no answer.
        target: the right answer, where there is one.
        label: the class that was read from the answer, where the tool or the kind of item says which.
        probabilities: of the classes, where the tool recorded them.
        further: plain values that say what kind of item it is.
        whole: the whole answer, where `answer` is what was taken out of it.
    """

    id: str
    same: str
    asked: str | Turns
    text: str
    answer: str | None
    target: str | None = None
    label: str | None = None
    probabilities: Mapping[str, float] | None = None
    further: Mapping[str, str | int | float | bool] = field(default_factory=dict)
    whole: str | None = None


@dataclass(frozen=True)
class Results:
    """One file of results.

    Args:
        path: of it.
        model: what the tool calls the system; empty where it does not say.
        items: in the order of the file.
        notes: what a reader should know of how it was read, a line each.
        choices: whether every answer is one of choices that the items give.
    """

    path: Path
    model: str
    items: Sequence[Item]
    notes: tuple[str, ...] = ()
    choices: bool = False


@dataclass(frozen=True)
class ResultFormat:
    """A kind of files of results.

    Args:
        name: as it is asked for.
        title: what a file of it is, in words.
        wanted: how such a file is made, for whoever gave another one.
        read: reads one. Raises AssayError where it is none.
        fits: whether a row or document looks like one of its own.
    """

    name: str
    title: str
    wanted: str
    read: Callable[[Path], Results]
    fits: Callable[[Any], bool]
