"""`[intent]`: the settings of a review of a text classifier."""

from __future__ import annotations

from typing import Annotated, Self, cast

from pydantic import Field, model_validator

from analysis.base.toml_lines import KeyPath
from analysis.plugin.settings import DataPath, FolderPath, Text, TrackSettings


class IntentSettings(TrackSettings):
    """Two classifiers, the messages to compare them on, and what must not go wrong.

    `group` names a column whose equal values mark examples that are not independent of each other;
    `signals` maps a class to phrases that ought to support it, `irrelevant` maps a class to lexicons
    (declared or built in) that must not; `max_length` is in tokens, and the model's own limit where
    it is not given. `threshold` is the confidence from which the assistant acts on a prediction, `margins` the
    loss that must be excluded, by class, critical slice or `all`. `over` is the whole model below sides that
    are adapters.
    """

    base: FolderPath
    candidate: FolderPath
    over: FolderPath | None = None
    examples: DataPath
    id: Text = "id"
    text: Text = "text"
    label: Text = "label"
    group: Text | None = None
    out_of_scope: DataPath | None = None
    critical: list[Text] = Field(default_factory=list)
    margins: dict[Text, Annotated[float, Field(gt=0, lt=1)]] = Field(default_factory=dict)
    threshold: float | None = Field(default=None, gt=0, lt=1)
    max_length: int | None = Field(default=None, ge=3, le=1_000_000)
    signals: dict[Text, list[Text]] = Field(default_factory=dict)
    irrelevant: dict[Text, list[Text]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _columns_differ(self) -> Self:
        if len({self.id.casefold(), self.text.casefold(), self.label.casefold()}) < 3:
            raise ValueError("id, text and label must be three different columns")
        return self

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


def intent_settings(settings: TrackSettings) -> IntentSettings:
    """The settings of a track that is known to be this one."""
    return cast(IntentSettings, settings)
