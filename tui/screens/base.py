"""What all screens share: head, body, notice, entry line and key line, and one way to do an action."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar

import duckdb
from textual import events, on
from textual.app import ComposeResult
from textual.screen import Screen
from textual.widget import Widget

from analysis.base.errors import AssayError
from tui.draw.lines import Line, StyleLike, text_line
from tui.draw.messages import EntryCancelled, EntryChanged, EntrySubmitted, LineOpened
from tui.plugin.actions import action
from tui.screens.key_bar import key_lines
from tui.widgets.entry import Entry, SafeInput
from tui.widgets.line_view import Bar, LineView

if TYPE_CHECKING:
    from analysis.review.session import ReviewSession, Undone
    from tui.console.app import AssayApp

SMALLEST = (60, 20)
"""Cells and rows below which a screen says that it is too small; the keys still work, and still save."""


BREAKPOINTS = [(0, "-narrow"), (100, "-wide"), (160, "-broad")]
"""Classes that a screen has from so many columns on."""
FAILURES = (AssayError, duckdb.Error)
"""What is said in the notice line instead of ending the console: refusals, and evidence that cannot be read."""


class BaseScreen(Screen[None]):
    """One of the four screens of the console.

    A subclass names itself, composes its body, and has a method `do_AREA_VERB` for each of its actions.
    """

    NAME: ClassVar[str] = ""
    KEY_ROWS: ClassVar[int] = 1
    HEAD_ROWS: ClassVar[int] = 3
    HORIZONTAL_BREAKPOINTS = BREAKPOINTS
    DEFAULT_CSS = """
    BaseScreen {
        layout: vertical;
        background: $background;
    }
    BaseScreen #body { height: 1fr; }
    BaseScreen #small { display: none; height: 1fr; }
    BaseScreen.small #body, BaseScreen.small #head, BaseScreen.small #keys { display: none; }
    BaseScreen.small #small { display: block; }
    """

    def compose(self) -> ComposeResult:
        look = self.console_app.look
        yield Bar(look, widget_id="head")
        yield Bar(look, widget_id="small")
        with self.body():
            yield from self.compose_body()
        yield Entry(look, widget_id="entry")
        yield Bar(look, widget_id="notice")
        yield Bar(look, widget_id="keys")

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

    @property
    def console_app(self) -> AssayApp:
        """The application, with its type."""
        from tui.console.app import AssayApp

        assert isinstance(self.app, AssayApp)
        return self.app

    @property
    def session(self) -> ReviewSession:
        """The review that is open."""
        return self.console_app.session

    def on_mount(self) -> None:
        self.query_one("#head", Bar).styles.height = self.HEAD_ROWS
        self.query_one("#keys", Bar).styles.height = self.KEY_ROWS
        self.query_one("#small", Bar).show_lines(
            [
                text_line(f" too small: {SMALLEST[0]}x{SMALLEST[1]} are needed;", "warn"),
                text_line(" keys still save", "warn"),
            ]
        )

    def on_resize(self) -> None:
        self.set_class(self.size.width < SMALLEST[0] or self.size.height < SMALLEST[1], "small")
        self.call_after_refresh(self.reload_guarded)

    def on_screen_resume(self) -> None:
        self.call_after_refresh(self.reload_guarded)

    def reload_guarded(self) -> None:
        """Reload; evidence that cannot be read is said, not raised."""
        if not self.is_mounted or not self.size.width:
            return
        try:
            self.reload()
            self.show_bars()
        except FAILURES as error:
            self.complain(error)

    def show_bars(self) -> None:
        """Draw head and key line."""
        width = self.size.width
        self.query_one("#head", Bar).show_lines(self.head_lines(width))
        self.query_one("#keys", Bar).show_lines(key_lines(self.NAME, width, self.KEY_ROWS, self.unavailable))

    def change_look(self) -> None:
        """Draw everything in the look of the application."""
        for view in self.query(LineView):
            view.change_look(self.console_app.look)
        self.reload_guarded()

    def notice(self, text: str, style: StyleLike = "text") -> None:
        """Say something in the notice line."""
        self.query_one("#notice", Bar).show_lines([text_line(f" {text}", style)])

    def complain(self, error: Exception) -> None:
        """Say why something was not done."""
        if isinstance(error, AssayError):
            hint = f"; {error.hint}" if error.hint else ""
            where = f"{error.where}: " if error.where else ""
            self.notice(f"{where}{error.message}{hint}", "bad")
        else:
            self.notice(f"the evidence cannot be read: {str(error).splitlines()[0]}", "bad")

    def unavailable(self, identifier: str) -> str | None:
        """Why an action cannot be done now, or None."""
        if self.console_app.busy and identifier.split(".", maxsplit=1)[0] not in ("app", "list"):
            return f"{self.console_app.busy} is still running"
        track = action(identifier).track
        if track and track not in self.session.description["tracks"]:
            return f"this review has no {track} track"
        return None

    def action_do(self, identifier: str) -> None:
        """Do an action of the table, or say why not."""
        reason = self.unavailable(identifier)
        if reason is not None:
            self.notice(f"{action(identifier).title}: {reason}", "warn")
            return
        try:
            getattr(self, action(identifier).method)()
        except FAILURES as error:
            self.complain(error)

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

    @on(EntryCancelled)
    def _entry_cancelled(self, message: EntryCancelled) -> None:
        self.close_entry()

    @on(LineOpened)
    def _line_opened(self, message: LineOpened) -> None:
        try:
            self.opened(message)
        except FAILURES as error:
            self.complain(error)

    def opened(self, message: LineOpened) -> None:
        """Enter on a line: go where it leads."""
        self.console_app.follow(message.target)

    def do_list_down(self) -> None:
        """Cursor to the next line."""
        self._step(1)

    def do_list_up(self) -> None:
        """Cursor to the previous line."""
        self._step(-1)

    def _step(self, step: int) -> None:
        focused = self.focused
        if isinstance(focused, LineView):
            focused.action_step(step)

    def do_annotation_undo(self) -> None:
        """Undo the last event of this reviewer."""
        self._told("undone", "nothing of yours to undo", self.session.undo())

    def do_annotation_redo(self) -> None:
        """Redo what was undone last."""
        self._told("redone", "nothing to redo", self.session.redo())

    def _told(self, done: str, nothing: str, what: Undone | None) -> None:
        if what is None:
            self.notice(nothing, "warn")
            return
        self.after_write()
        self.notice(f"{done}: {what.sentence}", "saved")

    def after_write(self) -> None:
        """An event was recorded: show what it changed."""
        self.reload()
        self.show_bars()

    def do_screen_overview(self) -> None:
        """Go to the overview."""
        self.console_app.open_screen("overview")

    def do_screen_review(self) -> None:
        """Go to the examples of the first track."""
        self.console_app.show_track("intent")

    def do_screen_neighbours(self) -> None:
        """Go to the examples of the retrieval track."""
        self.console_app.show_track("retrieval")

    def do_screen_responses(self) -> None:
        """Go to the examples of the response track."""
        self.console_app.show_track("response")

    def do_screen_gates(self) -> None:
        """Go to the gates."""
        self.console_app.open_screen("gates")

    def do_screen_signoff(self) -> None:
        """Go to the sign-off."""
        self.console_app.open_screen("signoff")

    def do_probes_open(self) -> None:
        """Show what each cue does to both sides."""
        self.console_app.show_probes(None)

    def do_maps_open(self) -> None:
        """Show the items as two maps."""
        self.console_app.show_maps(None)

    def do_app_back(self) -> None:
        """One level back."""
        if self.entry.is_open:
            self.close_entry()
        else:
            self.console_app.go_back()

    def do_app_help(self) -> None:
        """Show the keys and words of this screen."""
        from tui.screens.pick import help_screen

        self.app.push_screen(help_screen(self.console_app.look, self.NAME), self._picked)

    def do_app_palette(self) -> None:
        """Show every action that is valid now."""
        from tui.screens.pick import palette_screen

        self.app.push_screen(palette_screen(self.console_app.look, self.NAME, self.unavailable), self._picked)

    def _picked(self, identifier: str | None) -> None:
        if identifier is not None:
            self.action_do(identifier)

    def do_app_theme(self) -> None:
        """Change between dark and light."""
        self.console_app.change_theme()

    def do_app_quit(self) -> None:
        """Leave, unless typed text is still unsaved."""
        if self.entry.is_open and self.entry.text:
            self.notice("what you typed is not saved: enter saves it, esc leaves it", "warn")
            return
        self.console_app.exit(0)
