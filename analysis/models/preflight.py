"""What `assay check` reads of both models of a track."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar

from analysis.base.problems import Problem, attempt
from analysis.base.records import SIDES, Side
from analysis.models.adapter import is_adapter
from analysis.models.sides import OVER

_NO_USE = "remove over, or give the folder of an adapter as base or candidate"

Head_co = TypeVar("Head_co", covariant=True)


class Headed(Protocol[Head_co]):
    """Sides of which each says what its files hold, without loading a model."""

    @property
    def folders(self) -> Mapping[Side, Path]: ...

    @property
    def over(self) -> Path | None: ...

    def digest(self, place: str) -> str: ...

    def head(self, side: Side) -> Head_co: ...


def sound_heads(pair: Headed[Head_co], problems: list[Problem]) -> Iterator[tuple[Side, Head_co, str]]:
    """Head and SHA-256 of each side that can be read; what is wrong with a side is added to `problems`."""
    before = len(problems)
    if pair.over is not None:
        attempt(partial(pair.digest, OVER), problems)
        if not any(is_adapter(pair.folders[side]) for side in SIDES):
            problems.append(
                Problem("is named as what adapters go over, and neither side is one", str(pair.over), _NO_USE)
            )
    for side in SIDES:
        digest = attempt(partial(pair.digest, side), problems)
        # What is wrong with the base is said once, and not again by the adapter over it.
        over_a_broken_base = side == "candidate" and len(problems) > before and is_adapter(pair.folders[side])
        head = None if over_a_broken_base else attempt(partial(pair.head, side), problems)
        if head is not None and digest is not None:
            yield side, head, digest
