"""How far a shard is that goes through phases: what they cost is planned before, and corrected by what was read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analysis.plugin.stage import RunContext


@dataclass(frozen=True)
class Phase:
    """A part of a shard's work: of some kind, such as a method, with about how many tokens models read for it."""

    kind: str
    tokens: float


class Phases:
    """Says how far a shard is.

    What a phase really read corrects those of its kind that are still to come, in this shard and those after it: how
    many steps a method needs, or how many random rankings a test, is the models' own and no matter of the texts'
    length, so that the second side tells much the same as the first.

    Args:
        context: that is told.
        planned: the phases in their order.
    """

    def __init__(self, context: RunContext, planned: Sequence[Phase]) -> None:
        self._context = context
        self._left = list(planned)[::-1]
        self._read = self._began = 0.0

    def hear(self, read: float) -> None:
        """So many tokens have been read since the first phase began."""
        self._read = read
        if not self._left:
            self._context.report(read, read)
            return
        here = read - self._began
        *later, present = (self._expected(one) for one in self._left)
        self._context.report(read, self._began + max(present, here) + sum(later))

    def next(self) -> None:
        """The present phase has ended."""
        ended = self._left.pop()
        planned, read = self._context.learned.get(ended.kind, (0.0, 0.0))
        self._context.learned[ended.kind] = planned + ended.tokens, read + self._read - self._began
        self._began = self._read

    def _expected(self, one: Phase) -> float:
        planned, read = self._context.learned.get(one.kind, (0.0, 0.0))
        return one.tokens * read / planned if planned and read else one.tokens
