"""Several workers on one run: the same evidence however many there are, and whoever of them is killed."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from analysis.base.errors import AssayError
from analysis.plugin.stage import StageProgress
from analysis.run import leases as leases_module
from analysis.run.call import CALL, call_for_help
from analysis.run.leases import STALE_S, Leases
from analysis.run.pipeline import analyze, help_analyze
from analysis.store.run import CACHE, create_store, current_run
from tests.analysis.store_fixture import write_review
from tests.analysis.test_shards import rows

PROJECT = Path(__file__).parents[2]

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture
def one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return analyze(write_review(tmp_path_factory.mktemp("alone") / "review")).store


def test_two_workers_make_the_evidence_of_one_though_one_of_them_is_killed(
    alone: Path, tmp_path: Path
) -> None:
    killed: list[int] = []

    def kill_once(event: StageProgress) -> None:
        if event.stage == "intent.attribution" and not killed:
            for child in multiprocessing.active_children():
                os.kill(child.pid or 0, signal.SIGKILL)
                killed.append(child.pid or 0)

    made = analyze(write_review(tmp_path / "review"), workers=2, on_progress=kill_once)
    assert len(killed) == 1
    assert current_run(made.store) == current_run(alone)
    assert rows(made.store) == rows(alone)
    assert list((made.store / "leases").iterdir()) == []
    assert not (made.store / CALL).exists()


@pytest.mark.soak
def test_a_worker_finishes_what_a_killed_analysis_left(alone: Path, tmp_path: Path) -> None:
    review = write_review(tmp_path / "review")
    command = [sys.executable, "-m", "tui.cli"]
    analysing = subprocess.Popen([*command, "analyze", str(review)], cwd=PROJECT, stderr=subprocess.DEVNULL)
    store = next(iter(Path(alone).parent.glob("*.review"))).name
    folder = review.parent / store
    end = time.monotonic() + 120
    while not list(folder.glob(f"{CACHE}/*/*/*.parquet")):
        assert time.monotonic() < end
        assert analysing.poll() is None
        time.sleep(0.01)
    analysing.kill()
    analysing.wait()
    helped = subprocess.run(
        [*command, "worker", str(folder)], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert helped.returncode == 0, helped.stderr
    assert "nothing of run" in helped.stdout
    events: list[StageProgress] = []
    made = analyze(review, on_progress=events.append)
    shards = [event for event in events if (folder / CACHE / event.stage).is_dir()]
    assert shards
    assert all(event.cached == event.done for event in shards)
    assert rows(made.store) == rows(alone)


def test_who_helps_must_have_the_same_files(tmp_path: Path) -> None:
    review = write_review(tmp_path / "review")
    store = create_store(tmp_path / "other.review")
    with pytest.raises(AssayError, match="no run is being made"):
        help_analyze(store)
    with (
        call_for_help(store, review, "0123456789ab", False),
        pytest.raises(AssayError, match="is another than"),
    ):
        help_analyze(store)
    (store / CALL).write_text("[", "utf-8")
    with pytest.raises(AssayError, match="damaged"):
        help_analyze(store)


def test_a_unit_is_leased_to_one_at_a_time_and_freed_by_an_error(tmp_path: Path) -> None:
    one, two = Leases(tmp_path / "leases"), Leases(tmp_path / "leases")
    with one.held("a") as mine, two.held("a") as theirs, two.held("b") as other:
        assert (mine, theirs, other) == (True, False, True)
    with pytest.raises(ZeroDivisionError), one.held("a"):
        raise ZeroDivisionError
    with two.held("a") as theirs:
        assert theirs


def test_a_lease_that_nobody_renews_is_taken_over_by_ones_own_clock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [0.0]
    here = Leases(tmp_path / "leases", now=lambda: clock[0])
    lease = tmp_path / "leases" / "a"
    lease.write_text('{"host": "another machine", "pid": 1, "token": "x"}', "utf-8")
    # Its clock may be years ahead or behind.
    os.utime(lease, (4_000_000_000, 4_000_000_000))

    def taken() -> bool:
        with here.held("a") as mine:
            return mine

    assert not taken()
    clock[0] = STALE_S
    assert not taken()
    os.utime(lease, (1_000, 1_000))
    clock[0] = 2 * STALE_S
    assert not taken(), "it was renewed"
    clock[0] = 3 * STALE_S + 1
    assert taken()
    lease.write_text("not JSON", "utf-8")
    assert not taken()
    monkeypatch.setattr(leases_module, "STALE_S", 0.0)
    clock[0] += 1
    assert taken()


def test_a_lease_of_a_dead_process_of_this_machine_is_nobodys(tmp_path: Path) -> None:
    code = (
        "import sys, os, pathlib\n"
        "from analysis.run.leases import Leases\n"
        "with Leases(pathlib.Path(sys.argv[1])).held('a') as mine:\n"
        "    os._exit(0 if mine else 1)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "leases")], cwd=PROJECT, check=False)
    assert done.returncode == 0
    assert (tmp_path / "leases" / "a").exists()
    with Leases(tmp_path / "leases").held("a") as mine:
        assert mine


@pytest.mark.parametrize("number", ["0", "-1", "two", "1.5", "257", "²"])
def test_a_number_of_workers_that_is_none_is_refused(
    number: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from tui.cli import main

    with pytest.raises(SystemExit) as ended:
        main(["analyze", str(tmp_path / "r.toml"), f"--workers={number}"])
    assert ended.value.code == 2
    assert "must be a number from 1 to 256" in capsys.readouterr().err
