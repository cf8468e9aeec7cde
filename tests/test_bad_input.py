"""Wrong input, given to the real command: one clear message, status 2, nothing half-written."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def assay(*arguments: object, obeys_modes: bool = False) -> subprocess.CompletedProcess[str]:
    """Run the command without a terminal; `obeys_modes`: even root is held to the permissions of files."""
    powerless = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"]
    return subprocess.run(
        [*(powerless if obeys_modes else []), sys.executable, "-m", "tui.cli", *map(str, arguments)],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        cwd=ROOT,
        env=os.environ | {"TERM": "xterm-256color", "XDG_STATE_HOME": "/nonexistent"},
        timeout=300,
        check=False,
    )


def assert_refused(done: subprocess.CompletedProcess[str], *parts: str) -> None:
    """One message with its place and a remedy, and nothing else."""
    assert done.returncode == 2, done.stderr
    lines = done.stderr.rstrip("\n").split("\n")
    assert lines[0].startswith("assay: ")
    assert all(line.startswith("  ") for line in lines[1:])
    # Of several bad rows, the others follow the first one.
    assert len(lines) == 2 or " more row" in lines[0], done.stderr
    assert all(part in done.stderr for part in parts), done.stderr
    assert "Traceback" not in done.stderr
    assert "unexpectedly" not in done.stderr


def rewrite(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


def missing_model(review: Path) -> tuple[str, ...]:
    rewrite(review, '"models/candidate"', '"models/candidat"')
    return (f"{review}:18", "intent.candidate: there is nothing at", "paths are relative to")


def pickle_only_model(review: Path) -> tuple[str, ...]:
    folder = review.parent / "models" / "candidate"
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps({"weights": [1.0]}))
    return (str(folder / "pytorch_model.bin"), "may run code", "save_pretrained")


def unknown_label(review: Path) -> tuple[str, ...]:
    path = review.parent / "eval.jsonl"
    rewrite(path, '"label": "order_tracking"', '"label": "ordertracking"')
    return (f"{path}:25", "column 'label'", "'ordertracking'", "--skip-bad-rows")


def row_without_text(review: Path) -> tuple[str, ...]:
    path = review.parent / "eval.jsonl"
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    del rows[2]["text"]
    rows[7]["text"] = ""
    rows[9]["text"] = " "
    path.write_text("\n".join(map(json.dumps, rows)), "utf-8")
    return (
        f"{path}:3",
        "column 'text': is missing (and 2 more rows)",
        "lines 8, 10: column 'text': is empty",
        "--skip-bad-rows",
    )


def broken_toml(review: Path) -> tuple[str, ...]:
    rewrite(review, "controls = 4", "controls = ")
    return (f"{review}:11:12", "not valid TOML", "https://toml.io")


def unknown_key(review: Path) -> tuple[str, ...]:
    rewrite(review, "max_length", "maximum_length")
    return (f"{review}:23", "intent.maximum_length: unknown key", "did you mean 'max_length'?")


def empty_file(review: Path) -> tuple[str, ...]:
    (review.parent / "eval.jsonl").write_bytes(b"")
    return (str(review.parent / "eval.jsonl"), "holds no rows", "one example a row")


def predicate_with_subquery(review: Path) -> tuple[str, ...]:
    rewrite(review, '"contains_title"', '"id in (select id from metadata)"')
    return (f"{review}:32", "'names a title'", "contains a subquery", "columns:")


def adapter(review: Path) -> tuple[str, ...]:
    (review.parent / "models" / "candidate" / "adapter_config.json").write_text("{}", "utf-8")
    return ("models/candidate", "holds both a PEFT adapter and a whole model", "remove")


def adapter_of_another_base(review: Path) -> tuple[str, ...]:
    from tests.analysis.models.adapters import make_adapter

    folder = review.parent / "models" / "candidate"
    shutil.rmtree(folder)
    make_adapter(review.parent / "models" / "base", folder)
    rewrite(folder / "adapter_config.json", str(review.parent / "models" / "base"), "hub/intent-v2")
    (review.parent / "models" / "base").rename(review.parent / "models" / "intent-v3")
    rewrite(review, "models/base", "models/intent-v3")
    return (str(folder / "adapter_config.json"), "made for another base", "'intent-v2'", "'intent-v3'")


def other_label_map(review: Path) -> tuple[str, ...]:
    path = review.parent / "models" / "candidate" / "config.json"
    rewrite(path, '"0": "escalation"', '"0": "escalate"')
    rewrite(path, '"escalation": 0', '"escalate": 0')
    return (str(path), "the label maps of the two sides differ", "escalate", "the same classes")


def lexicon_with_control_character(review: Path) -> tuple[str, ...]:
    path = review.parent / "titles.txt"
    path.write_text("Quiet Suspect\nCold\x1b[2JHarbor\n", "utf-8")
    return (f"{path}:2", "control")


def earlier_stores(review: Path) -> tuple[str, ...]:
    rewrite(review, 'name = "tiny"', 'name = "tiny"\nprevious = ["old.review"]')
    return (f"{review}:3", "previous names 'old.review': there is no such store")


def expected_metric_that_nobody_measures(review: Path) -> tuple[str, ...]:
    text = '[[expected]]\nmetric = "accurracy"\ndirection = "up"\n\n[intent]'
    rewrite(review, "[intent]", text)
    return (f"{review}:17", "expected a change of 'accurracy'", "did you mean 'accuracy'?")


MISTAKES = [
    missing_model,
    pickle_only_model,
    unknown_label,
    row_without_text,
    broken_toml,
    unknown_key,
    empty_file,
    predicate_with_subquery,
    adapter,
    adapter_of_another_base,
    other_label_map,
    lexicon_with_control_character,
    earlier_stores,
    expected_metric_that_nobody_measures,
]


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda function: function.__name__)
@pytest.mark.parametrize("command", ["check", "analyze"])
def test_a_mistake_is_refused_before_anything_is_written(
    tiny_review: Path, mistake: Callable[[Path], tuple[str, ...]], command: str
) -> None:
    parts = mistake(tiny_review)
    before = sorted(tiny_review.parent.rglob("*"))
    assert_refused(assay(command, tiny_review), *parts)
    assert sorted(tiny_review.parent.rglob("*")) == before


def test_a_missing_review_file_names_init(tmp_path: Path) -> None:
    assert_refused(assay("analyze", tmp_path / "none.toml"), "there is no such file", "assay init")


@pytest.fixture
def store(tiny_store: Path) -> Path:
    return tiny_store


@pytest.mark.parametrize("command", ["status", "annotate", "export", "review"])
def test_a_store_of_another_version_is_left_alone(store: Path, command: str) -> None:
    marker = store / "store.json"
    value = json.loads(marker.read_text("utf-8"))
    value["format"] += 1
    marker.write_text(json.dumps(value), "utf-8")
    before = {path: path.read_bytes() for path in sorted(store.rglob("*")) if path.is_file()}
    more = {
        "annotate": ["m001", "--right", "unsure"],
        "export": ["--decision", "hold", "--reason", "r"],
        "review": ["--plain"],
    }
    done = assay(command, store, *more.get(command, []))
    assert_refused(done, "store.json", "made by another version", "the version of Assay that made it")
    assert {path: path.read_bytes() for path in sorted(store.rglob("*")) if path.is_file()} == before


def test_what_is_no_store_is_refused(tmp_path: Path) -> None:
    assert_refused(assay("status", tmp_path), "not a review's store", "assay analyze")
    assert_refused(assay("status", tmp_path / "none"), "there is no such store", "assay analyze")


def test_a_folder_that_cannot_be_written_is_refused(tiny_review: Path) -> None:
    rewrite(tiny_review, 'name = "tiny"', 'name = "tiny"\nstore = "titles.txt/tiny.review"')
    before = sorted(tiny_review.parent.rglob("*"))
    done = assay("analyze", tiny_review)
    assert done.returncode == 2
    assert done.stderr.startswith("assay: ")
    assert "titles.txt" in done.stderr
    assert "Traceback" not in done.stderr
    assert "unexpectedly" not in done.stderr
    assert sorted(tiny_review.parent.rglob("*")) == before


needs_setpriv = pytest.mark.skipif(shutil.which("setpriv") is None, reason="util-linux's setpriv is not here")


@pytest.fixture
def read_only() -> Iterator[Callable[[Path], None]]:
    """`read_only(folder)` takes the write permission from a folder tree until the test ends."""
    folders: list[Path] = []

    def protect(folder: Path) -> None:
        for path in [folder, *(path for path in folder.rglob("*") if path.is_dir())]:
            folders.append(path)
            path.chmod(0o555)

    yield protect
    for folder in folders:
        folder.chmod(0o755)


@needs_setpriv
def test_a_store_without_write_permission_refuses_to_record(
    store: Path, read_only: Callable[[Path], None]
) -> None:
    read_only(store)
    done = assay("annotate", store, "m001", "--right", "unsure", obeys_modes=True)
    assert_refused(done, str(store), "ermission")
    assert not list((store / "events").rglob("*.jsonl"))


@needs_setpriv
def test_an_analysis_without_write_permission_writes_nothing(
    tiny_review: Path, read_only: Callable[[Path], None]
) -> None:
    before = sorted(tiny_review.parent.rglob("*"))
    read_only(tiny_review.parent)
    assert_refused(assay("analyze", tiny_review, obeys_modes=True), "tiny.review", "ermission")
    assert sorted(tiny_review.parent.rglob("*")) == before


@needs_setpriv
def test_init_without_write_permission_says_so(tmp_path: Path, read_only: Callable[[Path], None]) -> None:
    read_only(tmp_path)
    done = assay("init", tmp_path, obeys_modes=True)
    assert_refused(done, str(tmp_path / "review.toml"), "Permission denied", "writable")


def test_the_console_needs_a_terminal(store: Path) -> None:
    done = assay("review", store)
    assert_refused(done, "the console needs a terminal", f"assay review {store} --plain")
    assert not list((store / "events").rglob("*.jsonl"))
