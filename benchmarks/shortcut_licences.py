"""What whole reviews say of explanations: how many are licensed, and whom the rule of enrichment accuses.

The relevance gate lets causal evidence lead, so that its verdict hides what attribution alone would have said. Here
the rule of enrichment is read on its own, from the metrics behind the gate and with the gate's own limits.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from statistics import fmean
from typing import Any

from analysis.tracks.intent.gates.relevance import RELEVANCE
from benchmarks.shortcut_models import PLANTED_FROM
from benchmarks.shortcut_texts import CONDITIONS, DATASETS

LEANS, RISES, QUIET = "leans", "rises", "quiet"
UNLICENSED, ABSENT = "no licence", "too few texts hold it"
STATES = (LEANS, RISES, QUIET, UNLICENSED, ABSENT)
"""`leans` asks for error analysis, `rises` warns, `quiet` says nothing; the rest could not be judged."""
LEAST_TEXTS = 20
"""Attributed texts that hold a cue below which its licence cannot be judged."""
KINDS = ("planted", "not planted, faint", "absent, healthy", "absent, another planted")

Outcome = dict[str, Any]


def methods_of(outcomes: Iterable[Outcome]) -> list[str]:
    """The methods that enrichment was read from: occlusion, and the gradient method that led."""
    return sorted(
        {one["method"] for outcome in outcomes for one in outcome["metrics"] if one["name"] == "enrichment"}
    )


def rule_states(outcome: Outcome) -> Iterator[tuple[str, str, str]]:
    """(cue, method or `any`, state) of every declared cue of one whole review."""
    limits = {name: threshold.default for name, threshold in RELEVANCE.thresholds.items()}
    found: dict[tuple[str, str], dict[str, dict[str, Any]]] = {}
    for one in outcome["metrics"]:
        if one["name"] == "enrichment":
            cue = one["slice"].rpartition("/")[2]
            found.setdefault((cue, one["method"]), {})[one["side"]] = one
    for cue in dict.fromkeys(cue for cue, _ in found):
        states = []
        for method in methods_of([outcome]):
            sides = found[cue, method]
            own, change = sides["candidate"], sides["difference"]
            if min(one["n"] or 0 for one in sides.values()) < LEAST_TEXTS:
                state = ABSENT
            elif own["value"] is None or change["value"] is None:
                state = UNLICENSED
            elif own["value"] >= limits["max_enrichment"] and change["low"] > limits["max_enrichment_change"]:
                state = LEANS
            else:
                state = RISES if change["value"] > limits["warn_enrichment_change"] else QUIET
            states.append(state)
            yield cue, method, state
        yield cue, "any", min(states, key=STATES.index)


def kind_of(outcome: Outcome, cue: str) -> str:
    """Whether that cue was planted in the candidate of a review, and took."""
    if cue != outcome["condition"]:
        return "absent, healthy" if outcome["condition"] == "healthy" else "absent, another planted"
    return "planted" if outcome["rises"]["candidate"][cue] > PLANTED_FROM else "not planted, faint"


def enrichment_rule(outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    """How often the rule of enrichment says what, by data set, kind of cue and method."""
    rows = []
    for dataset in ("both", *(one.name for one in DATASETS)):
        part = [one for one in outcomes if dataset in ("both", one["dataset"])]
        judged = [
            (kind_of(one, cue), method, state) for one in part for cue, method, state in rule_states(one)
        ]
        for kind in KINDS:
            for method in (*methods_of(part), "any"):
                counts = Counter(state for *key, state in judged if key == [kind, method])
                if counts:
                    rows.append(
                        {"dataset": dataset, "cue": kind, "method": method, "n": counts.total(),
                         **{state: counts[state] for state in STATES}}
                    )  # fmt: skip
    return rows


def licensed(outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    """Licensed share of the critical texts, by data set, condition, method and side: mean, least, most."""
    critical = {one.name: f"label={one.critical}" for one in DATASETS}
    rows = []
    for dataset in DATASETS:
        for condition in CONDITIONS:
            for method in methods_of(outcomes):
                for side in ("base", "candidate"):
                    shares = [
                        metric["value"]
                        for one in outcomes
                        if (one["dataset"], one["condition"]) == (dataset.name, condition)
                        for metric in one["metrics"]
                        if (metric["name"], metric["slice"]) == ("licence_share", critical[dataset.name])
                        and (metric["method"], metric["side"]) == (method, side)
                        and metric["value"] is not None
                    ]
                    if shares:
                        rows.append(
                            {"dataset": dataset.name, "condition": condition, "method": method, "side": side,
                             "reviews": len(shares), "mean": round(fmean(shares), 3),
                             "least": round(min(shares), 3), "most": round(max(shares), 3)}
                        )  # fmt: skip
    return rows


def licence_tables(results: dict[str, Any]) -> list[str]:
    """Lines of Markdown: licensed shares, and what the rule of enrichment says."""
    lines = [
        "", "Licensed share of the critical texts, whole reviews",
        "| data set | condition | method | side | reviews | mean | least | most |", "|---" * 8 + "|",
    ]  # fmt: skip
    names = ("dataset", "condition", "method", "side", "reviews", "mean", "least", "most")
    lines += [f"| {' | '.join(str(row[name]) for name in names)} |" for row in results["licensed"]]
    lines += [
        "", "Rule of enrichment, whole reviews",
        f"| data set | cue | method | n | {' | '.join(STATES)} |", "|---" * (4 + len(STATES)) + "|",
    ]  # fmt: skip
    columns = ("dataset", "cue", "method", "n", *STATES)
    return [
        *lines,
        *(f"| {' | '.join(str(row[name]) for name in columns)} |" for row in results["enrichment_rule"]),
    ]
