"""Numbers as a reviewer reads them: no leading zero, a true minus, the interval in brackets."""

from __future__ import annotations


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
