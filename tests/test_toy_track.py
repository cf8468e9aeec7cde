"""A track of another package, driven as its user would drive it: nothing of Assay is edited, and nothing falls over."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from analysis.live.client import LiveProbes
from analysis.plugin import registry
from analysis.plugin.live import LiveRequest
from analysis.review.session import ReviewSession
from tests import toy_review
from tests.analysis.store_fixture import said_elsewhere
from tests.toy_review import PACKAGE, assay, copy_of_package, entry_points, installed, toy_store
from tui import cli

LATE = "toy.late[asks for haste]"


@pytest.fixture(scope="module")
def analysed() -> Path:
    """A store of the toy track, made once; tests that write work on copies."""
    return toy_store()


@pytest.fixture
def store(analysed: Path, tmp_path: Path) -> Path:
    return shutil.copytree(analysed, tmp_path / analysed.name)


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The package is installed in this process, and in those that it starts."""
    monkeypatch.setenv("PYTHONPATH", str(PACKAGE))
    with installed(PACKAGE):
        yield


def status_of(store: Path) -> dict[str, Any]:
    done = assay("status", store, "--json")
    return dict(json.loads(done.stdout))


def gate(store: Path, key: str) -> dict[str, Any]:
    return next(one for one in status_of(store)["gates"] if one["key"] == key)


def test_from_a_folder_to_gates_with_no_word_about_it_anywhere(tmp_path: Path) -> None:
    folder = toy_review.write_folder(tmp_path / "replies")
    assert assay("init", folder).returncode == 0
    written = (folder / "review.toml").read_text("utf-8")
    assert 'base = "models/replies-v1"' in written
    assert 'examples = "tickets.jsonl"' in written
    assert "# [intent]" in written
    checked = assay("check", folder / "review.toml")
    assert checked.returncode == 0, checked.stderr
    assert "toy       36 examples; metadata: channel" in checked.stdout
    assert "candidate: replies-v2, 4 words" in checked.stdout
    assert "track toy, assay-toy 1.0" in checked.stdout
    assert "view toy, assay-toy 1.0" in checked.stdout
    analysed = assay("analyze", folder / "review.toml")
    assert analysed.returncode == 0, analysed.stderr
    assert "toy.estimate: 36 of 36" in analysed.stderr
    assert "toy.error" in analysed.stdout


def test_a_mistake_in_its_section_is_told_with_its_line(tmp_path: Path) -> None:
    folder = toy_review.write_folder(tmp_path / "replies")
    path = toy_review.write_review(folder)
    path.write_text(path.read_text("utf-8").replace("tolerance", "tolerence"), "utf-8")
    checked = assay("check", path)
    assert checked.returncode == 2
    assert "tolerence: unknown key" in checked.stderr
    assert "tolerance" in checked.stderr.partition("unknown key")[2]


def test_status_says_of_each_value_what_it_is(analysed: Path) -> None:
    error, late = gate(analysed, "toy.error"), gate(analysed, LATE)
    assert (error["verdict"], error["measures"], error["unit"], error["better"]) == (
        "pass",
        "change",
        "hours",
        "down",
    )
    assert error["value"] == pytest.approx(-4 / 3)
    assert (late["verdict"], late["unit"], late["value"]) == ("fail", "share", 1.0)
    criteria = late["criteria"]
    assert [row["what"] for row in criteria] == [
        "change of the share that is late",
        "p of more late texts",
        "texts that wait longer and are still to be judged",
        "texts that may not wait longer",
    ]
    assert [row["verdict"] for row in criteria] == ["fail", "pass", "unknown", "pass"]


def test_every_metric_of_its_run_has_a_meaning(analysed: Path, here: None) -> None:
    with ReviewSession.open(analysed, read_only=True) as session:
        given = session.gate_input()
        assert {one.name for one in given.metrics} == set(given.specs["toy"])
        assert all(spec.meaning and spec.title for spec in given.specs["toy"].values())


def test_an_example_brings_what_its_tables_hold_whatever_their_columns(analysed: Path, here: None) -> None:
    with ReviewSession.open(analysed, read_only=True) as session:
        evidence = session.example("toy/ticket:t01")
    assert {row["side"]: row["hours"] for row in evidence.payload["toy_side"]} == {
        "base": 4.0,
        "candidate": 22.0,
    }
    assert evidence.context["words"] == ({"word": "urgent", "start": 0, "end": 6},)
    assert [one.scores for one in evidence.attributions] == [[-20.0], [-2.0]]
    assert evidence.methods["word_hours"].title == "hours of each word"


def test_the_worker_answers_with_a_number_and_a_word(analysed: Path, here: None) -> None:
    with ReviewSession.open(analysed, read_only=True) as session:
        run = session.run
    with LiveProbes(analysed, run) as probes:
        reply = probes.ask(LiveRequest("toy", "please answer 1, the box is broken", "toy/ticket:t01"))
    assert reply["sides"]["base"]["output"] == {"hours": 12.0, "word": "broken"}
    assert reply["sides"]["candidate"]["attributions"][0]["scores"] == [-12.0]


def test_a_review_from_verdict_to_settlement_in_plain_commands(store: Path) -> None:
    for number in (1, 2, 3):
        said = assay("annotate", store, f"t0{number}", "--right", "base", "--cause", "waits")
        assert said.returncode == 0, said.stderr
    assert gate(store, LATE)["criteria"][3]["value"] == 3
    found = assay("find", store, "Urgent texts wait for a day", "--gate", LATE, "--ref", "t01", "t02")
    assert found.returncode == 0, found.stderr
    waived = assay("waive", store, LATE, "--reason", "phones are answered", "--expires", "2999-01-01")
    assert waived.returncode == 0, waived.stderr
    assert gate(store, LATE)["verdict"] == "waived"


