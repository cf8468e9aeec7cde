"""`assay init`: what it finds becomes a review file that `check` accepts."""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path

import pytest

from analysis.base.errors import AssayError
from analysis.init import init_review
from analysis.run.check import check_review
from tests.analysis.models.adapters import make_adapter
from tests.conftest import MakeClassifier, write_jsonl


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
    text = path.read_text("utf-8")
    assert tomllib.loads(text).keys() == {"review", "queue", "lexicons", "gates"}
    assert all(f"\n# [{name}]\n" in text for name in ("intent", "retrieval", "response"))
    with pytest.raises(AssayError, match="declares no track"):
        check_review(path)


def test_what_was_not_found_is_missed_by_check(tiny_review: Path) -> None:
    folder = tiny_review.parent
    tiny_review.unlink()
    (folder / "models" / "candidate" / "config.json").unlink()
    (folder / "eval.jsonl").unlink()
    tree = tomllib.loads(init_review(folder).read_text("utf-8"))
    assert tree["intent"]["base"] == "models/base"
    assert not {"retrieval", "response"} & tree.keys()
    with pytest.raises(AssayError) as caught:
        check_review(tiny_review)
    for key in ("candidate", "examples"):
        assert f"intent.{key}: is required" in caught.value.message


def test_an_adapter_is_the_candidate_over_the_model_that_it_fits(tiny_review: Path) -> None:
    folder = tiny_review.parent
    tiny_review.unlink()
    make_adapter(folder / "models" / "base", folder / "adapter")
    shutil.rmtree(folder / "models" / "candidate")
    intent = tomllib.loads(init_review(folder).read_text("utf-8"))["intent"]
    assert (intent["base"], intent["candidate"]) == ("models/base", "adapter")
    assert intent["critical"] == ["escalation"]
    assert any(
        "LORA adapter over BertForSequenceClassification" in note for note in check_review(tiny_review).notes
    )


@pytest.mark.parametrize(
    ("columns", "purpose"),
    [
        ({"text": "where is it", "category": "shipping"}, "examples"),
        ({"title": "Home", "text": "a slow case", "category": "crime"}, "items"),
        ({"plot": "a slow case " * 20, "genre": "crime"}, "items"),
        ({"title": "Parcel", "text": "where is it", "intent": "shipping"}, "examples"),
        ({"text": "where is it", "channel": "app"}, "out_of_scope"),
    ],
)
def test_tables_are_told_apart_by_their_columns(
    columns: dict[str, str], purpose: str, tmp_path: Path
) -> None:
    write_jsonl(tmp_path / "data.jsonl", [{"id": str(number), **columns} for number in range(3)])
    text = init_review(tmp_path).read_text("utf-8")
    assert [name for name in ("examples", "items", "out_of_scope") if f'{name} = "data.jsonl"' in text] == [
        purpose
    ]


def test_a_category_that_the_classifiers_know_is_a_label(
    tmp_path: Path, tiny_classifier: MakeClassifier
) -> None:
    row: dict[str, object] = {
        "id": "1",
        "title": "Parcel",
        "text": "where is it",
        "category": "shipping",
        "channel": "app",
    }
    write_jsonl(tmp_path / "data.jsonl", [row])
    assert "intent" not in tomllib.loads(init_review(tmp_path).read_text("utf-8"))
    (tmp_path / "review.toml").unlink()
    tiny_classifier(tmp_path / "models" / "v1", labels=("shipping", "returns"))
    tree = tomllib.loads(init_review(tmp_path).read_text("utf-8"))
    assert "retrieval" not in tree
    assert (tree["intent"]["examples"], tree["intent"]["label"]) == ("data.jsonl", "category")


def test_odd_names_are_quoted(tmp_path: Path) -> None:
    folder = tmp_path / 'a "quoted" név'
    folder.mkdir()
    (folder / 'list "x" ü.txt').write_text("one\ntwo\nthree\n", "utf-8")
    tree = tomllib.loads(init_review(folder).read_text("utf-8"))
    assert list(tree["lexicons"].values()) == [{"file": 'list "x" ü.txt'}]
    assert "/" not in tree["review"]["name"]


def test_term_lists_get_names_of_their_own(tmp_path: Path) -> None:
    for name in ("a/numbers.txt", "b/numbers.txt"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text("one\ntwo\nthree\n", "utf-8")
    lexicons = tomllib.loads(init_review(tmp_path).read_text("utf-8"))["lexicons"]
    assert lexicons == {
        "numbers_list": {"file": "a/numbers.txt"},
        "numbers_list_list": {"file": "b/numbers.txt"},
    }


def test_nothing_is_overwritten(tiny_review: Path) -> None:
    before = tiny_review.read_bytes()
    with pytest.raises(AssayError, match="exists already"):
        init_review(tiny_review.parent)
    assert tiny_review.read_bytes() == before
    with pytest.raises(AssayError, match="is not a folder"):
        init_review(tiny_review)
