"""Base and candidate as one object: what every paired measurement is given."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any, Self

from analysis.errors import AssayError
from analysis.models.digest import folder_digest
from analysis.models.load import LoadedClassifier, ModelHead, inspect_classifier, load_classifier, read_json
from analysis.records import SIDES, Side


class ModelPair:
    """The two classifiers of a review, loaded when first asked for and kept.

    Args:
        base: folder of the model in production.
        candidate: folder of the model that is to replace it.
        device: `cpu`, `cuda` or `cuda:N`.
    """

    def __init__(self, base: Path, candidate: Path, device: str) -> None:
        self.folders: dict[Side, Path] = {"base": base, "candidate": candidate}
        self.device = device
        self._loaded: dict[Side, LoadedClassifier] = {}

    @classmethod
    def none(cls) -> Self:
        """A pair without models, for a track that brings recorded evidence."""
        pair = cls(Path(), Path(), "cpu")
        pair.folders = {}
        return pair

    @cached_property
    def digests(self) -> dict[Side, str]:
        """SHA-256 of each model folder."""
        return {side: folder_digest(folder) for side, folder in self.folders.items()}

    @cached_property
    def heads(self) -> dict[Side, ModelHead]:
        """Labels, architecture and size of each side, read without loading it."""
        return {side: inspect_classifier(folder) for side, folder in self.folders.items()}

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """The labels of both sides, in the order of the logits.

        Raises:
            AssayError: the sides' label maps differ; the difference is named.
        """
        base, candidate = self.heads["base"].labels, self.heads["candidate"].labels
        if base == candidate:
            return base
        hint = "both sides must have the same classes in the same order"
        where = str(self.folders["candidate"] / "config.json")
        gone = [label for label in base if label not in candidate]
        new = [label for label in candidate if label not in base]
        if not gone and not new:
            index = next(i for i, pair in enumerate(zip(base, candidate, strict=True)) if pair[0] != pair[1])
            difference = (
                f"class {index} is {base[index]!r} in the base, {candidate[index]!r} in the candidate"
            )
        else:
            difference = "; ".join(
                f"{words}: {', '.join(names[:10])}"
                for words, names in (("only in the base", gone), ("only in the candidate", new))
                if names
            )
        raise AssayError(f"the label maps of the two sides differ: {difference}", where=where, hint=hint)

    @cached_property
    def tokenizers_equal(self) -> bool:
        """Whether both sides split text into the same tokens (padding and truncation set aside)."""
        rules = [_tokenizer_rules(self.folders[side]) for side in SIDES]
        return bool(rules[0] == rules[1])

    def side(self, side: Side) -> LoadedClassifier:
        """The loaded classifier of one side."""
        if side not in self._loaded:
            self._loaded[side] = load_classifier(self.folders[side], self.device)
        return self._loaded[side]


def _tokenizer_rules(folder: Path) -> dict[str, Any]:
    rules = read_json(folder / "tokenizer.json")
    return {key: value for key, value in rules.items() if key not in ("padding", "truncation")}
