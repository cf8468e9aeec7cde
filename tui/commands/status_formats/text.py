"""`assay status --format text`: what blocks, how far the inspection is and what was decided, for people."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from analysis.base.people import shown_as
from analysis.review.record import record_sentences
from tui.commands.status_format import StatusFormat
from tui.commands.status_words import (
    counted,
    headline,
    ordered,
    queue_line,
    value_of,
    verdict_of,
)
from tui.draw.number_text import plural
from tui.draw.safe_text import cells, fit, printable

MAX_KEY_CELLS = 48
VERDICT_CELLS = 18
WIDTH = 100


def status_lines(status: Mapping[str, Any]) -> list[str]:
    """The lines of the table for one `status --json` value; what stops a promotion comes first."""
    gates = ordered(status)
    lines = [
        *_record(status["record"]),
        *_causes(status["causes"]),
        f"{printable(str(status['review']))}  run {printable(str(status['run']))}",
        f"{headline(status)}  gates: {counted(gates)}",
        queue_line(status["queue"]),
        *map(_reviewer, status["reviewers"]),
        *(printable(one) for one in status["plan"]["sentences"] if status["plan"]["stood"]),
        *_merged(status["record"]),
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


def _record(record: Mapping[str, Any]) -> list[str]:
    """What is wrong with the record, before anything else."""
    return [
        line
        for one in record_sentences(record)
        for line in textwrap.wrap(printable(one), WIDTH, subsequent_indent=" " * len("MISSING: "))
    ]


def _merged(record: Mapping[str, Any]) -> list[str]:
    """What came from other machines, and whether it counts."""
    return [f"merged: {printable(str(one['sentence']))}" for one in record["merged"]]


def _causes(causes: Sequence[Mapping[str, Any]]) -> list[str]:
    """Why, before anything else: what the examples share that the gates rest on, and how many gates that are."""
    lines = []
    for number, cause in enumerate(causes):
        begin = "cause: " if number == 0 else "also: "
        said = printable(str(cause["said"]))
        lines += textwrap.wrap(said, WIDTH, initial_indent=begin, subsequent_indent=" " * len(begin))
    return lines


def _reviewer(one: Mapping[str, Any]) -> str:
    """Who judged, and how well they were measured to read."""
    said = f"{printable(shown_as(one['actor'], one['reviewer']))}: {plural(one['verdicts'], 'verdict')}"
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
    line = f"{fit(verdict_of(gate), VERDICT_CELLS)} {fit(printable(gate['key']), width)}  {value_of(gate)}".rstrip()
    if gate["verdict"] == "pass" or not gate["why"]:
        return [line]
    indent = " " * (VERDICT_CELLS + 1)
    return [
        line,
        *textwrap.wrap(printable(gate["why"]), WIDTH, initial_indent=indent, subsequent_indent=indent),
    ]


def write(status: Mapping[str, Any]) -> str:
    """The status as a table of lines."""
    return "\n".join(status_lines(status))


FORMAT = StatusFormat("text", write)
