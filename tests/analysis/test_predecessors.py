"""Examples that failed in a previous review are found whatever their track asks of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from analysis.base.sql import identifier, quote
from analysis.plugin.registry import get
from analysis.review.reuse import CandidateRun
from analysis.run.predecessors import pinned
from analysis.store.run import current_run
from tests.tui.response_fixture import publish_response
from tests.tui.retrieval_fixture import analysed_retrieval


def workbench_of(store: Path) -> duckdb.DuckDBPyConnection:
    """The tables of a published run, as a run in progress has them."""
    workbench = duckdb.connect(":memory:")
    evidence = store / "runs" / current_run(store) / "evidence.duckdb"
    workbench.execute(f"ATTACH {quote(evidence)} AS published (READ_ONLY)")
    tables = """
        SELECT table_name FROM duckdb_tables()
        WHERE database_name = 'published' AND table_name NOT IN ('packed', 'slice_set', 'ref_page')
        UNION ALL SELECT view_name FROM duckdb_views() WHERE database_name = 'published' AND NOT internal"""
    for (name,) in workbench.execute(tables).fetchall():
        workbench.execute(f"CREATE TABLE {identifier(name)} AS SELECT * FROM published.{identifier(name)}")
    workbench.execute("DETACH published")
    return workbench


@pytest.mark.parametrize(
    ("track", "make"), [("retrieval", analysed_retrieval), ("response", publish_response)]
)
def test_what_failed_and_is_answered_differently_is_pinned(
    tmp_path: Path, track: str, make: Callable[[Path], Path]
) -> None:
    store = make(tmp_path / "made")
    workbench = workbench_of(store)
    contents = dict(workbench.execute("SELECT ref, sha256 FROM example").fetchall())
    before = CandidateRun("rc0", "v0", "0" * 12, {}, {}, wrong={**contents, f"{track}/none:x": "0"})
    found = {flag.ref for flag in pinned(workbench, get(track), [before])}
    assert 0 < len(found) < len(contents)
    changed = CandidateRun("rc0", "v0", "0" * 12, {}, {}, wrong=dict.fromkeys(contents, "another text"))
    assert pinned(workbench, get(track), [changed]) == []
    workbench.execute(
        f"ATTACH {quote(store / 'runs' / current_run(store) / 'evidence.duckdb')} AS evidence (READ_ONLY)"
    )
    for ref in contents:
        question = get(track).ask(workbench, ref)
        assert (ref in found) == (question is not None and question.differs), ref
