"""Citations of an answer against the passages that it was given.

Found, by the policy's citation pattern: a citation of a passage that was not given; one whose passage shares nothing
with the sentence, or names another time or amount; a sentence that takes over a passage that its paragraph does not
cite.

Not caught: a passage used in other words without citing, a citation of the wrong one of two passages on the same
matter, a statement that contradicts the passage other than by a time or an amount, and citations in another form
than the policy's. A passage summed up in wholly other words counts as ignored.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from analysis.text.lexicon import STOPWORDS
from analysis.text.units import runs_on
from analysis.tracks.response.citation_pattern import Citation, find_citations
from analysis.tracks.response.detectors.contract import Found, Knowledge, Response
from analysis.tracks.response.english.numbers import amounts
from analysis.tracks.response.english.sentences import Span, asks, folded, sentences, words
from analysis.tracks.response.english.times import times
from analysis.tracks.response.english.word_lists import word_set

CONTAINED = 0.6
"""Least share of a sentence's content words that a used passage holds."""

CONTAINED_WORDS = 5
"""Least number of such words, so that a common turn of phrase is no use of a passage."""

IGNORED = 0.12
"""A cited passage that holds less than this share of the content words shares nothing with the sentence."""

JUDGED_WORDS = 3
"""A sentence of fewer content words says too little to be compared."""

STEM = 5
"""Letters by which words of one stem are told: `delivery` and `delivered`."""

_STOP = frozenset(STOPWORDS) | word_set("analysis.tracks.response.english", "words.en.txt", "function words")
_IDS = re.compile(r"[,;/&\s]+")


@dataclass(frozen=True)
class _Said:
    """What a stretch of text says: stems of its content words, its times in days and its amounts."""

    stems: frozenset[str]
    times: tuple[tuple[float, float], ...]
    amounts: frozenset[tuple[str, float]]


@dataclass(frozen=True)
class _Source:
    """A passage by the name by which it may be cited: its id, or else its place, counted from 1."""

    name: str
    said: _Said


Sources = dict[str, _Source]
"""Passages by their names in small letters."""


def detect(response: Response, knowledge: Knowledge) -> list[Found]:
    """Spans labelled `supported`, `cites what does not exist`, `cites but ignores`, `uses without citing` or
    `from the prompt`, in order; all but the first and the last count.
    """
    pattern = knowledge.policy.citation_pattern
    if pattern is None:
        return []
    spans = sentences(response.text)
    named = [(one.id or str(at), one.text) for at, one in enumerate(response.passages, start=1)]
    sources = {name.strip().casefold(): _Source(name, _said(text)) for name, text in named}
    cited = {one: _ids(one, sources) for one in find_citations(pattern, response.text)}
    claims = _claims(response.text, spans, list(cited))
    found = [_cited(response, one, ids, sources, claims[one]) for one, ids in cited.items()]
    found += _uncited(response, spans, sources, cited)
    return sorted(found, key=lambda one: (one.start, one.end))


def _cited(
    response: Response, citation: Citation, ids: list[str], sources: Sources, claims: list[_Said]
) -> Found:
    """The finding for one citation, which may name several ids, given what it could be meant to bear out."""
    unknown = [one for one in ids if one not in sources]
    faults = [] if unknown else [_fault(claim, [sources[one] for one in ids]) for claim in claims]
    if unknown and response.text[citation.start : citation.end] in response.prompt:
        label, why = "from the prompt", "repeats what the prompt wrote"
    elif unknown:
        given = ", ".join(sorted(source.name for source in sources.values())) or "none"
        label = "cites what does not exist"
        why = f"cites {unknown[0]}, which is no passage given (given: {given})"
    elif faults and all(faults):
        label, why = "cites but ignores", faults[0]
    else:
        label, why = "supported", f"cites passage {', '.join(ids)}, which was given"
    return Found(citation.start, citation.end, label, why, counts=label.startswith("cites"))


def _ids(citation: Citation, sources: Sources) -> list[str]:
    """The ids of one citation: the whole, if there is such a passage, else its parts (`p1, p2`)."""
    plain = citation.id.strip().casefold()
    if plain in sources:
        return [plain]
    return [one for one in _IDS.split(plain) if one] or [plain]


