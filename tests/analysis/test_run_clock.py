"""How long a whole run will still take: expectations, what corrects them, what was there already, and real runs."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from analysis.plugin.expected import Expected, in_parallel
from analysis.plugin.stage import Shard, StageProgress
from analysis.run import pipeline
from analysis.run.foreseen import foresee
from analysis.run.leases import Leases
from analysis.run.local_engine import LocalEngine
from analysis.run.pipeline import analyze, help_analyze
from analysis.run.run_clock import RunClock
from analysis.run.shard_cache import ShardCache
from analysis.store.run import CACHE, LEASES, create_store


class Run:
    """A run whose time is set by hand, and what was told of all of it."""

    def __init__(self, expected: dict[str, dict[str, Expected] | None], workers: int = 1) -> None:
        self.time = 0.0
        self.told: list[StageProgress] = []
        self.lefts: list[tuple[float, float | None]] = []
        self.clock = RunClock(expected, self.hear, workers, lambda: self.time)

    def hear(self, event: StageProgress) -> None:
        self.told.append(event)
        self.lefts.append((self.time, event.run_eta_s))

    @property
    def left(self) -> float | None:
        return self.told[-1].run_eta_s

    def stage(
        self, name: str, costs: list[float], seconds_each: float, *, track: str = "t", cached: int = 0
    ) -> None:
        """A stage whose shards take so many seconds for each unit of cost, and say how far they are."""
        self.clock.begin(track, name)
        here = self.clock.stage([Shard({"n": n}, None, 1, cost) for n, cost in enumerate(costs)])
        for number in range(cached):
            here.finish(number, cached=True)
        for number, cost in list(enumerate(costs))[cached:]:
            here.start(number)
            for tenth in range(1, 11):
                self.time += cost * seconds_each / 10
                here.hear(tenth, 10)
            here.finish(number)
        self.clock.end()

    def aggregate(self, name: str, seconds: float, track: str = "t") -> None:
        self.clock.begin(track, name)
        self.time += seconds
        self.clock.told(StageProgress(name, 1, 1, 0, seconds, None, 1))
        self.clock.end()


TWO = {"t": {"one": Expected(100.0), "two": Expected(100.0)}}


def test_what_is_as_expected_is_told_as_expected() -> None:
    run = Run(TWO)
    run.stage("one", [50.0, 50.0], 1.0)
    run.stage("two", [100.0], 1.0)
    assert all(left == pytest.approx(200 - at, abs=2.5) for at, left in run.lefts)
    assert run.left == 0.0


@pytest.mark.parametrize("pace", [0.25, 4.0])
def test_a_machine_that_is_slower_or_faster_corrects_what_is_to_come(pace: float) -> None:
    run = Run(TWO)
    run.stage("one", [100.0], pace)
    known = [event.run_eta_s for event in run.told]
    assert run.left == pytest.approx(100 * pace, rel=0.3)
    assert run.left != 100
    # At half of the first stage it is much nearer to the truth than the expectation was.
    assert abs(known[5] - 140 * pace) < 0.35 * abs(140 - 140 * pace)
    run.stage("two", [100.0], pace)
    assert run.told[-3].run_eta_s == pytest.approx(10 * pace, rel=0.1)
    # It goes from what was expected to what is so, and never beyond either by more than the time that passes.
    steps = [abs(after - before) for before, after in itertools.pairwise(known)]
    assert max(steps) < 0.4 * 200 * max(pace, 1)


def test_one_quick_step_says_little_of_all() -> None:
    run = Run({"t": {"little": Expected(1.0), "rest": Expected(99.0)}})
    run.aggregate("little", 10.0)
    assert run.left is not None
    run.clock.begin("t", "none")
    run.clock.told(StageProgress("none", 1, 1, 0, 0.0, None, 1))
    assert 99 < run.left < 99 * 3


def test_what_was_there_already_takes_nothing_and_says_nothing_of_pace() -> None:
    run = Run(TWO)
    run.stage("one", [50.0, 50.0], 1.0, cached=2)
    assert run.left == pytest.approx(100.0)
    part = Run(TWO)
    part.stage("one", [50.0, 50.0], 1.0, cached=1)
    assert part.told[0].run_eta_s == pytest.approx(150.0)
    assert part.left == pytest.approx(100.0)


def test_nothing_is_told_of_the_whole_while_a_track_that_is_to_come_cannot_say() -> None:
    run = Run({"a": {"one": Expected(10.0)}, "b": None, "c": {"one": Expected(20.0)}})
    run.aggregate("one", 10.0, "a")
    assert run.left is None
    run.aggregate("two", 10.0, "b")
    assert run.left is None
    run.aggregate("first", 1.0, "c")
    assert run.left == pytest.approx(20.0)


def test_a_track_goes_by_its_own_pace_and_somewhat_by_that_of_others() -> None:
    run = Run({"a": {"one": Expected(100.0), "two": Expected(100.0)}, "b": {"one": Expected(100.0)}})
    run.stage("one", [100.0], 3.0, track="a")
    run.clock.begin("a", "two")
    run.clock.told(StageProgress("two", 0, 1, 0, 0.0, None))
    assert run.left is not None
    assert 300 * 0.85 + 110 < run.left < 300 + 300 * 0.85
    run.stage("one", [100.0], 1.0, track="b")
    assert run.left == 0.0


def test_a_stage_that_is_run_again_goes_by_its_own_pace_from_the_beginning() -> None:
    run = Run({"t": {"one": Expected(10.0), "two": Expected(90.0)}})
    run.stage("one", [10.0], 5.0)
    before = len(run.told)
    run.stage("one", [20.0], 5.0)
    assert run.told[before].eta_s == pytest.approx(90.0, rel=0.01)


def test_time_passes_for_who_waits_for_others() -> None:
    run = Run({"t": {"one": Expected(50.0), "two": Expected(50.0)}})
    run.clock.begin("t", "one")
    here = run.clock.stage([Shard({"n": n}, None, 1, 25.0) for n in range(2)])
    for number in range(2):
        run.time += 100.0
        here.finish(number)
        assert run.told[-1].eta_s is None
    run.clock.end()
    run.aggregate("none", 0.0)
    assert run.left == pytest.approx(50 * 4, rel=0.2)


def test_more_processes_do_no_more_at_once_than_there_are_shards() -> None:
    assert [in_parallel(12.0, shards, 2) for shards in (0, 1, 2, 3)] == [0.0, 12.0, 6.0, 8.0]
    assert in_parallel(12.0, 12, 4) == 3.0
    run = Run({"t": {"one": Expected(0.0), "many": Expected(80.0, 1.0, 8), "single": Expected(20.0)}}, 2)
    run.aggregate("one", 0.0)
    assert run.left == pytest.approx(40 + 20)


def engine_in(store: Path) -> LocalEngine:
    return LocalEngine(ShardCache(store / CACHE), Leases(store / LEASES))


def test_a_real_run_tells_of_all_until_nothing_is_left(tiny_review: Path) -> None:
    told: list[StageProgress] = []
    analyze(tiny_review, on_progress=told.append)
    known = [event.run_eta_s for event in told]
    assert all(one is not None and one >= 0 for one in known)
    assert known[0] > known[-1] == 0.0
    # All of it is there now.
    again: list[StageProgress] = []
    work = foresee(tiny_review)
    engine = engine_in(work.review.store_path)
    pipeline._measure(work, engine, pipeline._clock(work, again.append))
    assert again[-1].run_eta_s == 0.0
    assert sum(event.cached for event in again) > 0


def test_a_worker_tells_of_all_as_well(tiny_review: Path) -> None:
    told: list[StageProgress] = []
    helped: list[StageProgress] = []

    def help_once(event: StageProgress) -> None:
        told.append(event)
        if event.stage == "intent.confirmed_cues" and not helped:
            help_analyze(foresee(tiny_review).review.store_path, on_progress=helped.append)

    analyze(tiny_review, on_progress=help_once)
    assert helped[-1].run_eta_s == 0.0
    assert all(event.run_eta_s is not None for event in (*helped, *told))
    assert sum(event.cached for event in told) > 0


def test_the_plans_of_the_stages_are_those_that_were_expected(tiny_review: Path) -> None:
    """Costs are in the units of the shards, and of the size that these turn out to have."""
    work = foresee(tiny_review)
    expected = {
        name: one
        for prepared in work.prepared
        for name, one in (
            prepared.track.expected(prepared.models, prepared.examples, prepared.settings, work.review) or {}
        ).items()
    }
    planned: dict[str, float] = {}
    stage = RunClock.stage

    class Noting(RunClock):
        def stage(self, shards):  # type: ignore[no-untyped-def]
            costs = [shard.size if shard.cost is None else shard.cost for shard in shards]
            planned[self._step] = planned.get(self._step, 0.0) + sum(costs)
            return stage(self, shards)

    engine = engine_in(create_store(work.review.store_path))
    pipeline._measure(work, engine, Noting({"intent": expected}, lambda event: None))
    assert set(expected) <= set(planned)
    for name in ("intent.found_cues", "intent.predict", "intent.options"):
        assert planned[name] == pytest.approx(expected[name].cost, rel=0.05)
    for name in ("intent.attribution", "intent.randomisation"):
        assert 0.3 < planned[name] / expected[name].cost < 3
    assert all(one.seconds > 0 for one in expected.values())
