"""What is known of the record itself: what is missing of it, what was set aside, and what came from other machines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from analysis.base.people import shown_as
from analysis.store.heads import Loss
from analysis.store.losses import Accepted, accepted_plain
from analysis.store.replay import MergedStream


def record_sentences(record: Mapping[str, Any]) -> list[str]:
    """What is missing of a record, not to be believed, or accepted as lost: to be told before anything else.

    Args:
        record: as JSON values, as `assay status --json` and a report carry it.
    """
    return [
        *(f"MISSING: {one['sentence']}" for one in record["missing"]),
        *(f"SET ASIDE: {one['name']}: {one['why']}" for one in record["aside"]),
        *(f"LOSS ACCEPTED by {one['sentence']}" for one in record["accepted"]),
    ]


@dataclass(frozen=True, slots=True)
class Record:
    """The state of a review's record.

    Args:
        missing: streams of which less is there than something in the store knows of.
        accepted: losses that somebody accepted, with their reasons.
        aside: what was set aside and counts as unknown, by its name, and why.
        merged: streams of other machines, and whether each counts.
    """

    missing: tuple[Loss, ...]
    accepted: tuple[Accepted, ...]
    aside: Mapping[str, str]
    merged: tuple[MergedStream, ...]

    def plain(self) -> dict[str, Any]:
        """As JSON values (`missing`, `accepted`, `aside`, `merged`), as `assay status --json` and a report carry it."""
        return {
            "missing": [{**asdict(one), "sentence": one.sentence} for one in self.missing],
            "accepted": accepted_plain(self.accepted),
            "aside": [{"name": name, "why": why} for name, why in self.aside.items()],
            "merged": [{**asdict(one), "sentence": merged_sentence(one)} for one in self.merged],
        }


def merged_sentence(one: MergedStream) -> str:
    """What a reader should know of a merged stream."""
    who = shown_as(one.actor, "")
    if one.counts:
        return f"{who}: {one.events} events, which count: signed by {one.signed_by}"
    return f"{who}: {one.events} events, which count for nothing: {one.why}"


def uncounted(plain: Mapping[str, Any]) -> list[str]:
    """The streams that count for nothing, of a record as JSON values."""
    return [one["stream_id"] for one in plain["merged"] if not one["counts"]]


def merged(plain: Mapping[str, Any]) -> list[str]:
    """The merged streams of a record as JSON values."""
    return [one["stream_id"] for one in plain["merged"]]
