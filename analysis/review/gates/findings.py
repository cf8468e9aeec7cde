"""`review.findings`: what a reviewer found unacceptable stands until it is settled."""

from __future__ import annotations

from analysis.base.records import Criterion, GateInput, GateResult, GateVerdict, Rule
from analysis.plugin.gate import Gate, judgement, number_row, result


def _judge(given: GateInput, rule: Rule) -> list[GateResult]:
    by_judgement: dict[str, list[str]] = {}
    for ref in dict.fromkeys(record.ref for record in given.state.verdicts if record.critical_slices):
        by_judgement.setdefault(judgement(given.state, ref), []).append(ref)
    unacceptable = by_judgement.get("unacceptable", [])
    open_refs = by_judgement.get("unsure", []) + by_judgement.get("disagreement", [])
    blockers = [finding for finding in given.state.findings if finding.severity == "blocker"]
    rows = [
        _row("findings of severity blocker", len(blockers), "fail"),
        _row("unacceptable examples in a critical slice", len(unacceptable), "fail"),
        _row("unsure or disputed examples in a critical slice", len(open_refs), "unknown"),
    ]
    if unacceptable or blockers:
        parts = []
        if blockers:
            parts.append(f"{len(blockers)} finding(s) of severity blocker")
        if unacceptable:
            parts.append(f"{len(unacceptable)} unacceptable example(s) in a critical slice")
        refs = [*unacceptable, *(ref for finding in blockers for ref in finding.refs)]
        return [result(FINDINGS, "fail", "; ".join(parts), criteria=rows, refs=dict.fromkeys(refs))]
    if open_refs:
        why = f"{len(open_refs)} unsure or disputed example(s) in a critical slice; decide or settle them"
        return [result(FINDINGS, "unknown", why, criteria=rows, refs=open_refs)]
    why = f"no blocker and nothing open in a critical slice; {len(given.state.findings)} finding(s)"
    return [result(FINDINGS, "pass", why, criteria=rows)]


def _row(what: str, count: int, verdict: GateVerdict) -> Criterion:
    return number_row(what, count, "count", "none", verdict if count else "pass")


FINDINGS = Gate(
    "review.findings",
    "what a reviewer found unacceptable stands until it is settled",
    {},
    _judge,
    place=20,
)
GATES = (FINDINGS,)
