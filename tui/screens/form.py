"""A form of a few fields, for findings, waivers and keys; a refusal is shown and keeps what was typed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from analysis.base.errors import AssayError
from tui.draw.lines import Line, first_rows, text_line, wrap, written
from tui.draw.messages import EditorFailed
from tui.draw.safe_text import cells
from tui.draw.theme import Colours
from tui.screens.pick import MODAL_CSS
from tui.widgets.entry import EDITOR_KEY, SafeInput
from tui.widgets.line_view import Bar

WHOLE_ROWS = 6
"""Rows of the text of a field that is longer than the field."""
NOTICE_ROWS = 3
"""Rows of what is said below the fields."""


@dataclass(frozen=True)
class Field:
    """One field of a form.

    Args:
        name: its name in what is handed in.
        label: what the reviewer reads.
        value: what it starts with.
        options: the values it can have; empty for free text.
    """

    name: str
    label: str
    value: str = ""
    options: tuple[str, ...] = ()


class OptionField(Bar, can_focus=True):
    """One of several values; left and right change it, and typing goes to the first that holds what is typed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "turn(-1)", "previous", show=False),
        Binding("right,space", "turn(1)", "next", show=False),
    ]

    def __init__(self, colours: Colours, field: Field) -> None:
        super().__init__(colours, widget_id=f"field-{field.name}")
        self.options = field.options
        self.value = field.value if field.value in field.options else field.options[0]
        self._typed = ""

    def on_key(self, event: events.Key) -> None:
        """Go to the first value that holds what was typed; what holds nothing begins anew."""
        if event.key == "backspace":
            self._typed = ""
        elif event.is_printable and event.character and event.character != " ":
            for typed in (self._typed + event.character, event.character):
                held = [one for one in self.options if typed.casefold() in one.casefold()]
                if held:
                    self._typed, self.value = typed, held[0]
                    break
        else:
            return
        event.stop()
        self._draw()

    def on_mount(self) -> None:
        self._draw()

    def on_focus(self) -> None:
        self._draw()

    def on_blur(self) -> None:
        self._typed = ""
        self._draw()

    def action_turn(self, step: int) -> None:
        """The next or previous value."""
        self.value = self.options[(self.options.index(self.value) + step) % len(self.options)]
        self._draw()

    def _draw(self) -> None:
        number = f"  {self.options.index(self.value) + 1} of {len(self.options)}"
        style = "strong" if self.has_focus else "text"
        line = Line().add("▸" if self.has_focus else " ", "key")
        line.add("‹ ", "key").add(self.value, style).add(" ›", "key").add(number, "dim")
        line.add(f"  “{self._typed}”" if self._typed else "", "number")
        self.show_lines([line])


