"""Every model family goes through prediction, words, gradients and deletion without being named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.attribution.relevance_check import refusal
from analysis.base.errors import AssayError
from analysis.models.load_classifier import LoadedClassifier, inspect_classifier, load_classifier
from analysis.tracks.intent.baseline import Baselines
from analysis.tracks.intent.known_methods import METHODS
from analysis.tracks.intent.methods.contract import Method
from analysis.tracks.intent.methods.integrated_gradients import MAX_DELTA, integrated_gradients
from analysis.tracks.intent.methods.occlusion import occlusion
from analysis.tracks.intent.methods.request import Request
from analysis.tracks.intent.names import LRP
from analysis.tracks.intent.predict import encode, logits_of_ids, predict_texts
from analysis.tracks.intent.target import Target
from analysis.tracks.intent.tokenised import Tokenised, tokenise
from tests.analysis.models.families import FAMILIES, POSITIONS, bert, gpt2, llama, save_family

TEXTS = [
    "can a real person help with my parcel?",
    "where is my Tofu Wars",
    "I don't know — it's 15:30, €20!!",
    "gift",
    "読む 🙂",
    "कोई 人👍🏽 ไม่ cafe\u0301",
    "the second volume has not arrived yet, the second volume",
]


@pytest.fixture(scope="module", params=FAMILIES, ids=lambda family: family.__name__)
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_family(request.param, tmp_path_factory.mktemp("family") / "model", seed=3)


@pytest.fixture(scope="module")
def classifier(folder: Path) -> LoadedClassifier:
    return load_classifier(folder, "cpu")


def test_predictions_are_those_of_transformers_on_the_single_text(
    classifier: LoadedClassifier, folder: Path
) -> None:
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    model = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    with torch.inference_mode():
        direct = [
            model(**tokenizer(text, return_tensors="pt", return_token_type_ids=False)).logits[0].numpy()
            for text in TEXTS
        ]
    np.testing.assert_allclose(predict_texts(classifier, TEXTS, POSITIONS), direct, atol=2e-5)


def test_the_limit_is_what_the_model_can_read(classifier: LoadedClassifier, folder: Path) -> None:
    limit = inspect_classifier(folder).max_positions
    assert limit == POSITIONS
    ids = encode(classifier, ["parcel " * 300], limit)
    assert limit - 1 <= len(ids[0]) <= limit
    assert np.isfinite(logits_of_ids(classifier, ids)).all()


def test_words_are_found_by_offsets_and_hold_every_content_token_once(classifier: LoadedClassifier) -> None:
    for text, read in zip(TEXTS, tokenise(classifier, TEXTS, POSITIONS), strict=True):
        pieces = [text[word.start : word.end] for word in read.words]
        positions = [position for word in read.words for position in word.tokens]
        assert len(set(positions)) == len(positions)
        assert "".join(pieces) == text.replace(" ", "")
        special = set(classifier.tokenizer.all_special_ids) - {classifier.tokenizer.unk_token_id}
        assert not special & {read.ids[position] for position in positions}


def request_of(classifier: LoadedClassifier, texts: list[str]) -> Request:
    words = tokenise(classifier, texts, POSITIONS)
    logits = logits_of_ids(classifier, [one.ids for one in words])
    targets = [Target(int(index)) for index in logits.argmax(axis=1)]
    outputs = [float(target.output(row)) for target, row in zip(targets, logits, strict=True)]
    baselines = Baselines({"base": classifier})
    choices = [
        baselines.choice("mean", {"base": one}, {"base": target}, {"base": row})
        for one, target, row in zip(words, targets, logits, strict=True)
    ]
    return Request(
        classifier,
        words,
        targets,
        outputs,
        [choice.baseline["base"] for choice in choices],
        [choice.neutral_ones["base"] for choice in choices],
        list(range(len(texts))),
    )


def test_integrated_gradients_are_complete(classifier: LoadedClassifier) -> None:
    # A decoder's normalisation is steep near the mean embedding, which may take more steps than a run does.
    for one in integrated_gradients(request_of(classifier, TEXTS), (30, 400, 2000)):
        assert one.delta is not None
        assert one.delta <= MAX_DELTA


def test_special_tokens_are_the_same_in_input_and_baseline(classifier: LoadedClassifier) -> None:
    import torch

    request = request_of(classifier, TEXTS)
    embed: Any = classifier.model.get_input_embeddings()
    special = set(classifier.tokenizer.all_special_ids)
    for read, baseline in zip(request.texts, request.baselines, strict=True):
        inside = {position for word in read.words for position in word.tokens}
        kept = [p for p, token in enumerate(read.ids) if p not in inside and token in special]
        assert torch.equal(embed(torch.tensor(read.ids))[kept], baseline.embeddings[kept])


def test_ids_and_their_embeddings_are_read_alike(classifier: LoadedClassifier) -> None:
    import torch

    embed: Any = classifier.model.get_input_embeddings()
    for read in tokenise(classifier, TEXTS, POSITIONS):
        ids = torch.tensor([read.ids])
        mask = torch.ones_like(ids)
        with torch.inference_mode():
            by_embeddings = classifier.model(inputs_embeds=embed(ids), attention_mask=mask).logits
        np.testing.assert_allclose(by_embeddings, logits_of_ids(classifier, [read.ids]), atol=2e-5)


def test_occlusion_is_the_drop_of_the_logit(classifier: LoadedClassifier) -> None:
    request = request_of(classifier, TEXTS)
    for row, one in enumerate(occlusion(request)):
        read, target = request.texts[row], request.targets[row]
        assert len(one.scores) == len(read.words)
        gone = set(read.words[-1].tokens)
        rest = [token for position, token in enumerate(read.ids) if position not in gone]
        expected = request.outputs[row] - logits_of_ids(classifier, [rest])[0, target.plus]
        assert one.scores[-1] == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_every_method_scores_every_word(classifier: LoadedClassifier, method: Method) -> None:
    request = request_of(classifier, [TEXTS[1], TEXTS[3]])
    if method.name == LRP and refusal(classifier.model):
        with pytest.raises(AssayError, match="attention in a way of its own"):
            method.explain(request)
        return
    for read, one in zip(request.texts, method.explain(request), strict=True):
        assert len(one.scores) == len(read.words)
        assert np.isfinite(one.scores).all()


@pytest.mark.parametrize("text", [" ", "\u200b", "\x00", "[SEP][CLS]", "</s><s>", "<|endoftext|>"])
def test_texts_without_words_or_of_special_tokens_only_have_an_outcome(
    classifier: LoadedClassifier, text: str
) -> None:
    request = request_of(classifier, [text])
    assert request.texts[0].ids
    assert np.isfinite(request.outputs).all()
    for explain in (integrated_gradients, occlusion):
        assert len(explain(request)[0].scores) == len(request.texts[0].words)


def test_a_decoder_skips_padding_at_the_end_and_an_encoder_does_not(tmp_path: Path) -> None:
    assert load_classifier(save_family(llama, tmp_path / "llama"), "cpu").skipped_end == 2
    assert load_classifier(save_family(gpt2, tmp_path / "gpt2"), "cpu").skipped_end is None
    assert load_classifier(save_family(bert, tmp_path / "bert"), "cpu").skipped_end is None


def test_a_tokenizer_with_more_tokens_than_embeddings_is_refused(tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    folder = save_family(bert, tmp_path / "model")
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.add_tokens(["mangaassist"])
    tokenizer.save_pretrained(folder)
    with pytest.raises(AssayError, match="embeddings"):
        load_classifier(folder, "cpu")


def test_a_text_of_padding_is_read_to_its_first_token(tmp_path: Path) -> None:
    loaded = load_classifier(save_family(llama, tmp_path / "model"), "cpu")
    assert loaded.readable([2, 2, 2]) == [2]
    assert loaded.readable([1, 5, 2, 7, 2, 2]) == [1, 5, 2, 7]
    assert loaded.readable([]) == [1]
    assert tokenise(loaded, ["</s></s>"], POSITIONS)[0] == Tokenised([1], [])
