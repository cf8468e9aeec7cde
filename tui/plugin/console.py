"""The console as its screens and the views of tracks see it, and a screen as a view sees it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol

if TYPE_CHECKING:
    from analysis.base.gate_records import GateResult
    from analysis.live.client import LiveProbes
    from analysis.report.preview import Preview
    from analysis.review.queries import ExampleEvidence
    from analysis.review.scope import Scope
    from analysis.review.session import ReviewSession
    from tui.draw.lines import StyleLike, Target
    from tui.draw.theme import Colours
    from tui.plugin.action import ActionTable
    from tui.plugin.options import SideMode
    from tui.plugin.other_candidate import OtherCandidate
    from tui.plugin.tour import Tour

OVERVIEW, EXAMPLES, GATES, SIGNOFF, WHATIF = "overview", "review", "gates", "signoff", "whatif"
"""Names of the screens that every review has."""


@dataclass(frozen=True)
class ScopePlace:
    """Where to go among examples.

    Args:
        scope: the examples to go through.
        ref: one of them; None is the first undecided one.
        resume: go to where the track of the scope was left instead, where it was shown before.
    """

    scope: Scope
    ref: str | None = None
    resume: bool = False


@dataclass(frozen=True)
class TextPlace:
    """An example whose text is to be changed.

    Args:
        ref: the example.
        looked_at: the attribution that was on the screen: its method, and whether it explains the flip.
    """

    ref: str
    looked_at: tuple[str, bool] | None = None


Subject = str | ScopePlace | TextPlace | None
"""What a screen is opened on: a gate, cue or example by name, a place among examples, or what it showed last."""


class Console(Protocol):
    """The application: one review, its screens, and what they share."""

    session: ReviewSession
    colours: Colours
    actions: ActionTable
    busy: str
    """What runs in the background and keeps the keys waiting; empty where nothing does."""
    other: OtherCandidate | None
    """A second candidate beside the one under review."""
    tour: Tour | None
    """Where the reviewer is on the tour of the first five minutes."""

    @property
    def preview(self) -> Preview:
        """What the report would say now."""

    @property
    def probes(self) -> LiveProbes:
        """The worker that has both models."""

    @property
    def osc52(self) -> Callable[[str], None] | None:
        """Sends text to the terminal's clipboard; None where there is no terminal."""

    def open(self, name: str, subject: Subject = None) -> None:
        """Go to a screen, and show something on it. Raises AssayError where there is no such screen."""

    def follow(self, target: Target) -> None:
        """Go where a line leads."""

    def show_example(self, ref: str) -> None:
        """Show one example, in the queue where it is in it, else among all."""

    def show_track(self, track: str) -> None:
        """Show the examples of a track, at the place where they were left."""

    def go_back(self) -> None:
        """To the screen before."""

    def start_tour(self) -> None:
        """Begin the tour of the first five minutes, on Overview."""

    def change_theme(self) -> None:
        """From dark to light or back."""

    def stop_job(self) -> None:
        """Stop, and go on where the shell says so."""

    def leave(self) -> None:
        """End the console."""


class Place(Protocol):
    """Where a key of a view was pressed: a screen of the console, as far as views know screens.

    Attributes:
        NAME: the name of the screen.
        evidence: the example that is shown; None where the screen shows none.
        gate: the gate that is shown; None where the screen shows none.
        side: which side is drawn.
        chosen: number of the thing in the example that the view's keys are about.
        switched: names of what the view's keys have switched on.
    """

    NAME: ClassVar[str]
    evidence: ExampleEvidence | None
    side: SideMode
    chosen: int
    switched: frozenset[str]

    @property
    def gate(self) -> GateResult | None:
        """The gate that is shown."""

    @property
    def session(self) -> ReviewSession:
        """The review that is open."""

    @property
    def console_app(self) -> Console:
        """The application."""

    @property
    def reading(self) -> bool:
        """Whether the keys go to the lines of the example, and not to a list or tree beside it."""

    def show_example(self) -> None:
        """Draw the example anew, after `side`, `chosen` or `switched` changed."""

    def go_to_line(self, target: Target) -> None:
        """Scroll the example to the line with that target."""

    def after_write(self) -> None:
        """An event was recorded: show what it changed."""

    def notice(self, text: str, style: StyleLike = "text") -> None:
        """Say something in the notice line."""