def _claims(text: str, spans: list[Span], citations: list[Citation]) -> dict[Citation, list[_Said]]:
    """What each citation may bear out: its sentence, less the citations in it, and the one before where the
    citation opens its own ("... days. [p1] We ...").
    """
    starts = [span.start for span in spans]
    inside: dict[int, list[Citation]] = {}
    for citation in citations:
        inside.setdefault(max(0, bisect_right(starts, citation.start) - 1), []).append(citation)
    claims: dict[Citation, list[_Said]] = {}
    for at, cited in inside.items():
        own = spans[at]
        said = [_said(_without(text, own, cited))]
        before: list[_Said] = []
        if at and "\n" not in text[spans[at - 1].end : own.start]:
            before = [_said(_without(text, spans[at - 1], inside.get(at - 1, [])))]
        position = own.start
        for citation in cited:
            if re.search(r"\w", text[position : citation.start]):
                before = []
            position = citation.end
            claims[citation] = before + said
    return claims


def _without(text: str, span: Span, citations: list[Citation]) -> str:
    kept = []
    position = span.start
    for citation in citations:
        kept.append(text[position : citation.start])
        position = max(position, citation.end)
    return " ".join((*kept, text[position : span.end]))


def _fault(claim: _Said, sources: list[_Source]) -> str:
    """Why the cited passages do not bear out the sentence, or nothing. Too short a sentence is not judged."""
    name = ", ".join(source.name for source in sources)
    given_times = [one for source in sources for one in source.said.times]
    meet = (low <= to and start <= high for low, high in claim.times for start, to in given_times)
    if claim.times and given_times and not any(meet):
        return f"names another time than passage {name}"
    given_amounts = {one for source in sources for one in source.said.amounts}
    if claim.amounts and given_amounts and not claim.amounts & given_amounts:
        return f"names another amount than passage {name}"
    shared = claim.stems & frozenset[str]().union(*(source.said.stems for source in sources))
    if len(claim.stems) >= JUDGED_WORDS and len(shared) < IGNORED * len(claim.stems):
        return f"the sentence shares nothing with passage {name}"
    return ""


def _uncited(
    response: Response, spans: list[Span], sources: Sources, cited: dict[Citation, list[str]]
) -> Iterator[Found]:
    """Sentences that take over a passage which their paragraph (up to a blank line) does not cite."""
    text = response.text
    breaks = [match.start() for match in re.finditer(r"\n[ \t]*\n", text)]
    credited = {(bisect_right(breaks, one.start), name) for one, ids in cited.items() for name in ids}
    asked = _said(response.prompt).stems
    for span in spans:
        if asks(text, span):
            continue
        said = _said(span.of(text))
        paragraph = bisect_right(breaks, span.start)
        used = [
            (share, name) for name, source in sources.items() if (share := _taken_over(said, source, asked))
        ]
        if used and not any((paragraph, name) in credited for _, name in used):
            share, name = max(used, key=lambda one: one[0])
            why = f"{share:.0%} of the sentence is in passage {sources[name].name}, which it does not cite"
            yield Found(span.start, span.end, "uses without citing", why, counts=True)


def _taken_over(said: _Said, source: _Source, asked: frozenset[str]) -> float:
    """The share of a sentence that a passage holds, or 0 where it is not taken over.

    Words of the prompt prove nothing: an answer takes them up without any passage. Numbers must agree.
    """
    shared = said.stems & source.said.stems
    enough = len(shared) >= max(CONTAINED_WORDS, CONTAINED * len(said.stems))
    if not enough or len(shared - asked) < JUDGED_WORDS or _fault(said, [source]):
        return 0.0
    return len(shared) / len(said.stems)


@lru_cache(maxsize=4096)
def _said(text: str) -> _Said:
    named = tuple(one.days for one in times(text, 0, len(text)) if one.days is not None)
    sums = frozenset((one.unit, one.value) for one in amounts(text, 0, len(text)))
    return _Said(frozenset(_stems(text)), named, sums)


def _stems(text: str) -> Iterator[str]:
    """Content words by their first letters; in a script without spaces, pairs of letters."""
    for span in words(text):
        word = folded(span.of(text))
        if any(map(runs_on, span.of(text))):
            yield from (word[at : at + 2] for at in range(max(1, len(word) - 1)))
        elif word.isdigit() or (len(word) > 2 and word not in _STOP):
            yield word.removesuffix("'s")[:STEM].removesuffix("s")
