"""What a track compares: the folder or file of each side, its digests, and how large the models are."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from analysis.base.records import SIDES, Side
from analysis.models.digest import file_digests, folder_digest

OVER = "over"
"""Key of the whole model below adapters, beside the sides."""


class Sides:
    """The two sides of a track, by where they lie; a track whose evidence is all recorded has none.

    It travels to wherever a shard is run as its folders and device: what was loaded here is loaded anew there.

    Args:
        folders: the model folder of each side, or the file with what was recorded of it; and under `over` the whole
            model that sides which are adapters were trained over, where that is not the base.
        device: `cpu`, `cuda` or `cuda:N`.
    """

    def __init__(self, folders: Mapping[str, Path], device: str) -> None:
        self.places = {str(side): folder for side, folder in folders.items()}
        self.folders: dict[Side, Path] = {side: folders[side] for side in SIDES if side in folders}
        self.over: Path | None = folders.get(OVER)
        self.device = device

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.places, self.device)

    def below(self, side: Side) -> Path | None:
        """The whole model that a side goes over if it is an adapter: the one that is named, else the base."""
        if self.over is not None or side == "base":
            return self.over
        return self.folders["base"]

    @cached_property
    def digests(self) -> dict[str, str]:
        """SHA-256 of each side, and of what adapters go over where it is neither."""
        return {place: self.digest(place) for place in self.places}

    def digest(self, place: str) -> str:
        """SHA-256 of one side, or of `over`. Raises AssayError where it cannot be read."""
        return folder_digest(self.places[place])

    def files(self) -> dict[str, dict[str, str]]:
        """SHA-256 of every file of each side, and of `over`, by its path in the folder."""
        return {place: file_digests(folder) for place, folder in self.places.items()}

    @property
    def parameters(self) -> int:
        """Parameters of the larger model, read without loading it; 0 where there is none to run."""
        return 0

    def load(self) -> None:
        """Load the models of both sides. Raises AssayError."""

    def __bool__(self) -> bool:
        """Whether there is something to run."""
        return len(self.folders) == len(SIDES)


class Recorded(Sides):
    """Sides of which everything was recorded: the files are what was reviewed, and there is nothing to run."""

    def __bool__(self) -> bool:
        return False


def with_over(folders: Mapping[Side, Path], over: Path | None) -> dict[str, Path]:
    """The folders of both sides, and of the whole model below adapters where one is named."""
    places = {str(side): folder for side, folder in folders.items()}
    return places if over is None else {**places, OVER: over}
