"""Retrieval reviews with maps, drawn or withheld, analysed from stored vectors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from analysis.base.records import SIDES
from analysis.run.pipeline import analyze
from analysis.tracks.retrieval.vectors import Attribute, EmbeddingSpace
from tests.analysis.tracks.retrieval.spaces import catalogue, space_of, unit, with_candidate
from tests.analysis.tracks.retrieval.tiny import write_lines, write_review, write_vectors

QUERY = "retrieval/query:q0000"


def regrouped(count: int = 120) -> EmbeddingSpace:
    """Items that the base groups by theme and the candidate by publisher, too."""
    space = catalogue(seed=2, count=count, queries=3)
    publisher = next(one for one in space.attributes if one.name == "publisher").codes
    centres = np.random.default_rng(5).normal(size=(6, space.vectors["base"].shape[1]))
    return with_candidate(space, unit(space.vectors["base"] + 1.2 * unit(centres)[publisher]))


def noise(count: int = 120) -> EmbeddingSpace:
    """Items whose vectors hold nothing."""
    rng = np.random.default_rng(7)
    base, candidate = (unit(rng.normal(size=(count, 200))) for _ in range(2))
    space = catalogue(seed=2, count=count, queries=3)
    return replace(space_of(base, candidate, space.attributes), queries=[], query_vectors={}, ranking={})


def analysed(folder: Path, space: EmbeddingSpace, titles: Mapping[int, str] | None = None) -> Path:
    """The store of an analysed review of those items and queries; some items may have other titles."""
    folder.mkdir()
    items = [
        {"id": _id(ref), "text": f"text of {ref}", "title": (titles or {}).get(row, f"Title {row}")}
        | {one.name: _value(one, row) for one in space.attributes}
        for row, ref in enumerate(space.refs)
    ]
    for side in SIDES:
        rows = {_id(ref): vector for ref, vector in zip(space.refs, space.vectors[side], strict=True)}
        if space.queries:
            rows |= {
                _id(ref): vector for ref, vector in zip(space.queries, space.query_vectors[side], strict=True)
            }
        write_vectors(folder / f"{side}.parquet", rows)
    path = write_review(
        folder,
        base="base.parquet",
        candidate="candidate.parquet",
        group_by=["theme"],
        must_keep=[],
        not_by=["publisher", "popularity"],
        probes="probes.jsonl" if space.queries else None,
        hard_negatives=None,
        k=10,
        critical_slices=[],
    )
    write_lines(folder / "items.jsonl", items)
    write_lines(folder / "probes.jsonl", [{"id": _id(ref), "query": f"asks {ref}"} for ref in space.queries])
    return analyze(path).store


def _id(ref: str) -> str:
    return ref.partition(":")[2]


def _value(attribute: Attribute, row: int) -> Any:
    if attribute.kind == "numeric":
        return float(attribute.numbers[row])
    return attribute.labels[attribute.codes[attribute.starts[row]]]
