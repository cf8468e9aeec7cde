"""What people looked at: what decides a gate, random controls, and the critical slices."""

from __future__ import annotations

from collections import Counter

from analysis.plugin.gate import Judgement, judgement
from analysis.plugin.report_fields import INSPECTED
from analysis.report.field import Field
from analysis.report.reviewed import Reviewed, listed
from analysis.review.inspection import inspection_of, judged_words

SPOKEN: dict[Judgement, str] = {
    "candidate": "for the candidate",
    "base": "for the base",
    "both": "for both sides",
    "neither": "for neither side",
    "unsure": "not sure",
    "disagreement": "disputed",
}
"""What the reviewers together say of an example, in words."""


def _sentences(seen: Reviewed) -> list[str]:
    state, found = seen.heard.state, inspection_of(seen.heard)
    said = judged_words(found.inspected, found.total, seen.given.reviewers_required)
    sentences = [
        f"{said}: what decides a gate, "
        f"and random controls ({found.controls_inspected} of {len(found.controls)})"
    ]
    critical = [entry.ref for entry in seen.given.queue if entry.critical_slices and not entry.known]
    judged = [ref for ref in critical if ref in state.said]
    if critical:
        sentences.append(
            f"{len(judged)} of {len(critical)} queued examples of critical slices have a verdict"
        )
    counts = Counter(judgement(state, ref) for ref in state.said)
    if counts:
        told = ", ".join(f"{counts[said]} {words}" for said, words in SPOKEN.items() if counts[said])
        sentences.append(f"verdicts on {counts.total()} examples: {told}")
    wrong = [ref for ref in judged if judgement(state, ref) in ("base", "neither")]
    if wrong:
        sentences.append(f"the candidate was judged wrong in critical slices on {listed(wrong)}")
    return [*sentences, *seen.told.get(INSPECTED, ())]


FIELD = Field(INSPECTED, 60, _sentences)
