"""Adapters over a whole model that is named, on one side or both, and adapters that add tokens."""

from __future__ import annotations

import json
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from analysis.base.errors import AssayError
from analysis.models.adapter import inspect_adapter
from analysis.models.classifier_pair import ClassifierPair
from analysis.models.digest import folder_digest
from analysis.models.encoder import EncoderPair
from analysis.models.encoder_config import inspect_encoder
from analysis.models.encoding import encode_texts, load_encoder
from analysis.models.files import vocabulary
from analysis.models.generation import generate_answers
from analysis.models.generator import GeneratorPair
from analysis.run.check import check_review
from analysis.run.pipeline import analyze
from analysis.store.run import read_description
from analysis.tracks.intent.predict import predict_texts
from tests.analysis.models.adapters import lora, make_adapter, train_at_random
from tests.analysis.tracks.response.tiny import write_adapter as write_generator_adapter
from tests.analysis.tracks.response.tiny import write_generator
from tests.analysis.tracks.retrieval.tiny import write_adapter as write_encoder_adapter
from tests.analysis.tracks.retrieval.tiny import write_encoder
from tests.conftest import LABELS

MakeClassifier = Callable[..., Path]
TEXTS = ["can a real person help with my parcel?", "where is my Tofu Wars", "gift"]


@pytest.fixture
def whole(tmp_path: Path, tiny_classifier: MakeClassifier) -> Path:
    return tiny_classifier(tmp_path / "intent-v3")


def by_peft(base: Any, adapter: Path, tokens: Path) -> np.ndarray:
    """What Transformers and PEFT say directly, text by text."""
    from peft import PeftModel
    from transformers import AutoTokenizer

    model = PeftModel.from_pretrained(base, adapter).eval()
    tokenizer = AutoTokenizer.from_pretrained(tokens)
    with torch.inference_mode():
        rows = [model(**tokenizer(text, return_tensors="pt")).logits[0].numpy() for text in TEXTS]
    return np.array(rows)


def load_base(folder: Path, **options: Any) -> Any:
    from transformers import AutoModelForSequenceClassification

    return AutoModelForSequenceClassification.from_pretrained(folder, **options)


def test_two_adapters_over_one_named_model_predict_as_peft_does(whole: Path, tmp_path: Path) -> None:
    folders = {
        side: make_adapter(whole, tmp_path / side, seed=seed)
        for seed, side in enumerate(("base", "candidate"), start=3)
    }
    pair = ClassifierPair(folders["base"], folders["candidate"], "cpu", whole)
    for side, folder in folders.items():
        expected = by_peft(load_base(whole), folder, whole)
        np.testing.assert_allclose(predict_texts(pair.side(side), TEXTS, 64), expected, atol=1e-5)  # type: ignore[arg-type]
    assert pair.digests == {**{s: folder_digest(f) for s, f in folders.items()}, "over": folder_digest(whole)}
    words = [pair.side(side).model.get_input_embeddings().weight for side in ("base", "candidate")]
    assert words[0].data_ptr() == words[1].data_ptr()
    copy = pickle.loads(pickle.dumps(pair))
    assert copy.over == whole
    assert copy.digests == pair.digests


def test_an_adapter_may_stand_beside_a_whole_model_over_another(
    whole: Path, tmp_path: Path, tiny_classifier: MakeClassifier
) -> None:
    other = tiny_classifier(tmp_path / "production", seed=9)
    adapter = make_adapter(whole, tmp_path / "candidate")
    pair = ClassifierPair(other, adapter, "cpu", whole)
    expected = by_peft(load_base(whole), adapter, whole)
    np.testing.assert_allclose(predict_texts(pair.side("candidate"), TEXTS, 64), expected, atol=1e-5)
    back = ClassifierPair(adapter, other, "cpu", whole)
    np.testing.assert_allclose(predict_texts(back.side("base"), TEXTS, 64), expected, atol=1e-5)


