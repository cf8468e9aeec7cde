"""A report held against the store that it came from: its evidence, its journals, its other reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from analysis.base.errors import AssayError
from analysis.base.gate_records import GateInput
from analysis.base.people import shown_as
from analysis.base.review_records import Event
from analysis.base.sql import records
from analysis.report.build import bundle
from analysis.report.reviewed import SQL
from analysis.report.succession import named_report, reports_in
from analysis.review.evaluate import blocking
from analysis.review.point import Point
from analysis.review.session import ReviewSession
from analysis.store.replay import Replay
from analysis.store.run import open_store, read_description, run_exists, verify_evidence

NOT_IN_STORE = ("supersedes", "versions")
"""Parts of the predicate that the store does not determine: `check_succession` has the first, nothing the second."""


def check_journals(store: Path, events: Sequence[Event], given: GateInput) -> str:
    """The events of a report are those of the store's journals, and none that came before its decision is left out.

    Args:
        store: the store.
        events: of `annotations.jsonl`, checked.
        given: what the report's own files make of the gates' input.

    Raises:
        AssayError: the store has other events, or fewer; some that stand before the decision and not in the report; or
            other streams among the report's were merged.
    """
    replay = Replay(open_store(store), aliases=given.aliases)
    replay.tail()
    known = records(replay.connection, Event, SQL["events"])
    there = {event.event_id: event.hash for event in known}
    for event in events:
        if there.get(event.event_id) != event.hash:
            raise AssayError(f"event {event.seq} of {event.stream_id} is not in the store's journals")
    merged = {str(one["stream_id"]) for one in given.settings["review"]["record"]["merged"]}
    otherwise = merged ^ ({event.stream_id for event in events} & {*replay.merged})
    if otherwise:
        raise AssayError(f"whether {min(otherwise)} was merged: the store says otherwise than the report")
    reported = {event.event_id for event in events}
    decided = max((event.lamport for event in events if event.kind == "decision"), default=0)
    left_out = [one for one in known if one.lamport < decided and one.event_id not in reported]
    if left_out:
        raise AssayError(
            f"{len(left_out)} events of the store came before the decision and are not in the report: first event "
            f"{left_out[0].seq} of {left_out[0].stream_id}"
        )
    later = len(there) - len(reported)
    return f"{len(reported)} events are in the journals of the store" + (
        f", {later} came later" if later else ""
    )


def check_evidence(
    store: Path, statement: Mapping[str, Any], events: Sequence[Event], given: GateInput
) -> str:
    """Everything that the report says follows from the evidence of its run, by writing the report again.

    Args:
        store: the store.
        statement: of `report.json`.
        events: of `annotations.jsonl`, checked.
        given: what the report's own files make of the gates' input.

    Raises:
        AssayError: the store has no such run, its evidence was changed or is another, or a part of the report, a number
            or a rule is not what the evidence gives.
    """
    told = statement["predicate"]
    run = str(told["run"]["id"])
    if not run_exists(store, run):
        raise AssayError(f"there is no run {run} in this store", where=str(store))
    verify_evidence(store, run)
    runs = [str(one["run"]) for one in given.settings["review"]["reuse"]["runs"]]
    before = [str(one) for one in read_description(store, run).get("after", ())]
    hidden = sorted({*before, run} - {*runs})
    if hidden:
        raise AssayError(f"run {hidden[0]} of the store came before, and the report does not tell of it")
    record = given.settings["review"]["record"]
    point = Point(tuple(events), given.today, frozenset(runs), str(told["decision"]["actor"]), record)
    with ReviewSession.at(store, run, point) as session:
        made = bundle(session, None)
    mine = made.statement["predicate"]
    for name in sorted({*mine, *told}):
        if name in NOT_IN_STORE:
            continue
        if name not in mine or name not in told or mine[name] != told[name]:
            raise AssayError(f"{name} in report.json is not what the evidence of the store gives")
    if made.statement["subject"] != statement["subject"]:
        raise AssayError("the subject of report.json is not that of the store")
    return f"written again from evidence {told['run']['evidence_sha256'][:12]} of the store: the same"


def check_standing(store: Path, statement: Mapping[str, Any]) -> None:
    """The promotion of a report stands in the store with all that was said there, also after it was written.

    Raises:
        AssayError: another decision was made since, or the gates no longer allow this one.
    """
    told = statement["predicate"]
    with ReviewSession.of_run(store, str(told["run"]["id"])) as session:
        decision = session.gate_input().state.decision
        if decision is None or decision.event_id != told["decision"]["event_id"]:
            now = (
                f"{decision.decision}, by {shown_as(decision.actor, decision.reviewer)}"
                if decision
                else "none"
            )
            raise AssayError(f"the decision of the store is another one: {now}")
        against = blocking(session.gates())
        if against:
            raise AssayError(
                f"with what was said in the store since, the gates do not allow it: {against[0].key}"
            )


def check_succession(statement: Mapping[str, Any], store: Path | None, superseded: Path | None) -> str:
    """The report that this one supersedes is in the store, or is the one that the verifier named.

    Raises:
        AssayError: it is neither.
    """
    told = statement["predicate"]["supersedes"]
    if superseded is not None:
        if told is None or told["sha256"] != named_report(superseded)["sha256"]:
            raise AssayError("does not supersede the report that was named", where=str(superseded))
        return f"supersedes {told['report']}, as named"
    if told is None:
        return "supersedes no report"
    if store is None:
        return f"says that it supersedes {told['report']}: its word, without the store"
    if told["sha256"] not in {one["sha256"] for one in reports_in(store)}:
        raise AssayError(
            f"supersedes a report {told['report']!r} that is not in the store: name it by --supersedes"
        )
    return f"supersedes {told['report']}, which is in the store"
