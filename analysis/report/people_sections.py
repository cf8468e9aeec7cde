"""The parts of a report's page that tell what people looked at, who they were, and what may be said from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from analysis.plugin.gate import differing_labels
from analysis.report.number_words import judged, number, plural, who
from analysis.report.page import Block, Fold, Heading, Paragraph, Words, code, items, strong, words

BOUNDS = (("known", "known"), ("this_slice", "this slice"), ("future_traffic", "future traffic"))

SPOKEN = {
    "candidate": "the candidate is right",
    "base": "the base is right",
    "both": "both are right",
    "neither": "neither is right",
    "unsure": "not sure",
}
"""What a verdict says, in words."""


def coverage(predicate: Mapping[str, Any]) -> list[Block]:
    """How much of what must be judged is, and what may be said of each critical slice."""
    counts = predicate["coverage"]
    text = (
        f"{judged(counts)}: "
        f"{counts['decided']} count in a gate and were judged, {counts['decides']} can still decide one, and "
        f"{counts['controls_inspected']} of {counts['controls']} random controls were judged. "
        f"{counts['known_answers']} known-answer items were mixed in and are not counted here."
    )
    blocks: list[Block] = [Heading(2, "Coverage"), Paragraph((text,))]
    slices: list[Block] = [
        Paragraph(
            (
                "Three things may be said of a slice, and they are never the same: what is known, what that allows "
                "for this slice, and for future traffic. An example of which nobody could tell counts as wrong, and "
                "nothing is said before every random control is judged.",
            )
        )
    ]
    for one in predicate["slices"]:
        slices += [
            Paragraph(
                words(
                    strong(one["slice"]),
                    f" ({one['track']}, critical): {one['moves']}; {one['controls_inspected']} of {one['controls']} "
                    "random controls judged",
                )
            ),
            items([f"{label}: {one[key]}" for key, label in BOUNDS]),
        ]
    if predicate["slices"]:
        title = f"What may be said of {plural(len(predicate['slices']), 'critical slice')}"
        blocks.append(Fold(title, tuple(slices)))
    return blocks


def reviewers(predicate: Mapping[str, Any]) -> list[Block]:
    """Who judged, how well they were measured to read, and where they disagree."""
    agreement = predicate["agreement"]
    lines = [_reviewer(one) for one in predicate["reviewers"]]
    if agreement is not None:
        lines.append(
            (
                f"agreement on {agreement['examples']} examples that two or more judged: "
                f"{number(agreement['gwet_ac1'])} (Gwet's AC1; 1 is full agreement, 0 what chance would give)",
            )
        )
    disputes = [_dispute(one) for one in predicate["disagreements"]]
    blocks: list[Block] = [
        Heading(2, "Reviewers"),
        items(lines or ["nobody recorded a verdict"]),
    ]
    if disputes:
        blocks.append(Fold(plural(len(disputes), "disagreement"), (items(disputes),)))
    else:
        blocks.append(Paragraph(("No disagreement.",)))
    return blocks


def _reviewer(one: Mapping[str, Any]) -> Words:
    """What one account did, and how well it was measured to read."""
    said = [plural(one["verdicts"], "verdict")]
    if one["verdicts"]:
        said.append(f"{100 * one['blind']:.0f} % of them blind")
    if one["seconds"] is not None:
        said.append(f"median {number(one['seconds'])} seconds each")
    if one["again"]:
        said.append(f"{one['again_same']} of {one['again']} shown again judged the same")
    line = words(f"{who(one)}: {', '.join(said)}")
    for count in one["known"]:
        left = count["items"] - count["answered"]
        line = words(
            line, f"; {count['right']} of {count['answered']} known answers of {count['track']} right"
        )
        if count["failed"]:
            line = words(line, " — ", strong("too few: no verdict of theirs counts there"))
        elif left:
            line = words(line, f", {left} to go")
    return words(line, f"; {plural(one['findings'], 'finding')}; {plural(one['waivers'], 'waiver')}")


def _dispute(one: Mapping[str, Any]) -> Words:
    differ = set(differing_labels(verdict["labels"] for verdict in one["verdicts"]))

    def told(right: str, labels: Iterable[Sequence[str]]) -> str:
        apart = [f"{name}: base {base}, candidate {other}" for name, base, other in labels if name in differ]
        return ", ".join(apart) or SPOKEN[right]

    said = "; ".join(f"{who(each)} says {told(each['right'], each['labels'])}" for each in one["verdicts"])
    if one["settled"] is None:
        return words(code(one["ref"]), f": {said}; ", strong("open"))
    agreed = told(one["settled"], one["settled_labels"])
    return words(code(one["ref"]), f": {said}; settled by {one['settled_by']}: {agreed}")
