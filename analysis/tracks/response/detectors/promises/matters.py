"""What a promise can be about, and what policy allows of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from analysis.tracks.response.detectors.contract import Policy, Promise, quoted
from analysis.tracks.response.english.numbers import Amount, amounts
from analysis.tracks.response.english.times import Time, spoken, times
from analysis.tracks.response.english.word_lists import expressions, word_set

TINY = 1e-9
Bound = Literal["service", "window", "unclear"]
"""What a time bounds: the house (`service`: fewer days promise more), the customer (`window`: more days do)."""


@dataclass(frozen=True)
class Matter:
    """One thing that can be promised, with the words by which policy and answers name it."""

    name: str
    words: re.Pattern[str]
    bound: Bound = "service"


ALLOWED = "allowed"
Verdict = tuple[str, str]
"""What policy says to a promise: `allowed`, `goes beyond` or `not in the policy`, and why."""

_WORDS = expressions(__package__, "words.en.txt")
_BOUNDS: dict[str, Bound] = {
    "refund": "unclear",
    "return": "window",
    "cancellation": "window",
    "price": "window",
    **dict.fromkeys(("replacement", "dispatch", "delivery", "reply", "discount", "credit", "fee"), "service"),
}
MATTERS = tuple(Matter(name, _WORDS[name], bound) for name, bound in _BOUNDS.items())
NO_MATTER = Matter("a commitment", re.compile(r"(?!)"))
"""What is promised beside no matter of the table and of policy."""
_PLAIN = word_set(__package__, "words.en.txt", "plain")
BY_CASE = ("dispatch", "discount", "credit")
"""Matters where leave for one case ("students") is none for others."""
Promises = tuple[Promise, ...]
Rules = dict[Matter, Promises]


@lru_cache(maxsize=8)
def allowed(policy: Policy) -> Rules:
    """What policy allows by matter; one that no matter of the table fits is a matter of its own, by its words."""
    rules: dict[Matter, list[Promise]] = {matter: [] for matter in MATTERS}
    for promise in policy.promises:
        named = [one for one in MATTERS if one.words.search(promise.about)]
        named += [
            one
            for one in MATTERS
            if one not in named
            and one.name in ("refund", "credit", "dispatch", "cancellation")
            and one.words.search(promise.text)
        ]
        for matter in named or [_own(promise.about)]:
            rules.setdefault(matter, []).append(promise)
    return {matter: tuple(promises) for matter, promises in rules.items()}


def _telling(about: str) -> list[str]:
    """The words of what a promise is about that say which case it is."""
    return [word for word in re.findall(r"\w{3,}", about.lower()) if word not in _PLAIN]


def _own(about: str) -> Matter:
    said = _telling(about) or [about.lower()]
    body = "|".join(rf"(?<!\w){re.escape(word[:6])}\w*" for word in said)
    return Matter(about, re.compile(body, re.IGNORECASE), "unclear")


def named_promises(promises: Promises, matter: Matter, sentence: str) -> Promises:
    """Those whose further words the sentence holds ("express delivery"), else those without such words, else all
    but where leave for one case is none for others.
    """
    said = set(re.findall(r"\w+", sentence.lower()))
    special = {one: _telling(matter.words.sub(" ", one.about)) for one in promises}
    named = tuple(
        one
        for one, words in special.items()
        if any({word, word + "s", word.removesuffix("s")} & said for word in words)
    )
    general = tuple(one for one, words in special.items() if not words)
    if named and any(one.days is not None or one.amount is not None for one in named):
        return named
    return named + general or (() if matter.name in BY_CASE else promises)


def time_verdict(
    text: str, near: tuple[int, int], matter: Matter, time: Time, promises: Promises, firm: bool
) -> Verdict | None:
    """A promised time against what policy allows of the matter.

    `near` is the stretch that tells whom it binds; a time where policy names none counts only where it is `firm`.
    """
    said = f'{matter.name}: says "{text[time.start : time.end]}"'
    bound = _bound(matter, text[near[0] : near[1]])
    refusal: Verdict | None = None
    for promise in promises:
        named = list(times(promise.text, 0, len(promise.text)))
        if any(one.days == time.days for one in named):
            return ALLOWED, f'{said}; so does policy ("{quoted(promise.text)}")'
        if promise.days is None:
            continue
        theirs = _bound(matter, promise.text)
        if "unclear" not in (bound, theirs) and bound != theirs:
            continue
        words = f'policy allows {spoken(promise.days)} ("{quoted(promise.text)}")'
        decides = bound if bound != "unclear" else theirs
        if time.days is not None:
            low, high = time.days
            fits = high <= promise.days + TINY
            if decides != "window":
                earliest = _WORDS["earliest"].search(text, max(0, time.start - 20), time.start)
                least = min([promise.days, *(one.days[0] for one in named if one.days is not None)])
                fits = high >= promise.days - TINY or bool(earliest and low >= least - TINY)
            if fits:
                return ALLOWED, f"{said}; {words}"
        refusal = refusal or ("goes beyond", f"{said}; {words}")
    if refusal is None and firm:
        return "goes beyond", f'{said}; policy names no such time ("{quoted(promises[0].text)}")'
    return refusal


def _bound(matter: Matter, context: str) -> Bound:
    """Whether a time binds the house or the customer, by the words around it."""
    if matter.bound != "unclear":
        return matter.bound
    if _WORDS["to customer"].search(context):
        return "window"
    if _WORDS["by house"].search(context):
        return "service"
    return "window" if _WORDS["for customer"].search(context) else "unclear"


def amount_verdict(
    text: str, matter: Matter, amount: Amount, promises: Promises, least: bool, firm: bool
) -> Verdict | None:
    """A promised amount, or one from which on (`least`), against policy; None where it limits none, unless `firm`."""
    said = f'{matter.name}: says "{text[amount.start : amount.end]}"'
    limits = [(one, limit) for one in promises for limit in _limits(one, amount.unit)]
    if not limits:
        if not firm or matter not in MATTERS or matter.name in ("refund", "fee"):
            return None
        return "goes beyond", f'{said}; policy names no such amount ("{quoted(promises[0].text)}")'
    for promise, limit in limits:
        if amount.value >= limit - TINY if least else amount.value <= limit + TINY:
            return ALLOWED, f'{said}; policy: "{quoted(promise.text)}"'
    promise, limit = limits[0]
    words = f"{'from' if least else 'at most'} {limit:g}{'%' if amount.unit == 'percent' else ''}"
    return "goes beyond", f'{said}; policy allows it {words} ("{quoted(promise.text)}")'


def _limits(promise: Promise, unit: str) -> Iterator[float]:
    """The amounts that policy names: in its text, and as `amount`, a percentage where its text has only one."""
    named = amounts(promise.text, 0, len(promise.text))
    yield from (one.value for one in named if one.unit == unit)
    units = {one.unit for one in named if one.value == promise.amount} or {one.unit for one in named}
    if promise.amount is not None and (unit in units if len(units) == 1 else unit == "money"):
        yield promise.amount
