"""The formats of `assay status`: the table for people, and how a format is found."""

from __future__ import annotations

from typing import Any

import pytest

from analysis.base.errors import AssayError
from tui.commands.status_format import status_format
from tui.commands.status_formats.text import status_lines

HOSTILE = "\x1b]52;c;Zm9v\x07\x9b2J\u202e[bold]"


def gate(key: str, verdict: str, **changes: Any) -> dict[str, Any]:
    made = {
        "key": key,
        "name": key.partition("[")[0],
        "track": "intent",
        "slice": None,
        "verdict": verdict,
        "blocking": True,
        "value": None,
        "measures": None,
        "unit": "",
        "better": "neither",
        "low": None,
        "high": None,
        "n": None,
        "threshold": "",
        "criteria": [],
        "why": "because",
        "refs": [],
    }
    return made | changes


def status_of(*gates: dict[str, Any], **changes: Any) -> dict[str, Any]:
    made: dict[str, Any] = {
        "schema": 3,
        "review": "tiny",
        "run": "0123456789ab",
        "state": "blocked",
        "gates_allow": False,
        "decision": None,
        "signed_by": [],
        "promotable": False,
        "evidence_sha256": "ab" * 32,
        "models": [],
        "data": {},
        "plan": {"stood": False, "sentences": ["no plan was fixed"]},
        "causes": [],
        "gates": list(gates),
        "queue": {"decides": 4, "controls": 3, "worth_a_look": 12, "total": 9, "inspected": 2},
        "reviewers": [],
        "record": {"missing": [], "accepted": [], "aside": [], "merged": []},
        "triggers": [],
    }
    return made | changes


def test_the_status_table_puts_what_blocks_first() -> None:
    lines = status_lines(
        status_of(
            gate("intent.accuracy", "pass", measures="change", value=0.01, low=-0.02, high=0.04, n=100),
            gate("intent.drift", "fail", blocking=False),
            gate("intent.slices[a]", "unknown", why="needs 5 more"),
            gate("intent.relevance[x/y]", "fail", value=0.5, n=40),
            triggers=[
                {"sentence": "it got worse", "fired": True},
                {"sentence": "nothing here", "fired": False},
            ],
        )
    )
    text = "\n".join(lines)
    assert "BLOCKED: do not promote  gates: 2 fail, 1 unknown, 1 pass" in text
    assert lines[2] == (
        "4 verdicts decide; 2 of 9 examples that must be judged are judged; 3 of them are random controls; "
        "12 more are worth a look"
    )
    order = [
        text.index(key) for key in ("intent.relevance", "intent.slices", "intent.accuracy", "intent.drift")
    ]
    assert order == sorted(order)
    assert "+0.01 [-0.02, +0.04] n=100" in text
    assert "needs 5 more" in text
    assert "fail (advisory)" in text
    assert "it got worse" in text
    assert "nothing here" not in text


def test_what_is_only_rounding_is_zero_in_the_status_table() -> None:
    rounded = gate("retrieval.grouping", "pass", value=-0.0, low=-4.9e-18, high=2e-9, n=100)
    assert "0 [0, 2e-09] n=100" in "\n".join(status_lines(status_of(rounded)))


def test_the_status_table_says_what_may_be_done() -> None:
    waiting = status_of(state="waiting")
    assert "WAITING: verdicts or data are missing" in status_lines(waiting)[1]
    assert "WAITING: the gates allow promotion" in status_lines(waiting | {"gates_allow": True})[1]
    assert "DECIDED: hold" in status_lines(status_of(state="decided", decision="hold"))[1]
    promotable = status_of(state="promotable", gates_allow=True, decision="promote", promotable=True)
    assert "PROMOTABLE: unsigned" in status_lines(promotable)[1]
    assert "PROMOTABLE: signed in the name of alice" in status_lines(promotable | {"signed_by": ["alice"]})[1]


def test_the_status_table_says_who_judged() -> None:
    known = {"track": "intent", "right": 5, "answered": 6, "items": 8, "failed": False}
    alice = {
        "actor": "uid:1/alice",
        "reviewer": f"alice{HOSTILE}",
        "verdicts": 12,
        "blind": 0.75,
        "known": [known],
    }
    bob = {
        "actor": "uid:2/bob on gpubox",
        "reviewer": "bob",
        "verdicts": 0,
        "blind": None,
        "known": [known | {"right": 3, "failed": True}],
    }
    lines = status_lines(status_of(reviewers=[alice, bob]))
    assert lines[3].endswith(": 12 verdicts, 75% blind; 5 of 6 known answers of intent right, 2 to go")
    assert (
        lines[4] == "bob (merged from gpubox): 0 verdicts; 3 of 6 known answers of intent right: too few, "
        "their verdicts do not count"
    )
    assert all(line.isprintable() for line in lines)


def test_the_status_table_says_by_whom_its_criteria_were_fixed() -> None:
    fixed = {"stood": True, "sentences": [f"fixed by {HOSTILE}", "changed since the plan: the queue"]}
    lines = status_lines(status_of(plan=fixed))
    assert lines[3].startswith("fixed by ")
    assert lines[4] == "changed since the plan: the queue"
    assert all(line.isprintable() for line in lines)
    assert not any("no plan" in line for line in status_lines(status_of()))


def test_the_status_table_says_first_what_is_missing_of_the_record() -> None:
    record = {
        "missing": [{"sentence": f"a@b/c is gone{HOSTILE}, and heads/a@b/c.json knows of 4"}],
        "aside": [{"name": "d@e/f.jsonl", "why": "a hash is not its own"}],
        "accepted": [{"sentence": "alice (“A.”): the disk broke (a@b/d is gone)"}],
        "merged": [{"sentence": "carol (merged from gpubox): 3 events, which count for nothing"}],
    }
    lines = status_lines(status_of(record=record))
    assert [line.split(": ")[0] for line in lines[:2]] == ["MISSING", "SET ASIDE"]
    assert lines[2] == "LOSS ACCEPTED by alice (“A.”): the disk broke (a@b/d is gone)"
    for name in ("markdown", "github", "junit"):
        assert "the disk broke" in status_format(name).write(status_of(record=record)), name
    assert "merged: carol (merged from gpubox): 3 events, which count for nothing" in lines
    assert all(line.isprintable() for line in lines)


def test_what_is_undecided_is_counted_apart() -> None:
    gates = [gate("a", "pass"), gate("b", "undecided"), gate("c", "undecided")]
    assert "gates: 2 undecided, 1 pass" in status_lines(status_of(*gates, state="waiting"))[1]


def test_the_status_table_shows_hostile_names_as_text() -> None:
    hostile = gate(f"intent.slices[{HOSTILE}]", "fail", why=HOSTILE)
    lines = status_lines(status_of(hostile, review=HOSTILE, triggers=[{"sentence": HOSTILE, "fired": True}]))
    assert all(line.isprintable() for line in lines)


def test_a_value_has_the_sign_and_unit_of_its_metric() -> None:
    length = gate("response.length", "warn", measures="change", unit="words", value=17.6, n=138)
    missed = gate("review.coverage", "unknown", measures="count", unit="examples", value=3)
    text = "\n".join(status_lines(status_of(length, missed)))
    assert "+17.6 words n=138" in text
    assert "3 examples" in text
    assert "+3" not in text


def test_a_format_that_is_not_there_is_told_with_the_nearest() -> None:
    assert status_format("json").name == "json"
    with pytest.raises(AssayError, match="there is no format 'jsno'") as refused:
        status_format("jsno")
    assert "json" in str(refused.value.hint)
