"""The licence where the truth is known: a bag of words is licensed, a shuffled attribution is not."""

from __future__ import annotations

from dataclasses import asdict, replace

import numpy as np
import pyarrow as pa
import pytest

from analysis.models.load_classifier import LoadedClassifier
from analysis.tracks.intent.attribution import LICENCE_SCHEMA, Answer, cases_of, explain
from analysis.tracks.intent.baseline import Baselines
from analysis.tracks.intent.chance import FIRST
from analysis.tracks.intent.faithfulness import CHANCE_LEVEL
from analysis.tracks.intent.known_methods import METHODS
from analysis.tracks.intent.licence import Candidate, Licence, licences, top_overlap
from analysis.tracks.intent.names import INTEGRATED_GRADIENTS, OCCLUSION
from analysis.tracks.intent.predict import logits_of_ids
from analysis.tracks.intent.target import Target
from analysis.tracks.intent.tokenised import Tokenised, tokenise
from tests.analysis.tracks.intent.bag_of_words import CLASSES, WORDS, bag_of_words
from tests.analysis.tracks.intent.probed import empty_workbench

TEXTS = 150


@pytest.fixture(scope="module")
def weights() -> dict[str, dict[str, float]]:
    """A few words of each class with weights of their own, all others none."""
    rng = np.random.default_rng(0)
    return {
        word: {CLASSES[index % 4]: float(rng.uniform(0.3, 1.5))}
        for index, word in enumerate(WORDS)
        if word != "the"
    }


@pytest.fixture(scope="module")
def model(weights: dict[str, dict[str, float]]) -> LoadedClassifier:
    return bag_of_words(weights)


@pytest.fixture(scope="module")
def texts() -> list[str]:
    rng = np.random.default_rng(1)
    known = [word for word in WORDS if word != "the"]
    return [" ".join(rng.choice(known, size=rng.integers(6, 14), replace=False)) for _ in range(TEXTS)]


def answered(model: LoadedClassifier, texts: list[str]) -> tuple[list[Tokenised], list[Answer]]:
    words = tokenise(model, texts, 64)
    logits = logits_of_ids(model, [one.ids for one in words])
    pair = {"base": model, "candidate": model}
    cases = cases_of(pair, dict.fromkeys(pair, words), dict.fromkeys(pair, logits), [{}] * len(texts))
    methods = [method for method in METHODS if method.name in (INTEGRATED_GRADIENTS, OCCLUSION)]
    return words, explain(model, "base", words, logits, cases, list(range(len(texts))), methods)


def asked(answers: list[Answer], count: int) -> list[list[Candidate]]:
    rows: list[list[Candidate]] = [[] for _ in range(count)]
    for one in answers:
        neutral = one.case.choice.neutral if one.method.baseline else None
        converged = one.explained.delta <= 0.05 if one.explained.delta is not None else None
        rows[one.case.row].append(
            Candidate(one.method.name, one.case.targets["base"], one.explained.scores, neutral, converged)
        )
    return rows


def licensed(found: list[list[Licence]]) -> list[tuple[bool | None, str]]:
    """What the view says of each, in order."""
    connection = empty_workbench()
    rows = [
        {"ref": f"{row:04d}/{column}", "side": "base", "method": "m", "target": "t", **asdict(one)}
        for row, granted in enumerate(found)
        for column, one in enumerate(granted)
    ]
    incoming = pa.Table.from_pylist(rows, LICENCE_SCHEMA)
    connection.register("incoming", incoming)
    connection.execute("INSERT INTO intent_licence BY NAME SELECT * FROM incoming")
    return connection.execute("SELECT licensed, why FROM intent_licensed ORDER BY ref").fetchall()


def test_a_bag_of_words_is_ranked_by_its_true_weights_and_licensed(
    model: LoadedClassifier, weights: dict[str, dict[str, float]], texts: list[str]
) -> None:
    words, answers = answered(model, texts)
    for one in answers:
        target = CLASSES[one.case.targets["base"].plus]
        names = texts[one.case.row].split()
        truth = [weights.get(name, {}).get(target, 0.0) for name in names]
        # Integrated gradients counts from its baseline, which has one weight in every slot.
        offset = one.explained.scores - np.array(truth)
        np.testing.assert_allclose(offset, 0.0 if one.method.name == OCCLUSION else offset[0], atol=1e-4)
        assert one.status == "ok"
    verdicts = licensed(
        licences(model, words, asked(answers, TEXTS), list(range(TEXTS)), INTEGRATED_GRADIENTS)
    )
    assert np.mean([bool(one) for one, _ in verdicts]) > 0.85
    assert all(why == "" for one, why in verdicts if one)
    assert all(why for one, why in verdicts if not one)


def test_a_shuffled_attribution_beats_chance_no_more_often_than_stated(
    model: LoadedClassifier, texts: list[str]
) -> None:
    words, answers = answered(model, texts)
    rng = np.random.default_rng(2)
    shuffled = [
        [replace(one, scores=rng.permutation(one.scores)) for one in row] for row in asked(answers, TEXTS)
    ]
    found = licences(model, words, shuffled, list(range(TEXTS)), INTEGRATED_GRADIENTS)
    beats = [one.chance_p <= CHANCE_LEVEL for row in found for one in row if one.chance_p is not None]
    # Four standard errors above the stated level.
    assert np.mean(beats) < CHANCE_LEVEL + 4 * np.sqrt(CHANCE_LEVEL * (1 - CHANCE_LEVEL) / TEXTS)
    assert np.mean([bool(one) for one, _ in licensed(found)]) < CHANCE_LEVEL


