"""Models with a head that gives numbers for a text, or for each token of it: read, checked and loaded as data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from analysis.models.batches import batch_tokens, equal_length_batches, in_halves
from analysis.models.files import leftover_notes, read_json
from analysis.models.load_classifier import head_files
from analysis.models.load_transformers import check_vocabulary, load_tokenizer, load_whole
from analysis.models.positions import position_limit

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

HeadKind = Literal["text", "tokens"]

_ENDINGS: dict[HeadKind, str] = {"text": "ForSequenceClassification", "tokens": "ForTokenClassification"}
_UNLIMITED = 1_000_000
"""Tokenizers without a limit say a number beyond this."""


@dataclass(frozen=True)
class TaskHead:
    """What the files of such a model say of it, read without loading it.

    Args:
        labels: names of the outputs, in their order.
        architecture: name of the Transformers class.
        parameters: number of weights.
        folder: where it lies.
        independent: whether each output is a yes or no of its own, and not one of several classes.
        notes: what a reader should know of it.
    """

    labels: tuple[str, ...]
    architecture: str
    parameters: int
    folder: Path
    independent: bool
    notes: tuple[str, ...] = ()

    @cached_property
    def max_length(self) -> int | None:
        """Longest input in tokens that model and tokenizer both allow; None without a limit. Raises AssayError."""
        limits = (position_limit(self.folder), tokenizer_limit(self.folder))
        return min([limit for limit in limits if limit is not None], default=None)


@dataclass(frozen=True)
class LoadedHead:
    """Such a model ready to run: float32, evaluation mode, no parameter requires gradients."""

    head: TaskHead
    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerFast
    device: str


def inspect_head(folder: Path, kind: HeadKind) -> TaskHead:
    """Check a model folder and read its outputs and size from `config.json` and the weight headers.

    Raises:
        AssayError: pickles or code, an adapter, another kind of model, or files that do not fit together.
    """
    files = head_files(folder, _ENDINGS[kind], "is another kind of model")
    independent = files.config.get("problem_type") == "multi_label_classification"
    return TaskHead(
        files.labels,
        files.architecture,
        files.parameters,
        folder,
        independent,
        leftover_notes(folder),
    )


def tokenizer_limit(folder: Path) -> int | None:
    """Tokens that the tokenizer of a folder allows; None where it sets no limit. Raises AssayError."""
    stated = folder / "tokenizer_config.json"
    own = read_json(stated).get("model_max_length") if stated.is_file() else None
    return own if isinstance(own, int) and 0 < own < _UNLIMITED else None


def load_head(head: TaskHead, folder: Path, kind: HeadKind, device: str) -> LoadedHead:
    """Load the model and its tokenizer onto `device`, from local safetensors only.

    Raises:
        AssayError: weights that do not fit the architecture, or a device that is not there.
    """
    from transformers import AutoModelForSequenceClassification, AutoModelForTokenClassification

    auto = AutoModelForSequenceClassification if kind == "text" else AutoModelForTokenClassification
    model = load_whole(auto, folder, device)
    tokenizer = load_tokenizer(folder)
    check_vocabulary(model, tokenizer, folder)
    if model.config.pad_token_id is None:
        # Decoders refuse batches without it; no token has this id, so the last one is pooled.
        model.config.pad_token_id = -1
    return LoadedHead(head, model, tokenizer, device)


def run_head(
    loaded: LoadedHead, inputs: Sequence[dict[str, list[int]]], tokens: int | None = None
) -> list[NDArray[np.float32]]:
    """Logits of each input, float32 [outputs], or [tokens, outputs] of a model that labels tokens.

    Inputs of equal length go through the model together and are never padded.

    Args:
        loaded: the model.
        inputs: what its tokenizer gives, by name, such as `input_ids` and `token_type_ids`.
        tokens: that the model is given at once; by the device if not given.

    Raises:
        AssayError: the device has not enough memory for one text.
    """
    import torch

    results: list[Any] = [None] * len(inputs)
    ids = [one["input_ids"] for one in inputs]
    with torch.inference_mode():
        for batch in equal_length_batches(ids, tokens or batch_tokens(loaded.device)):
            for row, logits in in_halves(partial(_logits, loaded, inputs), batch, "text"):
                results[row] = logits
    return results


def _logits(
    loaded: LoadedHead, inputs: Sequence[dict[str, list[int]]], rows: list[int]
) -> NDArray[np.float32]:
    import torch

    given = {
        name: torch.tensor([inputs[row][name] for row in rows], device=loaded.device)
        for name in inputs[rows[0]]
    }
    model: Any = loaded.model
    found: NDArray[np.float32] = model(**given).logits.float().cpu().numpy()
    return found
