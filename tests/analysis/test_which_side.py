"""Base and candidate by words, versions and dates; open where nothing tells, or two things tell otherwise."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from analysis.plugin.init.which_side import tell

T0 = 1_780_000_000


def folders(root: Path, *names: str, hours: tuple[float, ...] = ()) -> list[Path]:
    made = []
    for number, name in enumerate(names):
        folder = root / name
        folder.mkdir(parents=True)
        file = folder / "model.safetensors"
        file.write_bytes(b"")
        seconds = T0 + 3600 * (hours[number] if hours else 0)
        os.utime(file, (seconds, seconds))
        made.append(folder)
    return made


@pytest.mark.parametrize(
    ("base", "candidate", "reason"),
    [
        ("models/v9", "models/v10", "version 9 is before 10"),
        ("models/prod", "models/finetuned", "'prod'"),
        ("models/production-2026", "models/a-challenger", "'production'"),
        ("intent_v3", "intent_v4-rc1", "version 3 is before 4"),
        ("v1.9.2", "v1.10.0", "version 1.9.2 is before 1.10.0"),
        ("intent-2025-11-30", "intent-2026-02-01", "date 2025-11-30 is before 2026-02-01"),
        ("clf_20251130", "clf_20260201", "date 2025-11-30 is before 2026-02-01"),
        ("out/checkpoint-500", "out/checkpoint-1500", "number 500 in its name is before 1500"),
        ("run7/final", "run12/final", "number 7 in its name is before 12"),
        ("z", "a-tuned", "'tuned'"),
        ("old/model", "model-of-may/model", "'old'"),
        ("intent", "intent-beta", "word for a preview"),
        ("current", "next", "'current'"),
        ("sft", "dpo", "training by 'sft' comes before 'dpo'"),
        ("qwen-sft", "qwen-sft-grpo", "training by 'sft' comes before 'grpo'"),
        ("support_sft", "support_kto", "before 'kto'"),
    ],
)
@pytest.mark.parametrize("turned", [False, True])
def test_names_tell(base: str, candidate: str, reason: str, turned: bool, tmp_path: Path) -> None:
    paths = folders(tmp_path, base, candidate)
    told = tell(paths[::-1] if turned else paths)
    assert told is not None
    assert (told.base, told.candidate) == tuple(paths)
    assert reason in told.reason


@pytest.mark.parametrize(
    "names",
    [
        ("alice", "bob"),
        ("prod-v4", "tuned-v3"),  # the words say one thing, the versions another
        ("model-a", "model-b"),
        ("v4", "v4-rc1"),  # of one version: a preview of it, or a candidate after it
        ("base-tuned", "tuned-base"),
        ("base1/tuned", "base1/tuned2x"),
        ("orpo", "simpo"),
    ],
)
def test_what_tells_nothing_is_left_open(names: tuple[str, str], tmp_path: Path) -> None:
    assert tell(folders(tmp_path, *names)) is None


def test_dates_of_files_tell_where_names_do_not_and_copies_of_one_minute_do_not(tmp_path: Path) -> None:
    first, second = folders(tmp_path, "bob", "alice", hours=(0, 30))
    told = tell([second, first])
    assert told is not None
    assert (told.base, told.candidate) == (first, second)
    assert "by the dates of the files" in told.reason
    assert tell(folders(tmp_path / "copied", "bob", "alice", hours=(0, 0.01))) is None
    # Names go before dates.
    new, old = folders(tmp_path / "named", "v2", "v1", hours=(0, 30))
    again = tell([new, old])
    assert again is not None
    assert again.base == old


def test_what_a_configuration_says_it_came_from_is_the_base(tmp_path: Path) -> None:
    bob, alice = folders(tmp_path, "bob", "alice")
    (bob / "config.json").write_text(json.dumps({"_name_or_path": "/data/train/alice/"}), "utf-8")
    told = tell([bob, alice])
    assert told is not None
    assert (told.base, told.candidate) == (alice, bob)
    assert told.reason == "the config.json of bob says that it came from alice"


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("v1", "v2", "v10"), ("v2", "v10")),
        (
            ("out/checkpoint-500", "out/checkpoint-1000", "out/checkpoint-1500"),
            ("checkpoint-1000", "checkpoint-1500"),
        ),
        (("prod", "tuned", "scratch"), ("prod", "tuned")),
        (("a", "b", "c"), None),
        (("prod", "tuned-a", "tuned-b"), None),
    ],
)
def test_of_many_the_last_two_or_those_that_words_name(
    names: tuple[str, ...], expected: tuple[str, str] | None, tmp_path: Path
) -> None:
    told = tell(folders(tmp_path, *names))
    assert (None if told is None else (told.base.name, told.candidate.name)) == expected
