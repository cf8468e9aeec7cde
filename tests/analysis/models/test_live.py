"""The live worker, as a real process on a real run: answers, cancelling, refusing, and ending."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from analysis.base.errors import AssayError
from analysis.live.client import LiveProbes, ProbeCancelledError
from analysis.plugin.live import MAX_TEXT_BYTES, LiveRequest
from analysis.plugin.registry import get
from analysis.store.run import attach
from tests.conftest import LABELS

ROOT = Path(__file__).parents[3]
ON_DEMAND = tuple(spec.name for spec in get("intent").methods() if spec.on_demand)


@pytest.fixture(autouse=True)
def _logs_of_failed_workers_stay_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


@pytest.fixture(scope="module")
def evidence(live_run: tuple[Path, str]) -> Iterator[duckdb.DuckDBPyConnection]:
    connection = duckdb.connect(":memory:")
    attach(connection, *live_run)
    yield connection
    connection.close()


def rows(evidence: duckdb.DuckDBPyConnection, sql: str, *given: object) -> list[dict[str, Any]]:
    cursor = evidence.execute(sql, list(given))
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def flipped(evidence: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """An attributed message that the sides predict differently."""
    return rows(
        evidence,
        """
        SELECT e.ref, e.text, b.label AS base, c.label AS candidate FROM evidence.example e
        JOIN evidence.intent_side b ON b.ref = e.ref AND b.side = 'base'
        JOIN evidence.intent_side c ON c.ref = e.ref AND c.side = 'candidate'
        WHERE e.kind = 'message' AND b.label <> c.label AND e.ref IN (SELECT ref FROM evidence.attribution)
        ORDER BY e.ref LIMIT 1
        """,
    )[0]


def test_an_answer_is_what_the_run_measured(
    live_probes: LiveProbes, evidence: duckdb.DuckDBPyConnection
) -> None:
    example = flipped(evidence)
    reply = live_probes.ask(LiveRequest("intent", example["text"], ref=example["ref"]))
    assert reply["labels"] == list(LABELS)
    assert reply["contrast"] == f"{example['candidate']} − {example['base']}"
    for side in ("base", "candidate"):
        stored = rows(
            evidence,
            "SELECT * FROM evidence.intent_side WHERE ref = ? AND side = ?", example["ref"], side,
        )[0]  # fmt: skip
        answer = reply["sides"][side]
        output = answer["output"]
        assert set(output) == set(get("intent").live_output)
        assert (output["label"], output["runner_up"]) == (stored["label"], stored["runner_up"])
        for name in ("p", "runner_up_p", "margin"):
            assert output[name] == pytest.approx(stored[name], abs=1e-5)
        assert sum(answer["probabilities"]) == pytest.approx(1.0, abs=1e-5)
        assert answer["probabilities"][LABELS.index(stored["label"])] == pytest.approx(output["p"])
        assert not answer["cut"]
        measured = rows(
            evidence,
            "SELECT * FROM evidence.attribution WHERE ref = ? AND side = ?", example["ref"], side,
        )  # fmt: skip
        by_key = {(row["method"], row["target"]): row for row in measured}
        targets = {row["target"] for row in answer["attributions"]}
        assert targets == {stored["label"], reply["contrast"]}
        assert {row["method"] for row in answer["attributions"]} == {"lrp", "occlusion"}
        for row in answer["attributions"]:
            known = by_key[row["method"], row["target"]]
            assert (row["starts"], row["ends"]) == (known["starts"], known["ends"])
            # Kept in steps of at most a thousandth of the largest: what another batch rounds may fall beside a step.
            step = max(map(abs, known["scores"])) / 1024
            assert row["scores"] == pytest.approx(known["scores"], abs=step + 1e-4)
            assert (row["baseline"], row["status"], row["steps"]) == (
                known["baseline"],
                known["status"],
                known["steps"],
            )


def test_an_edited_text_is_explained_for_the_flip_of_its_example(
    live_probes: LiveProbes, evidence: duckdb.DuckDBPyConnection
) -> None:
    example = flipped(evidence)
    edited = example["text"].split()[0]
    reply = live_probes.ask(LiveRequest("intent", edited, ref=example["ref"], methods=("occlusion",)))
    assert reply["contrast"] == f"{example['candidate']} − {example['base']}"
    assert [row["ends"][-1] for row in reply["sides"]["base"]["attributions"]] == [len(edited)] * 2
    own = live_probes.ask(LiveRequest("intent", edited, methods=()))
    labels = {side: own["sides"][side]["output"]["label"] for side in ("base", "candidate")}
    agree = labels["base"] == labels["candidate"]
    assert own["contrast"] == (None if agree else f"{labels['candidate']} − {labels['base']}")
    assert own["sides"]["base"]["attributions"] == []


def test_the_licence_of_an_examples_own_text_is_the_one_of_the_run(
    live_probes: LiveProbes, evidence: duckdb.DuckDBPyConnection
) -> None:
    example = flipped(evidence)
    reply = live_probes.ask(LiveRequest("intent", example["text"], ref=example["ref"]))
    for side in ("base", "candidate"):
        stored = rows(
            evidence,
            "SELECT * EXCLUDE (ref, ref_key) FROM evidence.intent_licensed WHERE ref = ? AND side = ? "
            "AND method IN ('lrp', 'occlusion') ORDER BY method, target",
            example["ref"], side,
        )  # fmt: skip
        assert len(stored) == 4
        assert [sorted(row) for row in stored] == [sorted(row) for row in reply["sides"][side]["licences"]]
        for known, row in zip(stored, reply["sides"][side]["licences"], strict=True):
            for name, value in known.items():
                assert row[name] == (pytest.approx(value, abs=1e-5) if isinstance(value, float) else value), (
                    name
                )


def test_every_attribution_of_a_changed_text_has_its_licence_and_the_same_one_again(
    live_probes: LiveProbes, evidence: duckdb.DuckDBPyConnection
) -> None:
    request = LiveRequest("intent", "where is my second volume of Tofu Wars", ref=flipped(evidence)["ref"])
    reply = live_probes.ask(request)
    for side in reply["sides"].values():
        tested = {(row["method"], row["target"]): row for row in side["licences"]}
        assert set(tested) == {(row["method"], row["target"]) for row in side["attributions"]}
        for row in tested.values():
            assert row["words"] == 8
            assert row["decidable"]
            # What another test has refused is not held against chance.
            assert row["chance_p"] is None or 0 < row["chance_p"] <= 1
            assert row["licensed"] is (row["why"] == "")
            assert row["chance_p"] is not None or not row["licensed"]
    assert live_probes.ask(request) == reply


def test_predictions_alone_bring_no_attribution(live_probes: LiveProbes) -> None:
    reply = live_probes.ask(LiveRequest("intent", "where is my gift", methods=()))
    assert all(side["attributions"] == side["licences"] == [] for side in reply["sides"].values())


def test_methods_on_demand_are_answered_and_unknown_ones_refused(live_probes: LiveProbes) -> None:
    request = LiveRequest("intent", "where is my Tofu Wars", methods=ON_DEMAND)
    reply = live_probes.ask(request)
    for side in reply["sides"].values():
        found: dict[str, list[dict[str, Any]]] = {}
        for row in side["attributions"]:
            found.setdefault(row["method"], []).append(row)
        assert (
            set(found)
            == {"gradient_shap", "lime", "kernel_shap"}
            == set(ON_DEMAND)
            == {row["method"] for row in side["licences"]}
        )
        assert {row["steps"] for name in ("lime", "kernel_shap") for row in found[name]} == {500}
        assert all(
            row["completeness_delta"] < 0.05 for row in found["gradient_shap"] if row["status"] == "ok"
        )
        assert all(0 < row["parameters"]["fidelity"] <= 1 for row in found["lime"])
        assert all(row["completeness_delta"] < 0.05 for row in found["kernel_shap"])
        # Agreement is with the gradient family, which was not asked for itself.
        assert all(row["overlap"] is not None or row["why"] for row in side["licences"])
    assert reply == live_probes.ask(request)
    with pytest.raises(AssayError, match="there is no attribution method 'tea leaves'"):
        live_probes.ask(LiveRequest("intent", "gift", methods=("tea leaves",)))
    with pytest.raises(AssayError, match="the run has no example 'intent/message:none'"):
        live_probes.ask(LiveRequest("intent", "gift", ref="intent/message:none"))
    with pytest.raises(AssayError, match="does not say where the models of 'retrieval' are"):
        live_probes.ask(LiveRequest("retrieval", "gift"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\x00",
        "a\nb\r\n\x1b[2J\x1b]52;c;aGk=\x07",
        '{"id": 1}\n{"id": 2}',
        "\u202egift\u2066 [bold]gift[/bold]",
        "[CLS] [SEP] [PAD]",
        "🙂" * 300,
        "word " * 5000,
        "x" * 100_000,
    ],
)
def test_hostile_texts_are_answered_and_the_next_question_too(live_probes: LiveProbes, text: str) -> None:
    reply = live_probes.ask(LiveRequest("intent", text))
    for side in reply["sides"].values():
        assert side["output"]["label"] in LABELS
        assert side["tokens"] <= 32
        for row in side["attributions"]:
            assert all(0 <= start < end <= len(text) for start, end in zip(row["starts"], row["ends"]))  # noqa: B905
    assert reply["sides"]["base"]["cut"] is text.startswith("word word")
    assert (
        live_probes.ask(LiveRequest("intent", "gift", methods=()))["sides"]["base"]["output"]["label"]
        in LABELS
    )


def test_texts_that_cannot_be_read_are_refused_in_words(live_probes: LiveProbes) -> None:
    with pytest.raises(AssayError, match="half of a character") as caught:
        live_probes.ask(LiveRequest("intent", "gift \ud83d"))
    assert caught.value.where == "character 6"
    with pytest.raises(AssayError, match="this text is longer than"):
        live_probes.ask(LiveRequest("intent", "x" * (MAX_TEXT_BYTES + 1)))
    assert live_probes.ask(LiveRequest("intent", "gift", methods=()))["sides"]


class Watched(LiveProbes):
    """Says when a question was sent and its answer is awaited."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.asked = threading.Event()

    def _read_line(self, *given: Any) -> bytes | None:
        self.asked.set()
        return super()._read_line(*given)


