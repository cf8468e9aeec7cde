"""What all screens are made of: head, body, notice, entry line and key line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar, cast

import duckdb
from textual import events, on
from textual.app import ComposeResult
from textual.screen import Screen
from textual.widget import Widget

from analysis.base.errors import AssayError
from tui.draw.lines import Line, StyleLike, text_line
from tui.draw.messages import (
    EditorFailed,
    EntryCancelled,
    EntryChanged,
    EntrySubmitted,
    LineOpened,
    WidthChanged,
)
from tui.screens.key_bar import key_lines
from tui.widgets.entry import Entry, SafeInput
from tui.widgets.line_scroll import LineScroll
from tui.widgets.line_view import Bar, KeyBar

if TYPE_CHECKING:
    from analysis.review.session import ReviewSession
    from tui.plugin.action import Action
    from tui.plugin.console import Console, Subject

SMALLEST = (60, 20)
"""Cells and rows below which a screen says that it is too small; the keys still work, and still save."""
BREAKPOINTS = [(0, "-narrow"), (100, "-wide"), (160, "-broad")]
"""Classes that a screen has from so many columns on."""
FAILURES = (AssayError, duckdb.Error)
"""What is said in the notice line instead of ending the console: refusals, and evidence that cannot be read."""


class FrameScreen(Screen[None]):
    """The parts of a screen and how they are drawn.

    A subclass names itself, composes its body, and says what is above it.
    """

    NAME: ClassVar[str] = ""
    KEY_ROWS: ClassVar[int] = 1
    HEAD_ROWS: ClassVar[int] = 3
    HORIZONTAL_BREAKPOINTS = BREAKPOINTS
    DEFAULT_CSS = """
    FrameScreen {
        layout: vertical;
        background: $background;
    }
    FrameScreen #body { height: 1fr; }
    FrameScreen #small { display: none; height: 1fr; }
    FrameScreen #tour { display: none; }
    FrameScreen.small #body, FrameScreen.small #head, FrameScreen.small #keys { display: none; }
    FrameScreen.small #small { display: block; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._reload_asked = False
        self._told_of: str | None = None

    def compose(self) -> ComposeResult:
        colours = self.console_app.colours
        yield Bar(colours, widget_id="head")
        yield Bar(colours, widget_id="small")
        with self.body():
            yield from self.compose_body()
        yield Entry(colours, widget_id="entry")
        yield Bar(colours, widget_id="notice")
        yield Bar(colours, widget_id="tour")
        yield KeyBar(colours, widget_id="keys")

    def body(self) -> Widget:
        """The container of the body."""
        from textual.containers import Horizontal

        return Horizontal(id="body")

    def compose_body(self) -> Iterable[Widget]:
        """The widgets of the body."""
        raise NotImplementedError

    def head_lines(self, width: int) -> Sequence[Line]:
        """The lines above the body."""
        raise NotImplementedError

    def reload(self) -> None:
        """Read again what the screen shows, after an event or a change of size."""
        raise NotImplementedError

    def show(self, subject: Subject) -> None:
        """Show what the screen was opened on; a screen that shows but one thing has nothing to do."""

    @property
    def console_app(self) -> Console:
        """The application."""
        return cast("Console", self.app)

    @property
    def session(self) -> ReviewSession:
        """The review that is open."""
        return self.console_app.session

    def on_mount(self) -> None:
        self.query_one("#head", Bar).styles.height = self.HEAD_ROWS
        self.query_one("#keys", Bar).styles.height = self.KEY_ROWS
        # Head and keys are known at once: no screen is a blank page first.
        self._show_bars_guarded()
        self.query_one("#small", Bar).show_lines(
            [
                text_line(f" too small: {SMALLEST[0]}x{SMALLEST[1]} are needed;", "warn"),
                text_line(" keys still save", "warn"),
            ]
        )

    def on_resize(self) -> None:
        self.set_class(self.size.width < SMALLEST[0] or self.size.height < SMALLEST[1], "small")
        self.reload_soon()

    @on(WidthChanged)
    def _width_changed(self) -> None:
        """What stands beside a list came or went after it was drawn."""
        self.reload_soon()

    def on_screen_resume(self) -> None:
        self.reload_soon()

    def goes_away(self) -> None:
        """Another screen takes its place: who comes back reads nothing of before, but of what still runs."""
        if self.is_mounted and not self.console_app.busy:
            self.notice("")

    def reload_soon(self) -> None:
        """Reload once the screen has settled: once, however many reasons there are for it meanwhile."""
        if not self._reload_asked:
            self._reload_asked = True
            self.call_after_refresh(self._reload)

    def _reload(self) -> None:
        self._reload_asked = False
        self.reload_guarded()

    def reload_guarded(self) -> None:
        """Reload; evidence that cannot be read is said, not raised."""
        if not self.is_mounted or not self.size.width:
            return
        try:
            self.reload()
            self.show_bars()
        except FAILURES as error:
            self.complain(error)

    def _show_bars_guarded(self) -> None:
        try:
            self.show_bars()
        except FAILURES as error:
            self.complain(error)

    def show_bars(self) -> None:
        """Draw head, tour and key line."""
        width = self.size.width or self.app.size.width
        self.show_tour()
        self.query_one("#head", Bar).show_lines(self.head_lines(width))
        self.query_one("#keys", Bar).show_lines(self.key_bar(width))

    def show_tour(self) -> None:
        """Draw the step of the tour, while there is one."""
        tour, bar = self.console_app.tour, self.query_one("#tour", Bar)
        lines = tour.lines((self.size.width or self.app.size.width) - 1) if tour is not None else []
        bar.display = bool(lines)
        if lines:
            bar.styles.height = len(lines)
            bar.show_lines(lines)

    def change_colours(self) -> None:
        """Draw everything in the colours of the application."""
        for view in self.query(LineScroll):
            view.change_colours(self.console_app.colours)
        self.reload_guarded()

    def notice(self, text: str, style: StyleLike = "text") -> None:
        """Say something in the notice line, of what is shown, and beside it what could not be kept beside the record.

        It goes when what is shown does.
        """
        self._told_of = self.subject
        unkept, _ = self.session.unkept(), self.session.untold()
        beside = f"  {unkept}" if text and unkept else unkept
        self.query_one("#notice", Bar).show_lines([text_line(f" {text}", style).add(beside, "warn")])

    @property
    def subject(self) -> str | None:
        """What the screen shows, where it shows one thing after the other: an example, a gate."""
        return None

    def end_notice(self) -> None:
        """Take back what was said of something that is no more shown."""
        if self._told_of != self.subject:
            self.notice("")

    def complain(self, error: Exception) -> None:
        """Say why something was not done, or what failed after it was."""
        done = "saved; what failed is what came after it: " if self.session.untold() else ""
        if isinstance(error, AssayError):
            hint = f"; {error.hint}" if error.hint else ""
            where = f"{error.where}: " if error.where else ""
            self.notice(f"{done}{where}{error.message}{hint}", "bad")
        else:
            self.notice(f"{done}the evidence cannot be read: {str(error).splitlines()[0]}", "bad")

    def key_bar(self, width: int) -> list[Line]:
        """The keys of the screen, as many as fit."""
        return key_lines(self.bar_actions(), width, self.KEY_ROWS, self.unavailable)

    def bar_actions(self) -> list[Action]:
        """The actions that the key line may show, most used first."""
        return [entry for entry in self.console_app.actions.key_line(self.NAME) if not self.is_here(entry)]

    def is_here(self, entry: Action) -> bool:
        """Whether an action opens what is shown already."""
        return entry.id == f"screen.{self.NAME}"

    def unavailable(self, identifier: str) -> str | None:
        """Why an action cannot be done now, or None."""
        raise NotImplementedError

    @property
    def entry(self) -> Entry:
        """The entry line."""
        return self.query_one("#entry", Entry)

    def type_ahead(self, event: events.Key) -> None:
        """Keys that were typed before the entry line had the focus belong into it."""
        if self.entry.is_open and event.is_printable and event.character:
            event.stop()
            self.entry.query_one(SafeInput).insert_text_at_cursor(event.character)

    def close_entry(self) -> None:
        """Hide the entry line, and give the keys back to the body."""
        self.entry.close()
        self.focus_body()

    def focus_body(self) -> None:
        """Give the keys to the main widget of the body."""
        raise NotImplementedError

    def entered(self, purpose: str, text: str) -> None:
        """Text was handed in for a purpose. Raises AssayError to keep the line open with its text."""
        raise NotImplementedError

    def typing(self, purpose: str, text: str) -> None:
        """Text changed while it is typed."""

    @on(EntrySubmitted)
    def _entry_submitted(self, message: EntrySubmitted) -> None:
        try:
            self.entered(message.purpose, message.text)
        except FAILURES as error:
            self.complain(error)
            return
        self.close_entry()

    @on(EntryChanged)
    def _entry_changed(self, message: EntryChanged) -> None:
        try:
            self.typing(message.purpose, message.text)
        except FAILURES as error:
            self.complain(error)
            return
        unkept = self.session.unkept()
        if unkept:
            self.notice(unkept, "warn")

    @on(EditorFailed)
    def _editor_failed(self, message: EditorFailed) -> None:
        self.complain(message.error)

    @on(EntryCancelled)
    def _entry_cancelled(self, message: EntryCancelled) -> None:
        self.close_entry()
        # What was said of the line goes with it.
        self.notice("")

    @on(LineOpened)
    def _line_opened(self, message: LineOpened) -> None:
        try:
            self.opened(message)
        except FAILURES as error:
            self.complain(error)

    def opened(self, message: LineOpened) -> None:
        """Enter on a line: go where it leads."""
        self.console_app.follow(message.target)
