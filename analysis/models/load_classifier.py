"""Classifiers from Transformers folders: weights are data, never code.

Only safetensors weights are read; a folder that also holds pickles or Python code is refused as a
whole, because another program might load those instead of what was reviewed.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis.base.errors import AssayError
from analysis.models.files import read_json, refuse_unsafe_files, tensor_shapes
from analysis.models.load_transformers import check_vocabulary, load_tokenizer, load_whole

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

HEAD_WEIGHTS = ("classifier.weight", "classifier.out_proj.weight", "score.weight")
"""Names of the layer that gives the logits, in the model classes of Transformers."""

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
        adapter: type of the PEFT adapter, such as LORA; empty for a whole model.
    """

    labels: tuple[str, ...]
    architecture: str
    parameters: int
    max_positions: int | None
    adapter: str = ""


@dataclass(frozen=True)
class LoadedClassifier:
    """A classifier ready to run: float32, evaluation mode, no parameter requires gradients.

    Args:
        model: takes `input_ids` or `inputs_embeds` with an `attention_mask`; its `logits` are (n, classes).
        tokenizer: gives character offsets.
        labels: class names in the order of the logits.
        device: where the model is.
        skipped_end: id that the model leaves out where it pools the last token, as decoders do with
            padding; None for all others.
    """

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerFast
    labels: tuple[str, ...]
    device: str
    skipped_end: int | None = None

    def readable(self, ids: Sequence[int]) -> list[int]:
        """Token ids that mean the same whether the model is given them or their embeddings.

        A decoder that pools the last token leaves out padding only where it sees ids, so padding at the
        end, which changes no earlier position of a decoder, is dropped. A text without any token, which
        tokenizers without special tokens allow, becomes the token that starts or ends a text.
        """
        kept = list(ids)
        while len(kept) > 1 and kept[-1] == self.skipped_end:
            kept.pop()
        return kept or [self.empty_id]

    @property
    def empty_id(self) -> int:
        """The id that stands for a text without tokens: start, end, padding or unknown."""
        tokenizer = self.tokenizer
        named = (
            tokenizer.bos_token_id,
            tokenizer.eos_token_id,
            tokenizer.pad_token_id,
            tokenizer.unk_token_id,
        )
        return next((int(one) for one in named if one is not None), 0)


@dataclass(frozen=True)
class HeadFiles:
    """What the files of a model with a head say, checked: its configuration, class, outputs and number of weights."""

    config: dict[str, Any]
    architecture: str
    labels: tuple[str, ...]
    parameters: int


def inspect_classifier(folder: Path) -> ModelHead:
    """Check a model folder and read its labels and size from `config.json` and the weight headers.

    Raises:
        AssayError: anything that is not a plain safetensors sequence classifier with its tokenizer.
    """
    files = head_files(
        folder, "ForSequenceClassification", "is not a text classifier", refuse=_refuse_other_tasks
    )
    return ModelHead(files.labels, files.architecture, files.parameters, max_positions(files.config))


def head_files(
    folder: Path,
    ending: str,
    otherwise: str,
    refuse: Callable[[dict[str, Any], tuple[str, ...], str], None] | None = None,
) -> HeadFiles:
    """Check a folder of a model with a head, without loading it.

    Args:
        folder: with `config.json`, safetensors and a tokenizer.
        ending: of the name of its Transformers class.
        otherwise: what is said of a model of another class.
        refuse: raises for a configuration, its labels and its place that the caller has no use for.

    Raises:
        AssayError: pickles or code, an adapter, another kind of model, or files that do not fit together.
    """
    refuse_unsafe_files(folder)
    refuse_adapter(folder)
    config = read_json(folder / "config.json")
    where = str(folder / "config.json")
    architectures = config.get("architectures") or []
    architecture = architectures[0] if isinstance(architectures, list) and architectures else ""
    if not isinstance(architecture, str) or not architecture.endswith(ending):
        raise AssayError(
            f"{otherwise}: architectures is {architectures!r}",
            where=where,
            hint=f"a Transformers ...{ending} folder is needed",
        )
    labels = label_names(config, where)
    if refuse is not None:
        refuse(config, labels, where)
    tensors = tensor_shapes(folder)
    check_head(tensors, labels, folder)
    if not (folder / "tokenizer.json").is_file():
        raise AssayError(
            "has no tokenizer.json",
            where=str(folder),
            hint="save it with AutoTokenizer.from_pretrained(SOURCE).save_pretrained(FOLDER)",
        )
    return HeadFiles(config, architecture, labels, sum(math.prod(shape) for shape in tensors.values()))


