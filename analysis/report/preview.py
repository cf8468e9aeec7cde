"""What the report would say now, field by field: for whoever decides, before anything is recorded or written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.base.review_records import DecisionRecord
from analysis.plugin.report_fields import DECISION
from analysis.report.field import field_entries
from analysis.report.model_files import model_entries
from analysis.report.reviewed import look

if TYPE_CHECKING:
    from analysis.review.session import ReviewSession


def preview(session: ReviewSession) -> dict[str, list[str]]:
    """The sentences of the report's fields by title, in their order, but for that of the decision.

    No other field depends on the decision: it is read once for each event, not for each thought.
    """
    open_decision = DecisionRecord(
        event_id="",
        actor=session.actor,
        reviewer=session.reviewer,
        decision="hold",
        reason="",
        run=session.run,
        ts="",
    )
    seen = look(session, model_entries(session.description), session.gate_input(), open_decision)
    nine, _ = field_entries(seen)
    return {entry["field"]: entry["sentences"] for entry in nine if entry["field"] != DECISION}
