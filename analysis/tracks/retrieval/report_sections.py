"""What the retrieval track says in the fields of the inspection report, from the evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.base.gate_records import GateInput
from analysis.base.records import ALL, SIDES, Metric
from analysis.base.sql import queries
from analysis.plugin.change_evidence import stored_parts
from analysis.plugin.change_sentence import change_sentences
from analysis.plugin.clusters import cluster_sentences
from analysis.plugin.gate import metric_of
from analysis.plugin.report_fields import NEIGHBORHOODS
from analysis.tracks.retrieval.changes import (
    MIN_ITEMS,
    at_k,
    both_levels,
    both_lifts,
    declared,
    level,
    signed,
)
from analysis.tracks.retrieval.grouping_sentences import (
    GroupingSentence,
    attribute_sentence,
    strongest_sentence,
)
from analysis.tracks.retrieval.load_data import HARD_NEGATIVES
from analysis.tracks.retrieval.metric_specs import TRACK

if TYPE_CHECKING:
    import duckdb

SHOWN = 5
"""Centroids and movements that are named."""
WORST = 3
"""Hard negatives that are named."""
LEAST_DRIFT = 0.1
"""Centroid drift, in units of the spread within the group, that is worth a sentence."""
LEAST_MOVEMENT = 0.02
"""Change of a share of neighbours that is worth a sentence."""
LONGEST = 60
"""Characters of a query that are quoted."""

QUERIES = queries(__package__ or "", "report.sql")


def report_sections(connection: duckdb.DuckDBPyConnection, given: GateInput) -> dict[str, list[str]]:
    """Sentences for the report's fields; `connection` has the run attached as `evidence`."""
    return {
        NEIGHBORHOODS: [
            *_grouping(given),
            *_counterfactuals(given),
            *_answers(given),
            *_negatives(connection, given),
            *_drift(given),
            *change_sentences(stored_parts(connection, TRACK)),
            *_movement(connection),
            *_geometry(given),
            *_maps(given),
            *_clusters(connection, given),
        ]
    }


def _grouping(given: GateInput) -> list[str]:
    """What brings items together: the verdict in words, the mean of what is wanted, then each attribute."""
    wanted, unwanted = (list(declared(given).get(name, ())) for name in ("group_by", "not_by"))
    if not any(one.track == TRACK and one.name == "grouping_lift" for one in given.metrics):
        return []
    told = []
    for attribute in (*wanted, *unwanted):
        said = attribute_sentence(given.metrics, attribute, attribute in wanted)
        name = "grouping_lift" if said.wanted else "grouping_conditional_lift"
        change = metric_of(given, TRACK, name, attribute)
        told.append((said, change))
    moved = sorted(
        (one for one in told if one[0].word in ("more", "less")),
        key=lambda one: -abs(one[1].value or 0.0) if one[1] else 0.0,
    )
    mean = metric_of(given, TRACK, "grouping_wanted_lift", ALL)
    whole = [
        f"the candidate {strongest_sentence(given.metrics, wanted, unwanted)} (lift: 0 is chance, 1 is always)"
    ]
    if mean is not None and mean.value is not None:
        whole.append(
            f"mean of the wanted attributes: {both_lifts(given, ALL, 'grouping_wanted_lift')}, change {signed(mean)}"
        )
    # What moved comes first, the furthest before the others; what stayed comes last, as it was declared.
    return [
        *(_attribute(*one) for one in moved),
        *whole,
        *(_attribute(*one) for one in told if one not in moved),
    ]


def _attribute(said: GroupingSentence, change: Metric | None) -> str:
    n = 0 if change is None else change.n or 0
    beyond = "" if said.wanted else ", beyond what the wanted attributes explain"
    few = "" if n >= MIN_ITEMS else "; too few to judge"
    on = "" if said.word == "unknown" else f"{beyond}, on {n} items{few}"
    return f"{'wanted' if said.wanted else 'not wanted'}: {said.sentence}{on}"


def _counterfactuals(given: GateInput) -> list[str]:
    found = []
    for attribute in declared(given).get("not_by", ()):
        base, candidate = (
            metric_of(given, TRACK, "counterfactual_overlap", attribute, side) for side in SIDES
        )
        if base is None or candidate is None or base.value is None or candidate.value is None:
            continue
        found.append(
            f"with another {attribute} written into it, an item keeps {candidate.value:.0%}{_share_bounds(candidate)} "
            f"of its neighbours in the candidate and {base.value:.0%}{_share_bounds(base)} in the base, "
            f"on {candidate.n} items (counterfactual edits)"
        )
    return found


