"""Classifiers from Transformers folders: weights are data, never code.

Only safetensors weights are read; a folder that also holds pickles or Python code is refused as a
whole, because another program might load those instead of what was reviewed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis.base.errors import AssayError
from analysis.models.files import (
    leftover_notes,
    read_json,
    refuse_quantised,
    refuse_unsafe_files,
    tensor_shapes,
)
from analysis.models.load_transformers import (
    RUNNING_ERRORS,
    check_vocabulary,
    load_tokenizer,
    load_whole,
    reason,
)
from analysis.models.positions import position_limit

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

HEAD_WEIGHTS = ("classifier.weight", "classifier.out_proj.weight", "score.weight")
"""Names of the layer that gives the logits, in the model classes of Transformers."""

_OTHER_FAMILIES = "BERT, RoBERTa, DeBERTa, ModernBERT and Llama are among the families that can be"
OVER_HINT = "name the whole model that it was trained over (over), or let it be the candidate over a base that is whole"
"""What is done about an adapter where a whole model is expected."""

_ENDING = "ForSequenceClassification"
_SHOWN_LABELS = 5
_UNNAMED = re.compile(r"LABEL_\d+")
"""What Transformers calls a class that nobody named."""


@dataclass(frozen=True)
class ModelHead:
    """What a classifier's files say of it, read without loading it.

    Args:
        labels: class names in the order of the logits.
        architecture: name of the Transformers class.
        parameters: number of weights.
        whole: folder of the whole model, which is the base's for an adapter.
        adapter: type of the PEFT adapter, such as LORA; empty for a whole model.
        notes: what a reader should know of it.
    """

    labels: tuple[str, ...]
    architecture: str
    parameters: int
    whole: Path
    adapter: str = ""
    notes: tuple[str, ...] = ()

    @cached_property
    def max_positions(self) -> int | None:
        """Longest input in tokens, special tokens included; None where there is no limit. Raises AssayError."""
        return position_limit(self.whole)

    @property
    def unnamed(self) -> bool:
        """Whether its classes have no names of their own."""
        return all(_UNNAMED.fullmatch(label) for label in self.labels)


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
    files = head_files(folder, _ENDING, "is not a text classifier", refuse=_refuse_other_tasks)
    return ModelHead(files.labels, files.architecture, files.parameters, folder, notes=leftover_notes(folder))


def is_classifier(folder: Path) -> bool:
    """Whether a folder says that it holds a whole classifier. Raises AssayError."""
    named = read_json(folder / "config.json").get("architectures")
    return isinstance(named, list) and bool(named) and str(named[0]).endswith(_ENDING)


def headless_files(folder: Path, outputs: int) -> HeadFiles:
    """What the files of a whole model without a head say; its classes are as many as an adapter brings, and unnamed.

    Raises:
        AssayError: pickles or code, an adapter, quantised weights, or no tokenizer.
    """
    refuse_unsafe_files(folder)
    refuse_adapter(folder)
    config = read_json(folder / "config.json")
    tensors = tensor_shapes(folder)
    refuse_quantised(folder, config)
    refuse_without_tokenizer(folder)
    labels = tuple(f"LABEL_{index}" for index in range(outputs))
    parameters = sum(math.prod(shape) for shape in tensors.values())
    return HeadFiles(config, str((config.get("architectures") or ["a model"])[0]), labels, parameters)


def classifier_shapes(folder: Path, outputs: int) -> dict[str, list[int]]:
    """Shape of every parameter that a classifier made of a model without a head has. Raises AssayError."""
    import torch
    from transformers import AutoConfig, AutoModelForSequenceClassification

    try:
        config = AutoConfig.from_pretrained(
            folder, num_labels=outputs, local_files_only=True, trust_remote_code=False
        )
        with torch.device("meta"):
            model: Any = AutoModelForSequenceClassification.from_config(config, trust_remote_code=False)
    except RUNNING_ERRORS as error:
        raise AssayError(
            f"cannot be made a classifier: {reason(error)}",
            where=str(folder / "config.json"),
            hint="an adapter for text classification goes over a model that Transformers can classify with",
        ) from error
    return {name: list(one.shape) for name, one in model.state_dict().items()}


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
    refuse_quantised(folder, config)
    check_head(tensors, labels, folder)
    refuse_without_tokenizer(folder)
    return HeadFiles(config, architecture, labels, sum(math.prod(shape) for shape in tensors.values()))


def refuse_without_tokenizer(folder: Path) -> None:
    """Raises AssayError for a folder without a fast tokenizer."""
    if not (folder / "tokenizer.json").is_file():
        raise AssayError(
            "has no tokenizer.json",
            where=str(folder),
            hint="save it with AutoTokenizer.from_pretrained(SOURCE).save_pretrained(FOLDER)",
        )


def load_classifier(folder: Path, device: str) -> LoadedClassifier:
    """Load a classifier and its tokenizer onto `device`, from local safetensors only.

    Raises:
        AssayError: a folder that `inspect_classifier` refuses, weights that do not fit the
            architecture, a model that cannot read one text, or a device that is not there.
    """
    head = inspect_classifier(folder)
    loaded = _loaded(folder, head.labels, device)
    try_one_text(loaded, folder)
    return loaded


def load_headless(folder: Path, outputs: int, brought: Collection[str], device: str) -> LoadedClassifier:
    """Load a model without a head as a classifier, to go below adapters that bring one.

    Args:
        folder: of the whole model.
        outputs: number of classes.
        brought: names of the weights that every adapter over it holds, which are random here.
        device: `cpu`, `cuda` or `cuda:N`.

    Raises:
        AssayError: as `headless_files`, and weights that neither the folder nor the adapters have.
    """
    files = headless_files(folder, outputs)
    return _loaded(folder, files.labels, device, brought=brought, num_labels=outputs)


def _loaded(
    folder: Path, labels: tuple[str, ...], device: str, brought: Collection[str] = (), **options: Any
) -> LoadedClassifier:
    from transformers import AutoModelForSequenceClassification

    # Eager attention gives attentions and exact gradients; float32 keeps decisions comparable.
    model = load_whole(
        AutoModelForSequenceClassification,
        folder,
        device,
        brought=brought,
        attn_implementation="eager",
        **options,
    )
    tokenizer = load_tokenizer(folder)
    check_vocabulary(model, tokenizer, folder)
    if model.config.pad_token_id is None:
        # Decoders refuse batches without it. No token has this id, so the last one is pooled: as they do
        # with one text.
        model.config.pad_token_id = -1
    return LoadedClassifier(model, tokenizer, labels, device, _skipped_end(model, device))


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


def try_one_text(classifier: LoadedClassifier, folder: Path) -> None:
    """Run a classifier on one text, by its token ids and by their embeddings: what cannot is known before it matters.

    Args:
        classifier: as loaded.
        folder: where it lies.

    Raises:
        AssayError: a model that fails, gives another number of logits than it has labels, or reads a text's
            embeddings otherwise than its ids, so that its predictions cannot be explained on them.
    """
    import torch

    model: Any = classifier.model
    name = type(model).__name__
    try:
        ids = torch.tensor(
            [classifier.readable(classifier.tokenizer("a")["input_ids"])], device=classifier.device
        )
        mask = torch.ones_like(ids)
        with torch.inference_mode():
            by_ids = model(input_ids=ids, attention_mask=mask).logits.float()
            embeddings = model.get_input_embeddings()(ids)
            by_embeddings = model(inputs_embeds=embeddings, attention_mask=mask).logits.float()
    except RUNNING_ERRORS as error:
        raise AssayError(
            f"{name} cannot be explained on the embeddings of a text: {reason(error)}",
            where=str(folder),
            hint=_OTHER_FAMILIES,
        ) from error
    if by_ids.shape != (1, len(classifier.labels)):
        raise AssayError(
            f"{name} gives {by_ids.shape[-1]} logits, and id2label names {len(classifier.labels)} classes",
            where=str(folder),
            hint="config.json and the weights are not of the same model",
        )
    if not torch.allclose(by_ids, by_embeddings, rtol=1e-3, atol=1e-4, equal_nan=True):
        raise AssayError(
            f"{name} reads the embeddings of a text otherwise than the text, so its predictions cannot be explained",
            where=str(folder),
            hint=_OTHER_FAMILIES,
        )


def _skipped_end(model: PreTrainedModel, device: str) -> int | None:
    """The padding id, where a padding token at the end changes nothing: found by trying it."""
    import torch

    padding = model.config.pad_token_id
    if padding is None or padding < 0:
        return None
    other = 0 if padding else 1
    try:
        with torch.inference_mode():
            short, long = (
                model(input_ids=ids, attention_mask=torch.ones_like(ids)).logits.float()
                for ids in (
                    torch.tensor([[other, other]], device=device),
                    torch.tensor([[other, other, padding]], device=device),
                )
            )
    except RUNNING_ERRORS:
        # What a real text does decides, in `try_one_text`.
        return None
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
    _check_inverse(tuple(named), config.get("label2id"), where)
    return tuple(named)


def _check_inverse(labels: tuple[str, ...], table: object, where: str) -> None:
    """Raises AssayError where `label2id` says otherwise: two programs would read two models in one folder."""
    hint = "make label2id the inverse of id2label, in the order in which the model was trained"
    if table is None:
        return
    if not isinstance(table, dict):
        raise AssayError("label2id does not map names to class numbers", where=where, hint=hint)
    named = {str(label): number for label, number in table.items() if not _UNNAMED.fullmatch(str(label))}
    own = {label: index for index, label in enumerate(labels)}
    wrong = [
        f"{label} is {own[label]} and {number}"
        for label, number in named.items()
        if label in own and str(own[label]) != str(number)
    ]
    unknown = [f"{label} is only in label2id" for label in named if label not in own]
    said = [*wrong, *unknown]
    if said:
        more = f" (and {len(said) - _SHOWN_LABELS} more)" if len(said) > _SHOWN_LABELS else ""
        listed = "; ".join(said[:_SHOWN_LABELS])
        raise AssayError(
            f"id2label and label2id contradict each other: {listed}{more}", where=where, hint=hint
        )


def refuse_adapter(folder: Path) -> None:
    """Raises AssayError for a folder that holds an adapter and no whole model."""
    if (folder / "adapter_config.json").is_file():
        raise AssayError(
            "is a PEFT adapter, and a whole model is needed here",
            where=str(folder),
            hint=OVER_HINT,
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
