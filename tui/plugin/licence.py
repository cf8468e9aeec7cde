"""The licence of the attribution that is shown: a line of it with its reasons, and every number behind it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from analysis.attribution.licences import Standing, standing
from tui.draw.lines import Line, wrapped
from tui.draw.number_text import figure
from tui.draw.safe_text import fit

if TYPE_CHECKING:
    from analysis.attribution.licences import AttributionLicence
    from analysis.base.records import Attribution
    from tui.plugin.attributions import AttributionPair

TALL = 30
"""Rows from which reasons that do not fit into a line are shown whole; below that `space` has them."""
LIMITS = {
    "neutral": "one baseline for both sides that does not predict the target, p(target) at most .3",
    "converged": "completeness delta at most 5 %",
    "chance": "p at most .10 against random rankings of the same words",
    "families": "overlap of the top quarter of words with the other family above chance",
}
"""What each test of an attribution's licence asks."""


def licensed(entry: Attribution | None, licences: Sequence[AttributionLicence]) -> bool:
    """Whether an attribution passed its licence; what is not there has none."""
    return entry is not None and standing(entry, licences).licensed is True


def standing_text(found: Standing) -> tuple[str, str]:
    """What a licence says, and the style of it."""
    if found.licensed:
        return "licensed ✓", "good"
    if found.licensed is None:
        return "too short to decide", "warn"
    if found.why.startswith("context only"):
        return found.why, "warn"
    return f"not licensed: {found.why}", "warn"


def licence_lines(
    pair: AttributionPair,
    sides: Sequence[str],
    licences: Sequence[AttributionLicence],
    width: int,
    height: int,
    indent: int,
) -> list[Line]:
    """The licence of the sides that are shown: one line where it fits, else one for each side.

    Args:
        pair: the attribution that is shown.
        sides: which sides of it.
        licences: of the attributions of the example.
        width: cells there are.
        height: rows there are.
        indent: cells at the left.
    """
    told: list[tuple[str, str, str]] = []
    for side, entry in (("base", pair.base), ("candidate", pair.candidate)):
        if side in sides and entry is not None:
            words, style = standing_text(standing(entry, licences))
            told.append((side, words if style == "good" else f"grey, {words}", style))
    if len({words for _, words, _ in told}) == 1 and len(told) > 1:
        told = [("both sides", *told[0][1:])]
    line = Line().to(indent)
    for number, (side, words, style) in enumerate(told):
        line.add(" · " if number else "", "dim").add(f"{side} ", "dim").add(words, style)
    if line.width < width:
        return [line] if told else []
    lines: list[Line] = []
    for side, words, style in told:
        if height >= TALL:
            lines += wrapped("", f"{side} {words}", width, indent=indent, style=style)
        else:
            lines.append(Line().to(indent).add(fit(f"{side} {words}", width - indent - 1), style))
    return lines


def licence_numbers(entry: Attribution, licences: Sequence[AttributionLicence], width: int) -> list[Line]:
    """The tests of one attribution with their numbers and limits."""
    words, style = standing_text(standing(entry, licences))
    lines = wrapped(" licence", words, width, indent=14, style=style)
    key = (entry.side, entry.method, entry.target)
    one = next((row for row in licences if (row.side, row.method, row.target) == key), None)
    if one is None:
        return lines
    p, share = figure(one.chance_p, 2), figure(one.chance_percentile, 2)
    chance = (
        f"comprehensiveness {figure(one.comprehensiveness)} − sufficiency {figure(one.sufficiency)} = "
        f"{figure(one.faithfulness)}; p {p}, percentile {share}, {one.words} words"
    )
    passed = None if one.chance_p is None else not one.chance_p > 0.1
    agree = None if one.overlap is None or one.overlap_chance is None else one.overlap > one.overlap_chance
    overlap = f"overlap {figure(one.overlap, 2)}, by chance {figure(one.overlap_chance, 2)}"
    tests = (
        ("neutral", one.neutral, "" if one.neutral is not None else "this method has no baseline"),
        ("converged", one.converged, "" if one.converged is not None else "this method promises no sum"),
        ("chance", passed if one.decidable else None, chance),
        ("families", agree, overlap),
    )
    for name, holds, numbers in tests:
        mark = {True: "✓", False: "✗", None: "–"}[holds]
        told = f"{mark} {numbers}{'; ' if numbers else ''}limit: {LIMITS[name]}"
        lines += wrapped(f"   {name}", told, width, indent=14, style="warn" if holds is False else "dim")
    return lines
