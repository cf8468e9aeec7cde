"""What-if in a real terminal, on the sample: the title is deleted, and the candidate's prediction reverts."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.terminal.tmux import PROMPT, Tmux

ASSAY = Path(sys.executable).parent / "assay"

pytestmark = [
    pytest.mark.terminal,
    pytest.mark.skipif(shutil.which("tmux") is None, reason="needs tmux"),
]


def test_the_title_is_deleted_and_the_flip_reverts(
    sample_store: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("TMUX", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    store = sample_store("rc1")
    monkeypatch.chdir(store.parent)
    terminal = Tmux(tmp_path)
    try:
        terminal.shell(f"{ASSAY} review {store.name} --reviewer alice", "it stands for")
        terminal.press("2")
        terminal.until("hidden until you have answered")
        # The queue is in an order drawn for the reviewer: this one is sent to people because of its title.
        terminal.press("g")
        terminal.type("m0412")
        terminal.press("Enter")
        terminal.until("message:m0412")
        # What-if shows the sides: it opens the page first.
        terminal.press("w")
        screen = terminal.until("(titles)")
        assert "not changed yet" in screen
        terminal.press("d", "Enter")
        screen = terminal.until("─ after ─")
        assert "the flip reverts: the candidate predicts" in screen
        assert "≠" in screen
        terminal.press("R")
        terminal.until("saved  what-if")
        terminal.press("q")
        terminal.until(PROMPT.strip())
    finally:
        terminal.close()
    lines = [
        json.loads(line)
        for path in store.glob("events/*/*.jsonl")
        for line in path.read_text("utf-8").splitlines()
    ]
    (body,) = [json.loads(line["body"]) for line in lines if line["kind"] == "whatif"]
    assert body["outputs"]["candidate"]["label"] == body["outputs"]["base"]["label"]
