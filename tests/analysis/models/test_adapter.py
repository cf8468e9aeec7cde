"""Adapters: one set of base weights for both sides, the right predictions, and everything refused."""

from __future__ import annotations

import json
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.base.errors import AssayError
from analysis.models.adapter import SUPPORTED, inspect_adapter
from analysis.models.classifier_pair import ClassifierPair
from analysis.models.digest import file_digests, folder_digest
from analysis.run.check import check_review
from analysis.run.pipeline import analyze
from analysis.store.run import read_description
from analysis.tracks.intent.predict import predict_texts
from tests.analysis.models.adapters import ATTENTION, adapted_model, lora, make_adapter
from tests.analysis.models.families import gpt2, save_family
from tests.conftest import LABELS

MakeClassifier = Callable[..., Path]
TEXTS = ["can a real person help with my parcel?", "where is my Tofu Wars", "gift"]


def peft_config(kind: str) -> Any:
    import peft

    makers: dict[str, Callable[[], Any]] = {
        "LORA": lora,
        "ADALORA": lambda: peft.AdaLoraConfig(target_modules=list(ATTENTION), total_step=10, init_r=4),
        "IA3": lambda: peft.IA3Config(
            target_modules=["key", "intermediate.dense"], feedforward_modules=["intermediate.dense"]
        ),
        "LOHA": lambda: peft.LoHaConfig(target_modules=list(ATTENTION), r=4),
        "LOKR": lambda: peft.LoKrConfig(target_modules=list(ATTENTION), r=4),
        "OFT": lambda: peft.OFTConfig(target_modules=list(ATTENTION), oft_block_size=8),
        "HRA": lambda: peft.HRAConfig(target_modules=list(ATTENTION), r=4),
        "VERA": lambda: peft.VeraConfig(target_modules=list(ATTENTION), r=8),
        "LN_TUNING": lambda: peft.LNTuningConfig(target_modules=["LayerNorm"]),
        "FOURIERFT": lambda: peft.FourierFTConfig(target_modules=list(ATTENTION), n_frequency=50),
        "MISS": lambda: peft.MissConfig(target_modules=list(ATTENTION), r=4),
    }
    return makers[kind]()


@pytest.fixture
def base(tmp_path: Path, tiny_classifier: MakeClassifier) -> Path:
    return tiny_classifier(tmp_path / "intent-v3")


@pytest.fixture
def adapter(base: Path, tmp_path: Path) -> Path:
    return make_adapter(base, tmp_path / "intent-v4")


def edit(folder: Path, **changes: Any) -> None:
    path = folder / "adapter_config.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | changes), "utf-8")


def refusal(folder: Path, base: Path) -> str:
    """The message of `check`, which loading repeats."""
    with pytest.raises(AssayError) as caught:
        inspect_adapter(folder, base)
    assert caught.value.hint
    with pytest.raises(AssayError) as again:
        ClassifierPair(base, folder, "cpu").side("candidate")
    assert again.value.message == caught.value.message
    return caught.value.message


def logits(model: Any, base: Path) -> np.ndarray:
    """What Transformers and PEFT say directly, text by text."""
    import torch
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(base)
    with torch.inference_mode():
        return np.array([model(**tokenizer(text, return_tensors="pt")).logits[0].numpy() for text in TEXTS])


@pytest.mark.parametrize("kind", SUPPORTED)
def test_every_type_predicts_as_peft_does_and_leaves_the_base_alone(
    base: Path, tmp_path: Path, kind: str
) -> None:
    from transformers import AutoModelForSequenceClassification

    made = adapted_model(base, peft_config(kind), seed=5)
    made.save_pretrained(tmp_path / "adapter")
    pair = ClassifierPair(base, tmp_path / "adapter", "cpu")
    assert pair.heads["candidate"].adapter == kind
    found = {side: predict_texts(pair.side(side), TEXTS, 64) for side in ("candidate", "base")}
    np.testing.assert_allclose(found["candidate"], logits(made, base), atol=1e-5)
    plain = AutoModelForSequenceClassification.from_pretrained(base)
    np.testing.assert_allclose(found["base"], logits(plain.eval(), base), atol=1e-5)
    assert not np.allclose(found["base"], found["candidate"], atol=1e-3)


