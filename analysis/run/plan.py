"""`assay plan`: what will determine a run, written into its store before there is one."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from analysis.plugin.alpha import planned
from analysis.review.plan import Plan, fix_plan
from analysis.run.foreseen import foresee
from analysis.store.run import create_store
from analysis.store.streams import this_account


def write_plan(path: Path, *, skip_bad_rows: bool = False) -> tuple[Plan, bool]:
    """Fix gates, thresholds, slices, data and seeds of a review in its store; no model answers anything.

    Args:
        path: the review file.
        skip_bad_rows: go on without rows that cannot be read, as `analyze` will.

    Returns:
        The plan in force, and whether it was written now: one that says the same stays.

    Raises:
        AssayError: anything wrong with the review file, the data, the models or the store.
    """
    foreseen = foresee(path, skip_bad_rows=skip_bad_rows)
    store = create_store(foreseen.review.store_path)
    details = {
        "slices": foreseen.slices,
        "alpha": planned(foreseen.review.rules, foreseen.review.as_recorded()),
    }
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return fix_plan(store, foreseen.description["determined_by"], details, this_account(), now)
