"""The review as plain lines: for screen readers, dumb terminals and scripts.

The same session as the console, one example at a time, one letter per answer, like `git add -p`. Nothing
is coloured, moved or redrawn, and input may be a pipe.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from analysis.base.errors import AssayError
from analysis.base.people import shown_as
from analysis.base.problems import suggest
from analysis.base.records import SIDES
from analysis.plugin.gate import disputed
from analysis.review.scope import Scope
from analysis.review.session import ReviewSession
from tui.console.connection import connection
from tui.draw.criterion_lines import criterion_sentences
from tui.draw.gate_lines import (
    GATE_MARKS,
    by_urgency,
    counts_of,
    flagged_gate,
    gate_improvement,
    gate_value,
    verdict_of,
)
from tui.draw.number_text import interval, places_of
from tui.draw.right_words import settled_words, verdict_words
from tui.draw.safe_text import printable
from tui.plugin.asked_page import BY_ITSELF, NOT_BY_ITSELF, AskedPage
from tui.plugin.closed_page import (
    HIDDEN,
    answer_sentences,
    asks_sentences,
    earlier_sentence,
    known_sentence,
    shown_name,
    sides_text,
)
from tui.plugin.label_grid import HOW, LabelGrid
from tui.plugin.registry import view_of

if TYPE_CHECKING:
    from analysis.review.asked import Choice
    from analysis.review.queries import ExampleEvidence

CHOICES: dict[str, Choice] = {"a": "first", "b": "second", "e": "either", "n": "neither", "s": "unsure"}
"""Letters that answer the question of an example."""
HELP = (
    "a A is right, b B is right, e either, n neither, s not sure: saved at once, then the page opens",
    "where each answer is asked by itself: l none of these, l 1a 3b 2a? 1 yes of A, 3 yes of B, 2 not sure of A, all "
    "else no: saved at once, then the next undecided one; on an open page, the sides are named and it is not blind",
    "sides, labels and reasons are hidden until then; v looks first, and the verdict is then not blind",
    ". says again what you said in a previous review, where nothing has changed since",
    "j next, k previous, J next undecided, K previous undecided, g ID goes to an example",
    "c TEXT names the cause, i TEXT writes a note, B REASON raises a blocker, u undoes, U redoes",
    "= LETTER settles an example on which reviewers disagree; the letter is what they agreed on, A and B as they stand",
    "where each answer is asked by itself, = 1a 3b settles it: what they agreed on, as l writes it",
    "o prints the overview, G KEY a gate with what it looks at, r the example again, q quits, h or ? prints this",
)
STEPS = {
    **dict.fromkeys("jJ", (1, "no further example")),
    **dict.fromkeys("kK", (-1, "no earlier example")),
}
"""Letters that go on or back; a capital skips what is decided."""
TYPED = {"c": "cause", "i": "note", "B": "blocker"}
"""Letters that a text follows, and what it is."""
PROMPT = "a b e n s v J K i B u q ? > "
LABEL_PROMPT = "l v J K i B u q ? > "
"""What can be said where each answer is asked by itself."""


class PlainReview:
    """One linear review: where it is, and what each answer does.

    Args:
        session: the review, open.
        stdin: where answers come from, one a line.
        stdout: where everything is printed.
    """

    def __init__(self, session: ReviewSession, stdin: TextIO, stdout: TextIO) -> None:
        self.session = session
        self.stdin = stdin
        self.stdout = stdout
        self.scope = Scope()
        self.ref: str | None = None
        self.page = AskedPage(session)

    def say(self, text: str = "") -> None:
        """Print one line, cleaned."""
        print(printable(text), file=self.stdout, flush=True)

    def run(self) -> int:
        """Review until `q` or the end of the input."""
        self.overview()
        place = self.session.last_place()
        if place is not None:
            self.ref = place[0]
        else:
            self.ref = self.session.neighbour(None, self.scope, 1, True) or self.session.neighbour(
                None, self.scope, 1
            )
        if self.ref is None:
            self.say("the queue is empty")
            return 0
        self.show()
        while True:
            self.stdout.write(LABEL_PROMPT if self.page.asks else PROMPT)
            self.stdout.flush()
            answer = self.stdin.readline()
            if not answer:
                self.say()
                return 0
            try:
                if not self.answer(answer.strip()):
                    return 0
            except AssayError as error:
                done = "saved; what failed is what came after it" if self.session.untold() else "not done"
                self.say(f"{done}: {error.message}{'; ' + error.hint if error.hint else ''}")
            unkept, _ = self.session.unkept(), self.session.untold()
            if unkept:
                self.say(f"beside the record: {unkept}")

    def overview(self) -> None:
        """What changed, and which gates block."""
        session = self.session
        review = session.description["review"]
        gates = session.gates()
        alarms = session.alarms()
        for one in alarms:
            self.say(f"record: {one}")
        self.say(f"{review['name']}: base {review['base_version']}, candidate {review['candidate_version']}")
        (state, meaning), _ = verdict_of(gates, session.gate_input().state.decision)
        self.say(": ".join(filter(None, (state, meaning))))
        self.say(counts_of(gates))
        folded = session.causes()
        for cause in folded.causes:
            self.say(f"cause: {cause.sentence}")
        for note in session.overview().notes:
            if note not in alarms:
                self.say(f"note: {note}")
        for trigger in session.triggers():
            if trigger.fired:
                self.say(f"changed: {trigger.sentence}")
        under = {gate.key: one.cause.shared for one in folded.causes for gate in one.gates}
        for gate in by_urgency(gates):
            if gate.verdict in ("fail", "unknown"):
                self.say(
                    f"{GATE_MARKS[gate.verdict][0]} {gate.verdict} {gate.key} {gate_value(gate)}: {gate.why}"
                    + (f" (under {under[gate.key]})" if gate.key in under else "")
                )
        answered, total = session.progress()
        self.say(
            f"{session.parts().decides} verdicts decide; {answered} of {total} that must be judged are answered"
        )

    def gate(self, key: str) -> None:
        """One gate: what it protects, its value, each thing that it looks at, and why it says what it says."""
        gate = next((one for one in self.session.gates() if one.key == key), None)
        if gate is None:
            keys = [one.key for one in self.session.gates()]
            raise AssayError(f"there is no gate {key!r}", hint=suggest(key, keys))
        self.say(f"{gate.verdict} {gate.key}: {gate.protects}")
        said, _, _ = gate_improvement(gate)
        bounds = interval(gate.low, gate.high, places_of(gate.value))
        self.say(
            f"value {gate_value(gate)} {bounds}{f', {said}' if said else ''}; limit {gate.threshold or 'none'}"
        )
        for sentence in criterion_sentences(gate):
            self.say(sentence)
        self.say(f"why: {gate.why}")

    def show(self) -> None:
        """Print the example: as a question while it is closed, else whole."""
        if self.ref is None:
            return
        evidence = self.session.example(self.ref)
        self.page.turn_to(evidence)
        position = self.session.position(self.ref, self.scope)
        total = self.session.queue_count(self.scope)
        place = "not in the queue" if position is None else f"{position + 1} of {total}"
        self.say()
        if self.page.closed:
            self.say(f"{evidence.example.track}/{shown_name(evidence)} ({place})")
            self.ask_blind(evidence)
        else:
            self.say(f"{self.ref} ({place})")
            self.show_open(evidence)

    def ask_blind(self, evidence: ExampleEvidence) -> None:
        """Print text, question and answers, and nothing that tells which side is which."""
        if self.page.heading:
            self.say(f"title: {self.page.heading}")
        for who, text in view_of(evidence.example.track).said(evidence):
            self.say(f"text, {who}: {text}" if who else f"text: {text}")
        for sentence in answer_sentences(self.page):
            self.say(sentence)
        self.say(HIDDEN)
        if offered := earlier_sentence(self.page):
            self.say(offered)
        self.page.drawn()

    def show_open(self, evidence: ExampleEvidence) -> None:
        """Print everything of an example, and what was said of it."""
        told = known_sentence(self.page)
        if told:
            self.say(told)
        for sentence in view_of(evidence.example.track).summary(evidence):
            self.say(sentence)
        mine = evidence.mine
        if mine is None and not told:
            for sentence in answer_sentences(self.page):
                self.say(sentence)
        elif not told and self.page.asks:
            for sentence in asks_sentences(self.page):
                self.say(sentence)
        sides = sides_text(self.page)
        if sides and not told:
            self.say(sides)
        if mine is not None:
            self.say(f"your verdict: {verdict_words(mine)}" + (f", cause {mine.cause}" if mine.cause else ""))
            if mine.note:
                self.say(f"your note: {mine.note}")
        for other in evidence.others:
            self.say(
                f"{shown_as(other.actor, other.reviewer)}: {verdict_words(other)}"
                + (f", cause {other.cause}" if other.cause else "")
            )
        self.agreement(evidence)

    def agreement(self, evidence: ExampleEvidence) -> None:
        """Print whether the reviewers agree, after one's own verdict."""
        ref = evidence.example.ref
        state = self.session.gate_input().state
        if evidence.mine is None:
            return
        if ref in state.settled:
            self.say(settled_words(state, ref))
        elif disputed(state, ref):
            how = f"= {HOW}; all else no:" if self.page.asks else "= LETTER"
            self.say(f"reviewers disagree; {how} records what they agreed on")

    def go(self, ref: str | None, nothing: str) -> None:
        """Go to an example, or say that there is none."""
        if ref is None:
            self.say(nothing)
            return
        self.ref = ref
        self.session.bookmark(ref, self.scope)
        self.show()

    def answer(self, text: str) -> bool:
        """Do what one answer says; False ends the review. Raises AssayError where it is refused."""
        letter, _, rest = text.partition(" ")
        if letter == "q":
            return False
        if self.ref is None or not letter:
            return True
        if letter in CHOICES and not rest:
            self.decide(CHOICES[letter])
        elif letter == "l":
            self.label(rest)
        elif letter in (".", "v") and not rest:
            self.confirm() if letter == "." else self.look()
        elif letter in STEPS:
            step, nothing = STEPS[letter]
            self.go(self.session.neighbour(self.ref, self.scope, step, letter.isupper()), nothing)
        elif letter in TYPED:
            self.write(TYPED[letter], rest)
        elif letter in ("u", "U"):
            done = self.session.undo() if letter == "u" else self.session.redo()
            word = "undone" if letter == "u" else "redone"
            self.say(f"{word}: {done.sentence}" if done else f"nothing can be {word}")
        elif letter == "g":
            self.go(self.session.resolve_ref(rest.strip()), "")
        elif letter == "G":
            self.gate(rest.strip())
        elif letter == "=" and (self.page.asks or rest.strip() in CHOICES):
            self.settle(self.ref, rest.strip())
        else:
            self.tell(text)
        return True

    def decide(self, choice: Choice) -> None:
        """Save an answer, and print the page that it opens. Raises AssayError where something else is asked."""
        if self.page.asks and (self.page.closed or self.page.known is None):
            raise AssayError(BY_ITSELF, hint=f"l none of these; {HOW}")
        self.saved(self.page.answer(choice))

    def label(self, words: str) -> None:
        """Save what is said of each answer by itself, no where nothing is; a closed page then gives way to the next."""
        closed = self.page.closed
        if not closed:
            self.page.ask_again()
        if self.page.grid is None:
            raise AssayError(NOT_BY_ITSELF)
        self.page.grid = self.page.grid.written(words)
        self.saved(self.page.label(), go_on=closed)

    def confirm(self) -> None:
        """Say again what was said in a previous review."""
        labelled = bool(self.page.asks)
        self.saved(self.page.confirm(), go_on=labelled)

    def saved(self, said: str, *, go_on: bool = False) -> None:
        """Say what was saved, and print the page that it opens, or the next undecided one."""
        self.say(said.replace("  ", ": ", 1).replace("  ", " "))
        found = self.session.neighbour(self.ref, self.scope, 1, True) if go_on else None
        found = found or (self.session.neighbour(None, self.scope, 1, True) if go_on else None)
        if found is None:
            self.show()
        else:
            self.go(found, "")

    def look(self) -> None:
        """Open the page before it is answered."""
        said = self.page.look()
        self.say(said or "this page is open already")
        if said:
            self.show()

    def settle(self, ref: str, words: str) -> None:
        """Save what the reviewers agreed on; as in the console, only after one's own verdict."""
        asked = self.page.asked
        if self.page.closed or asked is None or self.session.own_verdict(ref) is None:
            raise AssayError("give your own verdict first")
        if self.page.asks:
            labels = asked.labels(LabelGrid(asked.asks, len(asked.answers)).written(words).whole())
            told = {one.name: {side: getattr(one, side) for side in SIDES} for one in labels}
            self.session.settle_labels(ref, told)
        else:
            self.session.settle(ref, asked.right(CHOICES[words]))
        self.say(f"saved: {settled_words(self.session.gate_input().state, ref)} {ref}")

    def tell(self, text: str) -> None:
        """Overview, the example again, or help."""
        if text == "o":
            self.overview()
        elif text == "r":
            self.show()
        else:
            if text not in ("?", "h"):
                self.say(f"unknown answer: {text}")
            for line in HELP:
                self.say(line)

    def write(self, what: str, text: str) -> None:
        """Save a cause, a note or the reason of a blocker; asks for it where it was not given."""
        if not text:
            self.stdout.write(f"{what}: ")
            self.stdout.flush()
            text = self.stdin.readline().strip()
        if not text or self.ref is None:
            self.say(f"no {what} given")
            return
        if what == "cause":
            self.session.cause(self.ref, text)
        elif what == "note":
            self.session.note(self.ref, text)
        else:
            evidence = self.session.example(self.ref)
            gate = flagged_gate(evidence, self.session.gates())
            self.session.finding(text, gate, [self.ref], "blocker")
        self.say(f"saved: {what} {self.ref}")


def run_plain(store: Path, reviewer: str | None, stdin: TextIO, stdout: TextIO) -> int:
    """Review a store linearly.

    Args:
        store: the review folder.
        reviewer: display name; the account's by default.
        stdin: answers, one a line; need not be a terminal.
        stdout: where everything is printed.

    Returns:
        The exit status.

    Raises:
        AssayError: the store cannot be opened.
    """
    if stdin is sys.stdin:
        connection().also(0)
    with ReviewSession.open(store, reviewer) as session:
        return PlainReview(session, stdin, stdout).run()
