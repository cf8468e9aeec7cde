"""A review of recorded predictions in every place that a person looks at: console, plain, status, report."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from analysis.report.build import export
from analysis.report.sign import sign
from analysis.report.verify import verify
from analysis.review.session import ReviewSession
from analysis.review.whatif import missing_models
from analysis.run.pipeline import analyze
from analysis.tracks.intent.names import NO_MODEL, NO_PROBABILITIES
from tests.analysis.report_fixture import make_key, signer_line
from tests.analysis.tracks.intent.recorded import PROBED, predicted, without, write_recorded
from tests.tui.reading import at, shown, until
from tui import cli
from tui.console.app import AssayApp
from tui.draw.theme import Colours
from tui.plugin.options import ViewOptions
from tui.plugin.registry import view_of


@pytest.fixture(scope="module")
def analysed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Labels, probabilities and a threshold; what would need a model is declared as well."""
    folder = tmp_path_factory.mktemp("recorded")
    return analyze(write_recorded(folder, predicted(), "threshold = 0.6\n" + PROBED)).store


@pytest.fixture(scope="module")
def unlabelled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Predicted labels alone: no gold, no probability."""
    rows = without(predicted(), "label", "base_p", "candidate_p")
    return analyze(write_recorded(tmp_path_factory.mktemp("unlabelled"), rows)).store


@pytest.fixture(scope="module")
def labels_only(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Gold and predicted labels, without probabilities."""
    rows = without(predicted(), "base_p", "candidate_p")
    return analyze(write_recorded(tmp_path_factory.mktemp("labels"), rows)).store


@pytest.fixture
def opened(analysed: Path, tmp_path: Path) -> Iterator[ReviewSession]:
    store = shutil.copytree(analysed, tmp_path / "recorded.review")
    with ReviewSession.open(store, "alice") as session:
        yield session


def verdicts(session: ReviewSession) -> dict[str, tuple[str, str]]:
    return {one.key: (one.verdict, one.why) for one in session.gates()}


def test_numbers_are_those_of_the_predictions(opened: ReviewSession) -> None:
    rows = predicted()
    found = {(one.name, one.side): one.value for one in opened.gate_input().metrics if one.slice == "all"}
    for side in ("base", "candidate"):
        right = [row[side] == row["label"] for row in rows]
        sure = [row[f"{side}_p"][row[side]] for row in rows]
        score = [
            sum((p - (name == row["label"])) ** 2 for name, p in row[f"{side}_p"].items()) for row in rows
        ]
        routed = [ok for ok, p in zip(right, sure, strict=True) if p >= 0.6]
        assert found["accuracy", side] == pytest.approx(sum(right) / len(rows))
        assert found["signed_gap", side] == pytest.approx((sum(sure) - sum(right)) / len(rows))
        assert found["brier", side] == pytest.approx(sum(score) / len(rows), rel=1e-4)
        assert found["coverage", side] == pytest.approx(len(routed) / len(rows))
        assert found["selective_risk", side] == pytest.approx(1 - sum(routed) / len(routed))
    assert not any(name.startswith(("drift", "relevance", "licence", "signal")) for name, _ in found)


def test_what_needs_a_model_is_not_applicable_and_says_why(opened: ReviewSession) -> None:
    gates = verdicts(opened)
    for name in ("intent.relevance", "intent.signals", "intent.explanations"):
        assert gates[name] == ("n/a", NO_MODEL)
    judged = (
        "intent.accuracy",
        "intent.threshold",
        "intent.critical_recall[escalation]",
        "intent.overconfidence",
    )
    assert all(gates[name][0] != "n/a" for name in judged)
    spent = opened.gate_input().settings["intent"]["alpha"]
    assert not {"intent.relevance", "intent.signals"} & {name for name, share in spent.items() if share}
    silent = missing_models(opened.description, "intent")
    assert silent is not None
    assert "there are no models to ask" in silent.message


