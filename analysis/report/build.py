"""A review at one point of its events -> the folder of an inspection report, unsigned."""

from __future__ import annotations

import hashlib
import importlib.metadata
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis.base.errors import AssayError
from analysis.base.gate_records import GateInput
from analysis.base.review_records import Decision, DecisionRecord, Event
from analysis.base.sql import records
from analysis.plots.figure import Figure
from analysis.plots.figure_svg import figure_svg
from analysis.plugin.registry import get
from analysis.report import canonical, render, reviewers
from analysis.report.attest import attestations
from analysis.report.field import field_entries
from analysis.report.held import dataset_entries, signers_required
from analysis.report.model_files import model_entries, model_sums, subject_entries
from analysis.report.recompute import rules_content
from analysis.report.reviewed import SQL, Reviewed, look
from analysis.report.slice_entries import slice_entry
from analysis.report.succession import latest_report, named_report
from analysis.report.sums import format_sums, is_figure_name
from analysis.review.decision import check_decision
from analysis.store.files import require_free, write_folder
from analysis.store.run import verify_evidence
from analysis.store.signatures import SUMS

if TYPE_CHECKING:
    from analysis.review.session import ReviewSession

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "https://assay.review/inspection-report/v1"

SCHEMA = 5
"""Version of the predicate's layout."""


@dataclass(frozen=True)
class Bundle:
    """The files of a report, by name, and the statement that they carry."""

    statement: dict[str, Any]
    files: dict[str, bytes]


def export(
    session: ReviewSession,
    directory: Path | None,
    decision: Decision,
    reason: str,
    *,
    attest: bool = False,
    supersedes: Path | None = None,
) -> Path:
    """Record the decision and write the report of it.

    Args:
        session: the review; the decision becomes an event of its reviewer.
        directory: the folder to make; `STORE/report/NAME-RUN-N` by default.
        decision: promote only while the gates allow it; hold and reject always.
        reason: what a reader needs to know; not empty.
        attest: write `svr.json` (of a promotion) and `test-result.json` as well (`analysis.report.attest`).
        supersedes: the folder of the report that this one takes the place of; by default the newest one of this
            review in the store.

    Returns:
        The new folder, complete and unsigned.

    Raises:
        AssayError: promotion that the gates do not allow, no reason, a folder that is taken, evidence that was
            changed since it was published, a run with numbers that are not finite, a disk that refuses.
    """
    # Whatever can be refused is refused before the decision is recorded.
    verify_evidence(session.store, session.run)
    ahead = statement(session, decision, reason)
    if attest:
        attestations(ahead)
    target = directory if directory is not None else _next_folder(session)
    require_free(target)
    earlier = (
        named_report(supersedes)
        if supersedes
        else latest_report(session.store, session.description["review"]["name"])
    )
    session.decide(decision, reason)
    write_folder(target, bundle(session, earlier, attest=attest).files, private=directory is None)
    return target


def statement(session: ReviewSession, decision: Decision, reason: str) -> dict[str, Any]:
    """What `report.json` would say with that decision, now; nothing is recorded.

    Raises:
        AssayError: as `export`.
    """
    session.poll()
    check_decision(decision, reason, session.gates())
    made = DecisionRecord(
        event_id="",
        actor=session.actor,
        reviewer=session.reviewer,
        decision=decision,
        reason=reason,
        run=session.run,
        ts=_now(),
    )
    return _stated(session, None, made).statement


def bundle(
    session: ReviewSession,
    supersedes: Mapping[str, str] | None,
    pending: DecisionRecord | None = None,
    *,
    attest: bool = False,
) -> Bundle:
    """All files of the report of the latest decision, or of one that is not recorded yet.

    Raises:
        AssayError: nothing was decided in this run yet, or there is nothing to attest.
    """
    made = _stated(session, supersedes, pending)
    files = made.files | render.rendered(made.statement)
    if attest:
        files |= attestations(made.statement)
    files[SUMS] = format_sums(_digests(files))
    return Bundle(made.statement, files)


