"""Published retrieval reviews with maps, drawn or withheld, made by the stage's own functions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from analysis.run.pipeline import insert_arrow
from analysis.store.run import create_store, publish
from analysis.tracks.retrieval.map_stage import map_tables
from analysis.tracks.retrieval.vectors import Space
from tests.analysis.store_fixture import describe
from tests.analysis.tracks.retrieval.spaces import catalogue, space_of, unit, with_candidate, workbench

QUERY = "retrieval/query:q0000"


def regrouped(count: int = 120) -> Space:
    """Items that the base groups by theme and the candidate by publisher, too."""
    space = catalogue(seed=2, count=count, queries=3)
    publisher = next(one for one in space.attributes if one.name == "publisher").codes
    centres = np.random.default_rng(5).normal(size=(6, space.vectors["base"].shape[1]))
    return with_candidate(space, unit(space.vectors["base"] + 1.2 * unit(centres)[publisher]))


def noise(count: int = 120) -> Space:
    """Items whose vectors hold nothing."""
    rng = np.random.default_rng(7)
    base, candidate = (unit(rng.normal(size=(count, 200))) for _ in range(2))
    space = catalogue(seed=2, count=count, queries=3)
    return replace(space_of(base, candidate, space.attributes), queries=[], query_vectors={}, ranking={})


def publish_maps(folder: Path, space: Space, titles: Mapping[int, str] | None = None) -> Path:
    """Publish a review of those items, with their maps."""
    named = [(titles or {}).get(row, f"Title {row}") for row in range(len(space.refs))]
    connection = workbench(replace(space, titles=named), {}, {}, {})
    for name, table in map_tables(space, "tsne", seed=0).items():
        insert_arrow(connection, name, table)
    moved = [(ref, 0.1 * (row % 10)) for row, ref in enumerate(space.refs)]
    connection.executemany("INSERT INTO retrieval_shift VALUES (?, ?, [], [], 0.5)", moved)
    connection.execute("CREATE TABLE metadata_retrieval AS SELECT ref FROM example")
    description = describe()
    models = {side: {"folder": f"encoder-{side}", "digest": side[0] * 64} for side in ("base", "candidate")}
    tracks = {"retrieval": {"examples": len(space.refs), "data": "d" * 64, "metadata": "e" * 64}}
    description["determined_by"] |= {"models": {"retrieval": models}, "tracks": tracks}
    description["determined_by"] |= {"lexicons": {}, "versions": {}}
    description |= {
        "tracks": ["retrieval"],
        "schemas": ["evidence.sql", "retrieval.sql"],
        "gate_settings": {
            "retrieval": {
                "group_by": ["theme"],
                "must_keep": [],
                "not_by": ["publisher", "popularity"],
                "probes": False,
                "hard_negatives": False,
                "k": 10,
            }
        },
        "model_files": {"retrieval": {"base": {}, "candidate": {}}},
    }
    store = create_store(folder)
    try:
        publish(store, connection, description)
    finally:
        connection.close()
    return store