def disagreements(store: Path) -> tuple[str, ...]:
    with ReviewSession.open(store, read_only=True) as session:
        return session.overview().disagreements


def test_a_disagreement_on_its_examples_can_be_settled(store: Path, here: None) -> None:
    with ReviewSession.open(store, "alice") as session:
        session.verdict("toy/ticket:t01", "base")
    said_elsewhere(
        store,
        "bob",
        ("verdict", "toy/ticket:t01", {"base": "wrong", "candidate": "right", "critical_slices": []}),
    )
    assert disagreements(store) == ("toy/ticket:t01",)
    settled = assay("settle", store, "t01", "--right", "candidate")
    assert settled.returncode == 0, settled.stderr
    assert disagreements(store) == ()


def test_the_linear_front_end_asks_its_question_and_tells_its_evidence(store: Path) -> None:
    done = assay("review", store, "--plain", given="g t01\nn\nJ\nq\n")
    assert done.returncode == 0, done.stderr
    assert "How long may this customer wait?" in done.stdout
    assert "urgent please answer 1" in done.stdout
    assert "22" in done.stdout
    assert "saved" in done.stdout


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="needs OpenSSH")
def test_its_report_is_exported_signed_and_verified(store: Path, tmp_path: Path) -> None:
    report, key = tmp_path / "report", tmp_path / "key"
    exported = assay("export", store, report, "--decision", "reject", "--reason", "urgent texts wait")
    assert exported.returncode == 0, exported.stderr
    page = (report / "report.md").read_text("utf-8")
    assert "3 texts are newly late, 12 no longer" in page
    assert "mean difference in hours between an estimate and what was due" in page
    assert (report / "toy-hours.svg").is_file()
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "alice@shop", "-f", key], check=True, timeout=60
    )
    assert assay("sign", report, "--key", key, "--as", "alice@shop", given="yes\n").returncode == 0
    signers = tmp_path / "allowed_signers"
    kind, blob, _ = key.with_suffix(".pub").read_text("utf-8").split(" ", 2)
    signers.write_text(f'alice@shop namespaces="inspection-report@assay" {kind} {blob}\n', "utf-8")
    verified = assay("verify", report, "--allowed-signers", signers)
    assert verified.returncode == 0, verified.stdout
    (report / "report.md").write_text(page.replace("newly late", "early"), "utf-8")
    assert assay("verify", report, "--allowed-signers", signers).returncode == 1


@pytest.mark.parametrize("file", ["track.py", "gates/error.py", "stages.py"])
def test_a_package_that_cannot_be_imported_is_told_and_stops_nobody_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], file: str
) -> None:
    broken = copy_of_package(tmp_path / "broken")
    (broken / "assay_toy" / file).write_text("import a_module_that_nobody_has\n", "utf-8")
    with installed(broken):
        assert cli.main(["doctor"]) == 0
    line = next(one for one in capsys.readouterr().out.splitlines() if "toy" in one)
    assert "a_module_that_nobody_has" in line
    assert "assay-toy 1.0" in line
    folder = toy_review.write_folder(tmp_path / "replies")
    checked = assay("check", toy_review.write_review(folder), plugin=broken)
    assert checked.returncode == 2
    assert "a_module_that_nobody_has" in checked.stderr
    assert "assay-toy 1.0" in checked.stderr
    assert "failed unexpectedly" not in checked.stderr
    others = tmp_path / "others"
    others.mkdir()
    # There is nothing in it: the review file is written, and no track was found.
    assert assay("init", others, plugin=broken).returncode == 1
    assert (others / "review.toml").is_file()


def test_a_track_of_a_name_that_is_taken_does_not_take_its_place(tmp_path: Path) -> None:
    impostor = copy_of_package(tmp_path / "impostor")
    (impostor / toy_review.DIST_INFO / "entry_points.txt").write_text(
        entry_points(("assay.tracks", "intent = assay_toy.track:TRACK")), "utf-8"
    )
    with installed(impostor):
        assert type(registry.get("intent")).__name__ == "IntentTrack"
        fault = next(one.fault for one in registry.plug_ins() if one.source == "assay-toy 1.0")
    assert "built-in track" in fault


def test_other_code_of_the_package_makes_another_run(analysed: Path, store: Path, tmp_path: Path) -> None:
    changed = copy_of_package(tmp_path / "changed")
    stages = changed / "assay_toy" / "stages.py"
    stages.write_text(stages.read_text("utf-8").replace("estimate.hours,", "estimate.hours + 1.0,"), "utf-8")
    review = toy_review.write_review(toy_review.write_folder(tmp_path))
    with installed(PACKAGE):
        before = registry.identity("toy")
    with installed(changed):
        after = registry.identity("toy")
    assert before["version"] == after["version"] == "1.0"
    assert before["sha256"] != after["sha256"]
    # The review again, beside a store with the run and the shards of the code before.
    done = assay("analyze", review, plugin=changed)
    assert done.returncode == 0, done.stderr
    runs = {path.name for path in (store / "runs").iterdir() if path.is_dir()}
    assert len(runs) == 2
    error = gate(store, "toy.error")
    assert error["value"] != gate(analysed, "toy.error")["value"], "made of the shards of the code before"
