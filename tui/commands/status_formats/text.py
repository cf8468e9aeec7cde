"""`assay status --format text`: what blocks, how far the inspection is and what was decided, for people."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from analysis.base.number_text import significant
from tui.commands.status_format import StatusFormat
from tui.draw.number_text import PLAIN_UNITS, plural
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
    lines = [
        *_causes(status["causes"]),
        f"{printable(str(status['review']))}  run {printable(str(status['run']))}",
        f"{_headline(status)}  gates: {summary}",
        _queue(status["queue"]),
        *map(_reviewer, status["reviewers"]),
        "",
    ]
    folded = {key for cause in status["causes"] for key in cause["gates"]}
    width = min(MAX_KEY_CELLS, max((cells(printable(gate["key"])) for gate in gates), default=0))
    for cause in status["causes"]:
        lines.append(f"under {printable(str(cause['shared']))} ({printable(str(cause['outcome']))}):")
        for gate in gates:
            if gate["key"] in cause["gates"]:
                lines += _gate_lines(gate, width)
    if folded:
        lines.append("under no cause:")
    for gate in gates:
        if gate["key"] not in folded:
            lines += _gate_lines(gate, width)
    fired = [trigger for trigger in status["triggers"] if trigger.get("fired", True)]
    if fired:
        lines += ["", *[printable(str(trigger["sentence"])) for trigger in fired]]
    return lines


def _causes(causes: Sequence[Mapping[str, Any]]) -> list[str]:
    """Why, before anything else: what the examples share that the gates rest on, and how many gates that are."""
    lines = []
    for number, cause in enumerate(causes):
        begin = "cause: " if number == 0 else "also: "
        said = printable(str(cause["said"]))
        lines += textwrap.wrap(said, WIDTH, initial_indent=begin, subsequent_indent=" " * len(begin))
    return lines


def _headline(status: Mapping[str, Any]) -> str:
    """The state in a word, and what it means."""
    state, decision = printable(str(status["state"])).upper(), printable(str(status["decision"]))
    if status["state"] == "promotable":
        signed = ", ".join(map(printable, status["signed_by"]))
        return f"{state}: signed by {signed}" if signed else f"{state}: unsigned"
    if status["state"] == "decided":
        return f"{state}: {decision}"
    if status["state"] == "blocked":
        return f"{state}: do not promote"
    if status["gates_allow"]:
        return f"{state}: the gates allow promotion, not decided yet"
    return f"{state}: verdicts or data are missing"


def _queue(queue: Mapping[str, Any]) -> str:
    """How many verdicts decide, and how much of what must be judged is."""
    decides = "1 verdict decides" if queue["decides"] == 1 else f"{queue['decides']} verdicts decide"
    return (
        f"{decides}; of {queue['total']} examples that must be judged, {queue['controls']} of them random controls, "
        f"{queue['inspected']} are; {queue['worth_a_look']} more are worth a look"
    )


def _reviewer(one: Mapping[str, Any]) -> str:
    """Who judged, and how well they were measured to read."""
    said = f"{printable(str(one['reviewer']))}: {plural(one['verdicts'], 'verdict')}"
    if one["blind"] is not None:
        said += f", {one['blind']:.0%} blind"
    for known in one["known"]:
        said += f"; {known['right']} of {known['answered']} known answers of {printable(str(known['track']))} right"
        if known["failed"]:
            said += ": too few, their verdicts do not count"
        elif known["answered"] < known["items"]:
            said += f", {known['items'] - known['answered']} to go"
    return said


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
    low, high = gate["low"], gate["high"]
    change = gate["measures"] == "change"
    unit = "" if gate["unit"] in PLAIN_UNITS else f" {printable(gate['unit'])}"
    interval = "" if low is None or high is None else f" [{_number(low, change)}, {_number(high, change)}]"
    n = "" if gate["n"] is None else f" n={gate['n']}"
    return f"{_number(gate['value'], change)}{unit}{interval}{n}"


def _number(value: float, change: bool) -> str:
    text = significant(value, 3)
    return f"+{text}" if change and value > 0 and text != "0" else text


def write(status: Mapping[str, Any]) -> str:
    """The status as a table of lines."""
    return "\n".join(status_lines(status))


FORMAT = StatusFormat("text", write)
