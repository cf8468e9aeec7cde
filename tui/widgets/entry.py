"""The entry line: one line to type into, below the view that it is about."""

from __future__ import annotations

from contextlib import nullcontext
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult, SuspendNotSupported
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Input
from textual.widgets.input import Selection

from analysis.base.errors import AssayError
from tui.draw.editor import edited
from tui.draw.lines import text_line
from tui.draw.messages import EditorFailed, EntryCancelled, EntryChanged, EntrySubmitted
from tui.draw.safe_text import as_written, printable
from tui.draw.theme import Colours
from tui.widgets.line_view import Bar

EDITOR_KEY = "^g $EDITOR"
"""What opens a text in the reviewer's own editor, as it is told."""


class SafeInput(Input):
    """An input whose cursor does not blink (that would be traffic) and that shows control characters as pictures.

    It keeps every line of what is pasted: a line break is shown as one cell, and is one again in `written`.

    | key | does |
    |---|---|
    | ctrl+g | the text in `$EDITOR` |
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+g", "editor", "editor", show=False)]

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

    @property
    def written(self) -> str:
        """The text with its line breaks."""
        return as_written(self.value)

    def _on_paste(self, event: events.Paste) -> None:
        """All lines: Textual's own input keeps the first of them, and says nothing of the others."""
        event.prevent_default()
        event.stop()
        pasted = printable("\n".join(event.text.splitlines()))
        start, end = sorted(self.selection)
        self.replace(pasted, start, end)

    def action_editor(self) -> None:
        """Edit the text in the reviewer's own editor; it then stands here, to be handed in."""
        try:
            # Without a terminal there is none to lend.
            with nullcontext() if self.app.is_headless else self.app.suspend():
                text = edited(self.written)
        except SuspendNotSupported:
            self.post_message(EditorFailed(AssayError("the terminal cannot be lent to an editor here")))
        except AssayError as error:
            self.post_message(EditorFailed(error))
        else:
            self.value = text
            self.cursor_position = len(self.value)


class Entry(Horizontal):
    """A label and an input; hidden until `ask` is called.

    | key | does |
    |---|---|
    | enter | hands in the text |
    | esc | leaves; the text stays in the line until the next question |
    | ctrl+g | the text in `$EDITOR` |
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

    def ask(self, purpose: str, label: str, value: str = "", *, replaced: bool = False) -> None:
        """Open the line for a purpose.

        Args:
            purpose: handed back with the text.
            label: what the reviewer reads.
            value: text to start from.
            replaced: what is typed takes the place of that text.
        """
        self.purpose = purpose
        line = text_line(f" {label} ", "key")
        bar = self.query_one("#entry-label", Bar)
        bar.styles.width = line.width
        bar.show_lines([line])
        field = self.query_one(SafeInput)
        field.value = value
        field.cursor_position = len(field.value)
        if replaced:
            field.selection = Selection(0, len(field.value))
        self.display = True
        # At once, not by `focus()`, which waits: keys typed ahead must go into the line, and never be verdicts.
        self.screen.set_focus(field)

    def edit(self) -> None:
        """Open what is in the line in the reviewer's own editor."""
        self.query_one(SafeInput).action_editor()

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
