"""A review in progress: the one object that the console, the plain mode and the commands stand on.

A session reads one immutable run and the events of everybody, and writes events to a journal of its own.
What it writes is on the disk before a call returns. Looking writes nothing.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from os import PathLike
from pathlib import Path
from typing import Any, Self, TypeVar

import duckdb

from analysis.attribution.licences import FindingEvidence, check_evidence
from analysis.base.errors import AssayError
from analysis.base.gate_records import GateResult
from analysis.base.problems import suggest
from analysis.base.records import SIDES, Side
from analysis.base.review_records import (
    ANSWERS,
    RIGHTS,
    SEVERITIES,
    SPAN_VERDICTS,
    Answer,
    Correctness,
    Decision,
    Event,
    Label,
    ReviewState,
    Right,
    Severity,
    SpanVerdict,
)
from analysis.base.sql import column, queries
from analysis.plugin.gate import differing_labels, disputed
from analysis.plugin.question import Ask
from analysis.plugin.registry import get, known
from analysis.review.asked import Asked, Choice, correctness_of
from analysis.review.decision import check_decision
from analysis.review.drafts import Drafts
from analysis.review.earlier import confirmation
from analysis.review.evaluate import allow
from analysis.review.point import today
from analysis.review.reader import ReviewReader
from analysis.review.scope import Scope
from analysis.store.heads import Head, sign_head, write_head
from analysis.store.journal import Journal
from analysis.store.keys import ref_key
from analysis.store.ledger import update_ledger
from analysis.store.streams import this_account

T = TypeVar("T")
LEDGER_TRIES = 25
LEDGER_PAUSE = 0.02
"""Seconds between tries for the ledger at the end of a session; who holds it all that time does the work."""
TEXT_LIMIT = 16_000
"""Longest note, cause, reason or finding, in characters."""

_LOG = logging.getLogger(__name__)
_SQL = queries(__package__, "session.sql")
CORRECTNESS: dict[Right, dict[str, Correctness]] = {
    "candidate": {"base": "wrong", "candidate": "right"},
    "base": {"base": "right", "candidate": "wrong"},
    "both": {"base": "right", "candidate": "right"},
    "neither": {"base": "wrong", "candidate": "wrong"},
    "unsure": {"base": "unsure", "candidate": "unsure"},
}
"""What a spoken verdict says of each side."""
_UNDOABLE = ("verdict", "cause", "note", "tokens", "finding", "waiver", "settle", "whatif")


@dataclass(frozen=True, slots=True)
class Undone:
    """What an undo took back or a redo put back; `sentence` says it in words."""

    event_id: str
    kind: str
    ref: str | None
    sentence: str


class ReviewSession(ReviewReader):
    """One reviewer's session on the run in force. Made by `ReviewSession.open`.

    Everything that it records is on the disk before the call returns. The journal's file appears with the
    first event: looking writes nothing.
    """

    def __init__(
        self, store: Path, run: str, connection: duckdb.DuckDBPyConnection, reviewer: str | None
    ) -> None:
        super().__init__(store, run, connection, reviewer)
        account = this_account()
        self.read_only = False
        self._journal = Journal(store, account, self.reviewer)
        self._drafts = Drafts(store, account, self.reviewer)
        self._unkept: list[str] = []
        self._untold = False

    @classmethod
    def open(cls, store: PathLike[str], reviewer: str | None = None, read_only: bool = False) -> Self:
        """Open the run in force of a store and replay what everybody said.

        Args:
            store: the review's folder.
            reviewer: the name shown beside what is recorded; the account's by default.
            read_only: refuse to record anything.

        Raises:
            AssayError: it is no store, has no run, or the evidence is damaged.
        """
        session = super().open(store, reviewer)
        session.read_only = read_only
        return session

    def close(self) -> None:
        """Close the journal; if this session wrote anything, note its head, bring the ledger up to date, sign the head.

        What of that cannot be written is a warning in the log: every event is in the journals. Signing comes last: it
        may have to wait for an agent.
        """
        wrote = self._journal.wrote
        self._journal.close()
        try:
            if wrote:
                end = self._journal.position
                head = Head(self._journal.stream_id, end.seq, end.hash)
                _or_log("the head of this session is not noted", lambda: write_head(self.store, head))
                _or_log("the ledger is not up to date", self._bring_up_to_date)
                _or_log("the head of this session is not signed", lambda: sign_head(self.store, head))
        finally:
            self.connection.close()

    def _bring_up_to_date(self) -> None:
        self._tail()
        # Who opens the store looks into the ledger for a moment, and holds its lock.
        for _ in range(LEDGER_TRIES):
            if update_ledger(self._replay):
                return
            time.sleep(LEDGER_PAUSE)

    # What is recorded

    def verdict(
        self,
        ref: str,
        right: Right,
        cause: str | None = None,
        note: str | None = None,
        *,
        asked: Asked | None = None,
        seconds: float | None = None,
    ) -> Event:
        """Record which side is right, and with it a cause and a note where given. Durable on return.

        Args:
            ref: the example.
            right: which side.
            cause: why.
            note: anything else.
            asked: the question, where it was answered before the sides were shown: the verdict is then blind.
            seconds: how long it took.
        """
        _one_of("verdict", right, RIGHTS)
        body: dict[str, Any] = {**CORRECTNESS[right], "blind": asked is not None, "seconds": seconds}
        if asked is not None:
            body |= {"order": list(asked.order or ()), "again": asked.again}
        if cause is not None:
            body["cause"] = _text("cause", cause)
        if note is not None:
            body["note"] = _text("note", note)
        return self._record_on(ref, "verdict", body)

    def answer(self, ref: str, choice: Choice, seconds: float | None = None) -> Event:
        """Record what a reviewer chose on a page whose sides are hidden: a verdict, or a known answer.

        Raises:
            AssayError: no such example, or nothing is asked of it.
        """
        asked = self._asked(ref)
        if asked.asks:
            raise AssayError("each answer is asked by itself", where=ref, hint="label it")
        if choice == "second" and len(asked.answers) == 1:
            raise AssayError("both sides answer the same: there is no B", where=ref)
        if asked.order is not None:
            return self.verdict(ref, asked.right(choice), asked=asked, seconds=seconds)
        body = {"given": asked.given(choice), "seconds": seconds}
        return self._record_on(ref, "known_answer", body)

    def label(self, ref: str, said: Mapping[str, Sequence[Answer]], seconds: float | None = None) -> Event:
        """Record what a reviewer said of each answer on a page whose sides are hidden. Durable on return.

        Args:
            ref: the example.
            said: by what is asked, the answer to it for each answer as they stand; one where both sides answer the
                same.
            seconds: how long it took.

        Raises:
            AssayError: no such example, nothing is asked of its answers, or something was left out.
        """
        asked = self._asked(ref)
        self._check_labels(ref, asked.asks, said, len(asked.answers))
        if len(said) < len(asked.asks):
            missing = next(one.name for one in asked.asks if one.name not in said)
            raise AssayError(f"nothing is said of {missing!r}", where=ref)
        if asked.order is None:
            return self._record_on(ref, "known_answer", {"given": asked.given_by(said), "seconds": seconds})
        labels = asked.labels(said)
        body = {"blind": True, "seconds": seconds, "order": list(asked.order), "again": asked.again}
        return self._record_on(ref, "verdict", {**self._labelled(asked.asks, labels), **body})

    def label_sides(
        self, ref: str, said: Mapping[str, Mapping[Side, Answer]], seconds: float | None = None
    ) -> Event:
        """Record what a reviewer says of the sides, by what is asked; what they said before of the rest stands.

        Raises:
            AssayError: no such example, nothing is asked of its answers, or not this; or it is a known-answer item,
                of whose answers no side can be told.
        """
        example = self._example(ref)
        question = get(example.track).ask(self.connection, example.ref)
        if question is None or not question.asks:
            raise AssayError("nothing is asked of the answers of this example", where=ref)
        if self._is_known_answer(example.ref):
            raise AssayError(
                "its answer is known: it has no sides", where=ref, hint="answer it in the console"
            )
        pairs = {name: [sides[side] for side in SIDES] for name, sides in said.items()}
        self._check_labels(ref, question.asks, pairs, len(SIDES))
        mine = self.own_verdict(example.ref)
        kept = {one[0]: Label(*one) for one in mine.labels} if mine is not None else {}
        kept |= {name: Label(name, *answers) for name, answers in pairs.items()}
        labels = tuple(kept[one.name] for one in question.asks if one.name in kept)
        body = {"blind": False, "seconds": seconds}
        return self._record_on(example.ref, "verdict", {**self._labelled(question.asks, labels), **body})

    def asks(self, ref: str) -> tuple[Ask, ...]:
        """What is asked of each answer of an example by itself; none where a verdict is asked for, or nothing.

        Raises:
            AssayError: no such example.
        """
        example = self._example(ref)
        question = get(example.track).ask(self.connection, example.ref) if known(example.track) else None
        return question.asks if question is not None else ()

    def _asked(self, ref: str) -> Asked:
        asked = self.asked(ref)
        if asked is None:
            raise AssayError("nothing is asked of this example", where=ref)
        return asked

    def _check_labels(
        self, ref: str, asks: Sequence[Ask], said: Mapping[str, Sequence[str]], answers: int
    ) -> None:
        names = [one.name for one in asks]
        for name, given in said.items():
            if name not in names:
                raise AssayError(f"{name!r} is not asked here", where=ref, hint=suggest(name, names))
            if len(given) != answers:
                raise AssayError(f"{name!r} needs {answers} answers, and has {len(given)}", where=ref)
            for one in given:
                _one_of("answer", one, ANSWERS)

    @staticmethod
    def _labelled(asks: Sequence[Ask], labels: Sequence[Label]) -> dict[str, Any]:
        said = {str(side): told for side, told in correctness_of(labels, asks).items()}
        told = {one.name for one in labels}
        # What nothing is said of is asked on: the example is not done with.
        rest = [one.name for one in asks if one.name not in told]
        return {**said, "labels": [list(one) for one in labels], **({"open": rest} if rest else {})}

    def confirm(self, ref: str, seconds: float | None = None) -> Event:
        """Record the verdict of a previous review again, as blind as it was then. Durable on return.

        Raises:
            AssayError: no such example, or `earlier` has nothing to offer of it.
        """
        found = self.earlier(ref)
        if found is None:
            raise AssayError("there is no earlier verdict to confirm", where=ref, hint="give one of your own")
        body = {
            **CORRECTNESS[found.right],
            "blind": found.blind,
            "seconds": seconds,
            "confirms": confirmation(found),
            **({"labels": [list(one) for one in found.labels]} if found.labels else {}),
        }
        return self._record_on(ref, "verdict", body)

    def cause(self, ref: str, text: str) -> Event:
        """Record why an example fails; an empty text takes the cause away."""
        return self._record_on(ref, "cause", {"cause": _text("cause", text)})

    def note(self, ref: str, text: str) -> Event:
        """Record a note on an example; an empty text takes the note away."""
        return self._record_on(ref, "note", {"note": _text("note", text)})

    def tokens(self, ref: str, marks: Iterable[tuple[Side, int, int]]) -> Event:
        """Record marked parts of an example's text as (side, start, end) character offsets."""
        text = self._example(ref).text
        plain = []
        for side, start, end in marks:
            _one_of("side", side, SIDES)
            if not 0 <= start < end <= len(text):
                raise AssayError(
                    f"characters {start} to {end} are not part of this text of {len(text)}", where=ref
                )
            plain.append([side, start, end])
        return self._record_on(ref, "tokens", {"tokens": plain})

    def judge_span(
        self, ref: str, side: Side, detector: str, start: int, end: int, verdict: SpanVerdict
    ) -> Event:
        """Record that a span which a detector found is what it says, or is not.

        Raises:
            AssayError: the run has no such span.
        """
        _one_of("verdict on a span", verdict, SPAN_VERDICTS)
        place = {"side": side, "detector": detector, "start": start, "end": end}
        if not self._number(_SQL["spans"], ref=ref, **place):
            raise AssayError(
                f"{detector} found nothing at characters {start} to {end} of the {side}", where=ref
            )
        return self._record_on(ref, "tokens", {"span": {**place, "verdict": verdict}})

    def whatif(self, ref: str, text: str, outputs: Mapping[Side, Mapping[str, Any]]) -> Event:
        """Record what both models answered to a text that was made from an example.

        It may support a finding and never enters a statistic.

        Args:
            ref: the example that the text was made from.
            text: what the models read.
            outputs: by side, at least what the track's `live_output` names.

        Raises:
            AssayError: no such example, a text too long to be kept, or an answer that lacks a side or column.
        """
        shown = self._example(ref)
        models = self.description["determined_by"]["models"][shown.track]
        names = get(shown.track).live_output
        try:
            kept = {side: {name: outputs[side][name] for name in names} for side in SIDES}
        except KeyError as error:
            raise AssayError(f"this answer has no {error}", where=ref) from error
        body = {
            "text": _text("text", text),
            "outputs": kept,
            "models": {side: models[side]["digest"] for side in SIDES},
        }
        return self._record_on(ref, "whatif", body)

    def finding(
        self,
        text: str,
        gate: str | None,
        refs: Sequence[str],
        severity: Severity = "major",
        whatif: str | None = None,
        evidence: FindingEvidence | None = None,
    ) -> Event:
        """Record a sentence about the candidate, with its examples and the gate that it moves.

        Args:
            text: the sentence.
            gate: key of the gate that it moves, or None.
            refs: its examples.
            severity: how much it matters.
            whatif: id of the `whatif` event that it rests on.
            evidence: what else it rests on; None where nothing is named.

        Raises:
            AssayError: an unknown gate, example or what-if, or evidence that these examples do not have or
                that is not licensed.
        """
        _one_of("severity", severity, SEVERITIES)
        sentence = _text("finding", text, required=True)
        if gate is not None:
            self._gate(gate)
        known = self._known(refs)
        self._freshen()
        if whatif is not None and not self._column(_SQL["standing_whatif"], event_id=whatif):
            raise AssayError(f"there is no what-if {whatif!r}, or it was taken back", hint="save it again")
        for ref in refs:
            if ref not in known:
                raise AssayError(f"there is no example {ref!r} in run {self.run}", where=str(self.store))
        if evidence is not None:
            check_evidence(self.connection, self._tables, list(dict.fromkeys(refs)), evidence)
        body = {
            "text": sentence,
            "gate": gate,
            "refs": list(dict.fromkeys(refs)),
            "severity": severity,
            "models_sha256": self._models,
            **({"whatif": whatif} if whatif is not None else {}),
            **({"evidence": asdict(evidence)} if evidence is not None else {}),
        }
        return self._record("finding", body)

    def waive(self, key: str, reason: str, expires: str) -> Event:
        """Accept one gate key at its value and threshold of now, in this run, until a date.

        Raises:
            AssayError: no such key, nothing to waive, it may not be waived yet, or the date is not to come.
        """
        gate = self._gate(key)
        if gate.verdict not in ("fail", "unknown", "waived"):
            raise AssayError(f"{key} is {gate.verdict!r}: there is nothing to waive")
        if gate.waiver_blocked:
            raise AssayError(f"{key} cannot be waived: {gate.waiver_blocked}")
        try:
            last = date.fromisoformat(expires)
        except ValueError as error:
            raise AssayError(f"{expires!r} is not a date", hint="write it as 2026-12-31") from error
        if last.isoformat() < today():
            raise AssayError(f"{expires} is past: a waiver needs a day to come")
        body = {
            "key": key,
            "value": gate.value,
            "threshold": gate.threshold,
            "reason": _text("reason", reason, required=True),
            "expires": last.isoformat(),
        }
        return self._record("waiver", body)

    def settle(self, ref: str, right: Right) -> Event:
        """Record what the reviewers agreed on after they disagreed.

        Raises:
            AssayError: no such example, its reviewers do not disagree (one person cannot overrule another alone), or
                this reviewer has not judged it.
        """
        _one_of("verdict", right, RIGHTS)
        if self.asks(ref):
            raise AssayError(
                "each answer is asked by itself", where=ref, hint="settle what each does: --label"
            )
        self._check_disputed(ref)
        return self._record_on(ref, "settle", dict(CORRECTNESS[right]))

    def settle_labels(self, ref: str, said: Mapping[str, Mapping[Side, Answer]]) -> Event:
        """Record what the reviewers agreed on of each answer after their labels differed.

        Args:
            ref: the example.
            said: what each side's answer does, by what is asked. What is left out stays as it was settled before, or as
                all who said something of it say.

        Raises:
            AssayError: what `settle` raises, nothing is asked of the answers, or not this; or something is left out on
                which they do not agree.
        """
        asks = self.asks(ref)
        if not asks:
            raise AssayError("nothing is asked of the answers of this example", where=ref)
        pairs = {name: [sides[side] for side in SIDES] for name, sides in said.items()}
        self._check_labels(ref, asks, pairs, len(SIDES))
        state = self._check_disputed(ref)
        records, before = state.said[ref], [one for one in state.settlements if one.ref == ref]
        differ = set(differing_labels(one.labels for one in records))
        agreed = {one[0]: one for record in records for one in record.labels if one[0] not in differ}
        agreed |= {one[0]: one for record in before for one in record.labels}
        known = {name: Label(*one) for name, one in agreed.items()}
        known |= {name: Label(name, *answers) for name, answers in pairs.items()}
        open_ones = [one.name for one in asks if one.name in differ - set(known)]
        if open_ones:
            raise AssayError(f"they do not agree on {open_ones[0]!r}, of which nothing is said", where=ref)
        labels = tuple(known[one.name] for one in asks if one.name in known)
        body = self._labelled(asks, labels)
        return self._record_on(ref, "settle", {name: body[name] for name in (*SIDES, "labels")})

    def _check_disputed(self, ref: str) -> ReviewState:
        """What people said, where this reviewer may settle an example."""
        shown, state = self._example(ref), self.gate_input().state
        if ref not in state.settled and not disputed(state, ref):
            raise AssayError(
                "its reviewers do not disagree: there is nothing to settle",
                where=shown.ref,
                hint="give a verdict of your own",
            )
        if not any(one.actor == self.actor for one in state.said.get(ref, ())):
            raise AssayError("give your own verdict first", where=shown.ref)
        return state

    def decide(self, decision: Decision, reason: str) -> Event:
        """Record the decision on this run. Promote is refused while the gates do not allow it."""
        sentence = _text("reason", reason)
        check_decision(decision, reason, self.gates())
        digest = self.check_evidence()
        allowed = allow(self.gates())
        body = {"decision": decision, "reason": sentence, "gates_allow": allowed, "evidence_sha256": digest}
        return self._record("decision", body)

    def undo(self) -> Undone | None:
        """Take back the last thing that this reviewer recorded in this run, also from an earlier session."""
        return self._turn("undo", "last_said")

    def redo(self) -> Undone | None:
        """Put back what was undone last, unless something new was recorded since."""
        return self._turn("redo", "last_undone")

    # Where the reviewer is

    # None of this is the record, and what fails in it is never told in the place of what was recorded.

    def save_draft(self, ref: str, text: str) -> None:
        """Keep a half-written note; where it cannot be kept, `unkept` says so."""
        if not self.read_only:
            self._beside("what you type is not kept as a draft", lambda: self._drafts.save_draft(ref, text))

    def draft(self, ref: str) -> str | None:
        """The half-written note on an example, or None."""
        return self._beside("the draft cannot be read", lambda: self._drafts.draft(ref))

    def clear_draft(self, ref: str) -> None:
        """Forget the half-written note on an example."""
        self._beside("its draft stays", lambda: self._drafts.clear_draft(ref))

    def save_decision_draft(self, decision: Decision | None, reason: str) -> None:
        """Keep a decision and its reason that are not recorded yet. Raises AssayError where they cannot be kept."""
        if not self.read_only:
            self._drafts.save_decision(self.run, decision, reason)

    def decision_draft(self) -> tuple[Decision | None, str]:
        """The decision on this run that is not recorded yet, and its reason."""
        return self._drafts.decision(self.run)

    def clear_decision_draft(self) -> None:
        """Forget it."""
        self._drafts.clear_decision()

    def bookmark(self, ref: str, scope: Scope) -> None:
        """Remember where the reviewer is, for the next session; where that cannot be kept, `unkept` says so."""
        if not self.read_only:
            self._beside("your place is not kept", lambda: self._drafts.bookmark(ref, scope))

    def last_place(self) -> tuple[str, Scope] | None:
        """Where the reviewer was last, if that example is in this run."""
        place = self._beside("your last place cannot be read", self._drafts.last_place)
        return place if place is not None and self._known([place[0]]) else None

    def unkept(self) -> str:
        """What could not be kept beside the record since this was asked last, and why; empty where all was kept."""
        told, self._unkept = list(dict.fromkeys(self._unkept)), []
        return "; ".join(told)

    def _beside(self, what: str, bookkeeping: Callable[[], T]) -> T | None:
        try:
            return bookkeeping()
        except AssayError as error:
            # Without place and remedy: a notice has one line, and nothing is lost but the reviewer's place.
            self._unkept.append(f"{what}: {error.message}")
            return None

    # Inside

    def _gate(self, key: str) -> GateResult:
        gates = {gate.key: gate for gate in self.gates()}
        if key not in gates:
            raise AssayError(f"there is no gate {key!r} in this review", hint=suggest(key, gates))
        return gates[key]

    def _known(self, refs: Sequence[str]) -> list[str]:
        """Those of some refs that are examples of this run."""
        return [ref for ref in refs if ref_key(self.connection, ref) is not None]

    def _record_on(self, ref: str, kind: str, body: dict[str, Any]) -> Event:
        """Record something of one example, with a digest of what was shown of it."""
        digest = self._shown_digest(ref)
        critical = column(self.connection, _SQL["critical_slices"], {"ref": ref})
        body = {
            **body,
            "evidence_sha256": digest,
            "critical_slices": critical[0] if critical else [],
        }
        return self._record(kind, body, ref=ref)

    def _record(
        self, kind: str, body: dict[str, Any], ref: str | None = None, target: str | None = None
    ) -> Event:
        if self.read_only:
            raise AssayError(
                "this session only reads", where=str(self.store), hint="open the review without read-only"
            )
        self._journal.observe(self._replay.lamport)
        event = self._journal.append(kind, run=self.run, body=body, ref=ref, target=target)
        self._untold = True
        self._replay.accept(event)
        self._changed()
        return event

    def untold(self) -> bool:
        """Whether something was recorded since this was asked last, so that what fails next is no failure of that."""
        untold, self._untold = self._untold, False
        return untold

    def _turn(self, kind: str, query: str) -> Undone | None:
        """Undo or redo the event that a query finds."""
        self._freshen()
        own = {"actor": self.actor, "reviewer": self.reviewer, "run": self.run, "kinds": list(_UNDOABLE)}
        row = self.connection.execute(_SQL[query], own).fetchone()
        if row is None:
            return None
        event_id, of, ref, body = row
        self._record(kind, {}, ref=ref, target=event_id)
        told = self._column(_SQL["told"], body=body)[0]
        words = [of, *([told] if told else []), *(["on", ref] if ref else [])]
        return Undone(event_id, of, ref, " ".join(words))


def _or_log(what: str, bookkeeping: Callable[[], object]) -> None:
    """Do bookkeeping beside the journals; where it fails, the log says so."""
    try:
        bookkeeping()
    except (AssayError, OSError) as error:
        _LOG.warning("what was recorded is saved; beside it, %s: %s", what, error)


def _text(what: str, text: str, *, required: bool = False) -> str:
    if required and not text.strip():
        raise AssayError(f"a {what} is needed", hint="say it in a few words")
    if len(text) > TEXT_LIMIT:
        raise AssayError(f"this {what} has {len(text):,} characters, at most {TEXT_LIMIT:,} are kept")
    return text


def _one_of(what: str, value: str, known: Sequence[str]) -> None:
    if value not in known:
        raise AssayError(f"{value!r} is no {what}", hint=f"one of {', '.join(known)}")
