"""What the run writes is declared, and what is declared is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis.base.records import Metric, MetricSide
from analysis.plugin.metric import spec_by_name
from analysis.plugin.registry import get
from analysis.review.session import ReviewSession
from analysis.run.pipeline import analyze
from analysis.tracks.response.metric_specs import NET_RISE, TRACK, specs_for
from tests.analysis.tracks.response.tiny import BEHAVIOURS, copy_models, write_review
from tests.analysis.tracks.response.whole import reviewed

SPECS = specs_for(one["name"] for one in BEHAVIOURS)


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
    specs = spec_by_name(SPECS)
    for one in written:
        spec = specs[one.name]
        assert one.side in spec.sides, one.name
        assert all((spec.title, spec.meaning, spec.unit)), one.name


def test_every_declared_metric_is_written_for_each_of_its_sides(written: list[Metric]) -> None:
    found = {(one.name, one.side) for one in written}
    missing = {spec.name for spec in SPECS for side in spec.sides if (spec.name, side) not in found}
    # What people's labels tell is worked out with every look at the review; and nobody is asked about any of others, so
    # that of samples only the leads of its parts are counted.
    assert missing == {NET_RISE.name, "hallucinates_leads_sampled"}


def test_what_a_gate_reads_is_written(written: list[Metric]) -> None:
    names = {one.name for one in written}
    for gate in get(TRACK).gates():
        assert gate.reads, gate.name
        assert {spec.name for spec in gate.reads} <= names | {NET_RISE.name}, gate.name


def test_what_leads_point_at_is_better_when_it_falls_and_is_called_no_rate() -> None:
    specs = spec_by_name(SPECS)
    for one in BEHAVIOURS:
        for name in ("leads", "leads_matched", "leads_sampled", "new", "unread"):
            assert specs[f"{one['name']}_{name}"].better == "down"
        assert specs[f"{one['name']}_gone"].better == "up"
        leads = specs[f"{one['name']}_leads"]
        assert (leads.measures_on("difference"), leads.measures_on("candidate")) == ("change", "level")
        assert "leads see a fault" in leads.meaning
        assert "people's labels say" in leads.meaning
    assert specs["hands_over_leads"].title == "hands over (leads)"


def test_a_gate_result_says_what_its_value_is(recorded: Path) -> None:
    with ReviewSession.open(recorded, reviewer="alice") as session:
        for gate in session.gates():
            if gate.track != TRACK or gate.metric is None:
                continue
            spec = session.gate_input().specs[TRACK][gate.metric]
            side: MetricSide = "candidate" if gate.metric in ("win_rate", "artefact_logp") else "difference"
            assert (gate.measures, gate.unit, gate.better) == (spec.measures_on(side), spec.unit, spec.better)
            assert gate.criteria
        spoils = next(one for one in session.gates() if one.key == "response.spoils")
        assert (spoils.metric, spoils.measures, spoils.better) == ("net_rise", "change", "down")
        # What leads point at is never its value.
        assert spoils.value is None
