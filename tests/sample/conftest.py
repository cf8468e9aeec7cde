"""The sample's reviews, analysed once for all tests, and all test processes, that look at them."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock

from analysis.pipeline import analyze

SAMPLE = Path(__file__).parents[2] / "sample_data"


def write_review(folder: Path, candidate: str) -> Path:
    """The review of one candidate of the sample in a folder of its own; `base` reviews the base itself."""
    folder.mkdir()
    for name in ("titles.txt", "intent", "models"):
        (folder / name).symlink_to(SAMPLE / name)
    source = "rc1" if candidate == "base" else candidate
    text = (SAMPLE / f"review-{source}.toml").read_text("utf-8")
    if candidate == "base":
        text = text.replace("models/intent-v4-rc1", "models/intent-v3")
        # The change declared for the candidate does not happen to the base.
        text = re.sub(r"\[\[expected\]\].*?\n(?=\[)", "", text, flags=re.DOTALL)
    (folder / "review.toml").write_text(text, "utf-8")
    return folder / "review.toml"


@pytest.fixture(scope="session")
def sample_store(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """`sample_store("rc1")` is a store of its own, copied from the freshly analysed one."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent

    def store(candidate: str) -> Path:
        folder = shared / f"sample-{candidate}"
        with FileLock(shared / f"sample-{candidate}.lock"):
            review = folder / "review.toml"
            analysed = analyze(review if review.exists() else write_review(folder, candidate)).store
        return Path(shutil.copytree(analysed, tmp_path_factory.mktemp("store") / analysed.name))

    return store
