"""PEFT adapters (LoRA and others) over a base model, whose weights both sides share.

An adapter names its base by a path that is never followed, and a file of small matrices fits any model of
the same shapes. So everything that can be compared without trust is: names and shapes of its tensors with
the base's headers, a recorded digest, and the name that it gives its base.
"""

from __future__ import annotations

import copy
import dataclasses
import math
import re
import warnings
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast

from analysis.base.errors import AssayError
from analysis.models.digest import file_digests, folder_digest
from analysis.models.files import (
    WEIGHTS,
    WEIGHTS_INDEX,
    leftover_notes,
    read_header,
    read_json,
    refuse_unsafe_files,
    tensor_shapes,
    vocabulary,
)
from analysis.models.load_classifier import (
    HEAD_WEIGHTS,
    HeadFiles,
    LoadedClassifier,
    ModelHead,
    classifier_shapes,
    headless_files,
    inspect_classifier,
    is_classifier,
    label_names,
    try_one_text,
)
from analysis.models.load_transformers import LOADING_ERRORS, check_vocabulary, load_tokenizer, reason

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

Value = TypeVar("Value")

ADAPTER_CONFIG = "adapter_config.json"
ADAPTER_WEIGHTS = "adapter_model.safetensors"
BASE_DIGEST = "base_model_sha256"
"""Optional key of the adapter's configuration: SHA-256 of the base's folder or of its weight file."""

SUPPORTED = (
    "LORA",
    "ADALORA",
    "IA3",
    "LOHA",
    "LOKR",
    "OFT",
    "HRA",
    "VERA",
    "LN_TUNING",
    "FOURIERFT",
    "MISS",
)
"""PEFT types that add to the layers of a model and leave its own weights as they are."""

_PLAIN_STARTS = (True, False, None, "gaussian", "orthogonal")
"""Values of `init_lora_weights` that leave the base's weights alone; others rewrite them when loaded."""

_NEVER = {
    "megatron_config": "loads a module that the adapter names",
    "layer_replication": "repeats layers of the base",
    "target_parameters": "rewrites the base's parameters while it runs",
}
"""Keys of a configuration that must be empty, with what they would do."""

_PREFIX = "base_model.model."
_NO_NAME = re.compile(
    r"(checkpoint|step|epoch|run|version|v|tmp)[-_.]?\d*|base|model|models|output|outputs|final|best|out|main"
    r"|candidate|[0-9a-f]{40}|tmp.*",
    re.IGNORECASE,
)
"""Names of folders that tell nothing of the model in them."""


def is_adapter(folder: Path) -> bool:
    """Whether a folder holds an adapter, as PEFT tells one."""
    return (folder / ADAPTER_CONFIG).is_file()


class AdapterFiles(NamedTuple):
    """What the files of an adapter say, checked: its configuration, the shape of each tensor, what to know of it."""

    config: dict[str, Any]
    tensors: dict[str, list[int]]
    notes: tuple[str, ...]


def inspect_adapter(folder: Path, base: Path) -> ModelHead:
    """Check an adapter folder against its base, from headers and configurations alone.

    The labels are the base's, unless the adapter holds a head of its own: then a `config.json` in its folder
    names its classes, and over a base without a head they have no names where there is none.

    Raises:
        AssayError: pickles or code, a type that is not read, or an adapter made for another base.
    """
    headless = not is_classifier(base)
    below: HeadFiles | ModelHead
    if headless:
        refuse_unsafe_files(folder)
        outputs = saved_outputs(folder)
        below = headless_files(base, outputs)
        shapes = classifier_shapes(base, outputs)
    else:
        below = inspect_classifier(base)
        shapes = tensor_shapes(base)
    config, tensors, notes = check_adapter(folder, base, base, shapes)
    labels = below.labels
    own_head = any(name in _plain_names(tensors) for name in HEAD_WEIGHTS)
    if own_head and (folder / "config.json").is_file():
        where = str(folder / "config.json")
        named = label_names(read_json(folder / "config.json"), where)
        if len(named) != len(labels):
            raise AssayError(
                f"names {len(named)} classes, and the head has {len(labels)} outputs", where=where
            )
        labels = named
    elif headless:
        notes = (*notes, "the base has no classes: write a config.json with id2label to name the adapter's")
    parameters = below.parameters + sum(math.prod(shape) for shape in tensors.values())
    return ModelHead(labels, below.architecture, parameters, base, str(config["peft_type"]), notes)


def saved_outputs(folder: Path) -> int:
    """Number of classes of the head that an adapter holds.

    Raises:
        AssayError: it holds none, so that over a model without one nothing classifies.
    """
    if (folder / ADAPTER_WEIGHTS).is_file():
        held = _plain_names(read_header(folder / ADAPTER_WEIGHTS))
        for name in HEAD_WEIGHTS:
            if held.get(name):
                return held[name][0]
    raise AssayError(
        "holds no head, and its base is not a classifier, so nothing tells the classes apart",
        where=str(folder),
        hint='train and save the head with it: modules_to_save=["classifier"], or ["score"] of a decoder',
    )


