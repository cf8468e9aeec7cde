"""Whether the criteria were fixed before the run, by whom and when, and what changed since."""

from __future__ import annotations

from analysis.report.field import Field
from analysis.report.reviewed import Reviewed
from analysis.review.plan import plan_content


def _sentences(seen: Reviewed) -> list[str]:
    return list(plan_content(seen.description)["sentences"])


FIELD = Field("Criteria fixed beforehand", 100, _sentences)