async def test_the_console_shows_predictions_and_says_what_there_is_not(
    opened: ReviewSession,
) -> None:
    entry = next(one for one in opened.gate_input().queue if not one.control and not one.known)
    name = entry.ref.partition(":")[2]
    app = AssayApp(opened, Colours())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.press("2")
        text = await at(pilot, name, look=True)
        assert "predictions were recorded" in " ".join(text.split())
        assert "margin" in text
        await pilot.press("w")
        await until(pilot, "there are no models to ask")
        assert "drift" not in shown(pilot.app)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_what_was_not_recorded_is_left_out(labels_only: Path, unlabelled: Path, width: int) -> None:
    for store, gold in ((labels_only, "escalation"), (unlabelled, "not given")):
        with ReviewSession.open(store, "alice", read_only=True) as session:
            evidence = session.example("intent/message:m001")
            view = view_of("intent")
            options = ViewOptions(width, 24, Colours())
            for lines in (view.example(evidence, options), view.numbers(evidence, options)):
                assert all(line.width <= width for line in lines)
                assert "None" not in "\n".join(line.plain for line in lines)
            said = view.summary(evidence)
            assert any(one.startswith(f"gold: {gold}") for one in said)
            assert any(one.endswith("and no probability was recorded") for one in said)


def test_labels_alone_have_no_calibration_and_still_measure_reviewers(labels_only: Path) -> None:
    with ReviewSession.open(labels_only, "alice", read_only=True) as session:
        assert verdicts(session)["intent.overconfidence"] == ("n/a", NO_PROBABILITIES)
        given = session.gate_input()
        gaps = [one for one in given.metrics if one.name in ("signed_gap", "ece", "brier")]
        assert {(one.value, one.why) for one in gaps} == {(None, NO_PROBABILITIES)}
        assert any(one.known for one in given.queue)
        accuracy = [
            one.value
            for one in given.metrics
            if (one.name, one.slice, one.side) == ("accuracy", "all", "base")
        ]
        assert accuracy == [pytest.approx(sum(row["base"] == row["label"] for row in predicted()) / 72)]


def test_without_gold_flips_are_queued_and_people_say_what_is_right(unlabelled: Path, tmp_path: Path) -> None:
    store = shutil.copytree(unlabelled, tmp_path / "unlabelled.review")
    flips = {f"intent/message:{row['id']}" for row in predicted() if row["base"] != row["candidate"]}
    with ReviewSession.open(store, "alice") as session:
        queued = [one.ref for one in session.gate_input().queue if not one.control]
        assert queued
        assert set(queued) <= flips
        verdict, why = verdicts(session)["intent.accuracy"]
        assert (verdict, why) == ("unknown", "the run holds no labelled example")
        session.verdict(queued[0], "base", cause="the candidate took it for an order")
        assert session.gate_input().state.verdicts[-1].right == "base"


def test_status_plain_and_check_say_it_too(analysed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["check", str(analysed.parent / "review.toml")]) == 0
    out = capsys.readouterr().out
    assert f"no model  {NO_MODEL}" in out
    assert "attribution" not in out
    assert cli.main(["status", str(analysed), "--format", "json"]) in (0, 1)
    gates = {one["key"]: one for one in json.loads(capsys.readouterr().out)["gates"]}
    assert (gates["intent.relevance"]["verdict"], gates["intent.relevance"]["why"]) == ("n/a", NO_MODEL)


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="needs OpenSSH")
def test_the_report_says_so_is_signed_and_verified(opened: ReviewSession, tmp_path: Path) -> None:
    report = export(opened, tmp_path / "report", "hold", "to be read")
    text = (report / "report.md").read_text("utf-8")
    assert f"no explanation, probe or drift was measured: {NO_MODEL}" in text
    assert "share acted on, and error among them" in text
    key = make_key(tmp_path / "key", "alice@laptop")
    allowed = tmp_path / "allowed_signers"
    allowed.write_text(signer_line("alice@example.org", key))
    sign(report, key)
    assert [check for check in verify(report, allowed).checks if not check.ok] == []
