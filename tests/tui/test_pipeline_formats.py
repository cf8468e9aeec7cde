"""The formats that pipelines read: each against the rules of its own consumers, with whatever text data brings."""

from __future__ import annotations

import importlib.util
import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from analysis.review.session import ReviewSession
from tests.analysis.report_fixture import HOSTILE
from tests.tui.test_status_formats import gate, status_of
from tui import cli
from tui.commands.status import exit_status
from tui.commands.status_format import format_names, status_format
from tui.commands.status_formats import github, junit, markdown, openmetrics

EVIL = (
    *HOSTILE,
    "\ud800 lone",
    "\ufffe\uffff not in XML",
    "]]> &amp; <a b='c' d=\"e\">",
    "::error::stop ##[error]x",
    "\n::set-output name=state::promotable\nstate=promotable",
    '"} 1\n# EOF\nassay_state{assay_state="promotable"} 1',
    "back\\slash\\",
    "@everyone #1 !2 | a |",
)


def hostile_status() -> dict[str, Any]:
    """A status in which every text that may come from data is hostile, in every place."""
    gates = [
        gate(
            f"intent.slices[{text}]",
            ("fail", "unknown", "warn", "waived", "undecided", "off", "n/a", "pass")[place % 8],
            slice=text,
            why=text,
            unit=text,
            threshold=text,
            value=float(place) - 1.5,
            low=-2.0,
            high=1e-30,
            n=12,
            refs=[f"intent/message:{text}"] * 7,
            criteria=[
                {"what": text, "value": None, "low": None, "high": None, "limit": text, "verdict": "fail"}
            ],
        )
        for place, text in enumerate(EVIL)
    ]
    # Two keys that are the same once they are printable.
    gates += [
        gate("a\x1b", "pass"),
        gate("a\u241b", "fail"),
        gate("review.findings", "unknown", track="review"),
    ]
    text = "".join(EVIL[:5])
    return status_of(
        *gates,
        review=text,
        signed_by=[text],
        models=[{"track": "intent", "side": "base", "folder": text, "digest": "cd" * 32}],
        data={"intent": "ef" * 32},
        causes=[{"said": one, "shared": one, "outcome": one, "gates": []} for one in EVIL],
        triggers=[{"sentence": one, "fired": True} for one in EVIL],
        plan={"stood": True, "sentences": list(EVIL)},
    )


@pytest.fixture(scope="module")
def real(tiny_analysed: Path) -> dict[str, Any]:
    """The status of a review that nobody has looked at."""
    with ReviewSession.open(tiny_analysed, read_only=True) as session:
        return session.status()


def check_junit(text: str) -> ET.Element:
    """The rules of Jenkins' junit-10.xsd, which others read too: elements, attributes, order, and honest counts."""
    assert text.isascii()
    root = ET.fromstring(text)
    assert root.tag == "testsuites"
    assert root.attrib.keys() <= {"name", "time", "tests", "failures", "errors", "disabled"}
    totals = dict.fromkeys(("tests", "failures", "errors"), 0)
    for suite in root:
        assert suite.tag == "testsuite"
        assert {"name", "tests", "failures", "errors", "skipped", "time"} == suite.attrib.keys()
        assert suite[0].tag == "properties"
        assert {one.tag for one in suite} == {"properties", "testcase"}
        assert all(one.attrib.keys() == {"name", "value"} for one in suite[0])
        cases = suite.findall("testcase")
        names = [(one.get("classname"), one.get("name")) for one in cases]
        assert len(set(names)) == len(names)
        for case in cases:
            assert case.attrib.keys() == {"classname", "name", "time"}
            assert {one.tag for one in case} <= {"failure", "error", "skipped", "system-out"}
            assert len(case) <= 1
        found = {
            "tests": len(cases),
            "failures": len(suite.findall("testcase/failure")),
            "errors": len(suite.findall("testcase/error")),
        }
        assert {name: int(suite.attrib[name]) for name in found} == found
        assert int(suite.attrib["skipped"]) == len(suite.findall("testcase/skipped"))
        totals = {name: totals[name] + count for name, count in found.items()}
    assert {name: int(root.attrib[name]) for name in totals} == totals
    if importlib.util.find_spec("junitparser"):
        import junitparser

        parsed = junitparser.JUnitXml.fromstring(text)
        assert parsed.tests == totals["tests"]
    return root


SAMPLE = re.compile(
    r"([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (-?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?|inf)|nan)", re.IGNORECASE
)
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|$)')


