"""Neighbour lists of both sides, drawn beside or below each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from analysis.base.records import Side
from tui.draw.lines import Line, Target, beside, text_line
from tui.draw.number_text import figure
from tui.draw.safe_text import cells
from tui.plugin.options import ViewOptions
from tui.tracks.retrieval.neighbours import Lists, Neighbour

BESIDE_FROM = 96
"""Cells from which the lists stand beside each other; below that the base's is above."""
SCORE_FROM = 72
"""Cells of one list from which its similarities are shown."""
NUMBERS_FROM = 92
"""Cells of one list from which numeric attributes are shown."""


def rank_text(rank: int | None, depth: int) -> str:
    """A rank, or that it is beyond what was stored."""
    if rank is not None:
        return f"{rank:,}"
    return f">{depth:,}" if depth else "out"


def movement(one: Neighbour, lists: Lists) -> tuple[str, str]:
    """What became of a place from base to candidate, as a mark and a word, and its style.

    In the base's list, where the item is in the candidate's; in the candidate's, how far it rose or fell.
    """
    if lists.changed(one):
        if one.side == "candidate":
            return "+ new", "critical"
        return f"↘ {rank_text(one.other_rank, lists.depth)}", "warn"
    moved = (one.other_rank or one.rank) - one.rank
    if moved == 0:
        return "same", "dim"
    if one.side == "base":
        return f"→ {one.other_rank}", "dim"
    return (f"↑ {moved}", "text") if moved > 0 else (f"↓ {-moved}", "text")


def unwanted_text(one: Neighbour, width: int) -> str:
    """Labels of unwanted attributes, and the numbers in a wide list."""
    words = labels_text(one.attributes.unwanted, separator=" ")
    if width >= NUMBERS_FROM and one.attributes.numbers:
        words += " " + " ".join(figure(value) for value in one.attributes.numbers.values())
    return words.strip()


