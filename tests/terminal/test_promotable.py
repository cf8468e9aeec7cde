"""The sample's healthy candidate, judged key by key in a real terminal until its gates allow promotion."""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from analysis.base.sql import column
from analysis.review.session import ReviewSession
from tests.sample.honest_reviewer import WORTH_A_LOOK, choice_of
from tests.terminal.test_whole_review import ASSAY
from tests.terminal.tmux import PROMPT, Tmux

KEYS = {"first": "a", "second": "b", "either": "e", "neither": "n", "unsure": "s"}
TRACKS = {"2": "intent", "3": "retrieval", "4": "response"}
MOST = 130
"""One-key verdicts that a healthy candidate of all three tracks may cost."""
SHOWN = re.compile(r"(message|query|pair|item|prompt):(\S+)\s*$")
LEFT = """
SELECT count(*) FROM queue WHERE part <> $rest AND starts_with(ref, $track)
AND ref NOT IN (SELECT ref FROM answered WHERE actor = $actor)
"""

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


def left(session: ReviewSession, track: str) -> int:
    """How many examples of a track must still be judged."""
    session.poll()
    session.progress()
    asked = {"rest": WORTH_A_LOOK, "track": f"{track}/", "actor": session.actor}
    return int(column(session.connection, LEFT, asked)[0])


def closed_ref(tmux: Tmux, track: str) -> str:
    """The example whose closed page is on the screen."""
    end = time.monotonic() + 300
    while True:
        screen = tmux.screen()
        name = SHOWN.search(screen.partition("\n")[0])
        if name is not None and "hidden until you have answered" in screen:
            return f"{track}/{name[1]}:{name[2]}"
        assert time.monotonic() < end, screen
        time.sleep(0.05)


def test_the_healthy_candidate_is_allowed_after_a_hundred_keys(
    sample_store: Callable[[str], Path], tmux: Tmux
) -> None:
    store = sample_store("rc2")
    tmux.shell(f"assay review {store} --reviewer alice", "WHAT CHANGED")
    pressed = 0
    with ReviewSession.open(store, "reader", read_only=True) as session:
        for key, track in TRACKS.items():
            tmux.press(key)
            while left(session, track):
                ref = closed_ref(tmux, track)
                asked = session.asked(ref)
                assert asked is not None, ref
                tmux.press(KEYS[choice_of(session, ref, asked)])
                tmux.until("saved  ")
                pressed += 1
                if left(session, track):
                    tmux.press("J")
                    tmux.until_not("saved  ")
    assert 80 < pressed <= MOST
    tmux.press("6")
    tmux.until("WAITING FOR A DECISION")
    tmux.press("p")
    tmux.until("[▸promote]")
    tmux.press("q")
    tmux.until(PROMPT.strip())
    with ReviewSession.open(store, read_only=True) as session:
        assert session.status()["gates_allow"] is True
