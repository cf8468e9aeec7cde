"""Times that a text names: durations in digits and words, ranges, and moments such as "tomorrow"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from analysis.tracks.response.english.numbers import NUMBER, value
from analysis.tracks.response.english.word_lists import expressions, word_lists

HOURS_PER_DAY = 24.0
_MINUTES_PER_DAY = 1440.0
_DAYS = {
    "min": 1 / _MINUTES_PER_DAY,
    "h": 1 / HOURS_PER_DAY,
    "day": 1.0,
    "week": 7.0,
    "month": 30.0,
    "year": 365.0,
}
_VAGUE = {"couple": 2.0, "few": 3.0, "several": 4.0, "half": 0.5}

_DURATION = re.compile(
    rf"(?<![\w$€£¥.,])(?:(?P<low>{NUMBER})(?!(?<=ty)-(?:one|two|three|four|five|six|seven|eight|nine)\b)\s?(?:-|–|—|to|or|and)\s?)?"
    rf"(?P<high>{NUMBER}|half an?|a couple of|a couple|couple of|a few|few|several|an?)[\s-]?"
    r"(?:(?:full|short|business|working|calendar)[\s-])?"
    r"(?P<unit>minutes?|mins?|hours?|hrs?|h|days?|weeks?|months?|years?)\b",
    re.IGNORECASE,
)
_LISTS = word_lists(__package__, "words.en.txt")
_WORDS = expressions(__package__, "words.en.txt")
_MOMENTS = (("in two days", 2.0), ("in a day", 1.0), ("in an hour", 1 / HOURS_PER_DAY), ("today", 0.0))
"""Sections of moments, with their days from now."""
_MOMENT = re.compile(
    r"\b(?:the\s)?(?:"
    + "|".join(f"(?P<m{n}>{'|'.join(_LISTS[section])})" for n, (section, _) in enumerate(_MOMENTS))
    + rf"|(?P<named>{'|'.join(_LISTS['named'])}))(?!\w|['’]s\b)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Time:
    """A time as character offsets, with the days from now when it begins and ends; None for a day ("by Friday")."""

    start: int
    end: int
    days: tuple[float, float] | None


def times(text: str, start: int, end: int) -> Iterator[Time]:
    """The times named within the offsets, in order of their kind.

    Days, business days and calendar days count alike; a week is 7 days, a month 30, a year 365. Left out: what
    lies in the past ("two days ago"), how often ("three hours a day"), and the moment of the customer's own act
    ("order today").
    """
    for match in _DURATION.finditer(text, start, end):
        written = match["high"].lower()
        if written in ("a", "an") and not _WORDS["opens one"].search(
            text, max(start, match.start() - 12), match.start()
        ):
            continue
        if _WORDS["past"].search(text, max(start, match.start() - 16), match.start()) or _WORDS[
            "since"
        ].match(text, match.end()):
            continue
        unit = next(days for name, days in _DAYS.items() if match["unit"].lower().startswith(name))
        high = _number(written) * unit
        low = value(match["low"]) * unit if match["low"] else high
        yield Time(*match.span(), (min(low, high), max(low, high)))
    for match in _MOMENT.finditer(text, start, end):
        if _WORDS["ordered"].search(text, max(start, match.start() - 30), match.start()):
            continue
        moment = next(((days, days) for n, (_, days) in enumerate(_MOMENTS) if match[f"m{n}"]), None)
        yield Time(*match.span(), moment)


def spoken(days: float) -> str:
    """`1 hour`, `3 days`, `30 minutes`: a number of days as a person says it."""
    if days == 0:
        return "the same day"
    whole = {"day": days, "hour": days * HOURS_PER_DAY, "minute": float(round(days * _MINUTES_PER_DAY))}
    unit, count = next(((unit, count) for unit, count in whole.items() if count >= 1), ("minute", 0.0))
    return f"{count:g} {unit}" + ("" if count == 1 else "s")


def _number(written: str) -> float:
    if written not in ("a", "an") and not set(written.split()) & set(_VAGUE):
        return value(written)
    return next((number for word, number in _VAGUE.items() if word in written.split()), 1.0)
