"""Numbers and names of a report as they are read on its page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from analysis.base.number_text import significant
from analysis.base.people import account_of
from analysis.report.page import Words, code, listed, words
from analysis.review.inspection import judged_words

_SHOWN_REFS = 5
SENTENCE = 180
"""Characters of a sentence that stands in a line of its own."""


def interval(value: float | None, low: float | None, high: float | None, *, signed: bool = False) -> str:
    """A value with its interval, in the digits that are worth reading; a change with its sign."""
    if value is None:
        return "–"
    if low is None and high is None:
        return number(value, signed=signed)
    return f"{number(value, signed=signed)} [{number(low, signed=signed)}, {number(high, signed=signed)}]"


def number(value: float | str | None, *, signed: bool = False) -> str:
    """A number in three significant digits; a dash where there is none. Large integers come as text."""
    if value is None:
        return "–"
    if isinstance(value, str):
        return value
    whole = value == int(value) and abs(value) < 10**6
    text = str(int(value)) if whole else significant(value, 3)
    return f"+{text}" if signed and value > 0 and text != "0" else text


def plural(count: int, noun: str) -> str:
    """`1 gate`, `2 gates`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def who(record: Mapping[str, Any]) -> str:
    """Somebody by the account that the machine knows, and then by the name that they gave, where that is another."""
    actor, given = str(record["actor"]), str(record["reviewer"])
    return f"account {actor} (“{given}”)" if given not in ("", account_of(actor).name) else f"account {actor}"


def refs_line(refs: Sequence[str]) -> Words:
    """The first examples, and how many more there are."""
    more = f" and {len(refs) - _SHOWN_REFS} more" if len(refs) > _SHOWN_REFS else ""
    return words(listed(code(ref) for ref in refs[:_SHOWN_REFS]), more) if refs else ("none",)


def sentence(text: str) -> str:
    """A text as a sentence: it begins with a capital letter and ends with a stop."""
    said = text.strip()
    ended = said if said.endswith((".", "!", "?", "…")) else f"{said}."
    return ended[:1].upper() + ended[1:]


def shortened(text: str, most: int = SENTENCE) -> str:
    """A text of at most so many characters, cut between words with a sign that it was."""
    if len(text) <= most:
        return text
    return text[: most - 1].rsplit(" ", 1)[0].rstrip(" ,;:") + "…"


def judged(coverage: Mapping[str, Any]) -> str:
    """How many of the examples that must be judged are, of the `coverage` of a report."""
    return judged_words(coverage["inspected"], coverage["total"], coverage["reviewers_required"])
