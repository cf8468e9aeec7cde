"""Columns of the records in which it was recorded whether an answer does something."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from analysis.base.errors import AssayError
from analysis.base.problems import suggest
from analysis.base.records import SIDES
from analysis.data.examples import Examples, shown

if TYPE_CHECKING:
    from analysis.base.review_records import Answer
    from analysis.tracks.response.settings import ResponseSettings

_WORDS: dict[str, Answer] = {
    **dict.fromkeys(("yes", "true", "1", "y"), "yes"),
    **dict.fromkeys(("no", "false", "0", "n"), "no"),
    **dict.fromkeys(("unsure", "not sure", "cannot tell"), "unsure"),
}


def answer_cell(value: Any) -> Answer | None:
    """Yes, no or unsure as it was recorded; None where nothing was. Raises ValueError with what is wrong."""
    if value is None or value == "":
        return None
    answer = _WORDS.get(str(value).strip().casefold())
    if answer is None:
        raise ValueError(f"must be yes, no or unsure, not {shown(value)}")
    return answer


def take_labels(examples: Examples, settings: ResponseSettings) -> tuple[Examples, pa.Table]:
    """The rows of `response_label`, and the examples without the columns that they were in.

    What was said of an answer defines no slice.

    Raises:
        AssayError: there is no such column, or a cell says neither yes nor no.
    """
    rows: list[tuple[str, str, str, Answer, str]] = []
    taken: list[str] = []
    refs = examples.metadata["ref"].to_pylist()
    for name, columns in settings.labels.items():
        for side in SIDES:
            column = getattr(columns, side)
            where = settings.where("labels", name, side)
            if column not in examples.metadata.column_names:
                known = [one for one in examples.metadata.column_names if one != "ref"]
                raise AssayError(
                    f"the records have no column {column!r}", where=where, hint=suggest(column, known)
                )
            for ref, value in zip(refs, examples.metadata[column].to_pylist(), strict=True):
                try:
                    answer = answer_cell(value)
                except ValueError as error:
                    line = f"{examples.source}:{examples.lines[ref]}"
                    raise AssayError(
                        f"{column} {error}",
                        where=line,
                        hint="leave the cell empty where nothing was recorded",
                    ) from None
                if answer is not None:
                    rows.append((ref, side, name, answer, columns.source))
            taken.append(column)
    table = pa.table(
        {
            key: pa.array([row[place] for row in rows], pa.string())
            for place, key in enumerate(("ref", "side", "behaviour", "answer", "source"))
        }
    )
    left = examples.metadata.drop_columns(list(dict.fromkeys(taken)))
    return replace(examples, metadata=left), table
