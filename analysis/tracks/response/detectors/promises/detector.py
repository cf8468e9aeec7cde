"""Promises of an answer against those that policy allows, by what they are about, with times and amounts.

Found: delivery and dispatch times, replies by a time, refunds, returns, replacements, price match, discounts,
vouchers, free shipping, guarantees, favours that policy seldom names (gifts, held copies, frozen prices, bonus
points, waived fees, new stock by a time, extra services, exceptions), and any further matter that policy names
itself. A promise goes beyond policy by a shorter time for the shop, a longer one for the customer, a larger amount,
a lower threshold, "in full", "no questions asked", "in any condition", or for used goods where policy says "unread".

Not caught: promises in other languages than English (unless policy names the matter so and a number stands beside
it), promises over two sentences (but for "Delivery? Tomorrow."), promises put as questions ("How about 30% off?"),
vague ones ("in no time"), goods that policy does not mention at all ("a signed print can go back"), offers that no
verb makes firm ("free shipping" alone), the difference between days and business days, sums of money refunded
where policy names none, and most conditions that an answer leaves out of an otherwise allowed promise.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

from analysis.tracks.response.detectors.contract import Found, Knowledge, Promise, Response
from analysis.tracks.response.detectors.promises.arrivals import CONTACT, DELIVERY, DISPATCH
from analysis.tracks.response.detectors.promises.kinds import (
    FREE_SHIPPING,
    GUARANTEE,
    REFUND,
    REPLACEMENT,
    RETURNS,
    allowed,
)
from analysis.tracks.response.detectors.promises.limits import (
    Amount,
    against_policy,
    amounts,
    named_promises,
)
from analysis.tracks.response.detectors.promises.meaning import meant
from analysis.tracks.response.detectors.promises.strength import Verdict
from analysis.tracks.response.detectors.promises.times import promised_times
from analysis.tracks.response.detectors.promises.wording import Kind, Rules
from analysis.tracks.response.english.sentences import CLAUSE_END, Span, sentences
from analysis.tracks.response.english.speech import Quoted, asks
from analysis.tracks.response.english.times import Time

TIME_REACH = 100
AMOUNT_REACH = 40
FIRM_REACH = 60
HEADING = 60
"""Characters of a question that is no more than the heading of its answer."""

_VERB = re.compile(
    r"\b(?:do|does|did|is|are|was|will|would|could|can|shall|should|has|have|had|may|might|want|need"
    r"|like)\b",
    re.IGNORECASE,
)

_POINT_OF_REFERENCE = re.compile(
    r"\b(?:of|after|from|since|following|upon|if|when|once|until|before)\s(?:\w+\s){0,2}$", re.IGNORECASE
)
_SHOP = re.compile(
    r"\b(?:deliver|arriv|refund|pric|return|order|cop(?:y|ies)|volume|stock|satisf|quality|condition"
    r"|replac|ship|parcel"
    r"|package|day|tomorrow|today|money|discount|cheap|set|perfect|intact|mint|pristine|damag|bent"
    r"|corner|safe|lost"
    r"|wait|again|turns? up|book|page|flawless|spotless)\w*",
    re.IGNORECASE,
)
_PUFFERY = re.compile(
    r"(?:[ \t]\w+){0,2}?[ \t](?:no spoilers?|not to spoil|you(?:['’]ll| will)? (?:love|enjoy|like|adore"
    r"|be (?:hooked|moved))"
    r"|you won['’]t|it(?:['’]s| is) (?:great|good|worth|fun))",
    re.IGNORECASE,
)


Detail = TypeVar("Detail", Time, Amount)


@dataclass(frozen=True)
class _Anchor:
    start: int
    end: int
    kind: Kind


def applies(response: Response, knowledge: Knowledge) -> bool:
    return bool(knowledge.policy.promises)


def detect(response: Response, knowledge: Knowledge) -> list[Found]:
    """Spans labelled `allowed`, `goes beyond`, `not in the policy` or `quoted`, in order; the middle two count."""
    text = response.text
    rules = allowed(knowledge.policy)
    quoted = Quoted(text)
    found: list[Found] = []
    heading: list[_Anchor] = []
    for sentence in sentences(text):
        anchors = _anchors(text, sentence, rules)
        if asks(text, sentence):
            short = sentence.end - sentence.start <= HEADING and not _VERB.search(
                text, sentence.start, sentence.end
            )
            heading = anchors if short else []
            continue
        if anchors:
            found.extend(_claims(response, sentence, anchors, rules, quoted))
        elif heading:
            found.extend(_answered(response, sentence, heading, rules, quoted))
        heading = []
    return sorted(set(found), key=lambda one: (one.start, one.end, one.why))


def _anchors(text: str, sentence: Span, rules: Rules) -> list[_Anchor]:
    found: list[_Anchor] = []
    for kind, promises in rules.items():
        if kind.known_only and not promises:
            continue
        if kind.unless is not None and kind.unless.search(text, sentence.start, sentence.end):
            continue
        for match in kind.anchor.finditer(text, sentence.start, sentence.end):
            before = text[max(sentence.start, match.start() - 30) : match.start()]
            if kind in (DELIVERY, DISPATCH) and _POINT_OF_REFERENCE.search(before):
                continue
            found.append(_Anchor(match.start(), match.end(), kind))
    found.sort(key=lambda one: (one.start, one.end))
    return _without_means(text, found)


def _without_means(text: str, anchors: list[_Anchor]) -> list[_Anchor]:
    """ "Your refund will be with you tomorrow" and "we ship a replacement today" are no promises of delivery."""
    goods = (REFUND, REPLACEMENT, RETURNS)
    kept = []
    for at, anchor in enumerate(anchors):
        near = anchors[max(0, at - 3) : at] + anchors[at + 1 : at + 2]
        if anchor.kind in (DELIVERY, DISPATCH) and any(
            other.kind in goods and _gap(text, other.start, other.end, anchor.start, anchor.end) <= FIRM_REACH
            for other in near
        ):
            continue
        kept.append(anchor)
    return kept


def _gap(text: str, start: int, end: int, other_start: int, other_end: int) -> int:
    """Characters between two stretches, 0 where they overlap; a clause end between them counts as forty more."""
    low, high = min(end, other_end), max(start, other_start)
    if high <= low:
        return 0
    crosses = high - low <= TIME_REACH and CLAUSE_END.search(text, low, high)
    return high - low + (40 if crosses else 0)


def _claims(
    response: Response,
    sentence: Span,
    anchors: list[_Anchor],
    rules: Rules,
    quoted: Quoted,
) -> Iterator[Found]:
    text = response.text
    timed = _bound_to(
        text, [one for one in anchors if one.kind.timed], promised_times(text, sentence.start, sentence.end)
    )
    priced = _bound_to(
        text,
        [one for one in anchors if one.kind.money != "none"],
        amounts(text, sentence.start, sentence.end),
        AMOUNT_REACH,
    )
    detailed = {anchor.kind for anchor in (*timed, *priced)}
    plain: set[Kind] = set()
    for anchor in anchors:
        pairs: list[tuple[Time | None, Amount | None]] = [(time, None) for time in timed.get(anchor, [])] + [
            (None, one) for one in priced.get(anchor, [])
        ]
        if not pairs:
            if anchor.kind in plain or anchor.kind in detailed:
                continue
            pairs = [(None, None)]
        for time, amount in pairs:
            verdict = against_policy(
                text, sentence, anchor.kind, (anchor.start, anchor.end), time, amount, rules
            )
            if verdict is None and _firm(text, sentence, anchor):
                promises = named_promises(rules[anchor.kind], anchor.kind, sentence.of(text))
                verdict = _firm_verdict(anchor.kind, promises)
            if verdict is None:
                continue
            one = _judge(response, sentence, anchor, time or amount, verdict, quoted)
            if one is not None:
                plain.add(anchor.kind)
                yield one


def _answered(
    response: Response, sentence: Span, heading: list[_Anchor], rules: Rules, quoted: Quoted
) -> Iterator[Found]:
    """ "Delivery? Tomorrow.": a matter put as a question, and its time in the sentence after."""
    text = response.text
    matter = next(
        (one for one in heading if one.kind.timed and one.kind in (DELIVERY, DISPATCH, REFUND)), None
    )
    time = next(iter(promised_times(text, sentence.start, sentence.end)), None)
    if matter is None or time is None:
        return
    whole = Span(matter.start, sentence.end)
    verdict = against_policy(text, whole, matter.kind, (matter.start, matter.end), time, None, rules)
    one = (
        _judge(response, sentence, _Anchor(time.start, time.end, matter.kind), time, verdict, quoted)
        if verdict
        else None
    )
    if one is not None:
        yield one


def _judge(
    response: Response,
    sentence: Span,
    anchor: _Anchor,
    detail: Time | Amount | None,
    verdict: Verdict,
    quoted: Quoted,
) -> Found | None:
    """The finding for one promise, or None where the words are not meant as one."""
    text = response.text
    parts = [(anchor.start, anchor.end)] + ([(detail.start, detail.end)] if detail else [])
    parts += [verdict.extra] if verdict.extra else []
    start, end = min(part[0] for part in parts), max(part[1] for part in parts)
    if quoted.holds(start, end):
        return Found(
            start, end, "quoted", f"quotes words about {anchor.kind.name}, and promises nothing", counts=False
        )
    if not meant(text, sentence, tuple(parts), denied_after=anchor.kind is not GUARANTEE):
        return None
    if anchor.kind is GUARANTEE and _PUFFERY.match(text, anchor.end):
        return None
    if (
        verdict.counts
        and isinstance(detail, Time)
        and _passage_says(response, text[detail.start : detail.end])
    ):
        return Found(start, end, "allowed", "a passage given to the assistant names this day", counts=False)
    return Found(start, end, verdict.label, verdict.why, verdict.counts)


def _firm(text: str, sentence: Span, anchor: _Anchor) -> bool:
    kind = anchor.kind
    low, high = max(sentence.start, anchor.start - FIRM_REACH), min(sentence.end, anchor.end + 40)
    if kind is GUARANTEE:
        return bool(_SHOP.search(text, max(sentence.start, low - 40), min(sentence.end, high + 60)))
    return kind.firm is not None and not kind.known_only and bool(kind.firm.search(text, low, high))


def _firm_verdict(kind: Kind, promises: tuple[Promise, ...]) -> Verdict:
    """A promise without time or amount: policy has the matter or it has not; free shipping has a threshold."""
    if not promises:
        return Verdict("not in the policy", f"{kind.name}: policy allows no such promise", True)
    if kind is FREE_SHIPPING and all(one.amount is not None for one in promises):
        least = min(one.amount for one in promises if one.amount is not None)
        return Verdict(
            "goes beyond",
            f"free shipping: promised without a condition; policy gives it from {least:g}",
            True,
        )
    return Verdict("allowed", f'policy allows {kind.name}: "{promises[0].text[:100]}"', False)


def _bound_to(
    text: str, anchors: list[_Anchor], details: list[Detail], reach: int = TIME_REACH
) -> dict[_Anchor, list[Detail]]:
    """Each time or amount with its nearest anchor; a guarantee gives way to what is guaranteed."""
    bound: dict[_Anchor, list[Detail]] = {}
    starts = [one.start for one in anchors]
    for detail in details:
        at = bisect_left(starts, detail.start)
        near = [
            (
                _gap(text, one.start, one.end, detail.start, detail.end)
                + (60 if one.kind is GUARANTEE else 0),
                n,
                one,
            )
            for n, one in enumerate(anchors[max(0, at - 3) : at + 3])
            if one.kind is not CONTACT
            or detail.start > one.start
            or not CLAUSE_END.search(text, detail.end, one.start)
        ]
        if near and min(near)[0] <= reach:
            bound.setdefault(min(near, key=lambda one: one[:2])[2], []).append(detail)
    return bound


def _passage_says(response: Response, words: str) -> bool:
    """Whether a passage names the same moment; a plain number of days proves nothing, for policy rules there."""
    if words[:1].isdigit() or "day" in words.lower().split():
        return False
    return any(words.lower() in passage.text.lower() for passage in response.passages)
