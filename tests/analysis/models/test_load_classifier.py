"""Loading classifiers: what the headers say, and everything that is refused."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from analysis.base.errors import AssayError
from analysis.models.classifier_pair import ClassifierPair
from analysis.models.digest import folder_digest
from analysis.models.load_classifier import inspect_classifier, load_classifier
from analysis.models.sides import Sides

MakeClassifier = Callable[..., Path]


def edit_json(path: Path, **changes: Any) -> None:
    value = json.loads(path.read_text("utf-8"))
    for key, change in changes.items():
        if change is None:
            value.pop(key, None)
        else:
            value[key] = change
    path.write_text(json.dumps(value), "utf-8")


def refusal(folder: Path) -> str:
    with pytest.raises(AssayError) as caught:
        inspect_classifier(folder)
    assert caught.value.where is not None
    assert caught.value.where.startswith(str(folder))
    with pytest.raises(AssayError):
        load_classifier(folder, "cpu")
    return caught.value.message


@pytest.fixture
def folder(tmp_path: Path, tiny_classifier: MakeClassifier) -> Path:
    return tiny_classifier(tmp_path / "model")


def test_the_head_is_what_the_loaded_model_has(folder: Path) -> None:
    head = inspect_classifier(folder)
    loaded = load_classifier(folder, "cpu")
    assert head.labels == loaded.labels == ("escalation", "order_tracking", "recommendation")
    assert head.architecture == type(loaded.model).__name__
    assert head.parameters == sum(parameter.numel() for parameter in loaded.model.parameters())
    assert head.max_positions == 64


def test_a_loaded_classifier_is_frozen_float32_and_eager(folder: Path) -> None:
    import torch

    loaded = load_classifier(folder, "cpu")
    assert not loaded.model.training
    assert all(not one.requires_grad and one.dtype == torch.float32 for one in loaded.model.parameters())
    assert loaded.model.config._attn_implementation == "eager"
    batch = loaded.tokenizer("a real person", return_tensors="pt", return_offsets_mapping=True)
    offsets = batch.pop("offset_mapping")[0].tolist()
    assert offsets[0] == [0, 0]
    assert offsets[1] == [0, 1]
    assert loaded.model(**batch).logits.shape == (1, 3)


class Planted:
    """Unpickling an instance writes a file, as a hostile checkpoint could."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> Any:
        return (Path.write_text, (self.target, "ran"))


@pytest.mark.parametrize("name", ["pytorch_model.bin", "args.bin", "sub/weights.pt", "x.PKL"])
def test_pickles_are_refused_and_never_run(folder: Path, tmp_path: Path, name: str) -> None:
    mark = tmp_path / "mark"
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_bytes(pickle.dumps(Planted(mark)))
    assert "may run code" in refusal(folder)
    (folder / "model.safetensors").unlink()
    assert "may run code" in refusal(folder)
    assert not mark.exists()


def test_code_is_refused_and_never_run(folder: Path, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    source = folder / "modeling_custom.py"
    source.write_text(f"open({str(mark)!r}, 'w').write('ran')", "utf-8")
    edit_json(folder / "config.json", auto_map={"AutoModelForSequenceClassification": "modeling_custom.X"})
    assert "may run code" in refusal(folder)
    source.unlink()
    assert "auto_map" in refusal(folder)
    edit_json(folder / "config.json", auto_map=None)
    edit_json(folder / "tokenizer_config.json", auto_map={"AutoTokenizer": ["x.Y", None]})
    assert "auto_map" in refusal(folder)
    assert not mark.exists()


def test_an_adapter_is_no_whole_model(folder: Path) -> None:
    (folder / "adapter_config.json").write_text("{}", "utf-8")
    assert "is a PEFT adapter, and a whole model is needed here" in refusal(folder)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"architectures": ["BertForMaskedLM"]}, "is not a text classifier"),
        ({"architectures": None}, "is not a text classifier"),
        ({"id2label": {"0": "a", "1": "b", "2": "a"}}, "each differently"),
        ({"id2label": {"0": "a", "2": "b"}}, "from 0 on"),
        ({"id2label": {"zero": "a"}}, "does not map class numbers"),
        ({"id2label": {"0": "a", "1": "b"}, "label2id": None}, "3 outputs, and id2label names 2 classes"),
        ({"id2label": None, "num_labels": None, "label2id": None}, "3 outputs, and id2label names 2 classes"),
        (
            {"id2label": {"0": "a"}, "label2id": None},
            "does not choose one of several classes: it has one output",
        ),
        ({"problem_type": "multi_label_classification"}, "problem_type is 'multi_label_classification'"),
    ],
)
def test_a_config_that_contradicts_itself_is_refused(
    folder: Path, changes: dict[str, Any], message: str
) -> None:
    edit_json(folder / "config.json", **changes)
    assert message in refusal(folder)


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json"])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    assert f"has no {name}" in refusal(folder)


@pytest.mark.parametrize("keep", [0, 5, 40, -1])
def test_weights_cut_short_are_refused(folder: Path, keep: int) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:keep])
    assert "is damaged or cut short" in refusal(folder)


def test_weights_with_a_huge_header_are_refused(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"\xff" * 64)
    assert "is damaged" in refusal(folder)


def test_a_folder_without_a_trained_head_is_refused(folder: Path) -> None:
    from safetensors.torch import load_file, save_file

    weights = load_file(folder / "model.safetensors")
    del weights["classifier.weight"]
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    with pytest.raises(AssayError, match=r"would be random, such as classifier\.weight"):
        load_classifier(folder, "cpu")


def test_a_device_that_is_not_there_is_an_error(folder: Path) -> None:
    with pytest.raises(AssayError, match="device 'cuda:99' cannot be used"):
        load_classifier(folder, "cuda:99")


def test_a_pair_has_common_labels_and_loads_each_side_once(
    tmp_path: Path, tiny_classifier: MakeClassifier
) -> None:
    base = tiny_classifier(tmp_path / "base")
    candidate = tiny_classifier(tmp_path / "candidate", seed=1)
    pair = ClassifierPair(base, candidate, "cpu")
    assert pair.labels == ("escalation", "order_tracking", "recommendation")
    assert pair.digests == {"base": folder_digest(base), "candidate": folder_digest(candidate)}
    assert pair.digests["base"] != pair.digests["candidate"]
    assert pair.side("base") is pair.side("base")
    assert pair.side("base") is not pair.side("candidate")
    assert pair.tokenizers_equal
    edit_json(candidate / "tokenizer.json", normalizer={"type": "Lowercase"})
    assert not ClassifierPair(base, candidate, "cpu").tokenizers_equal
    assert Sides({}, "cpu").digests == {}


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (("escalation", "order_tracking"), "only in the base: recommendation"),
        (("escalation", "order_tracking", "gift"), "only in the candidate: gift"),
    ],
)
def test_label_maps_that_differ_are_named(
    tmp_path: Path, tiny_classifier: MakeClassifier, labels: tuple[str, ...], message: str
) -> None:
    base = tiny_classifier(tmp_path / "base")
    candidate = tiny_classifier(tmp_path / "candidate", labels=labels)
    pair = ClassifierPair(base, candidate, "cpu")
    with pytest.raises(AssayError) as caught:
        _ = pair.labels
    assert message in caught.value.message