def brought_weights(folder: Path) -> set[str]:
    """Names of the base's weights that an adapter holds whole. Raises AssayError."""
    return set(_plain_names(read_header(folder / ADAPTER_WEIGHTS)))


def check_adapter(folder: Path, base: Path, weights: Path, shapes: dict[str, list[int]]) -> AdapterFiles:
    """Check an adapter folder against the model that it is to go over.

    Args:
        folder: the adapter.
        base: the folder of the base.
        weights: the folder in it, or itself, that holds `config.json` and the weights.
        shapes: shape of every tensor of the base.

    Raises:
        AssayError: pickles or code, a type that is not read, or an adapter made for another base.
    """
    refuse_unsafe_files(folder)
    if (folder / WEIGHTS).exists() or (folder / WEIGHTS_INDEX).exists():
        raise AssayError(
            "holds both a PEFT adapter and a whole model, so it is not clear what is reviewed",
            where=str(folder),
            hint=f"remove {ADAPTER_CONFIG} and {ADAPTER_WEIGHTS}, or {WEIGHTS}",
        )
    config = read_json(folder / ADAPTER_CONFIG)
    _check_config(config, str(folder / ADAPTER_CONFIG))
    if not (folder / ADAPTER_WEIGHTS).is_file():
        raise AssayError(
            f"has no {ADAPTER_WEIGHTS}",
            where=str(folder),
            hint="save the adapter with save_pretrained(FOLDER)",
        )
    tensors = _without_copies(read_header(folder / ADAPTER_WEIGHTS))
    added = _check_tensors(tensors, config, shapes, folder, read_json(weights / "config.json"))
    notes = _check_origin(config, base, weights, str(folder / ADAPTER_CONFIG))
    if added:
        _check_tokens(folder, weights)
        notes += (f"{added:,} tokens are added to the vocabulary of its base",)
    return AdapterFiles(config, tensors, (*notes, *leftover_notes(folder)))


def load_adapter(folder: Path, base_folder: Path, base: LoadedClassifier) -> LoadedClassifier:
    """Put an adapter over a loaded base; the two share every weight that the adapter does not replace.

    The modules of the base are copied and its tensors are not: neither side has to be switched on or off,
    and the memory needed beyond the base is the adapter's own.

    Raises:
        AssayError: an adapter that `inspect_adapter` refuses, or weights that do not fit.
    """
    head = inspect_adapter(folder, base_folder)
    whole = adapted_model(folder, base.model, base.device)
    tokenizer = base.tokenizer
    if (folder / "tokenizer.json").is_file():
        tokenizer = load_tokenizer(folder)
        check_vocabulary(whole, tokenizer, folder)
    loaded = LoadedClassifier(whole, tokenizer, head.labels, base.device, base.skipped_end)
    try_one_text(loaded, folder)
    return loaded


def adapted_model(folder: Path, base: PreTrainedModel, device: str) -> PreTrainedModel:
    """A model that shares every weight of `base` but those of a checked adapter folder.

    Raises:
        AssayError: settings that the installed PEFT does not know, or weights that do not fit.
    """
    from peft import PeftModel, PeftType
    from peft.mapping import PEFT_TYPE_TO_CONFIG_MAPPING
    from peft.utils import get_peft_model_state_dict, set_peft_model_state_dict
    from safetensors.torch import load_file

    config = read_json(folder / ADAPTER_CONFIG)
    make_settings: Any = PEFT_TYPE_TO_CONFIG_MAPPING[PeftType(config["peft_type"])]
    known = {field.name for field in dataclasses.fields(make_settings)}
    strange = sorted(key for key, value in config.items() if key not in known | {BASE_DIGEST} and value)
    if strange:
        raise AssayError(
            f"uses {strange[0]!r}, which the installed version of PEFT does not know",
            where=str(folder / ADAPTER_CONFIG),
            hint="install the version of peft that made the adapter, or a later one",
        )
    shared = {id(tensor): tensor for tensor in chain(base.parameters(), base.buffers())}
    model = copy.deepcopy(base, shared)
    values = {key: value for key, value in config.items() if key in known}
    try:
        weights = _without_copies(load_file(folder / ADAPTER_WEIGHTS, device=device))
        _own_weights(model, {name: list(one.shape) for name, one in weights.items()}, config)
        with warnings.catch_warnings():
            # What the libraries say to each other is nothing that a reader could act on.
            warnings.simplefilter("ignore")
            adapted = PeftModel(model, make_settings(**values | {"inference_mode": True}))
        # Not "auto", which looks on a hub for the base that the adapter names.
        expected = get_peft_model_state_dict(adapted, save_embedding_layers=False)
        result: Any = set_peft_model_state_dict(adapted, weights)
    except LOADING_ERRORS as error:
        raise _not_for(f"it does not fit: {reason(error)}", folder) from error
    absent = sorted(set(expected) - set(weights))
    if result.unexpected_keys or absent:
        fault = "has no place for" if result.unexpected_keys else "expects"
        raise _not_for(f"the base {fault} {(list(result.unexpected_keys) or absent)[0]}", folder)
    whole: Any = adapted.get_base_model().to(device).eval().requires_grad_(False)
    return cast("PreTrainedModel", whole)


