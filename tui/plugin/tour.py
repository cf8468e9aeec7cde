"""The first five minutes, step by step: what to press on the console itself, and why. Any other key leaves it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tui.draw.lines import Line, first_rows, wrap
from tui.plugin.action import shown

if TYPE_CHECKING:
    from tui.plugin.action import ActionTable

ROWS = 3
"""Rows of the tour below the body of a screen."""


class Step(NamedTuple):
    """What is said on a screen, and what goes on: the actions by id, or keys that belong to every list."""

    said: str
    actions: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()


STEPS = (
    Step(
        "Above stands what may be done, and why: causes first, then what changed, the gates, the slices. Each line "
        "leads to its examples. {} opens those of the first.",
        keys=("enter",),
    ),
    Step(
        "An example is first a question: sides, labels and colours are hidden. {} A, {} B, {} either: your answer is "
        "on the disk at once, and the page opens.",
        actions=("verdict.first", "verdict.second", "verdict.either"),
    ),
    Step(
        "Here are sides, labels and the words that count: orange supports the class, blue opposes it. Below: the same "
        "text without them. {} changes it, and asks both models.",
        actions=("whatif.open",),
    ),
    Step("{} deletes the next marked or declared cue: here the words under suspicion.", ("whatif.delete",)),
    Step("{} asks both models. The first question takes a while: they are loaded.", ("whatif.ask",)),
    Step(
        "Before and after stand beside each other, and “so” says what follows. It counts in no gate, but {} records "
        "it as a finding. {} shows the gates.",
        actions=("finding.record", "screen.gates"),
    ),
    Step(
        "A gate has number, interval, limit and examples. What people must still judge is unknown, not passed. "
        "{} is the report, and the decision.",
        actions=("screen.signoff",),
    ),
    Step(
        "{} promote, {} hold, {} reject: a draft until the report is written. In the end sign it. {} helps anywhere.",
        actions=("decision.promote", "decision.hold", "decision.reject", "app.help"),
    ),
)
"""The steps, in their order; the last one ends with its key."""


class Tour:
    """Where somebody is on the tour.

    Args:
        actions: of the review, whose keys the steps name.
        at: number of the step.
    """

    def __init__(self, actions: ActionTable, at: int = 0) -> None:
        self.actions = actions
        self.at = at

    @property
    def _ways(self) -> list[tuple[str, ...]]:
        """The keys of each way to go on from here, in the order in which the step names them."""
        step = STEPS[self.at]
        return [*(self.actions[one].keys for one in step.actions), *((key,) for key in step.keys)]

    def after(self, key: str) -> Tour | None:
        """The tour after a key was pressed; None where it is over."""
        goes_on = any(key in keys for keys in self._ways) and self.at + 1 < len(STEPS)
        return Tour(self.actions, self.at + 1) if goes_on else None

    def lines(self, width: int) -> list[Line]:
        """The step, in at most `ROWS` rows of `width` cells."""
        names = (shown(keys[0]) if keys else "^p" for keys in self._ways)
        label = f" {self.at + 1}/{len(STEPS)} "
        said = STEPS[self.at].said.format(*names)
        rows = [
            Line().add(label if not number else " " * len(label), "key").add(row, "strong")
            for number, row in enumerate(
                wrap(f"{said} Any other key leaves the tour.", width - len(label) - 1)
            )
        ]
        return first_rows(rows, ROWS, width)
