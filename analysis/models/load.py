"""Classifiers from Transformers folders: weights are data, never code.

Only safetensors weights are read; a folder that also holds pickles or Python code is refused as a
whole, because another program might load those instead of what was reviewed.
"""

from __future__ import annotations

import json
import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis.errors import AssayError

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

# fmt: off
CODE_OR_PICKLE = frozenset((
    ".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".joblib", ".dill", ".npy", ".h5", ".msgpack",
    ".py", ".pyc", ".so", ".sh",
))
# fmt: on
WEIGHTS = "model.safetensors"
WEIGHTS_INDEX = "model.safetensors.index.json"
MAX_JSON_BYTES = 64 * 2**20
MAX_HEADER_BYTES = 100 * 2**20
"""The limit of the safetensors format itself."""

_OFFSET_POSITIONS = frozenset(
    ("roberta", "xlm-roberta", "camembert", "xlm-roberta-xl", "longformer", "mpnet")
)
"""Model types whose position ids start after the padding id, so that fewer positions hold tokens."""


@dataclass(frozen=True)
class ModelHead:
    """What a classifier's files say of it, read without loading it.

    Args:
        labels: class names in the order of the logits.
        architecture: name of the Transformers class.
        parameters: number of weights.
        max_positions: longest input in tokens, special tokens included; None where there is no limit.
    """

    labels: tuple[str, ...]
    architecture: str
    parameters: int
    max_positions: int | None


@dataclass(frozen=True)
class LoadedClassifier:
    """A classifier ready to run: float32, evaluation mode, no parameter requires gradients."""

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerFast
    labels: tuple[str, ...]
    device: str


def inspect_classifier(folder: Path) -> ModelHead:
    """Check a model folder and read its labels and size from `config.json` and the weight headers.

    Raises:
        AssayError: anything that is not a plain safetensors sequence classifier with its tokenizer.
    """
    _refuse_unsafe_files(folder)
    config = read_json(folder / "config.json")
    where = str(folder / "config.json")
    architectures = config.get("architectures") or []
    architecture = architectures[0] if isinstance(architectures, list) and architectures else ""
    if not isinstance(architecture, str) or not architecture.endswith("ForSequenceClassification"):
        raise AssayError(
            f"is not a text classifier: architectures is {architectures!r}",
            where=where,
            hint="a Transformers ...ForSequenceClassification folder is needed",
        )
    labels = _labels(config, where)
    tensors = _tensors(folder)
    _check_head(tensors, labels, folder)
    if not (folder / "tokenizer.json").is_file():
        raise AssayError(
            "has no tokenizer.json",
            where=str(folder),
            hint="save it with AutoTokenizer.from_pretrained(SOURCE).save_pretrained(FOLDER)",
        )
    parameters = sum(_size(shape) for shape in tensors.values())
    return ModelHead(labels, architecture, parameters, _max_positions(config))


