"""`review.toml`: read, checked as a whole, and returned as typed settings.

Every mistake of a file is reported at once, each with its line, its key and what to do; an unknown
key names the nearest known one. Paths are relative to the file.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PrivateAttr,
    ValidationError,
    ValidationInfo,
    model_validator,
)

from analysis.base.errors import AssayError
from analysis.base.records import ALL, Rule
from analysis.base.toml_lines import KeyPath, key_lines, nearest_line

if TYPE_CHECKING:
    from analysis.text.lexicon import Finder, Lexicon

MAX_REVIEW_BYTES = 4_000_000
Result = TypeVar("Result")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


@dataclass(frozen=True)
class Problem:
    """One mistake: what, where, and what to do about it."""

    message: str
    where: str | None = None
    hint: str | None = None


def raise_problems(problems: Sequence[Problem], path: Path) -> None:
    """Raise AssayError for `problems`, one line each; do nothing when there are none."""
    if not problems:
        return
    if len(problems) == 1:
        only = problems[0]
        raise AssayError(only.message, where=only.where or str(path), hint=only.hint)
    lines = [
        f"{problem.where or path}: {problem.message}" + (f" ({problem.hint})" if problem.hint else "")
        for problem in problems
    ]
    raise AssayError("\n".join([f"{len(problems)} mistakes", *lines]), where=str(path))


def attempt(step: Callable[[], Result], problems: list[Problem]) -> Result | None:
    """The result of `step`, or None with its failure added to `problems`."""
    try:
        return step()
    except AssayError as error:
        problems.append(Problem(error.message, error.where, error.hint))
        return None


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
    return (root / Path(value).expanduser()).resolve()


def _exists(path: Path) -> Path:
    if not path.exists():
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


Text = Annotated[str, AfterValidator(_plain_text)]
# A run is determined by content, so the recorded settings name a file and not the folder that it lay in.
AnyPath = Annotated[
    Path,
    Field(strict=False),
    BeforeValidator(_resolve),
    PlainSerializer(lambda path: path.name, return_type=str, when_used="json-unless-none"),
]
FolderPath = Annotated[AnyPath, AfterValidator(_exists), AfterValidator(_is_folder)]
FilePath = Annotated[AnyPath, AfterValidator(_exists), AfterValidator(_is_file)]


class Section(BaseModel):
    """A table of the review file: exact types, no unknown key, never changed after reading."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class ReviewSection(Section):
    """`[review]`: what is compared, by whom it was made, and how the review is run."""

    name: Annotated[Text, AfterValidator(_name)]
    owner: Text
    base_version: Text
    candidate_version: Text
    training_change: str = ""
    store: AnyPath | None = None
    previous: FolderPath | None = None
    reviewers_required: int = Field(default=1, ge=1, le=100)
    signers_required: int = Field(default=1, ge=1, le=100)
    seed: int = Field(default=0, ge=0, lt=2**32)
    device: str = Field(default="auto", pattern=r"^(auto|cpu|cuda(:\d{1,3})?)$")


class QueueSection(Section):
    """`[queue]`: how many examples people look at, and which of them get attributions.

    `budget` is shared equally among the tracks; `controls` are of each track, since each stands on its own.
    """

    budget: int = Field(default=120, ge=0)
    controls: int = Field(default=20, ge=0)
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
    _source: Source | None = PrivateAttr(default=None)
    _lexicons: dict[str, Lexicon] = PrivateAttr(default_factory=dict)

    @property
    def store_path(self) -> Path:
        """The store's folder: `store`, or `NAME.review` beside the file."""
        return self.review.store or self.root / f"{self.review.name}.review"

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


def suggest(name: str, known: Iterable[str]) -> str:
    """A hint that names the nearest known name, or all of them where none is near."""
    names = [str(item) for item in known]
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    if near:
        return f"did you mean {near[0]!r}?"
    return f"known: {', '.join(names)}" if names else "there are none"


def read_toml(path: Path) -> tuple[dict[str, Any], Source]:
    """Parse a TOML file, with the line of each key.

    Raises:
        AssayError: unreadable, too large, not UTF-8 or not TOML; with line and column.
    """
    try:
        with path.open("rb") as stream:
            raw = stream.read(MAX_REVIEW_BYTES + 1)
    except FileNotFoundError:
        raise AssayError(
            "there is no such file", where=str(path), hint="`assay init DIR` writes a review file"
        ) from None
    except OSError as error:
        raise AssayError(f"cannot be read: {error.strerror}", where=str(path)) from None
    if len(raw) > MAX_REVIEW_BYTES:
        raise AssayError(f"is larger than {MAX_REVIEW_BYTES:,} bytes: no review file", where=str(path))
    try:
        text = raw.decode("utf-8-sig")
        tree = tomllib.loads(text)
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise AssayError("is not UTF-8 text", where=f"{path}:{line}") from None
    except tomllib.TOMLDecodeError as error:
        message, where = _toml_place(str(error), path, text)
        raise AssayError(f"not valid TOML: {message}", where=where, hint="see https://toml.io") from None
    except RecursionError:
        raise AssayError("tables or lists are nested too deeply", where=str(path)) from None
    return tree, Source(path, key_lines(text))


def _toml_place(message: str, path: Path, text: str) -> tuple[str, str]:
    match = re.search(r" \(at (?:line (\d+), column (\d+)|end of document)\)$", message)
    if not match:
        return message, str(path)
    line, column = match.groups() if match.group(1) else (str(text.count("\n") + 1), "1")
    return message[: match.start()], f"{path}:{line}:{column}"


def load_review(path: Path) -> Review:
    """Read and check a review file; no data and no model is read.

    Raises:
        AssayError: every mistake of the file, each with line, key and remedy.
    """
    from analysis.plugin.toml_sections import ReviewReader

    path = path.absolute()
    tree, source = read_toml(path)
    reader = ReviewReader(source, path.parent)
    parts = reader.read(tree)
    raise_problems(reader.problems, path)
    review = Review(path=path, root=path.parent, **parts)
    review._source = source
    review._lexicons.update(reader.lexicons)
    return review


__all__ = [
    "AnyPath",
    "Expected",
    "FilePath",
    "FolderPath",
    "LexiconSource",
    "Problem",
    "QueueSection",
    "Review",
    "ReviewSection",
    "Section",
    "Source",
    "Text",
    "TrackSettings",
    "ValidationError",
    "attempt",
    "load_review",
    "raise_problems",
    "read_toml",
    "suggest",
]
