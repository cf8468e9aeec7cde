"""The models: hours until a reply are a start and so many hours for each known word; safetensors and a word list."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from analysis.base.errors import AssayError
from analysis.base.problems import Problem
from analysis.base.records import SIDES, Side
from analysis.models.files import read_header, read_json_list
from analysis.models.sides import Sides

WEIGHTS = "estimator.safetensors"
WORDS = "words.json"
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Part:
    """A known word of a text, with the hours that it adds."""

    word: str
    start: int
    end: int
    hours: float


@dataclass(frozen=True)
class Estimate:
    """Hours until a reply, never below 0, and the words that make them."""

    hours: float
    parts: tuple[Part, ...]

    @property
    def word(self) -> str:
        """The word that moves the estimate most; empty where none is known."""
        return max(self.parts, key=lambda part: abs(part.hours), default=Part("", 0, 0, 0.0)).word


@dataclass(frozen=True)
class Estimator:
    """One model.

    Args:
        words: the known ones, in lower case.
        hours: what each of them adds, shape (len(words),), float32.
        start: the hours of a text without any of them.
    """

    words: tuple[str, ...]
    hours: NDArray[np.float32]
    start: float

    @classmethod
    def load(cls, folder: Path) -> Estimator:
        """Read a model folder. Raises AssayError where it holds no estimator."""
        words = _words(folder)
        tensors = load_file(folder / WEIGHTS)
        return cls(words, tensors["hours"], float(tensors["start"][0]))

    def save(self, folder: Path) -> Path:
        """Write a model folder."""
        folder.mkdir(parents=True)
        (folder / WORDS).write_text(json.dumps(self.words), "utf-8")
        tensors = {"hours": self.hours.astype(np.float32), "start": np.array([self.start], np.float32)}
        save_file(tensors, folder / WEIGHTS)
        return folder

    def estimate(self, text: str) -> Estimate:
        """The hours until a reply to a text."""
        known = dict(zip(self.words, self.hours.tolist(), strict=True))
        parts = tuple(
            Part(word, found.start(), found.end(), known[word])
            for found in _WORD.finditer(text)
            if (word := found.group().casefold()) in known
        )
        return Estimate(max(0.0, self.start + sum(part.hours for part in parts)), parts)


class EstimatorPair(Sides):
    """Both estimators, loaded when first asked for."""

    @cached_property
    def estimators(self) -> Mapping[Side, Estimator]:
        """The estimator of each side. Raises AssayError."""
        return {side: Estimator.load(self.folders[side]) for side in SIDES}

    @property
    def parameters(self) -> int:
        return max(len(_words(folder)) for folder in self.folders.values()) + 1

    def load(self) -> None:
        _ = self.estimators


def estimators(models: Sides) -> Mapping[Side, Estimator]:
    """The estimators of a pair that is known to be of this track. Raises AssayError."""
    assert isinstance(models, EstimatorPair)
    return models.estimators


def check_estimators(models: Sides, problems: list[Problem]) -> list[str]:
    """See whether both folders hold an estimator, and say how many words each knows."""
    notes = []
    for side, folder in models.folders.items():
        try:
            notes.append(f"toy       {side}: {folder.name}, {len(_words(folder))} words")
        except AssayError as error:
            problems.append(Problem(error.message, error.where, error.hint))
    return notes


def _words(folder: Path) -> tuple[str, ...]:
    if not (folder / WEIGHTS).is_file():
        raise AssayError(f"has no {WEIGHTS}", where=str(folder), hint="an estimator's folder is needed")
    words = tuple(str(word) for word in read_json_list(folder / WORDS))
    if read_header(folder / WEIGHTS) != {"hours": [len(words)], "start": [1]}:
        raise AssayError(f"does not fit its {WORDS}", where=str(folder / WEIGHTS))
    return words
