"""The words that every format of `assay status` for people says: what blocks first, state, numbers, how far it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from analysis.base.gate_records import ALLOWING, URGENCY
from analysis.base.number_text import significant
from analysis.review.inspection import judged_words
from tui.draw.gate_lines import state_words
from tui.draw.number_text import PLAIN_UNITS
from tui.draw.safe_text import printable

ORDER = ("off", *(verdict for verdict in URGENCY if verdict != "off"))
"""Verdicts of gates as they are listed: what nobody looks at any more is what a reader must know first."""


def ordered(status: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The gates of a status; what stops a promotion comes first."""
    return sorted(
        status["gates"], key=lambda gate: (not gate["blocking"], ORDER.index(gate["verdict"]), gate["key"])
    )


def counts(gates: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """How many gates have each verdict, in their order; 0 where none has."""
    return {verdict: sum(gate["verdict"] == verdict for gate in gates) for verdict in ORDER}


def counted(gates: Sequence[Mapping[str, Any]]) -> str:
    """`2 fail, 1 unknown, 9 pass`."""
    return ", ".join(f"{count} {verdict}" for verdict, count in counts(gates).items() if count)


def only_once(names: Sequence[str]) -> list[str]:
    """Names made printable, and each still another than those before it: consumers tell gates apart by them."""
    found: list[str] = []
    for name in map(printable, names):
        number = 1
        told = name
        while told in found:
            number += 1
            told = f"{name} ({number})"
        found.append(told)
    return found


def keeps_back(gate: Mapping[str, Any]) -> bool:
    """Whether a gate keeps the candidate back."""
    return bool(gate["blocking"]) and gate["verdict"] not in ALLOWING


def verdict_of(gate: Mapping[str, Any]) -> str:
    """The verdict, and whether it is only advice."""
    return str(gate["verdict"]) if gate["blocking"] else f"{gate['verdict']} (advisory)"


def headline(status: Mapping[str, Any]) -> str:
    """The state in a word, and what it means; of a promotion, who signed it."""
    decision = printable(str(status["decision"]))
    word, meaning = state_words(printable(str(status["state"])), decision, gates_allow=status["gates_allow"])
    if status["state"] == "promotable":
        signed = ", ".join(map(printable, status["signed_by"]))
        meaning = f"signed in the name of {signed}; `assay verify` tells whose keys" if signed else "unsigned"
    return f"{word}: {meaning}" if meaning else word


def queue_line(queue: Mapping[str, Any]) -> str:
    """How many verdicts decide, and how much of what must be judged is."""
    decides = "1 verdict decides" if queue["decides"] == 1 else f"{queue['decides']} verdicts decide"
    judged = judged_words(queue["inspected"], queue["total"])
    return (
        f"{decides}; {judged}; {queue['controls']} of them are random controls; "
        f"{queue['worth_a_look']} more are worth a look"
    )


def value_of(gate: Mapping[str, Any]) -> str:
    """The value as its metric is declared: a change with its sign, with unit, interval and size."""
    if gate["value"] is None:
        return ""
    low, high = gate["low"], gate["high"]
    change = gate["measures"] == "change"
    unit = "" if gate["unit"] in PLAIN_UNITS else f" {printable(gate['unit'])}"
    interval = "" if low is None or high is None else f" [{_number(low, change)}, {_number(high, change)}]"
    n = "" if gate["n"] is None else f" n={gate['n']}"
    return f"{_number(gate['value'], change)}{unit}{interval}{n}"


def _number(value: float, change: bool) -> str:
    text = significant(value, 3)
    return f"+{text}" if change and value > 0 and text != "0" else text
