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

from tui.draw.lines import Line, Target, text_line, wrap
from tui.draw.messages import LineOpened
from tui.draw.theme import Colours
from tui.plugin.action import ActionTable
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


class Choice(NamedTuple):
    """One line to pick: what is handed back, the key or mark at its left, its text, and a remark."""

    value: str
    key: str
    text: str
    remark: str = ""
    enabled: bool = True


class PickScreen(ModalScreen[str | None]):
    """Shows choices; typing filters them, Enter picks, esc leaves with None.

    | key | does |
    |---|---|
    | up, down | moves |
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
    ) -> None:
        super().__init__()
        self.colours = colours
        self._title = title
        self.choices = list(choices)
        self.foot = foot
        self.closing = closing

    def compose(self) -> ComposeResult:
        with Vertical(classes="modal"):
            yield Bar(self.colours, widget_id="pick-title")
            yield SafeInput(widget_id="pick-input")
            yield LineView(self.colours, widget_id="pick-list")

    def on_mount(self) -> None:
        title = Line().add(f" {self._title}", "title").add("   type to filter · ⏎ picks · esc leaves", "dim")
        self.query_one("#pick-title", Bar).show_lines([title])
        self.query_one(SafeInput).focus()
        self.query_one("#pick-list", LineView).can_focus = True

    def on_resize(self) -> None:
        self._fill("")

    @on(Input.Changed)
    def _filter(self, event: Input.Changed) -> None:
        event.stop()
        if self.closing and event.value == self.closing:
            self.dismiss(None)
            return
        self._fill(event.value)

    def _fill(self, wanted: str) -> None:
        words = wanted.casefold().split()
        width = min(self.size.width, 110) - 2
        lines: list[Line] = []
        for choice in self.choices:
            whole = f"{choice.key} {choice.text} {choice.remark}".casefold()
            if not all(word in whole for word in words):
                continue
            style = "text" if choice.enabled else "faint"
            line = (
                Line(Target("choice", choice.value))
                .add("  ")
                .column(choice.key, 6, "key" if choice.enabled else "faint")
            )
            room = max(width - 10, 10)
            if choice.remark and width >= 76:
                name_width = min(34, room // 2)
                line.column(choice.text, name_width, style).add(" ").column(
                    choice.remark, room - name_width - 1, "dim"
                )
            else:
                line.column(choice.text, room, style)
            lines.append(line)
        if not lines:
            lines.append(text_line("  nothing matches", "warn"))
        if self.foot and not words:
            lines.append(Line())
            for paragraph in self.foot:
                lines += [text_line(f"  {row}", "dim") for row in wrap(paragraph, max(width - 5, 20))]
        self.query_one("#pick-list", LineView).show_lines(lines, top=True)

    def action_step(self, step: int) -> None:
        """Move the cursor of the list."""
        self.query_one("#pick-list", LineView).action_step(step)

    def action_page(self, step: int) -> None:
        """Scroll the list."""
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


def palette_screen(
    colours: Colours, screen: str, actions: ActionTable, unavailable: Callable[[str], str | None]
) -> PickScreen:
    """Every action that is valid on a screen now, as `area: verb`."""
    choices = []
    for entry in actions.valid_on(screen):
        if unavailable(entry.id) is None:
            area, verb = entry.id.split(".", 1)
            name = f"{area}: {verb.replace('-', ' ')}"
            choices.append(Choice(entry.id, entry.shown_key, name, entry.tooltip))
    return PickScreen(colours, "all actions", choices)


NOTES = (
    "A page is closed until it is answered: which side is A is drawn for you, and gold, flags and colours are hidden. "
    "v looks first, and so does every key that shows a side; the verdict is then not blind.",
    "In lists: · open, ▲ candidate is right, ▼ base is right, = both, × neither, ? not sure, ✓ answered.",
    "Orange supports the class, blue opposes it; the marks below the words say the same: +9 is the largest "
    "score here, −3 a third of it the other way.",
    "▲ better, ▼ worse, where a metric says which way it should go; the sign says which way it went. "
    "◆ critical slice. b/f: broken and fixed by the candidate. Intervals are 95 % unless the method says "
    "otherwise. A gate is ✓ pass, ! warn, ✗ fail, ? unknown, ◌ undecided, ○ off, n/a, or ≈ waived.",
    "Everything is saved when the notice line says `saved`. Leaving, or losing the connection, loses nothing.",
)
"""What the help says below the keys."""


def help_screen(colours: Colours, screen: str, actions: ActionTable) -> PickScreen:
    """The keys and marks of a screen."""
    choices = [
        Choice(entry.id, entry.shown_key, entry.title, entry.tooltip) for entry in actions.valid_on(screen)
    ]
    return PickScreen(colours, f"help: {screen}", choices, foot=NOTES, closing="?")
