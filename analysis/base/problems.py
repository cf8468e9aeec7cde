"""Mistakes of a user: collected while a file is read, and said all at once."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TypeVar

from analysis.base.errors import AssayError

MOST_COMPARED = 5_000
"""Names that one is compared with: each comparison takes time."""

Result = TypeVar("Result")


@dataclass(frozen=True)
class Problem:
    """One mistake: what, where, and what to do about it."""

    message: str
    where: str | None = None
    hint: str | None = None


def raise_problems(problems: Sequence[Problem], path: Path) -> None:
    """Raise AssayError for `problems`, one line each; do nothing when there are none."""
    if not problems:
        return
    if len(problems) == 1:
        only = problems[0]
        raise AssayError(only.message, where=only.where or str(path), hint=only.hint)
    lines = [
        f"{problem.where or path}: {problem.message}" + (f" ({problem.hint})" if problem.hint else "")
        for problem in problems
    ]
    raise AssayError("\n".join([f"{len(problems)} mistakes", *lines]), where=str(path))


def attempt(step: Callable[[], Result], problems: list[Problem]) -> Result | None:
    """The result of `step`, or None with its failure added to `problems`."""
    try:
        return step()
    except AssayError as error:
        problems.append(Problem(error.message, error.where, error.hint))
        return None


def suggest(name: str, known: Iterable[str]) -> str:
    """A hint that names the nearest known name, or all of them where none is near."""
    names = [str(item) for item in known]
    return did_you_mean(name, names) or (f"known: {', '.join(names)}" if names else "there are none")


def did_you_mean(name: str, known: Iterable[str]) -> str | None:
    """A hint that names the nearest of any number of names; None where none is near."""
    near = difflib.get_close_matches(name, list(islice(known, MOST_COMPARED)), n=1, cutoff=0.6)
    return f"did you mean {near[0]!r}?" if near else None
