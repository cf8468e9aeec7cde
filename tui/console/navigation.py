"""Where the console goes: its screens, the way back, and what a line leads to."""

from __future__ import annotations

from textual.app import App

from analysis.plugin.registry import known
from analysis.review.scope import Scope
from analysis.review.session import ReviewSession
from tui.console.screens import make_screen, screens_of
from tui.draw.lines import Target
from tui.plugin.console import EXAMPLES, GATES, OVERVIEW, ScopePlace, Subject
from tui.plugin.frame_actions import FRAME_ACTIONS
from tui.plugin.registry import action_table, views_of
from tui.screens.base import BaseScreen
from tui.screens.beside import scope_of


class Navigation(App[int]):
    """An application that goes from screen to screen of one review; a screen is made when it is first shown.

    Args:
        session: the review, open.
        ansi_color: whether the terminal's own colours are used.

    Raises:
        AssayError: the view of one of the review's tracks cannot be loaded.
    """

    def __init__(self, session: ReviewSession, *, ansi_color: bool) -> None:
        super().__init__(ansi_color=ansi_color)
        self.session = session
        self.views = views_of(track for track in session.description["tracks"] if known(track))
        self.actions = action_table(FRAME_ACTIONS, self.views)
        self.made: dict[str, BaseScreen] = {}
        self._screens = screens_of(self.views.values())
        self._trail: list[str] = []

    @property
    def base_screen(self) -> BaseScreen:
        """The screen under any dialogue."""
        return next(screen for screen in reversed(self.screen_stack) if isinstance(screen, BaseScreen))

    def _screen(self, name: str) -> BaseScreen:
        if name not in self.made:
            self.made[name] = make_screen(name, self._screens, self.actions)
            self.install_screen(self.made[name], name)
        return self.made[name]

    def open(self, name: str, subject: Subject = None, *, remember: bool = True) -> None:
        """Go to a screen, and show something on it; None shows what it showed last. Raises KeyError.

        Args:
            name: of the screen.
            subject: what to show.
            remember: whether the screen before is one to go back to.
        """
        screen = self._screen(name)
        screen.show(subject)
        current = next(
            (entry for entry in reversed(self.screen_stack) if isinstance(entry, BaseScreen)), None
        )
        if current is screen:
            return
        if current is None:
            self.push_screen(screen)
            return
        if remember:
            self._trail = [*(entry for entry in self._trail if entry != current.NAME), current.NAME]
        current.goes_away()
        self.switch_screen(screen)

    def go_back(self) -> None:
        """To the screen before; from the first one, nowhere."""
        if self._trail:
            self.open(self._trail.pop(), remember=False)
        elif self.base_screen.NAME != OVERVIEW:
            self.open(OVERVIEW, remember=False)
        else:
            self.base_screen.notice("q leaves; everything is saved")

    def follow(self, target: Target) -> None:
        """Go where a line leads."""
        if target.kind == "screen":
            self.open(target.name)
        elif target.kind == "gate":
            self.open(GATES, target.name)
        elif target.kind == "example":
            self.show_example(target.name)
        elif (scope := scope_of(self.session, target)) is not None:
            if target.kind == "flagged" and not self.session.queue_count(scope):
                self.open(GATES, target.name)
            else:
                self.open(EXAMPLES, ScopePlace(scope, target.name if target.kind == "ref" else None))

    def show_example(self, ref: str) -> None:
        """Show one example, in the queue where it is in it, else among all."""
        scope = Scope() if self.session.position(ref, Scope()) is not None else Scope(everything=True)
        self.open(EXAMPLES, ScopePlace(scope, ref))

    def show_track(self, track: str) -> None:
        """Show the examples of a track, at the place where they were left; all there are where it is the only one."""
        alone = len(self.session.description["tracks"]) == 1
        self.open(EXAMPLES, None if alone else ScopePlace(Scope(track=track), resume=True))
