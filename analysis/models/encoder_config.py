"""What a folder with a text encoder says of itself, read without loading it.

Sentence-Transformers folders (`modules.json`), plain Transformers folders and PEFT adapters over either.
What is not understood is refused, because vectors that are made in another way are vectors of another model.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from analysis.base.errors import AssayError
from analysis.models.adapter import check_adapter, is_adapter
from analysis.models.bounds import refuse_absurd_sizes
from analysis.models.files import (
    WEIGHTS,
    leftover_notes,
    read_header,
    read_json,
    read_json_list,
    refuse_quantised,
    refuse_unsafe_files,
    tensor_shapes,
)
from analysis.models.load_classifier import OVER_HINT
from analysis.models.positions import position_limit

PoolingMode = Literal["cls", "max", "mean", "mean_sqrt_len_tokens", "weightedmean", "lasttoken"]

_FLAGS: dict[str, PoolingMode] = {
    "pooling_mode_cls_token": "cls",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_mean_sqrt_len_tokens": "mean_sqrt_len_tokens",
    "pooling_mode_weightedmean_tokens": "weightedmean",
    "pooling_mode_lasttoken": "lasttoken",
}
"""Older names of the pooling modes, in the order in which their vectors are joined."""

ACTIVATIONS = ("Identity", "Tanh", "ReLU", "GELU", "Sigmoid", "SiLU")
"""Classes of `torch.nn` that may follow a dense layer."""

_STORE_VECTORS = "encode with your own program and give the vectors: a .parquet file with columns id, vector"


@dataclass(frozen=True)
class DenseHead:
    """A linear layer after the pooling: the file of its weights, and the class of `torch.nn` that follows."""

    weights: Path
    activation: str
    residual: bool
    dimension: int


@dataclass(frozen=True)
class EncoderHead:
    """How a text becomes a vector.

    Args:
        transformer: folder with the weights and the tokenizer.
        architecture: name of the Transformers class in its `config.json`.
        parameters: number of weights.
        dimension: length of the vectors.
        stated_length: tokens of a text that are read as the folder or its tokenizer says; None where neither does.
        pooling: modes of pooling the token states, whose results are joined in this order.
        include_prompt: whether the tokens of a prompt are pooled, too.
        after: layers behind the pooling, in order; None stands for scaling to unit length.
        prompts: text in front of every `query` and every `document`.
        lower_case: whether texts are made lower case first.
        truncate: leading dimensions that are kept; None for all.
        adapter: type of the PEFT adapter, such as LORA; empty for a whole model.
        notes: what a reader should know of it.
    """

    transformer: Path
    architecture: str
    parameters: int
    dimension: int
    stated_length: int | None
    pooling: tuple[PoolingMode, ...] = ("mean",)
    include_prompt: bool = True
    after: tuple[DenseHead | None, ...] = ()
    prompts: dict[str, str] = field(default_factory=dict)
    lower_case: bool = False
    truncate: int | None = None
    adapter: str = ""
    notes: tuple[str, ...] = ()

    @cached_property
    def max_length(self) -> int:
        """Tokens of a text that are read, special tokens included, and never more than it has positions for.

        Raises:
            AssayError: a file that cannot be read.
        """
        limits = (position_limit(self.transformer), self.stated_length)
        return min([limit for limit in limits if limit is not None], default=DEFAULT_TOKENS)


ENCODER_ONLY = "EncoderModel"
"""How Transformers names the encoder of a model that has a decoder as well, as Sentence-T5 and GTR use it."""

DEFAULT_TOKENS = 512
"""Tokens read of a text where neither the folder nor the model sets a limit."""


def inspect_encoder(folder: Path, base: Path | None = None) -> EncoderHead:
    """Check the folder of an encoder and read how it makes vectors.

    Args:
        folder: a Sentence-Transformers or Transformers folder, or an adapter.
        base: the encoder that an adapter goes over.

    Raises:
        AssayError: anything that is not read in this version, or is damaged.
    """
    refuse_unsafe_files(folder)
    if is_adapter(folder):
        return _adapted(folder, base)
    left = leftover_notes(folder)
    if not (folder / "modules.json").is_file():
        notes = ("no modules.json: the mean over all tokens is taken", *left)
        return replace(_transformer(folder), notes=notes)
    head = _sentence_modules(folder, None)
    return replace(head, notes=(*head.notes, *left))


def _adapted(folder: Path, base: Path | None) -> EncoderHead:
    if base is None or is_adapter(base) or not base.is_dir():
        raise AssayError(
            "is a PEFT adapter, and a whole model is needed here",
            where=str(folder),
            hint=OVER_HINT,
        )
    below = inspect_encoder(base)
    own = below
    if (folder / "modules.json").is_file():
        own = _sentence_modules(folder, _transformer(below.transformer))
    config, tensors, notes = check_adapter(folder, base, below.transformer, _layer_shapes(below.transformer))
    added = sum(math.prod(shape) for shape in tensors.values())
    return replace(
        own,
        parameters=own.parameters + added,
        adapter=str(config["peft_type"]),
        notes=(*own.notes, *notes),
    )


def _layer_shapes(transformer: Path) -> dict[str, list[int]]:
    """Shapes by name, also as a model without its task head names them: `bert.encoder...` is `encoder...`."""
    shapes = tensor_shapes(transformer)
    return {name.partition(".")[2]: shape for name, shape in shapes.items()} | shapes


def _width(config: Mapping[str, Any]) -> Any:
    """The width of the token states, by the name that Transformers knows for it in a configuration of this type."""
    if "hidden_size" in config:
        return config["hidden_size"]
    from transformers import CONFIG_MAPPING

    kind = config.get("model_type")
    if not isinstance(kind, str) or kind not in CONFIG_MAPPING:
        return None
    return config.get(CONFIG_MAPPING[kind].attribute_map.get("hidden_size", ""))


def _transformer(transformer: Path) -> EncoderHead:
    """The mean over the token states of a Transformers folder."""
    where = str(transformer / "config.json")
    config = read_json(transformer / "config.json")
    architectures = config.get("architectures")
    named = [str(one) for one in architectures] if isinstance(architectures, list) else []
    if config.get("is_encoder_decoder") and not (named and named[0].endswith(ENCODER_ONLY)):
        raise AssayError(
            "is an encoder with a decoder, which is not read in this version",
            where=where,
            hint=_STORE_VECTORS,
        )
    hidden = _width(config)
    if not isinstance(hidden, int) or hidden < 1:
        raise AssayError("does not say the hidden_size of the model", where=where, hint=_STORE_VECTORS)
    if not (transformer / "tokenizer.json").is_file():
        raise AssayError(
            "has no tokenizer.json",
            where=str(transformer),
            hint="save it with AutoTokenizer.from_pretrained(SOURCE).save_pretrained(FOLDER)",
        )
    parameters = sum(math.prod(shape) for shape in tensor_shapes(transformer).values())
    refuse_quantised(transformer, config)
    refuse_absurd_sizes(transformer, config)
    architecture = named[0] if named else str(config.get("model_type", "unknown"))
    stated = transformer / "tokenizer_config.json"
    limit = _stated_limit(read_json(stated).get("model_max_length")) if stated.is_file() else None
    return EncoderHead(transformer, architecture, parameters, hidden, limit)


def _stated_limit(declared: object) -> int | None:
    # Tokenizers without a limit say 10^30.
    return int(declared) if isinstance(declared, int | float) and 1 <= declared < 10**9 else None


def _sentence_modules(folder: Path, states: EncoderHead | None) -> EncoderHead:
    """The modules of a Sentence-Transformers folder; `states` is what an adapter in it goes over."""
    listed = [_module(entry, folder) for entry in read_json_list(folder / "modules.json")]
    where = str(folder / "modules.json")
    kinds = [kind for kind, _ in listed]
    if kinds[:2] != ["Transformer", "Pooling"] or set(kinds[2:]) - {"Dense", "Normalize"}:
        raise AssayError(
            f"has the modules {', '.join(kinds) or 'none'}, and not Transformer, Pooling, then Dense or Normalize",
            where=where,
            hint=_STORE_VECTORS,
        )
    transformer = listed[0][1]
    head = _text_settings(states or _transformer(transformer), transformer)
    head = _pooling(head, listed[1][1] / "config.json")
    after: list[DenseHead | None] = []
    for kind, path in listed[2:]:
        if kind == "Normalize":
            after.append(None)
            continue
        dense, added = _dense(path, head.dimension)
        after.append(dense)
        head = replace(head, dimension=dense.dimension, parameters=head.parameters + added)
    return _sentence_settings(replace(head, after=tuple(after)), folder)


def _module(entry: Any, folder: Path) -> tuple[str, Path]:
    where = str(folder / "modules.json")
    if not isinstance(entry, dict) or not isinstance(entry.get("type"), str):
        raise AssayError("does not say the type of each module", where=where)
    package, _, kind = entry["type"].rpartition(".")
    if not package.startswith("sentence_transformers."):
        raise AssayError(
            f"names the module {entry['type']!r}, which is code of its own and never run",
            where=where,
            hint=_STORE_VECTORS,
        )
    path = str(entry.get("path", ""))
    if path.startswith(("/", "\\")) or ".." in Path(path).parts:
        raise AssayError(f"names the path {path!r}, which is outside the folder", where=where)
    return kind, folder / path


def _text_settings(head: EncoderHead, transformer: Path) -> EncoderHead:
    """What `sentence_bert_config.json` says of reading a text."""
    path = transformer / "sentence_bert_config.json"
    if not path.is_file():
        return head
    config = read_json(path)
    text = (config.get("modality_config") or {}).get("text", {})
    task = config.get("transformer_task", "feature-extraction")
    output = text.get("method_output_name", "last_hidden_state")
    if task != "feature-extraction" or output != "last_hidden_state" or config.get("query_expansion"):
        raise AssayError(
            "asks for another output than the states of the last layer", where=str(path), hint=_STORE_VECTORS
        )
    declared = config.get("max_seq_length")
    length = _stated_limit(declared) if declared else head.stated_length
    return replace(head, stated_length=length, lower_case=bool(config.get("do_lower_case", False)))


def _pooling(head: EncoderHead, path: Path) -> EncoderHead:
    config = read_json(path)
    given = config.get("pooling_mode")
    if given is None:
        given = [mode for flag, mode in _FLAGS.items() if config.get(flag)] or ["mean"]
    named = given if isinstance(given, list) else [given]
    known: dict[object, PoolingMode] = {mode: mode for mode in _FLAGS.values()}
    modes = tuple(known[mode] for mode in named if mode in known)
    if len(modes) < len(named) or not named:
        raise AssayError(
            f"the pooling mode {given!r} is not read in this version",
            where=str(path),
            hint=f"modes: {', '.join(_FLAGS.values())}",
        )
    width = config.get("embedding_dimension", config.get("word_embedding_dimension", head.dimension))
    if width != head.dimension:
        raise AssayError(
            f"pools states of {width} numbers, and the model's have {head.dimension}",
            where=str(path),
            hint="the pooling and the weights are not of the same model",
        )
    return replace(
        head,
        pooling=modes,
        dimension=head.dimension * len(modes),
        include_prompt=bool(config.get("include_prompt", True)),
    )


def _dense(folder: Path, dimension: int) -> tuple[DenseHead, int]:
    config = read_json(folder / "config.json")
    where = str(folder / "config.json")
    package, _, activation = str(
        config.get("activation_function", "torch.nn.modules.activation.Tanh")
    ).rpartition(".")
    if not package.startswith("torch.nn.") or activation not in ACTIVATIONS:
        raise AssayError(
            f"the activation {activation!r} is not read in this version",
            where=where,
            hint=f"activations of torch.nn: {', '.join(ACTIVATIONS)}",
        )
    names = {config.get(key) for key in ("module_input_name", "module_output_name")} - {None}
    if names - {"sentence_embedding"}:
        raise AssayError("does not follow the pooling", where=where, hint=_STORE_VECTORS)
    if not (folder / WEIGHTS).is_file():
        raise AssayError(
            f"has no {WEIGHTS}", where=str(folder), hint="save it again with save_pretrained(FOLDER)"
        )
    shapes = read_header(folder / WEIGHTS)
    weight = shapes.get("linear.weight", [])
    if len(weight) != 2 or weight[1] != dimension:
        raise AssayError(
            f"takes {weight[1] if len(weight) == 2 else 'no'} numbers, and is given {dimension}",
            where=str(folder / WEIGHTS),
            hint="the dense layer and the pooling are not of the same model",
        )
    head = DenseHead(folder / WEIGHTS, activation, bool(config.get("use_residual", False)), weight[0])
    return head, sum(math.prod(shape) for shape in shapes.values())


def _sentence_settings(head: EncoderHead, folder: Path) -> EncoderHead:
    """Prompts and truncation of `config_sentence_transformers.json`, as Sentence-Transformers applies them.

    `encode_query` takes the prompt `query` and `encode_document` the prompt `document`; where there is none,
    nothing is put in front.
    """
    path = folder / "config_sentence_transformers.json"
    if not path.is_file():
        return head
    config = read_json(path)
    given = config.get("prompts") or {}
    prompts = {name: given.get(name) or "" for name in ("query", "document")}
    if not all(isinstance(prompt, str) for prompt in prompts.values()):
        raise AssayError("has a prompt that is no text", where=str(path))
    notes = list(head.notes)
    notes += [f"{name} prompt {prompt!r}" for name, prompt in prompts.items() if prompt]
    truncate = config.get("truncate_dim")
    if not isinstance(truncate, int) or not 1 <= truncate < head.dimension:
        truncate = None
    dimension = head.dimension if truncate is None else truncate
    return replace(head, prompts=prompts, notes=tuple(notes), truncate=truncate, dimension=dimension)