def headless(folder: Path, whole: Path, seed: int) -> Path:
    """An adapter that was trained over the encoder alone and brings a head of its own."""
    from peft import get_peft_model

    torch.manual_seed(seed)
    model = get_peft_model(load_base(whole, num_labels=3), lora(modules_to_save=["classifier"]))
    train_at_random(model)
    model.save_pretrained(folder)
    return folder


def test_adapters_over_a_model_without_a_head_bring_their_own(whole: Path, tmp_path: Path) -> None:
    from transformers import BertModel

    raw = tmp_path / "encoder"
    BertModel.from_pretrained(whole).save_pretrained(raw)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(whole / name, raw)
    folders = [headless(tmp_path / f"v{seed}", raw, seed) for seed in (1, 2)]
    pair = ClassifierPair(folders[0], folders[1], "cpu", raw)
    assert pair.labels == ("LABEL_0", "LABEL_1", "LABEL_2")
    assert any("the base has no classes" in note for note in pair.heads["base"].notes)
    for side, folder in zip(("base", "candidate"), folders, strict=True):
        expected = by_peft(load_base(raw, num_labels=3), folder, raw)
        np.testing.assert_allclose(predict_texts(pair.side(side), TEXTS, 64), expected, atol=1e-5)  # type: ignore[arg-type]
    for folder in folders:
        shutil.copy(whole / "config.json", folder)
    assert ClassifierPair(folders[0], folders[1], "cpu", raw).labels == LABELS
    plain = make_adapter(whole, tmp_path / "plain", lora(modules_to_save=[]))
    from safetensors.torch import load_file, save_file

    weights = load_file(plain / "adapter_model.safetensors")
    kept = {name: one for name, one in weights.items() if "classifier" not in name}
    save_file(kept, plain / "adapter_model.safetensors")
    with pytest.raises(AssayError, match="holds no head, and its base is not a classifier"):
        inspect_adapter(plain, raw)


def test_encoders_and_generators_go_over_a_named_model_too(tmp_path: Path) -> None:
    encoder = write_encoder(tmp_path / "encoder")
    sides = {
        side: write_encoder_adapter(encoder, tmp_path / side, seed) for seed, side in enumerate(("e1", "e2"))
    }
    encoders = EncoderPair({"base": sides["e1"], "candidate": sides["e2"], "over": encoder}, "cpu")
    alone = EncoderPair({"base": encoder, "candidate": sides["e1"]}, "cpu")
    found = encoders.vectors("base", "item", TEXTS, TEXTS, "document")
    assert np.array_equal(found, alone.vectors("candidate", "item", TEXTS, TEXTS, "document"))
    assert not np.allclose(found, encoders.vectors("candidate", "item", TEXTS, TEXTS, "document"), atol=1e-3)
    generator = write_generator(tmp_path / "generator")
    sides = {
        side: write_generator_adapter(generator, tmp_path / side, seed=seed)
        for seed, side in enumerate(("g1", "g2"))
    }
    pair = GeneratorPair({"base": sides["g1"], "candidate": sides["g2"], "over": generator}, "cpu")
    one = GeneratorPair({"base": generator, "candidate": sides["g1"]}, "cpu")
    ids = [pair.generator("base").prompt_ids("where is my parcel")]
    assert generate_answers(pair.generator("base"), ids) == generate_answers(one.generator("candidate"), ids)
    assert pair.heads["base"].adapter == "LORA"


def test_an_adapter_as_base_asks_for_what_it_goes_over(whole: Path, tmp_path: Path) -> None:
    adapter = make_adapter(whole, tmp_path / "adapter")
    with pytest.raises(AssayError, match="a whole model is needed here") as caught:
        ClassifierPair(adapter, adapter, "cpu").head("base")
    assert "name the whole model that it was trained over (over)" in (caught.value.hint or "")


def with_over(review: Path, folder: str) -> None:
    text = review.read_text("utf-8")
    review.write_text(text.replace('examples = "eval', f'over = "{folder}"\nexamples = "eval', 1), "utf-8")


