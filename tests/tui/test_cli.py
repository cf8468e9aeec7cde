"""The `assay` command: what it prints, and with which exit status it ends."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from analysis.base.errors import AssayError
from analysis.review.session import ReviewSession
from tests.analysis.store_fixture import said_elsewhere
from tests.analysis.tracks.retrieval.tiny import write_adapter, write_encoder
from tests.analysis.tracks.retrieval.tiny import write_review as write_encoder_review
from tui import cli
from tui.commands import demo

ROOT = Path(__file__).parents[2]
HOSTILE = "\x1b]52;c;Zm9v\x07\x9b2J\u202e[bold]"


def run(*arguments: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    status = cli.main(arguments)
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_version_and_help_name_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    for flag in ("--version", "--help"):
        with pytest.raises(SystemExit) as ended:
            cli.main([flag])
        assert ended.value.code == 0
    printed = capsys.readouterr().out
    recorded = "annotate label settle find waive"
    told = "export sign verify verify-script card"
    commands = (
        f"demo init check analyze worker plan review status compare {recorded} {told} rebuild merge doctor"
    )
    assert all(f"\n    {name} " in printed or f"\n    {name}\n" in printed for name in commands.split())
    assert printed.startswith("assay ")


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["revew"],
        ["analyze"],
        ["annotate", "s", "r", "--verdict", "maybe"],
        ["verify", "d"],
        ["export", "s"],
    ],
)
def test_wrong_usage_ends_with_two(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == 2
    assert "usage: assay" in capsys.readouterr().err


def test_errors_are_printed_without_control_characters(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise AssayError(f"two\nlines {HOSTILE}", where=f"a{HOSTILE}", hint=f"do {HOSTILE}")

    monkeypatch.setattr("analysis.init.look_into", fail)
    status, out, err = run("init", str(tmp_path), capsys=capsys)
    assert (status, out) == (2, "")
    assert not [sign for sign in err if not sign.isprintable() and sign != "\n"]
    assert err.count("\n") == 3
    assert "[bold]" in err


@pytest.mark.parametrize(
    "arguments",
    [
        ("annotate", "STORE", "\udced\udca0\udc80", "--right", "both"),
        ("annotate", "STORE", "m1", "--right", "both", "--note", "a\udcff"),
        ("export", "STORE", "--decision", "hold", "--reason", "\ud800"),
        ("status", "\udcff"),
    ],
)
def test_bytes_that_are_no_text_are_refused_in_words(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    status, _, err = run(*arguments, capsys=capsys)
    assert status == 2
    assert "unexpectedly" not in err
    assert ("not text" in err) == (arguments[0] != "status"), "a path is not of text alone"
    assert err.replace("\n", "").isprintable()


def test_an_interrupt_ends_with_130(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("analysis.init.look_into", interrupt)
    assert run("init", str(tmp_path), capsys=capsys)[0] == 130


def test_an_unexpected_failure_goes_to_a_log_and_not_to_the_screen(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def fail(*_: object) -> None:
        passphrase = os.environ["HF_TOKEN"]
        raise ZeroDivisionError(f"odd {HOSTILE} {len(passphrase)}")

    monkeypatch.setattr("analysis.init.look_into", fail)
    monkeypatch.setenv("HF_TOKEN", "hf_planted")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    status, _, err = run("init", str(tmp_path), capsys=capsys)
    assert status == 2
    assert "Traceback" not in err
    assert "\x1b" not in err
    (log,) = (tmp_path / "state" / "assay").iterdir()
    assert str(log) in err
    assert "ZeroDivisionError" in log.read_text("utf-8")
    # Neither the environment nor what a function had in hand.
    assert "planted" not in log.read_text("utf-8") + err


@pytest.fixture
def store(tiny_store: Path) -> Path:
    return tiny_store


def test_a_review_by_commands_from_analysis_to_export(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, _ = run("status", str(store), "--json", capsys=capsys)
    before = json.loads(out)
    assert status == 1
    assert before["schema"] == 3
    assert before["queue"]["inspected"] == 0
    named = run("status", str(store), "--format", "json", capsys=capsys)[1]
    assert json.loads(named) == before
    relevance = next(one["key"] for one in before["gates"] if one["name"] == "intent.relevance")
    annotate = (
        "annotate",
        str(store),
        "m001",
        "--right",
        "base",
        "--cause",
        "title",
        "--note",
        "n",
    )
    assert run(*annotate, capsys=capsys)[:2] == (0, "saved: intent/message:m001 base\n")
    find = ("find", str(store), "titles move it", "--gate", relevance, "--ref", "m001", "intent/message:m002")
    assert run(*find, "--severity", "blocker", capsys=capsys)[0] == 0
    after = json.loads(run("status", str(store), "--json", capsys=capsys)[1])
    findings = next(one for one in after["gates"] if one["key"] == "review.findings")
    assert findings["verdict"] == "fail"
    status, _, err = run("export", str(store), "--decision", "promote", "--reason", "r", capsys=capsys)
    assert status == 2
    assert "Traceback" not in err
    folder = store.parent / "report"
    reject = ("export", str(store), str(folder), "--decision", "reject", "--reason", "leans on titles")
    status, out, _ = run(*reject, capsys=capsys)
    assert (status, "UNSIGNED" in out) == (0, True)
    assert (folder / "report.json").is_file()
    assert run("rebuild", str(store), capsys=capsys)[0] == 0
    assert "DECIDED: reject" in run("status", str(store), capsys=capsys)[1]


def test_a_disagreement_is_settled_by_a_command(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settle = ("settle", str(store), "m001", "--right", "candidate")
    status, _, err = run(*settle, capsys=capsys)
    assert (status, "there is nothing to settle" in err) == (2, True)
    assert run("annotate", str(store), "m001", "--right", "base", capsys=capsys)[0] == 0
    said_elsewhere(store, "bob", ("verdict", "intent/message:m001", {"base": "wrong", "candidate": "right"}))
    assert run(*settle, capsys=capsys)[:2] == (0, "saved: intent/message:m001 is settled, candidate\n")
    with ReviewSession.open(store, read_only=True) as session:
        assert session.state().settled == {"intent/message:m001": "candidate"}


def test_waivers_and_unknown_names_are_answered_in_words(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, _, err = run("annotate", str(store), "m9999", "--right", "unsure", capsys=capsys)
    assert status == 2
    assert "m9999" in err
    with ReviewSession.open(store, read_only=True) as session:
        waivable = next(
            gate.key
            for gate in session.gates()
            if gate.verdict in ("fail", "unknown") and not gate.waiver_blocked
        )
    waive = ("waive", str(store), waivable, "--reason", "r", "--expires", "soon")
    status, _, err = run(*waive, capsys=capsys)
    assert status == 2
    assert "soon" in err
    status, _, err = run(
        "waive", str(store), "no.gate", "--reason", "r", "--expires", "2999-01-01", capsys=capsys
    )
    assert status == 2
    assert "no.gate" in err


def test_analyze_says_each_stage_and_is_silent_the_second_time(
    tiny_review: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, err = run("analyze", str(tiny_review), capsys=capsys)
    assert status == 0
    assert "intent.predict: " in err
    assert "published run" in out
    assert "review.coverage" in out
    status, out, err = run("analyze", str(tiny_review), capsys=capsys)
    assert (status, err) == (0, "")
    assert "the same run exists already" in out


def test_doctor_reports_terminal_and_machine(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run("doctor", capsys=capsys)
    assert status == 0
    names = [line.split()[0] for line in out.splitlines()]
    assert {"command", "console", "terminal", "python", "devices", "signing", "duckdb", "torch"} <= set(names)


def test_the_demo_says_what_to_do_without_its_sample(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(demo, "REVIEWS", ("no-such-review.toml",))
    status, _, err = run("demo", str(tmp_path / "demo"), capsys=capsys)
    assert status == 2
    assert "no-such-review.toml" in err
    assert not (tmp_path / "demo").exists()


def test_plain_review_reads_from_a_pipe(store: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tui.cli", "review", str(store), "--plain"],
        input="q\n",
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "message:" in done.stdout


LOADED = """
import sys, warnings
from pathlib import Path
from analysis.models.encoder import EncoderPair
from tui.cli import entry
try:
    entry()
