"""A promised time or amount against the limits of policy."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from analysis.tracks.response.detectors.contract import Promise
from analysis.tracks.response.detectors.promises.arrivals import DISPATCH
from analysis.tracks.response.detectors.promises.kinds import (
    CREDIT,
    DISCOUNT,
    FREE_SHIPPING,
    REFUND,
    RETURNS,
)
from analysis.tracks.response.detectors.promises.strength import Verdict, quote, strengthened
from analysis.tracks.response.detectors.promises.times import promised_times
from analysis.tracks.response.detectors.promises.wording import Bound, Kind, Rules
from analysis.tracks.response.english.numbers import MONEY, NUMBER, money, value
from analysis.tracks.response.english.sentences import Span
from analysis.tracks.response.english.times import Time, spoken

Unit = Literal["money", "percent"]
TINY = 1e-9
_COMMON = frozenset(
    [
        "order",
        "orders",
        "volume",
        "volumes",
        "copy",
        "copies",
        "book",
        "books",
        "week",
        "days",
        "with",
        "that",
        "this",
        "within",
        "your",
    ]
)
_BY_CASE = (FREE_SHIPPING, DISPATCH, CREDIT, DISCOUNT)
"""Kinds where leave for one case ("students") is none for others."""
ALIKE = 3
"""Words that a sentence must share with the leave for one case to be about that case, where it does not name it."""

_PERCENT = re.compile(rf"(?<![\w.])({NUMBER})\s?(?:%|percent\b|per cent\b)", re.IGNORECASE)
_FRACTION = re.compile(
    r"\b(?:(?:a|one) )?(?P<part>tenth|fifth|quarter|third|half)(?:[ -]price\b| (?:off|less|cheaper"
    r"|of the price)\b)",
    re.IGNORECASE,
)
_PERCENT_OF = {"tenth": 10.0, "fifth": 20.0, "quarter": 25.0, "third": 100 / 3, "half": 50.0}
_EARLIEST = re.compile(
    r"\b(?:as little as|as early as|as soon as|at least|more than|at the earliest|minimum of"
    r"|no sooner than|not before)\s$",
    re.IGNORECASE,
)
_TO_CUSTOMER = re.compile(
    r"\b(?:of|after|from|since|following)\s(?:(?:the|your|its|you|being"
    r"|date of)\s)?(?:\w+\s)?(?:purchas|deliver|arriv|buy|bought|order)\w*"
    r"|\b(?:of|after)\s(?:receipt\b(?! of the return)|receiving (?:it|them|your order)|you (?:receive"
    r"|get|bought|order))",
    re.IGNORECASE,
)
_BY_SHOP = re.compile(
    r"\b(?:i|we)(?:['’]ll| will| can|['’]m going to)?\s(?:\w+\s)?(?:refund|issue|process|send|ship"
    r"|replace|return|pay|credit|transfer|have|get)"
    r"|\b(?:process|issu|appear|show up|land|paid|arriv|receiv|credited|takes?|reach)\w*|\b(?:card"
    r"|account|bank)\b"
    r"|\b(?:be|is) (?:with you|back|there|done|on its way)\b|\byou(?:['’]ll| will) (?:get|have|see"
    r"|receive)\b",
    re.IGNORECASE,
)
_FOR_CUSTOMER = re.compile(
    r"\breturn|\bsend (?:it|them|\w+ \w+) back\b|\byou(?:['’]ve| have| can| may)\b|\bwindow\b|\bup to\b"
    r"|\bgo back\b"
    r"|\bclaim|\breport|\beligible\b|\bfor\s$",
    re.IGNORECASE,
)


_RETURN_WORDS = re.compile(
    r"\b(?:back|our (?:fault|mistake|error)|(?:made|our) (?:the|a) mistake|wrong|faulty|damaged)\b"
)
_TO_SHOP = re.compile(
    r"\b(?:back (?:with|at|to) us|reach(?:es|ed)? us|our warehouse|(?:your|the) return|returned \w+"
    r"|back)\b",
    re.IGNORECASE,
)
_PAID = re.compile(r"\b(?:issu\w+|process\w*|credited|paid|card|account|bank)\b", re.IGNORECASE)
_PLAIN_WORDS = (
    "time times standard normal regular home domestic the and for policy window period parcel parcels delivery"
    " shipping orders order"
)
_PLAIN = frozenset(_PLAIN_WORDS.split())


@dataclass(frozen=True)
class Amount:
    """Money in the shop's currency, or a percentage, as character offsets."""

    start: int
    end: int
    value: float
    unit: Unit


