"""Which report takes the place of which: a later decision or waiver is a new report that names the one before."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from analysis.base.errors import AssayError
from analysis.report import canonical
from analysis.report.sums import read_limited


def latest_report(store: Path, review: str) -> dict[str, str] | None:
    """Folder name and digest of the newest report of a review among those that its store holds.

    Only the store is searched: in a folder that others can write, anybody could plant a predecessor.
    """
    newest: tuple[str, int, dict[str, str]] | None = None
    for folder, data, predicate in _reports(store):
        try:
            if predicate["review"]["name"] != canonical.plain(review):
                continue
            order = (str(predicate["exported_at"]), int(predicate["annotations"]["events"]))
        except (KeyError, TypeError, ValueError):
            continue
        if newest is None or order > newest[:2]:
            newest = (*order, _entry(folder, data))
    return newest[2] if newest else None


def named_report(folder: Path) -> dict[str, str]:
    """Name and digest of the report in a folder. Raises AssayError where there is none in canonical form."""
    data = read_limited(folder / "report.json")
    canonical.loads(data, str(folder / "report.json"))
    return _entry(folder.absolute(), data)


def reports_in(store: Path) -> list[dict[str, str]]:
    """Name and digest of every report that a store holds."""
    return [_entry(folder, data) for folder, data, _ in _reports(store)]


def superseded_by(store: Path, digest: str) -> list[str]:
    """Names of the reports in a store that take the place of the one whose `report.json` has a digest."""
    return [
        folder.name
        for folder, _, predicate in _reports(store)
        if isinstance(predicate.get("supersedes"), dict) and predicate["supersedes"].get("sha256") == digest
    ]


def _entry(folder: Path, data: bytes) -> dict[str, str]:
    return {"report": folder.name, "sha256": hashlib.sha256(data).hexdigest()}


def _reports(store: Path) -> Iterator[tuple[Path, bytes, dict[str, Any]]]:
    """Every report of a store with its bytes and predicate; what is none, or was edited, is passed over."""
    for path in sorted((store / "report").glob("*/report.json")):
        try:
            data = read_limited(path)
            predicate = canonical.loads(data, str(path))["predicate"]
        except (AssayError, KeyError, TypeError):
            continue
        if isinstance(predicate, dict):
            yield path.parent, data, predicate
