"""Cells of a file as they are meant: lists that CSV and Parquet give as JSON text, numbers, passages.

Each function of a cell takes a value as `analysis.data.rows` reads it and raises ValueError with what is wrong, for
the user.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from analysis.base.problems import did_you_mean, suggest
from analysis.data.examples import MAX_ID_CHARACTERS
from analysis.data.faults import bad_row, report_bad_rows, shown
from analysis.data.row_types import BadRow, Row
from analysis.data.rows import sound_rows
from analysis.tracks.response.detectors.contract import Passage

EXPECTED = ("answer", "refuse", "escalate", "cite", "no_spoilers")
MAX_VOLUMES = 100_000

Cell = Callable[[Any], Any]


def text_cell(value: Any) -> str | None:
    """A text, which may be empty, or None where there is none."""
    if value is None or isinstance(value, str):
        return value
    raise ValueError(f"must be text, not {shown(value)}")


def filled_cell(value: Any) -> str:
    """A text that says something."""
    text = text_cell(value)
    if text is None or not text.strip():
        raise ValueError("is missing" if text is None else "is empty")
    return text


def id_cell(value: Any) -> str:
    """A name: text or a whole number."""
    name = filled_cell(str(value) if isinstance(value, int) and not isinstance(value, bool) else value)
    if len(name) > MAX_ID_CHARACTERS:
        raise ValueError(f"is longer than {MAX_ID_CHARACTERS:,} characters: {shown(name)}")
    return name


def texts_cell(value: Any) -> tuple[str, ...]:
    """A list of texts, the same as JSON text, or one text; each once, in order, without empty ones."""
    value = _parsed(value)
    values = value if isinstance(value, list) else [] if value is None else [value]
    wrong = next((one for one in values if not isinstance(one, str)), None)
    if wrong is not None or None in values:
        raise ValueError(f"must be a list of texts, and holds {shown(wrong)}")
    return tuple(dict.fromkeys(one for one in values if one.strip()))


def number_cell(value: Any) -> float | None:
    """A number of at least 0, also as text of a text format."""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            raise ValueError(f"must be a number, not {shown(value)}") from None
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"must be a number, not {shown(value)}")
    if not 0 <= value < float("inf"):
        raise ValueError(f"must be a number of at least 0, not {shown(value)}")
    return float(value)


def volumes_cell(value: Any) -> int | None:
    """A number of volumes."""
    number = number_cell(value)
    if number is None:
        return None
    if number != int(number) or number > MAX_VOLUMES:
        raise ValueError(f"must be a whole number up to {MAX_VOLUMES:,}, not {shown(value)}")
    return int(number)


def truth_cell(value: Any) -> bool | None:
    """True or false, also as text of a text format."""
    if value is None or isinstance(value, bool):
        return value
    truth = {"true": True, "false": False}.get(value.strip().casefold()) if isinstance(value, str) else None
    if truth is None:
        raise ValueError(f"must be true or false, not {shown(value)}")
    return truth


def expected_cell(value: Any) -> tuple[str, ...]:
    """What an answer is expected to do; a text may list several with commas."""
    value = _parsed(value)
    if isinstance(value, str):
        value = [part.strip() for part in value.split(",")]
    expected = texts_cell(value)
    for one in expected:
        if one not in EXPECTED:
            raise ValueError(f"{shown(one)} is no expectation; {suggest(one, EXPECTED)}")
    if {"answer", "refuse"} <= set(expected):
        raise ValueError("expects both an answer and a refusal")
    return expected


def passages_cell(value: Any) -> tuple[Passage, ...]:
    """Passages: a list of {id, text} or of texts, or the same as JSON text; an id may be left out.

    Several passages may share an id, as parts of one document do.
    """
    value = _parsed(value)
    values = [] if value is None else value
    if not isinstance(values, list):
        raise ValueError(f"must be a list of passages, each {{id, text}}, not {shown(value)}")
    return tuple(_passages(values))


def _passages(values: Iterable[Any]) -> Iterable[Passage]:
    for number, one in enumerate(values, start=1):
        given = one if isinstance(one, dict) else {"text": one}
        try:
            name = given.get("id")
            if isinstance(name, str) and not name.strip():
                name = None
            yield Passage(None if name is None else id_cell(name), filled_cell(given.get("text")))
        except ValueError as error:
            what = "" if isinstance(one, dict | str) else " must be {id, text} and"
            raise ValueError(f"passage {number}{what} {error}") from None


def _parsed(value: Any) -> Any:
    """A value of a text format that is written as JSON, or as it is."""
    if isinstance(value, str) and value.lstrip().startswith("["):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            raise ValueError(f"is not valid JSON: {shown(value)}") from None
    return value


def rows_of_prompts(
    path: Path,
    cells: Mapping[str, Cell],
    needed: Sequence[str],
    known: Collection[str],
    fault: Callable[[dict[str, Any], int], tuple[str, str] | None],
    skip_bad_rows: bool,
) -> tuple[list[dict[str, Any]], list[BadRow]]:
    """The sound rows of a file that says something of prompts by their `id`, and those that were left out.

    Args:
        path: the file.
        cells: how each column is read.
        needed: columns that some row has to have.
        known: ids of the prompts.
        fault: of a row that was read, and its line: the column and what is wrong with it; None takes the row.
        skip_bad_rows: leave bad rows out instead of raising.

    Raises:
        AssayError: an unreadable file, a missing column, a prompt that does not exist, or another bad row.
    """
    bad: list[BadRow] = []
    hint: str | None = None
    taken: list[dict[str, Any]] = []
    for row in sound_rows(path, needed, bad):
        read = read_cells(path, row, cells)
        if isinstance(read, BadRow):
            bad.append(read)
        elif read["id"] not in known:
            hint = hint if bad else did_you_mean(read["id"], known)
            bad.append(bad_row(path, row, "id", f"there is no prompt with the id {shown(read['id'])}"))
        elif (wrong := fault(read, row.line)) is not None:
            bad.append(bad_row(path, row, *wrong))
        else:
            taken.append(read)
    report_bad_rows(bad, skip_bad_rows, path, hint, remaining=len(taken))
    return taken, bad


def read_cells(path: Path, row: Row, cells: Mapping[str, Cell]) -> dict[str, Any] | BadRow:
    """The columns of a row, each as its function reads it; the first that cannot be read makes a bad row."""
    read = {}
    for column, cell in cells.items():
        try:
            read[column] = cell(row.values.get(column))
        except ValueError as error:
            return bad_row(path, row, column, error)
    return read
