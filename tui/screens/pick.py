"""A list to pick from, filtered by typing: the palette, the help, and every choice that is too long for keys."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from tui.draw.lines import Line, Target, first_rows, text_line, wrap, wrapped
from tui.draw.messages import CursorMoved, LineOpened
from tui.draw.safe_text import cells
from tui.draw.theme import Colours
from tui.widgets.entry import SafeInput
from tui.widgets.line_view import Bar, LineView

MODAL_CSS = """
PickScreen, FormScreen, MarkScreen, TextScreen {
    align: center middle;
    background: $background;
}
.modal {
    width: 100%;
    max-width: 110;
    height: 100%;
    max-height: 44;
    background: $background;
}
.modal LineView { height: 1fr; }
.modal Bar { height: 1; }
.modal SafeInput { margin: 0 1; }
"""


REMARK_ROWS = 2
"""Rows of the remark on the line under the cursor, which is told whole there."""
REMARKS_FROM = 76
"""Cells from which remarks stand beside what they are about."""
KEY_CELLS = 8
"""Cells of the keys and marks."""
TERM_CELLS = 24
"""Cells of the terms of the glossary."""


class Choice(NamedTuple):
    """One line to pick: what is handed back, the key or mark at its left, its text, and a remark.

    One that is handed back as nothing cannot be picked: it is there to be read.
    """

    value: str
    key: str
    text: str
    remark: str = ""
    enabled: bool = True


class PickScreen(ModalScreen[str | None]):
    """Shows choices; typing filters them, Enter picks, esc leaves with None.

    The cursor begins on the choice `at`. Below the choices stand words with what they mean, and paragraphs to read.

    | key | does |
    |---|---|
    | up, down, pageup, pagedown | moves |
    | enter | picks |
    | esc | leaves |
    """

    CSS = MODAL_CSS
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "leave", show=False),
        Binding("up", "step(-1)", "up", show=False),
        Binding("down", "step(1)", "down", show=False),
        Binding("pageup", "page(-1)", "page up", show=False),
        Binding("pagedown", "page(1)", "page down", show=False),
    ]

    def __init__(
        self,
        colours: Colours,
        title: str,
        choices: Sequence[Choice],
        *,
        foot: Sequence[str] = (),
        closing: str = "",
        words: Callable[[Sequence[str]], list[tuple[str, str]]] | None = None,
        at: str = "",
    ) -> None:
        super().__init__()
        self.colours = colours
        self._title = title
        self.choices = list(choices)
        self.foot = foot
        self.closing = closing
        self.words = words
        self.at = at

    def compose(self) -> ComposeResult:
        with Vertical(classes="modal"):
            yield Bar(self.colours, widget_id="pick-title")
            yield SafeInput(widget_id="pick-input")
            yield LineView(self.colours, widget_id="pick-list")
            yield Bar(self.colours, widget_id="pick-remark")

    def on_mount(self) -> None:
        title = Line().add(f" {self._title}", "title").add("   type to filter · ⏎ picks · esc leaves", "dim")
        self.query_one("#pick-title", Bar).show_lines([title])
        self.query_one(SafeInput).focus()
        self.query_one("#pick-list", LineView).can_focus = True
        self.query_one("#pick-remark", Bar).styles.height = REMARK_ROWS

    def on_resize(self) -> None:
        self._fill(self.query_one(SafeInput).value)
        # What is in force stands under the cursor, until something is typed.
        self.query_one("#pick-list", LineView).go_to(Target("choice", self.at))
        self._show_remark()

    @on(Input.Changed)
    def _filter(self, event: Input.Changed) -> None:
        event.stop()
        if self.closing and event.value == self.closing:
            self.dismiss(None)
            return
        self._fill(event.value)

    @property
    def _width(self) -> int:
        return min(self.size.width, 110) - 2

    def _fill(self, wanted: str) -> None:
        words = wanted.casefold().split()
        width = self._width
        shown = [
            one
            for one in self.choices
            if all(word in f"{one.key} {one.text} {one.remark}".casefold() for word in words)
        ]
        room = max(width - KEY_CELLS - 4, 10)
        longest = max((cells(one.text) for one in shown), default=0)
        names = min(longest + 1, room * 2 // 3) if width >= REMARKS_FROM else room
        lines: list[Line] = []
        for choice in shown:
            line = Line(Target("choice", choice.value)) if choice.value else Line()
            line.add("  ").column(choice.key, KEY_CELLS, "key" if choice.enabled else "faint")
            line.column(choice.text, names if choice.remark else room, "text" if choice.enabled else "faint")
            if choice.remark and room > names + 1:
                line.add(" ").column(choice.remark, room - names - 1, "dim")
            lines.append(line)
        if self.foot and not words:
            lines.append(Line())
            for paragraph in self.foot:
                lines += [text_line(f"  {row}", "dim") for row in wrap(paragraph, max(width - 5, 20))]
        lines += self._word_lines(words, width)
        if not lines:
            lines.append(text_line("  nothing matches", "warn"))
        self.query_one("#pick-list", LineView).show_lines(lines, top=True)
        self._show_remark()

    def _word_lines(self, words: Sequence[str], width: int) -> list[Line]:
        """Words and what they mean, each beneath its term."""
        entries = self.words(words) if self.words is not None else []
        lines = [Line(), text_line(" WORDS", "title")] if entries else []
        for term, meaning in entries:
            lines += wrapped(
                f"  {term}", meaning, width, indent=TERM_CELLS, style="dim", label_style="strong"
            )
        return lines

    def _show_remark(self) -> None:
        """The whole remark on the line under the cursor."""
        target = self.query_one("#pick-list", LineView).target
        chosen = next((one for one in self.choices if target is not None and one.value == target.name), None)
        said = chosen.remark if chosen is not None else ""
        rows = [text_line(f"  {row}", "dim") for row in wrap(said, max(self._width - 4, 20))] if said else []
        self.query_one("#pick-remark", Bar).show_lines(first_rows(rows, REMARK_ROWS, self._width))

    @on(CursorMoved)
    def _moved(self, message: CursorMoved) -> None:
        message.stop()
        self._show_remark()

    def action_step(self, step: int) -> None:
        """Move the cursor of the list."""
        self.query_one("#pick-list", LineView).action_step(step)

    def action_page(self, step: int) -> None:
        """Go on by a page of the list."""
        self.query_one("#pick-list", LineView).action_page(step)

    def action_leave(self) -> None:
        """Leave without picking."""
        self.dismiss(None)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        target = self.query_one("#pick-list", LineView).target
        if target is not None:
            self.dismiss(target.name)

    @on(LineOpened)
    def _opened(self, message: LineOpened) -> None:
        message.stop()
        self.dismiss(message.target.name)


class TextScreen(ModalScreen[None]):
    """Shows lines to read, such as the numbers behind a view; space, esc or q closes."""

    CSS = MODAL_CSS
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,space,q", "leave", "leave", show=False),
        Binding("j", "scroll(1)", "down", show=False),
        Binding("k", "scroll(-1)", "up", show=False),
    ]

    def __init__(self, colours: Colours, title: str, build: Callable[[int], list[Line]]) -> None:
        super().__init__()
        self.colours = colours
        self._title = title
        self._build = build

    def compose(self) -> ComposeResult:
        with Vertical(classes="modal"):
            yield Bar(self.colours, widget_id="text-title")
            yield LineView(self.colours, widget_id="text-lines")

    def on_mount(self) -> None:
        title = Line().add(f" {self._title}", "title").add("   arrows and pages scroll · space closes", "dim")
        self.query_one("#text-title", Bar).show_lines([title])
        self.query_one("#text-lines", LineView).focus()

    def on_resize(self) -> None:
        lines = self._build(min(self.size.width, 110) - 1)
        for line in lines:
            line.target = None
        self.query_one("#text-lines", LineView).show_lines(lines)

    def action_leave(self) -> None:
        """Close."""
        self.dismiss(None)

    def action_scroll(self, step: int) -> None:
        """Scroll by a line."""
        self.query_one("#text-lines", LineView).action_step(step)
