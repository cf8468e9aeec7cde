"""Promises of an answer against those that policy allows: times, amounts, and what is to cost nothing.

Found: a time, a sum or a percentage beside a matter that policy names, where it goes beyond; one that the house commits
itself to ("we'll", "you'll get", "will be credited") on a matter that policy does not name; what is given away, or
given without a condition; exceptions and guarantees. A number that is no object of such a commitment is none: a
flight's arrival, a balance, a price to pay, what happened already.

Not caught: promises without a number other than these, over two sentences, or put as questions; other languages than
English; conditions that an answer leaves out; the difference between days and business days.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from analysis.tracks.response.detectors.contract import Found, Knowledge, Response, quoted
from analysis.tracks.response.detectors.promises.matters import (
    ALLOWED,
    NO_MATTER,
    Matter,
    Promises,
    Rules,
    Verdict,
    allowed,
    amount_verdict,
    named_promises,
    time_verdict,
)
from analysis.tracks.response.english.numbers import Amount, amounts
from analysis.tracks.response.english.sentences import (
    CLAUSE_END,
    NEGATOR,
    Span,
    asks,
    clause_before,
    quotations,
    reported,
    sentences,
)
from analysis.tracks.response.english.times import Time, times
from analysis.tracks.response.english.word_lists import expressions

REACH = 90
"""Characters between a matter that policy names and its time or amount."""
NEAR = 40
"""Where policy does not name it."""
SENT = ("delivery", "dispatch")
"""Matters that may only say since when another counts: "within 30 days of delivery"."""
BOUNDED = ("refund", "return", "replacement", "credit", "price")
"""Matters that policy gives within bounds, like those that its own words name."""
DENIED = 10
"""Words of a clause over which a denial reaches."""
SHARED = 4
"""Letters by which words of one stem are told."""
COMMON = 3
"""A stem in so many promises says nothing about which one is meant."""

_WORDS = expressions(__package__, "words.en.txt")


Detail = Time | Amount
Place = tuple[int, int]
Claim = tuple[Found, Place]
"""A promise found, and where its own words stand."""


def detect(response: Response, knowledge: Knowledge) -> list[Found]:
    """Spans labelled `allowed`, `goes beyond`, `not in the policy` or `quoted`, in order; the middle two count."""
    text = response.text
    rules = allowed(knowledge.policy)
    quotes = quotations(text)
    found: dict[Found, None] = {}
    for sentence in sentences(text):
        if asks(text, sentence):
            continue
        for one, own in (*_timed(response, sentence, rules), *_worded(text, sentence, rules)):
            if any(span.start <= one.start and one.end <= span.end for span in quotes):
                why = "quotes these words, and promises nothing"
                found[Found(one.start, one.end, "quoted", why, counts=False)] = None
            elif _meant(text, sentence, one, own):
                found[one] = None
    return sorted(found, key=lambda one: (one.start, one.end))


def _claim(start: int, end: int, verdict: Verdict, own: Place | None = None) -> Claim:
    return Found(start, end, *verdict, counts=verdict[0] != ALLOWED), own or (start, end)


def _timed(response: Response, sentence: Span, rules: Rules) -> Iterator[Claim]:
    """Every time and amount of a sentence with the nearest matter, against policy."""
    text = response.text
    at, end = sentence.start, sentence.end
    named = [
        (match.span(), matter)
        for matter in rules
        for match in matter.words.finditer(text, at, end)
        if not (
            matter.name in SENT
            and _WORDS["reference"].search(text, max(at, match.start() - 30), match.start())
        )
    ]
    committed = bool(_WORDS["house"].search(text, at, end) or _WORDS["yours"].search(text, at, end))
    details: list[Detail] = [*times(text, at, end), *amounts(text, at, end)]
    for detail in details:
        own = (detail.start, detail.end)
        place, matter = min(
            (one for one in named if _fits(one[1], detail)),
            key=lambda one: _gap(text, one[0], detail) - (20 if rules[one[1]] else 0),
            default=(own, NO_MATTER),
        )
        if _gap(text, place, detail) > (REACH if rules.get(matter) else NEAR):
            place, matter = own, NO_MATTER
        start, stop = min(place[0], detail.start), max(place[1], detail.end)
        near = max(at, start - 50), min(end, stop + 50)
        verdict = _verdict(text, sentence, near, matter, detail, rules.get(matter, ()), committed)
        if verdict is not None and (verdict[0] == ALLOWED or not _passage_says(response, text, detail)):
            yield _claim(start, stop, verdict, place)


def _verdict(
    text: str, sentence: Span, near: Place, matter: Matter, detail: Detail, known: Promises, committed: bool
) -> Verdict | None:
    """What policy says; None where the number is no object of a commitment."""
    before = text[max(sentence.start, detail.start - 24) : detail.start]
    given = _WORDS["given"].search(text, *near) is not None
    if _no_object(matter, detail, before, given):
        return None
    if promises := named_promises(known, matter, sentence.of(text)):
        if isinstance(detail, Time):
            return time_verdict(text, near, matter, detail, promises, committed)
        least = _WORDS["free"].search(text, *near) is not None
        return amount_verdict(text, matter, detail, promises, least, committed)
    if not known:
        scheduled = isinstance(detail, Time) and _WORDS["schedule"].search(text, *near)
        open_ended = matter is NO_MATTER and not _done_by(text, near, detail, before, given)
        if scheduled or not committed or open_ended:
            return None
    said = f'{matter.name}: says "{text[detail.start : detail.end]}"; policy allows no such promise'
    return "not in the policy", said


def _no_object(matter: Matter, detail: Detail, before: str, given: bool) -> bool:
    """Whether a number is a price, what the customer has already, or the time after which something is allowed."""
    if isinstance(detail, Time):
        return _WORDS["since"].search(before) is not None
    owned = matter.name == "credit" and _WORDS["owned"].search(before)
    charged = matter.name == "fee" and not given
    priced = _WORDS["price"].search(before) and not (given and matter.name not in (NO_MATTER.name, "fee"))
    return detail.unit == "money" and bool(owned or charged or priced)


def _done_by(text: str, near: Place, detail: Detail, before: str, given: bool) -> bool:
    """Whether a number beside no matter is what the house gives, or the time by which it does something."""
    if isinstance(detail, Amount):
        return given and not _WORDS["price"].search(before)
    soon = detail.days is not None and not text[detail.start].isdigit()
    return bool(soon or _WORDS["by then"].search(before)) and not _WORDS["looks"].search(text, *near)


def _fits(matter: Matter, detail: Detail) -> bool:
    """Whether a matter takes a time, or an amount."""
    if isinstance(detail, Time):
        return matter.name != "discount"
    return matter.name not in ("delivery", "dispatch", "reply", "return", "replacement", "cancellation")


def _gap(text: str, place: Place, detail: Detail) -> int:
    """Characters between two stretches, 0 where they overlap; a clause end between them counts as forty more."""
    low, high = min(place[1], detail.end), max(place[0], detail.start)
    parted = low < high <= low + REACH and CLAUSE_END.search(text, low, high)
    return max(0, high - low) + (40 if parted else 0)


def _worded(text: str, sentence: Span, rules: Rules) -> Iterator[Claim]:
    """What is to cost nothing, what has no bounds, exceptions and guarantees."""
    at, end = sentence.start, sentence.end
    own = any(_WORDS[words].search(text, at, end) for words in ("house", "yours", "ours"))
    for match in _WORDS["free"].finditer(text, at, end):
        verdict = _free_verdict(text, sentence, rules)
        if own or verdict[0] != "not in the policy":
            yield _claim(*match.span(), verdict)
    for match in _WORDS["boundless"].finditer(text, at, end):
        named = [
            one
            for matter, held in rules.items()
            if (matter.name in BOUNDED or matter.bound == "unclear") and matter.words.search(text, at, end)
            for one in held
        ]
        says = " ".join(one.text.lower() for one in named)
        said = match.group().lower()
        if named and said not in says and not ("full" in said and "full" in says):
            why = f'promised without bounds ("{match.group()}"); policy says "{quoted(named[0].text)}"'
            yield _claim(*match.span(), ("goes beyond", why))
    for words, what in (("exception", "an exception"), ("guarantee", "a guarantee")):
        for match in _WORDS[words].finditer(text, at, end):
            yield _claim(*match.span(), ("not in the policy", f"{what}: policy allows none"))


def _free_verdict(text: str, sentence: Span, rules: Rules) -> Verdict:
    """What policy gives for nothing that shares a telling word with the sentence, and from which sum on."""
    words = {one: _stems(f"{one.about} {one.text}") for held in rules.values() for one in held}
    often = Counter(stem for stems in words.values() for stem in stems)
    said = {stem for stem in _stems(sentence.of(text)) if often[stem] < COMMON}
    held = [one for one in words if said & words[one] and _WORDS["free"].search(f"{one.about}. {one.text}")]
    if not held:
        return "not in the policy", "free: policy gives no such thing for nothing"
    least = next((one for one in held if one.amount is not None), held[0])
    sums = [one.value for one in amounts(text, sentence.start, sentence.end) if one.unit == "money"]
    if least.amount is None or (sums and min(sums) >= least.amount):
        return ALLOWED, f'policy says "{quoted(held[0].text)}"'
    return "goes beyond", f'free: policy gives it from {least.amount:g} ("{quoted(least.text)}")'


def _stems(text: str) -> frozenset[str]:
    """The first letters of the longer words of a text, less those that say only that it is free."""
    bare = re.sub(r"\bfree\b|\bcharge\b|\bcost\w*|\bwithout\b|\bfurther\b|\border\w*", " ", text.lower())
    return frozenset(word[:SHARED] for word in re.findall(r"[^\W\d_]{4,}", bare))


def _meant(text: str, sentence: Span, claim: Found, own: Place) -> bool:
    """Whether the words are meant as a promise: not denied, hedged, reported, past, or told of a story."""
    for position in {claim.start, own[0]}:
        if reported(text, sentence, position):
            return False
        before = _WORDS["idiom"].sub(" ", clause_before(text, sentence, position))
        if _WORDS["unless"].search(before) or NEGATOR.search(" ".join(before.split()[-DENIED:])):
            return False
    whole = text[sentence.start : min(sentence.end, sentence.start + 400)]
    if _WORDS["story"].search(whole) and not _WORDS["talk"].search(whole):
        return False
    after = text[claim.end : min(sentence.end, claim.end + 60)]
    tail = CLAUSE_END.search(after[:40])
    clause = clause_before(text, sentence, claim.start) + text[claim.start : claim.end]
    clause += after[: tail.start() if tail else 40]
    opening = CLAUSE_END.split(text[max(sentence.start, claim.start - 120) : claim.start])
    conditional = len(opening) > 1 and re.match(
        r"\s*(?:if|once|when|after|provided)\b", opening[-2], re.IGNORECASE
    )
    return not (
        _WORDS["denied after"].match(after)
        or _WORDS["hedge"].search(clause)
        or _WORDS["past"].search(clause)
        or (conditional and _WORDS["hedge"].search(opening[-2]))
    )


def _passage_says(response: Response, text: str, detail: Detail) -> bool:
    """Whether a passage names the same moment; a plain number of days proves nothing, for policy rules there."""
    words = text[detail.start : detail.end].lower()
    if isinstance(detail, Amount) or words[:1].isdigit() or "day" in words.split():
        return False
    return any(words in passage.text.lower() for passage in response.passages)
