"""Every query of the track binds and explains against the tables that it reads, with parameters by name."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

import analysis.tracks.intent as package
from analysis.base.sql import queries
from analysis.run import pipeline
from analysis.tracks.intent.attribution import LICENCE_SCHEMA
from analysis.tracks.intent.counterfactual import plan_table
from tests.analysis.tracks.intent.probed import attached_run, make_tables

PACKAGE = package.__name__
FILES = sorted(one.name for one in files(PACKAGE).iterdir() if one.name.endswith(".sql"))
NAMED = [(file, name) for file in FILES if file != "schema.sql" for name in queries(PACKAGE, file)]
GIVEN: dict[str, object] = {
    **dict.fromkeys(
        (
            "seed",
            "unknown",
            "track",
            "all",
            "name",
            "ref",
            "target",
            "label",
            "cue",
            "method",
            "operation",
            "source",
        ),
        "a",
    ),
    "population": "critical",
    "way": 1,
    "thresholds": [0.5, 0.8],
    "slices": ["a"],
    **{one: ["a", "b"] for one in ("labels", "critical", "methods", "refs")},
    **dict.fromkeys(
        (
            "min_class",
            "cues",
            "kept",
            "least",
            "least_other",
            "least_critical",
            "shown",
            "limit",
            "key",
            "weighed",
            "movers",
            "movers_from",
            "of_all",
            "of_slice",
            "bins",
            "steps",
            "found_cues",
        ),
        3,
    ),
    **dict.fromkeys(("moved", "shift_other", "shift_critical", "leans", "drops"), 0.5),
    **dict.fromkeys(
        ("share_of_base", "confident", "cliff", "threshold", "tolerated", "crowding", "few_sent"), 0.5
    ),
}


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """A workbench without rows, with what the stages put beside its tables, and a run attached as `evidence`."""
    with attached_run() as opened:
        make_tables(opened)
        pipeline._select(opened, [])
        opened.register("incoming", pa.Table.from_pylist([], LICENCE_SCHEMA))
        opened.register("incoming_plan", plan_table([]))
        opened.execute(queries(PACKAGE, "drift.sql")["keep_states"])
        for name in ("keep_plan", "log_odds_of_targets"):
            sql = queries(PACKAGE, "stages.sql")[name]
            opened.execute(sql, {one: GIVEN[one] for one in parameters(sql)})
        yield opened


def parameters(sql: str) -> set[str]:
    """What a query is given; one statement alone may be a query."""
    (statement,) = duckdb.extract_statements(sql)
    return set(statement.named_parameters)


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_a_query_explains_with_its_parameters_by_name(
    connection: duckdb.DuckDBPyConnection, file: str, name: str
) -> None:
    sql = queries(PACKAGE, file)[name]
    wanted = parameters(sql)
    assert not {one for one in wanted if one.isdigit()}
    plan = connection.execute(f"EXPLAIN {sql}", {one: GIVEN[one] for one in wanted}).fetchall()
    assert plan


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_a_query_reads_the_run_where_its_file_says_so(file: str, name: str) -> None:
    of_a_run = {
        "example.sql",
        "figures.sql",
        "options.sql",
        "probes.sql",
        "questions.sql",
        "report.sql",
        "wrong_gold.sql",
    }
    # Of files whose other queries read the workbench.
    some = {("live.sql", "example"), ("live.sql", "chosen_options"), ("found.sql", "searched")}
    reads_run = "evidence." in queries(PACKAGE, file)[name]
    assert reads_run == (file in of_a_run or (file, name) in some)


def sources() -> list[tuple[Path, str]]:
    root = Path(str(files(PACKAGE)))
    return [(path, path.read_text("utf-8")) for path in sorted(root.rglob("*.py"))]


def test_every_query_is_asked_by_a_module() -> None:
    code = "\n".join(text for _, text in sources())
    assert [(file, name) for file, name in NAMED if f'"{name}"' not in code] == []


def test_no_module_holds_the_text_of_a_query() -> None:
    held = [
        (path.name, node.lineno)
        for path, text in sources()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and re.search(r"\b(SELECT|INSERT|UPDATE|CREATE)\b", node.value)
    ]
    assert held == []
