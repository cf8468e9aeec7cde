"""How a sentence is meant: asked, quoted, reported, a courtesy, or the substance of an answer."""

from __future__ import annotations

import re
from bisect import bisect_right

from analysis.tracks.response.detectors.contract import Response
from analysis.tracks.response.english.sentences import Span, clause_before, quotations, words

SUBSTANCE_WORDS = 12
"""From so many words on, what stands beside a refusal or a hand-over is an answer of its own."""

COURTESY_WORDS = 22
"""A longer sentence is more than a courtesy."""

_REPORTED = re.compile(
    r"\b(?:you|your (?:message|question|request|mail|email))(?:['’](?:d|ve|re)| would| have| had| are"
    r"| were)?\s"
    r"(?:also |really |just |first |originally )?"
    r"(?:like|prefer|want|wanted|wish|ask|asked|asking|ask for|said|say|says|saying|told|mention|mentioned"
    r"|request|requested|wrote|write|writing|hope|hoped|hoping|wonder|wondering|were promised|expect"
    r"|expected)\b"
    r"(?! (?:me|us)\b)",
    re.IGNORECASE,
)
_OWN = re.compile(r"\b(?:i|we)\b", re.IGNORECASE)
_BUT = re.compile(r"[,;:—–]?\s(?:but|however|yet|still)\b", re.IGNORECASE)
_ASKS = re.compile(r"\?[\"'”’»)\]*_\s]*$|？[」』）\s]*$")
_COURTESY = re.compile(
    r"\b(?:happy to|glad to|pleased to|here to help|sorry|apologi[sz]e|apologies|thank|thanks"
    r"|let me know|feel free"
    r"|anything else|something else|understand|appreciate|i hope|have a (?:great|good|nice|lovely)"
    r"|enjoy|welcome"
    r"|of course|hello|hi|hey|good (?:morning|afternoon|evening)|frustrating|inconvenience|patience)\b",
    re.IGNORECASE,
)


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


def substance(text: str, sentences: list[Span], apart: list[Span]) -> int:
    """Words that are neither courtesies nor questions and stand outside the sentences of `apart`.

    "I can't name the hour, but delivery takes 3 days" has substance from "but" on. Both lists are in order.
    """
    count = 0
    position = 0
    for sentence in sentences:
        start = sentence.start
        while position < len(apart) and apart[position].start < sentence.end:
            start = max(start, apart[position].end)
            position += 1
        if start > sentence.start:
            turn = _BUT.search(text, start, sentence.end)
            start = turn.end() if turn else sentence.end
        length = len(words(text[start : sentence.end]))
        courtesy = length <= COURTESY_WORDS and _COURTESY.search(text, start, sentence.end)
        if not courtesy and not asks(text, sentence):
            count += length
    return count


def expects_answer(response: Response) -> bool:
    """Whether the prompt is to be answered: said so, or implied by a wish for sources or for no spoilers."""
    return "answer" in response.expected or (
        bool({"cite", "no_spoilers"} & response.expected) and not {"refuse", "escalate"} & response.expected
    )
