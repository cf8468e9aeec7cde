"""Marking words of a message: a cursor over words, space marks, Enter saves."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from analysis.base.errors import AssayError
from analysis.base.records import SIDES, Side
from tui.draw.lines import Line, first_rows, text_line
from tui.draw.theme import Colours
from tui.screens.pick import MODAL_CSS
from tui.widgets.line_view import Bar

Spans = list[tuple[Side, int, int]]


class MarkScreen(ModalScreen[bool]):
    """Marks words; adjoining marked words become one stretch.

    | key | does |
    |---|---|
    | left, right | the word before or after |
    | space, m | marks or unmarks the word |
    | V | for the base or the candidate |
    | enter | saves |
    | esc | leaves |
    """

    CSS = MODAL_CSS + "MarkScreen #mark-text { height: 1fr; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "move(-1)", "previous word", show=False),
        Binding("right", "move(1)", "next word", show=False),
        Binding("space,m", "mark", "mark", show=False),
        Binding("V", "side", "side", show=False),
        Binding("enter", "save", "save", show=False),
        Binding("escape", "leave", "leave", show=False),
    ]

    def __init__(self, colours: Colours, text: str, save: Callable[[Spans], object]) -> None:
        super().__init__()
        self.colours = colours
        self.text = text
        self._save = save
        self.words = [match.span() for match in re.finditer(r"\S+", text)]
        self.at = 0
        self.side: Side = "candidate"
        self.marked: set[int] = set()

    def compose(self) -> ComposeResult:
        with Vertical(classes="modal"):
            yield Bar(self.colours, widget_id="mark-title")
            yield Bar(self.colours, widget_id="mark-text")
            yield Bar(self.colours, widget_id="mark-notice")

    def on_resize(self) -> None:
        self._draw()

    def _draw(self) -> None:
        title = Line().add(f" mark words for the {self.side}", "title")
        title.add("   ←→ word · space marks · V side · ⏎ saves · esc leaves", "dim")
        self.query_one("#mark-title", Bar).show_lines([title])
        width = min(self.size.width, 110) - 4
        lines, here = [Line(), Line().add("  ")], 0
        for number, (start, end) in enumerate(self.words):
            word = self.text[start:end]
            shown = f"«{word}»" if number in self.marked else word
            piece = Line().add(
                shown, "cursor" if number == self.at else "mark" if number in self.marked else "text"
            )
            if lines[-1].width + piece.width > width and lines[-1].width > 2:
                lines.append(Line().add("  "))
            if number == self.at:
                here = len(lines) - 1
            lines[-1].pieces.extend(piece.pieces)
            lines[-1].add(" ")
        text = self.query_one("#mark-text", Bar)
        # A text that is higher than the screen is shown around the word.
        first = max(min(here - text.rows // 2, len(lines) - text.rows), 0)
        text.show_lines(first_rows(lines[first:], text.rows, width))

    def action_move(self, step: int) -> None:
        """The next or previous word."""
        self.at = max(0, min(self.at + step, len(self.words) - 1))
        self._draw()

    def action_mark(self) -> None:
        """Mark or unmark the word, and go on."""
        self.marked ^= {self.at}
        self.action_move(1)

    def action_side(self) -> None:
        """For the other side."""
        self.side = SIDES[1 - SIDES.index(self.side)]
        self._draw()

    def spans(self) -> Spans:
        """The marked stretches, in order."""
        found: Spans = []
        for number in sorted(self.marked):
            start, end = self.words[number]
            if found and number - 1 in self.marked:
                found[-1] = (self.side, found[-1][1], end)
            else:
                found.append((self.side, start, end))
        return found

    def action_save(self) -> None:
        """Save the marks."""
        try:
            self._save(self.spans())
        except AssayError as error:
            self.query_one("#mark-notice", Bar).show_lines([text_line(f" {error.message}", "bad")])
            return
        self.dismiss(True)

    def action_leave(self) -> None:
        """Leave without saving."""
        self.dismiss(False)