def test_cancel_ends_the_question_and_the_next_one_starts_another_worker(live_run: tuple[Path, str]) -> None:
    caught: list[BaseException] = []
    with Watched(*live_run) as probes:
        probes.start()
        first = _pid(probes)

        def ask() -> None:
            try:
                probes.ask(LiveRequest("intent", "gift"))
            except AssayError as error:
                caught.append(error)

        thread = threading.Thread(target=ask)
        os.kill(first, signal.SIGSTOP)
        thread.start()
        assert probes.asked.wait(60)
        probes.cancel()
        thread.join(60)
        assert isinstance(caught[0], ProbeCancelledError)
        assert probes.ask(LiveRequest("intent", "gift", methods=()))["sides"]
        assert _pid(probes) != first


def test_a_worker_that_hangs_or_dies_is_reported_with_its_log(live_run: tuple[Path, str]) -> None:
    with Watched(*live_run) as probes:
        probes.start()
        os.kill(_pid(probes), signal.SIGSTOP)
        with pytest.raises(AssayError, match=r"did not answer within 0\.3 seconds") as caught:
            probes.ask(LiveRequest("intent", "gift"), timeout_s=0.3)
        assert caught.value.where == str(probes.log)
        probes.start()
        probes.asked.clear()
        worker = _pid(probes)
        # Stopped, so that it cannot answer before it is killed.
        os.kill(worker, signal.SIGSTOP)

        def kill() -> None:
            probes.asked.wait(60)
            os.kill(worker, signal.SIGKILL)

        killer = threading.Thread(target=kill)
        killer.start()
        with pytest.raises(AssayError, match=r"ended without an answer \(signal 9\)") as caught:
            probes.ask(LiveRequest("intent", "gift"))
        killer.join()
        assert caught.value.where is not None
        assert Path(caught.value.where).is_file()


