"""A query, item or pair in plain sentences, for the linear front-end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.base.records import SIDES, Side
from analysis.plugin.change_sentence import change_sentences
from analysis.tracks.retrieval.grouping_sentences import attribute_sentence
from tui.draw.number_text import figure, plural
from tui.plugin.common import flag_reasons
from tui.tracks.retrieval.grouping import as_metrics, attributes_of, strongest_attributes
from tui.tracks.retrieval.neighbour_lines import labels_text, rank_text
from tui.tracks.retrieval.neighbours import Lists, read_lists
from tui.tracks.retrieval.pairs import pair_sentence
from tui.tracks.retrieval.view import likeness_text, measures_text

if TYPE_CHECKING:
    from analysis.review.queries import ExampleEvidence


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
        rows.append(f"flags: {flag_reasons(evidence)}")
    if evidence.critical:
        rows.append("critical: " + ", ".join(evidence.critical))
    if example.kind == "query":
        count = len(evidence.context.get("relevant", ()))
        rows.append(f"relevant: {plural(count, 'item')}" if count else "relevance was not given")
    for side in SIDES:
        rows.append(_side_sentence(evidence, side, lists))
    if lists.lost:
        told = [
            f"{one.title} from {one.rank} to {rank_text(one.other_rank, lists.depth)}" for one in lists.lost
        ]
        rows.append("lost: " + ", ".join(told))
    suspects = [one.title for one in lists.gained if one.suspect]
    if suspects:
        rows.append("gained by an unwanted value only: " + ", ".join(suspects))
    alike = likeness_text(evidence, lists)
    rows += [f"alike: {alike}"] if alike else []
    rows += [f"hard negative: {pair_sentence(row, lists)}" for row in evidence.context.get("pairs", ())]
    for row in evidence.context.get("counterfactuals", ())[:4]:
        rows.append(
            f"edited {row['attribute']} from {row['old']} to {row['new']}: keeps "
            f"base {figure(row['base_overlap'], 2)}, candidate {figure(row['candidate_overlap'], 2)} of its neighbours"
        )
    rows += change_sentences(evidence.context.get("change", ()))
    return rows + grouping_sentences(evidence)


def _side_sentence(evidence: ExampleEvidence, side: Side, lists: Lists) -> str:
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
        labels = labels_text(one.attributes.wanted)
        inside = ", ".join(filter(None, (*ticks, labels)))
        told.append(f"{one.rank} {one.title}" + (f" ({inside})" if inside else ""))
    measures = measures_text(evidence, side, lists)
    return f"{side}{', ' + measures if measures else ''}: " + "; ".join(told)


def grouping_sentences(evidence: ExampleEvidence) -> list[str]:
    """What the candidate groups by most, then each attribute with its change."""
    grouping = evidence.context.get("grouping", ())
    attributes = attributes_of(grouping)
    if not attributes:
        return ["grouping was not measured in this run"]
    metrics = as_metrics(grouping)
    found = [strongest_attributes(grouping)]
    for attribute, wanted in attributes.items():
        told = attribute_sentence(metrics, attribute, bool(wanted)).sentence
        found.append(f"{told}; {'in no item' if wanted is None else 'wanted' if wanted else 'unwanted'}")
    return found
