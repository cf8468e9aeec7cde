"""What-if: an example's text is changed, both models answer in the worker, and the screen stays live."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget

from analysis.base.errors import AssayError
from analysis.review.whatif import missing_models, next_cue, saved_whatifs
from tui.draw.edit_sentence import edit_sentence
from tui.draw.gate_lines import by_urgency
from tui.draw.lines import Line, rule, text_line, wrapped
from tui.draw.safe_text import fit, printable
from tui.plugin.console import TextPlace
from tui.plugin.options import SIDE_MODES
from tui.plugin.registry import view_of
from tui.screens.pick import TextScreen
from tui.whatif.answer import attribution_keys
from tui.whatif.ask import AskScreen
from tui.whatif.lines import TEXT_INDENT, Choice, answer_lines, text_lines
from tui.whatif.numbers import number_lines
from tui.widgets.line_view import LineView

if TYPE_CHECKING:
    from tui.plugin.console import Subject

STILL_ASKED = "the models have not answered yet: once they have, it can be saved · esc cancels"
NEEDS_ANSWER = frozenset({"whatif.save", "finding.record"})
"""Actions that are about an answer to the text as it is now."""
NEEDS_EXPLAINED = frozenset({"whatif.more", "view.method", "view.side"})
"""Actions that are about attributions."""


class AnswerView(LineView, inherit_bindings=False):
    """Lines to scroll; enter is left to the screen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        entry for entry in LineView.BINDINGS if isinstance(entry, Binding) and entry.key != "enter"
    ]


