"""Every SQL query of the track binds to the schemas that it reads."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from analysis.base.sql import queries, sql_text
from analysis.store.run import SCHEMA, create_evidence_tables
from analysis.tracks import response

PACKAGE = response.__name__
FILES = sorted(path.name for path in Path(response.__path__[0]).glob("*.sql") if path.name != "schema.sql")
ATTACHED = {"example.sql", "figures.sql", "live.sql", "questions.sql", "report.sql"}
"""Files whose queries read a run that is attached as `evidence`, beside the events."""
QUERIES = [(file, name) for file in FILES for name in queries(PACKAGE, file)]


@pytest.fixture(scope="module")
def workbench() -> duckdb.DuckDBPyConnection:
    """The workbench of a run, before anything is in it."""
    connection = duckdb.connect(":memory:")
    connection.execute(sql_text(SCHEMA, "evidence.sql"))
    connection.execute(sql_text(PACKAGE, "schema.sql"))
    connection.execute("CREATE TEMP TABLE selected (ref VARCHAR)")
    return connection


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    """A reader of a run."""
    path = tmp_path_factory.mktemp("sql") / "evidence.duckdb"
    with duckdb.connect(path) as made:
        create_evidence_tables(made, [sql_text(SCHEMA, "evidence.sql"), sql_text(PACKAGE, "schema.sql")])
    connection = duckdb.connect(":memory:")
    connection.execute(f"ATTACH '{path}' AS evidence (READ_ONLY)")
    connection.execute(sql_text(SCHEMA, "events.sql"))
    return connection


def test_there_is_a_query_in_each_file() -> None:
    assert set(FILES) >= ATTACHED
    assert {file for file, _ in QUERIES} == set(FILES)


@pytest.mark.parametrize(("file", "name"), QUERIES, ids=[f"{file}: {name}" for file, name in QUERIES])
def test_a_query_binds_and_runs(
    workbench: duckdb.DuckDBPyConnection, reader: duckdb.DuckDBPyConnection, file: str, name: str
) -> None:
    connection = reader if file in ATTACHED else workbench
    sql = queries(PACKAGE, file)[name]
    (statement,) = connection.extract_statements(sql)
    given = dict.fromkeys(statement.named_parameters)
    plan = connection.execute(f"EXPLAIN {sql}", given).fetchall()
    assert plan
    # Without rows, what the parameters are does not matter.
    assert connection.execute(sql, given).fetchall() in ([], [(0,)])


def test_every_query_is_used() -> None:
    code = "\n".join(path.read_text("utf-8") for path in Path(response.__path__[0]).glob("*.py"))
    assert [(file, name) for file, name in QUERIES if f'"{name}"' not in code] == []
