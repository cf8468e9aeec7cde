"""A store of very many messages, for measuring what their number costs; made by the product's own writers."""

from __future__ import annotations

import tempfile
from pathlib import Path

import duckdb

from analysis.base.sql import column, identifier, queries, quote, sql_text
from analysis.plugin.registry import get
from analysis.store.run import (
    PUBLISHED,
    SCHEMA,
    attach,
    create_store,
    current_run,
    open_store,
    publish,
    read_description,
)

_SQL = queries(__package__, "large_store.sql")
OF_EXAMPLE = ("intent_side", "intent_shift", "metadata_intent", "membership")
"""Tables with rows of every message."""
METHODS = ("lrp", "occlusion")
"""Methods that every message is attributed by, on both sides."""
EVERY = 100
"""One message in so many is contested, and one in so many flagged outside the queue."""


def grow(small: Path, folder: Path, examples: int) -> Path:
    """Publish the run in force of a small store again with so many more messages.

    Texts, predictions, attributions and slices of the messages are those of the small run, repeated; queue, metrics and
    gates are its own. What `assay analyze` computes is not measured by it, but what a reader of its store pays.

    Args:
        small: a store with a track `intent`.
        folder: where the new store goes; a new folder.
        examples: how many messages are added.

    Returns:
        The new store.

    Raises:
        AssayError: `small` is no store, or the new one cannot be written.
    """
    path = open_store(small)
    description = read_description(path, current_run(path))
    kept = {name: value for name, value in description.items() if name not in PUBLISHED}
    kept["determined_by"] = {**kept["determined_by"], "grown_by": examples}
    schemas = [
        sql_text(SCHEMA, "evidence.sql"),
        *(sql for name in description["tracks"] if (sql := get(name).schema())),
    ]
    with (
        tempfile.TemporaryDirectory(dir=folder.parent) as beside,
        duckdb.connect(f"{beside}/workbench.duckdb") as workbench,
    ):
        for schema in schemas:
            workbench.execute(schema)
        attach(workbench, path, current_run(path), "small")
        _copy(workbench)
        workbench.execute(_SQL["copied"], {"examples": examples})
        for name in ("example", "searched"):
            workbench.execute(_SQL[name])
        for table in OF_EXAMPLE:
            workbench.execute(_SQL["of_example"].format(table=identifier(table)))
        workbench.execute(_SQL["attribution"], {"methods": list(METHODS)})
        for name in ("contested", "flag"):
            workbench.execute(_SQL[name], {"every": EVERY})
        workbench.execute(_SQL["counted"])
        workbench.execute("DETACH small")
        store = create_store(folder)
        publish(store, workbench, kept, schemas=schemas)
    return store


def _copy(workbench: duckdb.DuckDBPyConnection) -> None:
    """The small run's own rows, as they were before they were published."""
    of = "SELECT table_name FROM duckdb_tables() WHERE database_name = "
    own = column(workbench, f"{of}{quote('workbench')}")
    metadata = column(workbench, _SQL["metadata"])
    for table in (*own, *metadata):
        name = identifier(table)
        if table == "meta":
            continue
        columns = column(workbench, f"SELECT column_name FROM (DESCRIBE small.{name})")
        chosen = ", ".join(identifier(one) for one in columns if one != "ref_key")
        begin = f"INSERT INTO {name} BY NAME" if table in own else f"CREATE TABLE {name} AS"
        workbench.execute(f"{begin} SELECT {chosen} FROM small.{name}")
