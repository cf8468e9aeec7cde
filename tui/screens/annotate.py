"""What a reviewer records on the example that is shown: verdict, cause, note, marks, finding and settlement."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.base.records import REVIEW_VERDICTS
from analysis.plugin.gate import judgement
from tui.draw.gate_lines import by_urgency
from tui.screens.example import ExampleScreen
from tui.screens.pick import Choice, PickScreen

if TYPE_CHECKING:
    from analysis.base.records import ReviewVerdict


class AnnotateScreen(ExampleScreen):
    """An example screen whose keys record what a reviewer says."""

    def show_lists(self) -> None:
        """Draw what stands beside the example anew, after something was recorded."""
        raise NotImplementedError

    def unavailable(self, identifier: str) -> str | None:
        reason = super().unavailable(identifier)
        if reason is None and identifier == "annotation.settle" and self.evidence is not None:
            return self._not_to_settle()
        return reason

    def _not_to_settle(self) -> str | None:
        """Why the example cannot be settled; what others said is shown, and settled, after one's own verdict."""
        assert self.evidence is not None
        if self.evidence.mine is None:
            return "give your own verdict first"
        state, ref = self.session.gate_input().state, self.evidence.example.ref
        if ref not in state.settled and judgement(state, ref) != "disagreement":
            return "reviewers do not disagree on this example"
        return None

    def _decide(self, verdict: ReviewVerdict) -> None:
        ref = self.ref
        if ref is None:
            return
        self.session.verdict(ref, verdict)
        following = self.session.neighbour(ref, self.scope, 1, True) or self.session.neighbour(
            ref, self.scope, -1, True
        )
        if following is not None:
            self.ref = following
            self.session.bookmark(following, self.scope)
        self.load()
        self.show_lists()
        self.draw(top=following is not None)
        self.show_bars()
        self.notice(
            f"saved  {verdict}  {ref}" + ("" if following else "  nothing undecided is left here"), "saved"
        )

    def do_annotation_accept(self) -> None:
        """The change may ship."""
        self._decide("acceptable")

    def do_annotation_reject(self) -> None:
        """The change must not ship."""
        self._decide("unacceptable")

    def do_annotation_unsure(self) -> None:
        """Cannot tell."""
        self._decide("unsure")

    def do_annotation_bad_label(self) -> None:
        """The gold label is wrong."""
        self._decide("bad-label")

    def do_annotation_cause(self) -> None:
        """Name the cause."""
        mine = self.evidence.mine if self.evidence else None
        self.entry.ask("cause", "cause", (mine.cause or "") if mine else "")

    def do_annotation_note(self) -> None:
        """Write a note, going on with its draft."""
        if self.ref is None:
            return
        mine = self.evidence.mine if self.evidence else None
        self.entry.ask("note", "note", self.session.draft(self.ref) or ((mine.note or "") if mine else ""))

    def do_annotation_settle(self) -> None:
        """Record what the reviewers agreed on after they disagreed."""
        evidence = self.evidence
        if evidence is None:
            return
        said = ", ".join(f"{one.reviewer} {one.verdict}" for one in (evidence.mine, *evidence.others) if one)
        choices = [Choice(verdict, "", verdict) for verdict in REVIEW_VERDICTS]
        title = f"agreed on (said: {said})"
        self.app.push_screen(PickScreen(self.console_app.colours, title, choices), self._settled)

    def _settled(self, value: str | None) -> None:
        verdict = next((one for one in REVIEW_VERDICTS if one == value), None)
        if verdict is not None and self.ref is not None:
            self.session.settle(self.ref, verdict)
            self.after_write()
            self.notice(f"saved  settled  {verdict}  {self.ref}", "saved")

    def typing(self, purpose: str, text: str) -> None:
        if purpose == "note" and self.ref is not None:
            self.session.save_draft(self.ref, text)

    def record_typed(self, purpose: str, text: str) -> None:
        """Save a cause or a note that was typed; an empty one is let go."""
        if self.ref is None or not text.strip():
            return
        if purpose == "cause":
            self.session.cause(self.ref, text)
        else:
            self.session.note(self.ref, text)
            self.session.clear_draft(self.ref)
        self.after_write()
        self.notice(f"saved  {purpose}  {self.ref}", "saved")

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
            flagged = {flag.gate for flag in self.evidence.flags}
            urgent = by_urgency(self.session.gates())
            gate = next((entry.key for entry in urgent if entry.key in flagged), None)
            shown = self.view.shown(self.evidence, self.options(80, 24))
            form = finding_form(self.console_app.colours, self.session, gate, (self.ref,), shown=shown)
            self.app.push_screen(form, self._found)

    def _found(self, saved: bool | None) -> None:
        if saved:
            self.after_write()
            self.notice("saved  finding", "saved")
