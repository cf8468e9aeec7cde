"""`assay status --format text`: what blocks, how far the inspection is and what was decided, for people."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from analysis.base.number_text import significant
from tui.commands.status_format import StatusFormat
from tui.draw.number_text import PLAIN_UNITS
from tui.draw.safe_text import cells, fit, printable

ORDER = ("off", "fail", "unknown", "warn", "waived", "undecided", "pass", "n/a")
MAX_KEY_CELLS = 48
VERDICT_CELLS = 18
WIDTH = 100


def status_lines(status: Mapping[str, Any]) -> list[str]:
    """The lines of the table for one `status --json` value; what stops a promotion comes first."""
    gates: Sequence[Mapping[str, Any]] = sorted(
        status["gates"], key=lambda gate: (not gate["blocking"], ORDER.index(gate["verdict"]), gate["key"])
    )
    counts = {verdict: sum(gate["verdict"] == verdict for gate in gates) for verdict in ORDER}
    summary = ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count)
    queue = status["queue"]
    lines = [
        f"{printable(str(status['review']))}  run {printable(str(status['run']))}",
        f"{_headline(status)}  gates: {summary}",
        f"queue: {queue['decides']} verdicts decide, {queue['controls']} random controls, "
        f"{queue['known_answers']} known answers, {queue['worth_a_look']} worth a look; {queue['inspected']} judged",
        "",
    ]
    width = min(MAX_KEY_CELLS, max((cells(printable(gate["key"])) for gate in gates), default=0))
    for gate in gates:
        lines += _gate_lines(gate, width)
    fired = [trigger for trigger in status["triggers"] if trigger.get("fired", True)]
    if fired:
        lines += ["", *[printable(str(trigger["sentence"])) for trigger in fired]]
    return lines


def _headline(status: Mapping[str, Any]) -> str:
    if status["promotable"]:
        signed = status["signed_by"]
        return (
            f"PROMOTABLE, signed by {', '.join(map(printable, signed))}" if signed else "PROMOTABLE, unsigned"
        )
    if status["state"] == "decided":
        return f"DECIDED: {printable(str(status['decision'])).upper()}"
    if status["state"] == "waiting" and status["gates_allow"]:
        return "WAITING FOR A DECISION"
    return printable(str(status["state"])).upper()


def _gate_lines(gate: Mapping[str, Any], width: int) -> list[str]:
    """One line of numbers, and below it the reason where the gate does not simply pass."""
    verdict = gate["verdict"] if gate["blocking"] else f"{gate['verdict']} (advisory)"
    line = f"{fit(verdict, VERDICT_CELLS)} {fit(printable(gate['key']), width)}  {_value(gate)}".rstrip()
    if gate["verdict"] == "pass" or not gate["why"]:
        return [line]
    indent = " " * (VERDICT_CELLS + 1)
    return [
        line,
        *textwrap.wrap(printable(gate["why"]), WIDTH, initial_indent=indent, subsequent_indent=indent),
    ]


def _value(gate: Mapping[str, Any]) -> str:
    """The value as its metric is declared: a change with its sign, with unit, interval and size."""
    if gate["value"] is None:
        return ""
    value, low, high = gate["value"], gate["low"], gate["high"]
    sign = "+" if gate["measures"] == "change" and value > 0 else ""
    unit = "" if gate["unit"] in PLAIN_UNITS else f" {printable(gate['unit'])}"
    interval = "" if low is None or high is None else f" [{significant(low, 3)}, {significant(high, 3)}]"
    n = "" if gate["n"] is None else f" n={gate['n']}"
    return f"{sign}{significant(value, 3)}{unit}{interval}{n}"


def write(status: Mapping[str, Any]) -> str:
    """The status as a table of lines."""
    return "\n".join(status_lines(status))


FORMAT = StatusFormat("text", write)