class WhatIfScreen(AskScreen):
    """One example's text, as it was and as it was changed, with the answers of both sides to both.

    Texts and answers are kept while the console is open and no other example is asked about.
    """

    NAME: ClassVar[str] = "whatif"
    KEY_ROWS: ClassVar[int] = 2
    HEAD_ROWS: ClassVar[int] = 2
    DEFAULT_CSS = "WhatIfScreen #answer { width: 1fr; }"

    def __init__(self) -> None:
        super().__init__()
        self._saved: dict[str, str] = {}

    def compose_body(self) -> Iterable[Widget]:
        yield AnswerView(self.console_app.colours, widget_id="answer")

    def on_mount(self) -> None:
        super().on_mount()
        self.focus_body()

    def focus_body(self) -> None:
        self.set_focus(self.query_one("#answer"))

    def show(self, subject: Subject) -> None:
        """Show an example, and the attribution that was looked at; what was tried on the one before is let go.

        Raises AssayError.
        """
        if not isinstance(subject, str | TextPlace):
            return
        if isinstance(subject, TextPlace):
            ref, self.key = subject.ref, subject.looked_at or self.key
        else:
            ref = subject
        evidence = self.session.example(ref)
        if self.evidence is None or self.evidence.example.ref != ref:
            self.end_question()
            self.start_from(evidence.example.text)
            self.answers, self._saved = {}, {}
        self.evidence = evidence
        if self.is_mounted and self.is_current:
            self.reload_guarded()

    def reload(self) -> None:
        if self.evidence is not None:
            self.evidence = self.session.example(self.evidence.example.ref)
        self.draw()

    def head_lines(self, width: int) -> Sequence[Line]:
        line = (
            Line()
            .add(" What-if", "title")
            .add("  an experiment: it counts in no statistic and no gate", "dim")
        )
        if self.evidence is not None:
            example = self.evidence.example
            name = f"{example.kind}:{example.id}"
            line.end(printable(name), width - 1, "dim")
        return [line, rule(width)]

    def unavailable(self, identifier: str) -> str | None:
        reason = super().unavailable(identifier)
        if reason is None and identifier in NEEDS_ANSWER and self.after is None:
            return STILL_ASKED if self.asking else "ask both models first (⏎)"
        if reason is None and identifier in NEEDS_EXPLAINED and not self.explained:
            return "answers of this track have no attributions"
        return reason

    def draw(self) -> None:
        shown = self.query_one("#answer", LineView)
        width = max((shown.size.width or self.size.width) - 1, 40)
        evidence = self.evidence
        if evidence is None:
            shown.show_lines([text_line("  no example was chosen: 2, then w on one", "warn")])
            return
        lines = text_lines(self.original, self.text, width)
        if self.after is None:
            lines += self._advice(width)
        waiting = self._question is not None
        view = view_of(evidence.example.track)
        how = Choice(
            width,
            self.console_app.colours,
            self.side,
            view,
            evidence.methods,
            self.key,
            waiting,
            self.explained,
        )
        lines += answer_lines(self.before, self.after, evidence, how)
        shown.show_lines(lines)

    def _advice(self, width: int) -> list[Line]:
        """What can be done with a text that was not asked about."""
        evidence = self.evidence
        missing = missing_models(self.session.description, evidence.example.track) if evidence else None
        if missing is not None:
            said = f"{missing.message}: {missing.where}; {missing.hint}" if missing.where else str(missing)
            return wrapped("", said, width, indent=TEXT_INDENT, style="warn")
        if self._question is not None:
            return []
        if self.text != self.original:
            return [Line().to(TEXT_INDENT).add("⏎", "key").add(" asks both models", "dim")]
        cue = next_cue(self.text, self.finders())
        line = Line().to(TEXT_INDENT)
        if cue is not None:
            name = fit(self.text[cue.start : cue.end], max(width - 60, 16)).rstrip()
            line.add("d", "key").add(f" deletes “{name}” ({cue.label}), ", "dim")
        line.add("i", "key").add(" edits; ", "dim").add("⏎", "key").add(" then asks both", "dim")
        if self.explained and (self.before is None or not self.before.attributions):
            line.add(", now explains it as it is", "dim")
        return [line]

    def _save(self) -> str:
        """Save the answer to the text as it is now, once; the id of the event. Raises AssayError."""
        evidence, after = self.evidence, self.after
        if evidence is None or after is None:
            raise AssayError("ask both models first (⏎)")
        standing = {one.event_id for one in saved_whatifs(evidence.history)}
        if self._saved.get(after.text) not in standing:
            event = self.session.whatif(evidence.example.ref, after.text, after.outputs)
            self._saved[after.text] = event.event_id
            self.after_write()
        return self._saved[after.text]

    def do_entry_editor(self) -> None:
        """Change the text in one's own editor."""
        self.do_whatif_edit()
        if self.entry.is_open:
            self.entry.edit()

    def do_whatif_save(self) -> None:
        """Save text and answers."""
        self._save()
        if self.evidence is not None:
            self.notice(f"saved  what-if  {self.evidence.example.ref}", "saved")

    def do_finding_record(self) -> None:
        """Record a finding that rests on this answer."""
        from tui.screens.record_forms import finding_form

        evidence, before, after = self.evidence, self.before, self.after
        if evidence is None or after is None:
            return
        flagged = {flag.gate for flag in evidence.flags}
        gate = next((one.key for one in by_urgency(self.session.gates()) if one.key in flagged), None)
        sentence = edit_sentence(self.original, self.text)
        if before is not None:
            sentence += (
                f": {view_of(evidence.example.track).change_sentence(before.outputs, after.outputs)[0]}"
            )
        form = finding_form(
            self.console_app.colours,
            self.session,
            gate,
            (evidence.example.ref,),
            text=sentence,
            whatif=self._save,
        )
        self.app.push_screen(form, self._found)

    def _found(self, saved: bool | None) -> None:
        if saved:
            self.after_write()
            self.notice("saved  finding, with its what-if", "saved")

    def do_view_side(self) -> None:
        """Both sides, base, candidate, or their difference."""
        self.side = SIDE_MODES[(SIDE_MODES.index(self.side) + 1) % len(SIDE_MODES)]
        self.draw()
        self.notice(f"side: {self.side}")

    def do_view_method(self) -> None:
        """The next method or target."""
        keys = attribution_keys(self.before, self.after, self.methods)
        if keys:
            at = 0 if self.key is None else keys.index(self.key) if self.key in keys else -1
            self.key = keys[(at + 1) % len(keys)]
            self.draw()

    def do_view_numbers(self) -> None:
        """Every number behind both answers."""
        evidence, before, after = self.evidence, self.before, self.after
        if evidence is None:
            return
        view, methods = view_of(evidence.example.track), evidence.methods

        def build(width: int) -> list[Line]:
            return number_lines(before, after, view, methods, width)

        self.app.push_screen(TextScreen(self.console_app.colours, "numbers", build))

    def do_app_back(self) -> None:
        """Leave the entry line, cancel the question, or leave the screen."""
        if self.entry.is_open:
            self.close_entry()
        elif self._question is not None:
            self.end_question()
            self.console_app.probes.cancel()
            self.draw()
            self.notice("cancelled; the text is kept, ⏎ asks again")
        else:
            self.console_app.go_back()
