"""`[response.detector.NAME]`: what a detector reads with, by its `kind`."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, ValidationError, ValidationInfo, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from analysis.base.problems import suggest
from analysis.plugin.settings import FilePath, FolderPath, Section, Text

SHIPPED = r"^[a-z]+(?:-[a-z]+)*\.[a-z]{2,3}$"
_TEXTS = {
    "nli": ("premise", "hypothesis", "label"),
    "classifier": ("template", "label"),
    "tokens": ("premise", "label"),
    "reward": ("premise",),
    "judge": ("template",),
}
"""What is filled in for each task."""
Unit = Literal["answer", "sentence", "opening"]
"""What a head reads one by one of an answer."""
_NEEDED = {"nli": "hypothesis", "classifier": "label", "judge": "template"}


class PatternsSection(Section):
    """Phrases and expressions, from a file or from one that comes with Assay, such as `refusal.en`."""

    kind: Literal["patterns"]
    file: FilePath | None = None
    words: Annotated[str, Field(pattern=SHIPPED)] | None = None

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.file is None) == (self.words is None):
            raise ValueError("needs either file or words, and not both")
        return self


class LearnedSection(Section):
    """A head on n-grams, or on an encoder's vectors, taught by labels; before there are any, likeness to `like`."""

    kind: Literal["learned"]
    encoder: FolderPath | None = None
    unit: Unit = "answer"
    like: list[Text] = Field(default_factory=list)


class ModelSection(Section):
    """A Transformers folder, and what it is given; names in braces are filled in."""

    kind: Literal["model"]
    task: Literal["nli", "classifier", "tokens", "reward", "judge"]
    folder: FolderPath
    premise: Text | None = None
    hypothesis: Text | None = None
    label: Text | None = None
    template: str | None = None

    @model_validator(mode="after")
    def _of_the_task(self) -> Self:
        used = _TEXTS[self.task]
        for key in ("premise", "hypothesis", "label", "template"):
            given = getattr(self, key)
            if given is not None and key not in used:
                raise ValueError(f"task {self.task!r} has no use for {key}: it takes {', '.join(used)}")
            if key == _NEEDED.get(self.task) and not (given or "").strip():
                raise ValueError(f"task {self.task!r} needs {key}")
        return self


class RecordedSection(Section):
    """Columns of the records: scores from 0 to 1, or yes and no, of each side's answer."""

    kind: Literal["recorded"]
    base: Text
    candidate: Text


KINDS: dict[str, type[Section]] = {
    "patterns": PatternsSection,
    "learned": LearnedSection,
    "model": ModelSection,
    "recorded": RecordedSection,
}


def _by_kind(value: Any, info: ValidationInfo) -> Any:
    """The section of the table's kind; a mistake stands at its own key, and names what was nearest."""
    if isinstance(value, Section):
        return value
    if not isinstance(value, dict):
        raise ValueError("must be a table with a kind")
    kind = value.get("kind")
    section = KINDS.get(kind) if isinstance(kind, str) else None
    if section is not None:
        known = list(section.model_fields)
        said = f"unknown key for kind {kind!r}"
        faults = [_fault(key, value, said, suggest(key, known)) for key in value if key not in known]
    elif "kind" in value:
        faults = [_fault("kind", value, f"there is no kind {kind!r}", suggest(str(kind), KINDS))]
    else:
        faults = [InitErrorDetails(type="missing", loc=("kind",), input=value)]
    if section is None or faults:
        raise ValidationError.from_exception_data("detector", faults)
    return section.model_validate(value, context=info.context)


def _fault(key: str, value: dict[str, Any], message: str, hint: str) -> InitErrorDetails:
    # Braces of a user's words are not fields of the message.
    error = PydanticCustomError("lead", "{said}", {"said": message, "hint": hint})
    return InitErrorDetails(type=error, loc=(key,), input=value[key])


DetectorSection = Annotated[
    PatternsSection | LearnedSection | ModelSection | RecordedSection, BeforeValidator(_by_kind)
]
"""The type of each value of `detector`, a field `dict[Text, DetectorSection]` of the track's settings."""
