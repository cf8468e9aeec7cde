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
from analysis.plots.scatter_svg import check_svg
from analysis.plugin.gate import judges_of
from analysis.plugin.registry import get
from analysis.report import canonical, render, reviewers
from analysis.report.field import field_entries
from analysis.report.moved_slices import moves
from analysis.report.recompute import rules_content
from analysis.report.reviewed import SQL, Reviewed, look
from analysis.report.sums import SUMS, format_sums, is_figure_name, read_limited
from analysis.review.decision import check_decision
from analysis.store.files import require_free, write_folder
from analysis.store.run import verify_evidence

if TYPE_CHECKING:
    from analysis.review.queries import SliceProgress
    from analysis.review.session import ReviewSession

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "https://assay.review/inspection-report/v1"

SCHEMA = 4
"""Version of the predicate's layout."""


@dataclass(frozen=True)
class Bundle:
    """The files of a report, by name, and the statement that they carry."""

    statement: dict[str, Any]
    files: dict[str, bytes]


def export(session: ReviewSession, directory: Path | None, decision: Decision, reason: str) -> Path:
    """Record the decision and write the report of it.

    Args:
        session: the review; the decision becomes an event of its reviewer.
        directory: the folder to make; `STORE/report/NAME-RUN-N` by default.
        decision: promote only while the gates allow it; hold and reject always.
        reason: what a reader needs to know; not empty.

    Returns:
        The new folder, complete and unsigned.

    Raises:
        AssayError: promotion that the gates do not allow, no reason, a folder that is taken, evidence that was
            changed since it was published, a run with numbers that are not finite, a disk that refuses.
    """
    # Whatever can be refused is refused before the decision is recorded.
    verify_evidence(session.store, session.run)
    statement(session, decision, reason)
    target = directory if directory is not None else _next_folder(session)
    require_free(target)
    earlier = _latest_report(session, target)
    session.decide(decision, reason)
    write_folder(target, bundle(session, earlier).files, private=directory is None)
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
    return bundle(session, None, made).statement


def bundle(
    session: ReviewSession, supersedes: Mapping[str, str] | None, pending: DecisionRecord | None = None
) -> Bundle:
    """All files of the report of the latest decision, or of one that is not recorded yet.

    Raises:
        AssayError: nothing was decided in this run yet.
    """
    given = session.gate_input()
    if pending is not None:
        given = replace(given, state=replace(given.state, decision=pending))
    if given.state.decision is None:
        raise AssayError("nothing was decided in this run yet", where=str(session.store))
    models = model_entries(session.description)
    seen = look(session, models, given, given.state.decision)
    events = read_events(session)
    subject = {f"{one['prefix']}/{name}": digest for one in models for name, digest in one["files"].items()}
    files = {
        "annotations.jsonl": canonical.lines(events, "annotations.jsonl"),
        "metrics.jsonl": canonical.lines(given.metrics, "metrics.jsonl"),
        "model.sha256": format_sums(subject),
        "rules.json": canonical.dumps(rules_content(given), "rules.json"),
    }
    files |= _figures(session, given)
    annotations = {"events": len(events), "heads": heads(events)}
    predicate = _predicate(session, seen, annotations, _digests(files))
    predicate["supersedes"] = dict(supersedes) if supersedes else None
    content = {
        "_type": STATEMENT_TYPE,
        "predicateType": PREDICATE_TYPE,
        "subject": subject_entries(subject),
        "predicate": predicate,
    }
    files["report.json"] = canonical.dumps(content, "report.json")
    # Rendered from the bytes that a verifier will read, not from the objects they were made of.
    parsed = canonical.loads(files["report.json"], "report.json")
    files["report.md"] = render.markdown(parsed).encode("utf-8")
    files[SUMS] = format_sums(_digests(files))
    return Bundle(parsed, files)


def _figures(session: ReviewSession, given: GateInput) -> dict[str, bytes]:
    """The pictures of every track, each checked to be nothing but a picture."""
    found: dict[str, bytes] = {}
    for name in given.tracks:
        for file, data in get(name).plots(session.connection, given).items():
            if not is_figure_name(file) or file in found:
                raise ValueError(f"{file!r} of the track {name} cannot be a figure's name, or is taken")
            check_svg(data, file)
            found[file] = data
    return found


def subject_entries(digests: Mapping[str, str]) -> list[dict[str, Any]]:
    """The `subject` of an in-toto statement: every file with its SHA-256, sorted by name."""
    return [{"name": name, "digest": {"sha256": digests[name]}} for name in sorted(digests)]


