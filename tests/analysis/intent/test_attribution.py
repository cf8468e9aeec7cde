"""Attributions: completeness, special tokens, batching, agreement with direct deletion."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.intent.attribution import (
    DELTA_FLOOR,
    MAX_DELTA,
    completeness_delta,
    delete_words,
    integrated_gradients,
    occlusion,
)
from analysis.intent.baseline import KINDS, BaselineChooser
from analysis.intent.predict import logits_of_ids
from analysis.intent.words import tokenise
from analysis.models.load import LoadedClassifier, load_classifier

TEXTS = [
    "can a real person help with my parcel?",
    "where is my Tofu Wars",
    "recommend manga like Cold Harbor but no spoilers!!",
    "gift",
    "the second volume has not arrived yet, the second volume",
]


@pytest.fixture(scope="module")
def classifier(tmp_path_factory: pytest.TempPathFactory, tiny_classifier) -> LoadedClassifier:
    return load_classifier(tiny_classifier(tmp_path_factory.mktemp("m") / "model", seed=3), "cpu")


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory, tiny_classifier) -> LoadedClassifier:
    return load_classifier(tiny_classifier(tmp_path_factory.mktemp("m") / "model", seed=4), "cpu")


def explain(classifier: LoadedClassifier, texts: list[str]):
    words = tokenise(classifier, texts, 64)
    logits = logits_of_ids(classifier, [one.ids for one in words])
    targets = [int(index) for index in logits.argmax(axis=1)]
    outputs = [float(logits[row, target]) for row, target in enumerate(targets)]
    chooser = BaselineChooser({"base": classifier, "candidate": classifier})
    baselines = [
        chooser.choose({"base": one, "candidate": one}, {"base": target, "candidate": target}).baseline[
            "base"
        ]
        for one, target in zip(words, targets, strict=True)
    ]
    found = integrated_gradients(classifier, words, targets, outputs, baselines)
    return words, targets, outputs, baselines, found


def test_scores_of_words_add_up_to_the_change_of_the_logit(classifier: LoadedClassifier) -> None:
    _, targets, outputs, baselines, found = explain(classifier, TEXTS)
    for target, output, baseline, one in zip(targets, outputs, baselines, found, strict=True):
        assert one.delta is not None
        assert one.delta <= MAX_DELTA
        # Every content token belongs to a word here and special tokens get nothing, so words are complete.
        total = float(one.scores.sum())
        assert completeness_delta(total, output, float(baseline.logits[target])) == pytest.approx(
            one.delta, abs=1e-4
        )


def test_more_steps_are_taken_only_where_the_delta_asks_for_them(classifier: LoadedClassifier) -> None:
    _, _, _, _, found = explain(classifier, TEXTS)
    assert {one.steps for one in found} <= {10, 30, 90, 400}
    assert all(one.delta is not None and one.delta <= MAX_DELTA for one in found)


def test_special_tokens_are_the_same_in_input_and_baseline(classifier: LoadedClassifier) -> None:
    import torch

    words, _, _, baselines, _ = explain(classifier, TEXTS)
    embed = classifier.model.get_input_embeddings()
    special = set(classifier.tokenizer.all_special_ids)
    for text, baseline in zip(words, baselines, strict=True):
        for position, token in enumerate(text.ids):
            same = torch.equal(baseline.embeddings[position], embed(torch.tensor(token)))
            assert same == (token in special) or token not in special
            if token in special:
                assert same


def test_a_batch_gives_what_each_text_gives_alone(classifier: LoadedClassifier) -> None:
    together = explain(classifier, TEXTS)[-1]
    for text, one in zip(TEXTS, together, strict=True):
        alone = explain(classifier, [text])[-1][0]
        np.testing.assert_allclose(one.scores, alone.scores, atol=2e-5)


def test_occlusion_is_the_drop_of_the_logit_without_the_word(classifier: LoadedClassifier) -> None:
    import torch

    words = tokenise(classifier, TEXTS, 64)
    targets = [1] * len(TEXTS)
    found = occlusion(classifier, words, targets)
    with torch.inference_mode():
        for text, one in zip(words, found, strict=True):
            assert len(one.scores) == len(text.words)
            full = classifier.model(input_ids=torch.tensor([text.ids])).logits[0, 1]
            for index in range(len(text.words)):
                ids = delete_words(text, [index])
                without = classifier.model(input_ids=torch.tensor([ids])).logits[0, 1]
                assert one.scores[index] == pytest.approx(float(full - without), abs=1e-4)


def test_a_repeated_word_has_a_score_at_each_of_its_places(classifier: LoadedClassifier) -> None:
    words = tokenise(classifier, [TEXTS[-1]], 64)[0]
    names = [TEXTS[-1][word.start : word.end] for word in words.words]
    assert names == [
        "the",
        "second",
        "volume",
        "has",
        "not",
        "arrived",
        "yet",
        ",",
        "the",
        "second",
        "volume",
    ]
    assert len(occlusion(classifier, [words], [0])[0].scores) == len(names)


def test_words_cover_the_content_tokens_by_offsets(classifier: LoadedClassifier) -> None:
    for text in tokenise(classifier, TEXTS, 64):
        covered = [position for word in text.words for position in word.tokens]
        special = set(classifier.tokenizer.all_special_ids)
        content = [p for p, token in enumerate(text.ids) if token not in special or p in covered]
        assert covered == sorted(covered) == content


def test_one_baseline_kind_for_both_sides_and_neutral_on_both(
    classifier: LoadedClassifier, other: LoadedClassifier
) -> None:
    pair = {"base": classifier, "candidate": other}
    chooser = BaselineChooser(pair)
    for text in TEXTS:
        words = {side: tokenise(model, [text], 64)[0] for side, model in pair.items()}
        targets = {
            side: int(logits_of_ids(model, [words[side].ids])[0].argmax()) for side, model in pair.items()
        }
        choice = chooser.choose(words, targets)
        assert choice.baseline["base"].kind == choice.baseline["candidate"].kind
        assert choice.baseline["base"].kind in KINDS
        neutral = all(
            choice.baseline[side].p[targets[side]] <= 0.3
            and choice.baseline[side].p.argmax() != targets[side]
            for side in pair
        )
        assert choice.neutral == neutral


def test_no_neutral_baseline_is_said(tmp_path, tiny_classifier) -> None:
    import torch

    folder = tiny_classifier(tmp_path / "model")
    model = load_classifier(folder, "cpu")
    with torch.no_grad():
        model.model.classifier.weight.zero_()
        model.model.classifier.bias.copy_(torch.tensor([4.0, 0.0, 0.0]))
    words = tokenise(model, TEXTS[:1], 64)[0]
    choice = BaselineChooser({"base": model, "candidate": model}).choose(
        {"base": words, "candidate": words}, {"base": 0, "candidate": 0}
    )
    assert not choice.neutral


def test_completeness_delta_does_not_explode_near_zero() -> None:
    assert completeness_delta(1.0, 3.0, 2.0) == 0.0
    assert completeness_delta(0.9, 3.0, 2.0) == pytest.approx(0.1)
    assert completeness_delta(0.01, 1.0, 1.0) == pytest.approx(0.01 / DELTA_FLOOR)
