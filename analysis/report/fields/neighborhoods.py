"""What became of the neighbourhoods of an embedding space, as the tracks that have one tell it."""

from __future__ import annotations

from analysis.plugin.report_fields import NEIGHBORHOODS
from analysis.report.field import Field
from analysis.report.reviewed import Reviewed


def _sentences(seen: Reviewed) -> tuple[str, ...]:
    return seen.told.get(NEIGHBORHOODS, ())


FIELD = Field(NEIGHBORHOODS, 80, _sentences, of_tracks=True)