def _digests(files: Mapping[str, bytes]) -> dict[str, str]:
    return {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}


def read_events(session: ReviewSession) -> list[Event]:
    """Every event of the review in its order: (lamport, stream, sequence)."""
    return records(session.connection, Event, SQL["events"])


def model_entries(description: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Track, side, folder, digest and files of every model of a run; the form that is served counts as a side.

    `prefix` stands before the file names in `model.sha256`: the name of the model's folder, with the
    side (and the track) before it where two different models lie in folders of the same name.
    """
    determined = description["determined_by"]
    found = [
        {
            "track": track,
            "side": side,
            "folder": one["folder"],
            "digest": one["digest"],
            "files": dict(description["model_files"][track][side]),
        }
        for models in (determined["models"], determined.get("deployed", {}))
        for track, sides in models.items()
        for side, one in sides.items()
    ]
    for depth in range(3):
        for one in found:
            one["prefix"] = "/".join(
                [*([one["track"]] if depth > 1 else []), *([one["side"]] if depth else [])]
            )
            one["prefix"] = f"{one['prefix']}/{one['folder']}" if one["prefix"] else one["folder"]
        digests: dict[str, set[str]] = {}
        for one in found:
            digests.setdefault(one["prefix"], set()).add(one["digest"])
        if all(len(values) == 1 for values in digests.values()):
            break
    return found


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
        "exported_at": _now(),
        "review": description["review"],
        "fields": nine,
        "further": further,
        **reviewers.entries(seen.given, seen.results),
        "triggers": seen.triggers,
        "slices": [_slice_entry(session, seen.heard, one) for one in seen.slices if one.critical],
        "run": {
            "id": session.run,
            "evidence_sha256": description["evidence_sha256"],
            "determined_by": description["determined_by"],
            "skipped_rows": description.get("skipped_rows", {}),
        },
        "datasets": [
            {"track": name, "examples": one["examples"], "data": one["data"], "metadata": one["metadata"]}
            for name, one in description["determined_by"]["tracks"].items()
        ],
        "models": seen.models,
        "annotations": annotations,
        "files": files,
        "versions": {"assay": _own_version()},
        "signers_required": description["review"].get("signers_required", 1),
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


def _slice_entry(session: ReviewSession, given: GateInput, one: SliceProgress) -> dict[str, Any]:
    """What changed in a critical slice, how many of its random controls were inspected, and what may be said of it."""
    controls = [entry.ref for entry in given.queue if entry.control and one.slice in entry.critical_slices]
    known, this_slice, future_traffic = session.slice_sentences(one.slice, one.track)
    return {
        "slice": one.slice,
        "track": one.track,
        "moves": moves(one),
        "controls": len(controls),
        "controls_inspected": sum(
            judges_of(given.state, ref) >= given.reviewers_required for ref in controls
        ),
        "known": known,
        "this_slice": this_slice,
        "future_traffic": future_traffic,
    }


def _next_folder(session: ReviewSession) -> Path:
    name = re.sub(r"[^A-Za-z0-9._+-]", "_", str(session.description["review"]["name"]))[:80].lstrip(".")
    parent = session.store / "report"
    number = 1
    while (parent / f"{name or 'review'}-{session.run}-{number}").exists():
        number += 1
    return parent / f"{name or 'review'}-{session.run}-{number}"


def _latest_report(session: ReviewSession, target: Path) -> dict[str, str] | None:
    """Name and digest of the newest report of this review, in the store or beside `target`."""
    name = canonical.plain(session.description["review"]["name"])
    newest: tuple[str, int, dict[str, str]] | None = None
    for parent in {(session.store / "report").resolve(), target.parent.resolve()}:
        for path in parent.glob("*/report.json") if parent.is_dir() else ():
            try:
                data = read_limited(path)
                predicate = canonical.loads(data, str(path))["predicate"]
                if predicate["review"]["name"] != name:
                    continue
                order = (str(predicate["exported_at"]), int(predicate["annotations"]["events"]))
            except (AssayError, KeyError, TypeError, ValueError):
                # A folder that is no report, or was edited, is not one that this report can follow.
                continue
            if newest is None or order > newest[:2]:
                digest = hashlib.sha256(data).hexdigest()
                newest = (*order, {"report": path.parent.name, "sha256": digest})
    return newest[2] if newest else None