except SystemExit as ended:
    assert ended.code == 0
root = Path(sys.argv[2]).parent
EncoderPair({"base": root / "base", "candidate": root / "candidate"}, "cpu").load()
warnings.warn("a word from a library", FutureWarning)
"""
"""Does what the command line asks, then loads an adapter as an analysis does, which Transformers warns of."""


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("", []),
        pytest.param("always::FutureWarning", ["a word from a library"], marks=pytest.mark.soak),
    ],
)
def test_libraries_are_silent_unless_their_warnings_are_asked_for(
    tmp_path: Path, asked: str, said: list[str]
) -> None:
    base = write_encoder(tmp_path / "base")
    write_adapter(base, tmp_path / "candidate")
    review = write_encoder_review(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", LOADED, "check", str(review)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={key: value for key, value in os.environ.items() if key != "PYTHONWARNINGS"}
        | ({"PYTHONWARNINGS": asked} if asked else {}),
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "LORA adapter over BertModel" in done.stdout
    assert "no mistakes; next: assay analyze" in done.stdout
    assert bool(done.stderr) == bool(said)
    assert all(words in done.stderr for words in said)


def test_a_dumb_terminal_is_refused_on_a_real_terminal_too(tmp_path: Path) -> None:
    controller, terminal = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-m", "tui.cli", "review", str(tmp_path)],
        stdin=terminal,
        stdout=terminal,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=os.environ | {"TERM": "dumb"},
        timeout=300,
        check=False,
    )
    os.close(terminal)
    os.close(controller)
    assert done.returncode == 2
    assert done.stderr.startswith("assay: TERM=dumb: the console cannot be drawn on a dumb terminal")
    assert "--plain" in done.stderr
