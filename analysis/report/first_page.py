"""The first page of a report: may it ship, why not, what would have to change, what is not known, who does what next.

It is made of the parts of `report.json` that a verifier computes again (gates, causes, changes, coverage, decision),
and of the first sentence of each field.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from analysis.base.people import shown_as
from analysis.plugin.report_fields import IMPROVED
from analysis.report.cause_words import cause_sentence
from analysis.report.gate_sections import GATES, LOOSENED
from analysis.report.number_words import judged, plural, sentence, shortened
from analysis.report.page import (
    Block,
    Heading,
    Items,
    Paragraph,
    Words,
    code,
    items,
    link,
    strong,
    table,
    words,
)
from analysis.report.run_sections import VERIFICATION
from analysis.review.record import record_sentences

REASONS = 3
"""Reasons that are named, and things that got better."""
_CELL = 110
"""Characters of a field in its one line."""

_ANSWER = {
    "promote": "It may ship.",
    "hold": "It does not ship yet.",
    "reject": "It must not ship.",
}


@dataclass(frozen=True)
class Reason:
    """One thing that keeps the candidate back: what it is, whose, and the gates that it stands for."""

    text: str
    track: str
    critical: bool
    size: float
    gates: tuple[Mapping[str, Any], ...]


def first_page(predicate: Mapping[str, Any]) -> list[Block]:
    """The blocks of the first page."""
    found = reasons(predicate)
    return [
        _title(predicate),
        *_missing(predicate),
        _answer(predicate),
        _standing(predicate),
        Heading(2, "Why"),
        _why(predicate, found),
        Paragraph(words(strong("What got better."), f" {_better(predicate)}")),
        Heading(2, "What would change the decision"),
        _would_change(predicate, found),
        Heading(2, "What is not known, and who does what next"),
        _next(predicate, found),
        _overview(predicate),
    ]


def _title(predicate: Mapping[str, Any]) -> Block:
    review, decision = predicate["review"], predicate["decision"]["decision"]
    versions = [review.get(name) for name in ("candidate_version", "base_version")]
    against = f" ({versions[0]} against {versions[1]})" if all(versions) else ""
    return Heading(1, f"{decision.upper()}: {review['name']}{against}")


def _answer(predicate: Mapping[str, Any]) -> Block:
    decision = predicate["decision"]
    blocking = blocking_gates(predicate)
    failing = sum(gate["verdict"] == "fail" for gate in blocking)
    waived = sum(gate["verdict"] == "waived" for gate in predicate["gates"])
    checks = f"of {len(predicate['gates'])} checks, which are called gates,"
    if failing:
        gates = f"{checks} {failing} {'fails' if failing == 1 else 'fail'}"
        gates += f" and {len(blocking) - failing} cannot be judged yet" if len(blocking) > failing else ""
    elif blocking:
        gates = f"{checks} none fails, and {len(blocking)} cannot be judged yet"
    else:
        gates = f"{checks} none is against it"
    looked = predicate["coverage"]
    return Paragraph(
        words(
            strong(_ANSWER[decision["decision"]]),
            f" {sentence(gates)} ",
            words(strong(f"{plural(waived, 'gate')} waived."), " ") if waived else (),
            f"{judged(looked)}. "
            f"{shown_as(decision['actor'], decision['reviewer'])} decided: “{shortened(decision['reason'])}”",
        )
    )


def _missing(predicate: Mapping[str, Any]) -> list[Block]:
    """What is missing of the record, or was set aside, and which losses somebody accepted: before anything else."""
    lines = record_sentences(predicate["record"])
    return [items([words(strong(sentence(line))) for line in lines])] if lines else []


def _standing(predicate: Mapping[str, Any]) -> Block:
    """What this page is worth: its run, that it is unsigned by itself, what it follows, what was loosened for it."""
    line = words(
        "Run ",
        code(predicate["run"]["id"]),
        f", exported {predicate['exported_at']}. This page is UNSIGNED unless a signature beside it verifies (",
        link("how", VERIFICATION),
        ").",
    )
    earlier = predicate["supersedes"]
    if earlier:
        line = words(
            line,
            f" It supersedes the report {shortened(earlier['report'])}, whose report.json has SHA-256 ",
            code(earlier["sha256"]),
            ".",
        )
    rules = predicate["weakened"]
    if rules:
        line = words(
            line,
            " ",
            strong(f"{plural(len(rules), 'gate')} loosened or off"),
            " (",
            link("which", LOOSENED),
            ").",
        )
    return Paragraph(line)


def blocking_gates(predicate: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The gates that keep the candidate back, those that fail first; of the predicate only `gates` is read."""
    found = [
        gate for gate in predicate["gates"] if gate["blocking"] and gate["verdict"] in ("fail", "unknown")
    ]
    return sorted(found, key=lambda gate: gate["verdict"] != "fail")


