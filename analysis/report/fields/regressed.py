"""Slices that got worse by more than noise, of all tracks. Counting is for those of tracks that tell no changes."""

from __future__ import annotations

from analysis.plugin.report_fields import REGRESSED
from analysis.report.changes import told
from analysis.report.field import Field
from analysis.report.moved_slices import moved_slices
from analysis.report.reviewed import Reviewed


def _sentences(seen: Reviewed) -> list[str]:
    moved = [one for one in seen.changes if one.slice and one.way == "worse"]
    counted = moved_slices(seen, improved=False)
    return [*seen.told.get(REGRESSED, ()), *told(moved), *counted] or [
        "No slice got worse by more than noise."
    ]


FIELD = Field(REGRESSED, 50, _sentences)
