"""Every number behind a query, item or pair, as the run declares it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from analysis.base.records import ALL, SIDES
from analysis.tracks.retrieval.map_limits import QUALITIES
from tui.draw.lines import Line, rule, text_line, wrapped
from tui.draw.number_text import figure, signed, value_with_interval
from tui.plugin.change_lines import GRAFT, change_lines
from tui.plugin.common import flag_lines, metadata_text
from tui.plugin.options import ViewOptions
from tui.tracks.retrieval.grouping import PROMISES
from tui.tracks.retrieval.neighbour_lines import movement, rank_text
from tui.tracks.retrieval.neighbours import Lists, Neighbour, about, read_lists
from tui.tracks.retrieval.pairs import pair_sentence
from tui.tracks.retrieval.view import likeness_text, measures_text

if TYPE_CHECKING:
    from analysis.base.records import MetricSpec
    from analysis.review.queries import ExampleEvidence

INDENT = 20
"""Cells of the labels at the left."""
MARK_INDENT = 16
"""Cells of the marks and words whose meaning is told."""
TABLES = (
    ("THE SLICES OF THIS EXAMPLE", "slices"),
    ("GROUPING, ALL ITEMS", "grouping"),
    ("CENTROIDS", "drift"),
    ("GEOMETRY", "geometry"),
    ("MAP", "map"),
)
"""Tables of metrics with what they are called among the rows that come with an example."""
MARKS = (
    ("similarity", "cosine of the two vectors of one side, −1 to 1; never compared between sides"),
    ("rank", "place by similarity among all items, 1 is nearest; of an item: among all other items"),
    (
        "↑ ↓ = →",
        "how far a kept item rose or fell from base to candidate; → its new rank, in the base's list",
    ),
    ("+ new", "among the candidate's k nearest and not among the base's"),
    (
        "↘ lost",
        "among the base's k nearest and not among the candidate's; with its new rank, where it is stored",
    ),
    (
        "✓",
        "of a query: relevant, by title, so that an item with the same text as a relevant one counts; of an item: "
        "shares a value of a wanted attribute with it",
    ),
    (
        "!",
        "gained, and shares a value of an unwanted attribute with another gained item, but none of the wanted "
        "values that at least half of the relevant items have (without relevance: of the items on both sides). Of "
        "an item: shares an unwanted value with it and no wanted one. Numeric attributes have no values to share",
    ),
    (
        "change judged",
        "the change that the gates read: of how alike neighbours are in a wanted attribute, and in an unwanted one "
        "beyond what is wanted; more or less: by over .10 with an interval clear of 0",
    ),
    ("inherited", "an unwanted level that the base had already, and the candidate does not raise"),
    ("aligned", "after orthogonal Procrustes, so that a rotation is no movement; raw: without it"),
    ("movement", "share of the neighbours of one value's items that have another value, on each side"),
    GRAFT,
    (
        "restores",
        "a query's recall is then nearer to the base's than to the candidate's, or a hard negative's order is the "
        "base's; asked of what either side lists for the sampled queries, and of some items more",
    ),
)
"""Marks and words of the view that are no metric."""
SHORT = {"recall": "recall@k", "ndcg": "nDCG@k", "mrr": "RR", "overlap": "overlap@k"}
"""What stands for a metric where there is little room."""
OF_EXAMPLES = (
    *SHORT,
    "rank_biased_overlap",
    "neighbour_overlap",
    "margin",
    "counterfactual_overlap",
    "counterfactual_toward",
)
"""Metrics whose measure of a single example is shown with it."""


def number_lines(evidence: ExampleEvidence, options: ViewOptions) -> list[Line]:
    """Every number of one example: both lists, hard negatives, slices, grouping, drift, geometry, map, meanings."""
    width = options.width
    example = evidence.example
    lists = read_lists(evidence)
    lines = [text_line(f" {example.ref}", "title"), *wrapped(" text", example.text, width, indent=INDENT)]
    lines += wrapped(" sha256", example.sha256, width, indent=INDENT, style="dim")
    for key, value in evidence.metadata.items():
        if value is not None and key != "ref":
            lines += wrapped(f" {key}", metadata_text(value), width, indent=INDENT)
    lines += wrapped(" slices", ", ".join(evidence.slices) or "none", width, indent=INDENT)
    lines += flag_lines(evidence, width, INDENT)
    lines += _measures(evidence, lists, width)
    for side in SIDES:
        lines += [rule(width), text_line(f" {side.upper()}, {lists.k} nearest", "title")]
        for one in lists.side(side):
            lines += _neighbour(one, lists, width)
    lines += _pairs(evidence, lists, width)
    lines += _edited(evidence, width)
    for title, name in TABLES:
        lines += metric_table(title, evidence.context.get(name, ()), options.specs, width)
    lines += _movement(evidence, width)
    lines += change_lines(evidence.context.get("change", ()), width)
    return [*lines, *meaning_lines(evidence, options.specs, width)]


def _measures(evidence: ExampleEvidence, lists: Lists, width: int) -> list[Line]:
    lines: list[Line] = []
    for side in SIDES:
        measures = measures_text(evidence, side, lists)
        lines += wrapped(f" {side}", measures, width, indent=INDENT, style="number") if measures else []
    alike = likeness_text(evidence, lists)
    lines += wrapped(" alike", alike, width, indent=INDENT, style="number") if alike else []
    depth = about(evidence).get("depth") or 0
    lines += wrapped(" k, stored", f"{lists.k}, {depth}", width, indent=INDENT, style="dim")
    return lines


def _neighbour(one: Neighbour, lists: Lists, width: int) -> list[Line]:
    line = Line().add(" ").column(str(one.rank), 4, "dim", right=True).add("  ").add(one.title, "strong")
    told = [
        f"similarity {figure(one.score)}",
        f"other side rank {rank_text(one.other_rank, lists.depth)}",
        movement(one, lists)[0],
    ]
    if one.relevant is not None:
        told.append("relevant" if one.relevant else "not relevant")
    told.append(one.ref)
    attributes = one.attributes
    for name, labels in (*attributes.wanted.items(), *attributes.unwanted.items()):
        told.append(f"{name} {', '.join(labels)}{'' if name in attributes.wanted else ' (unwanted)'}")
    told += [f"{name} {figure(value)}" for name, value in attributes.numbers.items()]
    if one.suspect:
        told.append("! unwanted value in common, no wanted one")
    return [line, *wrapped("", " · ".join(told), width, indent=7, style="dim")]


def _pairs(evidence: ExampleEvidence, lists: Lists, width: int) -> list[Line]:
    rows = evidence.context.get("pairs", ())
    if not rows:
        return []
    lines = [rule(width), text_line(" HARD NEGATIVES", "title")]
    for row in rows:
        lines += wrapped(f" {row['id']}", pair_sentence(row, lists), width, indent=INDENT)
    for row in evidence.context.get("ranks", ()):
        told = f"similarity {figure(row['score'])}, rank {rank_text(row['rank'], row['depth'])}"
        lines += wrapped(f" {row['role']}", f"{row['side']}: {told}", width, indent=INDENT)
    return lines


def _edited(evidence: ExampleEvidence, width: int) -> list[Line]:
    rows = evidence.context.get("counterfactuals", ())
    lines = [rule(width), text_line(" EDITED", "title")] if rows else []
    for row in rows:
        told = f"{row['old']} → {row['new']}"
        for side in SIDES:
            told += f" · {side}: overlap@k {figure(row[f'{side}_overlap'])}, toward {signed(row[f'{side}_toward'])}"
        lines += wrapped(f" {row['attribute']}", f"{told} · {row['ref']}", width, indent=INDENT)
        lines += wrapped("", row["text"], width, indent=INDENT, style="dim")
    return lines


def _movement(evidence: ExampleEvidence, width: int) -> list[Line]:
    rows = evidence.context.get("movement", ())
    lines = [rule(width), text_line(" MOVEMENT OF ITS GROUPS", "title")] if rows else []
    for row in rows:
        told = f"{row['from_label']} → {row['to_label']}: share of neighbours {figure(row['base_share'])} → "
        told += f"{figure(row['candidate_share'])}, n {row['n']:,}"
        lines += wrapped(f" {row['attribute']}", told, width, indent=INDENT)
    return lines


def metric_table(
    title: str, rows: Iterable[Mapping[str, Any]], specs: Mapping[str, MetricSpec], width: int
) -> list[Line]:
    """Metrics with interval, n and method: one paragraph for each name and slice.

    Args:
        title: stands above them.
        rows: of the table `metric`, with what else is known of them.
        specs: what the track says of its metrics, by name.
        width: cells there are.
    """
    found: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for row in rows:
        found.setdefault((row["name"], row["slice"]), []).append(row)
    lines = [rule(width), text_line(f" {title}", "title")] if found else []
    for (name, of), sides in found.items():
        spec = specs.get(name)
        label = Line().add(" " if of == ALL else f" {of}: ", "strong").add(_title(name, spec))
        if "wanted" in sides[0]:
            label.add(f"   wanted: {PROMISES[sides[0]['wanted']]}", "dim")
        if sides[0].get("critical"):
            label.add(" ◆", "critical")
        lines.append(label)
        for row in sides:
            measures = None if spec is None else spec.measures_on(row["side"])
            number = value_with_interval(row["value"], row["low"], row["high"], measures)
            if row["value"] is None:
                number = "unknown"
            n = "" if row["n"] is None else f"   n {row['n']:,}"
            rest = "; ".join(filter(None, (row["method"], row["why"])))
            # One number of both models needs no side.
            side = "" if spec is not None and spec.sides == ("difference",) else f"   {row['side']}"
            lines += wrapped(side, f"{number}{n}   {rest}", width, indent=INDENT)
    return lines


def meaning_lines(evidence: ExampleEvidence, specs: Mapping[str, MetricSpec], width: int) -> list[Line]:
    """What the marks of the view mean, and what each number is, as the run declares it.

    Args:
        evidence: an example, with the metrics that are shown with it.
        specs: what the track says of its metrics, by name.
        width: cells there are.
    """
    lines = [rule(width), text_line(" WORDS AND MARKS", "title")]
    for mark, meaning in MARKS:
        lines += wrapped(f" {mark}", meaning, width, indent=MARK_INDENT)
    lines += [rule(width), text_line(" WHAT EACH NUMBER IS", "title")]
    limits = {quality.metric: f"; drawn from {figure(quality.limit, 2)}" for quality in QUALITIES}
    listed = [row["name"] for _, part in TABLES for row in evidence.context.get(part, ())]
    for name in dict.fromkeys((*OF_EXAMPLES, *listed)):
        spec = specs.get(name)
        line = Line().add(f" {_title(name, spec)}", "strong")
        if name in SHORT:
            line.add(f"   {SHORT[name]}", "dim")
        meaning = "the run does not say what this is" if spec is None else spec.meaning
        lines += [line, *wrapped("", meaning + limits.get(name, ""), width, indent=4, style="dim")]
    return lines


def _title(name: str, spec: MetricSpec | None) -> str:
    return name.replace("_", " ") if spec is None else spec.title
