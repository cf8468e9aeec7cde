"""Which model is to take its place, and what was done to make it."""

from __future__ import annotations

from analysis.base.records import SIDES
from analysis.plugin.report_fields import CANDIDATE
from analysis.report.field import Field
from analysis.report.reviewed import Reviewed, models_words


def _sentences(seen: Reviewed) -> list[str]:
    review = seen.description["review"]
    candidates = [one for one in seen.models if one["side"] == "candidate"]
    version = f"{review['candidate_version']}: " if review.get("candidate_version") else ""
    sentences = [f"{version}{models_words(candidates)}"] if candidates else []
    forms = [one for one in seen.models if one["side"] not in SIDES]
    if forms:
        sentences.append(f"served as {models_words(forms)}")
    if review.get("training_change"):
        sentences.append(f"trained as: {review['training_change']}")
    return [*seen.told.get(CANDIDATE, ()), *sentences]


FIELD = Field(CANDIDATE, 20, _sentences)
