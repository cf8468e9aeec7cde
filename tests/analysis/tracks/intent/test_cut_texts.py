"""Texts that are longer than what a side reads, on sides with other tokenizers and limits."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from analysis.data.examples import Examples, read_examples
from analysis.models.classifier_pair import ClassifierPair
from analysis.run.slices import automatic_slices
from analysis.tracks.intent import cut_texts
from analysis.tracks.intent.cut_texts import TABLE, token_counts, with_cut_texts
from analysis.tracks.intent.predict import encode
from tests.analysis.models.families import bert, roberta
from tests.conftest import LABELS, MakeClassifier, write_jsonl

LONG = "where is my parcel " * 30


@pytest.fixture
def examples(tmp_path: Path) -> Examples:
    texts = {
        "short": "where is my gift",
        "long": LONG,
        "kanji": "荷 " * 40,
        "edge": "gift " * 14,
        "over": "gift " * 15,
    }
    rows = [{"id": name, "text": text, "label": LABELS[0]} for name, text in texts.items()]
    return read_examples(write_jsonl(tmp_path / "eval.jsonl", rows), track="intent", kind="message")


def cut_of(examples: Examples) -> dict[tuple[str, str], tuple[int, int]]:
    """Tokens, and tokens read, by id and side."""
    return {
        (row["ref"].partition(":")[2], row["side"]): (row["tokens"], row["tokens_read"])
        for row in examples.payload[TABLE].to_pylist()
    }


def test_the_tokens_of_each_side_are_counted(tmp_path: Path, examples: Examples) -> None:
    for side, family in (("base", bert), ("candidate", roberta)):
        for saved in family(LABELS):
            saved.save_pretrained(tmp_path / side)
    pair = ClassifierPair(tmp_path / "base", tmp_path / "candidate", "cpu")
    assert not pair.tokenizers_equal
    found = with_cut_texts(examples, pair, None)
    assert not pair._loaded, "no model is loaded to count tokens"
    cut = cut_of(found)
    for row in examples.rows:
        for side in ("base", "candidate"):
            count = len(pair.tokenizer(side)(row.text, verbose=False)["input_ids"])
            assert cut.get((row.id, side)) == ((count, 64) if count > 64 else None)
            assert (count > 64) == (len(encode(pair.side(side), [row.text], 64)[0]) < count)
    # The base reads a word that it does not know as one token; the candidate reads its bytes.
    assert set(cut) == {("long", "base"), ("long", "candidate"), ("kanji", "candidate")}


def test_a_text_of_just_the_limit_is_not_cut(
    tmp_path: Path, examples: Examples, tiny_classifier: MakeClassifier
) -> None:
    base = tiny_classifier(tmp_path / "base")
    pair = ClassifierPair(base, tiny_classifier(tmp_path / "candidate", seed=1), "cpu")
    found = with_cut_texts(examples, pair, 16)
    assert set(cut_of(found)) == {
        (name, side) for name in ("long", "kanji", "over") for side in ("base", "candidate")
    }
    assert found.cut == tuple(f"intent/message:{name}" for name in ("long", "kanji", "over"))
    assert found.notes == (
        "cut       3 texts are longer and are cut: 16 tokens are read (base 3, candidate 3; slice cut=yes)",
    )
    made = {one.name: one for one in automatic_slices(found)}
    assert made["cut=yes"].refs == list(found.cut)
    assert "cut=yes" not in {one.name for one in automatic_slices(examples)}


def test_short_texts_ask_no_tokenizer(
    tmp_path: Path, examples: Examples, monkeypatch: pytest.MonkeyPatch, tiny_classifier: MakeClassifier
) -> None:
    base = tiny_classifier(tmp_path / "base")
    pair = ClassifierPair(base, tiny_classifier(tmp_path / "candidate", seed=1), "cpu")
    asked: list[int] = []

    def counted(tokenizer: object, texts: list[str]) -> list[int]:
        asked.append(len(texts))
        return token_counts(tokenizer, texts)  # type: ignore[arg-type]

    monkeypatch.setattr(cut_texts, "token_counts", counted)
    found = with_cut_texts(replace(examples, rows=examples.rows[:1]), pair, 64)
    assert (found.cut, found.notes, found.payload[TABLE].num_rows, asked) == ((), (), 0, [])
    with_cut_texts(examples, pair, 64)
    assert asked == [len(examples.rows) - 1], "equal tokenizers are asked once"
