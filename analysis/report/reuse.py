"""What a report says of how often the evaluation data were used before this decision."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from analysis.base.gate_records import GateInput
from analysis.review.reuse import ordinal


def reuse_sentences(given: GateInput) -> list[str]:
    """Which candidate on its data this one is, each run of a previous review, and each further run of this store."""
    used: Mapping[str, Any] = given.settings["review"]["reuse"]
    return [
        *(
            f"this is the {ordinal(count)} candidate that was looked at on the data of {track}"
            for track, count in used["candidates"].items()
        ),
        *(_previous(one) for one in used["previous"]),
        *_runs(used["runs"]),
    ]


def _previous(one: Mapping[str, Any]) -> str:
    same = ", ".join(one["same_data"])
    data = f"the same data of {same}" if same else "other data"
    decided = f"decision {one['decision']}" if one["decision"] else "nothing decided"
    return (
        f"previous review {one['review']}: candidate {one['candidate_version']}, run {one['run']}, "
        f"on {data}, {decided}"
    )


def _runs(runs: list[Mapping[str, Any]]) -> list[str]:
    if len(runs) < 2:
        return []
    further = "; ".join(
        f"then {one['run']}, which differs in {', '.join(one['differed'])}" for one in runs[1:]
    )
    return [f"this store holds {len(runs)} runs: {runs[0]['run']}; {further}"]