def _stated(
    session: ReviewSession, supersedes: Mapping[str, str] | None, pending: DecisionRecord | None
) -> Bundle:
    """The statement and the files that it names; pages and sums follow from it."""
    given = session.gate_input()
    if pending is not None:
        given = replace(given, state=replace(given.state, decision=pending))
    if given.state.decision is None:
        raise AssayError("nothing was decided in this run yet", where=str(session.store))
    models = model_entries(session.description)
    seen = look(session, models, given, given.state.decision)
    events = read_events(session)
    files = {
        "annotations.jsonl": canonical.lines(events, "annotations.jsonl"),
        "metrics.jsonl": canonical.lines(given.metrics, "metrics.jsonl"),
        "model.sha256": format_sums(model_sums(models)),
        "rules.json": canonical.dumps(rules_content(given), "rules.json"),
    }
    figures = _figures(session, given)
    files |= {f"{name}.svg": figure_svg(figure) for name, figure in figures.items()}
    annotations = {"events": len(events), "heads": heads(events)}
    predicate = _predicate(session, seen, annotations, _digests(files))
    predicate["figures"] = figures
    predicate["supersedes"] = dict(supersedes) if supersedes else None
    content = {
        "_type": STATEMENT_TYPE,
        "predicateType": PREDICATE_TYPE,
        "subject": subject_entries(models),
        "predicate": predicate,
    }
    files["report.json"] = canonical.dumps(content, "report.json")
    # Read back from the bytes that a verifier will read, so that the pages are not made of other objects.
    return Bundle(canonical.loads(files["report.json"], "report.json"), files)


def _figures(session: ReviewSession, given: GateInput) -> dict[str, Figure]:
    """The figures of every track, by name."""
    found: dict[str, Figure] = {}
    for name in given.tracks:
        for figure, content in get(name).figures(session.connection).items():
            if not is_figure_name(f"{figure}.svg") or figure in found:
                raise ValueError(f"{figure!r} of the track {name} cannot be a figure's name, or is taken")
            found[figure] = content
    return found


def _digests(files: Mapping[str, bytes]) -> dict[str, str]:
    return {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}


def read_events(session: ReviewSession) -> list[Event]:
    """Every event of the review in its order: (lamport, stream, sequence)."""
    return records(session.connection, Event, SQL["events"])


def _predicate(
    session: ReviewSession,
    seen: Reviewed,
    annotations: Mapping[str, Any],
    files: Mapping[str, str],
) -> dict[str, Any]:
    description = seen.description
    nine, further = field_entries(seen)
    return {
        "schema": SCHEMA,
        "render_format": render.RENDER_FORMAT,
        "exported_at": seen.decision.ts,
        "review": description["review"],
        "fields": nine,
        "further": further,
        **reviewers.entries(seen.given, seen.results),
        "triggers": seen.triggers,
        "slices": [slice_entry(session, seen.heard, one) for one in seen.slices if one.critical],
        "run": {
            "id": session.run,
            "evidence_sha256": description["evidence_sha256"],
            "determined_by": description["determined_by"],
            "skipped_rows": description.get("skipped_rows", {}),
        },
        "datasets": dataset_entries(description["determined_by"]),
        "models": seen.models,
        "annotations": annotations,
        "files": files,
        "versions": {"assay": _own_version()},
        "signers_required": signers_required(description["review"]),
    }


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _own_version() -> str:
    try:
        return importlib.metadata.version("assay-review")
    except importlib.metadata.PackageNotFoundError:
        return "run from its source, not installed"


def heads(events: Sequence[Event]) -> list[dict[str, Any]]:
    """Number of events and hash of the last one, for each journal."""
    last: dict[str, Event] = {}
    for event in events:
        if event.stream_id not in last or event.seq > last[event.stream_id].seq:
            last[event.stream_id] = event
    return [{"stream_id": name, "events": last[name].seq, "head": last[name].hash} for name in sorted(last)]


def _next_folder(session: ReviewSession) -> Path:
    name = re.sub(r"[^A-Za-z0-9._+-]", "_", str(session.description["review"]["name"]))[:80].lstrip(".")
    parent = session.store / "report"
    number = 1
    while (parent / f"{name or 'review'}-{session.run}-{number}").exists():
        number += 1
    return parent / f"{name or 'review'}-{session.run}-{number}"
