"""The parts of a report's page that tell what was held against the candidate: gates, waivers, findings, occasions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from analysis.report.cause_words import cause_sentence
from analysis.report.number_words import interval, number, plural, refs_line, shortened, who
from analysis.report.page import (
    Block,
    Fold,
    Heading,
    Items,
    Paragraph,
    Words,
    code,
    items,
    listed,
    strong,
    table,
    words,
)

VERDICTS = {
    "off": "switched off",
    "fail": "fail",
    "unknown": "not known yet",
    "warn": "warn",
    "waived": "waived",
    "undecided": "undecided (too few data to tell: not a pass)",
    "pass": "pass",
    "n/a": "not applicable",
}
"""The verdicts of gates as they are counted, in that order."""
_WHY = 120
"""Characters of a gate's sentence in the table of those that stand."""
OPEN = ("off", "fail", "unknown", "waived")
"""Verdicts whose gates stand on the page; those of the others fold."""
GATES = "Gates"
LOOSENED = "Loosened or switched off"


def weakened(predicate: Mapping[str, Any]) -> list[Block]:
    """Loosened thresholds and switched-off gates."""
    found: list[Words] = []
    for rule in predicate["weakened"]:
        if rule["off"] is not None:
            found.append(words(code(rule["gate"]), " is ", strong("off"), f": {rule['off']}"))
        else:
            loosened = ", ".join(rule["loosened"])
            found.append(
                words(code(rule["gate"]), " is ", strong("loosened"), f": {loosened}. {rule['reason'] or ''}")
            )
    return [
        Heading(2, LOOSENED),
        items(found or ["no gate: every threshold is the default or tighter"]),
    ]


def waivers(predicate: Mapping[str, Any]) -> list[Block]:
    """What somebody accepted, at which value and until when."""
    found: list[Words] = []
    for waiver in predicate["waivers"]:
        bound = f" at {number(waiver['value'])} ({waiver['threshold'] or 'no threshold'})"
        until = f" by {who(waiver)}, until {waiver['expires']}: {waiver['reason']}"
        counts = () if waiver["in_force"] else (" — ", strong("does not count"), ", see the gate")
        found.append(words(code(waiver["key"]), bound, until, counts))
    return [Heading(2, "Waivers"), items(found or ["none"])]


def gates(predicate: Mapping[str, Any]) -> list[Block]:
    """Every gate: what does not pass first, with what it protects; what passed, criteria and numbers fold."""
    order = list(VERDICTS)
    every = sorted(predicate["gates"], key=lambda one: order.index(one["verdict"]))
    standing = [one for one in every if one["verdict"] in OPEN]
    passed = [one for one in every if one["verdict"] not in OPEN]
    blocks: list[Block] = [Heading(2, GATES), Paragraph((counts_line(every),))]
    if standing:
        blocks += [
            _short(standing),
            Fold("Why, what these gates protect, and their examples", (_behind(standing),)),
        ]
    if passed:
        blocks.append(Fold(f"{plural(len(passed), 'other gate')}", (_table(passed),)))
    criteria = _criteria(every)
    if criteria:
        blocks.append(Fold("What each gate looked at, row by row", tuple(criteria)))
    blocks.append(Fold("What the numbers are", (_numbers(predicate),)))
    return blocks


def _short(shown: Sequence[Mapping[str, Any]]) -> Block:
    """What decided each gate: the first of its rows that says the same, or its sentence."""
    rows = []
    for gate in shown:
        row = next((one for one in gate["criteria"] if one["verdict"] == gate["verdict"] == "fail"), None)
        if row is None:
            what, now, limit = shortened(gate["why"], _WHY), _value(gate), gate["threshold"]
        else:
            what, now, limit = row["what"], _value(row), row["limit"]
        rows.append((code(gate["key"]), _verdict(gate), what, now, limit))
    return table(("gate", "verdict", "what decided it", "value", "needed"), rows)


def _value(row: Mapping[str, Any]) -> str:
    return interval(row["value"], row["low"], row["high"], signed=row["measures"] == "change")


def _table(shown: Sequence[Mapping[str, Any]]) -> Block:
    rows = [
        (
            code(gate["key"]),
            _verdict(gate),
            _value(gate),
            _count(gate),
            gate["threshold"],
            gate["why"],
        )
        for gate in shown
    ]
    return table(("gate", "verdict", "value", "n", "threshold", "why"), rows)


