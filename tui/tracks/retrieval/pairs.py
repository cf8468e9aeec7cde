"""Hard negatives: right item against wrong one on both sides, and what the two have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from analysis.base.records import SIDES
from tui.draw.lines import Line, Target, wrap
from tui.draw.number_text import figure, signed
from tui.draw.safe_text import cells
from tui.plugin.options import ViewOptions
from tui.tracks.retrieval.neighbour_lines import labels_text, rank_text
from tui.tracks.retrieval.neighbours import NONE, TALL, Lists

if TYPE_CHECKING:
    from analysis.review.queries import ExampleEvidence


def shared_values(left: str, right: str, lists: Lists) -> tuple[str, str]:
    """Values of unwanted and of wanted attributes that two items have in common."""
    first, second = lists.attributes.get(left, NONE), lists.attributes.get(right, NONE)
    both = []
    for wanted in (False, True):
        common = sorted(first.values(wanted=wanted) & second.values(wanted=wanted))
        both.append(", ".join(f"{name} {label}" for name, label in common))
    return both[0], both[1]


def values_in_common(left: str, right: str, *, lists: Lists) -> str:
    """What two items have in common, in words: the unwanted values first."""
    unwanted, wanted = shared_values(left, right, lists)
    parts = (f"{unwanted} (unwanted)" if unwanted else "", f"{wanted} (wanted)" if wanted else "")
    return " · ".join(filter(None, parts)) or "no declared value"


def violation_text(row: Mapping[str, Any]) -> tuple[str, str]:
    """Whether the negative is nearer than the positive, and on which side."""
    base, candidate = row["base_violated"], row["candidate_violated"]
    if candidate:
        return ("violated on both sides", "warn") if base else ("violated by the candidate", "bad")
    return ("repaired by the candidate", "good") if base else ("kept apart", "good")


def pair_sentence(row: Mapping[str, Any], lists: Lists) -> str:
    """One hard negative in a sentence."""
    common = values_in_common(row["positive_ref"], row["negative_ref"], lists=lists)
    return (
        f"{lists.title(row['positive_ref'])} over {lists.title(row['negative_ref'])}: margin base "
        f"{signed(row['base_margin'])}, candidate {signed(row['candidate_margin'])}; {violation_text(row)[0]}; "
        f"in both: {common}"
    )


def pair_lines(pairs: Sequence[Mapping[str, Any]], lists: Lists, options: ViewOptions) -> list[Line]:
    """Hard negatives of a query, what the candidate broke first; enter opens one."""
    most = len(pairs) if options.height >= TALL else 2
    head = Line().add(" hard negatives ", "title").add("margin = sim(+) − sim(−)", "dim")
    if len(pairs) > most:
        head.end(f"{most} of {len(pairs)}, worst first", options.width - 1, "dim")
    lines = [head]
    for row in pairs[:most]:
        words, style = violation_text(row)
        numbers = f"{signed(row['base_margin'], 2)} → {signed(row['candidate_margin'], 2)}"
        line = Line(Target("example", row["ref"])).add("  ")
        names = max((options.width - 50) // 2, 8)
        line.add("+ ", "good").column(lists.title(row["positive_ref"]), names).add(" ")
        line.add("− ", "bad").column(lists.title(row["negative_ref"]), names)
        line.column(numbers, 14, "number", right=True).add("  ")
        line.column(words, max(options.width - line.width - 1, 1), style)
        lines.append(line)
        unwanted, _ = shared_values(row["positive_ref"], row["negative_ref"], lists)
        if unwanted and options.height >= TALL:
            lines.append(Line().add("    ").add(f"both: {unwanted}", "dim"))
    return lines


def contest_lines(
    evidence: ExampleEvidence, pair: Mapping[str, Any], lists: Lists, options: ViewOptions
) -> list[Line]:
    """Positive against negative: similarity and rank on both sides, and the margins.

    Args:
        evidence: on the pair, with where both items stand.
        pair: refs, margins and violations.
        lists: of the query.
        options: width and height.
    """
    width = options.width
    side_cells = 20
    name_cells = max(min(width - 2 * side_cells - 4, 44), 14)
    head = Line().column(" hard negative", name_cells + 2, "title")
    lines = [head.column("base", side_cells, "title").column("candidate", side_cells, "title")]
    ranks = {(row["role"], row["side"]): row for row in evidence.context["ranks"]}
    for role, mark, style in (("positive", "+", "good"), ("negative", "−", "bad")):
        ref = pair[f"{role}_ref"]
        line = Line(Target("example", ref)).add(" ").add(mark, style).add(" ")
        line.column(f"{lists.title(ref)}", name_cells - 1)
        for side in SIDES:
            row = ranks[role, side]
            ranked = f"sim {figure(row['score'], 2):>4} rank {rank_text(row['rank'], row['depth'])}"
            line.column(ranked, side_cells, "number")
        lines.append(line)
        labels = lists.attributes.get(ref, NONE)
        told = "  ".join(filter(None, (labels_text(labels.wanted), labels_text(labels.unwanted, " "))))
        if told and options.height >= 22:
            lines.append(Line().add("   ").add(wrap(told, width - 4)[0], "dim"))
    line = Line().column("   margin", name_cells + 2, "dim")
    for side in SIDES:
        style = "bad" if pair[f"{side}_violated"] else "good"
        line.column(signed(pair[f"{side}_margin"], 3), side_cells, style)
    words, style = violation_text(pair)
    if line.width + cells(words) < width:
        return [*lines, line.add(words, style)]
    return [*lines, line, Line().to(name_cells + 2).add(words, style)]
