"""`[retrieval]`: the settings of a review of a text encoder."""

from __future__ import annotations

from typing import Annotated, Self, cast

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

from analysis.base.problems import suggest
from analysis.plugin.settings import (
    AnyPath,
    DataPath,
    FilePath,
    FolderPath,
    Text,
    TrackSettings,
    exists,
)

DEPTH = 100
"""Items that are kept of the ranking of a query; also the most that `k` may be."""

COMPUTED = ("title_length", "text_length")
"""Attributes, in characters, that are computed where the items have no column of that name."""


def _encoder(value: AnyPath) -> AnyPath:
    exists(value)
    if not value.is_dir() and value.suffix.lower() != ".parquet":
        raise ValueError(f"is neither a model folder nor a .parquet file with columns id, vector: {value}")
    return value


Encoder = Annotated[AnyPath, AfterValidator(_encoder)]


class RetrievalSettings(TrackSettings):
    """Two encoders or their stored vectors, the items, and what ought to bring items together.

    `group_by` names the attributes of items that are wanted as grounds of similarity, `must_keep` those of
    them that may not be given up, `not_by` those that must not bring items together; `k` is the number of
    neighbours that are compared. Probes name the items that are relevant to them, or leave that to a file `qrels`, as
    BEIR and TREC write it; `queries` is what BEIR calls them. `probe_id`, `query` and `relevant` are columns of the
    probes, `query`, `positive` and `negative` those of the hard negatives; `over` is the whole model below sides
    that are adapters.
    """

    base: Encoder
    candidate: Encoder
    over: FolderPath | None = None
    items: DataPath
    id: Text = "id"
    text: Text = "text"
    title: Text | None = None
    group_by: list[Text] = Field(default_factory=list)
    must_keep: list[Text] = Field(default_factory=list)
    not_by: list[Text] = Field(default_factory=list)
    probes: DataPath | None = None
    queries: DataPath | None = None
    qrels: FilePath | None = None
    probe_id: Text = "id"
    query: Text = "query"
    relevant: Text = "relevant"
    hard_negatives: DataPath | None = None
    positive: Text = "positive"
    negative: Text = "negative"
    k: int = Field(default=10, ge=1, le=DEPTH)

    @field_validator("text")
    @classmethod
    def _columns_differ(cls, text: str, info: ValidationInfo) -> str:
        if text.casefold() == str(info.data.get("id", "")).casefold():
            raise ValueError("id and text must be two different columns")
        return text

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if self.queries is not None and self.probes is not None:
            raise ValueError("queries and probes are two names for the same: give one")
        if self.queries is not None and self.qrels is None:
            raise ValueError("queries need qrels, which say what is relevant to them")
        if self.qrels is not None and self.queries is None and self.probes is None:
            raise ValueError("qrels say what is relevant to queries, and none are given")
        return self

    @field_validator("group_by", "must_keep", "not_by")
    @classmethod
    def _named_once(cls, names: list[str]) -> list[str]:
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"names {twice!r} twice")
        return names

    @field_validator("must_keep")
    @classmethod
    def _kept_is_wanted(cls, names: list[str], info: ValidationInfo) -> list[str]:
        wanted = info.data.get("group_by", names)
        for name in names:
            if name not in wanted:
                raise ValueError(f"{name!r} is not in group_by; {suggest(name, wanted)}")
        return names

    @field_validator("not_by")
    @classmethod
    def _unwanted_is_not_wanted(cls, names: list[str], info: ValidationInfo) -> list[str]:
        for name in names:
            if name in info.data.get("group_by", ()):
                raise ValueError(f"{name!r} is in group_by too; an attribute is wanted or unwanted")
        return names

    def attributes(self) -> dict[str, bool]:
        """Whether each attribute is wanted, by name; wanted ones first, in the order of the file."""
        return dict.fromkeys(self.group_by, True) | dict.fromkeys(self.not_by, False)


def retrieval_settings(settings: TrackSettings) -> RetrievalSettings:
    """The settings of a track that is known to be this one."""
    return cast(RetrievalSettings, settings)