def _own_weights(model: PreTrainedModel, tensors: dict[str, list[int]], config: dict[str, Any]) -> None:
    """Give a copy of the base parameters of its own where the adapter brings whole ones, and room for added tokens.

    Of the modules in `modules_to_save` PEFT makes copies itself.
    """
    copied = set(config.get("modules_to_save") or ())

    whole = _plain_names(tensors)
    rows = {
        whole[name][0]
        for name, one in model.named_parameters()
        if name in whole and whole[name][1:] == list(one.shape[1:]) and whole[name][0] > one.shape[0]
    }
    if rows:
        # They are resized in place, and the base keeps its own.
        for layer in (model.get_input_embeddings(), model.get_output_embeddings()):
            for name, one in list(layer.named_parameters(recurse=False)) if layer is not None else ():
                setattr(layer, name, _copied(one))
        # New rows are random only until the adapter's own are loaded.
        model.resize_token_embeddings(max(rows), mean_resizing=False)
    for name, one in list(model.named_parameters()):
        if name in whole and whole[name] == list(one.shape) and not copied & set(name.split(".")):
            owner, _, last = name.rpartition(".")
            setattr(model.get_submodule(owner), last, _copied(one))
    model.tie_weights()


def _copied(parameter: torch.nn.Parameter) -> torch.nn.Parameter:
    import torch

    return torch.nn.Parameter(parameter.detach().clone(), requires_grad=False)


def _check_config(config: dict[str, Any], where: str) -> None:
    kind = config.get("peft_type")
    if kind not in SUPPORTED:
        raise AssayError(
            f"the adapter type {kind!r} is not read in this version",
            where=where,
            hint=f"types: {', '.join(SUPPORTED)}; merge others into their base (merge_and_unload)",
        )
    for key, effect in _NEVER.items():
        if config.get(key):
            raise AssayError(
                f"{key} {effect}, which is never done",
                where=where,
                hint="merge the adapter into its base (merge_and_unload) and save the whole model",
            )
    start = config.get("init_lora_weights", True)
    if not any(start is one or (isinstance(start, str) and start == one) for one in _PLAIN_STARTS):
        raise AssayError(
            f"init_lora_weights = {start!r} rewrites the base's weights when the adapter is loaded",
            where=where,
            hint="save it as a plain LoRA: save_pretrained(..., path_initial_model_for_weight_conversion=...)",
        )
    mapping = config.get("auto_mapping")
    library = mapping.get("parent_library") if isinstance(mapping, dict) else mapping
    if library is not None and not str(library).startswith("transformers."):
        raise AssayError(
            "asks for code of its own (auto_mapping), which is never run",
            where=where,
            hint="make the adapter for a class of the Transformers library",
        )


def _check_tensors(
    tensors: dict[str, list[int]],
    config: dict[str, Any],
    base: dict[str, list[int]],
    folder: Path,
    base_config: dict[str, Any],
) -> int:
    """Every tensor must belong to a layer of the base, and have the shapes that this layer takes.

    Returns:
        How many tokens the adapter adds to the base's vocabulary, whose embeddings it then holds whole.
    """
    modules = {name.rpartition(".")[0] for name in base}
    longer = set()
    for name, shape in _plain_names(tensors).items():
        if name in base:
            if base[name] == shape:
                continue
            if not _is_longer_vocabulary(base[name], shape, base_config):
                raise _not_for(f"its {name} is {_shape(shape)}, the base's {_shape(base[name])}", folder)
            longer.add(shape[0] - base[name][0])
        elif _owner(name, modules) is None:
            raise _not_for(f"it changes {name}, and the base has no such layer", folder)
    if len(longer) > 1:
        counts = " and ".join(str(count) for count in sorted(longer))
        raise AssayError(
            f"adds {counts} tokens to the vocabulary at once, in different tensors",
            where=str(folder / ADAPTER_WEIGHTS),
            hint="merge it into its base (merge_and_unload) and give the whole model",
        )
    for name, first in tensors.items():
        second = tensors.get(name.replace(".lora_A.", ".lora_B."))
        layer = name.removeprefix(_PREFIX).partition(".lora_A.")[0]
        weight = base.get(f"{layer}.weight")
        if ".lora_A." not in name or second is None or weight is None or len(first) != 2:
            continue
        wanted = [second[0], first[1]]
        # Layers of the kind of GPT-2 keep their weight transposed.
        if wanted not in (weight, weight[::-1]):
            raise _not_for(
                f"{layer} is {_shape(weight)} in the base, {_shape(wanted)} in the adapter", folder
            )
    saved = config.get("modules_to_save") or []
    for wanted_name in saved if isinstance(saved, list) else []:
        in_base, held = (
            any(wanted_name in name.split(".")[:-1] for name in names)
            for names in (base, _plain_names(tensors))
        )
        if in_base and not held:
            raise AssayError(
                f"lists {wanted_name!r} in modules_to_save and does not hold its weights",
                where=str(folder / ADAPTER_CONFIG),
                hint="save the adapter again with save_pretrained(FOLDER)",
            )
    return max(longer, default=0)


