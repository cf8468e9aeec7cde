"""Columns of the records that say what answers do: recorded labels, and leads of the kind `recorded`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import pyarrow as pa

from analysis.base.errors import AssayError
from analysis.base.problems import suggest
from analysis.base.records import SIDES, Side
from analysis.data.faults import shown
from analysis.tracks.response.detect import OUTCOME
from analysis.tracks.response.leads.settings import RecordedSection

if TYPE_CHECKING:
    from analysis.base.review_records import Answer
    from analysis.data.examples import Examples
    from analysis.tracks.response.settings import ResponseSettings

WHY = "recorded"
_YES = frozenset(("yes", "y", "true", "1", "1.0"))
_NO = frozenset(("no", "n", "false", "0", "0.0"))
_UNSURE = frozenset(("unsure", "cannot tell", "can't tell", "?"))

Value = TypeVar("Value")


def score_cell(value: Any) -> float | None:
    """A score in [0, 1]: a number of it, true or false, yes or no, also as text; None where there is none.

    Raises:
        ValueError: what is wrong, for the user.
    """
    word = value.strip().casefold() if isinstance(value, str) else value
    if word is None or word == "":
        return None
    if isinstance(word, bool):
        return float(word)
    if isinstance(word, str):
        if word in _YES | _NO:
            return float(word in _YES)
        try:
            word = float(word)
        except ValueError:
            word = None
    if not isinstance(word, int | float) or not 0 <= word <= 1:
        raise ValueError(f"must be yes, no or a number from 0 to 1, not {shown(value)}")
    return float(word)


def label_cell(value: Any) -> Answer | None:
    """A person's yes or no, or that it cannot be told; None where nothing is said.

    Raises:
        ValueError: what is wrong, for the user: a share between yes and no is no label.
    """
    word = "" if value is None else str(value).strip().casefold()
    if not word:
        return None
    if word in _YES:
        return "yes"
    if word in _NO:
        return "no"
    if word in _UNSURE:
        return "unsure"
    raise ValueError(f"must be yes, no or cannot tell, not {shown(value)}")


def take_recorded(examples: Examples, settings: ResponseSettings) -> tuple[Examples, dict[str, pa.Table]]:
    """The rows of `response_label` and `response_outcome`, and the examples without the columns that they were in.

    What was said of an answer defines no slice.

    Raises:
        AssayError: there is no such column, or a value that cannot be used.
    """
    taken: list[str] = []

    def read(table: str, name: str, section: Any, cell: Callable[[Any], Value | None]) -> Any:
        columns = {side: getattr(section, side) for side in SIDES}
        taken.extend(columns.values())
        found = side_columns(examples, columns, cell, lambda side: settings.where(table, name, side))
        return found.items()

    labels = [
        {"ref": ref, "side": side, "behaviour": name, "answer": answer, "source": columns.source}
        for name, columns in settings.labels.items()
        for (ref, side), answer in read("labels", name, columns, label_cell)
    ]
    outcomes = [
        {"ref": ref, "side": side, "detector": name, "score": score, "hits": 0, "why": WHY}
        for name, section in settings.detector.items()
        if isinstance(section, RecordedSection)
        for (ref, side), score in read("detector", name, section, score_cell)
    ]
    schema = pa.schema([(key, pa.string()) for key in ("ref", "side", "behaviour", "answer", "source")])
    tables = {
        "response_label": pa.Table.from_pylist(labels, schema),
        "response_outcome": pa.Table.from_pylist(outcomes, OUTCOME),
    }
    left = examples.metadata.drop_columns(list(dict.fromkeys(taken)))
    return replace(examples, metadata=left), tables


def side_columns(
    examples: Examples,
    columns: Mapping[Side, str],
    cell: Callable[[Any], Value | None],
    where: Callable[[Side], str],
) -> dict[tuple[str, Side], Value]:
    """What columns of the records say of each side's answers, by ref and side; where they say nothing is left out.

    Args:
        examples: as they were read.
        columns: name of each side's column.
        cell: reads a value: `score_cell` or `label_cell`.
        where: place of the setting that names a side's column.

    Raises:
        AssayError: there is no such column, with the nearest one; or the first value that cannot be used, with file,
            line and column.
    """
    names = examples.metadata.column_names
    refs = examples.metadata["ref"].to_pylist()
    found: dict[tuple[str, Side], Value] = {}
    for side, column in columns.items():
        if column not in names:
            hint = suggest(column, [name for name in names if name != "ref"])
            raise AssayError(f"the records have no column {column!r}", where=where(side), hint=hint)
        for ref, given in zip(refs, examples.metadata[column].to_pylist(), strict=True):
            try:
                value = cell(given)
            except ValueError as error:
                raise AssayError(
                    f"column {column!r}: {error}",
                    where=f"{examples.source}:{examples.lines[ref]}",
                    hint="leave the cell empty where nothing was recorded",
                ) from None
            if value is not None:
                found[ref, side] = value
    return found
