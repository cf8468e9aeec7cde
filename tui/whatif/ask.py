"""The questions of a what-if: put to both models in their own process, one by one, while the screen stays live."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from textual import on, work
from textual.timer import Timer

from analysis.base.errors import AssayError
from analysis.base.records import SIDES
from analysis.plugin.registry import get
from analysis.review.queries import by_side
from analysis.review.whatif import attributions_of, licences_of, missing_models, outputs_of
from tui.draw.messages import ProbeAnswered
from tui.plugin.attributions import Key
from tui.screens.jobs import probe_job
from tui.whatif.answer import Answer, attribution_keys
from tui.whatif.edit import EditScreen
from tui.whatif.question import Question, names_of, requests_for

if TYPE_CHECKING:
    from analysis.base.records import MethodSpec
    from analysis.live.client import LiveProbes
    from analysis.plugin.live import LiveRequest
    from tui.draw.lines import StyleLike

RESPITE_S = 3.0
"""What was said stays so long before progress takes its place."""


class AskScreen(EditScreen):
    """A screen whose text both models can be asked about; answers are kept by text.

    Attributes:
        answers: of the worker, by text.
        key: the attribution that is looked at.
    """

    def __init__(self) -> None:
        super().__init__()
        self.answers: dict[str, Answer] = {}
        self.key: Key | None = None
        self._number = 0
        self._question: Question | None = None
        self._timer: Timer | None = None
        self._said_at = 0.0
        self._progress_shown = False

    @property
    def methods(self) -> Mapping[str, MethodSpec]:
        """What the run says of its attribution methods, by name."""
        return {} if self.evidence is None else self.evidence.methods

    @property
    def explained(self) -> bool:
        """Whether answers of the example's track can have attributions."""
        return self.evidence is not None and get(self.evidence.example.track).live_explained

    @property
    def before(self) -> Answer | None:
        """What the run has of the example's own text, with what the worker said of it."""
        evidence = self.evidence
        if evidence is None:
            return None
        live = self.answers.get(self.original)
        sides = by_side(evidence.payload.get(f"{evidence.example.track}_side", ()))
        kept = get(evidence.example.track).live_output
        if any(name not in sides.get(side, {}) for side in SIDES for name in kept):
            return live
        outputs = {side: {name: sides[side][name] for name in kept} for side in SIDES}
        stored = Answer(self.original, outputs, evidence.attributions, evidence.licences)
        return stored if live is None else stored.with_more(live)

    @property
    def after(self) -> Answer | None:
        """The answer to the text as it is now; None where it was not asked, or nothing was changed."""
        return None if self.text == self.original else self.answers.get(self.text)

    @property
    def asking(self) -> bool:
        """Whether the models are asked about the text as it is now, and have not answered yet."""
        return self._question is not None and self._question.text == self.text

    def do_whatif_ask(self) -> None:
        """Ask both models, in their own process: what they predict, then why."""
        requests = self._requests()
        if requests:
            self._start(requests)
        elif self.text == self.original:
            more = ", A explains by all methods" if self.explained else ""
            self.notice(f"nothing is changed yet: d deletes a cue, i edits{more}", "warn")

    def do_whatif_more(self) -> None:
        """Explain both texts also by the methods that are computed only when asked for."""
        evidence = self.evidence
        if evidence is None:
            return
        methods = tuple(spec.name for spec in evidence.methods.values() if spec.on_demand)
        if not self.explained or not methods:
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
        track = evidence.example.track
        return requests_for(track, evidence.example.ref, known, methods, explained=self.explained)

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
        self.end_question()
        self._question = Question(self.text, requests, methods, evidence.methods, time.monotonic())
        self._timer = self.set_interval(1.0, self._tell_progress)
        self._ask(self.console_app.probes, self._number, requests)
        self._said_at = 0.0
        self.draw()
        self._tell_progress()

    def notice(self, text: str, style: StyleLike = "text") -> None:
        """Say something in the notice line, which progress then leaves alone for a while."""
        self._said_at = time.monotonic() if text else 0.0
        self._progress_shown = False
        super().notice(text, style)

    def _tell_progress(self) -> None:
        now = time.monotonic()
        if self._question is not None and now - self._said_at > RESPITE_S:
            super().notice(self._question.progress(now))
            self._progress_shown = True

    def end_question(self) -> None:
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
            self.draw()
            return
        if message.error is None and message.left:
            self._question = replace(question, done=question.done + 1)
            self._tell_progress()
        else:
            self.end_question()
            self._finished(question, message.error)
        self.draw()
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
        keys = attribution_keys(self.before, self.after, self.methods)
        found = [key for key in keys if key[0] in methods]
        if found:
            same = self.key[1] if self.key in keys and self.key is not None else keys[0][1]
            self.key = min(found, key=lambda key: (list(methods).index(key[0]), key[1] != same))
            self.draw()
        self.notice(f"{names_of(methods, self.methods)}: v goes through them")
