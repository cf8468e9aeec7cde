"""What `assay status --json` prints of a review."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from analysis.review.causes import causes_content
from analysis.review.determined import inputs_content
from analysis.review.evaluate import allow, state_of
from analysis.review.plan import plan_content
from analysis.review.reviewers import reviewer_records
from analysis.store.signatures import signed_by

if TYPE_CHECKING:
    from pathlib import Path

    from analysis.base.gate_records import GateInput, GateResult, Trigger
    from analysis.review.causes import Folded
    from analysis.review.inspection import Inspection
    from analysis.review.record import Record

CRITERION = ("what", "value", "low", "high", "limit", "verdict")
"""What `status --json` says of each row of a gate."""


class QueueParts(NamedTuple):
    """How many examples decide a gate, are random controls, known-answer items, worth a look; and all of them."""

    decides: int
    controls: int
    known_answers: int
    worth_a_look: int
    total: int


class Reader(Protocol):
    """A review that is read (`analysis.review.reader`)."""

    store: Path
    run: str
    description: dict[str, Any]

    def gates(self) -> list[GateResult]:
        """Every gate with its verdict."""

    def gate_input(self) -> GateInput:
        """Everything that the gates are computed from."""

    def heard(self) -> GateInput:
        """The same with those verdicts alone that count."""

    def inspection(self) -> Inspection:
        """Which examples must be judged, and which of them are."""

    def parts(self) -> QueueParts:
        """How many examples each part of the queue holds."""

    def causes(self) -> Folded:
        """What the examples that got worse share."""

    def record(self) -> Record:
        """What is known of the record itself."""

    def triggers(self) -> list[Trigger]:
        """The triggers of the configured tracks."""


def status_content(reader: Reader) -> dict[str, Any]:
    """Digests, plan, causes, gates, queue, decision, and whether to promote, as plain data.

    In the queue, `total` is what must be judged and `inspected` how much of it is, as `review.coverage` counts it.
    """
    gates = reader.gates()
    given = reader.gate_input()
    decision = given.state.decision
    parts, inspection = reader.parts(), reader.inspection()
    allowed = allow(gates)
    keys = (
        "key",
        "name",
        "track",
        "slice",
        "verdict",
        "blocking",
        "value",
        "measures",
        "unit",
        "better",
        "low",
        "high",
        "n",
        "threshold",
    )
    return {
        "schema": 3,
        "review": reader.description["review"]["name"],
        "run": reader.run,
        "state": state_of(gates, decision),
        "gates_allow": allowed,
        "decision": decision.decision if decision else None,
        "signed_by": signed_by(reader.store, decision.event_id) if decision else [],
        "promotable": allowed and decision is not None and decision.decision == "promote",
        "evidence_sha256": reader.description["evidence_sha256"],
        **inputs_content(reader.description),
        "plan": plan_content(reader.description),
        "causes": causes_content(reader.causes()),
        "gates": [
            {
                **{key: getattr(gate, key) for key in keys},
                "criteria": [{name: getattr(row, name) for name in CRITERION} for row in gate.criteria],
                "why": gate.why,
                "refs": list(gate.refs),
            }
            for gate in gates
        ],
        "queue": {
            "decides": parts.decides,
            "controls": parts.controls,
            "worth_a_look": parts.worth_a_look,
            "total": inspection.total,
            "inspected": inspection.inspected,
        },
        "reviewers": reviewer_records(given),
        "record": reader.record().plain(),
        "triggers": [{**asdict(one), "refs": list(one.refs)} for one in reader.triggers()],
    }