def load_classifier(folder: Path, device: str) -> LoadedClassifier:
    """Load a classifier and its tokenizer onto `device`, from local safetensors only.

    Raises:
        AssayError: a folder that `inspect_classifier` refuses, weights that do not fit the
            architecture, or a device that is not there.
    """
    head = inspect_classifier(folder)
    from transformers import AutoModelForSequenceClassification

    # Eager attention gives attentions and exact gradients; float32 keeps decisions comparable.
    model = load_whole(AutoModelForSequenceClassification, folder, device, attn_implementation="eager")
    tokenizer = load_tokenizer(folder)
    check_reads_embeddings(model, folder)
    check_vocabulary(model, tokenizer, folder)
    if model.config.pad_token_id is None:
        # Decoders refuse batches without it. No token has this id, so the last one is pooled: as they do
        # with one text.
        model.config.pad_token_id = -1
    return LoadedClassifier(model, tokenizer, head.labels, device, _skipped_end(model, device))


def with_labels(classifier: LoadedClassifier, labels: Sequence[str]) -> LoadedClassifier:
    """The classifier with its logits in the order of `labels`, which are its own in another order."""
    import torch

    if tuple(labels) == classifier.labels:
        return classifier
    order = torch.tensor([classifier.labels.index(label) for label in labels], device=classifier.device)

    def reorder(model: Any, given: Any, output: Any) -> Any:
        output.logits = output.logits.index_select(-1, order)
        return output

    # On the model and not in a layer: whoever calls it, with ids or embeddings, gets the common order.
    classifier.model.register_forward_hook(reorder)
    classifier.model.config.id2label = dict(enumerate(labels))
    classifier.model.config.label2id = {label: index for index, label in enumerate(labels)}
    return replace(classifier, labels=tuple(labels))


def check_reads_embeddings(model: PreTrainedModel, folder: Path) -> None:
    """Raises AssayError for a family whose explanations cannot be computed on its input embeddings."""
    if "inputs_embeds" not in inspect.signature(model.forward).parameters:
        raise AssayError(
            f"{type(model).__name__} takes no inputs_embeds, so its predictions cannot be explained",
            where=str(folder),
            hint="use a model family that takes them, as BERT, RoBERTa, DeBERTa, ModernBERT and Llama do",
        )


def _skipped_end(model: PreTrainedModel, device: str) -> int | None:
    """The padding id, where a padding token at the end changes nothing: found by trying it."""
    import torch

    padding = model.config.pad_token_id
    if padding is None or padding < 0:
        return None
    other = 0 if padding else 1
    with torch.inference_mode():
        short, long = (
            model(input_ids=ids, attention_mask=torch.ones_like(ids)).logits.float()
            for ids in (
                torch.tensor([[other, other]], device=device),
                torch.tensor([[other, other, padding]], device=device),
            )
        )
    return int(padding) if torch.allclose(short, long, rtol=1e-4, atol=1e-5) else None


def label_names(config: dict[str, Any], where: str) -> tuple[str, ...]:
    """Class names of a `config.json`, in the order of the logits. Raises AssayError."""
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


def refuse_adapter(folder: Path) -> None:
    """Raises AssayError for a folder that holds an adapter and no whole model."""
    if (folder / "adapter_config.json").is_file():
        raise AssayError(
            "is a PEFT adapter, and a whole model is needed here",
            where=str(folder),
            hint="an adapter can be the candidate, over the whole model that is the base",
        )


def _refuse_other_tasks(config: dict[str, Any], labels: tuple[str, ...], where: str) -> None:
    task = config.get("problem_type")
    if len(labels) < 2 or task not in (None, "single_label_classification"):
        found = f"problem_type is {task!r}" if len(labels) > 1 else "it has one output"
        raise AssayError(
            f"does not choose one of several classes: {found}",
            where=where,
            hint="a classifier with a softmax over two or more classes is needed",
        )


def check_head(tensors: dict[str, list[int]], labels: tuple[str, ...], folder: Path) -> None:
    """Raises AssayError where the layer that gives the logits has another number of them than there are labels."""
    for name in HEAD_WEIGHTS:
        shape = tensors.get(name)
        if shape and shape[0] != len(labels):
            raise AssayError(
                f"the classifier has {shape[0]} outputs, and id2label names {len(labels)} classes",
                where=str(folder),
                hint="config.json and the weights are not of the same model",
            )


def max_positions(config: dict[str, Any]) -> int | None:
    """Longest input in tokens that a `config.json` allows; None where it sets no limit."""
    positions = config.get("max_position_embeddings", config.get("n_positions"))
    if not isinstance(positions, int) or positions < 1:
        return None
    if config.get("model_type") in _OFFSET_POSITIONS:
        padding = config.get("pad_token_id", 1)
        return positions - (padding if isinstance(padding, int) else 1) - 1
    return positions
