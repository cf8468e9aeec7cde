"""The retrieval view: what base and candidate bring near a query, an item or a pair, and what that changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from analysis.base.records import SIDES, Side
from tui.draw.edit_sentence import edit_sentence
from tui.draw.lines import Line, Target, first_rows, rule, text_line, wrapped
from tui.draw.number_text import figure, plural, signed
from tui.draw.safe_text import cells
from tui.plugin.common import annotation_lines, flag_reasons
from tui.plugin.options import ViewOptions
from tui.tracks.retrieval.grouping import panel_lines
from tui.tracks.retrieval.neighbour_lines import both_lists, lost_lines
from tui.tracks.retrieval.neighbours import NONE, TALL, Lists, about, read_lists
from tui.tracks.retrieval.pairs import contest_lines, pair_lines, values_in_common

if TYPE_CHECKING:
    from analysis.review.queries import ExampleEvidence

INDENT = 10
"""Cells of the labels at the left."""
LEGEND = " ✓ {ticked}   = same place   ↑↓ moved   + new   ↘ lost   ! unwanted only"


def example_lines(evidence: ExampleEvidence, options: ViewOptions) -> list[Line]:
    """The whole view of a query, an item, a hard negative or an edited item."""
    lists = read_lists(evidence)
    draw = {"item": _item, "pair": _pair, "variant": _variant}.get(evidence.example.kind, _query)
    lines = draw(evidence, lists, options)
    lines += [rule(options.width), *panel_lines(evidence, options), rule(options.width)]
    return lines + annotation_lines(evidence, options)


def text_rows(label: str, text: str, options: ViewOptions, most: int, style: str = "text") -> list[Line]:
    """A text, cut where the screen is low.

    Args:
        label: at its left.
        text: what is shown.
        options: width and height.
        most: rows after which it is cut.
        style: of the text.
    """
    rows = wrapped(label, text, options.width, indent=INDENT, style=style)
    return rows if options.height >= TALL else first_rows(rows, most, options.width)


def _head(evidence: ExampleEvidence, options: ViewOptions, label: str, text: str, most: int) -> list[Line]:
    lines = text_rows(label, text, options, most, "strong")
    flags = flag_reasons(evidence)
    if flags:
        lines += text_rows(" flags", flags, options, 1, "number")
    return lines


def _budget(options: ViewOptions, used: int) -> int:
    """Rows for the lists: what is left of the screen after the head and a few lines below."""
    return max(options.height - used - 3, 8)


def _lists(
    evidence: ExampleEvidence,
    lists: Lists,
    options: ViewOptions,
    used: int,
    ticked: str,
    marks: Mapping[str, tuple[str, str]] | None = None,
) -> list[Line]:
    """Both lists, the legend, what was lost, and how alike the lists are."""
    measures = {side: measures_text(evidence, side, lists) for side in SIDES}
    lines = both_lists(lists, measures, options, _budget(options, used), marks or {})
    lines += lost_lines(lists, options.width, INDENT) if options.side != "difference" else []
    alike = likeness_text(evidence, lists)
    if alike:
        lines += wrapped(" alike", alike, options.width, indent=INDENT, style="number")
    legend = LEGEND.format(ticked=ticked)
    if options.height >= 22 and cells(legend) < options.width:
        lines.append(text_line(legend, "faint"))
    return lines


def measures_text(evidence: ExampleEvidence, side: Side, lists: Lists) -> str:
    """Search measures of one side on this query, where its relevant items are known."""
    row = about(evidence)
    parts = []
    for column, name in (
        ("recall", f"recall@{lists.k}"),
        ("ndcg", f"nDCG@{lists.k}"),
        ("reciprocal_rank", "RR"),
    ):
        value = row.get(f"{side}_{column}")
        if value is not None:
            parts.append(f"{name} {figure(value, 2)}")
    return "  ".join(parts)


def likeness_text(evidence: ExampleEvidence, lists: Lists) -> str:
    """Overlap and rank-biased overlap of the two lists, and how far the item itself moved."""
    row = about(evidence)
    parts = []
    if row.get("overlap") is not None:
        parts.append(f"overlap@{lists.k} {figure(row['overlap'], 2)}")
    if row.get("rank_biased_overlap") is not None:
        parts.append(f"rank-biased overlap {figure(row['rank_biased_overlap'], 2)}")
    if row.get("cosine") is not None:
        parts.append(f"cosine to its old place, aligned {figure(row['cosine'], 2)}")
    return "   ".join(parts)


def _query(evidence: ExampleEvidence, lists: Lists, options: ViewOptions) -> list[Line]:
    lines = _head(evidence, options, " query", evidence.example.text, 2)
    lines += _relevant(evidence, options.width, first=lines[0])
    lines.append(rule(options.width))
    lines += _lists(evidence, lists, options, len(lines), "relevant")
    pairs = evidence.context.get("pairs", ())
    if pairs:
        lines.append(rule(options.width))
        lines += pair_lines(pairs, lists, options)
    return lines


def _relevant(evidence: ExampleEvidence, width: int, first: Line) -> list[Line]:
    """How many items are relevant, at the end of the first line where there is room; enter lists them."""
    refs = tuple(row["item_ref"] for row in evidence.context.get("relevant", ()))
    words = f"relevant {plural(len(refs), 'item')} ⏎" if refs else "relevance was not given"
    if refs:
        first.target = Target("examples", "relevant", refs)
    if first.width + cells(words) + 2 < width:
        first.end(words, width - 1, "good" if refs else "dim")
        return []
    line = Line(first.target).column(" ", INDENT).add(words, "good" if refs else "dim")
    first.target = None
    return [line]


def attribute_lines(ref: str, lists: Lists, width: int) -> list[Line]:
    """All attributes of an item: the wanted ones, then the unwanted."""
    own = lists.attributes.get(ref, NONE)
    lines = []
    for label, of, style in ((" wanted", own.wanted, "number"), (" unwanted", own.unwanted, "dim")):
        parts = [f"{name} {', '.join(labels)}" for name, labels in of.items() if labels]
        if of is own.unwanted:
            parts += [f"{name} {figure(value)}" for name, value in own.numbers.items()]
        if parts:
            lines += wrapped(label, " · ".join(parts), width, indent=INDENT, style=style)
    return lines


def _own(evidence: ExampleEvidence) -> Mapping[str, Any]:
    ref = evidence.example.ref
    return next((row for row in evidence.context.get("items", ()) if row["ref"] == ref), {})


def item_marks(evidence: ExampleEvidence, lists: Lists) -> dict[str, tuple[str, str]]:
    """A tick at each neighbour that shares a wanted value with the item."""
    own = lists.attributes.get(evidence.example.ref, NONE).values(wanted=True)
    ticked = (one.ref for one in (*lists.base, *lists.candidate) if one.attributes.values(wanted=True) & own)
    return dict.fromkeys(ticked, ("✓", "good"))


def _item(evidence: ExampleEvidence, lists: Lists, options: ViewOptions) -> list[Line]:
    width = options.width
    own = _own(evidence)
    lines = _head(evidence, options, " item", own.get("title") or evidence.example.id, 1)
    if own.get("duplicate_of"):
        line = Line(Target("example", own["duplicate_of"])).column(" the same", INDENT, "dim")
        lines.append(
            line.add(f"text as {lists.title(own['duplicate_of'])}", "warn").end("⏎", width - 1, "key")
        )
    lines += text_rows(" text", evidence.example.text, options, 2)
    lines += attribute_lines(evidence.example.ref, lists, width) if options.height >= 22 else []
    lines.append(rule(width))
    marks = item_marks(evidence, lists)
    lines += _lists(evidence, lists, options, len(lines), "shares a wanted value", marks)
    for words, gained, style in (("gained by", True, "text"), ("lost by", False, "text")):
        found = [row for row in evidence.context.get("queries", ()) if bool(row["gained"]) is gained]
        if found:
            line = Line(Target("examples", words, tuple(row["ref"] for row in found)))
            line.column(f" {words}", INDENT + 1, "dim")
            line.add("1 query" if len(found) == 1 else f"{len(found):,} queries", style)
            line.add(": ", "dim").column(found[0]["text"], max(width - line.width - 4, 4), "dim")
            lines.append(line.end("⏎", width - 1, "key"))
    return lines + counterfactual_lines(evidence, options)


def counterfactual_lines(evidence: ExampleEvidence, options: ViewOptions) -> list[Line]:
    """The same item with one attribute edited: how much of its list stays, and what comes nearer."""
    rows = evidence.context.get("counterfactuals", ())
    if not rows:
        return []
    width = options.width
    most = len(rows) if options.height >= TALL else 2
    head = Line().add(" edited ", "title").add("neighbours kept, and toward the new value", "dim")
    lines = [rule(width), head]
    for row in rows[:most]:
        is_self = row["ref"] == evidence.example.ref
        line = Line(None if is_self else Target("example", row["ref"])).add("  ")
        line.column(f"{row['attribute']}: {row['old']} → {row['new']}", max(width - 50, 20))
        for side, name in (("base", "base"), ("candidate", "cand")):
            line.add(f" {name} ", "dim").column(figure(row[f"{side}_overlap"], 2), 5, "number")
            line.column(signed(row[f"{side}_toward"], 2), 6, "number")
        lines.append(line)
    if len(rows) > most:
        lines.append(text_line(f"  {len(rows) - most} more: space shows all", "dim"))
    return lines


def _variant(evidence: ExampleEvidence, lists: Lists, options: ViewOptions) -> list[Line]:
    width = options.width
    parent = evidence.parent
    lines = _head(evidence, options, " edited", evidence.example.text, 3)
    if parent is not None:
        line = Line(Target("example", parent.ref)).column(" from", INDENT, "dim")
        line.add(lists.title(parent.ref), "number").end("⏎", width - 1, "key")
        lines.append(line)
        lines += text_rows(" change", edit_sentence(parent.text, evidence.example.text), options, 3)
    lines += counterfactual_lines(evidence, options)
    if lists.base or lists.candidate:
        lines.append(rule(width))
        lines += _lists(
            evidence, lists, options, len(lines), "shares a wanted value", item_marks(evidence, lists)
        )
    return lines


def _pair(evidence: ExampleEvidence, lists: Lists, options: ViewOptions) -> list[Line]:
    width = options.width
    lines = _head(evidence, options, " query", evidence.example.text, 2)
    if evidence.parent is not None:
        line = Line(Target("example", evidence.parent.ref)).column(" probe", INDENT, "dim")
        lines.append(line.add(evidence.parent.ref, "number").end("⏎", width - 1, "key"))
    (pair,) = evidence.context["pairs"]
    marks = {pair["positive_ref"]: ("+", "good"), pair["negative_ref"]: ("−", "bad")}
    lines += [rule(width), *contest_lines(evidence, pair, lists, options)]
    lines += wrapped(" in both", values_in_common(*marks, lists=lists), width, indent=INDENT, style="dim")
    lines.append(rule(width))
    return lines + _lists(evidence, lists, options, len(lines), "relevant, or + − of this pair", marks)
