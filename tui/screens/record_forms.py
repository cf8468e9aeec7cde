"""The forms of findings and waivers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from analysis.attribution.licences import FindingEvidence
from analysis.base.errors import AssayError
from analysis.base.gate_records import GateResult
from analysis.base.review_records import SEVERITIES
from tui.draw.gate_lines import by_urgency, gate_value
from tui.draw.number_text import plural
from tui.draw.theme import Colours
from tui.screens.form import Field, FormScreen

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from analysis.review.session import ReviewSession

NO_GATE = "(moves no gate)"
"""What the form of a finding says where no gate is meant."""
NO_EVIDENCE = "none"
"""What the form of a finding says where no evidence is named."""
WAIVER_DAYS = 30
"""Days until a waiver expires, unless its owner says otherwise."""


def finding_form(
    colours: Colours,
    session: ReviewSession,
    gate: str | None,
    refs: tuple[str, ...],
    *,
    text: str = "",
    whatif: Callable[[], str] | None = None,
    shown: Sequence[FindingEvidence] = (),
) -> FormScreen:
    """The form of a finding, tied to examples and, where given, to the gate that it moves.

    Args:
        colours: depth and background.
        session: the review.
        gate: key of the gate that it starts with.
        refs: its examples.
        text: what the sentence starts as.
        whatif: saves the what-if that the finding rests on, and returns the id of that event.
        shown: the attributions that are on the screen; one that is not licensed is refused.
    """
    gates = by_urgency(session.gates())
    keys = (*[entry.key for entry in gates], NO_GATE)

    def submit(values: dict[str, str]) -> None:
        if not values["text"].strip():
            raise AssayError("a finding needs a sentence about the candidate")
        chosen = None if values["gate"] == NO_GATE else values["gate"]
        severity = next(entry for entry in SEVERITIES if entry == values["severity"])
        rests_on = None if whatif is None else whatif()
        named = offered[values["evidence"]]
        session.finding(values["text"].strip(), chosen, list(refs), severity, rests_on, named)

    offered: dict[str, FindingEvidence | None] = {NO_EVIDENCE: None}
    offered |= {str(one): one for one in (FindingEvidence("counterfactual"), *shown)}
    listed = ", ".join(refs[:3]) + (f" and {len(refs) - 3} more" if len(refs) > 3 else "")
    return FormScreen(
        colours,
        "finding",
        [f"One sentence about the candidate, tied to {plural(len(refs), 'example')}: {listed or 'none'}."],
        [
            Field("text", "finding", text),
            Field("gate", "moves gate", gate or (keys[0] if gates else NO_GATE), keys),
            Field("severity", "severity", "major", SEVERITIES),
            Field("evidence", "evidence", NO_EVIDENCE, tuple(offered)),
        ],
        submit,
    )


def expiry() -> str:
    """The day on which a waiver expires, unless its owner says otherwise, as YYYY-MM-DD."""
    return (datetime.now(UTC) + timedelta(days=WAIVER_DAYS)).date().isoformat()


def waiver_form(colours: Colours, session: ReviewSession, gate: GateResult) -> FormScreen:
    """The form of a waiver of one gate, at its present value, in this run."""

    def submit(values: dict[str, str]) -> None:
        if not values["reason"].strip():
            raise AssayError("a waiver needs a reason")
        session.waive(gate.key, values["reason"].strip(), values["expires"].strip())

    return FormScreen(
        colours,
        f"waive {gate.key}",
        [
            f"{gate.verdict}: {gate.why}" if gate.why else gate.verdict,
            f"You accept {gate_value(gate)} (limit: {gate.threshold}) in run {session.run} and no other. "
            "The owner of the candidate cannot be the only one to waive. The report prints it first.",
        ],
        [Field("reason", "reason"), Field("expires", "expires", expiry())],
        submit,
    )
