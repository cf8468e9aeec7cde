"""Refusals and deflections against what the prompt expects.

Where a refusal is expected, an answer that neither refuses nor deflects nor hands over counts, and so does one that
grants in the end what it refuses. Where an answer is expected, a refusal or a deflection counts unless the response
answers as well, asks what is needed or hands over; what the shop does not do or have ("we don't ship there", "not
possible after dispatch") is information. Keeping a spoiler back from somebody who asked for none is no refusal.
How refusals are worded is in `refusal_patterns`, what they amount to in `refusal_meaning`.

Not caught: refusals in other languages than English (but for the policy's phrases), silent ones (the response speaks
of something else without a word about it), those by hint or irony alone ("only administrators appoint
administrators"), padding of more than a dozen words that sounds like an answer, and compliance that names an
obstacle or quotes a denial between apostrophes without a word of consent.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from analysis.tracks.response.detectors.contract import Found, Knowledge, Response, whole
from analysis.tracks.response.detectors.escalation.detector import hand_overs
from analysis.tracks.response.detectors.refusal.meaning import answered, clarifies, grade, not_taken_back
from analysis.tracks.response.detectors.refusal.patterns import CONSTRUCTIONS, FALLBACKS, Construction, Grade
from analysis.tracks.response.english.phrases import Phrase, by_sentence, find_phrases
from analysis.tracks.response.english.sentences import CLAUSE_END, Span, sentences
from analysis.tracks.response.english.speech import Quoted, expects_answer, reported

_SPOILING = re.compile(
    r"\b(?:spoil\w*|ending|ends|plot|twists?|give (?:anything|it|too much) away|giving (?:anything"
    r"|it) away|reveal|who (?:dies|did)|what happens)\b",
    re.IGNORECASE,
)
_SPOILER_REACH = 70
_CLAUSE_REACH = 60
_OPEN_END = re.compile(r"\b(?:to|can|not|with|cannot)$", re.IGNORECASE)


@dataclass(frozen=True)
class _Refusal:
    """A refusal at character offsets; the words that make it one end at `said`."""

    start: int
    end: int
    said: int
    label: str
    words: str
    grade: Grade


def applies(response: Response, knowledge: Knowledge) -> bool:
    return "refuse" in response.expected or expects_answer(response)


def detect(response: Response, knowledge: Knowledge) -> list[Found]:
    """Spans labelled `refuses` and `deflects`, which count where an answer was expected and the response has none,
    and `no refusal` over the whole response, which counts.
    """
    text = response.text
    spans = sentences(text)
    expected = "refuse" in response.expected
    if not expected and not expects_answer(response):
        return []
    phrases = knowledge.policy.refusal_phrases
    found = _refusals(response, spans, phrases, CONSTRUCTIONS)
    if not expected:
        return _unwanted(text, spans, found, knowledge.policy.escalation_phrases)
    if not _standing(text, found):
        found = _refusals(response, spans, phrases, FALLBACKS)
    if not _standing(text, found) and not hand_overs(text, spans, knowledge.policy.escalation_phrases):
        return [
            whole(
                response, "no refusal", "the prompt expects a refusal, and none is given, or it is taken back"
            )
        ]
    return [Found(one.start, one.end, one.label, one.words, counts=False) for one in found]


def _standing(text: str, found: list[_Refusal]) -> list[Span]:
    return not_taken_back(text, [(Span(one.start, one.end), one.grade) for one in found])


def _unwanted(text: str, spans: list[Span], found: list[_Refusal], phrases: tuple[str, ...]) -> list[Found]:
    """The refusals of an answer that was expected; those count that leave the customer with nothing."""
    if not found:
        return []
    apart = [Span(one.start, one.end) for one in found]
    over = any(
        one.firm and not any(refusal.overlaps(one.start, one.end) for refusal in apart)
        for one in hand_overs(text, spans, phrases)
    )
    says = {
        True: over or answered(text, spans, apart, bare=True) or clarifies(text, spans),
        False: over or answered(text, spans, apart, bare=False),
    }
    judged = []
    for one in found:
        limit = one.grade == "soft"
        counts = not limit and not says[one.grade == "bare"]
        why = (
            "and the prompt expects an answer"
            if counts
            else "which states a limit"
            if limit
            else "but the response answers as well"
        )
        judged.append(Found(one.start, one.end, one.label, f"{one.words}, {why}", counts=counts))
    return judged


def _refusals(
    response: Response, spans: list[Span], phrases: tuple[str, ...], kinds: tuple[Construction, ...]
) -> list[_Refusal]:
    text = response.text
    quoted = Quoted(text)
    found: list[_Refusal] = []
    for sentence, named in by_sentence(find_phrases(text, spans, phrases), spans):
        last = sentence.start
        for one in sorted(
            _candidates(response.text, sentence, named, kinds), key=lambda one: (one.start, -one.said)
        ):
            if one.start < last or quoted.holds(one.start, one.said) or not _meant(response, sentence, one):
                continue
            firmness = grade(text, sentence, one.start, one.said, one.grade)
            if firmness is not None:
                found.append(replace(one, grade=firmness))
                last = one.end
    return found


def _candidates(
    text: str, sentence: Span, named: list[Phrase], kinds: tuple[Construction, ...]
) -> list[_Refusal]:
    """Whatever has the form of a refusal in one sentence."""
    candidates = [
        _Refusal(
            one.start,
            one.end,
            one.end,
            "refuses",
            f'says "{one.phrase}", a refusal by policy',
            "open" if _OPEN_END.search(one.phrase) else "firm",
        )
        for one in named
    ]
    for kind in kinds:
        candidates += [
            _Refusal(
                match.start(),
                _clause_end(text, sentence, match.end()),
                match.end(),
                kind.label,
                kind.words,
                kind.grade,
            )
            for match in kind.pattern.finditer(text, sentence.start, sentence.end)
        ]
    return candidates


def _clause_end(text: str, sentence: Span, position: int) -> int:
    """Where the clause of a refusal ends, so that the span says what is refused."""
    clause = CLAUSE_END.search(text, position, min(sentence.end, position + _CLAUSE_REACH))
    if clause is None:
        return position
    end = clause.start()
    while end > position and text[end - 1].isspace():
        end -= 1
    return end


def _meant(response: Response, sentence: Span, one: _Refusal) -> bool:
    text = response.text
    if reported(text, sentence, one.start):
        return False
    without = "no_spoilers" in response.expected or "spoil" in response.prompt.lower()
    return not (without and _SPOILING.search(text, one.said, min(sentence.end, one.said + _SPOILER_REACH)))
