"""A sequential Monte Carlo test: as many random references as the decision needs, at an exact level.

A value is compared with values of the same statistic that chance would give. `k` of the first `n` are at least as
large. A test that always draws N of them says p = (1 + k) / (1 + N) (Phipson and Smyth, 2010); most values are far
from the limit, and a few references show that (Besag and Clifford, 1991; with boundaries on both sides Fay, Kim and
Hachey, 2007). Here the looks and their boundaries are fixed beforehand. If the value is one of chance too, it and
the references are exchangeable, so after n references that hold k the next one is at least as large with probability
(k + 1) / (n + 2): Pólya's urn. That gives the probability of every way through the looks exactly, whatever the
statistic is distributed like; ties count as at least as large, which only lowers it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple


class Look(NamedTuple):
    """A look at the first `references`: at most `beats` of them as large ends it one way, `fails` the other.

    `beats` is -1 where no number ends it that way; between the two the next look is taken.
    """

    references: int
    beats: int
    fails: int


class SequentialTest:
    """Looks in their order; at the last one every number ends the test.

    Raises:
        ValueError: looks that do not grow, or leave a number undecided at the last.
    """

    def __init__(self, looks: Sequence[Look]) -> None:
        self.looks = tuple(looks)
        counts = [0, *(look.references for look in looks)]
        if not looks or any(later <= earlier for earlier, later in pairwise(counts)):
            raise ValueError("each look needs more references than the one before")
        if looks[-1].fails != looks[-1].beats + 1:
            raise ValueError("the last look leaves a number undecided")

    def verdict(self, look: Look, as_large: int) -> bool | None:
        """Whether a value beats chance with so many references as large at a look; None where it goes on."""
        if as_large <= look.beats:
            return True
        return False if as_large >= look.fails else None

    def p(self, look: Look, as_large: int) -> float | None:
        """p of a test that ends at a look with so many references as large, in (0, 1]; None where it goes on.

        The probability, for a value of chance, of ending as far from it or farther: of those that beat it the
        earlier look is farther, of those that fail the later one. So P(p <= t) <= t for every t.
        """
        return self._ends.get((look.references, as_large))

    @cached_property
    def level(self) -> float:
        """The probability that a value of chance beats it."""
        return max(
            (
                p
                for (n, k), p in self._ends.items()
                if any(n == one.references and k <= one.beats for one in self.looks)
            ),
            default=0.0,
        )

    @cached_property
    def _ends(self) -> Mapping[tuple[int, int], float]:
        """p of every end, by references and as many of them as large."""
        beating: list[tuple[tuple[int, int], float]] = []
        failing: list[list[tuple[tuple[int, int], float]]] = []
        alive, drawn = {0: 1.0}, 0
        for look in self.looks:
            while drawn < look.references:
                after: dict[int, float] = {}
                for k, mass in alive.items():
                    more = mass * (k + 1) / (drawn + 2)
                    after[k + 1] = after.get(k + 1, 0.0) + more
                    after[k] = after.get(k, 0.0) + mass - more
                alive, drawn = after, drawn + 1
            ended = {k: mass for k, mass in sorted(alive.items()) if self.verdict(look, k) is not None}
            beating += [((drawn, k), mass) for k, mass in ended.items() if k <= look.beats]
            failing.append([((drawn, k), mass) for k, mass in ended.items() if k >= look.fails])
            alive = {k: mass for k, mass in alive.items() if k not in ended}
        found, total = {}, 0.0
        for end, mass in [*beating, *(one for ends in reversed(failing) for one in ends)]:
            total += mass
            found[end] = min(total, 1.0)
        return found
