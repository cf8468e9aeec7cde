"""Base and candidate classifier as one object, loaded when first asked for."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from analysis.base.errors import AssayError
from analysis.base.records import SIDES, Side
from analysis.models.adapter import (
    brought_weights,
    inspect_adapter,
    is_adapter,
    load_adapter,
    saved_outputs,
)
from analysis.models.files import read_json
from analysis.models.load_classifier import (
    LoadedClassifier,
    ModelHead,
    inspect_classifier,
    is_classifier,
    load_classifier,
    load_headless,
    with_labels,
)
from analysis.models.load_transformers import load_tokenizer
from analysis.models.sides import OVER, Sides

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast


class ClassifierPair(Sides):
    """The two classifiers of a review, loaded when first asked for and kept.

    Args:
        base: folder of the model in production; a PEFT adapter only with `over`.
        candidate: folder of the model that is to replace it, or of a PEFT adapter over the base or over `over`.
        device: `cpu`, `cuda` or `cuda:N`.
        over: folder of the whole model that adapters were trained over, which need not have a head.
    """

    def __init__(self, base: Path, candidate: Path, device: str, over: Path | None = None) -> None:
        places = {"base": base, "candidate": candidate}
        super().__init__(places if over is None else {**places, OVER: over}, device)
        self._loaded: dict[Side, LoadedClassifier] = {}
        self._below: LoadedClassifier | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.folders["base"], self.folders["candidate"], self.device, self.over)

    @cached_property
    def heads(self) -> dict[Side, ModelHead]:
        """Labels, architecture and size of each side, read without loading it."""
        return {side: self.head(side) for side in self.folders}

    @property
    def parameters(self) -> int:
        """Parameters of the larger model, read without loading it."""
        return max(head.parameters for head in self.heads.values())

    def load(self) -> None:
        """Load the models of both sides. Raises AssayError."""
        for side in SIDES:
            self.side(side)

    def head(self, side: Side) -> ModelHead:
        """Labels, architecture and size of one side. Raises AssayError."""
        folder = self.folders[side]
        below = self.below(side)
        if below is not None and is_adapter(folder):
            return inspect_adapter(folder, below)
        return inspect_classifier(folder)

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """The labels of both sides, in the order of the base's logits.

        Raises:
            AssayError: the sides do not have the same classes; the difference is named.
        """
        base, candidate = self.heads["base"].labels, self.heads["candidate"].labels
        gone = [label for label in base if label not in candidate]
        new = [label for label in candidate if label not in base]
        if not gone and not new:
            return base
        difference = "; ".join(
            f"{words}: {', '.join(names[:10])}"
            for words, names in (("only in the base", gone), ("only in the candidate", new))
            if names
        )
        raise AssayError(
            f"the label maps of the two sides differ: {difference}",
            where=str(self.folders["candidate"] / "config.json"),
            hint=self._naming_hint(len(base) == len(candidate)),
        )

    def _naming_hint(self, as_many: bool) -> str:
        """What to do about label maps that differ: a model that was saved without names is the usual cause."""
        unnamed = [side for side in SIDES if self.heads[side].unnamed]
        if len(unnamed) == 1 and as_many:
            return f"the {unnamed[0]} does not name its classes: write id2label and label2id into its config.json"
        return "both sides must have the same classes"

    @property
    def labels_reordered(self) -> bool:
        """Whether the candidate has its classes in another order, and is read in the base's."""
        return self.heads["base"].labels != self.heads["candidate"].labels

    @cached_property
    def tokenizers_equal(self) -> bool:
        """Whether both sides split text into the same tokens (padding and truncation set aside)."""
        base, candidate = (self._tokenizer_folder(side) for side in SIDES)
        return base == candidate or tokenizer_rules(base) == tokenizer_rules(candidate)

    def tokenizer(self, side: Side) -> PreTrainedTokenizerFast:
        """The tokenizer of one side, without loading its model. Raises AssayError."""
        if side in self._loaded:
            return self._loaded[side].tokenizer
        return load_tokenizer(self._tokenizer_folder(side))

    def _tokenizer_folder(self, side: Side) -> Path:
        """Where the tokenizer of a side lies: an adapter without one of its own has the base's."""
        folder = self.folders[side]
        own = (folder / "tokenizer.json").is_file() or not is_adapter(folder)
        below = self.below(side)
        return folder if own or below is None else below

    def side(self, side: Side) -> LoadedClassifier:
        """The loaded classifier of one side; its logits are in the order of `labels`."""
        if side not in self._loaded:
            folder = self.folders[side]
            below = self.below(side)
            if below is not None and is_adapter(folder):
                loaded = load_adapter(folder, below, self._whole_below())
            else:
                loaded = load_classifier(folder, self.device)
            self._loaded[side] = with_labels(loaded, self.labels)
        return self._loaded[side]

    def _whole_below(self) -> LoadedClassifier:
        """What adapters go over: the base, or the model that is named, as a classifier."""
        if self.over is None:
            return self.side("base")
        if self._below is None:
            if is_classifier(self.over):
                self._below = load_classifier(self.over, self.device)
            else:
                adapters = [folder for folder in self.folders.values() if is_adapter(folder)]
                brought = set.intersection(*(brought_weights(folder) for folder in adapters))
                self._below = load_headless(self.over, saved_outputs(adapters[0]), brought, self.device)
        return self._below


def classifiers(models: Sides) -> ClassifierPair:
    """The sides of a track that is known to compare classifiers."""
    return cast(ClassifierPair, models)


def tokenizer_rules(folder: Path) -> dict[str, Any]:
    """How a folder's tokenizer splits a text, padding and truncation set aside. Raises AssayError."""
    rules = read_json(folder / "tokenizer.json")
    return {key: value for key, value in rules.items() if key not in ("padding", "truncation")}
