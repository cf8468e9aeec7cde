"""Flags: the reasons for which an example needs a person, as the queries of a track find them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from analysis.base.records import Flag

if TYPE_CHECKING:
    import duckdb


BROKEN_CRITICAL = "broken in a critical slice"


SMALL_CRITICAL = "small critical slice"


DECIDES_CRITICAL = "answered differently in a critical slice"


ROUTED_CRITICAL = "wrongly sent to a critical class"


RANDOM_CONTROL = "random control"
"""Reason of what was drawn and not chosen; of a critical slice, with its name behind."""


NEVER_CUT = frozenset({BROKEN_CRITICAL, SMALL_CRITICAL, DECIDES_CRITICAL, ROUTED_CRITICAL})
"""Reasons for which an example is in the queue whatever the budget."""


JUDGED_WRONG = "judged wrong in "
"""Beginning of the reason of an example that failed in a previous review, whose name follows."""


def never_cut(reason: str) -> bool:
    """Whether an example with that reason is in the queue whatever the budget."""
    return reason in NEVER_CUT or reason.startswith(JUDGED_WRONG)


def find_flags(
    workbench: duckdb.DuckDBPyConnection, queries: Sequence[tuple[str, str]], known: Mapping[str, object]
) -> list[Flag]:
    """The flags that a track's queries find, in their order and without rank.

    Args:
        workbench: holds the tables that the queries read.
        queries: reason and SQL; the SQL gives ref, gate, value, and what fills the places in the reason.
        known: what the queries may name as `$NAME`.
    """
    found: list[Flag] = []
    for reason, sql in queries:
        parameters = {name: value for name, value in known.items() if f"${name}" in sql}
        for ref, gate, value, *names in workbench.execute(sql, parameters).fetchall():
            found.append(Flag(ref, reason.format(*names), gate, None, value, control=False))
    return found
