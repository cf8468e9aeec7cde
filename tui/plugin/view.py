"""THE CONTRACT of the console: how a track's examples are drawn, and what its keys and screens do.

The console knows this class and no view. A track's own view is a subclass in `tui/tracks/NAME/plug.py`, with one
value of it, `VIEW`; another package names its value by an entry point of the group `assay.views`. What a view does
not say for itself has a default here, so that a track without a view can be reviewed all the same.

`plug.py` is imported when the console opens: what draws is imported by the methods that need it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.plugin import registry
from tui.draw.safe_text import printable
from tui.plugin import attributed_text, live_lines, plain_view

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from analysis.attribution.licences import FindingEvidence
    from analysis.base.gate_records import GateResult
    from analysis.base.records import Side
    from analysis.review.queries import ExampleEvidence
    from tui.draw.lines import Line, Target
    from tui.plugin.action import Action
    from tui.plugin.console import Place
    from tui.plugin.live_lines import Outputs
    from tui.plugin.options import ViewOptions


@dataclass(frozen=True)
class TrackScreen:
    """A screen that a track brings beside those of every review.

    Args:
        name: in the action table, and of what leads to it.
        title: in the table of keys.
        where: `module:Class` of its `BaseScreen`, imported when it is first shown.
        takes: ids of the frame's actions that it does, too, such as `view.numbers`.
    """

    name: str
    title: str
    where: str
    takes: tuple[str, ...] = ()


class View:
    """The view of one track. A track's own class overrides what it has; one value of it is the view.

    Args:
        track: whose view, where the class does not say it.

    Attributes:
        track: whose view.
        key: the digit of its examples, `2` to `4`; empty takes the first that is free.
        name: what its examples are called on the key line; empty takes the title of the track.
        tooltip: a sentence on them, for help and palette.
        answer_meaning: what the numbers of a live answer are, in sentences that end in a space; empty says nothing.
    """

    track: str = ""
    key: str = ""
    name: str = ""
    tooltip: str = ""
    answer_meaning: str = ""

    def __init__(self, track: str = "") -> None:
        self.track = track or self.track
        self.name = self.name or registry.get(self.track).title
        if not self.tooltip:
            self.tooltip = printable(f"The examples of the {self.track} track, one by one.")

    # What is drawn

    def said(self, evidence: ExampleEvidence) -> Sequence[tuple[str, str]]:
        """What an example says, while its page is closed: who says it, and what; nobody in particular says a text."""
        return (("", evidence.example.text),)

    def example(self, evidence: ExampleEvidence, options: ViewOptions) -> list[Line]:
        """An example as lines, as high as they are."""
        return plain_view.example_lines(evidence, options)

    def numbers(self, evidence: ExampleEvidence, options: ViewOptions) -> list[Line]:
        """Every number behind an example, with definitions."""
        return plain_view.number_lines(evidence, options)

    def summary(self, evidence: ExampleEvidence) -> list[str]:
        """An example as plain sentences, for the linear front-end."""
        return plain_view.summary(evidence)

    def shown(self, evidence: ExampleEvidence, options: ViewOptions) -> list[FindingEvidence]:
        """The attributions that the example shows, as evidence that a finding may name."""
        return attributed_text.shown_evidence(evidence, options)

    def gate_lines(self, gate: GateResult, width: int) -> list[Line]:
        """Lines that the detail of a gate of this track has beside those of every gate, such as one to a screen."""
        return []

    # What keys do

    def actions(self) -> tuple[Action, ...]:
        """What a reviewer can do with this track's examples, gates and screens beside what is always there.

        `Action.screens` names where: `review` is the screen of the examples, where an action that is `about_example`
        is valid while an example of this track is shown. A key that the action cannot use now does there what it does
        without the view. A screen of the track's own does its actions by methods of its own, `do_AREA_VERB()`.
        """
        return ()

    def screens(self) -> tuple[TrackScreen, ...]:
        """The screens of its own; each is opened by `here.console_app.open(NAME, subject)`."""
        return ()

    def unavailable(self, identifier: str, here: Place) -> str | None:
        """Why an action of this view cannot be done now, or None."""
        return None

    def do(self, action: Action, here: Place) -> None:
        """Do an action of this view on a screen of the frame: by default, the method `do_AREA_VERB(here)`."""
        getattr(self, action.method)(here)

    def opened(self, target: Target, here: Place) -> bool:
        """Enter on a line: go where a target of this view's own leads. False leaves it to the console."""
        return False

    def cursor_moved(self, target: Target, here: Place) -> None:
        """The cursor stands on another line of the example."""

    # What-if

    def answer_lines(
        self,
        outputs: Outputs,
        before: Outputs | None,
        evidence: ExampleEvidence,
        reply: Mapping[str, Any],
        width: int,
    ) -> list[Line]:
        """What both sides answer to one text.

        Args:
            outputs: by side, what the track's `live_output` names.
            before: the same for the text before it was changed; None for that text itself.
            evidence: of the example that the text was made from.
            reply: all that the worker said of the text; empty where `outputs` are those of the run.
            width: cells there are.
        """
        return live_lines.answer_lines(outputs, before, width)

    def change_sentence(self, before: Outputs, after: Outputs) -> tuple[str, str]:
        """What became of both answers, in a sentence, and the style of it."""
        return live_lines.change_sentence(before, after)

    def output_text(self, output: Mapping[str, Any]) -> str:
        """One side's answer in a word or two."""
        return live_lines.output_text(output)

    def answer_numbers(self, reply: Mapping[str, Any], side: Side) -> Sequence[str]:
        """What else the worker's reply says of a side, beside output, attributions and licences, as sentences."""
        return ()
