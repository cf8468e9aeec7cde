"""`[intent]`: the settings of a review of a text classifier."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self, cast

from pydantic import Field, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError

from analysis.base.records import Side
from analysis.base.toml_lines import KeyPath
from analysis.plugin.settings import DataPath, FolderPath, Text, TrackSettings

OF_PREDICTIONS = ("classes", "base_label", "candidate_label", "base_p", "candidate_p")
"""Keys that say how recorded predictions are read."""
OF_MODELS = ("over", "max_length")
"""Keys that say how models are read."""


class IntentSettings(TrackSettings):
    """Two classifiers, or what they predicted; the messages to compare them on, and what must not go wrong.

    `predictions` is a table with what both sides predicted, in the columns `base_label` and `candidate_label`, and with
    what probability, in `base_p` and `candidate_p`; it takes the place of `base` and `candidate`, and of `examples`
    where it holds the messages itself. `classes` names the classes in the order of lists of probabilities.

    `group` names a column whose equal values mark examples that are not independent of each other;
    `signals` maps a class to phrases that ought to support it, `irrelevant` maps a class to lexicons
    (declared or built in) that must not; `max_length` is in tokens, and the model's own limit where
    it is not given. `threshold` is the confidence from which the assistant acts on a prediction, `margins` the
    loss that must be excluded, by class, critical slice or `all`. `over` is the whole model below sides that
    are adapters.
    """

    predictions: DataPath | None = None
    base: FolderPath | None = Field(default=None, validate_default=True)
    candidate: FolderPath | None = Field(default=None, validate_default=True)
    over: FolderPath | None = None
    examples: DataPath | None = Field(default=None, validate_default=True)
    id: Text = "id"
    text: Text = "text"
    label: Text = "label"
    base_label: Text = "base"
    candidate_label: Text = "candidate"
    base_p: Text = "base_p"
    candidate_p: Text = "candidate_p"
    classes: list[Text] = Field(default_factory=list)
    group: Text | None = None
    out_of_scope: DataPath | None = None
    critical: list[Text] = Field(default_factory=list)
    margins: dict[Text, Annotated[float, Field(gt=0, lt=1)]] = Field(default_factory=dict)
    threshold: float | None = Field(default=None, gt=0, lt=1)
    max_length: int | None = Field(default=None, ge=3, le=1_000_000)
    signals: dict[Text, list[Text]] = Field(default_factory=dict)
    irrelevant: dict[Text, list[Text]] = Field(default_factory=dict)

    @field_validator("base", "candidate", "examples", mode="after")
    @classmethod
    def _one_source(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        """Both models and the messages, or predictions, which may hold the messages."""
        if "predictions" not in info.data:
            return value
        recorded = info.data["predictions"] is not None
        if value is None and not recorded:
            raise PydanticCustomError("missing", "is required")
        if value is not None and recorded and info.field_name != "examples":
            raise ValueError("predictions take the place of both models: leave out one or the other")
        return value

    @model_validator(mode="after")
    def _columns_differ(self) -> Self:
        if len({self.id.casefold(), self.text.casefold(), self.label.casefold()}) < 3:
            raise ValueError("id, text and label must be three different columns")
        return self

    @model_validator(mode="after")
    def _what_goes_with_it(self) -> Self:
        """A key without what it speaks of would have no effect."""
        without = OF_PREDICTIONS if self.predictions is None else OF_MODELS
        for key in without:
            if key in self.model_fields_set:
                there = "no predictions are given" if self.predictions is None else "predictions are given"
                raise ValueError(f"{key} says how {_WHAT[key]} read, and {there}: leave it out")
        if len(set(self.classes)) < len(self.classes):
            raise ValueError("classes names a class twice")
        if self.predictions is not None and self.examples is None and self.out_of_scope is not None:
            raise ValueError(
                "out_of_scope needs examples beside predictions: the predictions then hold what was predicted for both"
            )
        return self

    @property
    def messages(self) -> Path:
        """The table of the messages: the examples, or the predictions that hold them."""
        return cast(Path, self.examples or self.predictions)

    def label_column(self, side: Side) -> str:
        """The column of what a side predicted, where predictions are given."""
        return self.base_label if side == "base" else self.candidate_label

    def p_column(self, side: Side) -> str:
        """The column of the probabilities of a side, where predictions are given."""
        return self.base_p if side == "base" else self.candidate_p

    def critical_classes(self) -> list[str]:
        return list(self.critical)

    def class_names(self) -> list[tuple[KeyPath, str]]:
        names: list[tuple[KeyPath, str]] = [(("critical",), name) for name in self.critical]
        names += [(("signals", name), name) for name in self.signals]
        names += [(("irrelevant", name), name) for name in self.irrelevant]
        return names

    def lexicon_names(self) -> list[tuple[KeyPath, str]]:
        return [
            (("irrelevant", name), lexicon)
            for name, lexicons in self.irrelevant.items()
            for lexicon in lexicons
        ]


_WHAT = {
    **dict.fromkeys(OF_PREDICTIONS, "predictions are"),
    "over": "adapters are",
    "max_length": "texts are",
}


def intent_settings(settings: TrackSettings) -> IntentSettings:
    """The settings of a track that is known to be this one."""
    return cast(IntentSettings, settings)
