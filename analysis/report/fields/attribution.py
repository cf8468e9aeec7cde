"""What explanations show, and what reviewers found on examples whose attributions they were shown."""

from __future__ import annotations

from analysis.base.people import shown_as
from analysis.plugin.report_fields import ATTRIBUTION
from analysis.report.field import Field
from analysis.report.reviewed import Reviewed


def _sentences(seen: Reviewed) -> list[str]:
    return [
        *seen.told.get(ATTRIBUTION, ()),
        *(
            f"“{finding.text}” ({shown_as(finding.actor, finding.reviewer)}, {finding.severity} finding"
            + (f" on {finding.gate})" if finding.gate else ")")
            + (f"; evidence: {finding.evidence}" if finding.evidence else "")
            for finding in seen.given.state.findings
            if seen.attributed.intersection(finding.refs)
        ),
    ]


FIELD = Field(ATTRIBUTION, 70, _sentences, of_tracks=True)
