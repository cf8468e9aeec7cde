"""Sentences, quotations and words of a text as character spans, each in one pass; and how a sentence is meant."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from itertools import pairwise

from analysis.text import units
from analysis.tracks.response.english.word_lists import expressions

SENTENCE_END = re.compile(r"(?<![.!?…])[.!?…]++[\"'”’»)\]*_]*+(?=\s|$)|[。！？]++[」』）]*+|\n++")
ABBREVIATION = re.compile(
    r"(?<!\w)(?:(?:vols?|nos?|ca|approx)\.(?=\s\d)|(?:dr|mr|mrs|ms|st|e\.g|i\.e)\.(?=\s\w))", re.IGNORECASE
)
_MARKS = ('""', "“”", "„“", "«»", "「」", "『』", "《》", "〈〉")
QUOTED = re.compile("|".join(rf"{pair[0]}[^{pair[1]}\n]{{1,400}}+{pair[1]}" for pair in _MARKS))
EMPHASIS = re.compile(r"(?<![\w*_])([*_]{1,3})(?=[^\s*_])([^*_\n]{1,200})(?<=\S)\1(?![\w*_])")
CLAUSE_END = re.compile(r"[,;:.!?()—–]|\b(?:but|although|though|however|yet|while|because)\b", re.IGNORECASE)
NEGATOR = re.compile(
    r"\b(?:not(?! (?:only|just|to mention))|never|no|none|nobody|neither|nor|without|cannot|hardly)\b"
    r"|\b(?:do|does|did|is|are|was|were|ca|wo|would|could|should|has|have|had)n['’]?t\b",
    re.IGNORECASE,
)
CLAUSE_REACH = 80
_UNHYPHENED = re.compile("[^-]+")
_REPORTED = expressions(__package__, "words.en.txt")["reported"]
_OWN = re.compile(r"\b(?:i|we)\b", re.IGNORECASE)
_ASKS = re.compile(r"\?[\"'”’»)\]*_\s]*$|？[」』）\s]*$")


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
    ends = [
        match.end()
        for match in SENTENCE_END.finditer(text)
        if match.group()[0] != "." or not ABBREVIATION.search(text, max(0, match.end() - 8), match.end() + 2)
    ]
    pieces = [(start, text[start:end]) for start, end in pairwise((0, *ends, len(text)))]
    lefts = [(start + len(piece) - len(piece.lstrip()), piece.strip()) for start, piece in pieces]
    return [Span(left, left + len(piece)) for left, piece in lefts if piece]


def quotations(text: str) -> list[Span]:
    """What stands between quotation marks, marks excluded, outermost first come; one line, up to 400 characters.

    A straight or typographic apostrophe is no mark here: it cannot be told from a genitive.
    """
    return [Span(match.start() + 1, match.end() - 1) for match in QUOTED.finditer(text)]


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