def test_a_pad_baseline_that_predicts_the_class_is_refused() -> None:
    model = bag_of_words({"human": {"escalation": 3.0}, "gift": {"returns": 0.5}})
    import torch

    with torch.no_grad():
        model.model.get_input_embeddings().weight[model.tokenizer.pad_token_id, 0] = 2.0
    text = tokenise(model, ["where is my human gift"], 64)[0]
    asked_of = ({"base": text}, {"base": Target(0)}, {"base": logits_of_ids(model, [text.ids])[0]})
    baselines = Baselines({"base": model})
    pad = baselines.choice("pad", *asked_of)
    assert not pad.neutral
    assert pad.baseline["base"].p.argmax() == 0
    assert "pad" not in {one.kind for one in pad.neutral_ones["base"]}
    assert baselines.choice("word", *asked_of).neutral
    _, answers = answered(model, ["where is my human gift"])
    assert {one.status for one in answers} == {"ok"}


def one_candidate(numbers: list[float], **changed: object) -> list[Candidate]:
    both = [
        Candidate(INTEGRATED_GRADIENTS, Target(0), np.array(numbers, np.float32), True, True),
        Candidate(OCCLUSION, Target(0), np.array(numbers, np.float32), None, None),
    ]
    return [replace(both[0], **changed), both[1]]


@pytest.mark.parametrize(
    ("changed", "reasons"),
    [
        ({"neutral": False}, ("baseline is not neutral", "the other family gives nothing")),
        ({"converged": False}, ("does not add up", "the other family gives nothing")),
        (
            {"scores": np.array([-2, 0, 1, 2, 3, 4, 5, 6], np.float32)},
            ("no better than chance", "disagree on the top words"),
        ),
    ],
)
def test_each_failed_test_is_a_reason_for_both_families(
    changed: dict[str, object], reasons: tuple[str, str]
) -> None:
    model = bag_of_words({"human": {"escalation": 3.0}})
    text = tokenise(model, ["human where is my second gift parcel please"], 64)[0]
    candidates = one_candidate([3.0, 0, 0, 0, 0, 0, 0, 0], **changed)
    (gradient, gradient_why), (deletion, deletion_why) = licensed(
        licences(model, [text], [candidates], [0], INTEGRATED_GRADIENTS)
    )
    assert (gradient, deletion) == (False, False)
    assert reasons[0] in gradient_why
    assert reasons[1] in deletion_why


@pytest.mark.parametrize("text", ["", "human", "human gift"])
def test_texts_too_short_leave_the_denominator(text: str) -> None:
    model = bag_of_words({"human": {"escalation": 3.0}})
    words = tokenise(model, [text], 64)[0]
    candidates = one_candidate([float(index) for index in range(len(words.words))])
    assert (
        licensed(licences(model, [words], [candidates], [0], INTEGRATED_GRADIENTS))
        == [(None, "too short to decide")] * 2
    )


def test_logits_that_are_no_numbers_are_never_licensed() -> None:
    import torch

    model = bag_of_words({"human": {"escalation": 3.0}})
    with torch.no_grad():
        model.model.bias[1] = float("nan")
    words = tokenise(model, ["human where is my gift"], 64)[0]
    found = licences(model, [words], [one_candidate([3.0, 0, 0, 0, 0])], [0], INTEGRATED_GRADIENTS)
    assert [one for one, _ in licensed(found)] == [False, False]
    assert all("not numbers" in why for _, why in licensed(found))


def test_what_another_test_has_refused_is_not_asked_whether_it_beats_chance(model: LoadedClassifier) -> None:
    words = tokenise(model, [" ".join(WORDS[:12])], 64)
    scores = np.arange(12, 0, -1).astype(np.float32)
    flip = Target(0, 1)
    asked = [
        Candidate(INTEGRATED_GRADIENTS, Target(0), scores, False, True),
        Candidate(OCCLUSION, Target(0), scores, None, None),
        Candidate(OCCLUSION, flip, scores, None, None),
    ]
    gradient, deletion, contrast = licences(model, words, [asked], [0], INTEGRATED_GRADIENTS)[0]
    # Nothing is neutral to agree with, so no licence rests on chance: a slice still wants the percentile.
    assert (gradient.rankings, deletion.rankings) in {(5, 5), (FIRST, FIRST)}
    assert gradient.chance_percentile == deletion.chance_percentile
    assert (contrast.rankings, contrast.chance_p, contrast.chance_percentile) == (0, None, None)
    assert contrast.faithfulness is not None
    (_, why), _, (_, whys) = licensed([[gradient, deletion, contrast]])
    assert "its baseline is not neutral" in why
    assert whys == "the other family gives nothing to agree with"


def test_overlap_of_the_top_quarter() -> None:
    assert top_overlap((0, 1, 2, 3, 4, 5, 6, 7), (7, 0, 1, 2, 3, 4, 5, 6)) == 0.5
    assert top_overlap((0, 1, 2, 3, 4), (2, 0, 1, 3, 4)) == 0.5
    assert top_overlap((0, 1), (1, 0)) == 0.0
