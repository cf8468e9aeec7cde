"""Every number behind a query, item or pair, with its definition; and the same in plain sentences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from analysis.base.records import SIDES
from analysis.tracks.retrieval.grouping_sentences import attribute_words
from analysis.tracks.retrieval.map_limits import QUALITIES
from tui.draw.figures import figure, plural, signed, with_interval
from tui.draw.lines import Line, rule, text_line, wrapped
from tui.plugin.common import flag_words
from tui.plugin.registry import ViewOptions
from tui.tracks.retrieval.grouping import PROMISES, as_metrics, attributes_of, group_sentence
from tui.tracks.retrieval.neighbour_lines import labels_words, movement, rank_words
from tui.tracks.retrieval.neighbours import Lists, Neighbour, read_lists
from tui.tracks.retrieval.view import about, in_common, likeness_words, measures_words, violation_words

if TYPE_CHECKING:
    from analysis.review.queries import ExampleEvidence

INDENT = 20
DEFINITIONS = (
    ("similarity", "cosine of the two vectors of one side, −1 to 1; never compared between sides"),
    ("rank", "place by similarity among all items, 1 is nearest; of an item: among all other items"),
    (
        "↑ ↓ = →",
        "how far a kept item rose or fell from base to candidate; → its new rank, in the base's list",
    ),
    ("+ new", "among the candidate's k nearest and not among the base's"),
    (
        "− lost",
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
    ("overlap@k", "share of the base's k nearest that are among the candidate's"),
    (
        "rank-biased overlap",
        "agreement of the two lists, early places weighing more: extrapolated, p = .9 (Webber et al. 2010)",
    ),
    ("recall@k", "share of the relevant titles among the k nearest; a title counts once"),
    ("nDCG@k", "discounted gain of the relevant titles over that of the best order"),
    ("RR, MRR", "one over the rank of the first relevant title; its mean over queries"),
    ("margin", "sim(query, positive) − sim(query, negative); below 0 the hard negative is violated"),
    (
        "lift",
        "grouping above chance: (purity@k − chance) / (1 − chance), where purity is the share of neighbours with "
        "the same value; 0 is chance, 1 is all. Numeric attributes: closeness of ranks against random items",
    ),
    (
        "change judged",
        "of the lift for a wanted attribute, of the conditional lift for an unwanted one, as the gates read them; "
        "more or less: by over .10 with an interval clear of 0",
    ),
    (
        "conditional lift",
        "the same against chance within strata of the wanted attributes (of a wanted one: of the others): what "
        "other attributes explain is taken out",
    ),
    ("inherited", "an unwanted level that the base had already, and the candidate does not raise"),
    (
        "edited",
        "the item with one attribute's words changed: share of its neighbours that it keeps, and rise of the share "
        "of neighbours with the new value",
    ),
    (
        "centroid moved",
        "distance of a value's centroid between the sides in units of the spread within the value; aligned: after "
        "orthogonal Procrustes, so that a rotation is no movement",
    ),
    ("movement", "share of the neighbours of one value's items that have another value, on each side"),
    ("hubness", "skewness of how often an item is among the k nearest of others; 0 has no hubs"),
    ("anisotropy", "mean cosine of random pairs of items; 0 uses all directions"),
    ("norm", "mean length of the vectors before they are scaled to length 1"),
    ("map", "drawn only where each of the next four reaches its limit on both sides"),
    *((quality.title, f"{quality.definition}; limit {figure(quality.limit, 2)}") for quality in QUALITIES),
)


def number_lines(evidence: ExampleEvidence, options: ViewOptions) -> list[Line]:
    """Every number of one example: both lists, hard negatives, slices, grouping, drift, geometry, map, words."""
    width = options.width
    example = evidence.example
    lists = read_lists(evidence)
    lines = [text_line(f" {example.ref}", "title"), *wrapped(" text", example.text, width, indent=INDENT)]
    lines += wrapped(" sha256", example.sha256, width, indent=INDENT, style="dim")
    for key, value in evidence.metadata.items():
        if value is not None and key != "ref":
            lines += wrapped(f" {key}", str(value), width, indent=INDENT)
    lines += wrapped(" slices", ", ".join(evidence.slices) or "none", width, indent=INDENT)
    for flag in evidence.flags:
        number = "" if flag.value is None else f" {figure(flag.value)}"
        gate = f" → {flag.gate}" if flag.gate else ""
        lines += wrapped(" flag", f"{flag.reason}{number}{gate}", width, indent=INDENT, style="number")
    lines += _measures(evidence, width)
    for side in SIDES:
        lines += [rule(width), text_line(f" {side.upper()}, {lists.k} nearest", "title")]
        for one in lists.side(side):
            lines += _neighbour(one, lists, width)
    lines += _pairs(evidence, lists, width)
    lines += _edited(evidence, width)
    for title, name in (
        ("THE SLICES OF THIS EXAMPLE", "slices"),
        ("GROUPING, ALL ITEMS", "grouping"),
        ("CENTROIDS", "drift"),
        ("GEOMETRY", "geometry"),
        ("MAP", "map"),
    ):
        lines += metric_table(title, evidence.context.get(name, ()), width)
    lines += _movement(evidence, width)
    lines += [rule(width), text_line(" WORDS", "title")]
    for word, meaning in DEFINITIONS:
        lines += wrapped(f" {word}", meaning, width, indent=INDENT + 2)
    return lines


def _measures(evidence: ExampleEvidence, width: int) -> list[Line]:
    row = about(evidence)
    lines: list[Line] = []
    lists = read_lists(evidence)
    for side in SIDES:
        words = measures_words(evidence, side, lists)
        lines += wrapped(f" {side}", words, width, indent=INDENT, style="number") if words else []
    alike = likeness_words(evidence, lists)
    lines += wrapped(" alike", alike, width, indent=INDENT, style="number") if alike else []
    lines += wrapped(" k, stored", f"{lists.k}, {row.get('depth') or 0}", width, indent=INDENT, style="dim")
    return lines


def _neighbour(one: Neighbour, lists: Lists, width: int) -> list[Line]:
    line = Line().add(" ").column(str(one.rank), 4, "dim", right=True).add("  ").add(one.title, "strong")
    told = [
        f"similarity {figure(one.score)}",
        f"other side rank {rank_words(one.other_rank, lists.depth)}",
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
        told = f"similarity {figure(row['score'])}, rank {rank_words(row['rank'], row['depth'])}"
        lines += wrapped(f" {row['role']}", f"{row['side']}: {told}", width, indent=INDENT)
    return lines


def pair_sentence(row: Mapping[str, Any], lists: Lists) -> str:
    """One hard negative in a sentence."""
    common = in_common(row["positive_ref"], row["negative_ref"], lists=lists)
    return (
        f"{lists.title(row['positive_ref'])} over {lists.title(row['negative_ref'])}: margin base "
        f"{signed(row['base_margin'])}, candidate {signed(row['candidate_margin'])}; {violation_words(row)[0]}; "
        f"in both: {common}"
    )


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


def metric_table(title: str, rows: Iterable[Mapping[str, Any]], width: int) -> list[Line]:
    """Metrics with interval, n and method: one paragraph for each name and slice."""
    found: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for row in rows:
        found.setdefault((row["name"], row["slice"]), []).append(row)
    lines = [rule(width), text_line(f" {title}", "title")] if found else []
    for (name, of), sides in found.items():
        words = name.replace("_", " ")
        label = Line().add(f" {words} ", "text")
        label.add("" if of == "all" else of, "strong")
        if "wanted" in sides[0]:
            label.add(f"   wanted: {PROMISES[sides[0]['wanted']]}", "dim")
        if sides[0].get("critical"):
            label.add(" ◆", "critical")
        lines.append(label)
        for row in sides:
            change = row["side"] == "difference" and len(sides) > 1
            number = with_interval(row["value"], row["low"], row["high"], change=change)
            if row["value"] is None:
                number = "unknown"
            n = "" if row["n"] is None else f"   n {row['n']:,}"
            rest = "; ".join(filter(None, (row["method"], row["why"])))
            lines += wrapped(f"   {row['side']}", f"{number}{n}   {rest}", width, indent=INDENT)
    return lines


def summary(evidence: ExampleEvidence) -> list[str]:
    """One example in plain sentences: what it is, both lists, what was gained and lost, hard negatives, grouping."""
    example = evidence.example
    lists = read_lists(evidence)
    rows = [f"{example.kind}: {example.text}"]
    own = next((row for row in evidence.context.get("items", ()) if row["ref"] == example.ref), None)
    if own is not None:
        rows.insert(0, f"title: {own['title']}")
        if own["duplicate_of"]:
            rows.append(f"the same text as {lists.title(own['duplicate_of'])}")
    if evidence.flags:
        rows.append(f"flags: {flag_words(evidence)}")
    if evidence.critical:
        rows.append("critical: " + ", ".join(evidence.critical))
    if example.kind == "query":
        count = len(evidence.context.get("relevant", ()))
        rows.append(f"relevant: {plural(count, 'item')}" if count else "relevance was not given")
    for side in SIDES:
        rows.append(_side_sentence(evidence, side, lists))
    if lists.lost:
        told = [
            f"{one.title} from {one.rank} to {rank_words(one.other_rank, lists.depth)}" for one in lists.lost
        ]
        rows.append("lost: " + ", ".join(told))
    suspects = [one.title for one in lists.gained if one.suspect]
    if suspects:
        rows.append("gained by an unwanted value only: " + ", ".join(suspects))
    alike = likeness_words(evidence, lists)
    rows += [f"alike: {alike}"] if alike else []
    rows += [f"hard negative: {pair_sentence(row, lists)}" for row in evidence.context.get("pairs", ())]
    for row in evidence.context.get("counterfactuals", ())[:4]:
        rows.append(
            f"edited {row['attribute']} from {row['old']} to {row['new']}: keeps "
            f"base {figure(row['base_overlap'], 2)}, candidate {figure(row['candidate_overlap'], 2)} of its neighbours"
        )
    return rows + grouping_sentences(evidence)


def _side_sentence(evidence: ExampleEvidence, side: Any, lists: Lists) -> str:
    rows = lists.side(side)
    if not rows:
        return f"{side}: no neighbours were computed"
    told = []
    for one in rows:
        ticks = [
            word
            for word, holds in (
                ("relevant", one.relevant),
                ("new", side == "candidate" and lists.changed(one)),
            )
            if holds
        ]
        labels = labels_words(one.attributes.wanted)
        inside = ", ".join(filter(None, (*ticks, labels)))
        told.append(f"{one.rank} {one.title}" + (f" ({inside})" if inside else ""))
    measures = measures_words(evidence, side, lists)
    return f"{side}{', ' + measures if measures else ''}: " + "; ".join(told)


def grouping_sentences(evidence: ExampleEvidence) -> list[str]:
    """What the candidate groups by most, then each attribute with its change."""
    grouping = evidence.context.get("grouping", ())
    attributes = attributes_of(grouping)
    if not attributes:
        return ["grouping was not measured in this run"]
    metrics = as_metrics(grouping)
    found = [group_sentence(grouping)]
    for attribute, wanted in attributes.items():
        told = attribute_words(metrics, attribute, bool(wanted)).sentence
        found.append(f"{told}; {'in no item' if wanted is None else 'wanted' if wanted else 'unwanted'}")
    return found
