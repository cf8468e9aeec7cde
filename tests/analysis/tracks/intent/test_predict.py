"""Predictions agree with Transformers called directly, whatever the batch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from analysis.models.batches import equal_length_batches
from analysis.models.load_classifier import LoadedClassifier, load_classifier
from analysis.tracks.intent.predict import (
    NOT_A_NUMBER,
    encode,
    logits_of_ids,
    predict_texts,
    side_rows,
    softmax,
)

TEXTS = [
    "where is my parcel",
    "can a real person help with my gift",
    "more like Tofu Wars",
    "where is my parcel",
    "what should i read after Cold Harbor",
]


@pytest.fixture(scope="module")
def classifier(tmp_path_factory: pytest.TempPathFactory, tiny_classifier) -> LoadedClassifier:
    return load_classifier(tiny_classifier(tmp_path_factory.mktemp("m") / "model"), "cpu")


def test_logits_equal_the_model_called_directly(classifier: LoadedClassifier) -> None:
    import torch

    found = predict_texts(classifier, TEXTS, 64)
    with torch.inference_mode():
        for text, row in zip(TEXTS, found, strict=True):
            direct = classifier.model(**classifier.tokenizer(text, return_tensors="pt")).logits[0]
            np.testing.assert_allclose(row, direct.numpy(), atol=1e-5)


def test_batching_and_duplicates_change_nothing(classifier: LoadedClassifier) -> None:
    together = predict_texts(classifier, TEXTS, 64)
    alone = np.concatenate([predict_texts(classifier, [text], 64) for text in TEXTS])
    np.testing.assert_allclose(together, alone, atol=1e-5)
    assert (together[0] == together[3]).all()


def test_a_text_over_the_limit_is_cut_at_the_limit(classifier: LoadedClassifier) -> None:
    ids = encode(classifier, ["parcel " * 100], 16)
    assert len(ids[0]) == 16
    assert np.isfinite(logits_of_ids(classifier, ids)).all()


def test_batches_hold_rows_of_one_length_within_the_token_budget() -> None:
    rows = [[1] * length for length in (3, 5, 3, 3, 5, 900)]
    batches = list(equal_length_batches(rows, tokens=6))
    assert sorted(index for batch in batches for index in batch) == list(range(6))
    assert all(len({len(rows[index]) for index in batch}) == 1 for batch in batches)
    assert all(len(batch) == 1 or len(batch) * len(rows[batch[0]]) <= 6 for batch in batches)


def test_top_two_margin_and_gold() -> None:
    logits = np.log(np.array([[0.7, 0.2, 0.1], [0.1, 0.5, 0.4]], dtype=np.float32))
    rows = side_rows(["r/1", "r/2"], "base", logits, ["a", "b", "c"], ["a", "c"]).to_pylist()
    assert [(row["label"], row["runner_up"], row["correct"]) for row in rows] == [
        ("a", "b", True),
        ("b", "c", False),
    ]
    assert rows[0]["margin"] == pytest.approx(0.5, abs=1e-6)
    assert rows[1]["p_gold"] == pytest.approx(0.4, abs=1e-6)


def test_logits_that_are_not_numbers_are_wrong_and_never_right() -> None:
    logits = np.array([[np.nan, 1.0], [np.inf, 0.0], [2.0, 1.0]], dtype=np.float32)
    rows = side_rows(["r/1", "r/2", "r/3"], "base", logits, ["a", "b"], ["a", "a", None]).to_pylist()
    assert [row["label"] for row in rows] == [NOT_A_NUMBER, NOT_A_NUMBER, "a"]
    assert [row["correct"] for row in rows] == [False, False, None]
    assert all(np.isfinite(row["p"]) and np.isfinite(row["margin"]) for row in rows)


def test_softmax_is_stable_and_sums_to_one() -> None:
    p = softmax(np.array([[1000.0, 999.0], [-1000.0, 1000.0]], dtype=np.float32))
    np.testing.assert_allclose(p.sum(axis=1), 1.0, atol=1e-6)
    assert p[0, 0] == pytest.approx(1 / (1 + np.exp(-1)), abs=1e-6)


def test_a_folder_is_loaded_in_float32_and_frozen(tmp_path: Path, tiny_classifier) -> None:
    import torch

    loaded = load_classifier(tiny_classifier(tmp_path / "model"), "cpu")
    assert {parameter.dtype for parameter in loaded.model.parameters()} == {torch.float32}
    assert not any(parameter.requires_grad for parameter in loaded.model.parameters())
