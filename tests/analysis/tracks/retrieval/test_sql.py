"""Every named query of the retrieval track binds to the tables that it says it reads."""

from __future__ import annotations

import re
from collections.abc import Iterator

import duckdb
import pyarrow as pa
import pytest

import analysis.tracks.retrieval as package
from analysis.base.sql import queries, sql_text
from analysis.plugin.registry import get
from analysis.store.run import SCHEMA, create_evidence_tables
from analysis.tracks.retrieval.flags import QUERIES as FLAG_QUERIES

ATTACHED = ("example_context.sql", "maps.sql", "questions.sql", "report.sql")
"""Files that read a run attached as `evidence`."""
WORKBENCH = ("stages.sql", "contested.sql", "flags.sql", "known_answers.sql")
"""Files that read the workbench of a run."""
GIVEN: dict[str, object] = {
    "all": "all",
    "attribute": "theme",
    "confounds": "c",
    "cutoff": 10,
    "grouping": "g",
    "item": "i",
    "k": 10,
    "key": 1,
    "kept": ["theme"],
    "kind": "item",
    "kinds": ["item"],
    "least": 0.02,
    "least_change": 0.05,
    "least_net": 2,
    "least_toward": 0.2,
    "limit": 5,
    "method": "tsne",
    "min_slice": 20,
    "most_overlap": 0.5,
    "names": ["recall"],
    "negatives": "n",
    "per_gate": 12,
    "probes": "p",
    "queries": "retrieval/query:%",
    "ref": "retrieval/item:i0",
    "refs": ["retrieval/item:i0"],
    "rounding": 1e-9,
    "side": "base",
    "sign": 1,
    "slices": None,
    "titles": ["Blue Tide"],
    "track": "retrieval",
    "unwanted": ["publisher"],
    "variants": True,
}
"""A value of each parameter."""
REGISTERED = {
    "neighbours": ("ref",),
    "fill_edit_plan": ("ref", "item_ref", "donor", "attribute", "old", "new"),
    "fill_edit_why": ("attribute", "why"),
}
"""Columns of the table `incoming` that a query reads."""
ALL_QUERIES = [(file, name) for file in (*ATTACHED, *WORKBENCH) for name in queries(package.__name__, file)]


def parameters(sql: str) -> dict[str, object]:
    """The parameters that a query names."""
    return {name: GIVEN[name] for name in set(re.findall(r"\$(\w+)", sql))}


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """The schemas as the workbench and as an attached run, with the temporary tables of stages and flags."""
    found = duckdb.connect(":memory:")
    schemas = (sql_text(SCHEMA, "evidence.sql"), get("retrieval").schema())
    found.execute("ATTACH ':memory:' AS evidence")
    found.execute("USE evidence")
    create_evidence_tables(found, schemas)
    found.execute("USE memory")
    for schema in schemas:
        found.execute(schema)
    for file in WORKBENCH:
        for name, sql in queries(package.__name__, file).items():
            if name.startswith("make_"):
                found.execute(sql, parameters(sql))
    yield found
    found.close()


@pytest.mark.parametrize(("file", "name"), ALL_QUERIES)
def test_a_query_binds(connection: duckdb.DuckDBPyConnection, file: str, name: str) -> None:
    sql = queries(package.__name__, file)[name]
    incoming = {column: pa.array([], pa.string()) for column in REGISTERED.get(name, ("ref",))}
    connection.register("incoming", pa.table(incoming))
    plan = connection.execute(f"EXPLAIN {sql}", parameters(sql)).fetchall()
    assert plan


def test_a_run_is_read_by_its_name_alone() -> None:
    """What reads an attached run says so at every table, and what reads the workbench nowhere."""
    for file in ATTACHED:
        for name, sql in queries(package.__name__, file).items():
            assert not re.findall(r"(?:FROM|JOIN)\s+(?:retrieval_|example\b|metric\b|slice\b)", sql), (
                file,
                name,
            )
    for file in WORKBENCH:
        assert "evidence." not in "".join(queries(package.__name__, file).values())


def test_every_reason_has_its_query() -> None:
    names = {name for _, name in FLAG_QUERIES}
    others = {name for name in queries(package.__name__, "flags.sql") if not name.startswith("make_")}
    assert names == others
    assert len({reason for reason, _ in FLAG_QUERIES}) == len(FLAG_QUERIES)