def columns(lists: Lists, width: int) -> tuple[int, int, int]:
    """Cells of title, wanted and unwanted labels in a list of `width` cells, by what both lists hold."""
    places = max(len(str(lists.k)), 2)
    room = width - places - (19 if width >= SCORE_FROM else 14)
    rows = (*lists.base, *lists.candidate)
    title = max((cells(one.title) for one in rows), default=0)
    wanted = max((cells(labels_text(one.attributes.wanted)) for one in rows), default=0)
    unwanted = max((cells(unwanted_text(one, width)) for one in rows), default=0)
    unwanted = max(min(unwanted, room // 5), room - title - wanted if title + wanted < room else 0)
    wanted = max(min(wanted, (room - unwanted) * 2 // 5), room - unwanted - title)
    return max(room - unwanted - wanted, 1), wanted, unwanted


def neighbour_line(one: Neighbour, lists: Lists, width: int, marks: Mapping[str, tuple[str, str]]) -> Line:
    """One place of a list, exactly `width` cells wide.

    Args:
        one: the place.
        lists: what it is part of.
        width: cells.
        marks: mark and style of an item by ref, in place of that of its relevance.
    """
    places = max(len(str(lists.k)), 2)
    line = Line(Target("example", one.ref)).add(" ")
    line.column(str(one.rank), places, "dim", right=True).add(" ")
    mark, style = marks.get(one.ref, ("✓", "good") if one.relevant else (" ", "text"))
    line.add(mark, style).add(" ")
    moved, moved_style = movement(one, lists)
    line.column(moved, 5, moved_style).add(" ")
    title, wanted, unwanted = columns(lists, width)
    line.column(one.title, title, "strong" if lists.changed(one) else "text").add(" ")
    line.column(labels_text(one.attributes.wanted), wanted, "number").add(" ")
    line.column(unwanted_text(one, width), unwanted, "bad" if one.suspect else "dim")
    if width >= SCORE_FROM:
        line.column(figure(one.score, 2), 5, "dim", right=True)
    return line.add(" ").add("!" if one.suspect else " ", "bad")


def labels_text(of: Mapping[str, tuple[str, ...]], separator: str = "·") -> str:
    """Labels in a few cells: the first of each attribute, and how many more there are."""
    return separator.join(
        labels[0] + (f"+{len(labels) - 1}" if len(labels) > 1 else "") for labels in of.values() if labels
    )


def chosen(rows: Sequence[Neighbour], lists: Lists, budget: int) -> tuple[list[Neighbour], int]:
    """The places that fit, in order of rank, and how many are left out.

    Of the base the first ones, since what it lost is said below the lists; of the candidate the first, then
    what it gained, before the others.
    """
    if len(rows) <= budget:
        return list(rows), 0
    urgent = sorted(rows, key=lambda one: (one.rank > 1, not one.suspect, not lists.changed(one), one.rank))
    if rows[0].side == "base":
        urgent = list(rows)
    kept = sorted(urgent[: max(budget - 1, 1)], key=lambda one: one.rank)
    return kept, len(rows) - len(kept)


def side_head(side: Side, measures: str, width: int) -> Line:
    """The head of one side's list."""
    line = Line().add(f" {side}", "title")
    if measures:
        line.end(measures, width - 1, "number")
    return line


def list_lines(
    side: Side,
    lists: Lists,
    measures: str,
    width: int,
    budget: int,
    marks: Mapping[str, tuple[str, str]],
) -> list[Line]:
    """One side's list with its head.

    Args:
        side: whose list.
        lists: of the example.
        measures: what the head says.
        width: cells there are.
        budget: most lines under the head.
        marks: marks by item in place of that of relevance.
    """
    rows = lists.side(side)
    lines = [side_head(side, measures, width)]
    if not rows:
        return [*lines, text_line("   no neighbours were computed for this side", "warn")]
    shown, left_out = chosen(rows, lists, budget)
    lines += [neighbour_line(one, lists, width, marks) for one in shown]
    if left_out:
        lines.append(Line().add("  ⋮ ", "dim").add(f"{left_out} more   v shows all", "dim"))
    if len(rows) < lists.k:
        lines.append(text_line(f"    there are no more: {len(rows)} of {lists.k}", "dim"))
    return lines


def both_lists(
    lists: Lists,
    measures: Mapping[Side, str],
    options: ViewOptions,
    budget: int,
    marks: Mapping[str, tuple[str, str]],
) -> list[Line]:
    """The lists as the options ask: beside each other, base above candidate, one side, or what moved.

    Args:
        lists: of the example.
        measures: by side, what its head says.
        options: width, side, and whether all places are asked for (every second `method`).
        budget: rows for both lists together where they do not all fit.
        marks: marks by item in place of that of relevance.
    """
    width = options.width
    everything = options.method % 2 == 1
    if options.side == "difference":
        return moved_lines(lists, width, marks)
    if options.side in ("base", "candidate"):
        side: Side = "base" if options.side == "base" else "candidate"
        return list_lines(side, lists, measures[side], width, lists.k if everything else budget, marks)
    if width >= BESIDE_FROM:
        half = (width - 1) // 2
        rows = lists.k if everything else budget
        left = list_lines("base", lists, measures["base"], half - 1, rows, marks)
        right = list_lines("candidate", lists, measures["candidate"], width - half - 1, rows, marks)
        for line in left:
            line.target = None
        return beside(left, right, half)
    rows = lists.k if everything else max((budget - 2) // 2, 3)
    upper = list_lines("base", lists, measures["base"], width, rows, marks)
    return upper + list_lines("candidate", lists, measures["candidate"], width, rows, marks)


def moved_lines(lists: Lists, width: int, marks: Mapping[str, tuple[str, str]]) -> list[Line]:
    """What the candidate changed: gained, lost, then moved, largest first."""
    kept = [one for one in lists.candidate if not lists.changed(one) and one.other_rank != one.rank]
    kept.sort(key=lambda one: -abs((one.other_rank or 0) - one.rank))
    lines: list[Line] = []
    for name, rows in (("gained", lists.gained), ("lost", lists.lost), ("moved", kept)):
        if rows:
            lines.append(Line().add(f" {name} ", "title").add(str(len(rows)), "number"))
            lines += [neighbour_line(one, lists, width, marks) for one in rows]
    same = len(lists.candidate) - len(lists.gained) - len(kept)
    lines.append(text_line(f" {same} in the same place on both sides", "dim"))
    return lines


def lost_lines(lists: Lists, width: int, indent: int) -> list[Line]:
    """What the candidate's list lost, with old and new rank; enter goes through those items."""
    lost = lists.lost
    if not lost:
        return []
    line = Line(Target("examples", "lost", tuple(one.ref for one in lost)))
    line.column(" lost", indent, "dim")
    for number, one in enumerate(lost):
        words = f"{one.title} ({one.rank}→{rank_text(one.other_rank, lists.depth)})"
        if number and line.width + cells(words) + 14 > width:
            line.add(f"  and {len(lost) - number} more", "dim")
            break
        line.add("  " if number else "").column(words, min(cells(words), width - line.width - 4), "warn")
    return [line.end("⏎", width - 1, "key")]
