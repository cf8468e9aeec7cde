"""Every number of a retrieval run is declared, with its meaning."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from analysis.base.records import ALL, SIDES
from analysis.plugin.metric import spec_by_name
from analysis.run.pipeline import analyze
from analysis.tracks.retrieval.map_limits import QUALITIES
from analysis.tracks.retrieval.metric_specs import SPECS
from tests.analysis.tracks.retrieval.gate_inputs import GATES

Written = dict[str, set[str]]


@pytest.fixture
def written(tiny_retrieval_review: Path) -> Written:
    """The sides of each metric of a small run, by name."""
    made = analyze(tiny_retrieval_review)
    evidence = made.store / "runs" / made.run / "evidence.duckdb"
    with duckdb.connect(str(evidence), read_only=True) as connection:
        found = connection.execute(
            "SELECT name, list(DISTINCT side) FROM metric WHERE track = 'retrieval' GROUP BY name"
        ).fetchall()
    return {name: set(sides) for name, sides in found}


def test_a_run_writes_what_is_declared_and_nothing_else(written: Written) -> None:
    specs = spec_by_name(SPECS)
    assert written.keys() == specs.keys()
    for name, sides in written.items():
        assert sides == set(specs[name].sides), name


def test_gates_read_what_a_run_has(written: Written) -> None:
    for gate in GATES:
        assert gate.reads
        assert {spec.name for spec in gate.reads} <= written.keys()


def test_each_says_in_a_line_what_it_is() -> None:
    for spec in SPECS:
        assert spec.title, spec
        assert len(spec.meaning.split()) > 4, spec
        assert len(spec.meaning) <= 110, spec
        assert spec.unit, spec
        assert spec.measures == "count" or spec.unit not in ("queries", "pairs")
        assert spec.sides in (("difference",), SIDES, (*SIDES, "difference"))


def test_the_limits_of_a_map_are_of_declared_measures() -> None:
    specs = spec_by_name(SPECS)
    assert [quality.spec for quality in QUALITIES] == [specs[quality.metric] for quality in QUALITIES]
    assert ALL not in specs
