"""Slices that got better by more than noise, of all tracks. Counting is for those of tracks that tell no changes."""

from __future__ import annotations

from analysis.plugin.report_fields import IMPROVED
from analysis.report.changes import told
from analysis.report.field import Field
from analysis.report.moved_slices import moved_slices
from analysis.report.reviewed import Reviewed


def _sentences(seen: Reviewed) -> list[str]:
    moved = [one for one in seen.changes if one.slice and one.way == "better"]
    return [*seen.told.get(IMPROVED, ()), *told(moved), *moved_slices(seen, improved=True)]


FIELD = Field(IMPROVED, 40, _sentences, nothing="No slice got better by more than noise.")
