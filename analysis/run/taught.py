"""What people said of single answers in a store, which teaches the leads of its next run."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, astuple, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from analysis.plugin.registry import get
from analysis.review.reader import ReviewReader
from analysis.review.reuse import entry_digest
from analysis.review.reviewers import trusted_state
from analysis.store.run import run_names
from analysis.store.streams import journal_files

if TYPE_CHECKING:
    from analysis.base.review_records import SaidOfAnswer

_SCHEMA = pa.schema([(name, pa.string()) for name in ("track", "ref", "side", "name", "answer", "sha256")])


@dataclass(frozen=True)
class Taught:
    """What people said of answers in the run in force, by track; tracks of which nothing was said are left out."""

    labels: Mapping[str, tuple[SaidOfAnswer, ...]] = field(default_factory=dict)

    def digests(self) -> dict[str, str]:
        """SHA-256 of what was said, by track."""
        return {
            track: entry_digest({"labels": [asdict(one) for one in said]})
            for track, said in self.labels.items()
        }

    def counts(self) -> dict[str, int]:
        """How many labels there are, by track."""
        return {track: len(said) for track, said in self.labels.items()}

    def rows(self, track: str) -> pa.Table:
        """Rows of `taught` for one track."""
        said = self.labels.get(track, ())
        return pa.Table.from_pylist([{"track": track, **asdict(one)} for one in said], _SCHEMA)


def taught_by(store: Path, tracks: Collection[str]) -> Taught:
    """What people agree on in the run in force of a store; those who failed the known answers are not heard.

    Nothing where there is no such store, or nobody said anything yet.

    Raises:
        AssayError: the evidence of that run or a journal is damaged.
    """
    if not run_names(store) or next(journal_files(store), None) is None:
        return Taught()
    with ReviewReader.open(store) as reader:
        given = reader.gate_input()
        heard = replace(given, state=trusted_state(given))
        found = {
            name: tuple(sorted(get(name).said_of_answers(heard, reader.connection), key=astuple))
            for name in tracks
            if name in given.tracks
        }
    return Taught({name: said for name, said in found.items() if said})