@pytest.mark.soak
def test_an_idle_worker_ends_and_a_question_starts_it_again(live_run: tuple[Path, str]) -> None:
    with LiveProbes(*live_run, idle_s=0.2) as probes:
        probes.start()
        first = probes._worker
        assert first is not None
        assert first.process.wait(60) == 0
        assert "no question for 0.2 seconds" in first.log.read_text("utf-8")
        assert probes.ask(LiveRequest("intent", "gift", methods=()))["sides"]
        log = probes.log
    assert log is not None
    assert not log.exists()
    assert not first.log.exists()


def test_models_that_were_changed_since_the_run_are_refused(
    live_run: tuple[Path, str], live_review: Path, tmp_path: Path
) -> None:
    folder = live_review.parent / "models" / "candidate"
    config = folder / "config.json"
    before = config.read_bytes()
    try:
        config.write_bytes(before + b"\n")
        with LiveProbes(*live_run) as probes:
            with pytest.raises(AssayError, match="not the candidate that was reviewed") as caught:
                probes.ask(LiveRequest("intent", "gift"))
            assert caught.value.where == str(folder)
            folder.rename(tmp_path / "moved")
            with pytest.raises(AssayError, match="is not a model folder") as caught:
                probes.ask(LiveRequest("intent", "gift"))
            assert caught.value.where == str(folder)
            (tmp_path / "moved").rename(folder)
            config.write_bytes(before)
            assert probes.ask(LiveRequest("intent", "gift", methods=()))["sides"]
    finally:
        config.write_bytes(before)


