"""Preferences: which side a judge or a person would rather have had, prompt by prompt."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from analysis.base.errors import AssayError
from analysis.base.problems import suggest
from analysis.base.records import SIDES
from analysis.data.faults import shown
from analysis.data.row_types import BadRow
from analysis.tracks.response.cells import Cell, filled_cell, id_cell, rows_of_prompts, text_cell
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
    cast: dict[tuple[str, str], dict[str | None, int]] = {}

    def fault(read: dict[str, Any], line: int) -> tuple[str, str] | None:
        before = cast.setdefault((read["id"], read["judge"]), {})
        if read["judge"] and (earlier := _again(before, read["first"])):
            order = "" if read["first"] is None else ", in the same order or without saying in which"
            return "judge", f"{shown(read['judge'])} judged this prompt on line {earlier} already{order}"
        before[read["first"]] = line
        return None

    rows, bad = rows_of_prompts(path, _CELLS, ("id", "winner"), known, fault, skip_bad_rows)
    votes = [{"ref": known[read["id"]], **read} for read in rows]
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
