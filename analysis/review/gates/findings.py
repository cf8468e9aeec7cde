"""`review.findings`: what must not ship, whatever the counts say, and what reviewers do not agree on."""

from __future__ import annotations

from analysis.base.gate_records import Criterion, GateInput, GateResult, GateVerdict, Rule
from analysis.base.people import shown_as
from analysis.plugin.gate import Gate, disputed, number_row, result


def _judge(given: GateInput, rule: Rule) -> list[GateResult]:
    blockers = [finding for finding in given.state.findings if finding.severity == "blocker"]
    open_ones = [ref for ref in given.deciding if disputed(given.state, ref)]
    rows = [
        _row("blockers", len(blockers), "fail"),
        _row("examples that decide and that reviewers do not agree on", len(open_ones), "unknown"),
    ]
    if blockers:
        refs = dict.fromkeys(ref for finding in blockers for ref in finding.refs)
        why = "; ".join(
            f"{shown_as(finding.actor, finding.reviewer)}: {finding.text}" for finding in blockers
        )
        return [result(FINDINGS, "fail", f"{len(blockers)} blocker(s): {why}", criteria=rows, refs=refs)]
    if open_ones:
        why = f"{len(open_ones)} example(s) that decide are disputed: settle them"
        return [result(FINDINGS, "unknown", why, criteria=rows, refs=open_ones)]
    why = f"no blocker, and nothing disputed that decides; {len(given.state.findings)} finding(s)"
    return [result(FINDINGS, "pass", why, criteria=rows)]


def _row(what: str, count: int, verdict: GateVerdict) -> Criterion:
    return number_row(what, count, "count", "none", verdict if count else "pass")


FINDINGS = Gate(
    "review.findings",
    "a blocker that a reviewer raised stands until it is taken back",
    {},
    _judge,
    place=20,
    needs="whoever raised a blocker must take it back, or its reason must be gone",
)
GATES = (FINDINGS,)
