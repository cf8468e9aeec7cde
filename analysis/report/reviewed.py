"""One consistent look at a review: everything that a report says is written from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from analysis.base.errors import AssayError
from analysis.base.gate_records import GateInput, GateResult, Trigger
from analysis.base.problems import suggest
from analysis.base.review_records import DecisionRecord
from analysis.base.sql import column, queries
from analysis.plugin import registry
from analysis.plugin.change import Change
from analysis.plugin.report_fields import NINE
from analysis.report.changes import all_changes
from analysis.review.evaluate import as_heard, evaluate

if TYPE_CHECKING:
    from analysis.review.queries import SliceProgress
    from analysis.review.session import ReviewSession

SQL = queries(__package__, "report.sql")
Told = dict[str, tuple[str, ...]]
"""Sentences by the title of a field."""
LISTED = 5
"""Names that one sentence lists."""
DIGEST = 12
"""Characters of a digest in a sentence."""


@dataclass(frozen=True)
class Reviewed:
    """What a report is written from.

    Args:
        description: `run.json`.
        models: track, side, folder, digest and files of every model.
        given: what the gates are computed from.
        heard: the same with those verdicts alone that count, and with what decides.
        results: the gates.
        triggers: of the configured tracks.
        slices: every slice, critical ones first.
        changes: what got better and worse in all tracks, what matters most first.
        told: what the tracks report, by the title of the field.
        attributed: examples of findings that have attributions.
        decision: the decision that the report is of.
    """

    description: Mapping[str, Any]
    models: Sequence[Mapping[str, Any]]
    given: GateInput
    heard: GateInput
    results: tuple[GateResult, ...]
    triggers: tuple[Trigger, ...]
    slices: tuple[SliceProgress, ...]
    changes: tuple[Change, ...]
    told: Mapping[str, tuple[str, ...]]
    attributed: frozenset[str]
    decision: DecisionRecord


def look(
    session: ReviewSession,
    models: Sequence[Mapping[str, Any]],
    given: GateInput,
    decision: DecisionRecord,
    told: Told | None = None,
) -> Reviewed:
    """Read everything that a report says from a session, at one point of its events.

    Args:
        session: the review.
        models: as `Reviewed` has them.
        given: what the gates are computed from.
        decision: the decision that the report is of.
        told: what the tracks report at this point, where that was read before.

    Raises:
        AssayError: a track reports under a title that is no field.
    """
    named = sorted({ref for finding in given.state.findings for ref in finding.refs})
    # What the session has judged already is not judged again.
    own = given is session.gate_input()
    results = tuple(session.gates() if own else evaluate(given))
    heard = session.heard() if own else as_heard(given, results)
    if told is None:
        told = {}
        for name in given.tracks:
            tell(told, session, heard, name)
    return Reviewed(
        description=session.description,
        models=models,
        given=given,
        heard=heard,
        results=results,
        triggers=tuple(session.triggers()),
        slices=tuple(session.slices()),
        changes=all_changes(heard),
        told=told,
        attributed=frozenset(column(session.connection, SQL["attributed"], {"refs": named})),
        decision=decision,
    )


def tell(told: Told, session: ReviewSession, heard: GateInput, name: str) -> None:
    """Add what one track reports. Raises AssayError where that is under a title that is no field."""
    track = registry.get(name)
    known = (*NINE, *track.report_fields())
    for title, sentences in track.report_sections(session.connection, heard).items():
        if title not in known:
            raise AssayError(
                f"the track {name!r} reports under {title!r}, and there is no such field",
                hint=f"{suggest(title, known)} A field of its own stands in `Track.report_fields`",
            )
        told[title] = (*told.get(title, ()), *sentences)


def listed(names: Sequence[str]) -> str:
    """The first names, and how many more there are."""
    shown = ", ".join(names[:LISTED])
    return f"{shown} and {len(names) - LISTED} more" if len(names) > LISTED else shown


def models_words(models: Sequence[Mapping[str, Any]]) -> str:
    """Some models by track, folder and the beginning of their digest; whole digests stand among the digests."""
    return ", ".join(f"{one['track']} {one['folder']} ({one['digest'][:DIGEST]}…)" for one in models)
