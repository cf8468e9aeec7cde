"""A field of the inspection report: its title, and the sentences that a review gives it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from analysis.plugin.discovery import members
from analysis.plugin.report_fields import NINE
from analysis.report.reviewed import Reviewed

NOT_HERE = "not in this review"
NOTHING = "nothing to report"
MOST = 5
"""Sentences of a field that stand on the page; the others fold."""

GROUP = "assay.report_fields"
"""Entry points of fields that other packages bring; each names a `Field`."""


@dataclass(frozen=True)
class Field:
    """One field; a file in `analysis/report/fields` names it `FIELD`.

    Args:
        title: as it is printed; of the nine, or a further one.
        place: fields are printed by it.
        sentences: what it says of a review, also of what the tracks told (`Reviewed.told`); what matters most first.
        of_tracks: whether it is there only where a track or a finding speaks to it.
        nothing: what it says where there is nothing to tell.
    """

    title: str
    place: int
    sentences: Callable[[Reviewed], Sequence[str]]
    of_tracks: bool = False
    nothing: str = NOTHING


def fields() -> tuple[Field, ...]:
    """Every field, in its place."""
    found = members("analysis.report.fields", "FIELD", GROUP, Field)
    return tuple(sorted(found, key=lambda field: (field.place, field.title)))


def field_entries(seen: Reviewed) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The nine fields with their sentences, and the further ones; each says so where it has nothing to tell.

    Returns:
        Each with its `field`, at most `MOST` `sentences`, and what `more` there is to say.
    """
    known = fields()
    made = {field.title: _sentences(field, seen) for field in known}
    for title, told in seen.told.items():
        made.setdefault(title, list(told) or [NOTHING])
    nine = [_entry(title, made.pop(title)) for title in NINE]
    return nine, [_entry(title, sentences) for title, sentences in made.items()]


def _entry(title: str, sentences: list[str]) -> dict[str, Any]:
    return {"field": title, "sentences": sentences[:MOST], "more": sentences[MOST:]}


def _sentences(field: Field, seen: Reviewed) -> list[str]:
    return list(dict.fromkeys(field.sentences(seen))) or [silent(field, field.title in seen.told)]


def silent(field: Field, told: bool) -> str:
    """What a field says that has nothing to tell; `told` where a track speaks to it."""
    return NOT_HERE if field.of_tracks and not told else field.nothing