def test_both_sides_hold_the_same_base_weights(base: Path, adapter: Path) -> None:
    from safetensors.torch import load_file

    pair = ClassifierPair(base, adapter, "cpu")
    candidate, plain = pair.side("candidate").model, pair.side("base").model
    ours = {parameter.data_ptr() for parameter in candidate.parameters()}
    theirs = {parameter.data_ptr() for parameter in plain.parameters()}
    assert theirs <= ours
    added = [one for one in candidate.parameters() if one.data_ptr() not in theirs]
    saved = load_file(adapter / "adapter_model.safetensors")
    assert sum(one.numel() for one in added) == sum(one.numel() for one in saved.values())
    assert not any(one.requires_grad for one in candidate.parameters())
    assert pair.heads["candidate"].parameters == sum(
        one.numel() for one in [*plain.parameters(), *saved.values()]
    )


def test_a_saved_head_is_the_candidates_own(base: Path, adapter: Path) -> None:
    import torch
    from safetensors.torch import load_file

    saved = load_file(adapter / "adapter_model.safetensors")
    key = "base_model.model.classifier.weight"
    assert key in saved
    pair = ClassifierPair(base, adapter, "cpu")
    state = pair.side("candidate").model.state_dict()
    active = next(value for name, value in state.items() if name.endswith("modules_to_save.default.weight"))
    assert torch.equal(active, saved[key])
    assert not torch.equal(active, pair.side("base").model.classifier.weight)


def test_labels_are_the_bases_unless_the_adapter_saves_and_names_its_head(base: Path, adapter: Path) -> None:
    plain = predict_texts(ClassifierPair(base, adapter, "cpu").side("candidate"), TEXTS, 64)
    assert inspect_adapter(adapter, base).labels == LABELS
    shutil.copy(base / "config.json", adapter / "config.json")
    path = adapter / "config.json"
    config = json.loads(path.read_text("utf-8"))
    order = ["recommendation", "escalation", "order_tracking"]
    names = {"id2label": dict(enumerate(order)), "label2id": {name: i for i, name in enumerate(order)}}
    path.write_text(json.dumps(config | names), "utf-8")
    pair = ClassifierPair(base, adapter, "cpu")
    assert inspect_adapter(adapter, base).labels == tuple(order)
    assert pair.labels == pair.side("candidate").labels == LABELS
    named = predict_texts(pair.side("candidate"), TEXTS, 64)
    np.testing.assert_allclose(named, plain[:, [order.index(label) for label in LABELS]], atol=1e-6)
    path.write_text(json.dumps(config | {"id2label": {"0": "a", "1": "b"}, "label2id": None}), "utf-8")
    assert "names 2 classes, and the head has 3 outputs" in _message(lambda: inspect_adapter(adapter, base))


def test_an_adapter_without_a_head_takes_the_bases_labels(base: Path, tmp_path: Path) -> None:
    from peft import LoraConfig

    folder = make_adapter(base, tmp_path / "adapter", LoraConfig(r=4, target_modules=list(ATTENTION)))
    path = folder / "config.json"
    config = json.loads((base / "config.json").read_text("utf-8"))
    path.write_text(json.dumps(config | {"id2label": {"0": "c", "1": "b", "2": "a"}}), "utf-8")
    assert inspect_adapter(folder, base).labels == LABELS


def test_embeddings_and_a_tokenizer_of_its_own_are_used(base: Path, tmp_path: Path) -> None:
    folder = make_adapter(base, tmp_path / "adapter", lora(["word_embeddings", "query"]), seed=2)
    shutil.copy(base / "tokenizer.json", folder / "tokenizer.json")
    shutil.copy(base / "tokenizer_config.json", folder / "tokenizer_config.json")
    pair = ClassifierPair(base, folder, "cpu")
    made = adapted_model(base, lora(["word_embeddings", "query"]), seed=2)
    np.testing.assert_allclose(
        predict_texts(pair.side("candidate"), TEXTS, 64), logits(made, base), atol=1e-5
    )
    assert pair.tokenizers_equal
    rules = json.loads((folder / "tokenizer.json").read_text("utf-8"))
    (folder / "tokenizer.json").write_text(json.dumps(rules | {"normalizer": None}), "utf-8")
    other = ClassifierPair(base, folder, "cpu")
    assert not other.tokenizers_equal
    assert other.side("candidate").tokenizer.name_or_path == str(folder)
    assert other.side("base").tokenizer.name_or_path == str(base)