def reasons(predicate: Mapping[str, Any]) -> list[Reason]:
    """What keeps the candidate back: the worst of each track first, then the others; each stands for its gates."""
    failing = {gate["key"]: gate for gate in blocking_gates(predicate) if gate["verdict"] == "fail"}
    worse = [one for one in predicate["changes"] if one["way"] == "worse"]
    found = []
    for cause in predicate["causes"]:
        own = [failing.pop(key) for key in cause["gates"] if key in failing]
        if own:
            keys = {gate["key"] for gate in own}
            told = [one for one in worse if keys.intersection(one["gates"])]
            found.append(
                Reason(
                    cause_sentence(cause),
                    cause["track"],
                    any(one["critical"] for one in told),
                    max((one["size"] for one in told), default=0.0),
                    tuple(own),
                )
            )
    for one in worse:
        own = [failing.pop(key) for key in one["gates"] if key in failing]
        if own:
            found.append(
                Reason(sentence(one["text"]), one["track"], one["critical"], one["size"], tuple(own))
            )
    for gate in failing.values():
        text = sentence(f"it does not hold that {gate['protects']}: {shortened(gate['why'])}")
        found.append(Reason(text, gate["track"], False, 0.0, (gate,)))
    return _spread(found)


def _spread(found: Iterable[Reason]) -> list[Reason]:
    ranked = sorted(found, key=lambda one: (not one.critical, -one.size))
    first = list({one.track: one for one in reversed(ranked)}.values())
    first.sort(key=ranked.index)
    return [*first, *(one for one in ranked if one not in first)]


def _why(predicate: Mapping[str, Any], found: Sequence[Reason]) -> Items:
    lines: list[Words] = [(one.text,) for one in found[:REASONS]]
    blockers = [one for one in predicate["findings"] if one["moves"] and one["severity"] == "blocker"]
    for one in blockers[: REASONS - len(lines)]:
        lines.append(
            (f"{shown_as(one['actor'], one['reviewer'])} raised a blocker: “{shortened(one['text'])}”",)
        )
    if not lines:
        return Items(tuple(_nothing_against(predicate)), ordered=True)
    if len(found) > REASONS:
        left = sum(len(one.gates) for one in found[REASONS:])
        last = lines.pop()
        lines.append(words(last, f" {plural(left, 'further gate')} fail: ", link("all gates", GATES), "."))
    return Items(tuple(lines), ordered=True)


def _nothing_against(predicate: Mapping[str, Any]) -> list[Words]:
    """Why, where no gate fails: what passes or waits, what somebody accepted, and what got worse all the same."""
    verdicts = [gate["verdict"] for gate in predicate["gates"]]
    waiting = blocking_gates(predicate)
    first = f"{plural(verdicts.count('pass'), 'gate')} pass and none fails"
    if waiting:
        first += f"; it is not known yet whether {waiting[0]['protects']}"
    lines: list[Words] = [(sentence(first),)]
    accepted = [one for one in predicate["waivers"] if one["in_force"]]
    if accepted:
        one = accepted[0]
        more = f" {len(accepted) - 1} more are accepted." if len(accepted) > 1 else ""
        who = shown_as(one["actor"], one["reviewer"])
        said = f" does not pass, and {who} accepts that: “{shortened(one['reason'])}”.{more}"
        lines.append(words(code(one["key"]), said))
    worse = [one for one in predicate["changes"] if one["way"] == "worse" and one["clear"]]
    if worse:
        lines.append((f"What got worse all the same: {sentence(worse[0]['text'])}",))
    return lines


