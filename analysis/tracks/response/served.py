"""What a served system answered: its greedy answers to the prompts of the review, recorded elsewhere."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from analysis.base.problems import did_you_mean
from analysis.data.examples import report_bad_rows, shown
from analysis.data.rows import BadRow, bad_row, sound_rows
from analysis.tracks.response.cells import Cell, id_cell, read_cells, text_cell

TABLE = "response_served"


def read_served(
    path: Path, known: Mapping[str, str], prompts: Mapping[str, str], skip_bad_rows: bool
) -> tuple[pa.Table, list[BadRow]]:
    """Rows of `response_served`, and the rows that were left out.

    Args:
        path: a file with columns `id` and `response`, and where they are known `prompt` and `logprobs`: for each token
            of the response the natural logarithm of its probability, as numbers or as objects with `logprob`.
        known: refs of the prompts by id.
        prompts: text of the prompts by ref; a `prompt` of the file must be that.
        skip_bad_rows: leave bad rows out instead of raising.

    Raises:
        AssayError: an unreadable file, a missing column, a prompt that does not exist, or another bad row.
    """
    bad: list[BadRow] = []
    hint: str | None = None
    answers: list[dict[str, Any]] = []
    seen: dict[str, int] = {}
    for row in sound_rows(path, ("id", "response"), bad):
        read = read_cells(path, row, _CELLS)
        fault: BadRow | None = None
        if isinstance(read, BadRow):
            fault = read
        elif read["id"] not in known:
            fault = bad_row(path, row, "id", f"there is no prompt with the id {shown(read['id'])}")
            hint = hint if bad else did_you_mean(read["id"], known)
        elif read["id"] in seen:
            fault = bad_row(path, row, "id", f"was answered on line {seen[read['id']]} already")
        elif read["prompt"] is not None and read["prompt"].strip() != prompts[known[read["id"]]].strip():
            fault = bad_row(path, row, "prompt", "is not the prompt of that id in this review")
        if fault is not None or isinstance(read, BadRow):
            bad += [fault] if fault is not None else []
            continue
        seen[read["id"]] = row.line
        answers.append({"ref": known[read["id"]], "text": read["response"], "logp": read["logprobs"]})
    report_bad_rows(bad, skip_bad_rows, path, hint)
    return pa.Table.from_pylist(answers, _SCHEMA), bad


def _response(value: Any) -> str:
    text = text_cell(value)
    if text is None:
        raise ValueError("is missing")
    return text


def _logprobs(value: Any) -> list[float] | None:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            raise ValueError(f"is not valid JSON: {shown(value)}") from None
    if value is None:
        return None
    if not isinstance(value, list):
        raise ValueError(f"must be a list of numbers, not {shown(value)}")
    numbers: list[Any] = [one.get("logprob") if isinstance(one, dict) else one for one in value]
    for one in numbers:
        sound = isinstance(one, int | float) and not isinstance(one, bool) and math.isfinite(one)
        # Servers round a probability of one to a logarithm a little above zero.
        if not sound or one > 0.01:
            raise ValueError(f"must hold natural logarithms of probabilities, and holds {shown(one)}")
    return [float(one) for one in numbers]


_CELLS: dict[str, Cell] = {
    "id": id_cell,
    "prompt": text_cell,
    "response": _response,
    "logprobs": _logprobs,
}
_SCHEMA = pa.schema([("ref", pa.string()), ("text", pa.string()), ("logp", pa.list_(pa.float64()))])
