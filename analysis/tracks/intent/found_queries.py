"""What a run found of cues that nobody declared, by SQL alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analysis.base.sql import queries

if TYPE_CHECKING:
    import duckdb

_SQL = queries(__package__, "found.sql")


def found_cues(connection: duckdb.DuckDBPyConnection) -> dict[str, dict[str, Any]]:
    """By `CLASS/NAME`: `target`, `name`, `direction` (rise or fall), `kind` of the group, and its `terms`."""
    found: dict[str, dict[str, Any]] = {}
    for target, name, direction, kind, cue_kind, term, _ in connection.execute(_SQL["found"]).fetchall():
        one = found.setdefault(
            f"{target}/{name}",
            {"target": target, "name": name, "direction": direction, "kind": kind, "terms": [], "kinds": []},
        )
        one["terms"].append(term)
        one["kinds"].append(cue_kind)
    return found


def not_searched(connection: duckdb.DuckDBPyConnection) -> dict[str, dict[str, Any]]:
    """By critical class, what could not be searched for: `status` n/a or unknown, `why`, and whether the rest was.

    `in_part` is true where the other direction was searched.
    """
    found: dict[str, dict[str, Any]] = {}
    for target, direction, status, why, in_part in connection.execute(_SQL["not_searched"]).fetchall():
        said = found.setdefault(target, {"status": status, "why": "", "in_part": in_part})
        what = "raises" if direction == "rise" else "takes away"
        reason = f"what {what} the class: {why}"
        said["why"] = "; ".join(filter(None, (said["why"], reason)))
        if status == "unknown":
            said["status"] = status
    return found


def searched(connection: duckdb.DuckDBPyConnection) -> tuple[int, int, int]:
    """How many critical classes were searched, how many classes at all, and how many cues stood to be confirmed.

    Args:
        connection: has the run's evidence attached as `evidence`.
    """
    row = connection.execute(_SQL["searched"]).fetchone() or (0, 0, 0)
    return int(row[0] or 0), int(row[1] or 0), int(row[2] or 0)
