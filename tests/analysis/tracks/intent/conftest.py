"""One small review analysed whole, for tests that only read its run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock

from analysis.review.session import ReviewSession
from tests.conftest import REVIEW, THINGS, TITLES, MakeClassifier, messages, shared_folder, write_jsonl

LABEL = "intent_name"
"""The column of labels: another name than the usual one."""


@pytest.fixture(scope="session")
def small_store(tmp_path_factory: pytest.TempPathFactory, tiny_classifier: MakeClassifier) -> Path:
    """The store of a whole small review with texts out of scope; all test processes share it."""
    from analysis.run.pipeline import analyze

    shared = shared_folder(tmp_path_factory)
    root = shared / "intent-run"
    with FileLock(shared / "intent-run.lock"):
        if not root.exists():
            (root / "models").mkdir(parents=True)
            for seed, side in enumerate(("base", "candidate")):
                tiny_classifier(root / "models" / side, seed=seed)
            rows = [{LABEL if name == "label" else name: row[name] for name in row} for row in messages()]
            write_jsonl(root / "eval.jsonl", rows)
            outside = [{"id": f"o{n}", "text": f"how do i cook a {thing}"} for n, thing in enumerate(THINGS)]
            write_jsonl(root / "oos.jsonl", outside)
            (root / "titles.txt").write_text("\n".join(TITLES) + "\n", "utf-8")
            text = REVIEW.replace('examples = "eval.jsonl"', f'examples = "eval.jsonl"\nlabel = "{LABEL}"')
            mix = f'[traffic]\nweights = {{ "{LABEL}=escalation" = 0.1 }}\n[costs]\nmissed = {{ escalation = 20 }}\n'
            text = text.replace("[lexicons]", f"{mix}\n[lexicons]")
            text = text.replace("max_length = 32", "max_length = 32\nthreshold = 0.6")
            (root / "review.toml").write_text(text, "utf-8")
        return analyze(root / "review.toml").store


@pytest.fixture
def small_run(small_store: Path) -> Iterator[ReviewSession]:
    """The review of `small_store`, opened to be read."""
    with ReviewSession.open(small_store, read_only=True) as session:
        yield session
