"""What is said of values and rows that cannot be used."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from analysis.base.errors import AssayError
from analysis.data.row_types import BadRow, Row

MAX_FAULTS = 20
"""Different faults of a file that are told in words; of the others the lines are named."""
_SHOWN = 60


def bad_row(path: Path, row: Row, column: str, fault: object) -> BadRow:
    """What is said of a row whose value in `column` cannot be used."""
    return BadRow(f"{path}:{row.line}", f"column {column!r}: {fault}", column, row.values.get(column))


def report_bad_rows(
    bad: Sequence[BadRow], skip: bool, path: Path, hint: str | None = None, *, remaining: int
) -> None:
    """Raise AssayError that names every bad row, unless they are to be skipped and others remain.

    Args:
        bad: the rows.
        skip: whether the user asked to go on without them.
        path: the file, for rows without a place.
        hint: what to do about the first one.
        remaining: sound rows beside them; to skip is offered only where there are some.
    """
    if not bad or (skip and remaining):
        return
    bad = in_order(bad)
    rest = len(bad) - 1
    more = f" (and {rest:,} more {'rows' if rest > 1 else 'row'})" if rest else ""
    go_on = "--skip-bad-rows goes on without bad rows" if remaining else ""
    raise AssayError(
        "\n".join([bad[0].message + more, *_other_faults(bad)]),
        where=bad[0].where or str(path),
        hint="; ".join(one for one in (hint or bad[0].hint, go_on) if one) or None,
    )


def in_order(bad: Sequence[BadRow]) -> list[BadRow]:
    """Bad rows of one file or several in the order of their lines, those of the first one's file first."""
    files = list(dict.fromkeys(_place(row)[0] for row in bad))
    return sorted(bad, key=lambda row: (files.index(_place(row)[0]), _place(row)[1]))


def _place(row: BadRow) -> tuple[str, int]:
    """File and line of a row; 0 where it has no line."""
    file, _, line = row.where.rpartition(":")
    return (file, int(line)) if line.isdecimal() else (row.where, 0)


def _other_faults(bad: Sequence[BadRow]) -> list[str]:
    """A line for each fault with the lines of its rows, beside what is said of the first row."""
    first = _place(bad[0])[0]
    lines: dict[tuple[str, str], list[int]] = {}
    for row in bad[1:]:
        file, line = _place(row)
        lines.setdefault((file, row.message), []).append(line)
    out = []
    told = list(lines.items())
    for (file, message), numbers in told[:MAX_FAULTS]:
        of = "" if file == first else f"{Path(file).name}, "
        out.append(f"{of}{'line' if len(numbers) == 1 else 'lines'} {_ranges(numbers)}: {message}")
    for file in dict.fromkeys(file for (file, _), _ in told[MAX_FAULTS:]):
        of = "" if file == first else f"{Path(file).name}, "
        others = [number for (own, _), numbers in told[MAX_FAULTS:] if own == file for number in numbers]
        out.append(f"{of}{'line' if len(others) == 1 else 'lines'} {_ranges(others)}: other faults")
    return out


def _ranges(numbers: Sequence[int]) -> str:
    """Line numbers in order, neighbours drawn together: `3, 5-9`."""
    parts: list[list[int]] = []
    for number in sorted(numbers):
        if parts and number <= parts[-1][1] + 1:
            parts[-1][1] = number
        else:
            parts.append([number, number])
    return ", ".join(str(low) if low == high else f"{low}-{high}" for low, high in parts)


def shown(value: object) -> str:
    """A value as an error message quotes it: escaped, and cut at 60 characters."""
    text = ascii(value) if isinstance(value, str) and not value.isprintable() else repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}... ({len(str(value))} characters)"
