"""Numbers as a reviewer reads them: no leading zero, a true minus, the interval in brackets."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analysis.base.records import Better, Measures


PLAIN_UNITS = ("share", "probability", "ratio", "yes or no", "")
"""Units that a number is written without."""


def figure(value: float | None, digits: int = 3) -> str:
    """A share or probability: `.961`; a count as it is; `–` where there is none."""
    if value is None:
        return "–"
    if value == int(value) and abs(value) >= 2:
        return f"{int(value):,}".replace("-", "−")
    text = f"{abs(value):.{digits}f}"
    if text.startswith("0."):
        text = text[1:]
    return f"−{text}" if value < 0 and float(f"{abs(value):.{digits}f}") else text


def signed(value: float | None, digits: int = 3) -> str:
    """A change: `+.016`, `−.2`."""
    if value is None:
        return "–"
    text = figure(value, digits)
    return text if text.startswith("−") or value == 0 else f"+{text}"


def interval(low: float | None, high: float | None, digits: int = 3) -> str:
    """`[.007, .026]`, an open end as `…`, or nothing where neither end is known."""
    if low is None and high is None:
        return ""
    ends = [figure(end, digits) if end is not None else "…" for end in (low, high)]
    return f"[{ends[0]}, {ends[1]}]"


def with_interval(
    value: float | None, low: float | None, high: float | None, *, change: bool = False, digits: int = 3
) -> str:
    """A number and its interval, where it has one."""
    head = signed(value, digits) if change else figure(value, digits)
    tail = interval(low, high, digits)
    return f"{head} {tail}" if tail else head


def bar(share: float, width: int) -> str:
    """A horizontal bar of eighth blocks, `width` cells at a share of 1."""
    eighths = round(max(0.0, min(share, 1.0)) * width * 8)
    full, rest = divmod(eighths, 8)
    return "█" * full + ("", "▏", "▎", "▍", "▌", "▋", "▊", "▉")[rest]


def plural(count: int, noun: str) -> str:
    """`1 gate`, `2 gates`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def value_text(value: float | None, measures: Measures | None, digits: int | None = None) -> str:
    """A number as its declaration asks: a change with its sign, a count whole, a p-value never as zero.

    Args:
        value: the number; `–` where there is none.
        measures: what it is; None for a number that nothing declares.
        digits: decimals; by default three below 1, two below 10, and one above.
    """
    if value is None:
        return "–"
    if measures in ("count", None) and value == int(value):
        return f"{int(value):,}".replace("-", "−")
    places = places_of(value) if digits is None else digits
    if measures == "p" and 0 <= value < 0.5 * 10.0**-places:
        return "<" + figure(10.0**-places, places)
    text = figure(value, places)
    return f"+{text}" if measures == "change" and value > 0 else text


def value_with_interval(
    value: float | None,
    low: float | None,
    high: float | None,
    measures: Measures | None,
    digits: int | None = None,
) -> str:
    """A number as its declaration asks, and its interval, where it has one, with as many decimals."""
    places = places_of(value) if digits is None else digits
    return f"{value_text(value, measures, places)} {interval(low, high, places)}".rstrip()


def places_of(value: float | None) -> int:
    """Decimals of a number: three below 1, two below 10, and one above."""
    size = abs(value or 0.0)
    return 3 if size < 1 else 2 if size < 10 else 1


def improvement(change: float | None, better: Better) -> str:
    """`better` or `worse` for a change of a number that should go one way; empty where that cannot be said."""
    if not change or better == "neither":
        return ""
    return "better" if (change > 0) == (better == "up") else "worse"


IMPROVEMENT_MARKS = {"better": ("▲", "good"), "worse": ("▼", "bad"), "": ("•", "text")}
"""Glyph and style of a change for the better or the worse; its sign says which way the number went."""