def _better(predicate: Mapping[str, Any]) -> str:
    if not predicate["changes"]:
        # No track of the review tells its changes: the slices were counted.
        return next(sentence(one["sentences"][0]) for one in predicate["fields"] if one["field"] == IMPROVED)
    found = [one for one in predicate["changes"] if one["way"] == "better" and one["clear"]]
    first = list({one["track"]: one for one in reversed(found)}.values())
    shown = sorted(first, key=found.index)[:REASONS]
    return " ".join(sentence(one["text"]) for one in shown) or "Nothing that can be told from noise."


def _would_change(predicate: Mapping[str, Any], found: Sequence[Reason]) -> Items:
    """What would have to hold for each reason to be gone, in the order of the reasons."""
    needed = [one.gates[0] for one in found[:REASONS]]
    lines: list[Words] = [words(f"{_needed(gate)} (", code(gate["key"]), ")") for gate in needed]
    if len(found) > REASONS:
        left = sum(len(one.gates) for one in found[REASONS:])
        lines.append(
            words(f"{plural(left, 'further gate')} must pass, too (", link("all gates", GATES), ").")
        )
    if found:
        return Items(tuple(lines), ordered=True)
    waiting = [gate for gate in blocking_gates(predicate) if gate["verdict"] == "unknown"]
    for gate in waiting[:REASONS]:
        lines.append(words(f"It must be known whether {gate['protects']} (", code(gate["key"]), ")."))
    for waiver in [one for one in predicate["waivers"] if one["in_force"]][: REASONS - len(lines)]:
        lines.append(words("The waiver of ", code(waiver["key"]), f" ends on {waiver['expires']}."))
    if not lines:
        lines.append(
            (
                "Nothing that this run knows of: a new run, a new finding, or a later report that supersedes this.",
            )
        )
    return Items(tuple(lines))


def _needed(gate: Mapping[str, Any]) -> str:
    """What a gate needs to pass; of a gate that has no words for it, what it protects must hold."""
    return sentence(gate["needs"] or f"it must hold that {gate['protects']}")


def _next(predicate: Mapping[str, Any], found: Sequence[Reason]) -> Items:
    """What is open, and whose turn it is."""
    decision, looked, review = predicate["decision"]["decision"], predicate["coverage"], predicate["review"]
    left = looked["total"] - looked["inspected"]
    unknown = [gate for gate in blocking_gates(predicate) if gate["verdict"] == "unknown"]
    lines: list[Words] = []
    if left:
        open_gates = sum(bool(gate["open"]) for gate in unknown)
        decide = f": they settle {plural(open_gates, 'gate')} that cannot be judged yet" if open_gates else ""
        lines.append(
            words(strong("Reviewers"), f" judge the {plural(left, 'example')} that are left{decide}.")
        )
    others = [gate for gate in unknown if not gate["open"] and gate["name"] != "review.coverage"]
    if others:
        more = plural(len(others) - 1, "further gate")
        lines.append(
            words(
                strong("Not known"),
                f" for another reason: whether {others[0]['protects']} (",
                code(others[0]["key"]),
                f"; and what {more} {'asks' if len(others) == 2 else 'ask'})." if len(others) > 1 else ").",
            )
        )
    undecided = sum(gate["verdict"] == "undecided" for gate in predicate["gates"])
    if undecided:
        lines.append(
            words(
                strong("Too few data"), f" to tell in {plural(undecided, 'gate')}: no pass, and no objection."
            )
        )
    owner = review.get("owner") or "whoever made the candidate"
    if found:
        mends = f" ({owner}) mends what stands under Why, and brings a new candidate."
        lines.append(words(strong("The candidate's owner"), mends))
    elif decision != "promote":
        lines.append(words(strong("The candidate's owner"), f" ({owner}) waits: no gate asks for another."))
    signers = f" give {plural(predicate['signers_required'], 'signature')}; "
    last: Words = (strong("nobody deploys it"), f": a signed {decision} is not a promotion.")
    if decision == "promote":
        check = code("assay verify --require promote")
        last = (strong("whoever deploys"), " does so only where ", check, " says so.")
    lines.append(words(strong("Signers"), signers, last))
    return Items(tuple(lines))


def _overview(predicate: Mapping[str, Any]) -> Block:
    rows = [(link(one["field"]), shortened(one["sentences"][0], _CELL)) for one in predicate["fields"]]
    return table(("field", "in one line"), rows)
