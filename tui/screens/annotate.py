"""What a reviewer records on the example that is shown: verdict, cause, note, marks, finding and settlement."""

from __future__ import annotations

from collections import Counter
from itertools import product
from typing import TYPE_CHECKING

from analysis.base.people import account_of
from analysis.base.records import SIDES
from analysis.base.review_records import ANSWERS, RIGHTS
from analysis.plugin.gate import differing_labels, disputed
from tui.draw.gate_lines import flagged_gate
from tui.draw.right_words import RIGHT_MARKS, RIGHT_WORDS, settled_words, sides_words
from tui.draw.safe_text import as_written
from tui.screens import pick
from tui.screens.example import ExampleScreen
from tui.widgets.entry import EDITOR_KEY

if TYPE_CHECKING:
    from analysis.base.records import Side
    from analysis.base.review_records import Answer, Right
    from analysis.review.asked import Choice
    from analysis.review.queries import ExampleEvidence


MOST_CAUSES = 9
"""Causes that are offered by a digit."""


class AnnotateScreen(ExampleScreen):
    """An example screen whose keys record what a reviewer says."""

    def __init__(self) -> None:
        super().__init__()
        self._last: tuple[Right, str | None] | None = None
        self._last_cause = ""

    def show_lists(self) -> None:
        """Draw what stands beside the example anew, after something was recorded."""
        raise NotImplementedError

    def unavailable(self, identifier: str) -> str | None:
        reason = super().unavailable(identifier)
        if reason is None and identifier == "annotation.settle" and self.evidence is not None:
            return self._not_to_settle()
        if reason is None and identifier == "verdict.repeat" and not self.page.closed and self._last is None:
            return "there is no verdict of this session to repeat"
        return reason

    def _not_to_settle(self) -> str | None:
        """Why the example cannot be settled; what others said is shown, and settled, after one's own verdict."""
        assert self.evidence is not None
        if self.evidence.mine is None:
            return "give your own verdict first"
        state, ref = self.session.gate_input().state, self.evidence.example.ref
        if ref not in state.settled and not disputed(state, ref):
            return "reviewers do not disagree on this example"
        return None

    def _answer(self, choice: Choice) -> None:
        """Save what a key says; the page then stands open, on the same example."""
        self._answered(self.page.answer(choice))

    def _answered(self, said: str) -> None:
        if self.ref is not None:
            self.session.bookmark(self.ref, self.scope)
        self.load()
        self._remember()
        self.show_lists()
        self.draw(top=True)
        self.show_bars()
        left = self.session.neighbour(None, self.scope, 1, True)
        told = [said, *([] if left else ["nothing undecided is left here"])]
        if self._names_last_cause:
            key = self.console_app.actions["verdict.repeat"].shown_key
            told.append(f"{key} cause: {self._last_cause}")
        self.notice("  ".join(told), "saved")

    def _remember(self) -> None:
        """Keep verdict and cause for the key that repeats them."""
        mine = self.evidence.mine if self.evidence is not None else None
        if mine is not None and not mine.labels:
            self._last = mine.right, mine.cause

    def do_verdict_first(self) -> None:
        """A is right."""
        self._answer("first")

    def do_verdict_second(self) -> None:
        """B is right."""
        self._answer("second")

    def do_verdict_either(self) -> None:
        """Both are right."""
        self._answer("either")

    def do_verdict_neither(self) -> None:
        """Neither is right."""
        self._answer("neither")

    def do_verdict_unsure(self) -> None:
        """Cannot tell."""
        self._answer("unsure")

    def do_verdict_repeat(self) -> None:
        """The last cause, where one's verdict has none; else the last verdict and its cause once more.

        On a closed page, one's own verdict of a previous review.
        """
        if self.page.closed:
            self._answered(self.page.confirm())
        elif self._names_last_cause:
            self.record_typed("cause", self._last_cause)
        elif self._last is not None:
            self._answered(self.page.record(*self._last))

    def do_annotation_cause(self) -> None:
        """Name the cause: by the digit of one that this review has, by enter the last one, or in new words."""
        self.entry.ask("cause", "cause", self._own_cause or "", replaced=True)
        offered = [
            f"{number} {cause} ×{count}" for number, (cause, count) in enumerate(self._causes(), start=1)
        ]
        last = [f"⏎ {self._last_cause}"] if self._last_cause and not self._own_cause else []
        self.notice("   ".join([*last, *offered]) or "in a few words: it is offered for the next ones")

    @property
    def _names_last_cause(self) -> bool:
        """Whether one's verdict stands without a cause, and one was named before: blind answers are given first."""
        given = self.evidence is not None and self.evidence.mine is not None
        return given and not self._own_cause and bool(self._last_cause)

    @property
    def _own_cause(self) -> str | None:
        mine = self.evidence.mine if self.evidence else None
        return mine.cause if mine else None

    def _causes(self) -> list[tuple[str, int]]:
        """The causes of this review with how often each was named, the most frequent first."""
        named = Counter(one.cause for one in self.session.gate_input().state.verdicts if one.cause)
        return named.most_common(MOST_CAUSES)

    def _cause(self, text: str) -> str:
        """The cause that is meant: nothing typed means the last one, and other capitals are no other cause."""
        if not text.strip():
            return "" if self._own_cause else self._last_cause
        known = {cause.casefold(): cause for cause, _ in self._causes()}
        return known.get(text.strip().casefold(), text.strip())

    def do_annotation_note(self) -> None:
        """Write a note, going on with its draft."""
        if self.ref is None:
            return
        mine = self.evidence.mine if self.evidence else None
        self.entry.ask("note", "note", self.session.draft(self.ref) or ((mine.note or "") if mine else ""))
        self.notice(f"⏎ saves · esc keeps it as a draft · {EDITOR_KEY}")

    def do_entry_editor(self) -> None:
        """Write the note in one's own editor."""
        self.do_annotation_note()
        if self.entry.is_open:
            self.entry.edit()

    def do_annotation_settle(self) -> None:
        """Record what the reviewers agreed on after they disagreed."""
        evidence = self.evidence
        if evidence is None:
            return
        if self.page.asks:
            self._settle_labels(evidence, {})
            return
        records = (evidence.mine, *evidence.others)
        said = ", ".join(f"{account_of(one.actor).name}: {RIGHT_WORDS[one.right]}" for one in records if one)
        choices = [pick.Choice(right, RIGHT_MARKS[right][0], RIGHT_WORDS[right]) for right in RIGHTS]
        title = f"agreed on (said: {said})"
        self.app.push_screen(pick.PickScreen(self.console_app.colours, title, choices), self._settled)

    def _settle_labels(self, evidence: ExampleEvidence, told: dict[str, dict[Side, Answer]]) -> None:
        """Ask for what was agreed on of each thing that labels differ in, one after the other, and save it."""
        ref, records = evidence.example.ref, [one for one in (evidence.mine, *evidence.others) if one]
        left = [name for name in differing_labels(one.labels for one in records) if name not in told]
        if not left:
            self.session.settle_labels(ref, told)
            self.after_write()
            self.notice(f"saved  {settled_words(self.session.gate_input().state, ref)}  {ref}", "saved")
            return
        name = left[0]
        said = {
            (base, candidate): f"{account_of(one.actor).name} says so"
            for one in records
            for asked, base, candidate in one.labels
            if asked == name
        }
        pairs = [*said, *(pair for pair in product(ANSWERS, ANSWERS) if pair not in said)]
        choices = [
            pick.Choice(" ".join(pair), "", " · ".join(sides_words(pair)), said.get(pair, ""))
            for pair in pairs
        ]

        def picked(value: str | None) -> None:
            pair = next((one for one in pairs if value == " ".join(one)), None)
            if pair is not None:
                self._settle_labels(evidence, {**told, name: dict(zip(SIDES, pair, strict=True))})

        title = f"agreed on: {name.replace('_', ' ')}"
        self.app.push_screen(pick.PickScreen(self.console_app.colours, title, choices), picked)

    def _settled(self, value: str | None) -> None:
        right = next((one for one in RIGHTS if one == value), None)
        if right is not None and self.ref is not None:
            self.session.settle(self.ref, right)
            self.after_write()
            self.notice(f"saved  settled  {RIGHT_WORDS[right]}  {self.ref}", "saved")

    def typing(self, purpose: str, text: str) -> None:
        if purpose == "note" and self.ref is not None:
            self.session.save_draft(self.ref, as_written(text))
        elif purpose == "cause" and text != self._own_cause and text.isascii() and text.isdigit():
            # One digit alone is one of those offered; a cause that begins with a figure begins with a blank.
            offered = self._causes()
            if 1 <= int(text) <= len(offered):
                self.record_typed(purpose, offered[int(text) - 1][0])
                self.close_entry()

    def record_typed(self, purpose: str, text: str) -> None:
        """Save a cause, a note or the reason of a blocker that was typed; an empty one is let go."""
        text = as_written(text)
        if purpose == "cause":
            text = self._cause(text)
        if self.ref is None or not text.strip():
            return
        if purpose == "cause":
            self.session.cause(self.ref, text)
            self._last_cause = text
        elif purpose == "blocker" and self.evidence is not None:
            gate = flagged_gate(self.evidence, self.session.gates())
            self.session.finding(text.strip(), gate, [self.ref], "blocker")
        else:
            self.session.note(self.ref, text)
            self.session.clear_draft(self.ref)
        self.after_write()
        self._remember()
        self.notice(f"saved  {purpose}  {self.ref}", "saved")

    def do_annotation_blocker(self) -> None:
        """Say why the candidate must not ship with this."""
        self.entry.ask("blocker", "must not ship, because")
        self.notice(f"⏎ saves · {EDITOR_KEY}")

    def do_annotation_mark(self) -> None:
        """Mark words."""
        from tui.screens.mark import MarkScreen

        if self.evidence is not None:
            colours, ref = self.console_app.colours, self.evidence.example.ref
            self.app.push_screen(
                MarkScreen(
                    colours, self.evidence.example.text, lambda spans: self.session.tokens(ref, spans)
                ),
                self._marked,
            )

    def _marked(self, saved: bool | None) -> None:
        if saved:
            self.after_write()
            self.notice(f"saved  marked words  {self.ref}", "saved")

    def do_finding_record(self) -> None:
        """Record a finding on this example."""
        from tui.screens.record_forms import finding_form

        if self.evidence is not None and self.ref is not None and self.view is not None:
            gate = flagged_gate(self.evidence, self.session.gates())
            shown = self.view.shown(self.evidence, self.options(80, 24))
            form = finding_form(self.console_app.colours, self.session, gate, (self.ref,), shown=shown)
            self.app.push_screen(form, self._found)

    def _found(self, saved: bool | None) -> None:
        if saved:
            self.after_write()
            self.notice("saved  finding", "saved")
