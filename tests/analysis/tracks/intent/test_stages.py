"""Shards of the track run anywhere: settings, models and what was planned are all that they need."""

from __future__ import annotations

import pickle
from pathlib import Path

import pyarrow as pa
import pytest

from analysis.plugin.stage import PlanContext, Stage
from analysis.run import pipeline
from analysis.run.leases import Leases
from analysis.run.local_engine import LocalEngine
from analysis.run.shard_cache import ShardCache
from analysis.tracks.intent.attribution import ATTRIBUTE
from analysis.tracks.intent.intervention_stage import INTERVENE
from analysis.tracks.intent.predict import PREDICT
from analysis.tracks.intent.randomisation import MIN_EXAMPLES, RANDOMISE
from tests.analysis.tracks.intent.probed import probe, unheard


@pytest.fixture
def planned(tiny_review: Path) -> PlanContext:
    """A review whose cheap stages ran, with enough messages selected for the costly ones."""
    context, _ = probe(tiny_review)
    refs = context.workbench.execute(
        "SELECT ref FROM membership WHERE slice = 'label=escalation' ORDER BY ref LIMIT ?", [MIN_EXAMPLES]
    ).fetchall()
    pipeline._select(context.workbench, [ref for (ref,) in refs])
    return context


def on_a_copy(stage: Stage, context: PlanContext) -> list[dict[str, pa.Table]]:
    """What each shard gives where it is run with copies of context and shard, as another process would have them."""
    found = []
    for shard in stage.plan(context):
        there, copied = pickle.loads(pickle.dumps((context.for_run(), shard)))
        assert not hasattr(there, "workbench")
        found.append(stage.run(there, copied))
    return found


def here(stage: Stage, context: PlanContext) -> list[dict[str, pa.Table]]:
    return [stage.run(context.for_run(), shard) for shard in stage.plan(context)]


@pytest.mark.parametrize("stage", [PREDICT, ATTRIBUTE, INTERVENE], ids=lambda stage: stage.name)
def test_a_shard_gives_equal_rows_where_only_its_copy_is(stage: Stage, planned: PlanContext) -> None:
    expected = here(stage, planned)
    assert sum(table.num_rows for tables in expected for table in tables.values()) > 0
    found = on_a_copy(stage, planned)
    assert [sorted(tables) for tables in found] == [sorted(tables) for tables in expected]
    for there, tables in zip(found, expected, strict=True):
        assert all(there[name].equals(table) for name, table in tables.items())


def test_randomisation_takes_the_trained_attributions_with_it(planned: PlanContext) -> None:
    planned.review.store_path.mkdir(exist_ok=True)
    engine = LocalEngine(
        ShardCache(planned.review.store_path / "shards"), Leases(planned.review.store_path / "leases")
    )
    pipeline._run_step(ATTRIBUTE, planned, engine, unheard())
    expected = here(RANDOMISE, planned)
    assert expected[0]["intent_randomisation"].num_rows > 0
    (found,) = on_a_copy(RANDOMISE, planned)
    assert found["intent_randomisation"].equals(expected[0]["intent_randomisation"])
    (before,) = RANDOMISE.plan(planned)
    planned.workbench.execute("UPDATE attribution SET scores = list_reverse(scores)")
    (after,) = RANDOMISE.plan(planned)
    assert before.key["trained"] != after.key["trained"]


def test_an_attribution_shard_is_of_the_methods_that_made_it(planned: PlanContext) -> None:
    (shard,) = ATTRIBUTE.plan(planned)
    attributed = ATTRIBUTE.run(planned.for_run(), shard)["attribution"]
    assert set(shard.key["methods"]) == set(attributed["method"].to_pylist())