@pytest.mark.soak
def test_a_review_of_two_adapters_runs_and_is_bound_to_what_they_go_over(tiny_review: Path) -> None:
    models = tiny_review.parent / "models"
    (models / "base").rename(models / "below")
    shutil.rmtree(models / "candidate")
    for seed, side in enumerate(("base", "candidate"), start=3):
        make_adapter(models / "below", models / side, seed=seed)
    with_over(tiny_review, "models/below")
    notes = "\n".join(check_review(tiny_review).notes)
    assert notes.count("LORA adapter over BertForSequenceClassification") == 2
    published = analyze(tiny_review)
    described = read_description(published.store, published.run)
    assert described["determined_by"]["models"]["intent"]["over"]["digest"] == folder_digest(models / "below")
    assert described["model_files"]["intent"]["over"]
    assert described["model_folders"]["intent"]["over"] == str(models / "below")


def test_a_model_that_nothing_goes_over_is_a_mistake(tiny_review: Path) -> None:
    with_over(tiny_review, "models/base")
    with pytest.raises(AssayError, match="as what adapters go over, and neither side is one"):
        check_review(tiny_review)


@pytest.mark.parametrize("name", [None, "", "/runs/checkpoint-500", "../model"])
def test_a_base_that_cannot_be_told_is_said_and_one_that_can_is_not(
    whole: Path, tmp_path: Path, name: str | None
) -> None:
    adapter = make_adapter(whole, tmp_path / "adapter")
    assert inspect_adapter(adapter, whole).notes == ()
    path = adapter / "adapter_config.json"
    config = json.loads(path.read_text("utf-8")) | {"base_model_name_or_path": name}
    path.write_text(json.dumps(config), "utf-8")
    (note,) = inspect_adapter(adapter, whole).notes
    assert note.startswith("it cannot be told whether the adapter was made over this base: it names ")
    assert (repr(name) if name else "none") in note


def grown(base: Path, folder: Path, *, tokens: int = 2, own_tokenizer: bool = True, **options: Any) -> Any:
    """An adapter over a base with added tokens, saved with the embeddings whole; returns PEFT's own model."""
    from peft import get_peft_model
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(base)
    tokenizer.add_tokens([f"<tag{number}>" for number in range(tokens)])
    model = load_base(base)
    model.resize_token_embeddings(len(tokenizer), mean_resizing=False)
    torch.manual_seed(4)
    adapted = get_peft_model(model, lora(**options))
    train_at_random(adapted)
    with torch.no_grad():
        if tokens:
            adapted.get_input_embeddings().weight[-tokens:].normal_()
    adapted.save_pretrained(folder, save_embedding_layers=True)
    if own_tokenizer:
        tokenizer.save_pretrained(folder)
    return adapted.eval()


@pytest.mark.parametrize("tokens", [1, 2, 30])
@pytest.mark.parametrize(
    "options",
    [{}, {"modules_to_save": ["classifier", "word_embeddings"]}, {"use_dora": True}],
    ids=["embeddings", "modules", "dora"],
)
def test_an_adapter_that_adds_tokens_predicts_as_peft_does(
    whole: Path, tmp_path: Path, tokens: int, options: dict[str, Any]
) -> None:
    from transformers import AutoTokenizer

    adapter = tmp_path / "adapter"
    reference = grown(whole, adapter, tokens=tokens, **options)
    pair = ClassifierPair(whole, adapter, "cpu")
    assert f"{tokens} tokens are added to the vocabulary of its base" in pair.heads["candidate"].notes
    texts = ["where is my <tag0> parcel", "<tag0>", "gift"]
    tokenizer = AutoTokenizer.from_pretrained(adapter)
    with torch.inference_mode():
        expected = [reference(**tokenizer(text, return_tensors="pt")).logits[0].numpy() for text in texts]
    np.testing.assert_allclose(predict_texts(pair.side("candidate"), texts, 64), expected, atol=1e-4)
    plain = ClassifierPair(whole, whole, "cpu")
    before = predict_texts(plain.side("base"), TEXTS, 64)
    np.testing.assert_array_equal(predict_texts(pair.side("base"), TEXTS, 64), before)
    assert pair.side("base").model.get_input_embeddings().weight.shape[0] == len(vocabulary(whole))


