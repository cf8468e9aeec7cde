"""The sample's healthy candidate, judged key by key in a real terminal until it may be promoted."""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from analysis.review.session import ReviewSession
from tests.sample.honest_reviewer import choice_of
from tests.terminal.test_whole_review import ASSAY
from tests.terminal.tmux import PROMPT, Tmux

KEYS = {"first": "a", "second": "b", "either": "e", "neither": "n", "unsure": "s"}
MOST = 130
"""One-key verdicts that a healthy candidate of all three tracks may cost."""
SHOWN = re.compile(r"(message|query|pair|item|prompt|variant):(\S+)\s*$")
TO_GO = re.compile(r"· (\d+)/(\d+)")

pytestmark = [
    pytest.mark.soak,
    pytest.mark.terminal,
    pytest.mark.skipif(shutil.which("tmux") is None, reason="needs tmux"),
]


@pytest.fixture
def tmux(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tmux]:
    for name in ("TMUX", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", f"{ASSAY.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.chdir(tmp_path)
    terminal = Tmux(tmp_path, 120, 36)
    yield terminal
    terminal.close()


def head(tmux: Tmux) -> tuple[str, int, int]:
    """Id of the example on the screen, how many that must be judged are answered, and of how many."""
    end = time.monotonic() + 300
    while True:
        line = (screen := tmux.screen()).partition("\n")[0]
        name, count = SHOWN.search(line), TO_GO.search(line)
        if name is not None and count is not None:
            return name[2], int(count[1]), int(count[2])
        assert time.monotonic() < end, screen
        time.sleep(0.05)


def test_the_healthy_candidate_is_promotable_after_one_key_verdicts(
    sample_store: Callable[[str], Path], tmux: Tmux
) -> None:
    store = sample_store("rc2")
    tmux.shell(f"assay review {store} --reviewer alice", "WHAT CHANGED")
    tmux.press("2", "f")
    tmux.until("decides a gate")
    tmux.press("Escape", "g")
    pressed = 0
    with ReviewSession.open(store, "reader", read_only=True) as session:
        tmux.press("Escape")
        while True:
            session.poll()
            ref = session.neighbour(None, _everything(), 1, undecided=True)
            answered, total = session.progress()
            if answered == total or ref is None:
                break
            tmux.press("g")
            tmux.until(" id ")
            tmux.type(ref)
            tmux.press("Enter")
            asked = session.asked(ref)
            assert asked is not None
            tmux.until("hidden until you have answered")
            tmux.press(KEYS[choice_of(session, ref, asked)])
            tmux.until("saved  ")
            pressed += 1
            assert pressed <= MOST
    tmux.press("6")
    tmux.until("SIGN-OFF")
    tmux.press("p")
    tmux.until("[▸promote]")
    tmux.press("q")
    tmux.until(PROMPT.strip())
    with ReviewSession.open(store, read_only=True) as session:
        assert session.status()["gates_allow"] is True
    assert 80 < pressed <= MOST


def _everything():
    from analysis.review.scope import Scope

    return Scope()
