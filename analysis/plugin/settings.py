"""Settings of a review as types: what every review file has, and what the section of a track builds on."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PrivateAttr,
    ValidationInfo,
    model_validator,
)

from analysis.base.errors import AssayError
from analysis.base.gate_records import Rule
from analysis.base.problems import suggest
from analysis.base.records import ALL
from analysis.base.toml_lines import KeyPath, nearest_line
from analysis.data.arrow_rows import is_dataset

if TYPE_CHECKING:
    from analysis.text.lexicon import Finder, Lexicon


_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


@dataclass(frozen=True)
class Source:
    """A review file with the line of each of its keys."""

    path: Path
    lines: dict[KeyPath, int] = field(default_factory=dict)

    def where(self, *key: str | int) -> str:
        """`FILE:LINE` of a key path, or of the nearest table around it."""
        line = nearest_line(self.lines, key)
        return f"{self.path}:{line}" if line else str(self.path)


def _plain_text(value: str) -> str:
    if not value.strip():
        raise ValueError("must not be empty")
    if _CONTROL.search(value):
        raise ValueError("must not hold control characters")
    return value


def _name(value: str) -> str:
    if "/" in value or "\\" in value or value.startswith((".", "-")):
        raise ValueError("must be usable as a file name: no / or \\, and no . or - in front")
    if len(value.encode("utf-8", "replace")) > 120:
        raise ValueError("is longer than 120 bytes")
    return value


def _resolve(value: Any, info: ValidationInfo) -> Any:
    if not isinstance(value, str):
        raise ValueError("must be a path, as text")
    _plain_text(value)
    root: Path = info.context["root"] if info.context else Path()
    try:
        return (root / Path(value).expanduser()).resolve()
    except (OSError, RuntimeError) as error:
        raise ValueError(f"cannot be a path: {getattr(error, 'strerror', None) or error}") from None


def exists(path: Path) -> Path:
    """The path, where something lies at it. Raises ValueError, also for a name that no file can have."""
    try:
        there = path.exists()
    except OSError as error:
        raise ValueError(f"cannot be a path: {error.strerror}") from None
    if not there:
        raise ValueError(f"there is nothing at {path}")
    return path


def _is_folder(path: Path) -> Path:
    if not path.is_dir():
        raise ValueError(f"is not a folder: {path}")
    return path


def _is_file(path: Path) -> Path:
    if not path.is_file():
        raise ValueError(f"is not a file: {path}")
    return path


def _is_table(path: Path) -> Path:
    if path.is_dir():
        if not is_dataset(path):
            raise ValueError(f"is a folder, and `datasets` saved no table in it: {path}")
        return path
    return _is_file(path)


Text = Annotated[str, AfterValidator(_plain_text)]


# A run is determined by content, so the recorded settings name a file and not the folder that it lay in.
AnyPath = Annotated[
    Path,
    Field(strict=False),
    BeforeValidator(_resolve),
    PlainSerializer(lambda path: path.name, return_type=str, when_used="json-unless-none"),
]


FolderPath = Annotated[AnyPath, AfterValidator(exists), AfterValidator(_is_folder)]


FilePath = Annotated[AnyPath, AfterValidator(exists), AfterValidator(_is_file)]


DataPath = Annotated[AnyPath, AfterValidator(exists), AfterValidator(_is_table)]
"""A file of rows, or a folder in which `datasets` saved one table."""


class Section(BaseModel):
    """A table of the review file: exact types, no unknown key, never changed after reading."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class ReviewSection(Section):
    """`[review]`: what is compared, by whom it was made, and how the review is run."""

    name: Annotated[Text, AfterValidator(_name)]
    owner: Text
    aliases: dict[Text, list[Text]] = Field(default_factory=dict)
    base_version: Text
    candidate_version: Text
    training_change: str = ""
    store: AnyPath | None = None
    previous: list[AnyPath] = Field(default_factory=list)
    reviewers_required: int = Field(default=1, ge=1, le=100)
    signers_required: int = Field(default=1, ge=1, le=100)
    blind: bool = True
    seed: int = Field(default=0, ge=0, lt=2**32)
    device: str = Field(default="auto", pattern=r"^(auto|cpu|cuda(:\d{1,3})?)$")