def test_embeddings_of_the_adapters_own_leave_the_bases_alone(whole: Path, tmp_path: Path) -> None:
    """They have the base's shape, and would be written into the tensor that both sides share."""
    from safetensors.torch import load_file, save_file

    adapter = tmp_path / "adapter"
    grown(whole, adapter, tokens=0)
    path = adapter / "adapter_model.safetensors"
    weights = load_file(path)
    name = next(name for name in weights if name.endswith("word_embeddings.weight"))
    save_file(weights | {name: weights[name] + 1.0}, path)
    pair = ClassifierPair(whole, adapter, "cpu")
    pair.load()
    words = {side: pair.side(side).model.get_input_embeddings().weight for side in ("base", "candidate")}  # type: ignore[arg-type]
    saved = load_file(whole / "model.safetensors")["bert.embeddings.word_embeddings.weight"]
    assert torch.equal(words["base"], saved)
    assert torch.equal(words["candidate"], weights[name] + 1.0)


def test_a_longer_vocabulary_of_another_tokenizer_is_another_base(whole: Path, tmp_path: Path) -> None:
    adapter = tmp_path / "adapter"
    grown(whole, adapter)
    path = adapter / "tokenizer.json"
    rules = json.loads(path.read_text("utf-8"))
    known = rules["model"]["vocab"]
    known["parcel"], known["gift"] = known["gift"], known["parcel"]
    path.write_text(json.dumps(rules), "utf-8")
    with pytest.raises(AssayError, match="made for another base: the base's tokenizer gives"):
        inspect_adapter(adapter, whole)


def test_more_tokens_without_a_tokenizer_are_rows_that_nothing_reads(whole: Path, tmp_path: Path) -> None:
    adapter = tmp_path / "adapter"
    grown(whole, adapter, own_tokenizer=False)
    pair = ClassifierPair(whole, adapter, "cpu")
    assert pair.side("candidate").tokenizer.name_or_path == str(whole)
    assert pair.side("candidate").model.get_input_embeddings().weight.shape[0] == len(vocabulary(whole)) + 2


@pytest.mark.parametrize("shape", [(190, 16), (4, 32)])
def test_embeddings_that_are_not_the_bases_and_more_are_another_base(
    whole: Path, tmp_path: Path, shape: tuple[int, int]
) -> None:
    from safetensors.torch import load_file, save_file

    adapter = tmp_path / "adapter"
    grown(whole, adapter)
    path = adapter / "adapter_model.safetensors"
    weights = load_file(path)
    name = next(name for name in weights if name.endswith("word_embeddings.weight"))
    save_file(weights | {name: torch.zeros(shape)}, path)
    with pytest.raises(AssayError, match=r"made for another base: its bert\.embeddings\.word_embeddings"):
        inspect_adapter(adapter, whole)


def test_a_generator_that_adds_tokens_answers_as_peft_does(tmp_path: Path) -> None:
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM, AutoTokenizer

    base = write_generator(tmp_path / "base")
    tokenizer = AutoTokenizer.from_pretrained(base)
    tokenizer.add_tokens(["<tag0>", "<tag1>"])
    model = AutoModelForCausalLM.from_pretrained(base)
    model.resize_token_embeddings(model.config.vocab_size + 2, mean_resizing=False)
    config = LoraConfig(
        task_type="CAUSAL_LM", r=2, target_modules=["q_proj"], modules_to_save=["embed_tokens", "lm_head"]
    )
    adapted = get_peft_model(model, config).eval()
    with torch.no_grad():
        for parameter in adapted.parameters():
            if parameter.requires_grad:
                parameter.add_(torch.randn_like(parameter) * 0.1)
    adapted.save_pretrained(tmp_path / "adapter")
    tokenizer.save_pretrained(tmp_path / "adapter")
    pair = GeneratorPair({"base": base, "candidate": tmp_path / "adapter"}, "cpu")
    ids = torch.tensor([tokenizer("where is my <tag0> parcel")["input_ids"]])
    with torch.inference_mode():
        ours = pair.generator("candidate").model(input_ids=ids).logits
        assert torch.allclose(ours, adapted(input_ids=ids).logits, atol=1e-5)
    plain = load_file_of(base)
    weights = pair.generator("base").model.get_input_embeddings().weight
    assert torch.equal(weights, plain)