CONSOLE = """
import sys
from analysis.live.client import LiveProbes, LiveRequest
assert "torch" not in sys.modules and "transformers" not in sys.modules
probes = LiveProbes(sys.argv[1], sys.argv[2])
probes.ask(LiveRequest("intent", "gift", methods=()))
assert "torch" not in sys.modules
print(probes._worker.process.pid, flush=True)
sys.stdin.read()
"""


def test_the_worker_ends_with_its_console(live_run: tuple[Path, str]) -> None:
    console = subprocess.Popen(
        [sys.executable, "-c", CONSOLE, str(live_run[0]), live_run[1]],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
        text=True,
    )
    assert console.stdout is not None
    worker = int(console.stdout.readline())
    assert _alive(worker)
    console.kill()
    console.wait()
    deadline = time.monotonic() + 120
    while _alive(worker) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _alive(worker)


NOISY = """
import os, sys
import analysis.live.worker as worker
answer = worker.Worker.answer
def noisy(self, request):
    print("noise on standard output")
    os.write(1, b"more noise\\n")
    os.system("echo noise of a child")
    return answer(self, request)
worker.Worker.answer = noisy
worker.main(sys.argv[1:])
"""


@pytest.mark.soak
def test_noise_on_standard_output_goes_to_the_log(live_run: tuple[Path, str], tmp_path: Path) -> None:
    log = tmp_path / "log"
    question = {"id": 7, "track": "intent", "text": "gift", "methods": []}
    with log.open("wb") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-c", NOISY, str(live_run[0]), live_run[1]],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            cwd=ROOT,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        lines = []
        for line in (json.dumps(question).encode(), b"not json", b'{"id": 9, "track": "intent"}'):
            process.stdin.write(line + b"\n")
            process.stdin.flush()
            lines.append(json.loads(process.stdout.readline()))
        process.stdin.close()
        assert process.wait(20) == 0
        assert process.stdout.read() == b""
    assert lines[0]["id"] == 7
    assert lines[0]["sides"]["base"]["output"]["label"] in LABELS
    assert lines[1]["id"] is None
    assert "JSONDecodeError" in lines[1]["error"]["message"]
    assert lines[2]["id"] == 9
    assert "KeyError" in lines[2]["error"]["message"]
    text = log.read_text("utf-8")
    assert all(noise in text for noise in ("noise on standard output", "more noise", "noise of a child"))
    assert "Traceback" in text


def _pid(probes: LiveProbes) -> int:
    assert probes._worker is not None
    return probes._worker.process.pid


def _alive(pid: int) -> bool:
    """Whether the process runs; one that ended and was not waited for does not."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text("ascii")
    except FileNotFoundError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"
