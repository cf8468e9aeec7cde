"""The forms of findings and waivers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from analysis.errors import AssayError
from analysis.records import SEVERITIES, GateResult
from tui.figures import plural
from tui.gate_lines import by_urgency, gate_value
from tui.screens.form import Field, FormScreen
from tui.theme import Look

if TYPE_CHECKING:
    from analysis.review import ReviewSession

NO_GATE = "(moves no gate)"
"""What the form of a finding says where no gate is meant."""
WAIVER_DAYS = 30
"""Days until a waiver expires, unless its owner says otherwise."""


def finding_form(look: Look, session: ReviewSession, gate: str | None, refs: tuple[str, ...]) -> FormScreen:
    """The form of a finding, tied to examples and, where given, to the gate that it moves."""
    gates = by_urgency(session.gates())
    keys = (*[entry.key for entry in gates], NO_GATE)

    def submit(values: dict[str, str]) -> None:
        if not values["text"].strip():
            raise AssayError("a finding needs a sentence about the candidate")
        chosen = None if values["gate"] == NO_GATE else values["gate"]
        severity = next(entry for entry in SEVERITIES if entry == values["severity"])
        session.finding(values["text"].strip(), chosen, list(refs), severity)

    shown = ", ".join(refs[:3]) + (f" and {len(refs) - 3} more" if len(refs) > 3 else "")
    return FormScreen(
        look,
        "finding",
        [f"One sentence about the candidate, tied to {plural(len(refs), 'example')}: {shown or 'none'}."],
        [
            Field("text", "finding"),
            Field("gate", "moves gate", gate or (keys[0] if gates else NO_GATE), keys),
            Field("severity", "severity", "major", SEVERITIES),
        ],
        submit,
    )


def waiver_form(look: Look, session: ReviewSession, gate: GateResult) -> FormScreen:
    """The form of a waiver of one gate, at its present value, in this run."""
    expires = (datetime.now(UTC) + timedelta(days=WAIVER_DAYS)).date().isoformat()

    def submit(values: dict[str, str]) -> None:
        if not values["reason"].strip():
            raise AssayError("a waiver needs a reason")
        session.waive(gate.key, values["reason"].strip(), values["expires"].strip())

    return FormScreen(
        look,
        f"waive {gate.key}",
        [
            f"{gate.verdict}: {gate.why}" if gate.why else gate.verdict,
            f"You accept {gate_value(gate)} (limit: {gate.threshold}) in run {session.run} and no other. "
            "The owner of the candidate cannot be the only one to waive. The report prints it first.",
        ],
        [Field("reason", "reason"), Field("expires", "expires", expires)],
        submit,
    )
