"""What was reviewed: the review, its tracks, and the model in production."""

from __future__ import annotations

from analysis.plugin import registry
from analysis.plugin.report_fields import MODEL
from analysis.report.field import Field
from analysis.report.reviewed import Reviewed, models_words


def _sentences(seen: Reviewed) -> list[str]:
    titles = ", ".join(registry.get(name).title for name in seen.given.tracks)
    review = seen.description["review"]
    owner = f"; owner {seen.given.owner}" if seen.given.owner else ""
    bases = [one for one in seen.models if one["side"] == "base"]
    version = f"{review['base_version']}, " if review.get("base_version") else ""
    served = f"in production: {version}{models_words(bases)}"
    return [*seen.told.get(MODEL, ()), f"{review['name']}: {titles}{owner}", *([served] if bases else [])]


FIELD = Field(MODEL, 10, _sentences)
