"""What one reviewer is asked of an example: two answers in an order drawn for them, and what a choice says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from analysis.base.records import SIDES, Side
from analysis.base.review_records import Answer, Correctness, GivenAnswer, Label, Right
from analysis.base.seeds import draw
from analysis.plugin.question import Ask, KnownAnswer, Question

Choice = Literal["first", "second", "either", "neither", "unsure"]
CHOICES: tuple[Choice, ...] = ("first", "second", "either", "neither", "unsure")
REVERSED: tuple[Side, Side] = ("candidate", "base")


@dataclass(frozen=True)
class Asked:
    """A question as it is put to one reviewer.

    Args:
        text: the question.
        answers: the answers in the order in which they stand; one where the sides answer the same.
        order: the sides in that order; None for a known-answer item, whose answers are of no side.
        true_first: whether the right answer of a known-answer item stands first.
        again: whether this reviewer was asked before.
        asks: what is asked of each answer by itself; none where the answer is a choice.
        does: what the wrong answer of a known-answer item does, of what is asked.
    """

    text: str
    answers: tuple[tuple[str, ...], ...]
    order: tuple[Side, Side] | None
    true_first: bool = False
    again: bool = False
    asks: tuple[Ask, ...] = ()
    does: str = ""

    def labels(self, said: Mapping[str, Sequence[Answer]]) -> tuple[Label, ...]:
        """What was said of the answers as they stand, by side: base, then candidate.

        Where both answer the same, what is said of the one answer is said of both sides.
        """
        if self.order is None:
            raise ValueError("the answers of a known-answer item are of no side")
        found = []
        for one in self.asks:
            if one.name not in said:
                continue
            answers = said[one.name]
            first, second = answers[0], answers[-1]
            base, candidate = (first, second) if self.order == SIDES else (second, first)
            found.append(Label(one.name, base, candidate))
        return tuple(found)

    def given_by(self, said: Mapping[str, Sequence[Answer]]) -> GivenAnswer:
        """What labels say of the answers of a known-answer item: it is read for what the wrong one does."""
        first, second = said.get(self.does, ("unsure", "unsure"))
        if "unsure" in (first, second):
            return "unsure"
        if first == second:
            return "neither" if first == "yes" else "both"
        return "true" if (second == "yes") == self.true_first else "wrong"

    def right(self, choice: Choice) -> Right:
        """What a choice says of the sides. Where both answer the same, the first is both."""
        if self.order is None:
            raise ValueError("the answers of a known-answer item are of no side")
        if choice == "unsure":
            return "unsure"
        if choice == "neither":
            return "neither"
        if choice == "either" or len(self.answers) == 1:
            return "both"
        return self.order[0 if choice == "first" else 1]

    def given(self, choice: Choice) -> GivenAnswer:
        """What a choice says of the answers of a known-answer item."""
        if choice == "unsure":
            return "unsure"
        if choice == "neither":
            return "neither"
        if choice == "either":
            return "both"
        return "true" if (choice == "first") == self.true_first else "wrong"


def correctness_of(labels: Iterable[Label], asks: Iterable[Ask]) -> dict[Side, Correctness]:
    """What labels say of each side as a whole: wrong where it does what it should not, or leaves out what it should.

    Right is a side of which everything was asked and nothing is wrong; in every other case it is not sure.
    """
    said = {one.name: one for one in labels}
    found: dict[Side, Correctness] = {}
    for side in SIDES:
        answers = [
            (getattr(said[one.name], side) if one.name in said else "unsure", "no" if one.wanted else "yes")
            for one in asks
        ]
        if any(answer == fault for answer, fault in answers):
            found[side] = "wrong"
        else:
            found[side] = "unsure" if any(answer == "unsure" for answer, _ in answers) else "right"
    return found


def order_of(reviewer: str, run: str, ref: str) -> tuple[Side, Side]:
    """The order in which a reviewer sees the sides of an example: drawn once, the same at every look."""
    return SIDES if draw("order", reviewer, run, ref) % 2 else REVERSED


def asked_of(question: Question, reviewer: str, run: str, ref: str, *, again: bool = False) -> Asked:
    """The question of a track, its answers in the order of this reviewer; turned round where it is asked again."""
    order = order_of(reviewer, run, ref)
    if again:
        order = REVERSED if order == SIDES else SIDES
    return asked_in(question, order, again=again)


def asked_in(question: Question, order: tuple[Side, Side], *, again: bool = False) -> Asked:
    """The question of a track with its answers in some order of the sides; one answer where these say the same."""
    answers = {"base": question.base, "candidate": question.candidate}
    shown = tuple(answers[side] for side in order) if question.differs else (question.base,)
    return Asked(question.text, shown, order, again=again, asks=question.asks)


def known_asked(question: Question, item: KnownAnswer, reviewer: str, run: str) -> Asked:
    """A known-answer item, as an example on which the sides differ would look."""
    first = order_of(reviewer, run, f"known/{item.ref}") == SIDES
    answers = (item.true, item.wrong) if first else (item.wrong, item.true)
    return Asked(question.text, answers, None, true_first=first, asks=question.asks, does=item.does)
