"""Who signed the latest report of a run, by the names of its signature files; `verify` checks them."""

from __future__ import annotations

import re
from os import PathLike
from pathlib import Path


def signed_by(store: PathLike[str], run: str) -> list[str]:
    """Principals with a signature beside the latest report of a run in the store's own `report` folder."""
    found: list[tuple[int, Path]] = []
    for folder in (Path(store) / "report").glob(f"*-{run}-*"):
        number = re.fullmatch(rf".*-{run}-(\d+)", folder.name)
        if number and (folder / "SHA256SUMS").is_file():
            found.append((int(number[1]), folder))
    if not found:
        return []
    latest = max(found)[1]
    prefix, suffix = "SHA256SUMS.", ".sig"
    return sorted(
        path.name.removeprefix(prefix).removesuffix(suffix) for path in latest.glob(f"{prefix}?*{suffix}")
    )
