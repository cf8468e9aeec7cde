"""Every word that moves an estimate of the candidate, and in how many texts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual.widget import Widget

from analysis.base.sql import queries
from assay_toy.view import WORDS
from tui.draw.lines import Line, text_line
from tui.plugin.console import Subject
from tui.screens.base import BaseScreen
from tui.screens.head import review_head
from tui.widgets.line_view import LineView


class WordsScreen(BaseScreen):
    """One line a word."""

    NAME: ClassVar[str] = WORDS

    def compose_body(self) -> Iterable[Widget]:
        yield LineView(self.console_app.colours, widget_id="words")

    def on_mount(self) -> None:
        super().on_mount()
        self.focus_body()

    def focus_body(self) -> None:
        self.set_focus(self.query_one("#words"))

    def head_lines(self, width: int) -> Sequence[Line]:
        return review_head(self.session, width)

    def show(self, subject: Subject) -> None:
        """There is but one thing to show."""

    def reload(self) -> None:
        sql = queries("assay_toy", "queries.sql")["words_that_move"]
        rows = self.session.connection.execute(sql).fetchall()
        lines = [text_line(f" {word} moves {count} texts") for word, count in rows]
        self.query_one("#words", LineView).show_lines(lines)
