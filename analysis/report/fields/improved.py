"""Slices that got better. A track that names them knows their intervals; counting is for those that do not."""

from __future__ import annotations

from analysis.plugin.report_fields import IMPROVED
from analysis.report.field import Field
from analysis.report.moved_slices import moved_slices
from analysis.report.reviewed import Reviewed


def _sentences(seen: Reviewed) -> list[str]:
    return list(seen.told.get(IMPROVED, ())) or moved_slices(seen, improved=True)


FIELD = Field(IMPROVED, 40, _sentences)