def _is_longer_vocabulary(base: list[int], own: list[int], config: dict[str, Any]) -> bool:
    """Whether a tensor of the base has a row for each token, and the adapter's has more rows of the same width."""
    words = config.get("vocab_size")
    return (
        bool(base) and base[0] == words and own[1:] == base[1:] and len(own) == len(base) and own[0] > base[0]
    )


def _check_tokens(folder: Path, weights: Path) -> None:
    """Raises AssayError where a tokenizer with added tokens gives the others other ids than the base's does."""
    if not (folder / "tokenizer.json").is_file():
        return
    own = vocabulary(folder)
    for token, index in vocabulary(weights).items():
        if own.get(token) != index:
            raise _not_for(
                f"the base's tokenizer gives {token!r} the id {index}, and its own gives "
                f"{own.get(token, 'none')}",
                folder,
            )


def _check_origin(config: dict[str, Any], base: Path, weights: Path, where: str) -> tuple[str, ...]:
    """Compare what the adapter says of its base, where both sides say something.

    Returns:
        One line where nothing tells whether it was made over this base.
    """
    digest = config.get(BASE_DIGEST)
    if digest:
        if str(digest).lower() not in {*file_digests(base).values(), folder_digest(base)}:
            raise AssayError(
                f"the adapter was made for another base: {BASE_DIGEST} is {str(digest)[:12]}…",
                where=where,
                hint=f"no file of {base} has this SHA-256, nor has the folder",
            )
        return ()
    given = config.get("base_model_name_or_path")
    named = _last_name(given)
    known = {
        name
        for name in (
            _last_name(str(base)),
            _last_name(read_json(weights / "config.json").get("_name_or_path")),
        )
        if name is not None
    }
    if named is not None and known and named.casefold() not in {name.casefold() for name in known}:
        raise AssayError(
            f"the adapter was made for another base: it names {named!r}, and the base is {sorted(known)[0]!r}",
            where=where,
            hint="if it is the same model under another name, write that name into base_model_name_or_path",
        )
    if named is not None and known:
        return ()
    it = f"it names {given!r}" if isinstance(given, str) and given else "it names none"
    return (
        f"it cannot be told whether the adapter was made over this base: {it}, and only names and shapes were compared",
    )


def _last_name(path: object) -> str | None:
    """The last part of a path or hub name, or None where it tells nothing."""
    if not isinstance(path, str):
        return None
    name = path.replace("\\", "/").rstrip("/").rpartition("/")[2]
    return name if name and not _NO_NAME.fullmatch(name) else None


def _plain_names(tensors: dict[str, list[int]]) -> dict[str, list[int]]:
    """Shapes by the name that each tensor has in the base; tensors of no layer are left out."""
    return {
        name.removeprefix(_PREFIX).replace(".base_layer.", "."): shape
        for name, shape in tensors.items()
        if name.startswith(_PREFIX)
    }


def _without_copies(tensors: dict[str, Value]) -> dict[str, Value]:
    """Tensors without the copies that PEFT writes beside embeddings it saves whole: of what was, and of what is."""
    kept = {}
    for name, value in tensors.items():
        layer, _, last = name.rpartition(".")
        module, _, wrapper = layer.rpartition(".")
        if wrapper not in ("modules_to_save", "original_module") or f"{module}.{last}" not in tensors:
            kept[name] = value
    return kept


def _owner(name: str, modules: set[str]) -> str | None:
    """The layer of the base that a tensor of the adapter belongs to."""
    parts = name.split(".")
    candidates = (".".join(parts[:length]) for length in range(len(parts) - 1, 0, -1))
    return next((one for one in candidates if one in modules), None)


def _not_for(difference: str, folder: Path) -> AssayError:
    return AssayError(
        f"the adapter was made for another base: {difference}",
        where=str(folder),
        hint="give the base that it was trained over",
    )


def _shape(shape: list[int]) -> str:
    return "×".join(map(str, shape))
