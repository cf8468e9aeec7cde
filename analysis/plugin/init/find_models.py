"""The models of a folder, by what they do, and which two of them are compared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from analysis.base.errors import AssayError
from analysis.models.adapter import ADAPTER_CONFIG, inspect_adapter
from analysis.models.encoder_config import inspect_encoder
from analysis.models.files import read_json
from analysis.models.generator_config import inspect_generator
from analysis.models.load_classifier import inspect_classifier
from analysis.models.stored import inspect_stored

_MODULES = "modules.json"
_MARKERS = ("config.json", ADAPTER_CONFIG, _MODULES)
_TASKS = {"SEQ_CLS": "classifier", "FEATURE_EXTRACTION": "encoder", "CAUSAL_LM": "generator"}
"""Kind of model that an adapter says it is for."""
_TOKEN_STATES = ("Model", "ForMaskedLM", "ForPreTraining")
"""Ends of the names of Transformers classes whose token states are commonly pooled."""

_EXPORTED = ("merged", "export", "deploy", "served")
"""Parts of the names of folders that are made of an adapter and its base."""


@dataclass(frozen=True)
class Pair:
    """The folders, or files of vectors, that are compared, as far as there are any.

    Args:
        base: the first whole model.
        candidate: the next one, or an adapter over the base.
        labels: classes of the candidate, or of the base; empty for what is no classifier.
        telling: whether they are made for one purpose: anything but a lone plain model, which may be what the
            others were trained from.
    """

    base: Path | None = None
    candidate: Path | None = None
    labels: tuple[str, ...] = ()
    telling: bool = False


@dataclass(frozen=True)
class Models:
    """One pair of each kind, and the form in which a generator that is an adapter will be served, by its name."""

    classifiers: Pair
    encoders: Pair
    generators: Pair
    deployed: Path | None = None


def find_models(files: Sequence[Path]) -> Models:
    """The models among the files; folders that cannot be reviewed are passed over."""
    marked = {path.parent for path in files if path.name in _MARKERS}
    sentence = {path.parent for path in files if path.name == _MODULES}
    # What lies inside a Sentence-Transformers folder is a part of it.
    folders = sorted(folder for folder in marked if not sentence & set(folder.parents))
    adapters = [folder for folder in folders if (folder / ADAPTER_CONFIG).is_file()]
    whole: dict[str, list[Path]] = {kind: [] for kind in _TASKS.values()}
    for folder in folders:
        kind = None if folder in adapters else _kind(folder)
        if kind is not None:
            whole[kind].append(folder)
    exported = _take_exported(whole["generator"])
    bases = {kind: found[0] for kind, found in whole.items() if found}
    over: dict[str, list[Path]] = {kind: [] for kind in whole}
    for adapter in adapters:
        kind = _adapted_kind(adapter, bases)
        if kind is not None:
            over[kind].append(adapter)
    if not over["generator"]:
        # Without an adapter that it could be made of, it is a model like any other.
        whole["generator"] += exported
    pairs = {kind: _pair(found, over[kind]) for kind, found in whole.items()}
    deployed = exported[0] if exported and pairs["generator"].candidate in over["generator"] else None
    classifiers, encoders = pairs["classifier"], pairs["encoder"]
    vectors = [
        path for path in files if path.suffix.lower() == ".parquet" and _succeeds(inspect_stored, path)
    ]
    return Models(_labelled(classifiers), _with_vectors(encoders, vectors), pairs["generator"], deployed)


def _take_exported(whole: list[Path]) -> list[Path]:
    """Take from some models those that call themselves merged or exported, where others are left."""
    exported = [folder for folder in whole if any(word in folder.name.casefold() for word in _EXPORTED)]
    if len(exported) == len(whole):
        return []
    whole[:] = [folder for folder in whole if folder not in exported]
    return exported


def _kind(folder: Path) -> str | None:
    if (folder / _MODULES).is_file():
        return "encoder" if _succeeds(inspect_encoder, folder) else None
    if _succeeds(inspect_classifier, folder):
        return "classifier"
    if _succeeds(inspect_generator, folder):
        return "generator"
    return "encoder" if _plain_encoder(folder) else None


def _plain_encoder(folder: Path) -> bool:
    try:
        named = inspect_encoder(folder).architecture
    except AssayError:
        return False
    return named.endswith(_TOKEN_STATES) and not named.endswith("LMHeadModel")


def _adapted_kind(adapter: Path, bases: dict[str, Path]) -> str | None:
    """The kind of the model that an adapter fits: the one that it is said to be for, where it says so."""
    try:
        stated = _TASKS.get(str(read_json(adapter / ADAPTER_CONFIG).get("task_type")))
    except AssayError:
        return None
    inspect: dict[str, Callable[[Path, Path], object]] = {
        "classifier": inspect_adapter,
        "encoder": inspect_encoder,
        "generator": inspect_generator,
    }
    for kind, base in bases.items():
        if stated in (None, kind) and _succeeds(partial(inspect[kind], adapter), base):
            return kind
    return None


def _succeeds(inspect: Callable[[Path], object], path: Path) -> bool:
    try:
        inspect(path)
    except AssayError:
        return False
    return True


def _pair(whole: Sequence[Path], adapters: Sequence[Path]) -> Pair:
    if not whole:
        return Pair()
    candidate = next(iter(sorted([*whole[1:], *adapters])), None)
    made = candidate is not None or (whole[0] / _MODULES).is_file()
    return Pair(whole[0], candidate, telling=made)


def _labelled(pair: Pair) -> Pair:
    if pair.base is None:
        return pair
    labels = inspect_classifier(pair.base).labels
    if pair.candidate is not None:
        adapted = (pair.candidate / ADAPTER_CONFIG).is_file()
        head = inspect_adapter(pair.candidate, pair.base) if adapted else inspect_classifier(pair.candidate)
        labels = head.labels
    return Pair(pair.base, pair.candidate, labels, telling=True)


def _with_vectors(encoders: Pair, vectors: Sequence[Path]) -> Pair:
    """Two encoders, else two files of vectors, else one of each."""
    if encoders.candidate is not None or not vectors:
        return encoders
    if len(vectors) > 1:
        return Pair(vectors[0], vectors[1], telling=True)
    if encoders.base is not None:
        return Pair(encoders.base, vectors[0], telling=True)
    return Pair(vectors[0], telling=True)
