"""The models of a folder, by what they do, and which two of them are compared."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from analysis.base.errors import AssayError
from analysis.models.adapter import ADAPTER_CONFIG, inspect_adapter
from analysis.models.digest import files_of
from analysis.models.encoder_config import inspect_encoder
from analysis.models.files import checkpoint_step, read_json
from analysis.models.generator_config import inspect_generator
from analysis.models.load_classifier import inspect_classifier
from analysis.models.stored import inspect_stored
from analysis.plugin.init.seen import Seen, fault
from analysis.plugin.init.which_side import Told, natural, tell

_MODULES = "modules.json"
MARKERS = ("config.json", ADAPTER_CONFIG, _MODULES)
"""Files by which a folder is one of a model."""
_TASKS = {"SEQ_CLS": "classifier", "FEATURE_EXTRACTION": "encoder", "CAUSAL_LM": "generator"}
"""Kind of model that an adapter says it is for."""
_HEADS = {"ForSequenceClassification": "classifier", "ForCausalLM": "generator", "LMHeadModel": "generator"}
"""Kind of model by the end of the name of its class."""
_TOKEN_STATES = ("Model", "ForMaskedLM", "ForPreTraining")
"""Ends of the names of Transformers classes whose token states are commonly pooled."""
KINDS = {"classifier": "text classifier", "encoder": "text encoder", "generator": "text generator"}

_EXPORTED = ("merged", "export", "deploy", "served")
"""Parts of the names of folders that are made of an adapter and its base."""
_OTHER_FORMATS = (".onnx", ".pkl", ".joblib", ".gguf", ".h5", ".keras", ".tflite", ".ckpt", ".ftz")
"""Suffixes of models that are not read."""
_INSPECT: Mapping[str, Callable[[Path, Path], object]] = {
    "classifier": inspect_adapter,
    "encoder": inspect_encoder,
    "generator": inspect_generator,
}


@dataclass(frozen=True)
class Pair:
    """The folders, or files of vectors, that are compared, as far as there are any.

    Args:
        base: a whole model, or an adapter over `over`.
        candidate: another one, or an adapter over the base.
        labels: classes of the candidate, or of the base; empty for what is no classifier.
        telling: whether they are made for one purpose: anything but a lone plain model, which may be what the
            others were trained from.
        over: the whole model that both are adapters over, where both are; or the candidate alone, where that model
            has no head and so cannot be the base.
        reason: what tells which is which; empty where it cannot be otherwise.
        choices: where nothing tells, those among which a person has to choose; base and candidate are None.
    """

    base: Path | None = None
    candidate: Path | None = None
    labels: tuple[str, ...] = ()
    telling: bool = False
    over: Path | None = None
    reason: str = ""
    choices: tuple[Path, ...] = ()

    @property
    def there(self) -> bool:
        """Whether there is any."""
        return self.base is not None or self.candidate is not None or bool(self.choices)


@dataclass(frozen=True)
class Models:
    """One pair of each kind, and the form in which a generator that is an adapter will be served, by its name.

    `seen` are all folders of models and files of vectors, with what they are, or why they cannot be reviewed.
    """

    classifiers: Pair
    encoders: Pair
    generators: Pair
    deployed: Path | None = None
    seen: tuple[Seen, ...] = ()


def find_models(files: Sequence[Path]) -> Models:
    """The models among the files."""
    marked = {path.parent for path in files if path.name in MARKERS}
    sentence = {path.parent for path in files if path.name == _MODULES}
    # What lies inside a Sentence-Transformers folder is a part of it.
    folders = sorted(folder for folder in marked if not sentence & set(folder.parents))
    seen: list[Seen] = []
    folders = _without_checkpoints(folders, seen)
    adapters = [folder for folder in folders if (folder / ADAPTER_CONFIG).is_file()]
    whole: dict[str, list[Path]] = {kind: [] for kind in KINDS}
    for folder in folders:
        kind = None if folder in adapters else _kind(folder, seen)
        if kind is not None:
            whole[kind].append(folder)
    exported = _take_exported(whole["generator"])
    over: dict[str, list[Path]] = {kind: [] for kind in whole}
    bases: dict[Path, Path] = {}
    for adapter in adapters:
        found = _adapted(adapter, whole, seen)
        if found is not None:
            kind, bases[adapter] = found
            over[kind].append(adapter)
    if not over["generator"]:
        # Without an adapter that it could be made of, it is a model like any other.
        whole["generator"] += exported
    pairs = {kind: _pair(found, over[kind], bases) for kind, found in whole.items()}
    deployed = exported[0] if exported and pairs["generator"].candidate in over["generator"] else None
    vectors = _vectors(files, seen)
    seen += _other_formats(files, marked)
    return Models(
        _labelled(pairs["classifier"]),
        _with_vectors(pairs["encoder"], vectors),
        pairs["generator"],
        deployed,
        tuple(sorted(seen, key=lambda one: one.path)),
    )


def _without_checkpoints(folders: Sequence[Path], seen: list[Seen]) -> list[Path]:
    """Folders of models, of which each training has one: what it ended with, else its last checkpoint.

    A training that stands alone keeps its checkpoints: there is nothing else to compare them with.
    """
    trainings: dict[Path, list[Path]] = {}
    for folder in folders:
        of = folder if checkpoint_step(folder) is None else folder.parent
        trainings.setdefault(of, []).append(folder)
    if len(trainings) < 2:
        return list(folders)
    ends = {of: max(states, key=lambda one: _step_of(one, of)) for of, states in trainings.items()}
    for of, states in trainings.items():
        what = f"checkpoint of the training that {ends[of].name} is the end of"
        seen += [Seen(one, what) for one in states if one != ends[of]]
    return sorted(ends.values())


def _step_of(folder: Path, training: Path) -> float:
    """The step at which a state of a training was kept; what lies in its own folder was kept last."""
    step = checkpoint_step(folder)
    return float("inf") if folder == training or step is None else step


def _vectors(files: Iterable[Path], seen: list[Seen]) -> list[Path]:
    found = []
    for path in files:
        if path.suffix.lower() == ".parquet" and _succeeds(inspect_stored, path):
            found.append(path)
            seen.append(Seen(path, "stored vectors"))
    return found


def _other_formats(files: Iterable[Path], folders: set[Path]) -> list[Seen]:
    """Files of models in formats that are not read, outside the folders of models."""
    return [
        Seen(
            path,
            f"a model as {path.suffix} is not read, only safetensors",
            "what it answered elsewhere can be reviewed as recorded answers",
        )
        for path in files
        if path.suffix.lower() in _OTHER_FORMATS and not folders & {path.parent, *path.parents}
    ]


def _take_exported(whole: list[Path]) -> list[Path]:
    """Take from some models those that call themselves merged or exported, where others are left."""
    exported = [folder for folder in whole if any(word in folder.name.casefold() for word in _EXPORTED)]
    if len(exported) == len(whole):
        return []
    whole[:] = [folder for folder in whole if folder not in exported]
    return exported


def _kind(folder: Path, seen: list[Seen]) -> str | None:
    """What a whole model does; None where it cannot be reviewed, and why is added to what was seen."""
    try:
        files_of(folder)
        kind = _stated_kind(folder)
        if kind == "classifier":
            labels = inspect_classifier(folder).labels
            seen.append(Seen(folder, f"{KINDS[kind]}, {len(labels)} classes"))
            return kind
        if kind == "generator":
            inspect_generator(folder)
            seen.append(Seen(folder, KINDS[kind]))
            return kind
        named = inspect_encoder(folder).architecture
    except AssayError as error:
        seen.append(fault(folder, error))
        return None
    plain = named.endswith(_TOKEN_STATES) and not named.endswith("LMHeadModel")
    if plain or (folder / _MODULES).is_file():
        seen.append(Seen(folder, KINDS["encoder"]))
        return "encoder"
    seen.append(Seen(folder, f"{named} is no classifier, encoder or generator of text"))
    return None


def _stated_kind(folder: Path) -> str:
    """The kind that the configuration of a whole model speaks of. Raises AssayError where it cannot be read."""
    if (folder / _MODULES).is_file():
        return "encoder"
    named = read_json(folder / "config.json").get("architectures") or [""]
    name = str(named[0]) if isinstance(named, list) else str(named)
    return next((kind for end, kind in _HEADS.items() if name.endswith(end)), "encoder")


def _adapted(adapter: Path, whole: Mapping[str, Sequence[Path]], seen: list[Seen]) -> tuple[str, Path] | None:
    """Kind and base of the model that an adapter fits: of the kind that it is said to be for, where it says so."""
    try:
        files_of(adapter)
        config = read_json(adapter / ADAPTER_CONFIG)
    except AssayError as error:
        seen.append(fault(adapter, error))
        return None
    stated = _TASKS.get(str(config.get("task_type")))
    named = str(config.get("base_model_name_or_path") or "")
    why: AssayError | None = None
    for kind in whole:
        # An adapter of a classifier may bring its head along, over a model without one.
        models = [*whole[kind], *(whole["encoder"] if kind == stated == "classifier" else ())]
        # The one that it names first: others may have the same shapes.
        for base in sorted(models, key=lambda one: one.name != Path(named).name):
            if stated not in (None, kind):
                continue
            try:
                _INSPECT[kind](adapter, base)
            except AssayError as error:
                why = why or error
                continue
            seen.append(Seen(adapter, f"adapter over {base.name}, {KINDS[kind]}"))
            return kind, base
    if why is not None:
        seen.append(fault(adapter, why))
    else:
        of = f" of {Path(named).name}" if named else ""
        seen.append(
            Seen(
                adapter,
                f"adapter{of}, and no whole model that it fits lies here",
                "copy its base model into this folder: cp -rL BASE models/base",
            )
        )
    return None


def _succeeds(inspect: Callable[[Path], object], path: Path) -> bool:
    try:
        inspect(path)
    except AssayError:
        return False
    return True


def _pair(whole: Sequence[Path], adapters: Sequence[Path], bases: Mapping[Path, Path]) -> Pair:
    """Which two are compared: an adapter with what it is over, two adapters over one base, or two whole models."""
    if not whole and not adapters:
        return Pair()
    if adapters:
        return _adapter_pair(whole, sorted(adapters, key=lambda one: natural(one.name)), bases)
    if len(whole) == 1:
        return Pair(whole[0], telling=(whole[0] / _MODULES).is_file())
    told = tell(whole)
    if told is None:
        return Pair(choices=tuple(whole), telling=True)
    return _of(told)


def _adapter_pair(whole: Sequence[Path], adapters: Sequence[Path], bases: Mapping[Path, Path]) -> Pair:
    of_one = [one for one in adapters if bases[one] == bases[adapters[0]]]
    base = bases[adapters[0]]
    if len(of_one) == 1 and base not in whole:
        return Pair(candidate=adapters[0], telling=True, over=base)
    if len(of_one) == 1:
        others = "" if len(whole) == 1 else "it is an adapter over that base"
        return Pair(base, adapters[0], telling=True, reason=others)
    told = tell(of_one)
    if told is None:
        return Pair(choices=tuple(of_one), telling=True, over=base)
    return replace(_of(told), over=base)


def _of(told: Told) -> Pair:
    return Pair(told.base, told.candidate, telling=True, reason=told.reason)


def _labelled(pair: Pair) -> Pair:
    """The pair with the classes of its candidate, or of the first that there is."""
    model = pair.candidate or pair.base or next(iter(pair.choices), None)
    if model is None:
        return pair
    adapted = (model / ADAPTER_CONFIG).is_file()
    base = pair.over or pair.base
    head = inspect_adapter(model, base) if adapted and base is not None else inspect_classifier(model)
    return replace(pair, labels=head.labels, telling=True)


def _with_vectors(encoders: Pair, vectors: Sequence[Path]) -> Pair:
    """Two encoders, else two files of vectors, else one of each."""
    if encoders.candidate is not None or encoders.choices or not vectors:
        return encoders
    if len(vectors) > 1:
        told = tell(vectors)
        return _of(told) if told is not None else Pair(choices=tuple(vectors), telling=True)
    if encoders.base is not None:
        told = tell((encoders.base, vectors[0]))
        return _of(told) if told else Pair(choices=(encoders.base, vectors[0]), telling=True)
    return Pair(vectors[0], telling=True)
