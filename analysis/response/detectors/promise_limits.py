"""A promised time or amount against the limits of policy."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from analysis.response.detectors.base import Promise
from analysis.response.detectors.numbers import MONEY, NUMBER, money, value
from analysis.response.detectors.promise_kinds import (
    DISCOUNT,
    DISPATCH,
    FREE_SHIPPING,
    PRICE_MATCH,
    REFUND,
    REPLACEMENT,
    RETURNS,
    Bound,
    Kind,
)
from analysis.response.detectors.text import Span
from analysis.response.detectors.times import Time, spoken, times

Unit = Literal["money", "percent"]
TINY = 1e-9
QUOTE = 100

_PERCENT = re.compile(rf"(?<![\w.])({NUMBER})\s?(?:%|percent\b|per cent\b)", re.IGNORECASE)
_FRACTION = re.compile(
    r"\b(?:(?:a|one) )?(?P<part>tenth|fifth|quarter|third|half)(?:[ -]price\b| (?:off|less|cheaper|of the price)\b)",
    re.IGNORECASE,
)
_PERCENT_OF = {"tenth": 10.0, "fifth": 20.0, "quarter": 25.0, "third": 100 / 3, "half": 50.0}
_FULL = re.compile(
    r"\b(?:full|complete|entire|100 ?%)\s(?:\w+\s)?(?:refund|money|amount|price|reimbursement|credit)"
    r"|\bin full\b"
    r"|\bevery (?:last )?(?:cent|penny)\b|\brefund\w*\s(?:\w+\s){0,3}(?:completely|entirely|fully)\b"
    r"|\bfully refund\w*|\ball (?:of )?your money\b",
    re.IGNORECASE,
)
_ABSOLUTE = re.compile(
    r"\bno questions(?: asked)?\b|\bno matter (?:what|why|how|when)\b|\b(?:at )?any ?time(?! within| in"
    r"| up to| before)|\bwhenever you (?:like|want)\b"
    r"|\bfor ?ever\b|\bfor life\b|\blifetime\b|\bunlimited\b|\bin every case\b|\bwithout exception\b"
    r"|\bno strings\b|\bregardless\b"
    r"|\bwhatever the reason\b|\bfor any reason\b|\beven if (?:you['’]ve|you have|it['’]s|it is"
    r"|they['’]re|it has been) (?:already |been )?"
    r"(?:read|opened|used|unwrapped|damaged)\b|\bno (?:time )?limits?\b|\bno deadline\b",
    re.IGNORECASE,
)
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
    r"|\bclaim|\breport|\beligible\b|\bfor\s$",
    re.IGNORECASE,
)


_TO_SHOP = re.compile(
    r"\b(?:back (?:with|at|to) us|reach(?:es|ed)? us|our warehouse|(?:your|the) return|returned \w+|back)\b",
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


@dataclass(frozen=True)
class Verdict:
    """What policy says to a promise; `extra` is a further stretch that the verdict rests on."""

    label: str
    why: str
    counts: bool
    extra: tuple[int, int] | None = None


def against_policy(
    text: str,
    sentence: Span,
    kind: Kind,
    anchor: tuple[int, int],
    time: Time | None,
    amount: Amount | None,
    rules: dict[Kind, tuple[Promise, ...]],
) -> Verdict | None:
    """What policy says to a promise with its time or amount; None where there is nothing to compare.

    Of several promises about the same matter, those whose further words stand in the sentence decide ("express
    delivery"), else those without such words; one that allows it is enough.
    """
    promises = named_promises(rules[kind], kind, sentence.of(text))
    strong = _strengthened(text, sentence, kind, anchor, promises)
    if strong is not None:
        return strong
    if time is not None:
        return _time(text, sentence, kind, anchor, time, rules, promises)
    if amount is not None:
        return _amount(text, kind, amount, promises)
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
    return general if general or kind in (FREE_SHIPPING, DISPATCH) else promises


def _special_words(promise: Promise, kind: Kind) -> list[str]:
    """The words of `about` beside the matter itself: `express` of `express delivery`."""
    return [
        word
        for word in re.findall(r"\w{3,}", kind.names.sub(" ", promise.about.lower()))
        if word not in _PLAIN
    ]


@lru_cache(maxsize=16)
def _words_said(sentence: str) -> frozenset[str]:
    """Kept for the promises of one sentence; to send "back" is to return."""
    return frozenset(re.findall(r"\w+", sentence.lower().replace("back", "back return")))


def _near(word: str, said: frozenset[str]) -> bool:
    """Whether a word was said, in singular or plural."""
    return not {word, word + "s", word.removesuffix("s")}.isdisjoint(said)


def _strengthened(
    text: str, sentence: Span, kind: Kind, anchor: tuple[int, int], promises: tuple[Promise, ...]
) -> Verdict | None:
    """ "In full" and "no questions asked" go beyond a policy that does not say so."""
    if kind not in (REFUND, RETURNS, REPLACEMENT, PRICE_MATCH, DISCOUNT) or not promises:
        return None
    low, high = max(sentence.start, anchor[0] - 80), min(sentence.end, anchor[1] + 80)
    says = " ".join(one.text for one in promises)
    full = _FULL.search(text, low, high) if kind is REFUND else None
    if full and not _FULL.search(says) and not re.search(r"\bfull\b", says, re.IGNORECASE):
        return Verdict(
            "goes beyond",
            f'{kind.name}: promised in full; policy says only "{_quote(promises[0])}"',
            True,
            full.span(),
        )
    absolute = _ABSOLUTE.search(text, low, high)
    if absolute and absolute.group().lower() not in says.lower():
        return Verdict(
            "goes beyond",
            f'{kind.name}: promised without conditions; policy says "{_quote(promises[0])}"',
            True,
            absolute.span(),
        )
    return None


def _time(
    text: str,
    sentence: Span,
    kind: Kind,
    anchor: tuple[int, int],
    time: Time,
    rules: dict[Kind, tuple[Promise, ...]],
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
            (one.low, one.high) == (time.low, time.high) for one in times(promise.text, 0, len(promise.text))
        ):
            return Verdict("allowed", f'{said}; so does policy ("{_quote(promise)}")', False)
        if promise.days is None:
            continue
        policy_bound = _bound(kind, promise.text)
        if "unclear" not in (bound, policy_bound) and bound != policy_bound:
            continue
        decides: Bound = next((one for one in (bound, policy_bound) if one != "unclear"), "service")
        words = f'policy allows {spoken(promise.days)} ("{_quote(promise)}")'
        if time.high is None or time.low is None:
            refusal = refusal or Verdict("goes beyond", f"{said}, a named day; {words}", True)
        elif _within(text, time.low, time.high, time.start, promise, decides):
            return Verdict("allowed", f"{said}; {words}", False)
        else:
            refusal = refusal or Verdict("goes beyond", f"{said}; {words}", True)
    return refusal or Verdict(
        "goes beyond", f'{said}; policy names no such time ("{_quote(promises[0])}")', True
    )


def _within(text: str, low: float, high: float, start: int, promise: Promise, bound: Bound) -> bool:
    assert promise.days is not None
    if bound == "window":
        return high <= promise.days + TINY
    if high >= promise.days - TINY:
        return True
    if not _EARLIEST.search(text, max(0, start - 20), start):
        return False
    named = [one.low for one in times(promise.text, 0, len(promise.text)) if one.low is not None]
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
        return Verdict("goes beyond", f'{said}; policy names no such amount ("{_quote(promises[0])}")', True)
    floor = kind is FREE_SHIPPING
    for promise, limit in limits:
        if amount.value >= limit - TINY if floor else amount.value <= limit + TINY:
            return Verdict("allowed", f'{said}; policy: "{_quote(promise)}"', False)
    promise, limit = limits[0]
    word = "from" if floor else "at most"
    unit = "%" if amount.unit == "percent" else ""
    return Verdict(
        "goes beyond", f'{said}; policy allows it {word} {limit:g}{unit} ("{_quote(promise)}")', True
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


def _quote(promise: Promise) -> str:
    return promise.text if len(promise.text) <= QUOTE else promise.text[: QUOTE - 1] + "…"
