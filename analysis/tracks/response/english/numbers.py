"""Numbers in digits and in English words, and amounts of money."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

_SPELT = """one two three four five six seven eight nine
ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen
twenty thirty forty fifty sixty seventy eighty ninety"""
_UNITS, _TEENS, _TENS = (line.split() for line in _SPELT.splitlines())
_VALUES: dict[str, float] = {
    **{word: float(n) for n, word in enumerate([*_UNITS, *_TEENS], start=1)},
    **{word: 10.0 * n for n, word in enumerate(_TENS, start=2)},
    "single": 1.0,
    "dozen": 12.0,
    "hundred": 100.0,
}

_THOUSANDS = r"\d{1,3}(?:,\d{3}){1,4}(?!\d)|\d{1,3}(?:[ '’]\d{3}){1,4}(?!\d)"
"""By comma, space or apostrophe: `1,200`, `1 200`, `1'200`."""
DIGITS = rf"(?:{_THOUSANDS})(?:\.\d{{1,2}})?|\d{{1,9}}(?:[.,]\d{{1,2}})?(?!\d)"
WORDS = (
    rf"(?:{'|'.join(_TENS)})(?:[ -](?:{'|'.join(_UNITS)}))?|{'|'.join(_TEENS)}"
    rf"|a dozen|(?:a|one) hundred|{'|'.join(_UNITS)}|single"
)
NUMBER = rf"(?:{DIGITS}|{WORDS})"
"""A regular expression without groups, for use with re.IGNORECASE between word boundaries."""

MONEY = re.compile(
    rf"(?:US|CA|AU)?[$€£¥￥]\s?(?P<after>{DIGITS})|(?<![\w.,])(?P<before>{NUMBER})\s?"
    r"(?:[$€£¥￥円元](?!\w)|(?:USD|EUR|GBP|JPY|dollars?|bucks|euros?|pounds?"
    r"|yen)\b)(?:\s(?:and\s)?(?P<cents>\d{1,2}|" + WORDS + r")\s(?:cents?|pence|p)\b)?",
    re.IGNORECASE,
)


_PERCENT = re.compile(rf"(?<![\w.])({NUMBER})\s?(?:%|percent\b|per cent\b)", re.IGNORECASE)
_FRACTION = re.compile(
    r"\b(?:(?:a|one) )?(?P<part>tenth|fifth|quarter|third|half)(?:[ -]price\b| (?:off|less|cheaper|of the price)\b)",
    re.IGNORECASE,
)
_PERCENT_OF = {"tenth": 10.0, "fifth": 20.0, "quarter": 25.0, "third": 100 / 3, "half": 50.0}


@dataclass(frozen=True)
class Amount:
    """Money in whatever currency it names, or a percentage, as character offsets."""

    start: int
    end: int
    value: float
    unit: Literal["money", "percent"]


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


def value(written: str) -> float:
    """The number that a match of `NUMBER` stands for: `1,200` is 1200, `11,99` is 11.99, `twenty-one` is 21.

    Raises:
        ValueError: the text is no such number.
    """
    plain = written.strip().lower()
    if plain[:1].isdigit():
        return float(re.sub(r"[, '’](?=\d{3}(?!\d))", "", plain).replace(",", "."))
    *tens, last = plain.replace("-", " ").split()
    if last not in _VALUES or not set(tens) <= {"a", *_VALUES}:
        raise ValueError(f"{written!r} is not a number")
    return _VALUES[last] + (_VALUES[tens[0]] if last in _UNITS and tens else 0.0)


def money(match: re.Match[str]) -> float:
    """The amount of a match of `MONEY`, in whatever currency it names."""
    amount = value(match["after"] or match["before"])
    return amount + value(match["cents"]) / 100 if match["cents"] else amount
