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
) -> Reviewed:
    """Read everything that a report says from a session, at one point of its events.

    Raises:
        AssayError: a track reports under a title that is no field.
    """
    named = sorted({ref for finding in given.state.findings for ref in finding.refs})
    results = tuple(evaluate(given))
    heard = as_heard(given, results)
    return Reviewed(
        description=session.description,
        models=models,
        given=given,
        heard=heard,
        results=results,
        triggers=tuple(session.triggers()),
        slices=tuple(session.slices()),
        changes=all_changes(heard),
        told=_told(session, heard),
        attributed=frozenset(column(session.connection, SQL["attributed"], {"refs": named})),
        decision=decision,
    )


def _told(session: ReviewSession, given: GateInput) -> dict[str, tuple[str, ...]]:
    told: dict[str, tuple[str, ...]] = {}
    for name in given.tracks:
        track = registry.get(name)
        known = (*NINE, *track.report_fields())
        for title, sentences in track.report_sections(session.connection, given).items():
            if title not in known:
                raise AssayError(
                    f"the track {name!r} reports under {title!r}, and there is no such field",
                    hint=f"{suggest(title, known)} A field of its own stands in `Track.report_fields`",
                )
            told[title] = (*told.get(title, ()), *sentences)
    return told


def listed(names: Sequence[str]) -> str:
    """The first names, and how many more there are."""
    shown = ", ".join(names[:LISTED])
    return f"{shown} and {len(names) - LISTED} more" if len(names) > LISTED else shown


def models_words(models: Sequence[Mapping[str, Any]]) -> str:
    """Some models by track, folder and the beginning of their digest; whole digests stand among the digests."""
    return ", ".join(f"{one['track']} {one['folder']} ({one['digest'][:DIGEST]}…)" for one in models)