def against_policy(
    text: str,
    sentence: Span,
    kind: Kind,
    anchor: tuple[int, int],
    time: Time | None,
    amount: Amount | None,
    rules: Rules,
) -> Verdict | None:
    """What policy says to a promise with its time or amount; None where there is nothing to compare.

    Of several promises about the same matter, those whose further words stand in the sentence decide ("express
    delivery"), else those without such words; one that allows it is enough.
    """
    promises = named_promises(rules[kind], kind, sentence.of(text))
    strong = strengthened(text, sentence, kind, anchor, promises, rules)
    if strong is not None:
        return strong
    if time is not None:
        return _time(text, sentence, kind, anchor, time, rules, promises)
    if amount is not None:
        verdict = _amount(text, kind, amount, promises)
        if promises or kind not in (CREDIT, DISCOUNT):
            return verdict
        beyond = _amount(text, kind, amount, rules[kind])
        return beyond if beyond is not None and beyond.counts else verdict
    return None


def named_promises(promises: tuple[Promise, ...], kind: Kind, sentence: str) -> tuple[Promise, ...]:
    """Those whose further words the sentence holds, with the general ones where they name no limit."""
    said = _words_said(sentence)
    special = {one: _special_words(one, kind) for one in promises}
    general = tuple(one for one, words in special.items() if not words)
    named = tuple(one for one, words in special.items() if any(_near(word, said) for word in words))
    if named:
        return (
            named if any(one.days is not None or one.amount is not None for one in named) else named + general
        )
    if general or kind not in _BY_CASE:
        return general or promises
    return tuple(one for one in promises if len(_content(one.text) & _content(sentence)) >= ALIKE)


def _special_words(promise: Promise, kind: Kind) -> list[str]:
    """The words of `about` beside the matter itself: `express` of `express delivery`."""
    return [
        word
        for word in re.findall(r"\w{3,}", kind.names.sub(" ", promise.about.lower()))
        if word not in _PLAIN
    ]


@lru_cache(maxsize=256)
def _content(text: str) -> frozenset[str]:
    """The longer words of a text beside those that all matters share, in the singular."""
    return frozenset(
        word.rstrip("s") for word in re.findall(r"[a-z]{4,}", text.lower()) if word not in _COMMON
    )


@lru_cache(maxsize=16)
def _words_said(sentence: str) -> frozenset[str]:
    """Kept for the promises of one sentence; to send "back" is to return, and so is what follows on a fault."""
    return frozenset(re.findall(r"\w+", _RETURN_WORDS.sub(" return ", sentence.lower())))


def _near(word: str, said: frozenset[str]) -> bool:
    """Whether a word was said, in singular or plural."""
    return not {word, word + "s", word.removesuffix("s")}.isdisjoint(said)


