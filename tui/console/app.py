"""The console: opens a review, shows its screens, and ends cleanly whatever becomes of the connection.

It holds no review logic: reads and writes go through `analysis.review.session.ReviewSession`.
"""

from __future__ import annotations

import asyncio
import io
import os
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from rich.console import Console
from textual import events
from textual.binding import Binding, BindingType
from textual.filter import LineFilter, NoColor

from analysis.base.errors import AssayError
from analysis.review.session import ReviewSession
from tui.console.connection import Connection, connection
from tui.console.driver import ConsoleDriver
from tui.console.navigation import Navigation
from tui.draw.palette import Depth, detect_depth
from tui.draw.theme import DARK_THEME, LIGHT_THEME, Colours
from tui.plugin.console import EXAMPLES, OVERVIEW, ScopePlace
from tui.plugin.keymap import keymap_path, read_keymap, remapped
from tui.plugin.other_candidate import OtherCandidate
from tui.plugin.registry import view_fault
from tui.plugin.tour import Tour
from tui.screens.base import BaseScreen
from tui.screens.frame import FAILURES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from analysis.live.client import LiveProbes
    from analysis.report.preview import Preview
    from tui.plugin.action import ActionTable

POLL_SECONDS = 2.0
"""How often the journals of other consoles are looked at; nothing is drawn unless one has grown."""
RESTS = 1.5
"""Seconds without a key after which what Sign-off shows is read ahead, once."""
STEP = 0.02
"""Seconds between two steps of that, in which keys are heard."""


class AssayApp(Navigation):
    """The console of one review.

    Args:
        session: the review, open.
        colours: colour depth and background.
        link: the terminal that it is drawn on; None without one.
        other: a second candidate beside the one under review.
        keys: puts the actions on the reviewer's own keys.

    Raises:
        AssayError: the reviewer's own keys cannot be used.
    """

    TITLE = "assay"
    ENABLE_COMMAND_PALETTE = False
    # Everywhere, in forms and while something is typed, as in any program of a shell.
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+z", "stop_job", priority=True)]
    CSS = """
    Screen { background: $background; color: $foreground; }
    """

    def __init__(
        self,
        session: ReviewSession,
        colours: Colours,
        link: Connection | None = None,
        *,
        other: OtherCandidate | None = None,
        keys: Callable[[ActionTable], ActionTable] = lambda table: table,
    ) -> None:
        super().__init__(session, ansi_color=colours.native)
        self.actions = keys(self.actions)
        self.other = other
        self.tour: Tour | None = None
        self.driver_class = ConsoleDriver
        self.colours = colours
        self.link = link
        self.busy = ""
        self.animation_level = "none"
        self._probes: LiveProbes | None = None
        self._preview: Preview | None = None
        self._last_key = 0.0
        self.failure: Exception | None = None
        self._null = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - lives as long as the application
        # A traceback is for the log, not for the reviewer: `run_console` raises what went wrong.
        self.error_console = Console(file=io.StringIO())
        systems = {"truecolor": "truecolor", "256": "256", "16": "standard", "none": "standard"}
        self.console = Console(
            color_system=systems[colours.depth],  # type: ignore[arg-type]
            file=self._null,
            force_terminal=True,
            legacy_windows=False,
            highlight=False,
            emoji=False,
            markup=False,
        )

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Without colours, whatever style a widget has is drawn without them."""
        filters = list(super().get_line_filters())
        return [*filters, NoColor()] if self.colours.depth == "none" else filters

    def on_mount(self) -> None:
        self.register_theme(DARK_THEME)
        self.register_theme(LIGHT_THEME)
        self._set_theme()
        place = self.session.last_place()
        self.open(OVERVIEW)
        if place is not None:
            ref, scope = place
            try:
                self.session.example(ref)
            except AssayError as error:
                self.base_screen.complain(error)
            else:
                self.open(EXAMPLES, ScopePlace(scope, ref))
        for fault in filter(None, map(view_fault, self.views)):
            self.call_after_refresh(self.base_screen.complain, fault)
        self.set_interval(POLL_SECONDS, self.poll)
        self.set_timer(RESTS, self._read_ahead)
        if self.link is not None:
            self._end_with(self.link)

    def _end_with(self, link: Connection) -> None:
        """Leave where the connection says so, also if it said so before there was anything to leave."""
        loop = asyncio.get_running_loop()

        def leave() -> None:
            # At once: it may hold gigabytes, which take their time to give back.
            self._kill_worker()
            loop.call_soon_threadsafe(self.leave)

        link.on_end(leave)
        link.at_last(self._end_now)
        if link.gone:
            self.leave()

    async def on_event(self, event: events.Event) -> None:
        """Keys that were typed ahead of a terminal that is gone are not heard: they would only delay the end."""
        if self.link is not None and self.link.gone and isinstance(event, events.InputEvent | events.Paste):
            return
        if isinstance(event, events.Key):
            self._last_key = time.monotonic()
        # A key that no widget wanted comes here once more.
        if self.tour is not None and isinstance(event, events.Key) and not event.is_forwarded:
            self.tour = self.tour.after(event.key)
            self.base_screen.show_tour()
        await super().on_event(event)

    def _read_ahead(self) -> None:
        """Read what the first look at Sign-off needs while nobody types; what fails is told there."""
        if self.busy or time.monotonic() - self._last_key < RESTS:
            self.set_timer(RESTS, self._read_ahead)
            return
        with suppress(*FAILURES):
            if self.preview.step():
                self.set_timer(STEP, self._read_ahead)

    def on_key(self, event: events.Key) -> None:
        """A key that nothing wanted: it may have been typed ahead, for an entry line that has opened since."""
        if isinstance(self.screen, BaseScreen):
            self.screen.type_ahead(event)

    def on_unmount(self) -> None:
        if self._probes is not None:
            # Killed, not asked to end: whoever waits for its answer must not keep the console open.
            self._probes.cancel()
            self._probes.close()
        self._null.close()

    @property
    def probes(self) -> LiveProbes:
        """The worker that has both models; it starts with its first question and ends with the console."""
        if self._probes is None:
            from analysis.live.client import LiveProbes

            self._probes = LiveProbes(self.session.store, self.session.run)
        return self._probes

    @property
    def preview(self) -> Preview:
        """What the report would say now, read in steps."""
        if self._preview is None:
            from analysis.report.preview import Preview

            self._preview = Preview(self.session)
        return self._preview

    def _set_theme(self) -> None:
        if self.colours.native:
            self.theme = "ansi-dark" if self.colours.dark else "ansi-light"
        else:
            self.theme = DARK_THEME.name if self.colours.dark else LIGHT_THEME.name

    @property
    def osc52(self) -> Callable[[str], None] | None:
        """Sends text to the terminal's clipboard; None where there is no terminal."""
        return None if self.is_headless else self.copy_to_clipboard

    def leave(self) -> None:
        """End because the session was told to, or because its terminal is gone; what is half written is kept."""
        screen = self.base_screen
        if screen.is_mounted and screen.entry.is_open:
            # A draft that cannot be kept now was kept up to the key before.
            with suppress(*FAILURES):
                screen.typing(screen.entry.purpose, screen.entry.text)
        self.exit(0)

    def _end_now(self) -> None:
        """What is done where the console cannot end in order: nothing of it waits."""
        self._kill_worker()
        if isinstance(self._driver, ConsoleDriver):
            self._driver.put_in_order()

    def action_stop_job(self) -> None:
        """The key that stops a job, wherever it is pressed."""
        self.stop_job()

    def _kill_worker(self) -> None:
        if self._probes is not None:
            self._probes.kill()

    def stop_job(self) -> None:
        """Stop, and go on where the shell says so, with the screen as it was."""
        if isinstance(self._driver, ConsoleDriver) and not self._driver.stop():
            self.base_screen.notice("there is no shell to go back to: this console was not started from one")

    def _handle_exception(self, error: Exception) -> None:
        self.failure = self.failure or error
        super()._handle_exception(error)

    def poll(self) -> None:
        """Colours for events of other consoles; redraw only when there are any."""
        if self.busy:
            return
        try:
            if self.session.poll():
                self.base_screen.reload_guarded()
        except AssayError as error:
            self.base_screen.complain(error)

    def start_tour(self) -> None:
        """Begin the tour of the first five minutes, on Overview."""
        self.tour = Tour(self.actions)
        self.open(OVERVIEW)
        self.base_screen.reload_soon()

    def change_theme(self) -> None:
        """From dark to light or back."""
        self.colours = Colours(self.colours.depth, not self.colours.dark)
        self._set_theme()
        for screen in self.made.values():
            if screen.is_mounted:
                screen.change_colours()