def load_file_of(folder: Path) -> torch.Tensor:
    from safetensors.torch import load_file

    return next(
        one for name, one in load_file(folder / "model.safetensors").items() if "embed_tokens" in name
    )


@pytest.mark.parametrize("name", ["T5", "UMT5", "MT5"])
def test_the_encoder_of_a_model_with_a_decoder_is_what_sentence_transformers_makes_of_it(
    tmp_path: Path, name: str
) -> None:
    import transformers
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.base.modules import Normalize, Transformer
    from sentence_transformers.sentence_transformer.modules import Pooling
    from transformers import AutoTokenizer

    bert = write_encoder(tmp_path / "words")
    tokenizer = AutoTokenizer.from_pretrained(bert)
    torch.manual_seed(0)
    config = getattr(transformers, f"{name}Config")(
        vocab_size=len(tokenizer), d_model=16, num_layers=1, num_heads=2, d_kv=8, d_ff=24, pad_token_id=0,
        eos_token_id=3, decoder_start_token_id=0,
    )  # fmt: skip
    getattr(transformers, f"{name}EncoderModel")(config).save_pretrained(tmp_path / "plain")
    tokenizer.save_pretrained(tmp_path / "plain")
    model = SentenceTransformer(
        modules=[Transformer(str(tmp_path / "plain")), Pooling(16, "mean"), Normalize()], device="cpu"
    )
    model.save(str(tmp_path / "st"))
    texts = ["a crime story of n1", "romance", "a dark story by kite of space"]
    head = inspect_encoder(tmp_path / "st")
    assert head.architecture == f"{name}EncoderModel"
    assert head.dimension == 16
    found = encode_texts(load_encoder(head, "cpu"), texts, "document")
    np.testing.assert_allclose(found, model.encode_document(texts), atol=1e-5)


WIDTHS: dict[str, dict[str, Any]] = {
    "DistilBert": {"dim": 16, "n_layers": 1, "n_heads": 2, "hidden_dim": 24},
    "GPT2": {"n_embd": 16, "n_layer": 1, "n_head": 2},
    "Funnel": {"d_model": 16, "block_sizes": [1], "n_head": 2, "d_head": 8, "d_inner": 24, "num_decoder_layers": 1},
    "XLM": {"emb_dim": 16, "n_layers": 1, "n_heads": 2},
    "Flaubert": {"emb_dim": 16, "n_layers": 1, "n_heads": 2},
}  # fmt: skip
"""Families that call the width of their states each by a name of its own."""


@pytest.mark.parametrize("name", WIDTHS)
def test_the_width_is_known_by_whatever_name_a_family_has_for_it(tmp_path: Path, name: str) -> None:
    import transformers
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(write_encoder(tmp_path / "words"))
    config = getattr(transformers, f"{name}Config")(vocab_size=len(tokenizer), pad_token_id=0, **WIDTHS[name])
    folder = tmp_path / "plain"
    getattr(transformers, f"{name}Model")(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    assert "hidden_size" not in json.loads((folder / "config.json").read_text("utf-8"))
    head = inspect_encoder(folder)
    assert head.dimension == 16
    assert encode_texts(load_encoder(head, "cpu"), ["a crime story of n1"], "document").shape == (1, 16)


def test_a_whole_model_with_a_decoder_is_not_an_encoder(tmp_path: Path) -> None:
    from transformers import AutoTokenizer, T5Config, T5ForConditionalGeneration

    tokenizer = AutoTokenizer.from_pretrained(write_encoder(tmp_path / "words"))
    config = T5Config(vocab_size=len(tokenizer), d_model=16, num_layers=1, num_heads=2, d_kv=8, d_ff=24)
    T5ForConditionalGeneration(config).save_pretrained(tmp_path / "t5")
    tokenizer.save_pretrained(tmp_path / "t5")
    with pytest.raises(AssayError, match="is an encoder with a decoder"):
        inspect_encoder(tmp_path / "t5")
