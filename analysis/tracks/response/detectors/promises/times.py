"""Times that only a promise names: an hour of the day, the end of a week, "within minutes", half a year."""

from __future__ import annotations

import re
from collections.abc import Iterator

from analysis.tracks.response.english.numbers import NUMBER
from analysis.tracks.response.english.times import Time, times

_HALF = {"day": 0.5, "week": 3.5, "month": 15.0, "year": 182.0}
_SOON = (
    r"(?:with)?in (?:a matter of |just |mere )?(?:minutes|hours|seconds)\b|any (?:minute|second"
    r"|moment) now\b"
    r"|(?:there and then|then and there|this instant|right this (?:minute|second))\b"
    r"|(?:the )?(?:very )?same (?:morning|afternoon|evening|night)\b"
    r"|(?:on )?the (?:very )?(?:moment|minute|second|day) you ask\b"
)
_CLOCK = (
    r"(?:by|at|before) (?:\d{1,2}(?:[:.]\d\d)?\s?(?:am|pm|a\.m\.|p\.m\.|o['’]clock)"
    rf"|{NUMBER} (?:o['’]clock|in the (?:morning|afternoon|evening)|(?:this|tomorrow) \w+))"
    r"|(?:by|before) (?:noon|midday|lunch(?:time)?|tea ?time|bed ?time|midnight|breakfast"
    r"|dinner ?(?:time)?|supper|nightfall)\b"
)
_NAMED = (
    r"(?:by|before|at) (?:the )?(?:end|close) of (?:the |this |next )?(?:play|business|day|week|month"
    r"|year|afternoon"
    r"|morning)\b"
    r"|by (?:tomorrow|tonight|today)\b|(?:by|before|over|in time for) (?:the|your) (?:holidays?|trip"
    r"|party|school year)\b"
    r"|past (?:mon|tues|wednes|thurs|fri|satur|sun)day\b|first thing(?: in the morning)?\b|next week\b"
    r"|(?:by|on|before) the \d{1,2}(?:st|nd|rd|th)\b"
    r"|(?:before|by|on) (?:your|his|her|their|(?:mother|father|valentine)['’]s) (?:birthday|trip"
    r"|holidays?|flight|day"
    r"|party)\b"
    r"|(?:by|before|until) (?:christmas|spring|summer|autumn|winter|easter|new year)\b"
)
_MORE = re.compile(
    rf"\b(?:(?P<soon>{_SOON})|(?P<named>{_CLOCK}|{_NAMED})|half a (?P<half>day|week|month|year)\b"
    rf"|(?P<fortnights>(?:a|one|two|three) fortnights?)\b)",
    re.IGNORECASE,
)
_CUSTOMER_ACTS = re.compile(
    r"(?<!\ba )(?<!\ban )(?<!\bthe )(?<!\byour )(?<!\bour )\b(?:order|ordered|received|made|pick|choose"
    r"|buy|pay|placed?|confirm|call|reply|send (?:it|us)|return(?:ed)?|written?"
    r"|asked|tell us)\s(?:\w+\s){0,3}$",
    re.IGNORECASE,
)


def promised_times(text: str, start: int, end: int) -> list[Time]:
    """What `times` finds, and these; the hour of the customer's own act ("order by noon") is left out."""
    found = list(times(text, start, end))
    found += [
        one
        for one in _more(text, start, end)
        if not any(one.start < at.end and at.start < one.end for at in found)
    ]
    return found


def _more(text: str, start: int, end: int) -> Iterator[Time]:
    for match in _MORE.finditer(text, start, end):
        if _CUSTOMER_ACTS.search(text, max(start, match.start() - 30), match.start()):
            continue
        days: float | None = None
        if match["soon"]:
            days = 0.0
        elif match["half"]:
            days = _HALF[match["half"].lower()]
        elif match["fortnights"]:
            count = {"two": 2, "three": 3}.get(match["fortnights"].lower().split()[0], 1)
            days = 14.0 * count
        yield Time(match.start(), match.end(), days, days)
