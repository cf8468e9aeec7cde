"""Slices that got worse by more than noise, of all tracks. Counting is for those of tracks that tell no changes."""

from __future__ import annotations

from analysis.plugin.report_fields import REGRESSED
from analysis.report.changes import told
from analysis.report.field import Field
from analysis.report.moved_slices import moved_slices
from analysis.report.reviewed import Reviewed


def _sentences(seen: Reviewed) -> list[str]:
    moved = [one for one in seen.changes if one.slice and one.way == "worse"]
    return [*seen.told.get(REGRESSED, ()), *told(moved), *moved_slices(seen, improved=False)]


FIELD = Field(REGRESSED, 50, _sentences, nothing="No slice got worse by more than noise.")
