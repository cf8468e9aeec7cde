"""The real program in a real terminal, from `assay analyze` to `assay verify`."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.terminal.tmux import PROMPT, Tmux

SAMPLE = Path(__file__).parents[2] / "sample_data"
ASSAY = Path(sys.executable).parent / "assay"
SHOWN_REF = re.compile(r"message:\S+")

pytestmark = [
    pytest.mark.terminal,
    pytest.mark.skipif(shutil.which("tmux") is None, reason="needs tmux"),
    pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="needs ssh-keygen"),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The intent part of the sample's first review, on a quarter of its messages, with a key to sign with."""
    shutil.copy(SAMPLE / "titles.txt", tmp_path)
    review = (SAMPLE / "review-rc1.toml").read_text("utf-8").partition("\n[retrieval]")[0]
    # The budget is shared by the tracks, and here there is one.
    (tmp_path / "review-rc1.toml").write_text(review.replace("budget = 360", "budget = 30"), "utf-8")
    for name in ("intent", "models"):
        shutil.copytree(SAMPLE / name, tmp_path / name)
    messages = tmp_path / "intent" / "eval.jsonl"
    lines = messages.read_text("utf-8").splitlines(keepends=True)
    messages.write_text("".join(lines[::4]), "utf-8")
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "alice@x", "-f", key], check=True)
    public = key.with_suffix(".pub").read_text()
    (tmp_path / "allowed").write_text(f'alice@x namespaces="inspection-report@assay" {public}')
    return tmp_path


@pytest.fixture
def tmux(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tmux]:
    for name in ("TMUX", "SSH_AUTH_SOCK", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", f"{ASSAY.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.chdir(folder)
    terminal = Tmux(folder)
    yield terminal
    terminal.close()


def next_message(tmux: Tmux, before: str = "") -> str:
    """Wait until the top line names another message; texts that were made of one are passed over."""
    end = time.monotonic() + 300
    passed = ""
    while True:
        screen = tmux.screen()
        top = screen.splitlines()[0]
        found = SHOWN_REF.search(top)
        if found is not None and found[0] != before:
            return found[0]
        if "variant of" in top and top != passed:
            tmux.press("J")
            passed = top
        assert time.monotonic() < end, screen
        time.sleep(0.1)


def events(store: Path) -> list[dict[str, object]]:
    lines = [
        line for path in sorted(store.glob("events/*/*.jsonl")) for line in path.read_text().splitlines()
    ]
    return [json.loads(line) for line in lines]


def test_analyze_review_sign_and_verify(tmux: Tmux, folder: Path) -> None:
    tmux.shell("assay analyze review-rc1.toml >analyze.log 2>&1; echo status $?", "status 0", 1200)
    said = (folder / "analyze.log").read_text()
    assert "intent.relevance[escalation/titles]" in said
    assert "BLOCKED" in said
    store = folder / "intent-v4-rc1.review"

    # The console: the verdict comes first.
    screen = tmux.shell("assay review intent-v4-rc1.review --reviewer alice", "WHAT CHANGED")
    assert "BLOCKED" in screen
    assert "titles move" in screen

    # Five questions, each answered and saved before its sides are shown.
    tmux.press("2")
    tmux.until("hidden until you have answered")
    seen = [next_message(tmux)]
    assert "gold" not in tmux.screen()
    for number, key in enumerate("aensa", start=1):
        tmux.press(key)
        tmux.until("saved  ")
        assert "gold" in tmux.screen()
        answered = [event for event in events(store) if event["kind"] in ("verdict", "known_answer")]
        assert len(answered) == number
        tmux.press("J")
        seen.append(next_message(tmux, seen[-1]))
    assert len(set(seen)) == 6
    assert "5 by you" in tmux.screen()

    # Undo takes back the last one and says so.
    tmux.press("u")
    tmux.until("undone")
    assert events(store)[-1]["kind"] == "undo"

    # A note and a finding, tied to the example on the screen.
    tmux.press("i")
    tmux.until(" note ")
    tmux.type("the title alone sends this order question to people")
    tmux.press("Enter")
    tmux.until("saved  note")
    tmux.press("F")
    tmux.until("moves gate")
    tmux.type("Titles alone send order questions to humans")
    tmux.press("Enter", "Enter", "Enter", "Enter")
    tmux.until_not("moves gate")
    kinds = [event["kind"] for event in events(store)]
    assert kinds.count("note") == 1
    assert kinds.count("finding") == 1

    # The sign-off: promote is refused; reject is exported, signed and verified here.
    tmux.press("6")
    tmux.until("promote is not possible")
    tmux.press("r")
    tmux.until("[▸reject]")
    tmux.press("i")
    tmux.until("\n reason\n")
    tmux.type("leans on titles; retrain with titles swapped")
    tmux.until("titles swapped")
    tmux.press("Enter")
    tmux.until_not(" reason     leans")
    tmux.press("X")
    tmux.until("export: done")
    tmux.press("S")
    tmux.until("REJECT is what you sign")
    tmux.press("Space")
    tmux.until("key file")
    tmux.type("reject")
    tmux.press("Enter")
    tmux.type(str(folder / "key"))
    tmux.press("Enter", "Enter")
    tmux.until("sign: done")
    tmux.press("q")
    tmux.until(PROMPT.strip())

    # The same from the shell, and from the files.
    (report,) = store.glob("report/*")
    verify = f"assay verify {report} --allowed-signers allowed"
    tmux.shell(f"{verify} >verify.log; echo status $?", "status 0")
    assert "verified" in (folder / "verify.log").read_text().splitlines()[-1]
    tmux.shell(f"{verify} --require promote >promote.log; echo status $?", "status 1")
    tmux.shell("assay status intent-v4-rc1.review >status.log; echo status $?", "status 1")
    statement = json.loads((report / "report.json").read_text())
    assert statement["predicate"]["decision"]["decision"] == "reject"
    text = (report / "report.md").read_text()
    assert "Titles alone send order questions to humans" in text
    assert "leans on titles; retrain with titles swapped" in text
    assert len(list(report.glob("SHA256SUMS.*.sig"))) == 1

    # One byte of the report, and it does not verify.
    page = (report / "report.md").read_bytes()
    (report / "report.md").write_bytes(page.replace(b"reject", b"accept", 1))
    tmux.shell(f"{verify} >tampered.log; echo status $?", "status 1")
    assert "NOT VERIFIED" in (folder / "tampered.log").read_text()
