"""`assay check`: data, models and review file together."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from analysis.base.errors import AssayError
from analysis.plugin.registry import get
from analysis.run.check import check_review
from tests.conftest import write_jsonl


def rewrite(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


def failure(path: Path, *, trial: bool = True) -> AssayError:
    with pytest.raises(AssayError) as caught:
        check_review(path, trial=trial)
    return caught.value


def test_a_sound_review_is_described(tiny_review: Path) -> None:
    report = check_review(tiny_review)
    notes = "\n".join(report.notes)
    assert "72 examples; 6 out of scope; metadata: channel, contains_title, word_count" in notes
    assert "base      BertForSequenceClassification" in notes
    assert "3 classes, 64 tokens at most" in notes
    assert "critical  label=escalation: 24 examples" in notes
    assert "critical  names a title: 27 examples" in notes
    assert "lexicon   titles: 3 terms" in notes
    assert "tokenizer differs" not in notes
    assert not (tiny_review.parent / "tiny.review").exists()


def test_texts_without_spaces_and_cut_ones_are_counted(tiny_review: Path) -> None:
    path = tiny_review.parent / "eval.jsonl"
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    for row, text in zip(
        rows, ("荷物はどこ", "พัสดุอยู่ไหน", "where is 荷物 please", "gift " * 40), strict=False
    ):
        row["text"] = text
    write_jsonl(path, rows)
    notes = check_review(tiny_review).notes
    assert "words     2 texts are in a script without spaces: words are characters" in notes
    assert (
        "cut       1 text is longer and is cut: 32 tokens are read (base 1, candidate 1; slice cut=yes)"
        in notes
    )
    assert any("64 tokens at most, 32 are read" in note for note in notes)


@pytest.mark.parametrize(
    ("old", "new", "message", "hint"),
    [
        ('critical = ["escalation"]', 'critical = ["escalate"]', "no class 'escalate'", "'escalation'"),
        ('["names a title"]', '["names a titel"]', "no such slice", "'names a title'"),
        (
            "max_length = 32",
            "max_length = 65",
            "max_length is 65, and the base takes 64 tokens",
            "64 or less",
        ),
        ('"word_count <= 3"', '"word_cuont <= 3"', "'very short' cannot be evaluated", "word_count"),
        (
            "[intent]",
            '[[expected]]\nmetric = "recall"\nslice = "label=escalate"\ndirection = "up"\n[intent]',
            "there is no such slice",
            "'label=escalation'",
        ),
        (
            "[intent]",
            '[[expected]]\nmetric = "recal"\nslice = "label=escalation"\ndirection = "up"\n[intent]',
            "expected a change of 'recal', which is measured by no track",
            "did you mean 'recall'?",
        ),
    ],
)
def test_what_only_data_and_models_tell_is_checked(
    tiny_review: Path, old: str, new: str, message: str, hint: str
) -> None:
    rewrite(tiny_review, old, new)
    error = failure(tiny_review)
    assert message in str(error)
    assert hint in str(error)
    assert f"{tiny_review}:" in str(error)


def test_a_change_of_what_has_no_change_cannot_be_expected(tiny_review: Path) -> None:
    still = next(spec.name for spec in get("intent").metrics() if "difference" not in spec.sides)
    declared = f'[[expected]]\nmetric = "{still}"\ndirection = "up"\n[intent]'
    rewrite(tiny_review, "[intent]", declared)
    error = failure(tiny_review)
    assert f"expected a change of {still!r}, which has no change" in error.message
    assert f"{tiny_review}:" in str(error)


def test_mistakes_in_data_models_and_names_come_together(tiny_review: Path) -> None:
    (tiny_review.parent / "models" / "base" / "pytorch_model.bin").write_bytes(b"")
    rewrite(tiny_review.parent / "eval.jsonl", '"text": "can a real person', '"txet": "can a real person')
    error = failure(tiny_review)
    assert "may run code" in error.message
    assert "column 'text': is missing" in error.message


def test_a_label_that_the_models_do_not_know_names_its_row(tiny_review: Path) -> None:
    path = tiny_review.parent / "eval.jsonl"
    rewrite(path, '"label": "escalation"', '"label": "escalatoin"')
    error = failure(tiny_review)
    assert error.where == f"{path}:1"
    assert "'escalatoin'" in error.message
    assert "escalation, order_tracking, recommendation" in (error.hint or "")
    report = check_review(tiny_review, skip_bad_rows=True)
    assert any("71 examples" in note and "1 bad rows skipped" in note for note in report.notes)


def test_a_tokenizer_that_differs_is_said(tiny_review: Path) -> None:
    path = tiny_review.parent / "models" / "candidate" / "tokenizer.json"
    value = json.loads(path.read_text("utf-8"))
    value["normalizer"] = {"type": "Lowercase"}
    path.write_text(json.dumps(value), "utf-8")
    assert any(note.startswith("tokenizer differs") for note in check_review(tiny_review).notes)


def test_a_loosened_gate_is_printed_with_its_reason(tiny_review: Path) -> None:
    with tiny_review.open("a", encoding="utf-8") as stream:
        stream.write('[gates]\n"intent.accuracy" = { off = "measured elsewhere" }\n')
    assert "gate      intent.accuracy: off (measured elsewhere)" in check_review(tiny_review).notes
