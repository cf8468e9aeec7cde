"""Predictions agree with Transformers called directly, whatever the batch."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from analysis.models.batches import equal_length_batches
from analysis.models.load_classifier import LoadedClassifier, load_classifier
from analysis.tracks.intent import predict
from analysis.tracks.intent.predict import (
    NOT_A_NUMBER,
    encode,
    logits_of_ids,
    predict_texts,
    remembered,
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


@pytest.fixture
def given(classifier: LoadedClassifier) -> Iterator[list[int]]:
    """How many rows the model was given in each pass."""
    rows: list[int] = []

    def count(model: object, args: tuple[object, ...], kwargs: dict[str, torch.Tensor]) -> None:
        rows.append(len(kwargs["input_ids"]))

    hook = classifier.model.register_forward_pre_hook(count, with_kwargs=True)
    yield rows
    hook.remove()


def test_rows_are_computed_once_where_they_are_remembered(
    classifier: LoadedClassifier, given: list[int]
) -> None:
    ids = encode(classifier, TEXTS, 64)
    plain = logits_of_ids(classifier, ids)
    assert sum(given) == len({tuple(row) for row in ids})
    with remembered():
        given.clear()
        np.testing.assert_array_equal(logits_of_ids(classifier, ids), plain)
        assert given
        given.clear()
        np.testing.assert_array_equal(logits_of_ids(classifier, ids[::-1]), plain[::-1])
        assert not given
        # Of a new row between known ones only that is computed, and an empty one is a row like others.
        more = logits_of_ids(classifier, [ids[0], ids[0][:2], [], ids[1]])
        assert sum(given) == 2
        np.testing.assert_array_equal(more[[0, 3]], plain[:2])
        given.clear()
        assert np.isfinite(logits_of_ids(classifier, [[]])).all()
        assert not given
    logits_of_ids(classifier, ids)
    assert given


def test_what_one_model_said_is_not_taken_for_another_s(
    classifier: LoadedClassifier, tmp_path, tiny_classifier
) -> None:
    other = load_classifier(tiny_classifier(tmp_path / "other", seed=9), "cpu")
    ids = encode(classifier, TEXTS, 64)
    alone = logits_of_ids(other, ids)
    with remembered():
        assert not np.allclose(logits_of_ids(classifier, ids), alone)
        np.testing.assert_array_equal(logits_of_ids(other, ids), alone)


def test_no_more_rows_are_remembered_than_the_limit(
    classifier: LoadedClassifier, given: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(predict, "MOST_REMEMBERED", 1)
    ids = encode(classifier, TEXTS[:1], 64) + encode(classifier, ["gift"], 64)
    with remembered():
        logits_of_ids(classifier, ids)
        given.clear()
        logits_of_ids(classifier, ids)
        assert sum(given) == 1


def test_logits_equal_the_model_called_directly(classifier: LoadedClassifier) -> None:
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
    loaded = load_classifier(tiny_classifier(tmp_path / "model"), "cpu")
    assert {parameter.dtype for parameter in loaded.model.parameters()} == {torch.float32}
    assert not any(parameter.requires_grad for parameter in loaded.model.parameters())
