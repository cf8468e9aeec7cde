"""What the report would say now, field by field: for whoever decides, before anything is recorded or written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.base.review_records import DecisionRecord
from analysis.plugin.report_fields import DECISION
from analysis.report.field import field_entries
from analysis.report.model_files import model_entries
from analysis.report.reviewed import Told, look, tell

if TYPE_CHECKING:
    from analysis.base.gate_records import GateInput
    from analysis.review.session import ReviewSession


class Preview:
    """The sentences of the report's fields, read in steps, so that whoever waits for a key is not kept.

    No field but that of the decision depends on the decision: they are read once for each event, not for each thought.

    Args:
        session: the review.
    """

    def __init__(self, session: ReviewSession) -> None:
        self._session = session
        self._given: GateInput | None = None
        self._told: Told = {}
        self._left: list[str] = []
        self._fields: dict[str, list[str]] | None = None

    @property
    def fields(self) -> dict[str, list[str]] | None:
        """The sentences by field in their order, but for that of the decision; None while they are not read."""
        return self._fields if self._given is self._session.gate_input() else None

    def step(self) -> bool:
        """Read a part: what one track says, and at last the fields. Whether something is left to read.

        What was read before the last event is read anew.

        Raises:
            AssayError: a track reports under a title that is no field.
        """
        given = self._session.gate_input()
        if self._given is not given:
            self._given, self._told, self._fields, self._left = given, {}, None, list(given.tracks)
            self._session.gates()
        elif self._left:
            tell(self._told, self._session, self._session.heard(), self._left[0])
            del self._left[0]
        elif self._fields is None:
            self._fields = _fields(self._session, given, self._told)
        return self._fields is None

    def whole(self) -> dict[str, list[str]]:
        """The sentences by field, read at once where they are not read yet. Raises AssayError as `step`."""
        while self.step():
            pass
        assert self._fields is not None
        return self._fields


def _fields(session: ReviewSession, given: GateInput, told: Told) -> dict[str, list[str]]:
    open_decision = DecisionRecord(
        event_id="",
        actor=session.actor,
        reviewer=session.reviewer,
        decision="hold",
        reason="",
        run=session.run,
        ts="",
    )
    seen = look(session, model_entries(session.description), given, open_decision, told)
    nine, _ = field_entries(seen)
    return {entry["field"]: entry["sentences"] for entry in nine if entry["field"] != DECISION}
