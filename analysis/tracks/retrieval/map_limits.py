"""What a map must hold before it may be drawn, and how that is said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from analysis.base.records import SIDES, MetricSpec
from analysis.tracks.retrieval.metric_specs import reads


@dataclass(frozen=True, slots=True)
class Quality:
    """One measure of how far a map can be believed; drawn only where both sides have at least `limit`."""

    name: str
    limit: float

    @property
    def metric(self) -> str:
        """Name of its metric."""
        return f"map_{self.name}"

    @property
    def spec(self) -> MetricSpec:
        """What its metric is."""
        return reads(self.metric)[0]

    @property
    def title(self) -> str:
        """As it is written out."""
        return self.spec.title


QUALITIES: tuple[Quality, ...] = (
    Quality("trustworthiness", 0.80),
    Quality("continuity", 0.80),
    Quality("recall", 0.30),
    Quality("stability", 0.45),
)
"""The four measures with their limits.

.80 for trustworthiness and continuity is where users of such maps begin to call them partly noise. The limits of
the other two were set between what was measured of noise and of real data, at 10 neighbours and 450 to 1,500
items (digits; TF-IDF of two public sets of intents; mixtures of Gaussians in 64 dimensions; noise in 64 to 384):

| | trustworthiness | continuity | kNN recall | seed stability |
|---|---|---|---|---|
| noise | .62 to .77 | .69 to .73 | .13 to .27 | .07 to .33 |
| real and clustered data | .82 to .99 | .79 to .99 | .38 to .73 | .41 to .94 |

Below about 100 items chance alone makes neighbours stay (.5 to .7); there the first two find the noise. Stability
compares maps from unrelated starts, which is the hardest form of the question: healthy text data has .5 to .65.
"""


def share_text(value: float) -> str:
    """A share with two digits and no leading zero."""
    return f"{value:.2f}".removeprefix("0") if value >= 0 else f"-{-value:.2f}".replace("-0", "−")


def shortfalls(values: Mapping[tuple[str, str], float | None]) -> list[str]:
    """What keeps a map from being drawn, in words; empty where it may be drawn.

    Args:
        values: measure by its name and side; what is missing or None was not measured.
    """
    found = []
    for quality in QUALITIES:
        for side in SIDES:
            value = values.get((quality.name, side))
            if value is None:
                found.append(f"{side} {quality.title} not measured")
            elif value < quality.limit:
                # Rounded down to what is said, a value just under its limit would read as equal to it.
                shown = (
                    share_text(value) if round(value, 2) < quality.limit else f"{value:.4f}".removeprefix("0")
                )
                found.append(f"{side} {quality.title} {shown} < {share_text(quality.limit)}")
    return found
