"""Model folders as people have them: what training left beside the weights, what is refused, and the way out."""

from __future__ import annotations

import json
import pickle
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from analysis.base.errors import AssayError
from analysis.models.adapter import inspect_adapter
from analysis.models.classifier_pair import ClassifierPair
from analysis.models.encoder_config import inspect_encoder
from analysis.models.files import refuse_unsafe_files, training_leftovers
from analysis.models.generator_config import inspect_generator
from analysis.models.load_classifier import inspect_classifier, load_classifier
from analysis.run.check import check_review
from tests.analysis.models.adapters import make_adapter
from tests.analysis.tracks.response.tiny import write_generator
from tests.analysis.tracks.retrieval.tiny import write_encoder

MakeClassifier = Callable[..., Path]

LEFT = (
    "checkpoint-500/pytorch_model.bin",
    "events.out.tfevents.1700000000.box.1.0",
    "optimizer.pt",
    "rng_state.pth",
    "rng_state_3.pth",
    "runs/Nov30_box/events.out.tfevents.1",
    "scaler.pt",
    "scheduler.pt",
    "training_args.bin",
)
SAID = "checkpoint-500/, runs/, events.out.tfevents.1700000000.box.1.0, optimizer.pt, rng_state.pth, "


class Planted:
    """Unpickling an instance writes a file, as a hostile checkpoint could."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> Any:
        return (Path.write_text, (self.target, "ran"))


def leave(folder: Path, mark: Path) -> None:
    """Put beside a model what trainers leave there, all of it hostile."""
    for name in LEFT:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(pickle.dumps(Planted(mark)))


def edit(path: Path, **changes: Any) -> None:
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | changes), "utf-8")


@pytest.fixture(scope="module")
def generator_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_generator(tmp_path_factory.mktemp("generator") / "model")


@pytest.fixture
def folder(tmp_path: Path, tiny_classifier: MakeClassifier) -> Path:
    return tiny_classifier(tmp_path / "model")


def test_what_training_leaves_is_passed_over_said_and_never_loaded(folder: Path, tmp_path: Path) -> None:
    leave(folder, tmp_path / "mark")
    (note,) = inspect_classifier(folder).notes
    assert note.startswith(f"left of the training, never loaded: {SAID}")
    assert len(training_leftovers(folder)) == len(LEFT)
    load_classifier(folder, "cpu")
    adapter = make_adapter(folder, tmp_path / "adapter")
    leave(adapter, tmp_path / "mark")
    assert any(SAID in note for note in inspect_adapter(adapter, folder).notes)
    assert ClassifierPair(folder, adapter, "cpu").side("candidate").labels
    encoder = write_encoder(tmp_path / "encoder")
    leave(encoder, tmp_path / "mark")
    assert any(SAID in note for note in inspect_encoder(encoder).notes)
    assert not (tmp_path / "mark").exists()


def test_check_says_what_training_left(tiny_review: Path, tmp_path: Path) -> None:
    leave(tiny_review.parent / "models" / "candidate", tmp_path / "mark")
    assert any(SAID in note for note in check_review(tiny_review).notes)
    assert not (tmp_path / "mark").exists()


@pytest.mark.parametrize(
    "name",
    ["training_args.pkl", "my_optimizer.pt", "checkpoint-best/x.bin", "rng_state.py", "old/model.ckpt"],
)
def test_what_only_looks_like_it_is_refused(folder: Path, name: str) -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_bytes(b"x")
    with pytest.raises(AssayError, match=re.escape(f"holds {name}, which is code or may run code")):
        inspect_classifier(folder)


def test_all_that_is_refused_is_named_at_once(folder: Path) -> None:
    for name in ("pytorch_model.bin", "modeling.py", "sub/tf_model.h5", "training_args.bin"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"x")
    with pytest.raises(AssayError) as caught:
        refuse_unsafe_files(folder)
    assert "holds modeling.py, pytorch_model.bin, sub/tf_model.h5, each of which" in caught.value.message
    for number in range(40):
        (folder / f"part{number:02d}.bin").write_bytes(b"x")
    with pytest.raises(AssayError, match="and 23 more, each of which"):
        refuse_unsafe_files(folder)


def run_remedy(folder: Path, new: Path) -> None:
    """Do what the hint says, word for word, with the libraries that are installed."""
    import peft
    import safetensors
    import safetensors.torch
    import sentence_transformers
    import torch
    import transformers

    with pytest.raises(AssayError, match="may run code") as caught:
        refuse_unsafe_files(folder)
    command = (caught.value.hint or "").partition("in Python: ")[2].partition(", and copy")[0]
    names = {**vars(transformers), "peft": peft, "torch": torch, "safetensors": safetensors}
    for name in re.findall(r"AutoModel\w*|AutoTokenizer", command):
        names[name] = getattr(transformers, name)
    names["SentenceTransformer"] = sentence_transformers.SentenceTransformer
    exec(command.replace("OLD", str(folder)).replace("NEW", str(new)), names)


def to_pickle(folder: Path, weights: str, pickled: str) -> None:
    """Save the weights as they were saved before safetensors."""
    import torch
    from safetensors.torch import load_file

    torch.save(load_file(folder / weights), folder / pickled)
    (folder / weights).unlink()


def test_the_remedy_for_a_pickled_classifier_works_tokenizer_included(folder: Path, tmp_path: Path) -> None:
    before = load_classifier(folder, "cpu").model.state_dict()
    to_pickle(folder, "model.safetensors", "pytorch_model.bin")
    run_remedy(folder, tmp_path / "new")
    after = load_classifier(tmp_path / "new", "cpu").model.state_dict()
    assert all(bool((before[name] == after[name]).all()) for name in before)


def test_the_remedy_for_a_sentence_encoder_works(tmp_path: Path) -> None:
    encoder = write_encoder(tmp_path / "encoder")
    to_pickle(encoder, "model.safetensors", "pytorch_model.bin")
    run_remedy(encoder, tmp_path / "new")
    assert inspect_encoder(tmp_path / "new").pooling == ("mean",)


def test_the_remedy_for_a_generator_works(tmp_path: Path, generator_folder: Path) -> None:
    model = Path(shutil.copytree(generator_folder, tmp_path / "generator"))
    to_pickle(model, "model.safetensors", "pytorch_model.bin")
    run_remedy(model, tmp_path / "new")
    assert (
        inspect_generator(tmp_path / "new").architecture == inspect_generator(generator_folder).architecture
    )


def test_the_remedy_for_a_pickled_adapter_works(folder: Path, tmp_path: Path) -> None:
    adapter = make_adapter(folder, tmp_path / "adapter")
    to_pickle(adapter, "adapter_model.safetensors", "adapter_model.bin")
    (tmp_path / "new").mkdir()
    run_remedy(adapter, tmp_path / "new")
    shutil.copy(adapter / "adapter_config.json", tmp_path / "new")
    assert inspect_adapter(tmp_path / "new", folder).adapter == "LORA"


QUANTISED: tuple[dict[str, Any], ...] = (
    {"quantization_config": {"quant_method": "bitsandbytes", "load_in_8bit": True}},
    {"quantization_config": {"quant_method": "gptq", "bits": 4}},
    {"quantization_config": {"quant_method": "awq", "bits": 4}},
    {"compression_config": {"format": "int-quantized"}},
)


@pytest.mark.parametrize("changes", QUANTISED, ids=lambda one: str(next(iter(one.values()))))
def test_quantised_weights_are_refused_whatever_the_model_is(
    folder: Path, tmp_path: Path, generator_folder: Path, changes: dict[str, Any]
) -> None:
    encoder = write_encoder(tmp_path / "encoder")
    generator = Path(shutil.copytree(generator_folder, tmp_path / "generator"))
    inspections: dict[Path, Callable[[Path], object]] = {
        folder: inspect_classifier,
        encoder: inspect_encoder,
        generator: inspect_generator,
    }
    for path, inspect in inspections.items():
        inspect(path)
        edit(path / "config.json", **changes)
        with pytest.raises(AssayError, match="holds quantised weights") as caught:
            inspect(path)
        assert "float32" in (caught.value.hint or "")


@pytest.mark.parametrize("dtype", ["float8_e4m3fn", "int8", "uint8"])
def test_weights_of_eight_bits_are_refused_without_being_called_so(folder: Path, dtype: str) -> None:
    import torch
    from safetensors.torch import load_file, save_file

    path = folder / "model.safetensors"
    weights = {name: one.clamp(0, 1).to(getattr(torch, dtype)) for name, one in load_file(path).items()}
    save_file(weights, path, {"format": "pt"})
    with pytest.raises(AssayError, match="most are stored as"):
        inspect_classifier(folder)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64"])
def test_weights_of_any_floating_type_are_read(folder: Path, dtype: str) -> None:
    import torch
    from safetensors.torch import load_file, save_file

    path = folder / "model.safetensors"
    weights = {name: one.to(getattr(torch, dtype)) for name, one in load_file(path).items()}
    save_file(weights, path, {"format": "pt"})
    assert load_classifier(folder, "cpu").model.dtype == torch.float32


NAMES = ("escalation", "order_tracking", "recommendation")


@pytest.mark.parametrize(
    ("label2id", "words"),
    [
        ({NAMES[0]: 1, NAMES[1]: 0, NAMES[2]: 2}, "escalation is 0 and 1; order_tracking is 1 and 0"),
        ({NAMES[0]: 0, NAMES[1]: 1, NAMES[2]: 1}, "recommendation is 2 and 1"),
        ({NAMES[0]: 0, NAMES[1]: 1, "complaint": 2}, "complaint is only in label2id"),
    ],
)
def test_label_maps_that_contradict_each_other_are_named(
    folder: Path, label2id: dict[str, Any], words: str
) -> None:
    edit(folder / "config.json", label2id=label2id)
    with pytest.raises(AssayError, match="id2label and label2id contradict each other") as caught:
        inspect_classifier(folder)
    assert words in caught.value.message
    assert "inverse of id2label" in (caught.value.hint or "")


@pytest.mark.parametrize(
    "label2id",
    [None, {}, {NAMES[1]: 1}, {NAMES[1]: "1"}, {"LABEL_0": 0}, dict(zip(NAMES, range(3), strict=True))],
)
def test_a_map_that_says_less_contradicts_nothing(folder: Path, label2id: dict[str, Any] | None) -> None:
    edit(folder / "config.json", label2id=label2id)
    assert inspect_classifier(folder).labels == NAMES


def test_a_map_that_is_none_is_refused(folder: Path) -> None:
    edit(folder / "config.json", label2id=["escalation"])
    with pytest.raises(AssayError, match="does not map names to class numbers"):
        inspect_classifier(folder)


@pytest.mark.parametrize("side", ["base", "candidate"])
def test_the_side_without_names_is_told_what_to_write(
    tmp_path: Path, tiny_classifier: MakeClassifier, side: str
) -> None:
    pair = {one: tiny_classifier(tmp_path / one) for one in ("base", "candidate")}
    unnamed = [f"LABEL_{index}" for index in range(3)]
    edit(
        pair[side] / "config.json",
        id2label=dict(enumerate(unnamed)),
        label2id={name: index for index, name in enumerate(unnamed)},
    )
    with pytest.raises(AssayError) as caught:
        _ = ClassifierPair(pair["base"], pair["candidate"], "cpu").labels
    assert caught.value.hint == (
        f"the {side} does not name its classes: write id2label and label2id into its config.json"
    )


def test_sides_of_other_sizes_are_not_told_to_name_their_classes(
    tmp_path: Path, tiny_classifier: MakeClassifier
) -> None:
    base = tiny_classifier(tmp_path / "base")
    candidate = tiny_classifier(tmp_path / "candidate", labels=("LABEL_0", "LABEL_1"))
    with pytest.raises(AssayError) as caught:
        _ = ClassifierPair(base, candidate, "cpu").labels
    assert caught.value.hint == "both sides must have the same classes"
