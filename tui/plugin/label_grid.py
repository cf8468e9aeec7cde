"""What is said on a page that asks of each answer by itself: a cell for each question and each answer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from analysis.base.errors import AssayError

if TYPE_CHECKING:
    from analysis.base.review_records import Answer
    from analysis.plugin.question import Ask

LETTERS = ("A", "B")
HOW = "1a: yes to the first thing of A; 1ab: of both; 2b?: not sure"
_WORD = re.compile(r"(\d+)([ab]*)(\??)", re.IGNORECASE)


@dataclass
class LabelGrid:
    """A row for each thing that is asked, a column for each answer.

    Args:
        asks: the rows.
        columns: number of answers; one where both are alike.
        column: the chosen one, from 0.
        row: name of the chosen row.
        said: what is said already, by row and column.
    """

    asks: tuple[Ask, ...]
    columns: int
    column: int = 0
    row: str = ""
    said: dict[tuple[str, int], Answer] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.row = self.row or self.asks[0].name

    def step(self, step: int) -> bool:
        """Choose the next column or the one before; whether there is one."""
        there = 0 <= self.column + step < self.columns
        self.column += step if there else 0
        return there

    def mark(self, answer: Answer) -> None:
        """Say something at the chosen cell."""
        self.said[self.row, self.column] = answer

    def whole(self) -> dict[str, list[Answer]]:
        """What is said of every answer; no where nothing was."""
        return {
            one.name: [self.said.get((one.name, column), "no") for column in range(self.columns)]
            for one in self.asks
        }

    def filled(self, labels: dict[str, Sequence[Answer]]) -> LabelGrid:
        """The same page with what was said before, of each answer as they stand."""
        said = {
            (name, column): answer
            for name, answers in labels.items()
            for column, answer in enumerate(answers[: self.columns])
        }
        return replace(self, said=said)

    def written(self, words: str) -> LabelGrid:
        """The same page with what was written, as `1a 3b 2a?`, and nothing else.

        Raises:
            AssayError: a word that names no cell, or one cell twice.
        """
        said: dict[tuple[str, int], Answer] = {}
        for word in words.split():
            found = _WORD.fullmatch(word)
            if found is None:
                raise AssayError(f"{word!r} is no label", hint=HOW)
            number, letters, doubt = found.groups()
            if not 1 <= int(number) <= len(self.asks):
                raise AssayError(f"{word!r}: the numbers go from 1 to {len(self.asks)}")
            columns = sorted({LETTERS.index(letter) for letter in letters.upper()})
            if self.columns == 1:
                columns = [0] if columns in ([], [0]) else columns
            if not columns:
                raise AssayError(
                    f"{word!r}: of which answer?", hint=f"{number}a, {number}b, or {number}ab for both"
                )
            if columns[-1] >= self.columns:
                raise AssayError(f"{word!r}: both sides answer the same: there is no B")
            for column in columns:
                cell = (self.asks[int(number) - 1].name, column)
                if cell in said:
                    raise AssayError(f"{word!r}: this was said already")
                said[cell] = "unsure" if doubt else "yes"
        return replace(self, said=said)
