"""The review as plain lines: for screen readers, dumb terminals and scripts.

The same session as the console, one example at a time, one letter per answer, like `git add -p`. Nothing
is coloured, moved or redrawn. On a terminal a letter is heard without Enter, so that a review takes as many keys as on
the console; input may be a pipe, too, with an answer on each line.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from analysis.base.errors import AssayError
from analysis.base.people import shown_as
from analysis.base.problems import suggest
from analysis.base.records import SIDES
from analysis.plugin.gate import disputed
from analysis.review.inspection import judged_words
from analysis.review.scope import Scope
from analysis.review.session import ReviewSession
from tui.commands.plain_answers import answers_from
from tui.commands.plain_signoff import PROMPT as SIGNOFF_PROMPT
from tui.commands.plain_signoff import TEXTS as SIGNOFF_TEXTS
from tui.commands.plain_signoff import PlainSignoff
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
    fact_sentences,
    known_sentence,
    shown_name,
    sides_text,
)
from tui.plugin.label_grid import HOW, LabelGrid
from tui.plugin.other_candidate import OtherCandidate
from tui.plugin.registry import view_of
from tui.screens.choices import filter_choices, filtered, scope_title, slice_choices
from tui.screens.record_forms import WAIVER_DAYS, expiry

if TYPE_CHECKING:
    from analysis.base.gate_records import GateResult
    from analysis.review import asked
    from analysis.review.queries import ExampleEvidence
    from tui.screens.pick import Choice

CHOICES: dict[str, asked.Choice] = {"a": "first", "b": "second", "e": "either", "n": "neither", "s": "unsure"}
"""Letters that answer the question of an example."""
HELP = (
    "a A is right, b B is right, e either, n neither, s not sure: saved at once, then the page opens",
    "where each answer is asked by itself: l none of these, l 1a 3b 2a? 1 yes of A, 3 yes of B, 2 not sure of A, all "
    "else no: saved at once, then the next undecided one; on an open page, the sides are named and it is not blind",
    "sides, labels and reasons are hidden until then; v looks first, and the verdict is then not blind",
    ". says again what you said in a previous review, where nothing has changed since",
    "j next, k previous, J next undecided, K previous undecided, g ID goes to an example",
    "c TEXT names the cause, i TEXT writes a note, B REASON raises a blocker, u undoes, U redoes",
    "F TEXT records a finding on this example and asks for the gate that it moves",
    "/ TEXT searches, / alone ends that; f WORDS filters and t WORDS takes a slice, each alone lists what there is",
    "5 lists the gates, G KEY tells one, by its key or number, W KEY accepts it with a reason; 6 is the sign-off",
    "= LETTER settles an example on which reviewers disagree; the letter is what they agreed on, A and B as they stand",
    "where each answer is asked by itself, = 1a 3b settles it: what they agreed on, as l writes it",
    "o or 1 prints the overview, r the example again, q quits, h or ? prints this",
)
STEPS = {
    **dict.fromkeys("jJ", (1, "no further example")),
    **dict.fromkeys("kK", (-1, "no earlier example")),
}
"""Letters that go on or back; a capital skips what is decided."""
GATE_LETTERS = ("5", "6", "G", "W")
"""Letters of the gates and of the sign-off."""
TYPED = {"c": "cause", "i": "note", "B": "blocker"}
"""Letters that record a text on the example, and what it is."""
TEXTS = TYPED | {
    "F": "finding",
    "/": "search",
    "f": "filter",
    "t": "slice",
    "g": "id",
    "G": "gate",
    "W": "gate to waive",
    "=": "agreed on",
    "l": "labels",
}
"""Letters that a text follows, and what it is."""
PROMPT = "a b e n s v J K c i F / f 5 6 u q ? > "
LABEL_PROMPT = "l v J K i F / f 5 6 u q ? > "
"""What can be said where each answer is asked by itself."""


class PlainReview:
    """One linear review: where it is, and what each answer does.

    Args:
        session: the review, open.
        stdin: where answers come from: keys of a terminal, else one a line.
        stdout: where everything is printed.
        other: a second candidate beside the one under review.
    """

    def __init__(
        self, session: ReviewSession, stdin: TextIO, stdout: TextIO, other: OtherCandidate | None = None
    ) -> None:
        self.session = session
        self.answers = answers_from(stdin, stdout)
        self.stdout = stdout
        self.other = other
        self.signing: PlainSignoff | None = None
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
            prompt = LABEL_PROMPT if self.page.asks else PROMPT
            self.stdout.write(prompt if self.signing is None else SIGNOFF_PROMPT)
            self.stdout.flush()
            answer = self.answers.answer(TEXTS if self.signing is None else SIGNOFF_TEXTS)
            if answer is None:
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
        if self.other is not None:
            self.say(f"beside it, {self.other.version}: {self.other.state}")
            for said in filter(None, (self.other.cause, *self.other.differences)):
                self.say(f"beside it, {self.other.version}: {said}")
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
        decides, found, (mine, _) = session.parts().decides, session.inspection(), session.progress()
        said = judged_words(found.inspected, found.total, session.gate_input().reviewers_required)
        own = "" if mine == found.inspected else f", {mine} by you"
        self.say(f"{decides} {'verdict decides' if decides == 1 else 'verdicts decide'}; {said}{own}")

    def gate(self, key: str) -> None:
        """One gate: what it protects, its value, each thing that it looks at, and why it says what it says."""
        gate = self.gate_of(key)
        self.say(f"{gate.verdict} {gate.key}: {gate.protects}")
        said, _, _ = gate_improvement(gate)
        bounds = interval(gate.low, gate.high, places_of(gate.value))
        self.say(
            f"value {gate_value(gate)} {bounds}{f', {said}' if said else ''}; limit {gate.threshold or 'none'}"
        )
        for sentence in criterion_sentences(gate):
            self.say(sentence)
        self.say(f"why: {gate.why}")
        if self.other is not None:
            found = self.other.gates.get(gate.key)
            told = f"{found.verdict} {gate_value(found)}" if found is not None else "no such gate"
            self.say(f"beside it, {self.other.version}: {told}")

    def gate_of(self, named: str) -> GateResult:
        """A gate by its key, or by its number in the list. Raises AssayError."""
        gates = by_urgency(self.session.gates())
        if named.isdecimal() and 0 < int(named) <= len(gates):
            return gates[int(named) - 1]
        found = next((one for one in gates if one.key == named), None)
        if found is None:
            raise AssayError(f"there is no gate {named!r}", hint=suggest(named, [one.key for one in gates]))
        return found

    def gates(self) -> None:
        """All gates, those that keep the candidate back first."""
        for number, gate in enumerate(by_urgency(self.session.gates()), start=1):
            beside = self.other.gates.get(gate.key) if self.other is not None else None
            told = f"; {self.other.version}: {beside.verdict}" if self.other is not None and beside else ""
            self.say(f"{number}: {gate.verdict} {gate.key} {gate_value(gate)}{told}")
        self.say("G and the number or key tells one; W accepts one with a reason")

    def waive(self, named: str) -> None:
        """Accept a gate at its value, in this run, with a reason. Raises AssayError where that cannot be."""
        gate = self.gate_of(named)
        if gate.verdict not in ("fail", "unknown") or gate.waiver_blocked:
            only = f"{gate.key} is {gate.verdict}: only what fails can be waived"
            raise AssayError(gate.waiver_blocked or only)
        reason = self.ask("reason", "")
        if not reason:
            raise AssayError("a waiver needs a reason")
        self.session.waive(
            gate.key, reason, self.ask(f"expires, in {WAIVER_DAYS} days where empty", expiry())
        )
        self.say(f"saved: waiver {gate.key}")

    def finding(self, text: str) -> None:
        """Record a finding on this example, and on the gate that it moves. Raises AssayError."""
        if self.ref is None or not text:
            raise AssayError("a finding needs a sentence about the candidate", hint="F TEXT")
        flagged = flagged_gate(self.session.example(self.ref), self.session.gates())
        named = self.ask("moves gate", flagged or "")
        gate = self.gate_of(named).key if named else None
        self.session.finding(text, gate, [self.ref], "major")
        self.say(f"saved: finding {self.ref}" + (f" on {gate}" if gate else ""))

    def ask(self, label: str, default: str) -> str:
        """Ask for one line; an empty one takes the default. Raises AssayError at the end of the input."""
        self.stdout.write(printable(f"{label}{f' [{default}]' if default else ''}: "))
        self.stdout.flush()
        read = self.answers.line()
        if read is None:
            raise AssayError(f"no {label} given")
        return read.strip() or default

    def search(self, text: str) -> None:
        """Narrow the scope to what contains a text; where nothing does, look among all examples."""
        scope = replace(self.scope, search=text or None)
        if not self.session.queue_count(scope):
            scope = Scope(track=scope.track, search=scope.search, everything=True)
        self.narrow(scope)

    def choose(self, choices: list[Choice], words: str) -> None:
        """Take the choice that has all these words, or list what there is. Raises AssayError where none has them."""
        wanted = words.casefold().split()
        found = [one for one in choices if all(word in f"{one.key} {one.text}".casefold() for word in wanted)]
        exact = [one for one in found if one.text.casefold() == words.casefold()]
        if not found:
            raise AssayError(f"nothing is called {words!r}")
        if words and (exact or len(found) == 1):
            self.narrow(filtered(self.scope, (exact or found)[0].value))
            return
        for one in found:
            self.say(f"{one.text}: {one.remark}")

    def narrow(self, scope: Scope) -> None:
        """Go through the examples of a scope, from the first undecided one. Raises AssayError where there are none."""
        count = self.session.queue_count(scope)
        if not count:
            raise AssayError(f"there are none: {scope_title(scope)}")
        self.scope = scope
        self.say(f"{scope_title(scope)}: {count:,}")
        first = self.session.neighbour(None, scope, 1, True) or self.session.neighbour(None, scope, 1)
        self.go(first, "")

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
        for sentence in (*answer_sentences(self.page), *fact_sentences(self.page)):
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
        if self.signing is not None:
            if self.signing.answer(text):
                return True
            self.signing = None
        if text.startswith("/"):
            letter, rest = "/", text[1:]
        if self.ref is not None and letter:
            done = self.of_example(letter, rest.strip(), self.ref) or self.of_review(letter, rest.strip())
            if not done:
                self.tell(text)
        return True

    def of_example(self, letter: str, rest: str, ref: str) -> bool:
        """Do what a letter says of the example, or go to another one; False where it is none of these."""
        if letter in CHOICES and not rest:
            self.decide(CHOICES[letter])
        elif letter == "l":
            self.label(rest)
        elif letter in (".", "v") and not rest:
            self.confirm() if letter == "." else self.look()
        elif letter in STEPS:
            step, nothing = STEPS[letter]
            self.go(self.session.neighbour(ref, self.scope, step, letter.isupper()), nothing)
        elif letter in TYPED:
            self.write(TYPED[letter], rest)
        elif letter == "F":
            self.finding(rest)
        elif letter == "g":
            self.go(self.session.resolve_ref(rest), "")
        elif letter == "=" and (self.page.asks or rest in CHOICES):
            self.settle(ref, rest)
        else:
            return False
        return True

    def of_review(self, letter: str, rest: str) -> bool:
        """Do what a letter says of the whole review or of what is shown of it; False where it is none of these."""
        if letter in ("u", "U"):
            done = self.session.undo() if letter == "u" else self.session.redo()
            word = "undone" if letter == "u" else "redone"
            self.say(f"{word}: {done.sentence}" if done else f"nothing can be {word}")
        elif letter in GATE_LETTERS:
            self.of_gates(letter, rest)
        elif letter == "/":
            self.search(rest)
        elif letter in ("f", "t"):
            self.choose(filter_choices(self.session) if letter == "f" else slice_choices(self.session), rest)
        else:
            return False
        return True

    def of_gates(self, letter: str, named: str) -> None:
        """List the gates, tell one, waive one, or begin the sign-off."""
        if letter == "5":
            self.gates()
        elif letter == "G":
            self.gate(named)
        elif letter == "W":
            self.waive(named)
        else:
            self.signing = PlainSignoff(self.session, self.say, self.ask)
            self.signing.show()

    def decide(self, choice: asked.Choice) -> None:
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
        if text in ("o", "1"):
            self.overview()
        elif text in ("r", "2"):
            self.show()
        else:
            if text not in ("?", "h"):
                self.say(f"unknown answer: {text}")
            for line in HELP:
                self.say(line)

    def write(self, what: str, text: str) -> None:
        """Save a cause, a note or the reason of a blocker; asks for it where it was not given."""
        text = text or self.ask(what, "")
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


def run_plain(
    store: Path, reviewer: str | None, stdin: TextIO, stdout: TextIO, *, beside: Path | None = None
) -> int:
    """Review a store linearly.

    Args:
        store: the review folder.
        reviewer: display name; the account's by default.
        stdin: answers: keys where it is a terminal, else one a line.
        stdout: where everything is printed.
        beside: the store of a second candidate, which is read and not written.

    Returns:
        The exit status.

    Raises:
        AssayError: the store cannot be opened.
    """
    if stdin is sys.stdin:
        connection().also(0)
    with ReviewSession.open(store, reviewer) as session:
        other = None
        if beside is not None:
            with ReviewSession.open(beside, read_only=True) as second:
                other = OtherCandidate.of(session, second)
        return PlainReview(session, stdin, stdout, other).run()
