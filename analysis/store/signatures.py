"""In whose names the report of a decision is signed; who they are, `verify` tells from a list of signers."""

from __future__ import annotations

import json
from os import PathLike
from pathlib import Path

from analysis.store.files import read_small
from analysis.store.ssh_signatures import claims_beside

NAMESPACE = "inspection-report@assay"
"""SSHSIG namespace of the signatures: a signature made for another purpose does not pass."""
SUMS = "SHA256SUMS"
"""The signed file: digests of all the others."""
REPORT_LIMIT = 256 << 20
_SUMS_LIMIT = 16 << 20


def signed_by(store: PathLike[str], decision_id: str) -> list[str]:
    """Names with a good signature beside a report of that decision in the store's own `report` folder.

    A name is that of the file; whose key it is, nobody has said. What is no signature of the report's sums does not
    count, nor does a report that was exported elsewhere, or that tells of an earlier decision.
    """
    return sorted(
        {
            claim.who
            for folder in reports_of(store, decision_id)
            for claim in claims_beside(folder / SUMS, _SUMS_LIMIT, NAMESPACE)
            if claim.key is not None
        }
    )


def reports_of(store: PathLike[str], decision_id: str) -> list[Path]:
    """The folders in the store's own `report` folder that tell of a decision, by name."""
    reports = sorted((Path(store) / "report").glob("*/report.json"))
    return [report.parent for report in reports if _decision_of(report) == decision_id]


def latest_report(store: PathLike[str]) -> Path | None:
    """The folder in the store's own `report` folder that was written last; None where there is none."""
    found = sorted(
        (path.parent for path in (Path(store) / "report").glob(f"*/{SUMS}")),
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
