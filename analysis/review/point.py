"""A point of a review's events, and the day of today."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from analysis.base.review_records import Event


@dataclass(frozen=True)
class Point:
    """A point of a review, at which it can be opened again.

    Args:
        events: everything that anybody had said: whole chains, which the caller has checked.
        day: ISO date, against which waivers expire.
        runs: the runs that the store held.
        actor: the account that looked.
        record: what was known of the record, as `Record.plain` gives it.
    """

    events: tuple[Event, ...]
    day: str
    runs: frozenset[str]
    actor: str
    record: Mapping[str, Any]


def today() -> str:
    """Today's date in UTC, ISO form."""
    return datetime.now(UTC).date().isoformat()
