"""A workbench with a few prompts and responses, for stages of the response track."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from analysis.base.records import ALL
from analysis.models.generator import GeneratorPair
from analysis.models.sides import Sides
from analysis.plugin.registry import registered
from analysis.plugin.stage import Stage, StageContext
from analysis.run.pipeline import insert_arrow
from analysis.run.review_file import load_review
from analysis.tracks.response.load_data import side_table
from tests.analysis.tracks.response.tiny import core_track


def workbench(responses: Sequence[tuple[str, str, str, str]]) -> duckdb.DuckDBPyConnection:
    """Tables of the track with rows of (id, prompt, base's response, candidate's), all selected."""
    connection = duckdb.connect(":memory:")
    for schema in ("evidence.sql", "response.sql"):
        connection.execute(files("analysis.store").joinpath("schema", schema).read_text("utf-8"))
    refs = [f"response/prompt:{name}" for name, *_ in responses]
    for ref, (name, prompt, *_) in zip(refs, responses, strict=True):
        connection.execute(
            "INSERT INTO example VALUES (?, 'response', 'prompt', ?, NULL, ?, NULL, ?)",
            [ref, name, prompt, name],
        )
        connection.execute("INSERT INTO membership VALUES ('all', 'response', ?)", [ref])
    connection.execute("INSERT INTO slice VALUES (?, 'response', 'all', false, '', ?)", [ALL, len(refs)])
    for index, side in enumerate(("base", "candidate")):
        texts = [row[2 + index] for row in responses]
        insert_arrow(
            connection, "response_side", side_table(refs, [side] * len(refs), texts, ["recorded"] * len(refs))
        )
    connection.execute("CREATE TEMP TABLE selected (ref VARCHAR)")
    insert_arrow(connection, "selected", pa.table({"ref": refs}))
    return connection


def context(
    connection: duckdb.DuckDBPyConnection, review: Path, folders: Iterable[Path] = ()
) -> StageContext:
    """What the stages are given; without folders there are no models."""
    with registered(core_track()):
        loaded = load_review(review)
    base_and_candidate = list(folders)
    models: Sides = GeneratorPair(
        {"base": base_and_candidate[0], "candidate": base_and_candidate[1]} if base_and_candidate else {},
        "cpu",
    )
    return StageContext("response", loaded.tracks["response"], loaded, connection, models)


def run(stage: Stage, given: StageContext) -> list[dict[str, pa.Table]]:
    """Run a stage and put its rows into the workbench."""
    found = [stage.run(given, shard) for shard in stage.shards(given)]
    for tables in found:
        for name, table in tables.items():
            insert_arrow(given.workbench, name, table)
    return found


def rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    """The answer to a query, a dictionary a row."""
    return connection.execute(query).to_arrow_table().to_pylist()