def check_openmetrics(text: str) -> dict[str, list[tuple[dict[str, str], float]]]:
    """The rules of OpenMetrics 1.0 for what is written: metadata first, families whole, series once, `# EOF` last."""
    assert text.endswith("\n# EOF\n")
    families: dict[str, list[tuple[dict[str, str], float]]] = {}
    kinds: dict[str, str] = {}
    name = ""
    for line in text.removesuffix("# EOF\n").splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert name not in kinds, "a family is written in one piece"
            kinds[name], families[name] = kind, []
        elif line.startswith("# HELP "):
            assert line.split(" ")[2] == name
            assert not families[name]
        else:
            match = SAMPLE.fullmatch(line)
            assert match, line
            assert match[1] == (f"{name}_info" if kinds[name] == "info" else name)
            pairs = LABEL.findall(match[2] or "")
            assert "".join(f'{key}="{value}",' for key, value in pairs) == f"{match[2]},"
            labels = dict(pairs)
            assert len(labels) == len(pairs)
            assert labels not in [one for one, _ in families[name]], "a series is written once"
            families[name].append((labels, float(match[3])))
            if kinds[name] == "info":
                assert float(match[3]) == 1
            if kinds[name] == "stateset":
                assert name in labels
                assert float(match[3]) in (0, 1)
    if importlib.util.find_spec("prometheus_client"):
        from prometheus_client.openmetrics.parser import text_string_to_metric_families

        assert {one.name for one in text_string_to_metric_families(text)} == kinds.keys()
    return families


def check_markdown(text: str) -> None:
    """Nothing of data starts a line, a command of a pipeline, a cell, HTML, a link or a mention."""
    cells = re.sub(r"\\.", " ", text)
    for line, plain in zip(text.splitlines(), cells.splitlines(), strict=True):
        assert line == "" or re.match(r"## |### |\*\*[A-Z]+: |- |\| |\|---|and \d+ more", line), line
        assert not plain.startswith("| ") or plain.count("|") == 5
        assert "##[" not in line
        assert not re.search(r"[@#!](?=\w)|://|<(?!!-- -->)", plain), line
    assert all(one.isprintable() for one in text.splitlines())


def test_every_format_keeps_its_form_whatever_text_data_brings(real: dict[str, Any]) -> None:
    for status in (real, hostile_status(), status_of()):
        check_junit(junit.write(status))
        check_openmetrics(openmetrics.write(status) + "\n")
        check_markdown(markdown.write(status))
        summary = github.write(status)
        check_markdown(summary)
        assert len(summary.splitlines()) <= 40
        outputs = github.FORMAT.append["GITHUB_OUTPUT"](status)
        lines = dict(line.split("=") for line in outputs.splitlines())
        assert all(re.fullmatch(r"[a-z_]+=[a-z0-9_]*", line) for line in outputs.splitlines())
        assert lines["state"] == status["state"]
        assert json.loads(status_format("json").write(status)) == json.loads(json.dumps(status))


def test_no_junit_is_green_before_the_decision(real: dict[str, Any]) -> None:
    gates = [
        gate("intent.accuracy", "pass"),
        gate("intent.slices[a]", "unknown", slice="a", why="2 verdicts decide"),
        gate("intent.slices[b]", "fail", slice="b", why="it lost", refs=[f"r{n}" for n in range(7)]),
        gate("intent.slices[c]", "waived", slice="c", why="unknown, waived by alice until 2030-01-01: ok"),
        gate("intent.slices[d]", "undecided", slice="d"),
        gate("intent.drift", "unknown", blocking=False),
        gate("intent.signals", "warn"),
        gate("review.coverage", "unknown", track="review"),
    ]
    root = check_junit(junit.write(status_of(*gates)))
    cases = {(one.get("classname"), one.get("name")): one for one in root.iter("testcase")}
    tags = {name: [child.tag for child in case] for name, case in cases.items()}
    assert tags == {
        ("intent.accuracy", "intent.accuracy"): [],
        ("intent.slices", "intent.slices[a]"): ["error"],
        ("intent.slices", "intent.slices[b]"): ["failure"],
        ("intent.slices", "intent.slices[c]"): ["skipped"],
        ("intent.slices", "intent.slices[d]"): ["skipped"],
        ("intent.drift", "intent.drift"): ["system-out"],
        ("intent.signals", "intent.signals"): ["system-out"],
        ("review.coverage", "review.coverage"): ["error"],
        ("review", "decision"): ["error"],
    }
    failure = cases["intent.slices", "intent.slices[b]"][0]
    assert failure.get("message") == "it lost"
    assert "r4 and 2 more" in str(failure.text)
    skipped = cases["intent.slices", "intent.slices[c]"][0]
    assert "waived by alice until 2030-01-01" in str(skipped.get("message"))
    allowed = [gate("intent.accuracy", "pass")]
    for state, decision, wanted in (
        ("waiting", None, "error"),
        ("decided", "hold", "failure"),
        ("promotable", "promote", None),
    ):
        promotable = state == "promotable"
        made = status_of(*allowed, state=state, decision=decision, promotable=promotable, gates_allow=True)
        root = check_junit(junit.write(made))
        red = [child.tag for case in root.iter("testcase") for child in case]
        assert red == ([wanted] if wanted else []), state
    # Run, digests and state stand with every suite, for those who read only one.
    for suite in check_junit(junit.write(real)):
        told = {one.get("name"): one.get("value") for one in suite[0]}
        assert told["run"] == real["run"]
        assert told["state"] == real["state"]
        assert told["evidence.sha256"] == real["evidence_sha256"]
        assert len(str(told["model.intent.candidate"])) == 64
        assert len(str(told["data.intent"])) == 64


