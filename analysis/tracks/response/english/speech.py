"""How a sentence is meant: asked, quoted or reported."""

from __future__ import annotations

import re
from bisect import bisect_right

from analysis.tracks.response.english.sentences import Span, clause_before, quotations

_REPORTED = re.compile(
    r"\b(?:you|your (?:message|question|request|mail|email))(?:['’](?:d|ve|re)| would| have| had| are|"
    r" were)?\s(?:also |really |just |first |originally )?(?:like|prefer|want|wanted|wish|ask|asked|asking"
    r"|ask for|said|say|says|saying|told|mention|mentioned|request|requested|wrote|write|writing|hope|hoped"
    r"|hoping|wonder|wondering|were promised|expect|expected)\b(?! (?:me|us)\b)",
    re.IGNORECASE,
)
_OWN = re.compile(r"\b(?:i|we)\b", re.IGNORECASE)
_ASKS = re.compile(r"\?[\"'”’»)\]*_\s]*$|？[」』）\s]*$")


def asks(text: str, sentence: Span) -> bool:
    """Whether the sentence is a question."""
    return bool(_ASKS.search(text, max(sentence.start, sentence.end - 12), sentence.end))


def reported(text: str, sentence: Span, position: int) -> bool:
    """Whether what follows is laid in the customer's mouth: "you asked for", "you would like".

    "If you want I can pass you on" is not: the assistant speaks again before the position.
    """
    before = clause_before(text, sentence, position)
    matches = list(_REPORTED.finditer(before))
    return bool(matches) and not _OWN.search(before, matches[-1].end())


class Quoted:
    """The quotations of one text, to be asked many times."""

    def __init__(self, text: str) -> None:
        self._spans = quotations(text)
        self._starts = [span.start for span in self._spans]

    def holds(self, start: int, end: int) -> bool:
        """Whether the stretch lies within one quotation."""
        at = bisect_right(self._starts, start) - 1
        return at >= 0 and end <= self._spans[at].end
