"""What the run writes is declared, and what is declared is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis.base.records import ALL, Metric, MetricSide
from analysis.plugin.registry import get, specs_of
from analysis.review.session import ReviewSession
from analysis.run.pipeline import analyze
from analysis.tracks.response.known_detectors import RATED
from analysis.tracks.response.metric_specs import SPECS, TRACK
from tests.analysis.tracks.response.tiny import copy_models, write_review
from tests.analysis.tracks.response.whole import reviewed


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory, tiny_generator: Path, tiny_adapter: Path) -> Path:
    """A store of recorded answers with both models beside them: every stage but the one that answers."""
    root = tmp_path_factory.mktemp("recorded")
    copy_models(root, tiny_generator, tiny_adapter)
    # The base as what will be served: all numbers of that are written, too.
    return analyze(write_review(root, base="base", candidate="candidate", deployed="base")).store


@pytest.fixture(scope="module")
def generated(
    tmp_path_factory: pytest.TempPathFactory, tiny_generator: Path, tiny_adapter: Path
) -> list[Metric]:
    """The metrics of answers that were made by both models, with samples."""
    root = tmp_path_factory.mktemp("generated")
    copy_models(root, tiny_generator, tiny_adapter)
    changes = {"records": None, "prompts": "prompts.jsonl", "base": "base", "candidate": "candidate"}
    with reviewed(write_review(root, **changes)) as session:
        return session.metrics(TRACK)


@pytest.fixture(scope="module")
def written(recorded: Path, generated: list[Metric]) -> list[Metric]:
    with ReviewSession.open(recorded, reviewer="alice") as session:
        return [*session.metrics(TRACK), *generated]


def test_every_metric_of_a_run_is_declared_with_a_meaning(written: list[Metric]) -> None:
    specs = specs_of(TRACK)
    for one in written:
        spec = specs[one.name]
        assert one.side in spec.sides, one.name
        assert all((spec.title, spec.meaning, spec.unit)), one.name


def test_every_declared_metric_is_written_for_each_of_its_sides(written: list[Metric]) -> None:
    found = {(one.name, one.side) for one in written}
    missing = {spec.name for spec in SPECS for side in spec.sides if (spec.name, side) not in found}
    assert missing == set()


def test_what_a_gate_reads_is_written(written: list[Metric]) -> None:
    names = {one.name for one in written}
    for gate in get(TRACK).gates():
        assert gate.reads, gate.name
        assert {spec.name for spec in gate.reads} <= names, gate.name


def test_a_rate_of_hits_is_better_when_it_falls() -> None:
    specs = specs_of(TRACK)
    for one in RATED:
        for name in ("rate", "rate_matched", "rate_sampled", "broken"):
            assert specs[f"{one.name}_{name}"].better == "down"
        assert specs[f"{one.name}_fixed"].better == "up"
        assert specs[f"{one.name}_rate"].measures_on("difference") == "change"
        assert specs[f"{one.name}_rate"].measures_on("candidate") == "level"


def test_a_gate_result_says_what_its_value_is(recorded: Path) -> None:
    with ReviewSession.open(recorded, reviewer="alice") as session:
        for gate in session.gates():
            if gate.track != TRACK or gate.metric is None:
                continue
            spec = session.gate_input().specs[TRACK][gate.metric]
            side: MetricSide = "candidate" if gate.metric in ("win_rate", "artefact_logp") else "difference"
            assert (gate.measures, gate.unit, gate.better) == (spec.measures_on(side), spec.unit, spec.better)
            assert gate.criteria
        spoilers = next(one for one in session.gates() if one.key == "response.spoilers")
        assert (spoilers.measures, spoilers.better) == ("change", "down")
        assert spoilers.value == next(
            one.value for one in session.metrics(TRACK, "spoilers_rate", ALL) if one.side == "difference"
        )