def test_layers_that_keep_their_weight_transposed(tmp_path: Path) -> None:
    base = save_family(gpt2, tmp_path / "decoder")
    config = lora(["c_attn"], fan_in_fan_out=True)
    folder = make_adapter(base, tmp_path / "adapter", config, seed=4)
    pair = ClassifierPair(base, folder, "cpu")
    found = predict_texts(pair.side("candidate"), TEXTS, 64)
    np.testing.assert_allclose(found, logits(adapted_model(base, config, seed=4), base), atol=1e-5)


def test_another_size_of_base_is_refused(adapter: Path, tmp_path: Path) -> None:
    from tests.analysis.models.families import bert

    other = save_family(bert, tmp_path / "intent-v3b", labels=("a", "b"))
    edit(adapter, base_model_name_or_path=None)
    assert "its classifier.bias is 3, the base's 2" in refusal(adapter, other)


def test_another_width_of_a_layer_is_refused(base: Path, adapter: Path) -> None:
    import torch
    from safetensors.torch import load_file, save_file

    path = adapter / "adapter_model.safetensors"
    tensors = load_file(path)
    name = next(name for name in tensors if name.endswith("query.lora_A.weight"))
    save_file(tensors | {name: torch.zeros(4, 16)}, path)
    message = refusal(adapter, base)
    assert "query is 32×32 in the base, 32×16 in the adapter" in message


def test_another_architecture_is_refused(adapter: Path, tmp_path: Path) -> None:
    other = save_family(gpt2, tmp_path / "decoder")
    message = refusal(adapter, other)
    assert "made for another base: it changes bert.encoder" in message


def test_another_name_of_base_is_refused_and_a_folder_name_that_says_nothing_is_not(
    base: Path, adapter: Path, tiny_classifier: MakeClassifier, tmp_path: Path
) -> None:
    edit(adapter, base_model_name_or_path="hub/intent-v2")
    assert "it names 'intent-v2', and the base is 'intent-v3'" in refusal(adapter, base)
    for name in (None, "", "/runs/checkpoint-500", "output/", "/cache/snapshots/" + "a" * 40, "x/Intent-V3/"):
        edit(adapter, base_model_name_or_path=name)
        assert inspect_adapter(adapter, base).adapter == "LORA"
    edit(adapter, base_model_name_or_path="hub/intent-v2")
    inspect_adapter(adapter, tiny_classifier(tmp_path / "x" / "model"))


def test_a_recorded_digest_decides(base: Path, adapter: Path) -> None:
    edit(adapter, base_model_name_or_path="renamed-since", base_model_sha256=folder_digest(base))
    assert inspect_adapter(adapter, base).adapter == "LORA"
    edit(adapter, base_model_sha256=file_digests(base)["model.safetensors"].upper())
    assert ClassifierPair(base, adapter, "cpu").side("candidate").labels == LABELS
    edit(adapter, base_model_sha256="0" * 64)
    assert "base_model_sha256 is 000000000000" in refusal(adapter, base)


class Planted:
    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> Any:
        return (Path.write_text, (self.target, "ran"))


