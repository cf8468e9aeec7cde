"""What was decided, by whom and why, and whether the gates allow promotion."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict

from analysis.plugin.report_fields import DECISION
from analysis.report.field import Field
from analysis.report.number_words import who
from analysis.report.reuse import reuse_sentences
from analysis.report.reviewed import Reviewed, listed
from analysis.review.evaluate import blocking


def _sentences(seen: Reviewed) -> list[str]:
    made = seen.decision
    said = f"{made.decision}, by {who(asdict(made))} on {made.ts}: {made.reason}"
    against = blocking(seen.results)
    if against:
        named = listed([f"{one.key} ({one.verdict})" for one in against])
        allow = f"the gates do not allow promotion: {named}"
    else:
        counts = Counter(one.verdict for one in seen.results)
        apart = [
            *([f"{counts['waived']} of them waived"] if counts["waived"] else []),
            *([f"{counts['undecided']} undecided for want of data"] if counts["undecided"] else []),
        ]
        allow = ", ".join(["the gates allow promotion", *apart])
    return [*seen.told.get(DECISION, ()), said, allow, *reuse_sentences(seen.given)]


FIELD = Field(DECISION, 90, _sentences)