class QueueSection(Section):
    """`[queue]`: how many examples people look at, and which of them get attributions.

    `budget` is of what is worth a look, shared equally among the tracks; `controls` and `known_answers` are of each
    track, since each stands on its own, and `controls` of each critical slice as well.
    """

    budget: int = Field(default=40, ge=0)
    controls: int = Field(default=20, ge=0)
    known_answers: int = Field(default=12, ge=0)
    attribute: Literal["queue", "all"] = "queue"


class LexiconSource(Section):
    """One entry of `[lexicons]`: a file with one term a line, or the terms themselves."""

    file: FilePath | None = None
    terms: list[Text] | None = None

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.file is None) == (self.terms is None):
            raise ValueError("needs either file or terms, and not both")
        if self.terms is not None and not self.terms:
            raise ValueError("has no terms")
        return self


class Expected(Section):
    """One `[[expected]]` change, declared before the run and tested by it."""

    metric: Text
    slice: Text = ALL
    direction: Literal["up", "down"]
    limit: float = 0.0


class TrafficSection(Section):
    """`[traffic]`: the share of production traffic that slices have, whatever share of the examples is theirs."""

    weights: dict[Text, Annotated[float, Field(gt=0, le=1)]] = Field(default_factory=dict)


class CostsSection(Section):
    """`[costs]`: by class, what a message of it that was missed costs, and one that was wrongly sent to it."""

    missed: dict[Text, Annotated[float, Field(ge=0)]] = Field(default_factory=dict)
    false: dict[Text, Annotated[float, Field(ge=0)]] = Field(default_factory=dict)


class TrackSettings(Section):
    """What the section of every track has; a track's own settings extend it."""

    critical_slices: list[Text] = Field(default_factory=list)
    slices: dict[Text, Text] = Field(default_factory=dict)
    _source: Source | None = PrivateAttr(default=None)
    _section: str = PrivateAttr(default="")

    def where(self, *key: str | int) -> str:
        """`FILE:LINE` of a key of this section; the bare key path where it was not read from a file."""
        if self._source is None:
            return ".".join(str(part) for part in key)
        return self._source.where(self._section, *key)

    def as_recorded(self) -> dict[str, Any]:
        """As a run records them, and is determined by them: plain data; of the models the run has the digests."""
        return self.model_dump(mode="json", exclude={"base", "candidate", "over"})

    def critical_classes(self) -> list[str]:
        """The classes that stand on their own; none where the track has no classes."""
        return []

    def class_names(self) -> list[tuple[KeyPath, str]]:
        """Every class that the settings name, with the key that names it."""
        return []

    def lexicon_names(self) -> list[tuple[KeyPath, str]]:
        """Every lexicon that the settings name, with the key that names it."""
        return []


class Review(BaseModel):
    """A whole review file. `rules` are the resolved thresholds of every gate."""

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)

    path: Path
    root: Path
    review: ReviewSection
    queue: QueueSection
    lexicons: dict[str, LexiconSource]
    expected: list[Expected]
    gates: dict[str, dict[str, Any]]
    rules: dict[str, Rule]
    tracks: dict[str, TrackSettings]
    traffic: TrafficSection = TrafficSection()
    costs: CostsSection = CostsSection()
    _source: Source | None = PrivateAttr(default=None)
    _lexicons: dict[str, Lexicon] = PrivateAttr(default_factory=dict)

    @property
    def store_path(self) -> Path:
        """The store's folder: `store`, or `NAME.review` beside the file."""
        return self.review.store or self.root / f"{self.review.name}.review"

    def as_recorded(self) -> dict[str, dict[str, Any]]:
        """The settings of each track as a run records them."""
        return {name: settings.as_recorded() for name, settings in self.tracks.items()}

    def where(self, *key: str | int) -> str:
        """`FILE:LINE` of a key path."""
        return self._source.where(*key) if self._source else str(self.path)

    def lexicon(self, name: str) -> Finder:
        """The declared or built-in lexicon of that name. Raises AssayError when there is none."""
        from analysis.text.lexicon import BUILT_IN

        if name in self._lexicons:
            return self._lexicons[name]
        if name in BUILT_IN:
            return BUILT_IN[name]
        known = [*self._lexicons, *BUILT_IN]
        raise AssayError(
            f"there is no lexicon named {name!r}", where=self.where("lexicons"), hint=suggest(name, known)
        )
