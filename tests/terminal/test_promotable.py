"""The sample's healthy candidate, judged key by key in a real terminal until its gates allow promotion."""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from analysis.base.review_records import Answer
from analysis.base.sql import column
from analysis.review.asked import Asked
from analysis.review.session import ReviewSession
from tests.sample.honest_reviewer import WORTH_A_LOOK, choice_of, labels_of
from tests.terminal.test_whole_review import ASSAY
from tests.terminal.tmux import PROMPT, Tmux

KEYS = {"first": "a", "second": "b", "either": "e", "neither": "n", "unsure": "s"}
TRACKS = {"2": "intent", "3": "retrieval", "4": "response"}
MOST = 130
"""One-key verdicts that a healthy candidate of all three tracks may cost."""
CLOSED = ("hidden until you have answered", "⏎ none")
"""What tells a closed page: below its answers, or among its keys where it is longer than the screen."""
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


def closed_ref(tmux: Tmux, track: str, before: str = "") -> str:
    """The example whose closed page is on the screen, once it is another one than before."""
    end = time.monotonic() + 300
    while True:
        screen = tmux.screen()
        name = SHOWN.search(screen.partition("\n")[0])
        ref = "" if name is None else f"{track}/{name[1]}:{name[2]}"
        if ref and ref != before and any(one in screen for one in CLOSED):
            return ref
        assert time.monotonic() < end, screen
        time.sleep(0.05)


def label_keys(said: Mapping[str, Sequence[Answer]]) -> list[str]:
    """The keys that say it on a page that asks of each answer by itself; enter says no to the rest, and goes on."""
    keys, row, place = [], 0, 0
    for wanted, answers in enumerate(said.values()):
        for letter, answer in enumerate(answers):
            if answer == "yes":
                keys += ["Down"] * (wanted - row) + ["Right" if letter > place else "Left"] * abs(
                    letter - place
                )
                keys.append("+")
                row, place = wanted, letter
    return [*keys, "Enter"]


def answer(tmux: Tmux, session: ReviewSession, ref: str, asked: Asked) -> None:
    """Press what a reader presses on a closed page, until it is saved and the next one is shown."""
    track = ref.partition("/")[0]
    waiting = left(session, track)
    if asked.asks:
        tmux.press(*label_keys(labels_of(ref, asked)))
    else:
        tmux.press(KEYS[choice_of(session, ref, asked)])
    end = time.monotonic() + 300
    while (now := left(session, track)) == waiting:
        assert time.monotonic() < end, tmux.screen()
        time.sleep(0.05)
    if now and not asked.asks:
        tmux.press("J")
        tmux.until_not("saved  ")


def test_the_healthy_candidate_is_allowed_after_a_hundred_keys(
    sample_store: Callable[..., Path], tmux: Tmux
) -> None:
    store = sample_store("rc2", responders=True)
    tmux.shell(f"assay review {store} --reviewer alice", "WHAT CHANGED")
    pressed = 0
    with ReviewSession.open(store, "reader", read_only=True) as session:
        for key, track in TRACKS.items():
            tmux.press(key)
            ref = ""
            while left(session, track):
                ref = closed_ref(tmux, track, ref)
                asked = session.asked(ref)
                assert asked is not None, ref
                answer(tmux, session, ref, asked)
                pressed += 1
    assert 80 < pressed <= MOST
    tmux.press("6")
    tmux.until("WAITING")
    tmux.press("p")
    tmux.until("[▸promote]")
    tmux.press("q")
    tmux.until(PROMPT.strip())
    with ReviewSession.open(store, read_only=True) as session:
        assert session.status()["gates_allow"] is True
