"""What a served system answered: its greedy answers to the prompts of the review, recorded elsewhere."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from analysis.data.faults import shown
from analysis.data.row_types import BadRow
from analysis.tracks.response.cells import Cell, id_cell, rows_of_prompts, text_cell

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
    seen: dict[str, int] = {}

    def fault(read: dict[str, Any], line: int) -> tuple[str, str] | None:
        if read["id"] in seen:
            return "id", f"was answered on line {seen[read['id']]} already"
        if read["prompt"] is not None and read["prompt"].strip() != prompts[known[read["id"]]].strip():
            return "prompt", "is not the prompt of that id in this review"
        seen[read["id"]] = line
        return None

    rows, bad = rows_of_prompts(path, _CELLS, ("id", "response"), known, fault, skip_bad_rows)
    answers = [
        {"ref": known[read["id"]], "text": read["response"], "logp": read["logprobs"]} for read in rows
    ]
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
