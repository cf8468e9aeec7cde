"""The entry line: one line to type into, below the view that it is about."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Input

from tui.draw.lines import text_line
from tui.draw.messages import EntryCancelled, EntryChanged, EntrySubmitted
from tui.draw.safe_text import printable
from tui.draw.theme import Colours
from tui.widgets.line_view import Bar


class SafeInput(Input):
    """An input whose cursor does not blink (that would be traffic) and that shows control characters as pictures."""

    DEFAULT_CSS = """
    SafeInput, SafeInput:focus {
        border: none;
        height: 1;
        padding: 0;
        background: $panel;
        background-tint: $background 0%;
        color: $foreground;
    }
    """

    def __init__(self, value: str = "", *, widget_id: str | None = None) -> None:
        super().__init__(printable(value), id=widget_id, select_on_focus=False)
        self.cursor_blink = False

    def validate_value(self, value: str) -> str:
        """Whatever is typed or pasted is shown, and kept, without control characters."""
        return printable(value)


class Entry(Horizontal):
    """A label and an input; hidden until `ask` is called.

    | key | does |
    |---|---|
    | enter | hands in the text |
    | esc | leaves; the text stays in the line until the next question |
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", "leave", show=False)]
    DEFAULT_CSS = """
    Entry {
        height: 1;
        display: none;
        background: $panel;
    }
    Entry Bar {
        width: auto;
        min-width: 12;
        background: $panel;
    }
    Entry SafeInput {
        width: 1fr;
    }
    """

    def __init__(self, colours: Colours, *, widget_id: str | None = None) -> None:
        super().__init__(id=widget_id)
        self.colours = colours
        self.purpose = ""

    def compose(self) -> ComposeResult:
        yield Bar(self.colours, widget_id="entry-label")
        yield SafeInput(widget_id="entry-input")

    @property
    def is_open(self) -> bool:
        """Whether the line is waiting for text."""
        return bool(self.display)

    @property
    def text(self) -> str:
        """What is in the line."""
        return self.query_one(SafeInput).value

    def ask(self, purpose: str, label: str, value: str = "") -> None:
        """Open the line for a purpose.

        Args:
            purpose: handed back with the text.
            label: what the reviewer reads.
            value: text to start from.
        """
        self.purpose = purpose
        line = text_line(f" {label} ", "key")
        bar = self.query_one("#entry-label", Bar)
        bar.styles.width = line.width
        bar.show_lines([line])
        field = self.query_one(SafeInput)
        field.value = value
        field.cursor_position = len(field.value)
        self.display = True
        # At once, not by `focus()`, which waits: keys typed ahead must go into the line, and never be verdicts.
        self.screen.set_focus(field)

    def close(self) -> None:
        """Hide the line."""
        self.display = False

    def action_cancel(self) -> None:
        """Leave without handing in."""
        self.post_message(EntryCancelled(self.purpose))

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(EntrySubmitted(self.purpose, event.value))

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        if self.is_open:
            self.post_message(EntryChanged(self.purpose, event.value))
