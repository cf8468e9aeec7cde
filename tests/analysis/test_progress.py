"""How far a stage is and how long it will take: shards of different cost, one that is run, plans that are wrong."""

from __future__ import annotations

import io
import pickle
import sys
from pathlib import Path

import pytest
import torch
from transformers import BertConfig, BertForSequenceClassification

from analysis.models.passes import BACKWARD, counted
from analysis.plugin.stage import RunContext, Shard, StageProgress
from analysis.run.leases import Leases
from analysis.run.local_engine import LocalEngine
from analysis.run.pipeline import _run_stage
from analysis.run.progress import NEARLY, StageClock
from analysis.run.run_clock import RunClock
from analysis.run.shard_cache import ShardCache
from analysis.tracks.intent.attribution import ATTRIBUTE, QUEUED, text_cost
from analysis.tracks.intent.cost import explanation_tokens, licence_tokens
from analysis.tracks.intent.phases import Phase, Phases
from analysis.tracks.intent.predict import PREDICT
from tests.analysis.tracks.intent.probed import probe
from tui.commands.analysis_progress import PlainProgress, left_text


class Clocked:
    """A stage clock whose time is set by hand, and what it told."""

    def __init__(self, costs: list[float | None], size: int = 10) -> None:
        self.time = 0.0
        self.done = 0
        self.told: list[StageProgress] = []
        shards = [Shard({"n": n}, None, size, cost) for n, cost in enumerate(costs)]
        self.clock = StageClock("s", shards, self.told.append, lambda: self.time)

    def run(self, seconds: float, *reports: tuple[float, float, float]) -> None:
        """Run one shard; of each report the second at which it comes, and what it says."""
        began, number = self.time, self.done
        self.done += 1
        self.clock.start(number)
        for at, done, planned in reports:
            self.time = began + at
            self.clock.hear(done, planned)
        self.time = began + seconds
        self.clock.finish(number)


def test_the_time_left_goes_by_what_shards_cost_and_not_by_their_examples() -> None:
    one = Clocked([1.0, 3.0, 6.0])
    one.run(2.0)
    assert (one.told[-1].done, one.told[-1].total, one.told[-1].eta_s) == (10, 30, pytest.approx(18.0))
    one.run(6.0)
    assert (one.told[-1].done, one.told[-1].eta_s) == (20, pytest.approx(12.0))
    one.run(12.0)
    assert (one.told[-1].eta_s, one.told[-1].shards_done) == (0.0, 3)


def test_without_costs_every_example_counts_the_same() -> None:
    one = Clocked([None, None])
    one.run(4.0)
    assert one.told[-1].eta_s == pytest.approx(4.0)


def test_a_shard_that_is_being_run_is_told_of_now_and_then() -> None:
    one = Clocked([1.0, 1.0], size=64)
    one.run(20.0, (0.1, 1, 100), (5.0, 25, 100), (5.2, 26, 100), (10.0, 50, 100))
    assert [(event.done, event.shards_done) for event in one.told] == [(16, 0), (32, 0), (64, 1)]
    assert [event.eta_s for event in one.told] == pytest.approx([35.0, 30.0, 20.0])


def test_a_plan_that_is_too_small_or_too_large_corrects_those_to_come() -> None:
    one = Clocked([1.0, 1.0, 1.0])
    one.run(10.0, (5.0, 100, 100), (9.0, 200, 100))
    # It never says of a shard that it is done before it is.
    assert [event.done for event in one.told[:2]] == [int(10 * NEARLY)] * 2
    one.run(10.0, (5.0, 100, 100))
    assert one.told[-2].done == 15
    assert one.told[-2].eta_s == pytest.approx(15.0)


def test_what_came_from_the_cache_tells_nothing_of_speed() -> None:
    one = Clocked([1.0, 1.0, 2.0])
    one.clock.finish(0, cached=True)
    one.done = 1
    assert (one.told[-1].cached, one.told[-1].eta_s) == (10, None)
    one.run(3.0)
    assert one.told[-1].eta_s == pytest.approx(6.0)


def test_of_what_nobody_can_plan_it_is_told_that_it_goes_on() -> None:
    one = Clocked([1.0])
    one.run(2.0, (0.2, 5, 0), (1.0, 50, 0))
    assert [(event.done, event.elapsed_s, event.eta_s) for event in one.told] == [
        (0, 1.0, None),
        (10, 2.0, 0.0),
    ]


def test_passes_are_counted_by_tokens_and_by_whether_gradients_are_taken() -> None:
    config = BertConfig(
        vocab_size=20, hidden_size=8, num_hidden_layers=1, num_attention_heads=1, intermediate_size=8
    )
    model = BertForSequenceClassification(config).eval()
    told: list[float] = []
    with counted([model, model], told.append):
        with torch.inference_mode():
            model(input_ids=torch.ones(3, 5, dtype=torch.long))
        model(inputs_embeds=torch.zeros(2, 4, 8))
        model(torch.ones(1, 2, dtype=torch.long))
    expected = [0, 15, 15 + BACKWARD * 8, 15 + BACKWARD * 10]
    assert told == expected
    model(input_ids=torch.ones(1, 1, dtype=torch.long))
    assert told == expected


