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
        "why": "because",
        "refs": [],
    }
    return made | changes


def status_of(*gates: dict[str, Any], **changes: Any) -> dict[str, Any]:
    made: dict[str, Any] = {
        "schema": 2,
        "review": "tiny",
        "run": "0123456789ab",
        "gates_allow": False,
        "decision": None,
        "signed_by": [],
        "promotable": False,
        "gates": list(gates),
        "state": "blocked",
        "queue": {
            "decides": 3,
            "controls": 2,
            "known_answers": 8,
            "worth_a_look": 4,
            "total": 17,
            "inspected": 2,
        },
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
    assert "BLOCKED  gates: 2 fail, 1 unknown, 1 pass" in text
    assert "queue: 3 verdicts decide, 2 random controls, 8 known answers, 4 worth a look; 2 judged" in text
    order = [
        text.index(key) for key in ("intent.relevance", "intent.slices", "intent.accuracy", "intent.drift")
    ]
    assert order == sorted(order)
    assert "+0.01 [-0.02, 0.04] n=100" in text
    assert "needs 5 more" in text
    assert "fail (advisory)" in text
    assert "it got worse" in text
    assert "nothing here" not in text


def test_what_is_only_rounding_is_zero_in_the_status_table() -> None:
    rounded = gate("retrieval.grouping", "pass", value=-0.0, low=-4.9e-18, high=2e-9, n=100)
    assert "0 [0, 2e-09] n=100" in "\n".join(status_lines(status_of(rounded)))


def test_the_status_table_says_what_may_be_done() -> None:
    waiting = status_of(state="waiting")
    assert status_lines(waiting)[1].startswith("WAITING  ")
    assert "WAITING FOR A DECISION" in status_lines(waiting | {"gates_allow": True})[1]
    assert "DECIDED: HOLD" in status_lines(status_of(state="decided", decision="hold"))[1]
    promotable = status_of(gates_allow=True, decision="promote", promotable=True)
    assert "PROMOTABLE, unsigned" in status_lines(promotable)[1]
    assert "PROMOTABLE, signed by alice" in status_lines(promotable | {"signed_by": ["alice"]})[1]


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
