"""Attributions: completeness, special tokens, batching, agreement with direct deletion, hard texts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.attribution.completeness import DELTA_FLOOR, completeness_delta
from analysis.base.errors import AssayError
from analysis.models.load_classifier import LoadedClassifier, load_classifier
from analysis.plugin.registry import get
from analysis.tracks.intent.attribution import NONE_NEUTRAL, NOT_NEUTRAL, cases_of, explain
from analysis.tracks.intent.baseline import Baseline, Baselines, is_neutral
from analysis.tracks.intent.known_methods import METHODS
from analysis.tracks.intent.methods.attention_rollout import attention_rollout, rollout
from analysis.tracks.intent.methods.gradient_shap import gradient_shap
from analysis.tracks.intent.methods.input_x_gradient import input_x_gradient
from analysis.tracks.intent.methods.integrated_gradients import MAX_DELTA, integrated_gradients
from analysis.tracks.intent.methods.lrp import lrp_as_chosen
from analysis.tracks.intent.methods.occlusion import occlusion
from analysis.tracks.intent.methods.request import Explained, Request
from analysis.tracks.intent.methods.sampled import samples_for
from analysis.tracks.intent.names import OCCLUSION
from analysis.tracks.intent.predict import logits_of_ids, softmax
from analysis.tracks.intent.target import Target
from analysis.tracks.intent.tokenised import Tokenised, delete_words, tokenise
from tests.analysis.tracks.intent.bag_of_words import CLASSES, WORDS, bag_of_words

TEXTS = [
    "can a real person help with my parcel?",
    "where is my Tofu Wars",
    "recommend manga like Cold Harbor but no spoilers!!",
    "gift",
    "the second volume has not arrived yet, the second volume",
]
PIECES = ("can", "parcel", "second", "!!", "zebra", "?", "spoilers", "where", "42", "é")


@pytest.fixture(scope="module")
def classifier(tmp_path_factory: pytest.TempPathFactory, tiny_classifier) -> LoadedClassifier:
    return load_classifier(tiny_classifier(tmp_path_factory.mktemp("m") / "model", seed=3), "cpu")


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory, tiny_classifier) -> LoadedClassifier:
    return load_classifier(tiny_classifier(tmp_path_factory.mktemp("m") / "model", seed=4), "cpu")


def test_a_batch_that_the_device_has_no_memory_for_is_halved_and_says_the_same(
    classifier: LoadedClassifier,
) -> None:
    seen: list[int] = []
    room = [2]

    def small(module: Any, args: Any, named: Any) -> None:
        given = named.get("input_ids", named.get("inputs_embeds"))
        if given.shape[0] > room[0]:
            raise torch.cuda.OutOfMemoryError
        seen.append(given.shape[0])

    request = request_for(classifier, 2 * ["gift", "parcel", "where", "second", "help"])
    ids = [one.ids for one in request.texts]
    assert len({len(row) for row in ids}) == 1, "one batch"
    # A text of integrated gradients is ten rows, or ninety where it does not converge.
    methods = {input_x_gradient: 2, attention_rollout: 2, lrp_as_chosen: 2, integrated_gradients: 95}
    logits, right = logits_of_ids(classifier, ids), {method: method(request) for method in methods}
    watch = classifier.model.register_forward_pre_hook(small, with_kwargs=True)
    try:
        assert np.allclose(logits_of_ids(classifier, ids), logits, atol=1e-5)
        assert sorted(seen) == [1, 2, 2]
        for method, rows in methods.items():
            room[0] = rows
            for one, other in zip(method(request), right[method], strict=True):
                assert np.allclose(one.scores, other.scores, atol=1e-5)
    finally:
        watch.remove()


def request_for(classifier: LoadedClassifier, texts: list[str], minus: int | None = None) -> Request:
    words = tokenise(classifier, texts, 64)
    logits = logits_of_ids(classifier, [one.ids for one in words])
    if minus is None:
        targets = [Target(int(index)) for index in logits.argmax(axis=1)]
    else:
        targets = [Target((minus + 1) % len(classifier.labels), minus)] * len(texts)
    baselines = Baselines({"base": classifier})
    choices = [
        baselines.choice("mean", {"base": one}, {"base": target}, {"base": row})
        for one, target, row in zip(words, targets, logits, strict=True)
    ]
    return Request(
        classifier,
        words,
        targets,
        [float(target.output(row)) for target, row in zip(targets, logits, strict=True)],
        [choice.baseline["base"] for choice in choices],
        [choice.neutral_ones["base"] for choice in choices],
        list(range(len(texts))),
    )


@pytest.mark.parametrize("minus", [None, 0])
def test_scores_of_words_add_up_to_the_change_of_the_target(
    classifier: LoadedClassifier, minus: int | None
) -> None:
    request = request_for(classifier, TEXTS, minus)
    for index, one in enumerate(integrated_gradients(request)):
        assert one.delta is not None
        assert one.delta <= MAX_DELTA
        assert one.steps in {10, 30, 90, 400}
        # Every content token belongs to a word here and special tokens get nothing, so words are complete.
        at_baseline = float(request.targets[index].output(request.baselines[index].logits))
        total = completeness_delta(float(one.scores.sum()), request.outputs[index], at_baseline)
        assert total == pytest.approx(one.delta, abs=1e-4)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.lists(st.sampled_from(PIECES), min_size=1, max_size=9).map(" ".join), min_size=2, max_size=4)
)
def test_any_text_is_complete_and_does_not_depend_on_its_batch(
    classifier: LoadedClassifier, texts: list[str]
) -> None:
    together = integrated_gradients(request_for(classifier, texts))
    reverse = occlusion(request_for(classifier, texts[::-1]))[::-1]
    for text, one, deleted in zip(texts, together, reverse, strict=True):
        alone = request_for(classifier, [text])
        np.testing.assert_allclose(one.scores, integrated_gradients(alone)[0].scores, atol=1e-4)
        np.testing.assert_allclose(deleted.scores, occlusion(alone)[0].scores, atol=1e-4)
        assert one.delta is not None
        at_baseline = float(alone.targets[0].output(alone.baselines[0].logits))
        gap = abs(float(one.scores.sum()) - (alone.outputs[0] - at_baseline))
        assert gap <= max(one.delta * max(abs(alone.outputs[0] - at_baseline), DELTA_FLOOR), 0) + 1e-4


def test_special_tokens_are_the_same_in_input_and_baseline(classifier: LoadedClassifier) -> None:
    request = request_for(classifier, TEXTS)
    embed = classifier.model.get_input_embeddings()
    special = set(classifier.tokenizer.all_special_ids)
    for text, baseline in zip(request.texts, request.baselines, strict=True):
        for position, token in enumerate(text.ids):
            if token in special:
                assert torch.equal(baseline.embeddings[position], embed(torch.tensor(token)))


def test_every_queued_method_gives_one_score_per_word_and_is_deterministic(
    classifier: LoadedClassifier,
) -> None:
    request = request_for(classifier, TEXTS)
    for method in METHODS:
        if not method.on_demand:
            first, again = method.explain(request), method.explain(request)
            for text, one, other in zip(request.texts, first, again, strict=True):
                assert len(one.scores) == len(text.words)
                np.testing.assert_array_equal(one.scores, other.scores)


def test_gradient_shap_is_the_mean_of_integrated_gradients_over_the_baselines(
    classifier: LoadedClassifier,
) -> None:
    request = request_for(classifier, TEXTS)
    baselines = Baselines({"base": classifier})
    several = [
        [baselines.baseline("base", kind, text) for kind in ("mean", "unk", "pad")[: 1 + index % 3]]
        for index, text in enumerate(request.texts)
    ]
    request = replace(request, references=several)
    for index, one in enumerate(gradient_shap(request)):
        references = request.references[index]
        assert one.steps is not None
        assert one.delta is not None
        assert one.delta <= MAX_DELTA
        alone = Request(
            classifier,
            [request.texts[index]] * len(references),
            [request.targets[index]] * len(references),
            [request.outputs[index]] * len(references),
            references,
        )
        each = integrated_gradients(alone, (one.steps // len(references),))
        np.testing.assert_allclose(one.scores, np.mean([own.scores for own in each], axis=0), atol=1e-5)
        at_baselines = np.mean([request.targets[index].output(own.logits) for own in references])
        gap = abs(float(one.scores.sum()) - (request.outputs[index] - float(at_baselines)))
        assert gap == pytest.approx(
            one.delta * max(abs(request.outputs[index] - float(at_baselines)), DELTA_FLOOR), abs=1e-4
        )


def test_samples_depend_on_the_seed_of_their_text_alone_and_leave_the_generators_be(
    classifier: LoadedClassifier,
) -> None:
    lime = next(method for method in METHODS if method.name == "lime").explain
    request = request_for(classifier, TEXTS[:3])
    torch.manual_seed(5)
    np.random.seed(5)
    expected = (float(torch.rand(1)), float(np.random.rand()))
    torch.manual_seed(5)
    np.random.seed(5)
    together = lime(request)
    assert (float(torch.rand(1)), float(np.random.rand())) == expected
    alone = replace(
        request,
        texts=request.texts[2:],
        targets=request.targets[2:],
        outputs=request.outputs[2:],
        seeds=request.seeds[2:],
    )
    np.testing.assert_array_equal(lime(alone)[0].scores, together[2].scores)
    assert not np.array_equal(lime(replace(alone, seeds=[99]))[0].scores, together[2].scores)


def test_input_x_gradient_is_the_embedding_times_its_gradient(classifier: LoadedClassifier) -> None:
    request = request_for(classifier, TEXTS[:1])
    text, target = request.texts[0], request.targets[0]
    embeddings = classifier.model.get_input_embeddings()(torch.tensor([text.ids])).requires_grad_()
    logits = classifier.model(inputs_embeds=embeddings).logits
    logits[0, target.plus].backward()
    per_token = (embeddings * embeddings.grad).sum(-1)[0].detach().numpy()
    expected = [per_token[list(word.tokens)].sum() for word in text.words]
    np.testing.assert_allclose(input_x_gradient(request)[0].scores, expected, atol=1e-4)


def test_occlusion_is_the_drop_of_the_target_without_the_word(classifier: LoadedClassifier) -> None:
    request = request_for(classifier, TEXTS, minus=1)
    with torch.inference_mode():
        for text, one in zip(request.texts, occlusion(request), strict=True):
            assert len(one.scores) == len(text.words)
            full = classifier.model(input_ids=torch.tensor([text.ids])).logits[0]
            for index in range(len(text.words)):
                ids = delete_words(text, [index])
                without = classifier.model(input_ids=torch.tensor([ids])).logits[0]
                expected = float((full[2] - full[1]) - (without[2] - without[1]))
                assert one.scores[index] == pytest.approx(expected, abs=1e-4)


def test_rollout_by_hand() -> None:
    first = torch.tensor([[[[0.5, 0.5], [0.0, 1.0]]]])
    second = torch.tensor([[[[0.0, 1.0], [1.0, 0.0]]]])
    # (A + I) / 2 of each layer, second after first: row 0 is .5 (.75, .25) + .5 (0, 1).
    np.testing.assert_allclose(rollout([first, second]).numpy(), [[0.375, 0.625]])
    np.testing.assert_allclose(rollout([first, second], pooled=True).numpy(), [[0.375, 0.625]])
    causal = torch.tensor([[[[1.0, 0.0], [0.4, 0.6]]]])
    np.testing.assert_allclose(rollout([causal]).numpy(), [[0.2, 0.8]], atol=1e-7)


def test_rollout_shares_one_between_words_and_special_tokens(classifier: LoadedClassifier) -> None:
    for one in attention_rollout(request_for(classifier, TEXTS)):
        assert (one.scores >= 0).all()
        assert float(one.scores.sum()) + one.parameters["share_on_special_tokens"] == pytest.approx(1.0)


def test_a_model_without_attentions_is_refused_and_still_explained_otherwise(
    tmp_path, tiny_classifier
) -> None:
    model = load_classifier(tiny_classifier(tmp_path / "model"), "cpu")
    model.model.set_attn_implementation("sdpa")
    with pytest.raises(AssayError, match="attention"):
        attention_rollout(request_for(model, TEXTS[:1]))
    answers = _answers(model, TEXTS[:1])
    refused = next(one for one in answers if one.method.name == "attention_rollout")
    assert refused.status == "not interpretable"
    assert "attention" in refused.why
    assert any(one.status == "ok" for one in answers if one.method.name == OCCLUSION)


SAMPLED = ("lime", "kernel_shap")
"""Methods that are slow by what they are."""


def _answers(model: LoadedClassifier, texts: list[str], limit: int = 64):
    words = {"base": tokenise(model, texts, limit), "candidate": tokenise(model, texts, limit)}
    logits = {side: logits_of_ids(model, [one.ids for one in words[side]]) for side in words}
    cases = cases_of({"base": model, "candidate": model}, words, logits, [{}] * len(texts))
    methods = [one for one in METHODS if one.name not in SAMPLED]
    return explain(model, "base", words["base"], logits["base"], cases, list(range(len(texts))), methods)


def test_hard_texts_have_a_defined_outcome(classifier: LoadedClassifier) -> None:
    long = "parcel " * 100
    for answer in _answers(classifier, ["gift", "\u200b", "[SEP] [CLS]", long], limit=16):
        row, count = answer.case.row, len(answer.explained.scores)
        if row == 0:
            assert count == 1
        elif row == 1:
            assert (count, answer.status, answer.why) == (0, "not interpretable", "the text has no words")
        elif row == 3:
            # [CLS] and [SEP] take two of the sixteen tokens; what is not read has no score.
            assert count == 14
        assert np.isfinite(answer.explained.scores).all()


def test_logits_that_are_no_numbers_explain_nothing(tmp_path, tiny_classifier) -> None:
    model = load_classifier(tiny_classifier(tmp_path / "model"), "cpu")
    with torch.no_grad():
        model.model.classifier.bias[0] = float("nan")
    answers = _answers(model, TEXTS[:2])
    assert {one.status for one in answers} == {"not interpretable"}
    assert {one.why for one in answers} == {"the logits are not numbers"}


def on_demand(
    model: LoadedClassifier, text: str, name: str, target: Target, seed: int
) -> tuple[Tokenised, Explained]:
    words = tokenise(model, [text], 64)
    outputs = [float(target.output(row)) for row in logits_of_ids(model, [one.ids for one in words])]
    (method,) = (one for one in METHODS if one.name == name)
    return words[0], method.explain(Request(model, words, [target], outputs, seeds=[seed]))[0]


@pytest.mark.parametrize("method", ["lime", "kernel_shap"])
@pytest.mark.parametrize("text", ["gift", "", "where is my parcel"])
def test_methods_on_demand_explain_texts_of_any_length(
    classifier: LoadedClassifier, method: str, text: str
) -> None:
    words, one = on_demand(classifier, text, method, Target(1, 0), 7)
    _, again = on_demand(classifier, text, method, Target(1, 0), 7)
    assert len(one.scores) == len(words.words)
    np.testing.assert_array_equal(one.scores, again.scores)
    if len(words.words) > 1:
        assert one.steps == samples_for(len(words.words)) == 500


def test_kernel_shap_adds_up_to_the_drop_without_any_word(classifier: LoadedClassifier) -> None:
    target = Target(2)
    words, one = on_demand(classifier, TEXTS[1], "kernel_shap", target, 1)
    nothing = delete_words(words, range(len(words.words)))
    whole, empty = (float(target.output(row)) for row in logits_of_ids(classifier, [words.ids, nothing]))
    assert float(one.scores.sum()) == pytest.approx(whole - empty, abs=0.02)
    assert one.delta == pytest.approx(abs(float(one.scores.sum()) - (whole - empty)) / abs(whole - empty))


def test_samples_grow_with_the_words() -> None:
    assert samples_for(10) == 500
    assert samples_for(40) == 800


def test_the_track_declares_its_methods_as_they_speak_of_themselves() -> None:
    specs = get("intent").methods()
    assert [spec.name for spec in specs] == [one.name for one in METHODS]
    assert all(spec.title and spec.family for spec in specs)
    assert {spec.name for spec in specs if spec.on_demand} == {"gradient_shap", "lime", "kernel_shap"}
    assert {spec.name for spec in specs if spec.context_only} == {"attention_rollout", "input_x_gradient"}


def test_the_fidelity_of_lime_is_that_of_its_local_model(classifier: LoadedClassifier) -> None:
    words = [word for word in WORDS if word != "the"][:10]
    additive = bag_of_words({word: {CLASSES[0]: 0.3 * place} for place, word in enumerate(words)})
    text = " ".join(words)
    _, linear = on_demand(additive, text, "lime", Target(0), 3)
    _, other = on_demand(classifier, TEXTS[1], "lime", Target(0), 3)
    assert linear.fidelity is not None
    assert other.fidelity is not None
    # A model that adds up over words is what LIME fits, but for its ridge.
    assert linear.fidelity > 0.99
    assert other.fidelity < linear.fidelity


def test_a_repeated_word_has_a_score_at_each_of_its_places(classifier: LoadedClassifier) -> None:
    request = request_for(classifier, TEXTS[-1:])
    names = [TEXTS[-1][word.start : word.end] for word in request.texts[0].words]
    assert names == [
        *["the", "second", "volume", "has", "not", "arrived", "yet", ",", "the", "second", "volume"]
    ]
    assert len(occlusion(request)[0].scores) == len(names)


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
    baselines = Baselines(pair)
    for text in TEXTS:
        words = {side: tokenise(model, [text], 64)[0] for side, model in pair.items()}
        logits = {side: logits_of_ids(model, [words[side].ids])[0] for side, model in pair.items()}
        targets = {side: Target(int(row.argmax())) for side, row in logits.items()}
        for asked in (targets, dict.fromkeys(pair, Target(0, 1))):
            choices = {kind: baselines.choice(kind, words, asked, logits) for kind in baselines.kinds}
            for kind, choice in choices.items():
                assert {one.kind for one in choice.baseline.values()} == {kind}
                assert choice.neutral == all(
                    is_neutral(choice.baseline[side], asked[side], logits[side]) for side in pair
                )
                neutral = [one for one in baselines.kinds if choices[one].neutral]
                assert [one.kind for one in choice.neutral_ones["base"]] == neutral


def baseline(*p: float) -> Baseline:
    probabilities = np.array(p, np.float32)
    return Baseline("word", torch.zeros(1), np.log(probabilities), probabilities)


@pytest.mark.parametrize("classes", [2, 3, 12])
def test_an_even_baseline_is_neutral_for_any_number_of_classes(classes: int) -> None:
    own = np.arange(classes, dtype=np.float32)
    even = baseline(*[1 / classes] * classes)
    assert all(is_neutral(even, Target(index), own) for index in range(classes))
    assert is_neutral(even, Target(1, 0), own)


@pytest.mark.parametrize(
    ("p", "expected"),
    [
        ((0.35, 0.65), True),
        # It predicts the class, however little it is above the other one.
        ((0.55, 0.45), False),
        ((0.45, 0.46, 0.09), True),
        # Three classes: .5 is one and a half even shares, and more is not neutral.
        ((0.49, 0.51, 0.0001), True),
        ((0.29, 0.31, 0.20, 0.20), True),
        ((0.38, 0.385, 0.2, 0.0349), False),
    ],
)
def test_a_baseline_is_neutral_for_a_class_that_it_neither_predicts_nor_nears(
    p: tuple[float, ...], expected: bool
) -> None:
    own = np.zeros(len(p), np.float32)
    assert is_neutral(baseline(*p), Target(0), own) is expected


def test_a_baseline_is_neutral_for_a_contrast_that_is_small_beside_the_text_s_own() -> None:
    # Another class altogether is predicted at .95, and still one of the two is favoured: e times as likely.
    leaning = baseline(np.e / 100, 1 / 100, 0.95)
    for own, expected in (((6.0, 0.0, 0.0), True), ((0.0, 6.0, 0.0), True), ((2.0, 0.0, 0.0), False)):
        assert is_neutral(leaning, Target(0, 1), np.array(own, np.float32)) is expected
    no_numbers = np.array([np.nan, 0, 0], np.float32)
    assert not is_neutral(leaning, Target(0, 1), no_numbers)


def test_no_neutral_baseline_is_said(tmp_path, tiny_classifier) -> None:
    model = load_classifier(tiny_classifier(tmp_path / "model"), "cpu")
    with torch.no_grad():
        model.model.classifier.weight.zero_()
        model.model.classifier.bias.copy_(torch.tensor([4.0, 0.0, 0.0]))
    found = {one.method.name: (one.status, one.why) for one in _answers(model, TEXTS[:1])}
    assert found["integrated_gradients"] == ("not interpretable", NOT_NEUTRAL)
    assert found["gradient_shap"] == ("not interpretable", NONE_NEUTRAL)
    assert found["occlusion"] == ("ok", "")


def test_the_probability_of_a_contrast_is_between_its_two_classes() -> None:
    logits = np.array([[1.0, 3.0, 7.0]], dtype=np.float32)
    assert Target(1).probability(logits)[0] == pytest.approx(softmax(logits)[0, 1])
    assert Target(1, 0).probability(logits)[0] == pytest.approx(1 / (1 + np.exp(-2)))
    assert Target(1, 0).output(logits)[0] == 2.0
    assert Target(1, 0).name(("a", "b", "c")) == "b − a"


def test_completeness_delta_does_not_explode_near_zero() -> None:
    assert completeness_delta(1.0, 3.0, 2.0) == 0.0
    assert completeness_delta(0.9, 3.0, 2.0) == pytest.approx(0.1)
    assert completeness_delta(0.01, 1.0, 1.0) == pytest.approx(0.01 / DELTA_FLOOR)