def test_long_texts_cost_more_than_their_share() -> None:
    short, long = (text_cost("word " * count, False, 512, QUEUED) for count in (10, 300))
    assert long > 30 * short
    assert licence_tokens(0, 2) == 0
    for method in QUEUED:
        more = explanation_tokens(method, 10, 12, 2) > explanation_tokens(method, 10, 12, 1)
        assert more == method.contrastive


def test_a_phase_corrects_those_of_its_kind() -> None:
    told: list[tuple[float, float]] = []
    context = RunContext("t", None, 0, None, listener=lambda *said: told.append(said))  # type: ignore[arg-type]
    phases = Phases(context, [Phase("steps", 100), Phase("test", 50), Phase("steps", 200), Phase("test", 50)])
    phases.hear(0)
    phases.hear(150)  # more than was planned for it: the rest is still to come
    phases.next()
    phases.hear(160)
    phases.hear(170)
    phases.next()
    phases.hear(170)
    phases.hear(470)
    phases.next()
    phases.hear(490)
    phases.next()
    phases.hear(490)
    assert told == [
        (0, 400),
        (150, 450),
        (160, 150 + 50 + 300 + 50),
        (170, 150 + 50 + 300 + 50),
        (170, 150 + 20 + 300 + 20),
        (470, 470 + 20),
        (490, 490),
        (490, 490),
    ]


def test_later_shards_are_planned_by_what_earlier_ones_needed() -> None:
    told: list[tuple[float, float]] = []
    context = RunContext("t", None, 0, None, listener=lambda *said: told.append(said))  # type: ignore[arg-type]
    first = Phases(context, [Phase("steps", 100)])
    first.hear(300)
    first.next()
    for _ in range(2):
        Phases(context, [Phase("steps", 200), Phase("test", 50)]).hear(0)
    assert told[-2:] == [(0, 600 + 50), (0, 600 + 50)]
    # What one process has learned is no part of what is sent to another.
    assert pickle.dumps(context) == pickle.dumps(RunContext("t", None, 0, None))  # type: ignore[arg-type]


def test_a_listener_stays_in_its_process_and_names_no_result(tiny_review: Path) -> None:
    context = probe(tiny_review)[0].for_run()
    heard: list[tuple[float, float]] = []
    listening = RunContext(
        context.track,
        context.settings,
        context.seed,
        context.models,
        listener=lambda *said: heard.append(said),
    )
    assert listening == context
    copied = pickle.loads(pickle.dumps(listening))
    copied.report(1, 2)
    assert heard == []
    listening.report(1, 2)
    assert heard == [(1, 2)]


@pytest.mark.parametrize("stage", [PREDICT, ATTRIBUTE], ids=lambda stage: stage.name)
def test_stages_say_how_far_a_shard_is(tiny_review: Path, tmp_path: Path, stage) -> None:
    context, _ = probe(tiny_review)
    refs = context.workbench.execute("SELECT min(ref), max(ref) FROM membership").fetchone()
    context.workbench.execute(
        "CREATE OR REPLACE TEMP TABLE selected AS SELECT unnest(?) AS ref", [list(refs)]
    )
    heard: list[tuple[float, float]] = []
    (shard, *_) = stage.plan(context)
    assert shard.cost is not None
    assert shard.cost > 0
    runs = context.for_run()
    expected = stage.run(runs, shard)
    found = stage.run(
        RunContext(
            runs.track, runs.settings, runs.seed, runs.models, listener=lambda *said: heard.append(said)
        ),
        shard,
    )
    assert all(found[name].equals(table) for name, table in expected.items())
    done = [said for said, _ in heard]
    assert done == sorted(done)
    assert len(set(done)) > 3
    # A plan is an estimate; what comes of it is of its size, and at the end it is what came.
    first, last = heard[0][1], heard[-1][1]
    assert 0.3 < done[-1] / first < 3
    assert last == pytest.approx(done[-1], rel=0.3)
    events: list[StageProgress] = []
    clock = RunClock({context.track: {}}, events.append)
    clock.begin(context.track, stage.name)
    _run_stage(
        stage, context, LocalEngine(ShardCache(tmp_path / "cache"), Leases(tmp_path / "leases")), clock
    )
    assert events[-1].done == events[-1].total


def test_plain_lines_say_how_long_it_will_take(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.StringIO()
    monkeypatch.setattr(sys, "stderr", written)
    monkeypatch.setattr("tui.commands.analysis_progress.PLAIN_INTERVAL_S", 0.0)
    say = PlainProgress()
    say(StageProgress("intent.attribution", 16, 64, 0, 5.0, 35.4))
    say(StageProgress("intent.attribution", 32, 64, 0, 9.0, 30.0, run_eta_s=250.0))
    say(StageProgress("intent.attribution", 64, 64, 10, 40.0, 0.0, 1, 61.2))
    say(StageProgress("intent.causes", 1, 1, 0, 0.1, None, 1, 0.0))
    assert written.getvalue().splitlines() == [
        "intent.attribution: 16 of 64, 5.0 s, about 35 s left",
        "intent.attribution: 32 of 64, 9.0 s, about 30 s left, about 4 min left in all",
        "intent.attribution: 64 of 64, 10 from cache, 40.0 s, about 61 s left in all",
        "intent.causes: 1 of 1, 0.1 s",
    ]
    assert left_text(StageProgress("s", 1, 2, 0, 1.0, 600.0)) == "about 10 min left"
    assert left_text(StageProgress("s", 1, 2, 0, 1.0, None)) == ""
