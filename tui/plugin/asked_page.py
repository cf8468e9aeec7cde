"""The page of one example, closed or open: what is asked, what a key says, and when the sides may be shown.

Both front-ends answer through this, so that neither can show a side before its time.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from analysis.base.errors import AssayError
from analysis.base.records import SIDES
from analysis.plugin import registry
from analysis.review.asked import Asked, asked_in
from analysis.review.scope import Scope
from tui.draw.right_words import RIGHT_WORDS, label_words
from tui.plugin.common import NO_VERDICT, takes_verdict
from tui.plugin.label_grid import LETTERS, LabelGrid

if TYPE_CHECKING:
    from collections.abc import Iterable

    from analysis.base.records import Side
    from analysis.base.review_records import Answer, GivenAnswer, Label, Right
    from analysis.plugin.question import Ask, Fact
    from analysis.review.asked import Choice
    from analysis.review.earlier import EarlierVerdict
    from analysis.review.queries import ExampleEvidence
    from analysis.review.session import ReviewSession

NO_B = "both sides answer the same: there is no B"
IS_KNOWN = "the answer of this one is known: there is nothing to judge"
BY_ITSELF = "each answer is asked by itself"
IS_VARIANT = f"{NO_VERDICT}, esc goes back to it"
NOT_BY_ITSELF = "nothing is asked of each answer by itself here"


class AskedPage:
    """One example at a time, as a question until it is answered or looked at.

    Attributes:
        asked: the question as it stands, or as it stood before the page opened; None where there is no example.
        closed: whether the sides must stay hidden.
        heading: the title of the example, where it has one.
        earlier: what this reviewer said of it in a previous review, while the page is closed; None where nothing was
            said or something has changed.
        variant: whether it is a text that the run made of another example and did not flag: it is judged with that
            one, and its sides are hidden as long as those of that one are.
        grid: what is said of each answer by itself, while that is asked; None on every other page.
    """

    def __init__(self, session: ReviewSession) -> None:
        self.session = session
        self.asked: Asked | None = None
        self.closed = False
        self.heading = ""
        self.variant = False
        self.earlier: EarlierVerdict | None = None
        self.grid: LabelGrid | None = None
        self._ref: str | None = None
        self._of: str | None = None
        self._since: float | None = None
        self._seen: set[tuple[str, bool]] = set()
        self._orders: dict[str, tuple[Side, Side]] = {}
        self._grids: dict[tuple[str, bool], LabelGrid] = {}
        self._unopened: set[str] = set()
        self._facts_of: tuple[str, tuple[tuple[str, ...], ...]] | None = None
        self._facts: tuple[Fact, ...] = ()

    def turn_to(self, evidence: ExampleEvidence | None) -> None:
        """Ask of an example, or of the same one again after something was recorded."""
        if evidence is None:
            self._ref, self.asked, self.closed, self.earlier, self.grid = None, None, False, None, None
            self.variant = False
            return
        ref, parent = evidence.example.ref, evidence.example.parent_ref
        self.variant = not takes_verdict(evidence)
        if self.variant and parent is not None:
            self._turn_to_variant(ref, self.session.example(parent))
            return
        self._of = ref
        if ref != self._ref:
            self._ref, self._since, self.grid = ref, None, None
            row = next(iter(self.session.queue_page(Scope(refs=(ref,), everything=True), 0, 1)), None)
            self.heading = (row.title if row is not None else None) or ""
        asked = self.session.asked(ref)
        self.closed = asked is not None and not self._shown_before(evidence, asked)
        if asked is not None and asked.order is not None:
            self._orders[ref] = asked.order
        self.earlier = self.session.earlier(ref) if self.closed else None
        self.asked = asked or self._as_open(evidence)
        if self.closed:
            self.grid = self._grid_of(ref, self.asked)
        elif asked is None:
            self._unopened.discard(ref)

    def _turn_to_variant(self, ref: str, parent: ExampleEvidence) -> None:
        """Show what was made of an example: closed while that one is, and who looks has looked at that one."""
        self._ref, self._of, self._since = ref, parent.example.ref, None
        self.heading, self.earlier, self.grid = "", None, None
        asked = self.session.asked(parent.example.ref)
        self.closed = asked is not None and not self._shown_before(parent, asked)
        self.asked = asked or self._as_open(parent)

    def _grid_of(self, ref: str, asked: Asked) -> LabelGrid | None:
        """The cells of a page that asks of each answer by itself, with what was said on it before."""
        if not asked.asks or not asked.answers:
            return None
        return self._grids.setdefault((ref, asked.again), LabelGrid(asked.asks, len(asked.answers)))

    def _shown_before(self, evidence: ExampleEvidence, asked: Asked) -> bool:
        """Whether the sides were shown since this was asked: a verdict that was undone has opened the page, too."""
        if asked.order is None:
            return False
        if evidence.example.ref in self._unopened:
            # What was labelled on a closed page stays unseen until somebody goes back to it.
            return (evidence.example.ref, asked.again) in self._seen
        own = [
            event
            for event in evidence.history
            if event.kind == "verdict" and event.actor == self.session.actor and event.run == self.session.run
        ]
        return (evidence.example.ref, asked.again) in self._seen or len(own) > int(asked.again)

    def _as_open(self, evidence: ExampleEvidence) -> Asked:
        """The question of an open page: A and B stay where they stood, else A is the base."""
        example = evidence.example
        order = self._orders.get(example.ref, SIDES)
        if not registry.known(example.track):
            return Asked("Which side is right?", (), order)
        track = registry.get(example.track)
        question = track.ask(self.session.connection, example.ref)
        if question is None:
            return Asked(track.question, (), order)
        return asked_in(question, order)

    @property
    def alike(self) -> bool:
        """Whether both sides answer the same, so that there is no B."""
        return not self.variant and self.asked is not None and len(self.asked.answers) == 1

    @property
    def asks(self) -> tuple[Ask, ...]:
        """What is asked of each answer by itself; none where a choice is asked for, or nothing."""
        return self.asked.asks if self.asked is not None and not self.variant else ()

    @property
    def facts(self) -> tuple[Fact, ...]:
        """What the answers are to be held against as they stand here; none for a variant, of which nothing is asked."""
        asked, ref = self.asked, self._ref
        if asked is None or ref is None or self.variant:
            return ()
        if (ref, asked.answers) != self._facts_of:
            self._facts_of, self._facts = (ref, asked.answers), self.session.facts(ref, asked)
        return self._facts

    def letters(self, labels: Iterable[Label]) -> str:
        """Labels of the sides, by the letter that each answer has here."""
        asked = self.asked
        if asked is None or asked.order is None:
            raise ValueError("the answers of this page are of no side")
        by_letter = ((one.name, [getattr(one, side) for side in asked.order]) for one in labels)
        return label_words(by_letter, LETTERS[: len(asked.answers)])

    @property
    def known(self) -> GivenAnswer | None:
        """What this reviewer answered, where the right answer was known beforehand; None for every other example."""
        said = self.session.gate_input().state.known_answers
        own = (one for one in said if one.ref == self._ref and one.actor == self.session.actor)
        return next((one.given for one in own), None)

    def drawn(self) -> None:
        """The closed page is on the screen: from now on the reviewer reads."""
        if self._since is None:
            self._since = time.monotonic()

    def _seconds(self) -> float | None:
        return None if self._since is None else round(time.monotonic() - self._since, 1)

    def look(self) -> str:
        """Open the page before it is answered; returns what there is to tell. Raises AssayError."""
        asked, ref = self.asked, self._of
        if not self.closed or asked is None or ref is None:
            return ""
        self.grid = None
        if asked.order is None:
            # The open page tells the answer: whoever looks has not found it.
            if asked.asks:
                unsure: list[Answer] = ["unsure"] * len(asked.answers)
                self.session.label(ref, {one.name: unsure for one in asked.asks}, self._seconds())
            else:
                self.session.answer(ref, "unsure", self._seconds())
            return "looked first: its answer was known, so this counts as not sure"
        self._seen.add((ref, asked.again))
        return f"looked first: a verdict on {'its example' if self.variant else 'it'} will not be blind"

    def answer(self, choice: Choice) -> str:
        """Record what a key says; returns what was saved. Raises AssayError where there is nothing to say."""
        self._check_judged()
        asked, ref = self.asked, self._ref
        if asked is None or ref is None:
            raise AssayError("there is no example here")
        if not self.closed and self.known is not None:
            raise AssayError(IS_KNOWN)
        if asked.asks:
            raise AssayError(BY_ITSELF)
        if choice == "second" and self.alike:
            raise AssayError(NO_B)
        if not self.closed:
            return self.record(asked.right(choice))
        self.session.answer(ref, choice, self._seconds())
        if asked.order is None:
            return f"saved  answered  {ref}"
        self._seen.add((ref, asked.again))
        return f"saved  {RIGHT_WORDS[asked.right(choice)]}  {ref}"

    def _check_judged(self) -> None:
        if self.variant:
            raise AssayError(IS_VARIANT)

    def confirm(self) -> str:
        """Record the earlier verdict again; returns what was saved. Raises AssayError where there is none."""
        asked, ref = self.asked, self._ref
        if self.earlier is None or asked is None or ref is None:
            raise AssayError("there is no earlier verdict to confirm")
        earlier = self.earlier
        self.session.confirm(ref, self._seconds())
        if earlier.labels:
            self._unopened.add(ref)
            return f"saved  {self.letters(earlier.labels)}, as before"
        self._seen.add((ref, asked.again))
        return f"saved  {RIGHT_WORDS[earlier.right]}, as before  {ref}"

    def ask_again(self) -> None:
        """On an open page, ask of each answer by itself, what was said before filled in. Raises AssayError."""
        asked, ref = self.asked, self._ref
        if asked is None or ref is None:
            raise AssayError("there is no example here")
        if self.known is not None:
            raise AssayError(IS_KNOWN)
        if self.closed or not asked.asks or asked.order is None:
            raise AssayError("this is asked already" if self.closed else NOT_BY_ITSELF)
        grid = self._grid_of(ref, asked)
        mine = self.session.own_verdict(ref)
        if grid is not None and mine is not None and mine.labels:
            sides = {name: dict(zip(SIDES, answers, strict=True)) for name, *answers in mine.labels}
            grid = grid.filled({name: [said[side] for side in asked.order] for name, said in sides.items()})
        self.grid = grid

    def leave_grid(self) -> bool:
        """Leave what an open page asks again, unsaved; whether there was anything to leave."""
        if self.closed or self.grid is None:
            return False
        self.grid = None
        return True

    def label(self) -> str:
        """Record what is said of each answer, no where nothing was; returns what was saved. Raises AssayError."""
        asked, ref, grid = self.asked, self._ref, self.grid
        if asked is None or ref is None or grid is None:
            raise AssayError(NOT_BY_ITSELF)
        said = grid.whole()
        words = label_words(said.items(), LETTERS[: grid.columns])
        if self.closed:
            self.session.label(ref, said, self._seconds())
            if asked.order is not None:
                self._unopened.add(ref)
            return f"saved  {words}"
        self.grid = None
        labels, mine = asked.labels(said), self.session.own_verdict(ref)
        if mine is not None and [tuple(one) for one in mine.labels] == [tuple(one) for one in labels]:
            return f"saved before  {words}"
        sides = {one.name: {side: getattr(one, side) for side in SIDES} for one in labels}
        self.session.label_sides(ref, sides)
        return f"saved  {words}"

    def record(self, right: Right, cause: str | None = None) -> str:
        """Record a verdict on an open page; one that stands already is kept, with whether it was blind.

        Raises AssayError for a variant.
        """
        self._check_judged()
        assert self._ref is not None
        mine = self.session.own_verdict(self._ref)
        if mine is not None and (mine.right, cause or mine.cause) == (right, mine.cause):
            return f"saved before  {RIGHT_WORDS[right]}  {self._ref}"
        self.session.verdict(self._ref, right, cause)
        return f"saved  {RIGHT_WORDS[right]}  {self._ref}"
