"""Who signed the report of a decision, by the names of its signature files; `verify` checks them."""

from __future__ import annotations

import json
from os import PathLike
from pathlib import Path

from analysis.store.files import read_small

REPORT_LIMIT = 256 << 20


def signed_by(store: PathLike[str], decision_id: str) -> list[str]:
    """Principals with a signature beside a report of that decision in the store's own `report` folder.

    A report that was exported elsewhere, or that tells of an earlier decision, does not count.
    """
    prefix, suffix = "SHA256SUMS.", ".sig"
    names: set[str] = set()
    for folder in reports_of(store, decision_id):
        signatures = folder.glob(f"{prefix}?*{suffix}")
        names |= {path.name.removeprefix(prefix).removesuffix(suffix) for path in signatures}
    return sorted(names)


def reports_of(store: PathLike[str], decision_id: str) -> list[Path]:
    """The folders in the store's own `report` folder that tell of a decision, by name."""
    reports = sorted((Path(store) / "report").glob("*/report.json"))
    return [report.parent for report in reports if _decision_of(report) == decision_id]


def latest_report(store: PathLike[str]) -> Path | None:
    """The folder in the store's own `report` folder that was written last; None where there is none."""
    found = sorted(
        (path.parent for path in (Path(store) / "report").glob("*/SHA256SUMS")),
        key=lambda folder: folder.stat().st_mtime_ns,
    )
    return found[-1] if found else None


def _decision_of(report: Path) -> str | None:
    """The event of the decision that a report tells of; None where that cannot be read."""
    content = read_small(report, REPORT_LIMIT)
    if content is None:
        return None
    try:
        decision = json.loads(content)["predicate"]["decision"]
        return str(decision["event_id"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
