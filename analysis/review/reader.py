"""Reading a review: one immutable run, the events of everybody, and what follows from both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from functools import cache, lru_cache, wraps
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, NamedTuple, ParamSpec, Self, TypeVar, cast

import duckdb

from analysis.base.errors import AssayError
from analysis.base.gate_records import GateInput, GateResult, Trigger
from analysis.base.people import shown_as
from analysis.base.records import Example, Metric
from analysis.base.review_records import ReviewState, VerdictRecord
from analysis.base.sql import column, records
from analysis.base.sql import queries as named_queries
from analysis.plugin import registry
from analysis.plugin.gate import disputed
from analysis.plugin.question import KnownAnswer
from analysis.review import queries
from analysis.review import scope as scopes
from analysis.review.asked import Asked, asked_of, known_asked
from analysis.review.causes import Folded, fold
from analysis.review.coverage import slice_sentences
from analysis.review.earlier import EarlierVerdict, EarlierVerdicts
from analysis.review.evaluate import as_heard, deciding_refs, evaluate
from analysis.review.inspection import Inspection, inspection_of
from analysis.review.point import Point, today
from analysis.review.previous import CONFIG
from analysis.review.queries import ExampleEvidence, Overview, SliceProgress
from analysis.review.record import Record, merged, merged_sentence, record_sentences, uncounted
from analysis.review.reuse import Reuse, labels_teach, plain, reuse_note, reuse_of
from analysis.review.scope import QueueRow, Scope
from analysis.review.status import QueueParts, status_content
from analysis.store.heads import Loss, reported_evidence
from analysis.store.keys import ref_key
from analysis.store.losses import accepted_losses, missing
from analysis.store.packed import ATTRIBUTION
from analysis.store.replay import Replay, load_events, load_shown, review_state
from analysis.store.run import (
    attach,
    current_run,
    open_store,
    read_description,
    run_names,
    verify_evidence,
)
from analysis.store.shown import evidence_tables, models_digest, shown_digest, shown_digests
from analysis.store.streams import this_account

if TYPE_CHECKING:
    from types import TracebackType

    from analysis.plugin.question import Fact

NAME_LIMIT = 64
AGAIN = 3
"""Examples that each reviewer is shown again."""
AGAIN_AMONG = 20
"""They are among that many first verdicts, and come again after that many others."""
_SQL = named_queries(__package__, "reader.sql")
_SESSION = named_queries(__package__, "session.sql")
FEW = 8
"""Refs up to which each is looked up by itself, before all examples are read for them."""
EXAMPLES_KEPT = 64
"""Examples whose evidence a reader keeps: it does not change, and the console asks for it again at every event."""
ANSWERS_KEPT = 1024
"""Answers that a reader keeps until the next event."""

Asks = ParamSpec("Asks")
Told = TypeVar("Told")


def _kept(
    method: Callable[Concatenate[ReviewReader, Asks], Told],
) -> Callable[Concatenate[ReviewReader, Asks], Told]:
    """A method that reads the same for the same arguments until something is recorded: found once, then kept."""

    @wraps(method)
    def told(reader: ReviewReader, /, *args: Asks.args, **given: Asks.kwargs) -> Told:
        key = (method.__name__, args, tuple(sorted(given.items())))
        kept = reader._answers
        if key not in kept:
            if len(kept) >= ANSWERS_KEPT:
                kept.clear()
            kept[key] = method(reader, *args, **given)
        found = cast(Told, kept[key])
        return cast(Told, list(found)) if isinstance(found, list) else found

    return told


class SliceSentences(NamedTuple):
    """What is known of a slice, what the random controls say of its rest, and what of future traffic."""

    known: str
    this_slice: str
    future_traffic: str


class ReviewReader:
    """One reader of the run in force and of what everybody said of it. Made by `open`; writes nothing.

    Attributes:
        store: the review's folder.
        run: the run that is reviewed.
        description: its `run.json`.
        reviewer: the name that is shown beside what is recorded.
        actor: the account that recorded it; the identity that counts.
        connection: in-memory DuckDB with the run's evidence attached as `evidence` and the events beside
            it; it reaches no file and its configuration is locked.
    """

    def __init__(
        self, store: Path, run: str, connection: duckdb.DuckDBPyConnection, reviewer: str | None
    ) -> None:
        account = this_account()
        self.store = store
        self.run = run
        self.description = read_description(store, run)
        self.reviewer = display_name(reviewer if reviewer is not None else account.name)
        self.actor = account.actor
        self.connection = connection
        self._replay = Replay(store, connection, self.description["review"].get("aliases"))
        self._losses: list[Loss] = []
        self._seen = 0
        self._models = models_digest(self.description)
        self._tables = evidence_tables(connection)
        self._evidence = lru_cache(EXAMPLES_KEPT)(self._evidence_of)
        self._run_context = cache(lambda track: registry.get(track).run_context(connection))
        self._spoken_of: set[str] = set()
        """Examples that an event is about: of all others nothing has to be asked but the run."""
        self._answers: dict[object, object] = {}
        self._digests: dict[str, str] = {}
        self._shown: dict[str, str] = {}
        self._dirty = True
        self._queued = False
        self._input: GateInput | None = None
        self._last_input: GateInput | None = None
        self._gates: list[GateResult] | None = None
        self._heard: GateInput | None = None
        self._triggers: list[Trigger] | None = None
        self._earlier: EarlierVerdicts | None = None
        self._reuse: tuple[list[str], Reuse] | None = None
        self._point: Point | None = None

    @classmethod
    def open(cls, store: PathLike[str], reviewer: str | None = None) -> Self:
        """Open the run in force of a store and replay what everybody said.

        Raises:
            AssayError: it is no store, has no run, or the evidence is damaged.
        """
        path = open_store(store)
        return cls.of_run(path, current_run(path), reviewer)

    @classmethod
    def of_run(cls, store: PathLike[str], run: str, reviewer: str | None = None) -> Self:
        """Open one run of a store, in force or not, and replay what everybody said.

        Raises:
            AssayError: it is no store, has no such run, or the evidence is damaged.
        """
        return cls._opened(open_store(store), run, reviewer, lambda session: session._read_journals())

    @classmethod
    def at(cls, store: PathLike[str], run: str, point: Point) -> Self:
        """Open a run as it stood at some point, whatever was said and analysed since.

        Raises:
            AssayError: it is no store, has no such run, or the evidence is damaged.
        """
        path = open_store(store)

        def fill(session: Self) -> None:
            load_events(
                session.connection,
                point.events,
                merged=merged(point.record),
                uncounted=uncounted(point.record),
            )

        session = cls._opened(path, run, None, fill)
        session._point, session.actor = point, point.actor
        return session

    def _read_journals(self) -> None:
        """Replay everything that everybody said, and hold it against what else knows of it."""
        self._tail()
        self._losses = missing(self._replay)
        self._seen = self._replay.changes

    @classmethod
    def _opened(cls, path: Path, run: str, reviewer: str | None, fill: Callable[[Self], object]) -> Self:
        """Attach a run's evidence, let `fill` bring what people said, and allow nothing else."""
        connection = duckdb.connect(":memory:", config=CONFIG)
        try:
            attach(connection, path, run)
            session = cls(path, run, connection, reviewer)
            try:
                scopes.prepare(connection)
            except duckdb.Error as error:
                reason = str(error).splitlines()[0]
                raise AssayError(
                    f"the evidence of run {run} cannot be read: {reason}", where=str(path)
                ) from error
            connection.execute("SET enable_external_access = false; SET lock_configuration = true")
            fill(session)
        except BaseException:
            connection.close()
            raise
        return session

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the evidence."""
        self.connection.close()

    def overview(self) -> Overview:
        """The review on one screen."""
        self._requeue()
        review = self.description["review"]
        state = self.gate_input().state
        return Overview(
            name=review["name"],
            run=self.run,
            base_version=review.get("base_version") or "base",
            candidate_version=review.get("candidate_version") or "candidate",
            training_change=review.get("training_change") or "",
            main=self._main_metrics(),
            examples=self._number(_SQL["examples"]),
            reviewers=tuple(shown_as(*row) for row in self.connection.execute(_SQL["reviewers"]).fetchall()),
            disagreements=tuple(ref for ref in sorted(state.said) if disputed(state, ref)),
            notes=self.notes(),
        )

    def alarms(self) -> tuple[str, ...]:
        """What is wrong with the record, to be told before anything else: what is missing, set aside, or forgotten."""
        return tuple(record_sentences(self.record().plain()))

    def notes(self) -> tuple[str, ...]:
        """What a reader should know of the store, first what is wrong with its record (`alarms`)."""
        self._freshen()
        notes = [
            *self.alarms(),
            *(f"{name}: {why}" for name, why in self._replay.remarks.items()),
            *map(merged_sentence, self.record().merged),
        ]
        notes += [
            f"{path.parent.name}/{path.name}: a last line was never acknowledged and is set aside"
            for path in sorted(self._replay.torn)
        ]
        if (newer := self.newer_run()) is not None:
            notes.append(f"run {newer} is in force now; reopen the review to switch to it")
        if told := reuse_note(self.reuse()):
            notes.append(told)
        notes += [
            f"{labels_teach(count)} of {track}" for track, count in self.description.get("taught", {}).items()
        ]
        if self._earlier is not None:
            notes += [f"its verdicts are not offered again: {why}" for why in self._earlier.unreadable]
        if earlier := self._number(_SQL["earlier_verdicts"], run=self.run):
            notes.append(
                f"{earlier} verdict(s) of other runs do not count: the example or its evidence changed since"
            )
        return tuple(notes)

    def record(self) -> Record:
        """What is known of the record itself: what is missing, set aside, merged, and which losses were accepted."""
        missed = {one.stream_id: one for one in (*self._losses, *self._replay.gone.values())}
        return Record(
            missing=tuple(missed[name] for name in sorted(missed)),
            accepted=tuple(accepted_losses(self._replay)),
            aside=dict(sorted(self._replay.aside.items())),
            merged=tuple(self._replay.merged[name] for name in sorted(self._replay.merged)),
        )

    def check_evidence(self) -> str:
        """The digest of the run's evidence, after the whole file was read and compared with what was published.

        Nothing is remembered of a file that was read before: its size, times and place say nothing of its content.

        Raises:
            AssayError: it was changed since, or a decision or report of this store names another digest.
        """
        digest = verify_evidence(self.store, self.run)
        for told, witness in (*self._decided_on(), *reported_evidence(self.store, self.run)):
            if told != digest:
                raise AssayError(
                    f"the evidence of this run is not that of {witness}: its description was changed with it",
                    where=str(self.store),
                    hint="restore the run from a copy, or run `assay analyze REVIEW.toml --fresh` in a new store",
                )
        return digest

    def _decided_on(self) -> list[tuple[str, str]]:
        """The digests of the evidence that earlier decisions on this run stand on."""
        rows = self.connection.execute(_SQL["decided_on"], {"run": self.run}).fetchall()
        return [(digest, f"the decision of {shown_as(actor, reviewer)}") for digest, actor, reviewer in rows]

    def newer_run(self) -> str | None:
        """The run in force, where it is another than this session's."""
        run = current_run(self.store)
        return run if run != self.run else None

    def reuse(self) -> Reuse:
        """Which candidate on its data this one is, and what differed between the runs of this store."""
        names = [name for name in run_names(self.store) if not self._point or name in self._point.runs]
        if self._reuse is None or self._reuse[0] != names:
            found, unreadable = [], []
            for run in names:
                try:
                    found.append(self.description if run == self.run else read_description(self.store, run))
                except AssayError:
                    unreadable.append(run)
            self._reuse = names, reuse_of(self.description, found, unreadable)
        return self._reuse[1]

    def metrics(
        self,
        track: str | None = None,
        name: str | None = None,
        slice: str | None = None,  # noqa: A002
    ) -> list[Metric]:
        """Metrics of the run, narrowed by what is given."""
        return queries.metrics(self.connection, track, name, slice)

    @_kept
    def slices(self, track: str | None = None) -> list[SliceProgress]:
        """Slices, critical ones first, then those with the most broken less fixed."""
        self._requeue()
        self.connection.execute(_SQL["take_slices"])
        return queries.slice_progress(self.connection, self.actor, self.mains(), track)

    def mains(self) -> dict[str, str]:
        """The metric that stands for a slice, by track: the one that the run names, or the track."""
        settings = self.description["gate_settings"]
        return {
            name: settings.get(name, {}).get("main") or registry.get(name).main
            for name in self.description["tracks"]
            if registry.known(name)
        }

    @_kept
    def queue_count(self, scope: Scope) -> int:
        """Number of examples in a scope."""
        self._requeue()
        return scopes.count(self.connection, scope, self.actor)

    @_kept
    def queue_page(self, scope: Scope, offset: int, limit: int) -> list[QueueRow]:
        """Some examples of a scope, in its stable order."""
        self._requeue()
        return scopes.page(self.connection, scope, self.actor, offset, limit)

    @_kept
    def neighbour(self, ref: str | None, scope: Scope, step: int, undecided: bool = False) -> str | None:
        """The next (`step` +1) or previous (-1) example in a scope, or None at its end.

        Args:
            ref: where to start; it need not be in the scope. None starts outside, at the end that `step`
                comes from.
            scope: the choice of examples.
            step: +1 or -1.
            undecided: skip those that this reviewer has judged.
        """
        self._requeue()
        if undecided and not scope.undecided:
            scope = Scope(**{**asdict(scope), "undecided": True})
        return scopes.neighbour(self.connection, ref, scope, self.actor, step)

    @_kept
    def position(self, ref: str, scope: Scope) -> int | None:
        """Place of an example in a scope, from 0; None where it is not in it."""
        self._requeue()
        return scopes.position(self.connection, ref, scope, self.actor)

    @_kept
    def example(self, ref: str) -> ExampleEvidence:
        """All evidence on one example. Raises AssayError for an unknown ref."""
        self._freshen()
        evidence = self._evidence(ref)
        if evidence is None:
            raise self._unknown(ref)
        if ref in self._spoken_of:
            evidence = replace(
                queries.with_what_was_said(self.connection, evidence, self.actor),
                context=self._context(evidence.example),
            )
        return evidence

    def _shown_digest(self, ref: str) -> str:
        """Digest of the evidence shown of an example. Raises AssayError for an unknown ref."""
        if ref not in self._digests:
            evidence = self._evidence(ref)
            if evidence is None:
                raise self._unknown(ref)
            rows = {
                name: list(found)
                for name, found in evidence.payload.items()
                if name not in self._tables.pointing
            }
            rows[ATTRIBUTION] = [asdict(one) for one in evidence.attributions]
            self._digests[ref] = shown_digest(evidence.example.sha256, rows, evidence.critical, self._models)
        return self._digests[ref]

    def _evidence_of(self, ref: str) -> ExampleEvidence | None:
        """What stands of an example until somebody says something of it."""
        evidence = queries.example_evidence(self.connection, self._tables, ref)
        return evidence and replace(evidence, context=self._context(evidence.example))

    def own_verdict(self, ref: str) -> VerdictRecord | None:
        """What this account said of an example; None where nothing stands."""
        self._freshen()
        return queries.own_verdict(queries.verdicts_on(self.connection, ref), self.actor)

    def _example(self, ref: str) -> Example:
        """The example itself, without its evidence. Raises AssayError for an unknown ref."""
        self._freshen()
        example = queries.example_of(self.connection, ref)
        if example is None:
            raise self._unknown(ref)
        return example

    def _unknown(self, ref: str) -> AssayError:
        return AssayError(f"there is no example {ref!r} in run {self.run}", where=str(self.store))

    def _context(self, example: Example) -> dict[str, tuple[dict[str, Any], ...]]:
        """What the example's track shows with it; nothing of a track that this program does not know."""
        if not registry.known(example.track):
            return {}
        of_example = registry.get(example.track).example_context(self.connection, example.ref)
        return {**self._run_context(example.track), **of_example}

    def resolve_ref(self, text: str) -> str:
        """The ref that a full ref or a bare id means.

        Raises:
            AssayError: nothing has that name, or several examples have that id; it lists them.
        """
        found = self._column(_SQL["named"], text=text)
        if found and (found[0] == text or len(found) == 1):
            return found[0]
        if not found:
            near = self._column(_SQL["nearest"], text=text[:200])
            raise AssayError(
                f"there is no example {text!r}", hint=f"nearest: {', '.join(near)}" if near else None
            )
        raise AssayError(f"several examples have the id {text!r}", hint=f"say which: {', '.join(found)}")

    @_kept
    def progress(self) -> tuple[int, int]:
        """How much of what must be answered this reviewer has, known-answer items among it, and how much it is."""
        self._requeue()
        row = self.connection.execute(_SQL["needed"], {"actor": self.actor}).fetchone()
        assert row is not None
        return int(row[0]), int(row[1])

    @_kept
    def inspection(self) -> Inspection:
        """Which examples must be judged, and which of them are, by those whose verdicts count."""
        return inspection_of(self.heard())

    @_kept
    def parts(self) -> QueueParts:
        """How many examples each part of the queue holds."""
        self._requeue()
        row = self.connection.execute(_SQL["parts"]).fetchone()
        assert row is not None
        return QueueParts(*(int(count) for count in row))

    @_kept
    def asked(self, ref: str) -> Asked | None:
        """The question of an example whose sides this reviewer has not been shown yet; None where it stands open.

        Open is what this reviewer has judged, unless it is asked again; and everything where the track of the example
        has no question, or where the review is not blind. A known-answer item is asked there too: shown open it would
        measure nobody. Raises AssayError for an unknown ref.
        """
        track = self._example(ref).track
        again = bool(self._column(_SESSION["due_again"], ref=ref, actor=self.actor))
        if not registry.known(track):
            return None
        question = registry.get(track).ask(self.connection, ref)
        if question is None:
            return None
        found = records(self.connection, KnownAnswer, _SESSION["known_answer"], {"ref": ref})
        if found:
            given = self._column(_SESSION["answered_known"], run=self.run, ref=ref, actor=self.actor)
            return None if given else known_asked(question, found[0], self.actor, self.run)
        if not self.description["review"].get("blind", True) or (
            self.own_verdict(ref) is not None and not again
        ):
            return None
        return asked_of(question, self.actor, self.run, ref, again=again)

    def facts(self, ref: str, asked: Asked) -> tuple[Fact, ...]:
        """What the answers of a page are to be held against, as they stand on it."""
        track = self._example(ref).track
        if not registry.known(track):
            return ()
        answers = ["\n".join(answer) for answer in asked.answers]
        return registry.get(track).facts(self.connection, ref, answers)

    def earlier(self, ref: str) -> EarlierVerdict | None:
        """What this account said of an example in a previous review, where its content and what is asked are the same.

        None where nothing was said or something changed; where it has an answer here; and for a known-answer item.
        Raises AssayError for an unknown ref.
        """
        stores = self.description.get("previous_stores", ())
        example = self._example(ref)
        if not stores or self.own_verdict(ref) is not None or not registry.known(example.track):
            return None
        if self._is_known_answer(ref):
            return None
        question = registry.get(example.track).ask(self.connection, ref)
        if question is None:
            return None
        if self._earlier is None:
            self._earlier = EarlierVerdicts([Path(path) for path in stores], self.actor)
        return self._earlier.of(ref, example.sha256, question)

    def _is_known_answer(self, ref: str) -> bool:
        return bool(self._column(_SQL["is_known_answer"], ref=ref))

    def state(self) -> ReviewState:
        """What stands of what everybody said of this run."""
        self._freshen()
        verdicts = queries.standing_verdicts(self.connection)
        return review_state(
            self.connection,
            self.run,
            self.day,
            models=self._models,
            verdicts=verdicts,
            aliases=self._replay.aliases,
        )

    @property
    def day(self) -> str:
        """The ISO date against which waivers expire: today, or that of the point at which the review was opened."""
        return self._point.day if self._point else today()

    def gate_input(self) -> GateInput:
        """Everything that the gates are computed from."""
        self._freshen()
        if self._input is None or self._input.today != self.day:
            settings = {
                "models_sha256": self._models,
                "shown": dict(self._shown),
                "reuse": plain(self.reuse(), self.mains()),
                "record": dict(self._point.record) if self._point else self.record().plain(),
            }
            self._input = queries.gate_input(
                self.connection, self.description, self.day, self.state(), settings, self._last_input
            )
            self._last_input = self._input
            self._gates = self._heard = self._triggers = None
        return self._input

    def gates(self) -> list[GateResult]:
        """Every gate with its verdict, computed again when an event changed something."""
        given = self.gate_input()
        if self._gates is None:
            self._gates = evaluate(given)
        return self._gates

    def causes(self) -> Folded:
        """What the examples that got worse share, with the gates that rest on each; and the gates that rest on none."""
        gates = self.gates()
        return fold(self.gate_input(), gates)

    def heard(self) -> GateInput:
        """The gate input with those verdicts alone that count, and with what decides."""
        given, gates = self.gate_input(), self.gates()
        if self._heard is None:
            self._heard = as_heard(given, gates)
        return self._heard

    def triggers(self) -> list[Trigger]:
        """The triggers of the configured tracks, by the verdicts that count in their gates."""
        heard = self.heard()
        if self._triggers is None:
            self._triggers = [one for name in heard.tracks for one in registry.get(name).triggers(heard)]
        return self._triggers

    def status(self) -> dict[str, Any]:
        """What `assay status --json` prints: digests, plan, causes, gates, queue, decision, and whether to promote."""
        return status_content(self)

    def slice_sentences(self, slice: str, track: str | None = None) -> SliceSentences:  # noqa: A002
        """Three sentences on a slice that are never merged. Raises AssayError for an unknown slice."""
        return SliceSentences(*slice_sentences(self.connection, self.heard(), slice, track))

    def poll(self) -> bool:
        """Read what other sessions recorded; True where something is new, damaged or gone."""
        self._tail()
        if self._replay.changes == self._seen:
            return False
        self._seen = self._replay.changes
        self._changed()
        return True

    def _tail(self) -> None:
        """Read what is new, and set aside who speaks of examples that this run does not have."""
        if self._replay.tail():
            self._take_keys()
            for stream_id in self._column(_SQL["beside_the_run"], run=self.run):
                self._replay.set_stream_aside(stream_id, "it speaks of examples that this run does not have")

    def _take_keys(self) -> None:
        """Find the numbers of the examples of which something was said for the first time."""
        new = self._column(_SQL["unkeyed"])
        self._spoken_of.update(new)
        if len(new) > FEW:
            self.connection.execute(_SQL["take_keys"], {"refs": new})
        else:
            for ref in new:
                if (key := ref_key(self.connection, ref)) is not None:
                    self.connection.execute(_SQL["take_key"], {"ref": ref, "key": key})

    def _changed(self) -> None:
        self._dirty = True
        self._queued = False
        self._answers.clear()
        self._input = self._gates = self._heard = self._triggers = None

    def _freshen(self) -> None:
        """Bring the tables of what stands up to date with the events."""
        if not self._dirty:
            return
        self.connection.execute(_SQL["take_live"])
        self._take_keys()
        judged = self._column(_SQL["judged_elsewhere"], run=self.run)
        missing = [ref for ref in judged if ref not in self._shown]
        if missing:
            self._shown.update(shown_digests(self.connection, self._tables, self._models, missing))
            load_shown(self.connection, self._shown)
        self.connection.execute(_SQL["forget_verdicts"])
        self.connection.execute(_SQL["take_verdicts"], {"run": self.run})
        self.connection.execute(_SQL["take_contested"])
        self.connection.execute(
            _SQL["take_due_again"], {"run": self.run, "again": AGAIN, "among": AGAIN_AMONG}
        )
        self.connection.execute(_SQL["take_answered"], {"run": self.run})
        self._dirty = False

    def _requeue(self) -> None:
        """Bring the queue up to date: what decides follows from the gates, and these from what people said."""
        self._freshen()
        if self._queued:
            return
        deciding = deciding_refs(self.gates())
        self.connection.execute(_SQL["keep_deciding"])
        self.connection.execute(_SQL["forget_queue"])
        self.connection.execute(_SQL["take_deciding"], {"refs": list(deciding)})
        self.connection.execute(_SQL["take_queue"], {"actor": self.actor})
        self._queued = True

    def _column(self, sql: str, **given: object) -> list[str]:
        return column(self.connection, sql, given)

    @_kept
    def _standing(self, /, sql: str, **given: object) -> list[str]:
        """The values of a query's only column, which stand until something is recorded."""
        return self._column(sql, **given)

    def _number(self, sql: str, **given: object) -> int:
        return int(self._standing(sql, **given)[0])

    @_kept
    def _main_metrics(self) -> tuple[Metric, ...]:
        return queries.main_metrics(self.connection)


def display_name(name: str) -> str:
    """A reviewer's name as it is shown and recorded: printable, at most 64 characters. Raises AssayError."""
    shown = "".join(character for character in name if character.isprintable()).strip()[:NAME_LIMIT]
    if not shown:
        raise AssayError("a reviewer needs a name", where="--reviewer", hint="give one with --reviewer NAME")
    return shown
