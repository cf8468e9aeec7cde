"""Which model is to take its place, and what was done to make it."""

from __future__ import annotations

from analysis.base.records import SIDES
from analysis.plugin.report_fields import CANDIDATE
from analysis.report.field import Field
from analysis.report.reviewed import Reviewed


def _sentences(seen: Reviewed) -> list[str]:
    review = seen.description["review"]
    sentences = [
        f"{review.get('candidate_version') or one['folder']}, {one['track']} folder digest {one['digest']}"
        for one in seen.models
        if one["side"] == "candidate"
    ]
    sentences += [
        f"served as {one['folder']}, {one['track']} folder digest {one['digest']}"
        for one in seen.models
        if one["side"] not in SIDES
    ]
    if review.get("training_change"):
        sentences.append(f"trained as: {review['training_change']}")
    return [*seen.told.get(CANDIDATE, ()), *sentences]


FIELD = Field(CANDIDATE, 20, _sentences)