def _verdict(gate: Mapping[str, Any]) -> Words:
    said = VERDICTS[gate["verdict"]].partition(" (")[0]
    shown = strong(said) if gate["verdict"] in ("fail", "unknown") else said
    return words(shown, "" if gate["blocking"] else " (advisory)")


def _count(gate: Mapping[str, Any]) -> str:
    """The n of a gate's value, and of how many independent examples it tells as much, where these are fewer."""
    effective = gate["n_effective"]
    beside = "" if effective is None or effective == gate["n"] else f" ({number(effective)} effective)"
    return number(gate["n"]) + beside


def counts_line(every: Sequence[Mapping[str, Any]]) -> str:
    """How many gates have each verdict, worst first; what could not be decided is no pass."""
    counts = Counter(gate["verdict"] for gate in every)
    told = [f"{counts[verdict]} {meaning}" for verdict, meaning in VERDICTS.items() if counts[verdict]]
    return f"{', '.join(told) or 'no gate'}."


def _behind(standing: Sequence[Mapping[str, Any]]) -> Items:
    return items(
        [
            words(
                code(gate["key"]),
                f" protects: {gate['protects']}. Why: {gate['why']}; n {_count(gate)}. Examples: ",
                refs_line(gate["refs"]),
            )
            for gate in standing
        ]
    )


def _criteria(every: Sequence[Mapping[str, Any]]) -> list[Block]:
    rows = [
        (
            code(gate["key"]),
            row["what"],
            _value(row),
            row["limit"],
            row["verdict"],
        )
        for gate in every
        for row in gate["criteria"]
    ]
    return [table(("gate", "what", "value", "limit", "verdict"), rows)] if rows else []


def _numbers(predicate: Mapping[str, Any]) -> Items:
    """What the numbers of the gates are, as the tracks that measured them declare it."""
    found = [
        words(
            code(one["name"]),
            f" ({one['track']}), {one['title']}: {one['meaning']}; ",
            ", ".join([one["measures"], *([one["unit"]] if one["unit"] else []), *_better(one["better"])]),
        )
        for one in predicate["numbers"]
    ]
    return items(found or ["no gate has a number"])


def _better(better: str) -> list[str]:
    return [] if better == "neither" else [f"{better} is better"]


def causes(predicate: Mapping[str, Any]) -> list[Block]:
    """What the examples share that gates rest on: one cause stands for all of its gates."""
    found = predicate["causes"]
    if not found:
        return []
    told = [
        words(
            f"{cause_sentence(one)} Gates that rest on it: ",
            listed(map(code, one["gates"])),
            ". Examples: ",
            refs_line(one["refs"]),
        )
        for one in found
    ]
    # The first page and the fields tell them already.
    stands = sum(len(one["gates"]) for one in found)
    return [
        Heading(2, "Causes"),
        Fold(f"{plural(len(found), 'cause')}, for {plural(stands, 'gate')}", (items(told),)),
    ]


def findings(predicate: Mapping[str, Any]) -> list[Block]:
    """What reviewers found, in their words; first what moves a gate."""

    def line(one: Mapping[str, Any]) -> Words:
        bears = (", on ", code(one["gate"])) if one["gate"] else ()
        evidence = f"evidence: {one['evidence']}; " if one["evidence"] else ""
        return words(
            f"“{one['text']}” — {who(one)}, {one['severity']}", bears, f"; {evidence}examples: ",
            refs_line(one["refs"]),
        )  # fmt: skip

    moving = [line(one) for one in predicate["findings"] if one["moves"]]
    resting = [line(one) for one in predicate["findings"] if not one["moves"]]
    blocks: list[Block] = [Heading(2, "Findings of reviewers")]
    if not moving and not resting:
        return [*blocks, items(["none"])]
    if moving:
        blocks += [Paragraph(("They move a gate:",)), items(moving)]
    if resting:
        blocks += [Paragraph(("They move no gate:",)), items(resting)]
    return blocks


def occasions(predicate: Mapping[str, Any]) -> list[Block]:
    """The occasions on which a review of such models matters, and which of them came up."""
    rows = [
        (
            trigger["name"],
            "yes" if trigger["fired"] else "no",
            interval(trigger["value"], trigger["low"], trigger["high"]),
            number(trigger["n"]),
            trigger["sentence"],
        )
        for trigger in predicate["triggers"]
    ]
    if not rows:
        return []
    return [
        Fold(
            "Occasions to look for, and which came up",
            (table(("occasion", "came up", "value", "n", ""), rows),),
        )
    ]
