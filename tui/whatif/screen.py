"""What-if: an example's text is changed, both models answer in the worker, and the screen stays live."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.timer import Timer
from textual.widget import Widget

from analysis.base.errors import AssayError
from analysis.base.records import SIDES
from analysis.plugin.registry import get
from analysis.review.queries import by_side
from analysis.review.whatif import (
    attributions_of,
    cue_finders,
    licences_of,
    marked_finder,
    missing_models,
    next_cue,
    outputs_of,
    saved_whatifs,
)
from tui.draw.gate_lines import by_urgency
from tui.draw.lines import Line, StyleLike, rule, text_line, wrapped
from tui.draw.messages import ProbeAnswered
from tui.draw.safe_text import as_typed, fit, printable
from tui.plugin.actions import bindings
from tui.plugin.registry import SIDE_MODES, SideMode
from tui.screens.base import BaseScreen
from tui.screens.jobs import probe_job
from tui.screens.pick import TextScreen
from tui.tracks.intent.view import marked_spans
from tui.whatif.lines import (
    TEXT_INDENT,
    Answer,
    Choice,
    Key,
    answer_lines,
    attribution_keys,
    change_words,
    edit_words,
    text_lines,
)
from tui.whatif.numbers import number_lines
from tui.whatif.question import Question, names_of, requests_for
from tui.widgets.line_view import LineView

if TYPE_CHECKING:
    from analysis.live.client import LiveProbes
    from analysis.plugin.live import LiveRequest
    from analysis.review.queries import ExampleEvidence
    from analysis.text.lexicon import Finder

NEEDS_ANSWER = frozenset({"whatif.save", "finding.record"})
"""Actions that are about an answer to the text as it is now."""
RESPITE_S = 3.0
"""What was said stays so long before progress takes its place."""


class AnswerView(LineView, inherit_bindings=False):
    """Lines to scroll; enter is left to the screen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        entry for entry in LineView.BINDINGS if isinstance(entry, Binding) and entry.key != "enter"
    ]


