"""Sentences, quotations and words of a text as character spans, each in one pass."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from analysis.text import units

SENTENCE_END = re.compile(r"(?<![.!?…])[.!?…]++[\"'”’»)\]*_]*+(?=\s|$)|[。！？]++[」』）]*+|\n++")
ABBREVIATION = re.compile(
    r"(?<!\w)(?:(?:vols?|nos?|ca|approx)\.(?=\s\d)|(?:dr|mr|mrs|ms|st|e\.g|i\.e)\.(?=\s\w))", re.IGNORECASE
)
CLOSING = {'"': '"', "“": "”", "„": "“", "«": "»", "「": "」", "『": "』", "《": "》", "〈": "〉"}
QUOTE_LIMIT = 400
EMPHASIS = re.compile(r"(?<![\w*_])([*_]{1,3})(?=[^\s*_])([^*_\n]{1,200})(?<=\S)\1(?![\w*_])")
CLAUSE_END = re.compile(r"[,;:.!?()—–]|\b(?:but|although|though|however|yet|while|because)\b", re.IGNORECASE)
NEGATOR = re.compile(
    r"\b(?:not(?! (?:only|just|to mention))|never|no|none|nobody|neither|nor|without|cannot|hardly)\b"
    r"|\b(?:do|does|did|is|are|was|were|ca|wo|would|could|should|has|have|had)n['’]?t\b",
    re.IGNORECASE,
)
CLAUSE_REACH = 80
_UNHYPHENED = re.compile("[^-]+")


@dataclass(frozen=True, order=True)
class Span:
    """Character offsets, end exclusive."""

    start: int
    end: int

    def of(self, text: str) -> str:
        return text[self.start : self.end]

    def overlaps(self, start: int, end: int) -> bool:
        return self.start < end and start < self.end


def sentences(text: str) -> list[Span]:
    """The sentences, without white space around them; `3.50` and `vol. 3` do not end one."""
    found: list[Span] = []
    start = 0
    for match in SENTENCE_END.finditer(text):
        if match.group()[0] == "." and ABBREVIATION.search(
            text, max(start, match.end() - 8), match.end() + 2
        ):
            continue
        _add(found, text, start, match.end())
        start = match.end()
    _add(found, text, start, len(text))
    return found


def quotations(text: str) -> list[Span]:
    """What stands between quotation marks, marks excluded, outermost first come; one line, up to 400 characters.

    A straight or typographic apostrophe is no mark here: it cannot be told from a genitive.
    """
    found: list[Span] = []
    position = 0
    while position < len(text):
        closing = CLOSING.get(text[position])
        if closing is None:
            position += 1
            continue
        end = text.find(closing, position + 1, position + 2 + QUOTE_LIMIT)
        if end <= position + 1 or "\n" in text[position:end]:
            position += 1
            continue
        found.append(Span(position + 1, end))
        position = end + 1
    return found


def emphases(text: str) -> list[Span]:
    """What Markdown sets apart by asterisks or underscores, marks excluded."""
    return [Span(*match.span(2)) for match in EMPHASIS.finditer(text)]


def clause_before(text: str, sentence: Span, position: int) -> str:
    """What precedes a position in its clause, at most `CLAUSE_REACH` characters."""
    before = text[max(sentence.start, position - CLAUSE_REACH) : position]
    ends = [match.end() for match in CLAUSE_END.finditer(before)]
    return before[ends[-1] :] if ends else before


def negated(text: str, sentence: Span, position: int) -> bool:
    """Whether a word of negation precedes in the same clause, six words away at most.

    "He does not die until the end" tells that he dies, and is no negation.
    """
    before = " ".join(clause_before(text, sentence, position).split()[-6:])
    return bool(NEGATOR.search(before)) and not re.match(
        r"\w*\s+(?:\w+\s+){0,2}(?:until|till)\b", text[position : position + 60]
    )


def level(text: str) -> str:
    """Lower case and straight apostrophes, one character for one, so that offsets stay."""
    return "".join(low if len(low := char.lower()) == 1 else char for char in text.replace("’", "'"))


def folded(text: str) -> str:
    """Case, width, accents and runs of white space evened out; offsets are lost."""
    plain = unicodedata.normalize("NFKD", text.replace("’", "'")).casefold()
    return " ".join("".join(char for char in plain if not unicodedata.combining(char)).split())


def words(text: str) -> list[Span]:
    """Runs of letters and digits; `don't` is one, `real-time` are two, and letters without spaces between are one."""
    found: list[Span] = []
    for start, end in units.words(text):
        for part in _UNHYPHENED.finditer(text, start, end):
            if found and found[-1].end == part.start():
                found[-1] = Span(found[-1].start, part.end())
            else:
                found.append(Span(*part.span()))
    return found


def _add(found: list[Span], text: str, start: int, end: int) -> None:
    piece = text[start:end]
    left = start + len(piece) - len(piece.lstrip())
    right = left + len(piece.strip())
    if right > left:
        found.append(Span(left, right))