class FormScreen(ModalScreen[bool]):
    """Asks for a few fields and hands them to a function.

    | key | does |
    |---|---|
    | up, down, tab | previous or next field |
    | left, right, letters | another value of a choice |
    | enter | next field; on the last one, saves |
    | ctrl+o | saves from any field |
    | ctrl+g | the field in `$EDITOR` |
    | esc | leaves |
    """

    CSS = (
        MODAL_CSS
        + f"""
    FormScreen .field {{ height: 1; margin: 0 1; }}
    FormScreen .field .label {{ width: 14; }}
    FormScreen #form-text {{ margin: 0 0 1 0; }}
    FormScreen #form-whole {{ height: {WHOLE_ROWS}; margin: 1 0 0 0; }}
    FormScreen #form-notice {{ height: {NOTICE_ROWS}; margin: 1 0 0 0; }}
    """
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "leave", show=False),
        Binding("up", "field(-1)", "previous field", show=False),
        Binding("down", "field(1)", "next field", show=False),
        Binding("ctrl+o", "hand_in", "save", show=False),
        # Before the field sees it: what a field makes of enter comes after the keys that were typed ahead.
        Binding("enter", "advance", "next field", show=False, priority=True),
    ]

    def __init__(
        self,
        colours: Colours,
        title: str,
        paragraphs: Sequence[str],
        fields: Sequence[Field],
        submit: Callable[[dict[str, str]], None],
    ) -> None:
        super().__init__()
        self.colours = colours
        self._title = title
        self._paragraphs = paragraphs
        self._fields = list(fields)
        self._submit = submit

    def compose(self) -> ComposeResult:
        with Vertical(classes="modal"):
            yield Bar(self.colours, widget_id="form-title")
            yield Bar(self.colours, widget_id="form-text")
            for field in self._fields:
                with Horizontal(classes="field"):
                    yield Bar(self.colours, widget_id=f"label-{field.name}").add_class("label")
                    if field.options:
                        yield OptionField(self.colours, field)
                    else:
                        yield SafeInput(field.value, widget_id=f"field-{field.name}")
            yield Bar(self.colours, widget_id="form-whole")
            yield Bar(self.colours, widget_id="form-notice")

    def on_mount(self) -> None:
        title = (
            Line()
            .add(f" {self._title}", "title")
            .add(f"   ⏎ next, then saves · ↑↓ fields · {EDITOR_KEY} · esc leaves", "dim")
        )
        self.query_one("#form-title", Bar).show_lines([title])
        for field in self._fields:
            self.query_one(f"#label-{field.name}", Bar).show_lines([text_line(field.label, "key")])
        self._inputs()[0].focus()

    def on_resize(self, event: events.Resize) -> None:
        width = min(event.size.width, 110) - 3
        rows = [text_line(f" {row}", "dim") for text in self._paragraphs for row in wrap(text, width)]
        view = self.query_one("#form-text", Bar)
        room = max(event.size.height - len(self._fields) - WHOLE_ROWS - NOTICE_ROWS - 5, 1)
        view.styles.height = max(min(len(rows), room), 1)
        view.show_lines(first_rows(rows, room, width))

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        self._show_whole()

    def on_descendant_focus(self) -> None:
        self._show_whole()

    def _show_whole(self) -> None:
        """The whole text of the field that is written into, where the field hides some of it."""
        field, width = self.focused, min(self.size.width, 110) - 3
        long = isinstance(field, SafeInput) and (
            "\n" in field.written or cells(field.value) >= field.size.width - 1
        )
        rows = (
            written("", field.written, width, indent=1, style="text")
            if long and isinstance(field, SafeInput)
            else []
        )
        self.query_one("#form-whole", Bar).show_lines(first_rows(rows, WHOLE_ROWS, width))

    def _inputs(self) -> list[SafeInput | OptionField]:
        found: list[SafeInput | OptionField] = []
        for field in self._fields:
            selector = f"#field-{field.name}"
            if field.options:
                found.append(self.query_one(selector, OptionField))
            else:
                found.append(self.query_one(selector, SafeInput))
        return found

    @property
    def values(self) -> dict[str, str]:
        """What is in the fields."""
        return {
            field.name: widget.written if isinstance(widget, SafeInput) else widget.value
            for field, widget in zip(self._fields, self._inputs(), strict=True)
        }

    def action_field(self, step: int) -> None:
        """The next or previous field."""
        inputs = self._inputs()
        here = next((number for number, widget in enumerate(inputs) if widget is self.focused), 0)
        # At once, unlike `focus()`: keys that were typed ahead must find the field they are meant for.
        self.set_focus(inputs[(here + step) % len(inputs)])

    def action_advance(self) -> None:
        """The next field; from the last one, hand in."""
        if self._inputs()[-1] is self.focused:
            self._when_typed(self._inputs())
        else:
            self.action_field(1)

    def _when_typed(self, left: list[SafeInput | OptionField]) -> None:
        """Hand in once every field has read its keys: each has a queue of its own, and may have some typed ahead."""
        if left:
            left[0].call_later(self._when_typed, left[1:])
        else:
            self.call_later(self.action_hand_in)

    def action_hand_in(self) -> None:
        """Hand the fields in; a refusal is shown and the form stays."""
        try:
            self._submit(self.values)
        except AssayError as error:
            self._refuse(error)
            return
        self.dismiss(True)

    @on(EditorFailed)
    def _editor_failed(self, message: EditorFailed) -> None:
        message.stop()
        self._refuse(message.error)

    def _refuse(self, error: AssayError) -> None:
        text = f"{error.message}{'; ' + error.hint if error.hint else ''}"
        rows = [text_line(f" {row}", "bad") for row in wrap(text, min(self.size.width, 110) - 3)]
        self.query_one("#form-notice", Bar).show_lines(first_rows(rows, NOTICE_ROWS, self.size.width))

    def action_leave(self) -> None:
        """Leave without saving."""
        self.dismiss(False)