def test_metrics_say_what_the_status_says(real: dict[str, Any]) -> None:
    families = check_openmetrics(openmetrics.write(real) + "\n")
    states = {labels["assay_state"]: value for labels, value in families["assay_state"]}
    assert states.keys() == {"blocked", "waiting", "promotable", "decided"}
    assert [name for name, value in states.items() if value] == [real["state"]]
    values = {labels["gate"]: value for labels, value in families["assay_gate_value"]}
    assert values == {one["key"]: one["value"] for one in real["gates"] if one["value"] is not None}
    verdicts = {
        labels["gate"]: labels["assay_gate_verdict"]
        for labels, value in families["assay_gate_verdict"]
        if value
    }
    assert verdicts == {one["key"]: one["verdict"] for one in real["gates"]}


def test_a_summary_of_many_gates_says_how_many_it_leaves_out() -> None:
    gates = [gate(f"intent.slices[{number}]", "fail", slice=str(number)) for number in range(90)]
    summary = github.write(status_of(*gates)).splitlines()
    assert len(summary) == 40
    shown = sum(line.startswith("| fail") for line in summary)
    assert summary[-1] == f"and {90 - shown} more that keep it back"


def test_a_pipeline_tells_waiting_from_blocked(
    tiny_analysed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("GITHUB_OUTPUT", raising=False)
    waiting, blocked = status_of(state="waiting"), status_of(state="blocked")
    assert (exit_status(waiting), exit_status(waiting, 0), exit_status(waiting, 3)) == (1, 0, 3)
    assert (exit_status(blocked), exit_status(blocked, 0)) == (1, 1)
    assert exit_status(status_of(state="decided", decision="hold"), 0) == 1
    assert exit_status(status_of(state="promotable", promotable=True), 3) == 0
    store, files = str(tiny_analysed), tmp_path / "out"
    files.mkdir()
    for name in format_names():
        target = files / name
        found = cli.main(["status", store, "--format", name, "-o", str(target), "--waiting-exit", "7"])
        assert found in (1, 7)
        written = target.read_text("utf-8")
        assert capsys.readouterr().out == ""
        cli.main(["status", store, "--format", name])
        assert capsys.readouterr().out == written
    state = re.search(r"^state=(\w+)$", (files / "dotenv").read_text("utf-8"), re.MULTILINE)
    assert state
    assert found == (7 if state[1] == "waiting" else 1)
    monkeypatch.setenv("GITHUB_OUTPUT", str(tmp_path / "outputs"))
    (tmp_path / "outputs").write_text("before=1\n", "utf-8")
    cli.main(["status", store, "--format", "github"])
    assert (tmp_path / "outputs").read_text("utf-8") == "before=1\n" + (files / "dotenv").read_text("utf-8")
    assert cli.main(["status", store, "-o", str(tmp_path)]) == 2
    assert "the status cannot be written" in capsys.readouterr().err
    for wrong in ("2", "130", "256", "-1", "x"):
        with pytest.raises(SystemExit):
            cli.main(["status", store, "--waiting-exit", wrong])
