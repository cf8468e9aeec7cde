"""What behaves otherwise: causes, blockers, changes that can be told from noise, other findings, declared changes."""

from __future__ import annotations

from dataclasses import asdict

from analysis.base.people import shown_as
from analysis.base.review_records import FindingRecord
from analysis.plugin.report_fields import CHANGED
from analysis.report.cause_words import cause_sentence
from analysis.report.changes import told
from analysis.report.field import Field
from analysis.report.number_words import sentence
from analysis.report.reviewed import Reviewed
from analysis.review.causes import fold


def _sentences(seen: Reviewed) -> list[str]:
    causes = fold(seen.given, seen.results).causes
    explained = {gate.key for one in causes for gate in one.gates}
    ranked = [one for one in seen.changes if not one.slice and not explained.intersection(one.gates)]
    # Where it depends whether a change is for the better, it comes after those of which that is known.
    ranked.sort(key=lambda one: one.way == "neither")
    silent = set(seen.given.tracks) - {one.track for one in seen.changes}
    findings = {
        severity: [_finding(one) for one in seen.given.state.findings if one.severity == severity]
        for severity in ("blocker", "major")
    }
    return [
        *(cause_sentence(asdict(one.cause)) for one in causes),
        *findings["blocker"],
        *told(ranked),
        *(sentence(one.sentence) for one in seen.triggers if one.fired and one.track in silent),
        *findings["major"],
        *(
            sentence(f"declared change {one.key}: {one.why} ({one.verdict})")
            for one in seen.results
            if one.name == "expected"
        ),
        *seen.told.get(CHANGED, ()),
    ]


def _finding(one: FindingRecord) -> str:
    return f"“{one.text}” ({shown_as(one.actor, one.reviewer)}, {one.severity} finding)"


FIELD = Field(CHANGED, 30, _sentences)
