"""Review files and tables that went wrong end with a clear message each time, and with a traceback never."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis.base.errors import AssayError
from analysis.init import look_into
from analysis.run.check import check_review
from tests.analysis.fuzzed import mutate, write_folder
from tests.conftest import MakeClassifier

FEW, MANY = 12, 500


def run(seeds: range, root: Path, make: MakeClassifier) -> list[str]:
    """What was said of each mutated folder; empty where nothing was wrong with it."""
    source = root / "source"
    write_folder(source, make)
    assert check_review(source / "review.toml").review.tracks.keys() == {"intent", "retrieval", "response"}
    said = []
    for seed in seeds:
        folder = root / str(seed)
        done = mutate(source, folder, seed)
        error = _outcome(folder / "review.toml", seed, done)
        said.append("" if error is None else str(error))
        if error is not None:
            assert error.message.strip(), done
            assert error.where, done
            assert "Traceback" not in str(error), done
        (folder / "review.toml").rename(folder / "other.toml")
        look_into(folder)
    return said


def _outcome(path: Path, seed: int, done: str) -> AssayError | None:
    try:
        check_review(path, skip_bad_rows=seed % 3 == 0)
    except AssayError as error:
        return error
    except Exception as error:
        raise AssertionError(f"seed {seed}: {done}") from error
    return None


def test_what_went_wrong_is_told(tmp_path: Path, tiny_classifier: MakeClassifier) -> None:
    said = run(range(FEW), tmp_path, tiny_classifier)
    assert sum(map(bool, said)) > FEW // 2


@pytest.mark.soak
def test_what_went_wrong_is_told_of_five_hundred(tmp_path: Path, tiny_classifier: MakeClassifier) -> None:
    said = run(range(1000, 1000 + MANY), tmp_path, tiny_classifier)
    assert sum(map(bool, said)) > MANY // 2
