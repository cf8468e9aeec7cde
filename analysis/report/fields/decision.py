"""What was decided, by whom and why, and whether the gates allow promotion."""

from __future__ import annotations

from analysis.plugin.report_fields import DECISION
from analysis.report.field import Field
from analysis.report.reuse import reuse_sentences
from analysis.report.reviewed import Reviewed, listed
from analysis.review.evaluate import blocking


def _sentences(seen: Reviewed) -> list[str]:
    made = seen.decision
    said = f"{made.decision}, by {made.reviewer} (account {made.actor}) on {made.ts}: {made.reason}"
    against = blocking(seen.results)
    if against:
        named = listed([f"{one.key} ({one.verdict})" for one in against])
        allow = f"the gates do not allow promotion: {named}"
    else:
        waived = sum(1 for one in seen.results if one.verdict == "waived")
        allow = "the gates allow promotion" + (f", {waived} of them waived" if waived else "")
    return [*seen.told.get(DECISION, ()), said, allow, *reuse_sentences(seen.given)]


FIELD = Field(DECISION, 90, _sentences)
