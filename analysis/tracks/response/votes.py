"""Preferences: which side a judge or a person would rather have had, prompt by prompt."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from analysis.base.errors import AssayError
from analysis.base.problems import did_you_mean, suggest
from analysis.base.records import SIDES
from analysis.data.examples import report_bad_rows, shown
from analysis.data.rows import BadRow, bad_row, sound_rows
from analysis.tracks.response.cells import Cell, filled_cell, id_cell, read_cells, text_cell
from analysis.tracks.response.settings import ResponseSettings

WINNERS = ("base", "candidate", "tie")


def read_votes(path: Path, known: Mapping[str, str], skip_bad_rows: bool) -> tuple[pa.Table, list[BadRow]]:
    """Rows of `response_preference`, and the rows that were left out.

    A named judge votes once on a prompt, or once in each order of the two answers; votes without a judge are of as many
    judges.

    Args:
        path: a file with columns `id`, `winner`, where judges have names `judge`, and where it is known which side was
            shown first, `first`.
        known: refs of the prompts by id.
        skip_bad_rows: leave bad rows out instead of raising.

    Raises:
        AssayError: an unreadable file, a missing column, a prompt that does not exist, or another bad row.
    """
    bad: list[BadRow] = []
    hint: str | None = None
    votes: list[dict[str, Any]] = []
    cast: dict[tuple[str, str], dict[str | None, int]] = {}
    for row in sound_rows(path, ("id", "winner"), bad):
        read = read_cells(path, row, _CELLS)
        fault: BadRow | None = None
        if isinstance(read, BadRow):
            fault = read
        elif read["id"] not in known:
            fault = bad_row(path, row, "id", f"there is no prompt with the id {shown(read['id'])}")
            hint = hint if bad else did_you_mean(read["id"], known)
        elif read["judge"] and (line := _again(cast.get((read["id"], read["judge"]), {}), read["first"])):
            order = "" if read["first"] is None else ", in the same order or without saying in which"
            what = f"{shown(read['judge'])} judged this prompt on line {line} already{order}"
            fault = bad_row(path, row, "judge", what)
        if fault is not None or isinstance(read, BadRow):
            bad += [fault] if fault is not None else []
            continue
        cast.setdefault((read["id"], read["judge"]), {})[read["first"]] = row.line
        votes.append(
            {"ref": known[read["id"]], **{name: read[name] for name in ("judge", "winner", "first")}}
        )
    report_bad_rows(bad, skip_bad_rows, path, hint)
    columns = {
        name: pa.array([vote[name] for vote in votes], pa.string())
        for name in ("ref", "judge", "winner", "first")
    }
    return pa.table(columns), bad


def check_people(settings: ResponseSettings, votes: pa.Table) -> None:
    """Raises AssayError where one of the declared people has cast no vote."""
    judges = sorted({name for name in votes["judge"].to_pylist() if name})
    for index, name in enumerate(settings.human_judges):
        if name not in judges:
            raise AssayError(
                f"no vote is by the judge {name!r}",
                where=settings.where("human_judges", index),
                hint=suggest(name, judges),
            )


def _again(cast: Mapping[str | None, int], first: str | None) -> int | None:
    """The line of a vote that leaves no room for another: of the same order, or where one of the two has none."""
    if first in cast or (cast and (first is None or None in cast)):
        return cast.get(first) or next(iter(cast.values()))
    return None


def _winner(value: Any) -> str:
    winner = filled_cell(value)
    if winner not in WINNERS:
        raise ValueError(f"must be base, candidate or tie, not {shown(winner)}; {suggest(winner, WINNERS)}")
    return winner


def _first(value: Any) -> str | None:
    side = (text_cell(value) or "").strip() or None
    if side not in (None, *SIDES):
        raise ValueError(f"must be base or candidate, not {shown(side)}; {suggest(str(side), SIDES)}")
    return side


def _judge(value: Any) -> str:
    return (text_cell(value) or "").strip()


_CELLS: dict[str, Cell] = {"id": id_cell, "winner": _winner, "judge": _judge, "first": _first}