def _answers(given: GateInput) -> list[str]:
    found = []
    kept = metric_of(given, TRACK, "neighbour_overlap", ALL)
    if kept is not None and kept.value is not None:
        found.append(
            f"an item keeps {kept.value:.0%}{_share_bounds(kept)} of its nearest neighbours, on {kept.n} items"
        )
    answers = metric_of(given, TRACK, "overlap", ALL)
    if answers is not None and answers.value is not None:
        biased = metric_of(given, TRACK, "rank_biased_overlap", ALL)
        found.append(
            f"both sides share {answers.value:.0%}{_share_bounds(answers)} of their answers to a probe, rank-biased "
            f"overlap {level(biased)}, on {answers.n} probes"
        )
    for name, measure in (("recall", f"recall{at_k(given)}"), ("mrr", "MRR"), ("ndcg", f"nDCG{at_k(given)}")):
        change = metric_of(given, TRACK, name, ALL)
        if change is not None and change.value is not None:
            found.append(
                f"{measure} of all probes {both_levels(given, name)}, change {signed(change)}, on {change.n} probes"
            )
    return found


def _negatives(connection: duckdb.DuckDBPyConnection, given: GateInput) -> list[str]:
    change, margin = (metric_of(given, TRACK, name, ALL) for name in ("violations", "margin"))
    if change is None or change.value is None or margin is None:
        return []
    broken, fixed = (metric_of(given, TRACK, f"pairs_{name}", ALL) for name in ("broken", "fixed"))
    base, candidate = (metric_of(given, TRACK, "violations", ALL, side) for side in SIDES)
    lost, won = (int(one.value or 0) if one is not None else 0 for one in (broken, fixed))
    found = [
        f"titles that are easily confused: the wrong one stands first in {_share(base)} of {change.n} pairs in the "
        f"base and {_share(candidate)} in the candidate, {lost} newly and {won} no longer; mean margin {signed(margin)}"
    ]
    for text, positive, negative, before, after in connection.execute(
        QUERIES["worst_pairs"], {"limit": WORST}
    ).fetchall():
        query = text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
        found.append(
            f"“{query}” now finds {negative} before {positive}: margin {before:+z.3f} to {after:+z.3f}"
        )
    return found


def _drift(given: GateInput) -> list[str]:
    """Groups that moved as a whole, after alignment and beyond the noise of their items."""
    moved = [
        one
        for one in given.metrics
        if one.track == TRACK
        and one.name == "centroid_drift"
        and one.method == "aligned"
        and one.value is not None
        and one.value >= LEAST_DRIFT
        and (one.low or 0.0) > 0
    ]
    moved.sort(key=lambda one: (-(one.value or 0.0), one.slice))
    found = [
        f"the {one.n} items with {one.slice} moved together by {one.value:.2f} of their spread, beyond the noise of "
        f"{(one.high or 0.0) - (one.value or 0.0):.2f} (after rotation)"
        for one in moved[:SHOWN]
    ]
    if len(moved) > SHOWN:
        found.append(f"and {len(moved) - SHOWN} more groups moved beyond their noise")
    return found


def _movement(connection: duckdb.DuckDBPyConnection) -> list[str]:
    rows = connection.execute(QUERIES["movement"], {"least": LEAST_MOVEMENT, "limit": SHOWN}).fetchall()
    return [
        f"of the neighbours of items with {attribute}={source}, {before:.1%} have {target} in the base and "
        f"{after:.1%} in the candidate, on {n} items"
        for attribute, source, target, before, after, n in rows
    ]


def _geometry(given: GateInput) -> list[str]:
    found = []
    for name, title in (
        ("hubness", "hubness (skew of how often an item is a neighbour)"),
        ("anisotropy", "anisotropy (mean cosine of two random items)"),
    ):
        base, candidate = (metric_of(given, TRACK, name, ALL, side) for side in SIDES)
        if base is not None and candidate is not None and base.value is not None:
            found.append(f"{title} {level(base)} to {level(candidate)}")
    return found


def _maps(given: GateInput) -> list[str]:
    withheld = {
        one.why for one in given.metrics if one.track == TRACK and one.name == "map_drawn" and one.value == 0
    }
    return [f"map withheld: {why}" for why in sorted(withheld) if why]


def _clusters(connection: duckdb.DuckDBPyConnection, given: GateInput) -> list[str]:
    """How many probes and hard negatives are not independent of each other, where there are any."""
    found = []
    if declared(given).get("probes"):
        found += cluster_sentences(connection, TRACK, "probes")
    if declared(given).get("hard_negatives"):
        found += cluster_sentences(connection, TRACK, HARD_NEGATIVES, HARD_NEGATIVES)
    return found


def _share(metric: Metric | None) -> str:
    if metric is None or metric.value is None:
        return "an unknown share"
    return f"{metric.value:.1%}{_share_bounds(metric)}"


def _share_bounds(metric: Metric) -> str:
    return "" if metric.low is None or metric.high is None else f" [{metric.low:.0%}, {metric.high:.0%}]"
