"""A review of the toy track, as the user of another package's plug-in has it: models, texts, and the package.

The package in `toy_plugin` lies as pip would install it, with its entry points beside it; a process finds it because
its folder is on the path, and nothing of Assay knows of it.
"""

from __future__ import annotations

import importlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from filelock import FileLock

from analysis.plugin import discovery, registry
from tests.analysis.store_fixture import SHELF

PACKAGE = Path(__file__).parent / "toy_plugin"
PROJECT = PACKAGE.parents[1]
DIST_INFO = "assay_toy-1.0.dist-info"

DUE = {"urgent": 4, "refund": 16, "question": 36, "broken": 12, "thanks": 24}
"""Hours in which a text with that word was due."""
BASE = {"urgent": -20.0, "refund": -4.0, "question": 6.0, "broken": -12.0}
CANDIDATE = {"urgent": -2.0, "refund": -8.0, "question": 12.0, "broken": -12.0}
"""What each word adds to 24 hours: the candidate is better on the many refunds, and late on the few urgent texts."""
TEXTS = {
    "urgent": ("urgent please answer {}", 3),
    "refund": ("i want a refund for order {}", 12),
    "question": ("a question about volume {}", 9),
    "broken": ("the box of order {} is broken", 6),
    "thanks": ("thanks for parcel {}", 6),
}


def texts() -> list[dict[str, object]]:
    """36 texts with the hours in which each was due."""
    rows: list[dict[str, object]] = []
    for word, (pattern, count) in TEXTS.items():
        for number in range(count):
            channel = ("mail", "phone", "web")[len(rows) % 3]
            text = pattern.format(number + 1)
            rows.append({"id": f"t{len(rows) + 1:02d}", "text": text, "hours": DUE[word], "channel": channel})
    return rows


def write_folder(folder: Path, plugin: Path = PACKAGE) -> Path:
    """Put both models, the texts and a list of terms into a folder, as `assay init` is to find them."""
    folder.mkdir(parents=True, exist_ok=True)
    with installed(plugin):
        from assay_toy.model import Estimator

        for name, hours in (("replies-v1", BASE), ("replies-v2", CANDIDATE)):
            values = np.array(list(hours.values()), np.float32)
            Estimator(tuple(hours), values, 24.0).save(folder / "models" / name)
    lines = "".join(json.dumps(row) + "\n" for row in texts())
    (folder / "tickets.jsonl").write_text(lines, "utf-8")
    (folder / "haste.txt").write_text("urgent\nright now\nat once\n", "utf-8")
    return folder


def copy_of_package(folder: Path) -> Path:
    """The package again, to be changed; returns the folder for the path."""
    return shutil.copytree(PACKAGE, folder, ignore=shutil.ignore_patterns("__pycache__"))


def entry_points(*groups: tuple[str, str]) -> str:
    """The text of `entry_points.txt`: lines `NAME = MODULE:OBJECT` under their groups."""
    return "".join(f"[{group}]\n{line}\n\n" for group, line in groups)


@contextmanager
def installed(folder: Path) -> Iterator[None]:
    """Have what lies in a folder installed in this process, for the length of a `with` block."""
    before = set(sys.modules)
    sys.path.insert(0, str(folder))
    _forget()
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        brought = {path.name for path in folder.iterdir() if path.is_dir()}
        for name in set(sys.modules) - before:
            if name.partition(".")[0] in brought:
                del sys.modules[name]
        _forget()


def _forget() -> None:
    importlib.invalidate_caches()
    discovery.entry_points.cache_clear()
    discovery._installed.cache_clear()
    registry._load.cache_clear()
    registry.foreign_code.cache_clear()


def assay(
    *arguments: object, plugin: Path | None = PACKAGE, cwd: Path = PROJECT, given: str = "", **changed: str
) -> subprocess.CompletedProcess[str]:
    """Run `assay ARGUMENTS` in a process of its own that has a plug-in on its path; None is without one."""
    path = os.pathsep.join(map(str, [*([plugin] if plugin else []), PROJECT]))
    return subprocess.run(
        [sys.executable, "-m", "tui.cli", *map(str, arguments)],
        input=given,
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": path, **changed},
    )


def write_review(folder: Path, store: str = "replies.review") -> Path:
    """A review file over a folder that `write_folder` filled, with a critical slice."""
    path = folder / "review.toml"
    path.write_text(
        f"""
[review]
name = "replies-v2"
owner = "olga"
base_version = "v1"
candidate_version = "v2"
training_change = "more refunds"
store = "{store}"
[queue]
budget = 12
controls = 6
[lexicons]
haste = {{ file = "haste.txt" }}
[toy]
base = "models/replies-v1"
candidate = "models/replies-v2"
examples = "tickets.jsonl"
tolerance = 2.0
critical_slices = ["asks for haste"]
[toy.slices]
"asks for haste" = "text ilike '%urgent%'"
""",
        "utf-8",
    )
    return path


def toy_store() -> Path:
    """A store of the toy track, in a folder with its models and texts; tests work on copies.

    Made by `assay analyze` for whichever test process asks first.
    """
    folder = Path(os.environ[SHELF]) / "replies"
    with FileLock(f"{folder}.lock"):
        if not (folder / "done").exists():
            done = assay("analyze", write_review(write_folder(folder)))
            assert done.returncode == 0, done.stderr
            (folder / "done").touch()
    return folder / "replies.review"
