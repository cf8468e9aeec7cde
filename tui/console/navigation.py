"""Where the console goes: its screens, the way back, and what a line leads to."""

from __future__ import annotations

from textual.app import App

from analysis.review.scope import Scope
from analysis.review.session import ReviewSession
from tui.console.by_name import make_screen
from tui.draw.lines import Target
from tui.screens.base import BaseScreen


class Navigation(App[int]):
    """An application that goes from screen to screen of one review; a screen is made when it is first shown.

    Args:
        session: the review, open.
        ansi_color: whether the terminal's own colours are used.
    """

    def __init__(self, session: ReviewSession, *, ansi_color: bool) -> None:
        super().__init__(ansi_color=ansi_color)
        self.session = session
        self.made: dict[str, BaseScreen] = {}
        self._trail: list[str] = []

    @property
    def base_screen(self) -> BaseScreen:
        """The screen under any dialogue."""
        return next(screen for screen in reversed(self.screen_stack) if isinstance(screen, BaseScreen))

    def _screen(self, name: str) -> BaseScreen:
        if name not in self.made:
            self.made[name] = make_screen(name)
            self.install_screen(self.made[name], name)
        return self.made[name]

    def open_screen(self, name: str, *, remember: bool = True) -> None:
        """Go to a screen."""
        screen = self._screen(name)
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
        self.switch_screen(screen)

    def go_back(self) -> None:
        """To the screen before; from the first one, nowhere."""
        if self._trail:
            self.open_screen(self._trail.pop(), remember=False)
        elif self.base_screen.NAME != "overview":
            self.open_screen("overview", remember=False)
        else:
            self.base_screen.notice("q leaves; everything is saved")

    def follow(self, target: Target) -> None:
        """Go where a line leads."""
        if target.kind == "screen":
            self.open_screen(target.name)
        elif target.kind == "gate":
            from tui.screens.gates import GatesScreen

            gates = self._screen("gates")
            if isinstance(gates, GatesScreen):
                gates.show(target.name)
            self.open_screen("gates")
        elif target.kind == "probes":
            self.show_probes(target.name)
        elif target.kind == "flagged":
            scope = Scope(gate=target.name, everything=True)
            if self.session.queue_count(scope):
                self.show_scope(scope, None)
            else:
                self.follow(Target("gate", target.name))
        elif target.kind == "examples":
            self.show_scope(Scope(refs=target.refs, everything=True), None)
        elif target.kind == "ref":
            self.show_scope(Scope(refs=target.refs, everything=True), target.name)
        elif target.kind == "slice":
            scope = Scope(track=target.track, slice=target.name or None)
            if not self.session.queue_count(scope):
                scope = Scope(track=target.track, slice=target.name or None, everything=True)
            self.show_scope(scope, None)
        elif target.kind == "example":
            self.show_example(target.name)

    def show_scope(self, scope: Scope, ref: str | None) -> None:
        """Show the examples of a scope."""
        from tui.screens.review import ReviewScreen

        screen = self._screen("review")
        if isinstance(screen, ReviewScreen):
            screen.show(scope, ref)
        self.open_screen("review")

    def show_track(self, track: str) -> None:
        """Show the examples of one track, or of the first where it is not there, at the place where they were left."""
        from tui.screens.review import ReviewScreen

        present = self.session.description["tracks"]
        screen = self._screen("review")
        if isinstance(screen, ReviewScreen) and len(present) > 1:
            name = track if track in present else present[0]
            screen.show(*screen.left.get(name, (Scope(track=name), None)))
        self.open_screen("review")

    def show_probes(self, key: str | None) -> None:
        """Show what a cue, CLASS/CUE, does to both sides; the one that moves most where none is named."""
        from tui.tracks.intent.probes_screen import ProbesScreen

        screen = self._screen("probes")
        if isinstance(screen, ProbesScreen):
            screen.show(key)
        self.open_screen("probes")

    def show_maps(self, ref: str | None) -> None:
        """Show the maps of base and candidate, with the cursor on an item; None stays where it was."""
        from tui.tracks.retrieval.maps_screen import MapsScreen

        screen = self._screen("maps")
        if isinstance(screen, MapsScreen):
            screen.show(ref)
        self.open_screen("maps")

    def show_whatif(self, ref: str) -> None:
        """Show the text of an example to be changed."""
        from tui.whatif.screen import WhatIfScreen

        screen = self._screen("whatif")
        if isinstance(screen, WhatIfScreen):
            screen.show(ref)
        self.open_screen("whatif")

    def show_example(self, ref: str) -> None:
        """Show one example, in the queue where it is in it, else among all."""
        scope = Scope() if self.session.position(ref, Scope()) is not None else Scope(everything=True)
        self.show_scope(scope, ref)