def load_classifier(folder: Path, device: str) -> LoadedClassifier:
    """Load a classifier and its tokenizer onto `device`, from local safetensors only.

    Raises:
        AssayError: a folder that `inspect_classifier` refuses, weights that do not fit the
            architecture, or a device that is not there.
    """
    head = inspect_classifier(folder)
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer, PreTrainedTokenizerFast
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    options: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
    try:
        # Eager attention gives attentions and exact gradients; float32 keeps decisions comparable.
        model, info = AutoModelForSequenceClassification.from_pretrained(
            folder,
            use_safetensors=True,
            dtype=torch.float32,
            attn_implementation="eager",
            output_loading_info=True,
            **options,
        )
        tokenizer = AutoTokenizer.from_pretrained(folder, use_fast=True, **options)
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, ImportError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise AssayError(f"cannot be loaded: {reason}", where=str(folder)) from error
    absent = sorted(info["missing_keys"]) + sorted(str(key) for key in info.get("mismatched_keys", ()))
    if absent:
        raise AssayError(
            f"{len(absent)} weights are missing or of another shape and would be random, such as {absent[0]}",
            where=str(folder),
            hint="save the whole fine-tuned model with save_pretrained",
        )
    if not isinstance(tokenizer, PreTrainedTokenizerFast):
        raise AssayError("has no fast tokenizer, so words cannot be located in the text", where=str(folder))
    try:
        model = model.to(device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise AssayError(
            f"device {device!r} cannot be used: {reason}", where=str(folder), hint='use device = "cpu"'
        ) from error
    model.eval().requires_grad_(False)
    return LoadedClassifier(model, tokenizer, head.labels, device)


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object from a model folder. Raises AssayError."""
    try:
        if path.stat().st_size > MAX_JSON_BYTES:
            raise AssayError(f"is larger than {MAX_JSON_BYTES:,} bytes", where=str(path))
        value = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise AssayError(
            f"has no {path.name}", where=str(path.parent), hint="a Transformers model folder is needed"
        ) from None
    except OSError as error:
        raise AssayError(f"cannot be read: {error.strerror}", where=str(path)) from None
    except (ValueError, RecursionError):
        raise AssayError("is not valid JSON", where=str(path)) from None
    if not isinstance(value, dict):
        raise AssayError("is not a JSON object", where=str(path))
    return value


def _refuse_unsafe_files(folder: Path) -> None:
    if not folder.is_dir():
        raise AssayError("is not a folder", where=str(folder), hint="check base and candidate")
    if (folder / "adapter_config.json").is_file():
        raise AssayError(
            "is a PEFT adapter; adapters are not read in this version",
            where=str(folder),
            hint="merge it into its base (merge_and_unload) and save the whole model",
        )
    for root, folders, files in os.walk(folder):
        folders.sort()
        for name in sorted(files):
            if Path(name).suffix.lower() in CODE_OR_PICKLE:
                raise AssayError(
                    f"holds {name}, which is code or may run code when it is loaded",
                    where=str(Path(root) / name),
                    hint="keep only safetensors weights and JSON or text beside them: "
                    "save_pretrained(FOLDER, safe_serialization=True) into a new folder",
                )
    for name in ("config.json", "tokenizer_config.json"):
        if (folder / name).is_file() and "auto_map" in read_json(folder / name):
            raise AssayError(
                "asks for code of its own (auto_map), which is never run",
                where=str(folder / name),
                hint="save the model as a class of the Transformers library",
            )


def _labels(config: dict[str, Any], where: str) -> tuple[str, ...]:
    table = config.get("id2label")
    if table is None:
        # Transformers leaves the table out for its default of two unnamed classes.
        count = config.get("num_labels", 2)
        if not isinstance(count, int) or not 1 <= count <= 100_000:
            raise AssayError(f"num_labels is {count!r}", where=where)
        return tuple(f"LABEL_{index}" for index in range(count))
    try:
        numbered = {int(key): value for key, value in table.items()}
    except (AttributeError, ValueError):
        raise AssayError("id2label does not map class numbers to names", where=where) from None
    labels = tuple(numbered.get(index) for index in range(len(numbered)))
    named = [label for label in labels if isinstance(label, str)]
    if not named or len(named) < len(labels) or len(set(named)) < len(named):
        raise AssayError(
            "id2label must name every class from 0 on, each differently",
            where=where,
            hint="set id2label and label2id in config.json",
        )
    return tuple(named)


def _tensors(folder: Path) -> dict[str, list[int]]:
    """Shape of every tensor, from the headers of the weight files."""
    if (folder / WEIGHTS).is_file():
        return _header(folder / WEIGHTS)
    if not (folder / WEIGHTS_INDEX).is_file():
        raise AssayError(
            f"has no {WEIGHTS}", where=str(folder), hint="save with save_pretrained(FOLDER), which writes it"
        )
    table = read_json(folder / WEIGHTS_INDEX).get("weight_map")
    names = sorted({str(name) for name in table.values()}) if isinstance(table, dict) else []
    tensors: dict[str, list[int]] = {}
    for name in names:
        if Path(name).name != name or not (folder / name).is_file():
            raise AssayError(f"the weight file {name!r} is missing", where=str(folder / WEIGHTS_INDEX))
        tensors |= _header(folder / name)
    return tensors


def _header(path: Path) -> dict[str, list[int]]:
    broken = AssayError("is damaged or cut short", where=str(path), hint="copy the model again")
    size = path.stat().st_size
    with path.open("rb") as stream:
        prefix = stream.read(8)
        if len(prefix) < 8:
            raise broken
        (length,) = struct.unpack("<Q", prefix)
        if length > min(MAX_HEADER_BYTES, size - 8):
            raise broken
        raw = stream.read(length)
    try:
        header = json.loads(raw)
        entries = {name: entry for name, entry in header.items() if name != "__metadata__"}
        shapes = {name: [int(extent) for extent in entry["shape"]] for name, entry in entries.items()}
        end = max((int(entry["data_offsets"][1]) for entry in entries.values()), default=0)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError):
        raise broken from None
    if 8 + length + end != size:
        raise broken
    return shapes


def _check_head(tensors: dict[str, list[int]], labels: tuple[str, ...], folder: Path) -> None:
    for name in ("classifier.weight", "classifier.out_proj.weight", "score.weight"):
        shape = tensors.get(name)
        if shape and shape[0] != len(labels):
            raise AssayError(
                f"the classifier has {shape[0]} outputs, and id2label names {len(labels)} classes",
                where=str(folder),
                hint="config.json and the weights are not of the same model",
            )


def _size(shape: list[int]) -> int:
    count = 1
    for extent in shape:
        count *= extent
    return count


def _max_positions(config: dict[str, Any]) -> int | None:
    positions = config.get("max_position_embeddings", config.get("n_positions"))
    if not isinstance(positions, int) or positions < 1:
        return None
    if config.get("model_type") in _OFFSET_POSITIONS:
        padding = config.get("pad_token_id", 1)
        return positions - (padding if isinstance(padding, int) else 1) - 1
    return positions
