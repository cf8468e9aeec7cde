"""What a track compares: the folder or file of each side, its digests, and how large the models are."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from analysis.base.records import SIDES, Side
from analysis.models.digest import file_digests, folder_digest


class Sides:
    """The two sides of a track, by where they lie; a track whose evidence is all recorded has none.

    It travels to wherever a shard is run as its folders and device: what was loaded here is loaded anew there.

    Args:
        folders: the model folder of each side, or the file with what was recorded of it.
        device: `cpu`, `cuda` or `cuda:N`.
    """

    def __init__(self, folders: Mapping[Side, Path], device: str) -> None:
        self.folders: dict[Side, Path] = dict(folders)
        self.device = device

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.folders, self.device)

    @cached_property
    def digests(self) -> dict[Side, str]:
        """SHA-256 of each side."""
        return {side: self.digest(side) for side in self.folders}

    def digest(self, side: Side) -> str:
        """SHA-256 of one side. Raises AssayError where it cannot be read."""
        return folder_digest(self.folders[side])

    def files(self) -> dict[Side, dict[str, str]]:
        """SHA-256 of every file of each side, by its path in the folder."""
        return {side: file_digests(folder) for side, folder in self.folders.items()}

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