class WhatIfScreen(BaseScreen):
    """One example's text, as it was and as it was changed, with the answers of both sides to both.

    Texts and answers are kept while the console is open and no other example is asked about.
    """

    NAME: ClassVar[str] = "whatif"
    KEY_ROWS: ClassVar[int] = 2
    HEAD_ROWS: ClassVar[int] = 2
    BINDINGS: ClassVar[list[BindingType]] = bindings("whatif")
    DEFAULT_CSS = "WhatIfScreen #answer { width: 1fr; }"

    def __init__(self) -> None:
        super().__init__()
        self.evidence: ExampleEvidence | None = None
        self.text = ""
        self.answers: dict[str, Answer] = {}
        self.side: SideMode = "both"
        self.key: Key | None = None
        self._changes: list[str] = []
        self._taken_back: list[str] = []
        self._saved: dict[str, str] = {}
        self._typed: str | None = None
        self._number = 0
        self._question: Question | None = None
        self._timer: Timer | None = None
        self._said_at = 0.0
        self._progress_shown = False

    def compose_body(self) -> Iterable[Widget]:
        yield AnswerView(self.console_app.look, widget_id="answer")

    def on_mount(self) -> None:
        super().on_mount()
        self.focus_body()

    def focus_body(self) -> None:
        self.set_focus(self.query_one("#answer"))

    def show(self, ref: str) -> None:
        """Show an example; what was tried on it is kept where it was the one before. Raises AssayError."""
        evidence = self.session.example(ref)
        if self.evidence is None or self.evidence.example.ref != ref:
            self._end_question()
            self.text = evidence.example.text
            self.answers, self._saved = {}, {}
            self._changes, self._taken_back, self._typed = [], [], None
        self.evidence = evidence
        if self.is_mounted and self.is_current:
            self.reload_guarded()

    def reload(self) -> None:
        if self.evidence is not None:
            self.evidence = self.session.example(self.evidence.example.ref)
        self._draw()

    @property
    def original(self) -> str:
        """The example's own text."""
        return "" if self.evidence is None else self.evidence.example.text

    @property
    def before(self) -> Answer | None:
        """What the run has of the example's own text, with what the worker said of it."""
        evidence = self.evidence
        if evidence is None:
            return None
        live = self.answers.get(self.original)
        sides = by_side(evidence.payload.get(f"{evidence.example.track}_side", ()))
        if set(sides) != set(SIDES):
            return live
        kept = get(evidence.example.track).live_output
        outputs = {side: {name: sides[side][name] for name in kept} for side in SIDES}
        stored = Answer(self.original, outputs, evidence.attributions, evidence.licences)
        return stored if live is None else stored.with_more(live)

    @property
    def after(self) -> Answer | None:
        """The answer to the text as it is now; None where it was not asked, or nothing was changed."""
        return None if self.text == self.original else self.answers.get(self.text)

    def head_lines(self, width: int) -> Sequence[Line]:
        line = Line().add(" What-if", "title").add("  no statistic and no gate counts it", "dim")
        if self.evidence is not None:
            example = self.evidence.example
            name = f"{example.kind}:{example.id}"
            line.end(printable(name), width - 1, "dim")
        return [line, rule(width)]

    def unavailable(self, identifier: str) -> str | None:
        reason = super().unavailable(identifier)
        if reason is None and identifier in NEEDS_ANSWER and self.after is None:
            return "ask both models first (⏎)"
        return reason

    def _draw(self) -> None:
        view = self.query_one("#answer", LineView)
        width = max((view.size.width or self.size.width) - 1, 40)
        evidence = self.evidence
        if evidence is None:
            view.show_lines([text_line("  no example was chosen: 2, then w on one", "warn")])
            return
        lines = text_lines(self.original, self.text, width)
        if self.after is None:
            lines += self._advice(width)
        waiting = self._question is not None
        how = Choice(width, self.console_app.look, self.side, self.key, waiting)
        lines += answer_lines(self.before, self.after, evidence.example.gold, how)
        view.show_lines(lines)

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
        cue = next_cue(self.text, self._finders())
        line = Line().to(TEXT_INDENT)
        if cue is not None:
            name = fit(self.text[cue.start : cue.end], max(width - 60, 16)).rstrip()
            line.add("d", "key").add(f" deletes “{name}” ({cue.label}), ", "dim")
        line.add("e", "key").add(" edits; ", "dim").add("⏎", "key").add(" then asks both", "dim")
        if self.before is None or not self.before.attributions:
            line.add(", now explains it as it is", "dim")
        return [line]

    def _finders(self) -> list[Finder]:
        evidence = self.evidence
        if evidence is None:
            return []
        marked = marked_finder(self.original, marked_spans(evidence))
        return [marked, *cue_finders(self.session.description, evidence.example.track)]

    def _change(self, text: str) -> None:
        """Make a text the one to be asked about; the one before can be had back."""
        if text != self.text:
            self._changes.append(self.text)
            self._taken_back.clear()
            self._become(text)

    def _become(self, text: str) -> None:
        self.text = text
        self._draw()
        self.show_bars()
        self.notice("")

    def do_whatif_delete(self) -> None:
        """Delete the next cue."""
        from analysis.text.lexicon import remove_spans

        cue = next_cue(self.text, self._finders())
        if cue is None:
            self.notice("no marked or declared cue is left in this text: e edits it", "warn")
            return
        words = self.text[cue.start : cue.end]
        self._change(remove_spans(self.text, [cue]))
        self.notice(f"deleted “{words}” ({cue.label}); ⏎ asks both models, u undoes")

    def do_whatif_edit(self) -> None:
        """Change the text by hand."""
        if as_typed(printable(self.text), self.text) is None:
            self.notice(
                "this text cannot be typed over: too long, or characters no key has; d deletes", "warn"
            )
            return
        self.entry.ask("text", "text", self.text)
        self.notice("⏎ asks both models · esc leaves the line and keeps the text")

    def typing(self, purpose: str, text: str) -> None:
        self._typed = text

    def entered(self, purpose: str, text: str) -> None:
        self._typed = text
        self._keep_typed()
        self.do_whatif_ask()

    def close_entry(self) -> None:
        """Hide the entry line; what was typed into it is the text now."""
        self._keep_typed()
        super().close_entry()

    def _keep_typed(self) -> None:
        typed, self._typed = self._typed, None
        meant = None if typed is None else as_typed(typed, self.text)
        if meant is not None:
            self._change(meant)

    def do_whatif_undo(self) -> None:
        """Take back the last change of the text."""
        self._turn(self._changes, self._taken_back, "nothing was changed")

    def do_whatif_redo(self) -> None:
        """Make it again."""
        self._turn(self._taken_back, self._changes, "nothing was taken back")

    def _turn(self, out_of: list[str], into: list[str], nothing: str) -> None:
        if not out_of:
            self.notice(nothing, "warn")
            return
        into.append(self.text)
        self._become(out_of.pop())

    def do_whatif_ask(self) -> None:
        """Ask both models, in their own process: what they predict, then why."""
        requests = self._requests()
        if requests:
            self._start(requests)
        elif self.text == self.original:
            self.notice(
                "nothing is changed yet: d deletes a cue, e edits, M explains by more methods", "warn"
            )

    def do_whatif_more(self) -> None:
        """Explain both texts also by the methods that are computed only when asked for."""
        evidence = self.evidence
        if evidence is None:
            return
        methods = tuple(spec.name for spec in evidence.methods.values() if spec.on_demand)
        if not methods:
            raise AssayError("there is no method to ask for in this track")
        requests = self._requests(methods)
        if requests:
            self._start(requests, methods)
        else:
            self._look_at(methods)

    def _requests(self, methods: Sequence[str] = ()) -> tuple[LiveRequest, ...]:
        """What is not known yet of the text as it is now, and of the example's own."""
        evidence = self.evidence
        if evidence is None:
            return ()
        known = {self.text: self.after, self.original: self.before}
        return requests_for(evidence.example.track, evidence.example.ref, known, methods)

    def _start(self, requests: tuple[LiveRequest, ...], methods: tuple[str, ...] = ()) -> None:
        """Put requests to the models. One for another text follows the step that is answered at the moment."""
        evidence, asked = self.evidence, self._question
        if evidence is None:
            return
        if asked is not None and (asked.text == self.text or asked.requests[asked.done].methods == ()):
            self.notice("the models are still asked: esc cancels", "warn")
            return
        missing = missing_models(self.session.description, evidence.example.track)
        if missing is not None:
            raise missing
        self._end_question()
        self._question = Question(self.text, requests, methods, time.monotonic())
        self._timer = self.set_interval(1.0, self._tell_progress)
        self._ask(self.console_app.probes, self._number, requests)
        self._draw()
        self._tell_progress()

    def notice(self, text: str, style: StyleLike = "text") -> None:
        """Say something in the notice line, which progress then leaves alone for a while."""
        self._said_at = time.monotonic() if text else 0.0
        self._progress_shown = False
        super().notice(text, style)

    def _tell_progress(self) -> None:
        now = time.monotonic()
        if self._question is not None and (self._question.done == 0 or now - self._said_at > RESPITE_S):
            super().notice(self._question.progress(now))
            self._progress_shown = True

    def _end_question(self) -> None:
        """Stop waiting; what still fails is that of an earlier question."""
        self._question = None
        self._number += 1
        if self._timer is not None:
            self._timer.stop()
            self._timer = None

    @work(thread=True, group="probes")
    def _ask(self, probes: LiveProbes, number: int, requests: Sequence[LiveRequest]) -> None:
        for place, request in enumerate(requests, start=1):
            if number != self._number:
                return
            answered = probe_job(probes, number, request, len(requests) - place)
            self.post_message(answered)
            if answered.error is not None:
                return

    @on(ProbeAnswered)
    def _answered(self, message: ProbeAnswered) -> None:
        evidence, question = self.evidence, self._question
        if evidence is None or message.request.ref != evidence.example.ref:
            return
        if message.reply is not None:
            self._keep(message.request.text, message.reply)
        if question is None or message.number != self._number:
            self._draw()
            return
        if message.error is None and message.left:
            self._question = replace(question, done=question.done + 1)
            self._tell_progress()
        else:
            self._end_question()
            self._finished(question, message.error)
        self._draw()
        self.show_bars()

    def _keep(self, text: str, reply: Mapping[str, Any]) -> None:
        """Keep an answer, beside what was answered about the same text before."""
        evidence = self.evidence
        if evidence is None:
            return
        attributions = attributions_of(reply, evidence.example.ref)
        answer = Answer(text, outputs_of(reply), attributions, licences_of(reply), reply)
        known = self.answers.get(text)
        self.answers[text] = answer if known is None else known.with_more(answer)

    def _finished(self, question: Question, error: AssayError | None) -> None:
        if error is not None:
            self.complain(error)
        elif question.methods:
            self._look_at(question.methods)
        elif self.text != question.text:
            self.notice("answered for an earlier text: ⏎ asks about this one")
        elif self._progress_shown:
            self.notice("")

    def _look_at(self, methods: Sequence[str]) -> None:
        """Show the first of some methods, of the same kind of target where it has that."""
        keys = attribution_keys(self.before, self.after)
        found = [key for key in keys if key[0] in methods]
        if found:
            same = self.key[1] if self.key in keys and self.key is not None else keys[0][1]
            self.key = min(found, key=lambda key: (list(methods).index(key[0]), key[1] != same))
            self._draw()
        self.notice(f"{names_of(methods)}: v goes through them")

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
        sentence = edit_words(self.original, self.text)
        if before is not None:
            sentence += f": {change_words(before.outputs, after.outputs)[0]}"
        form = finding_form(
            self.console_app.look,
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
        self._draw()
        self.notice(f"side: {self.side}")

    def do_view_method(self) -> None:
        """The next method or target."""
        keys = attribution_keys(self.before, self.after)
        if keys:
            at = 0 if self.key is None else keys.index(self.key) if self.key in keys else -1
            self.key = keys[(at + 1) % len(keys)]
            self._draw()

    def do_view_numbers(self) -> None:
        """Every number behind both answers."""
        before, after = self.before, self.after
        screen = TextScreen(
            self.console_app.look, "numbers", lambda width: number_lines(before, after, width)
        )
        self.app.push_screen(screen)

    def do_app_back(self) -> None:
        """Leave the entry line, cancel the question, or leave the screen."""
        if self.entry.is_open:
            self.close_entry()
        elif self._question is not None:
            self._end_question()
            self.console_app.probes.cancel()
            self._draw()
            self.notice("cancelled; the text is kept, ⏎ asks again")
        else:
            self.console_app.go_back()