def _time(
    text: str,
    sentence: Span,
    kind: Kind,
    anchor: tuple[int, int],
    time: Time,
    rules: Rules,
    promises: tuple[Promise, ...],
) -> Verdict:
    low, high = min(anchor[0], time.start), max(anchor[1], time.end)
    bound = _bound(kind, text[max(sentence.start, low - 50) : min(sentence.end, high + 50)])
    if bound == "window" and kind in (REFUND, RETURNS):
        promises = tuple(dict.fromkeys((*promises, *rules[REFUND], *rules[RETURNS])))
    said = f'{kind.name}: says "{text[time.start : time.end]}"'
    if not promises:
        return Verdict("not in the policy", f"{said}; policy allows no such promise", True)
    refusal: Verdict | None = None
    for promise in promises:
        if any(
            (one.low, one.high) == (time.low, time.high)
            for one in promised_times(promise.text, 0, len(promise.text))
        ):
            return Verdict("allowed", f'{said}; so does policy ("{quote(promise)}")', False)
        if promise.days is None:
            continue
        policy_bound = _bound(kind, promise.text)
        if "unclear" not in (bound, policy_bound) and bound != policy_bound:
            continue
        decides: Bound = next((one for one in (bound, policy_bound) if one != "unclear"), "service")
        words = f'policy allows {spoken(promise.days)} ("{quote(promise)}")'
        if time.high is None or time.low is None:
            refusal = refusal or Verdict("goes beyond", f"{said}, a named day; {words}", True)
        elif _within(text, time.low, time.high, time.start, promise, decides):
            return Verdict("allowed", f"{said}; {words}", False)
        else:
            refusal = refusal or Verdict("goes beyond", f"{said}; {words}", True)
    return refusal or Verdict(
        "goes beyond", f'{said}; policy names no such time ("{quote(promises[0])}")', True
    )


def _within(text: str, low: float, high: float, start: int, promise: Promise, bound: Bound) -> bool:
    assert promise.days is not None
    if bound == "window":
        return high <= promise.days + TINY
    if high >= promise.days - TINY:
        return True
    if not _EARLIEST.search(text, max(0, start - 20), start):
        return False
    named = [one.low for one in promised_times(promise.text, 0, len(promise.text)) if one.low is not None]
    return low >= min([promise.days, *named]) - TINY


def _bound(kind: Kind, context: str) -> Bound:
    """Whether a time binds the shop or the customer, by the words around it."""
    if kind.bound != "unclear":
        return kind.bound
    if _PAID.search(context):
        return "service"
    if _TO_CUSTOMER.search(context) and not _TO_SHOP.search(context):
        return "window"
    if _BY_SHOP.search(context):
        return "service"
    return "window" if _FOR_CUSTOMER.search(context) else "unclear"


def _amount(text: str, kind: Kind, amount: Amount, promises: tuple[Promise, ...]) -> Verdict | None:
    said = f'{kind.name}: says "{text[amount.start : amount.end]}"'
    if not promises:
        return Verdict("not in the policy", f"{said}; policy allows no such promise", True)
    limits = [(one, limit) for one in promises for limit in _limits(one, amount.unit)]
    if not limits:
        if kind is REFUND or kind.known_only:
            return None
        return Verdict("goes beyond", f'{said}; policy names no such amount ("{quote(promises[0])}")', True)
    floor = kind is FREE_SHIPPING
    for promise, limit in limits:
        if amount.value >= limit - TINY if floor else amount.value <= limit + TINY:
            return Verdict("allowed", f'{said}; policy: "{quote(promise)}"', False)
    promise, limit = limits[0]
    word = "from" if floor else "at most"
    unit = "%" if amount.unit == "percent" else ""
    return Verdict(
        "goes beyond", f'{said}; policy allows it {word} {limit:g}{unit} ("{quote(promise)}")', True
    )


def amounts(text: str, start: int, end: int) -> list[Amount]:
    """The money and the percentages named within the offsets, in order."""
    found = [Amount(*match.span(), money(match), "money") for match in MONEY.finditer(text, start, end)]
    found += [
        Amount(*match.span(), value(match[1]), "percent") for match in _PERCENT.finditer(text, start, end)
    ]
    found += [
        Amount(*match.span(), _PERCENT_OF[match["part"].lower()], "percent")
        for match in _FRACTION.finditer(text, start, end)
    ]
    return sorted(found, key=lambda one: one.start)


def _limits(promise: Promise, unit: Unit) -> Iterator[float]:
    """The amounts that policy names: in its text, and as `amount`, a percentage where its text has only one."""
    named = amounts(promise.text, 0, len(promise.text))
    yield from (one.value for one in named if one.unit == unit)
    units = {one.unit for one in named if one.value == promise.amount} or {one.unit for one in named}
    if promise.amount is not None and (unit in units if len(units) == 1 else unit == "money"):
        yield promise.amount