def test_a_pickled_adapter_is_refused_and_never_run(base: Path, adapter: Path, tmp_path: Path) -> None:
    (adapter / "adapter_model.safetensors").unlink()
    (adapter / "adapter_model.bin").write_bytes(pickle.dumps(Planted(tmp_path / "mark")))
    assert "may run code" in refusal(adapter, base)
    (adapter / "adapter_model.bin").unlink()
    assert "has no adapter_model.safetensors" in refusal(adapter, base)
    assert not (tmp_path / "mark").exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"peft_type": "PROMPT_TUNING"}, "the adapter type 'PROMPT_TUNING' is not read"),
        ({"peft_type": "XLORA"}, "the adapter type 'XLORA' is not read"),
        ({"peft_type": None}, "the adapter type None is not read"),
        ({"auto_mapping": {"base_model_class": "X", "parent_library": "evil"}}, "asks for code of its own"),
        ({"megatron_config": {"a": 1}, "megatron_core": "evil"}, "loads a module that the adapter names"),
        ({"init_lora_weights": "pissa"}, "rewrites the base's weights"),
        ({"init_lora_weights": "corda", "corda_config": {"cache_file": "x.pt"}}, "rewrites the base's"),
        ({"init_lora_weights": {"a": 1}}, "rewrites the base's weights"),
        ({"layer_replication": [[0, 2]]}, "repeats layers"),
        ({"target_parameters": ["x"]}, "rewrites the base's parameters"),
        ({"modules_to_save": ["classifier", "pooler"]}, "does not hold its weights"),
    ],
)
def test_what_would_run_code_or_change_the_base_is_refused(
    base: Path, adapter: Path, changes: dict[str, Any], message: str
) -> None:
    edit(adapter, **changes)
    assert message in refusal(adapter, base)


def test_a_mapping_to_a_class_of_transformers_is_no_code(base: Path, tmp_path: Path) -> None:
    from peft import LoraConfig

    folder = make_adapter(base, tmp_path / "adapter", LoraConfig(r=4, target_modules=list(ATTENTION)))
    config = json.loads((folder / "adapter_config.json").read_text("utf-8"))
    assert config["auto_mapping"]["parent_library"].startswith("transformers.")
    assert ClassifierPair(base, folder, "cpu").side("candidate").labels == LABELS


def test_weights_that_do_not_fit_are_refused_when_loaded(base: Path, adapter: Path) -> None:
    from safetensors.torch import load_file, save_file

    path = adapter / "adapter_model.safetensors"
    tensors = load_file(path)
    name = next(name for name in tensors if name.endswith("query.lora_B.weight"))
    save_file({key: value for key, value in tensors.items() if key != name}, path)
    pair = ClassifierPair(base, adapter, "cpu")
    assert "the base expects" in _message(lambda: pair.side("candidate"))
    save_file(tensors, path)
    edit(adapter, target_modules=["query"])
    assert "has no place for" in _message(lambda: ClassifierPair(base, adapter, "cpu").side("candidate"))
    edit(adapter, target_modules=list(ATTENTION), use_novelty=True)
    assert "'use_novelty', which" in _message(lambda: ClassifierPair(base, adapter, "cpu").side("candidate"))


def test_a_whole_model_beside_the_adapter_is_refused(base: Path, adapter: Path) -> None:
    shutil.copy(base / "model.safetensors", adapter / "model.safetensors")
    assert "holds both a PEFT adapter and a whole model" in refusal(adapter, base)


def test_an_adapter_cannot_be_the_base(base: Path, adapter: Path) -> None:
    pair = ClassifierPair(adapter, base, "cpu")
    assert "a whole model is needed here" in _message(lambda: pair.head("base"))
    assert "a whole model is needed here" in _message(lambda: pair.side("base"))


def test_a_review_of_an_adapter_runs_whole(tiny_review: Path) -> None:
    models = tiny_review.parent / "models"
    shutil.rmtree(models / "candidate")
    make_adapter(models / "base", models / "candidate", seed=3)
    notes = "\n".join(check_review(tiny_review).notes)
    assert "LORA adapter over BertForSequenceClassification" in notes
    published = analyze(tiny_review)
    description = read_description(published.store, published.run)
    digests = description["determined_by"]["models"]["intent"]
    assert digests["candidate"]["digest"] == folder_digest(models / "candidate")
    assert digests["base"]["digest"] == folder_digest(models / "base")
    assert set(description["model_files"]["intent"]["candidate"]) == set(file_digests(models / "candidate"))


def test_a_broken_base_is_told_once(tiny_review: Path) -> None:
    models = tiny_review.parent / "models"
    shutil.rmtree(models / "candidate")
    make_adapter(models / "base", models / "candidate")
    (models / "base" / "model.safetensors").write_bytes(b"\x00")
    with pytest.raises(AssayError) as caught:
        check_review(tiny_review)
    assert str(caught.value).count("damaged or cut short") == 1


def _message(step: Callable[[], object]) -> str:
    with pytest.raises(AssayError) as caught:
        step()
    return caught.value.message
