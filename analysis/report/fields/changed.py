"""What behaves otherwise: causes, triggers that fired, declared changes, and findings that are not minor."""

from __future__ import annotations

from analysis.plugin.report_fields import CHANGED
from analysis.report.field import Field
from analysis.report.reviewed import Reviewed
from analysis.review.causes import fold


def _sentences(seen: Reviewed) -> list[str]:
    causes = fold(seen.given, seen.results).causes
    return [
        *(one.sentence for one in causes),
        *seen.told.get(CHANGED, ()),
        *(trigger.sentence for trigger in seen.triggers if trigger.fired),
        *(
            f"declared change {one.key}: {one.why} ({one.verdict})"
            for one in seen.results
            if one.name == "expected"
        ),
        *(
            f"{finding.severity} finding: {finding.text}"
            for finding in seen.given.state.findings
            if finding.severity != "minor"
        ),
    ]


FIELD = Field(CHANGED, 30, _sentences)
