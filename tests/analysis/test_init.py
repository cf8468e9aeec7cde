"""`assay init`: what it finds becomes a review file that `check` accepts."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from analysis.check import check_review
from analysis.errors import AssayError
from analysis.initialise import init_review


def test_a_complete_folder_gives_a_review_that_check_accepts(tiny_review: Path) -> None:
    folder = tiny_review.parent
    tiny_review.unlink()
    (folder / "README.md").write_text("text", "utf-8")
    (folder / "notes.txt").write_text("A long sentence that is clearly no list of terms at all.\n", "utf-8")
    path = init_review(folder)
    assert path == tiny_review
    tree = tomllib.loads(path.read_text("utf-8"))
    assert tree["intent"] | {"irrelevant": None, "slices": None} == {
        "base": "models/base",
        "candidate": "models/candidate",
        "examples": "eval.jsonl",
        "id": "id",
        "text": "text",
        "label": "label",
        "out_of_scope": "oos.jsonl",
        "critical": ["escalation"],
        "critical_slices": [],
        "signals": {},
        "irrelevant": None,
        "slices": None,
    }
    assert tree["lexicons"] == {"titles": {"file": "titles.txt"}}
    notes = check_review(path).notes
    assert any("72 examples; 6 out of scope" in note for note in notes)


def test_other_column_names_are_guessed(tiny_review: Path) -> None:
    folder = tiny_review.parent
    tiny_review.unlink()
    (folder / "eval.jsonl").unlink()
    (folder / "messages.csv").write_text("ID,Utterance,intent\n1,where is it,order_tracking\n", "utf-8")
    intent = tomllib.loads(init_review(folder).read_text("utf-8"))["intent"]
    assert (intent["examples"], intent["id"], intent["text"], intent["label"]) == (
        "messages.csv",
        "ID",
        "Utterance",
        "intent",
    )
    assert check_review(tiny_review).review.tracks


def test_an_empty_folder_gives_a_review_to_fill_in(tmp_path: Path) -> None:
    path = init_review(tmp_path)
    assert tomllib.loads(path.read_text("utf-8"))["intent"]["critical"] == []
    with pytest.raises(AssayError) as caught:
        check_review(path)
    for key in ("base", "candidate", "examples"):
        assert f"intent.{key}: is required" in caught.value.message


def test_odd_names_are_quoted(tmp_path: Path) -> None:
    folder = tmp_path / 'a "quoted" név'
    folder.mkdir()
    (folder / 'list "x" ü.txt').write_text("one\ntwo\nthree\n", "utf-8")
    tree = tomllib.loads(init_review(folder).read_text("utf-8"))
    assert list(tree["lexicons"].values()) == [{"file": 'list "x" ü.txt'}]
    assert "/" not in tree["review"]["name"]


def test_nothing_is_overwritten(tiny_review: Path) -> None:
    before = tiny_review.read_bytes()
    with pytest.raises(AssayError, match="exists already"):
        init_review(tiny_review.parent)
    assert tiny_review.read_bytes() == before
    with pytest.raises(AssayError, match="is not a folder"):
        init_review(tiny_review)
