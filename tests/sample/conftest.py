"""The sample's reviews, analysed once for all tests that look at them."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from analysis.pipeline import analyze

SAMPLE = Path(__file__).parents[2] / "sample_data"


@pytest.fixture(scope="session")
def sample_store(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """`sample_store("rc1")` is a store of its own, copied from the freshly analysed one."""
    made: dict[str, Path] = {}

    def store(candidate: str) -> Path:
        if candidate not in made:
            folder = tmp_path_factory.mktemp(f"sample-{candidate}")
            for name in ("titles.txt", "intent", "models"):
                (folder / name).symlink_to(SAMPLE / name)
            source = "rc1" if candidate == "base" else candidate
            text = (SAMPLE / f"review-{source}.toml").read_text("utf-8")
            if candidate == "base":
                text = text.replace("models/intent-v4-rc1", "models/intent-v3")
                # The change declared for the candidate does not happen to the base.
                text = re.sub(r"\[\[expected\]\].*?\n(?=\[)", "", text, flags=re.DOTALL)
            (folder / "review.toml").write_text(text, "utf-8")
            made[candidate] = analyze(folder / "review.toml").store
        copy = tmp_path_factory.mktemp("store") / made[candidate].name
        shutil.copytree(made[candidate], copy)
        return copy

    return store
