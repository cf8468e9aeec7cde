"""`[toy]`: the settings of a review of two estimators."""

from __future__ import annotations

from pydantic import Field

from analysis.plugin.settings import FilePath, FolderPath, Text, TrackSettings


class ToySettings(TrackSettings):
    """Two estimators, the texts to compare them on, and how many hours late still is in time."""

    base: FolderPath
    candidate: FolderPath
    examples: FilePath
    id: Text = "id"
    text: Text = "text"
    hours: Text = "hours"
    tolerance: float = Field(default=2.0, ge=0)


def toy_settings(settings: TrackSettings) -> ToySettings:
    """The settings of a track that is known to be this one."""
    assert isinstance(settings, ToySettings)
    return settings
