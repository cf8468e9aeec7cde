"""What a decision on a run needs before it may be recorded."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.base.errors import AssayError
from analysis.base.gate_records import GateResult
from analysis.base.review_records import DECISIONS
from analysis.review.evaluate import blocking

TOLD = 5
"""Gates that are named where promotion is refused."""


def check_decision(decision: str, reason: str, results: Sequence[GateResult]) -> None:
    """See whether a decision may be made: promote only while the gates allow it, hold and reject always.

    Raises:
        AssayError: no such decision, no reason, or promotion that gates keep back.
    """
    if decision not in DECISIONS:
        raise AssayError(f"unknown decision {decision!r}", hint=f"one of {', '.join(DECISIONS)}")
    if not reason.strip():
        raise AssayError("a decision needs a reason", hint="say it in a few words")
    against = blocking(results)
    if decision == "promote" and against:
        named = ", ".join(f"{one.key} ({one.verdict})" for one in against[:TOLD])
        more = f" and {len(against) - TOLD} more" if len(against) > TOLD else ""
        raise AssayError(
            f"{len(against)} gate(s) block promotion: {named}{more}",
            hint="inspect, settle or waive them, or decide hold or reject: `assay status STORE` says why each blocks",
        )