def run_console(
    store: Path,
    reviewer: str | None,
    color: str | None,
    light: bool,
    mouse: bool,
    *,
    beside: Path | None = None,
    tour: bool = False,
) -> int:
    """Open the console on a store.

    Args:
        store: the review folder.
        reviewer: display name; the account's by default.
        color: `truecolor`, `256`, `16`, `none`, or None to detect it.
        light: for a light background.
        mouse: whether the mouse may be used.
        beside: the store of a second candidate, which is read and not written.
        tour: begin with the tour of the first five minutes, where nothing was looked at yet.

    Returns:
        The exit status.

    Raises:
        AssayError: a store cannot be opened, or the reviewer's own keys cannot be used.
    """
    flags: dict[str, Depth] = {"truecolor": "truecolor", "256": "256", "16": "16", "none": "none"}
    depth = detect_depth(os.environ, flags.get(color or "", "auto"))
    link = connection()
    link.console()
    path = keymap_path(os.environ)
    keymap = read_keymap(path)
    with ReviewSession.open(store, reviewer) as session:
        other = None
        if beside is not None:
            with ReviewSession.open(beside, read_only=True) as second:
                other = OtherCandidate.of(session, second)
        app = AssayApp(
            session,
            Colours(depth, not light),
            link,
            other=other,
            keys=lambda table: remapped(table, keymap, path),
        )
        if tour and session.last_place() is None:
            app.call_later(app.start_tour)
        try:
            status = app.run(mouse=mouse)
        finally:
            link.on_end(None)
            for number in (signal.SIGTSTP, signal.SIGCONT):
                signal.signal(number, signal.SIG_DFL)
        if app.failure is not None:
            raise app.failure
    return app.return_code or 0 if status is None else status
