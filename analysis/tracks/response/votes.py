"""Preferences: which side a judge or a person would rather have had, prompt by prompt."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from analysis.base.problems import did_you_mean, suggest
from analysis.data.examples import report_bad_rows, shown
from analysis.data.rows import BadRow, bad_row, sound_rows
from analysis.tracks.response.cells import Cell, filled_cell, id_cell, read_cells, text_cell

WINNERS = ("base", "candidate", "tie")


def read_votes(path: Path, known: Mapping[str, str], skip_bad_rows: bool) -> tuple[pa.Table, list[BadRow]]:
    """Rows of `response_preference`, and the rows that were left out.

    A named judge votes once on a prompt; votes without a judge are of as many judges.

    Args:
        path: a file with columns `id`, `winner` and, where judges have names, `judge`.
        known: refs of the prompts by id.
        skip_bad_rows: leave bad rows out instead of raising.

    Raises:
        AssayError: an unreadable file, a missing column, a prompt that does not exist, or another bad row.
    """
    bad: list[BadRow] = []
    hint: str | None = None
    votes: list[dict[str, Any]] = []
    cast: dict[tuple[str, str], int] = {}
    for row in sound_rows(path, ("id", "winner"), bad):
        read = read_cells(path, row, _CELLS)
        fault: BadRow | None = None
        if isinstance(read, BadRow):
            fault = read
        elif read["id"] not in known:
            fault = bad_row(path, row, "id", f"there is no prompt with the id {shown(read['id'])}")
            hint = hint if bad else did_you_mean(read["id"], known)
        elif read["judge"] and (read["id"], read["judge"]) in cast:
            line = cast[read["id"], read["judge"]]
            fault = bad_row(
                path, row, "judge", f"{shown(read['judge'])} judged this prompt on line {line} already"
            )
        if fault is not None or isinstance(read, BadRow):
            bad += [fault] if fault is not None else []
            continue
        cast[read["id"], read["judge"]] = row.line
        votes.append({"ref": known[read["id"]], "judge": read["judge"], "winner": read["winner"]})
    report_bad_rows(bad, skip_bad_rows, path, hint)
    columns = {
        name: pa.array([vote[name] for vote in votes], pa.string()) for name in ("ref", "judge", "winner")
    }
    return pa.table(columns), bad


def _winner(value: Any) -> str:
    winner = filled_cell(value)
    if winner not in WINNERS:
        raise ValueError(f"must be base, candidate or tie, not {shown(winner)}; {suggest(winner, WINNERS)}")
    return winner


def _judge(value: Any) -> str:
    return (text_cell(value) or "").strip()


_CELLS: dict[str, Cell] = {"id": id_cell, "winner": _winner, "judge": _judge}
