"""Times that a text names: durations in digits and words, ranges, and moments such as "tomorrow"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from analysis.tracks.response.english.numbers import NUMBER, value

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
_VAGUE = {"a": 1.0, "an": 1.0, "couple": 2.0, "few": 3.0, "several": 4.0, "half": 0.5}

_DURATION = re.compile(
    rf"(?<![\w$€£¥.,])(?:(?P<low>{NUMBER})(?!(?<=ty)-(?:one|two|three|four|five|six|seven|eight|nine)\b)\s?(?:-|–|—|to|or|and)\s?)?"
    rf"(?P<high>{NUMBER}|half an?|a couple of|a couple|couple of|a few|few|several|an?)[\s-]?"
    r"(?:(?:full|short|business|working|calendar)[\s-])?"
    r"(?P<unit>minutes?|mins?|hours?|hrs?|h|days?|weeks?|months?|years?)\b",
    re.IGNORECASE,
)
_OPENS_ONE = re.compile(
    r"\b(?:in|within|under|inside|for|takes?|only|just|about|around|than|after|next|of|up to|have|has|get)\s$",
    re.IGNORECASE,
)
_PAST = re.compile(r"\b(?:last|past|previous)\s(?:the\s)?$", re.IGNORECASE)
_SINCE = re.compile(
    r"\s(?:ago|earlier|old)\b|\s(?:a|per|each|every)\s(?:day|week|month|year)\b", re.IGNORECASE
)

_MOMENTS: tuple[tuple[str, float], ...] = (
    (r"day after tomorrow", 2.0),
    (r"tomorrow|overnight|next[- ]day|next morning", 1.0),
    (r"(?:with)?in the hour", 1 / HOURS_PER_DAY),
    (r"today|tonight|same[- ]day|this (?:very )?(?:morning|afternoon|evening)", 0.0),
    (
        r"immediately|instant(?:ly)?|right away|straight away|straightaway|on the spot|at once"
        r"|this (?:very )?(?:minute|instant)|within (?:minutes|hours|seconds)"
        r"|(?:very )?same (?:morning|afternoon|evening)",
        0.0,
    ),
)
_WEEKDAY = r"(?:mon|tues|wednes|thurs|fri|satur|sun)day"
_MONTH = r"(?:january|february|march|april|may|june|july|august|september|october|november|december)"
_NAMED = (
    rf"(?:by|on|before|this|next|until|no later than)\s(?:this\s|next\s|coming\s)?{_WEEKDAY}"
    rf"|{_WEEKDAY}(?=\s(?:morning|afternoon|evening|at the latest))"
    rf"|(?:by|on|before)\s(?:the\s)?(?:\d{{1,2}}(?:st|nd|rd|th)?\s(?:of\s)?{_MONTH}|{_MONTH}\s\d{{1,2}})"
    r"|(?:before|by|for|in time for)\s(?:the|this)\sweekend|this weekend|before christmas"
    r"|in time for\s(?:your|his|her|their|the|christmas)\b(?:\s\w+)?"
    r"|(?:by|before|at)\s(?:the\s)?(?:end|close)\sof\s(?:(?:the|this|next)\s)?(?:business|day|week|month|year)"
    r"|(?:by|before)\s(?:\d{1,2}(?:[:.]\d\d)?\s?(?:am|pm|a\.m\.|p\.m\.|o['’]clock)|noon|midday|midnight|lunch(?:time)?)"
    rf"|past\s{_WEEKDAY}|next week|(?:by|on|before)\sthe\s\d{{1,2}}(?:st|nd|rd|th)"
)
_MOMENT = re.compile(
    r"\b(?:the\s)?(?:"
    + "|".join(f"(?P<m{n}>{pattern})" for n, (pattern, _) in enumerate(_MOMENTS))
    + rf"|(?P<named>{_NAMED}))(?!\w|['’]s\b)",
    re.IGNORECASE,
)
_ORDERED = re.compile(
    r"(?:(?<!your )(?<!the )(?<!\ba )(?<!an )(?<!my )\b(?:orders?|ordered|buy|bought|purchase|pay|paid|placed?|call|ask"
    r"|write|request|reply|asked|return)\b(?:\s(?:it|them|an order|now))?(?:\s(?:by|before))?"
    r"|\b(?:reach out|contact us|(?:help|assist) you|shopping|available|stock)\b(?:\s(?:with|out|us))?)\s$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Time:
    """A time in days from now, as character offsets; both ends are None for a named day ("by Friday")."""

    start: int
    end: int
    low: float | None
    high: float | None


def times(text: str, start: int, end: int) -> Iterator[Time]:
    """The times named within the offsets, in order of their kind.

    Days, business days and calendar days count alike; a week is 7 days, a month 30, a year 365. Left out: what
    lies in the past ("two days ago"), how often ("three hours a day"), and the moment of the customer's own act
    ("order today").
    """
    for match in _DURATION.finditer(text, start, end):
        written = match["high"].lower()
        if written in ("a", "an") and not _OPENS_ONE.search(
            text, max(start, match.start() - 12), match.start()
        ):
            continue
        if _PAST.search(text, max(start, match.start() - 16), match.start()) or _SINCE.match(
            text, match.end()
        ):
            continue
        unit = next(days for name, days in _DAYS.items() if match["unit"].lower().startswith(name))
        high = _number(written) * unit
        low = value(match["low"]) * unit if match["low"] else high
        yield Time(match.start(), match.end(), min(low, high), max(low, high))
    for match in _MOMENT.finditer(text, start, end):
        if _ORDERED.search(text, max(start, match.start() - 30), match.start()):
            continue
        days = next((days for n, (_, days) in enumerate(_MOMENTS) if match[f"m{n}"]), None)
        yield Time(match.start(), match.end(), days, days)


def spoken(days: float) -> str:
    """`1 hour`, `3 days`, `half a day`: a number of days as a person says it."""
    if days == 0:
        return "the same day"
    if days < 1:
        hours = days * HOURS_PER_DAY
        if hours >= 1:
            return f"{hours:g} hour" + ("" if hours == 1 else "s")
        minutes = days * _MINUTES_PER_DAY
        return f"{minutes:.0f} minute" + ("" if round(minutes) == 1 else "s")
    return f"{days:g} day" + ("" if days == 1 else "s")


def _number(written: str) -> float:
    for word in written.replace("-", " ").split():
        if word in ("couple", "few", "several", "half"):
            return _VAGUE[word]
    return _VAGUE[written] if written in _VAGUE else value(written)
