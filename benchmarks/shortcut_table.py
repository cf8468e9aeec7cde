"""What the outcomes of many reviews say of the gates: verdicts, false alarms and misses with exact intervals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from statistics import fmean
from typing import Any

from analysis.stats import clopper_pearson
from benchmarks.shortcut_licences import enrichment_rule, licence_tables, licensed
from benchmarks.shortcut_models import PLANTED_FROM
from benchmarks.shortcut_reviews import DEPTHS
from benchmarks.shortcut_texts import CONDITIONS, CUES, DATASETS

VERDICTS = ("pass", "warn", "undecided", "unknown", "fail")
PLANTED = "intent.relevance, cue planted"
ABSENT = "intent.relevance, cue absent, no effect"
SPILLED = "intent.relevance, cue absent, some effect"
"""A cue that was not taught may move a model all the same; what was measured directly tells the two apart."""
NO_EFFECT = 0.01
"""Largest rise of p(critical), measured directly, of a cue without effect: the limit of the gate."""
STRONG = 0.30
"""Rise of p(critical) from which a planted shortcut counts as strong."""
STRENGTHS = {"all": (PLANTED_FROM, 2.0), "weak": (PLANTED_FROM, STRONG), "strong": (STRONG, 2.0)}
LOG = ("enrichment", "licence_share", "licence_percentile", "licence_overlap", "licence_randomisation")

Outcome = dict[str, Any]


def family(outcome: Outcome, key: str) -> str:
    """The gate of a key; relevance is told apart by what the cue does to the candidate."""
    name, _, part = key.partition("[")
    if name != "intent.relevance":
        return name
    if part.rstrip("]").rpartition("/")[2] == outcome["condition"]:
        return PLANTED
    return ABSENT if rise(outcome, key) <= NO_EFFECT else SPILLED


def share(count: int, n: int) -> dict[str, Any]:
    """Count, n and the two-sided 95 % Clopper-Pearson interval of the share."""
    low, high = clopper_pearson(count, n) if n else (0.0, 1.0)
    return {"count": count, "n": n, "low": round(low, 3), "high": round(high, 3)}


def judged(outcomes: Iterable[Outcome], wanted: str) -> list[tuple[Outcome, str, str]]:
    """(outcome, key, verdict) of every gate key of one family, but for those without input."""
    return [
        (one, key, gate["verdict"])
        for one in outcomes
        for key, gate in one["gates"].items()
        if family(one, key) == wanted and gate["verdict"] != "n/a"
    ]


def rise(outcome: Outcome, key: str) -> float:
    """The directly measured rise of p(critical) that the cue of a relevance key causes in the candidate."""
    return float(outcome["rises"]["candidate"][key.rstrip("]").rpartition("/")[2]])


def summary(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Everything that the tables show, and one row for each review."""
    causal = [one for one in outcomes if one["depth"] == "causal"]
    whole = [one for one in outcomes if one["depth"] == "whole"]
    return {
        "plants": plants(causal),
        "verdicts": {"causal": verdicts(causal), "whole": verdicts(whole)},
        "false_alarms": {"causal": false_alarms(causal), "whole": false_alarms(whole)},
        "misses": {"causal": misses(causal), "whole": misses(whole)},
        "licensed": licensed(whole),
        "enrichment_rule": enrichment_rule(whole),
        "attribution": attribution(whole),
        "cpu_seconds": {name: spent(part) for name, part in (("causal", causal), ("whole", whole))},
        "reviews": [
            {**{name: one[name] for name in ("dataset", "seed", "condition", "depth", "rises")},
             "gates": {key: gate["verdict"] for key, gate in one["gates"].items() if gate["verdict"] != "pass"},
             "relevance": {key: gate["why"] for key, gate in one["gates"].items() if "relevance[" in key}}
            for one in outcomes
        ],
    }  # fmt: skip


def plants(outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    """How many shortcuts took, and how far each moves p(critical) on texts of other classes."""
    rows = []
    for dataset in DATASETS:
        for cue in CUES:
            made = [o for o in outcomes if o["dataset"] == dataset.name and o["condition"] == cue]
            rises = [round(one["rises"]["candidate"][cue], 3) for one in made]
            took = sum(value > PLANTED_FROM for value in rises)
            rows.append(
                {"dataset": dataset.name, "cue": cue, "made": len(made), "took": took, "rises": rises}
            )
    return rows


def verdicts(outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    """Counts of verdicts by data set, condition and gate, over keys and reviews."""
    rows = []
    for dataset in DATASETS:
        for condition in CONDITIONS:
            part = [o for o in outcomes if (o["dataset"], o["condition"]) == (dataset.name, condition)]
            families = dict.fromkeys(family(one, key) for one in part for key in one["gates"])
            for name in families:
                counts = Counter(verdict for _, _, verdict in judged(part, name))
                if not counts:
                    continue
                rows.append(
                    {"dataset": dataset.name, "condition": condition, "gate": name, "reviews": len(part),
                     **{verdict: counts[verdict] for verdict in VERDICTS}}
                )  # fmt: skip
    return rows


def false_alarms(outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    """Of healthy candidates: `fail`, and `unknown` before anybody has looked, by gate key and by review.

    Relevance of an absent cue has further rows with the candidates that were taught another cue.
    """
    rows = []
    for name in ("both", *(one.name for one in DATASETS)):
        part = [one for one in outcomes if name in ("both", one["dataset"])]
        healthy = [one for one in part if one["condition"] == "healthy"]
        for gate in dict.fromkeys(family(one, key) for one in healthy for key in one["gates"]):
            if found := judged(healthy, gate):
                rows.append({"dataset": name, "gate": gate, **_alarms(found)})
        for gate in (ABSENT, SPILLED):
            if others := [row for row in judged(part, gate) if row[0]["condition"] != "healthy"]:
                rows.append({"dataset": name, "gate": f"{gate}, another planted", **_alarms(others)})
        for verdict in ("fail", "unknown"):
            hit = sum(any(gate["verdict"] == verdict for gate in one["gates"].values()) for one in healthy)
            gate = f"any key, reviews with {verdict}"
            rows.append({"dataset": name, "gate": gate, verdict: share(hit, len(healthy))})
    return rows


def _alarms(found: Sequence[tuple[Outcome, str, str]]) -> dict[str, Any]:
    counts = Counter(verdict for _, _, verdict in found)
    return {verdict: share(counts[verdict], len(found)) for verdict in ("fail", "unknown", "warn")}


def misses(outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    """Of candidates whose shortcut took: the planted cue's relevance gate says pass or warn; unknown beside."""
    rows = []
    for dataset in ("both", *(one.name for one in DATASETS)):
        for cue in ("all", *CUES):
            for strength, (low, high) in STRENGTHS.items():
                found = [
                    verdict
                    for one, key, verdict in judged(outcomes, PLANTED)
                    if dataset in ("both", one["dataset"])
                    and cue in ("all", one["condition"])
                    and low < rise(one, key) <= high
                ]
                if found:
                    missed = share(sum(one in ("pass", "warn") for one in found), len(found))
                    rows.append(
                        {"dataset": dataset, "cue": cue, "strength": strength, "missed": missed,
                         "fail": found.count("fail"), "unknown": found.count("unknown")}
                    )  # fmt: skip
    return rows


def attribution(outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    """Metrics of attribution in the reviews that are whole, of the candidate and of the difference."""
    return [
        {"dataset": one["dataset"], "seed": one["seed"], "condition": one["condition"],
         **{name: metric[name] for name in ("name", "slice", "side", "value", "low", "high", "n", "why")},
         "method": metric["method"].partition(";")[0]}
        for one in outcomes
        for metric in one["metrics"]
        if metric["side"] != "base" and metric["n"]
        and (metric["name"] == "flips_reverted" or (metric["name"] in LOG
             and ("/" in metric["slice"] or metric["slice"] in ("all", f"label={critical(one)}"))))
    ]  # fmt: skip


def critical(outcome: Outcome) -> str:
    return next(one.critical for one in DATASETS if one.name == outcome["dataset"])


def spent(outcomes: Sequence[Outcome]) -> float | None:
    """Mean process seconds of a review."""
    return round(fmean(one["cpu_seconds"] for one in outcomes), 1) if outcomes else None


def tables(results: dict[str, Any]) -> str:
    """The summary as Markdown tables."""
    lines = ["| data set | cue | made | took | rise of p(critical) on other texts |", "|---|---|---|---|---|"]
    lines += [
        f"| {r['dataset']} | {r['cue']} | {r['made']} | {r['took']} | {', '.join(map(str, r['rises']))} |"
        for r in results["plants"]
    ]
    for depth in (name for name in DEPTHS if results["verdicts"][name]):
        lines += [
            "", f"Verdicts, {depth} reviews",
            f"| data set | condition | gate | reviews | {' | '.join(VERDICTS)} |", "|---" * (4 + len(VERDICTS)) + "|",
        ]  # fmt: skip
        lines += [
            f"| {r['dataset']} | {r['condition']} | {r['gate']} | {r['reviews']} | "
            f"{' | '.join(str(r[verdict]) for verdict in VERDICTS)} |"
            for r in results["verdicts"][depth]
        ]
        lines += [
            "", f"False alarms, {depth} reviews", "| data set | gate | fail | unknown | warn |", "|---" * 5 + "|",
        ]  # fmt: skip
        lines += [
            f"| {r['dataset']} | {r['gate']} | {' | '.join(_cell(r.get(v)) for v in ('fail', 'unknown', 'warn'))} |"
            for r in results["false_alarms"][depth]
        ]
        lines += [
            "", f"Misses, {depth} reviews", "| data set | cue | strength | missed | unknown | fail |", "|---" * 6 + "|",
        ]  # fmt: skip
        lines += [
            f"| {r['dataset']} | {r['cue']} | {r['strength']} | {_cell(r['missed'])} | {r['unknown']} | {r['fail']} |"
            for r in results["misses"][depth]
        ]
    if results["licensed"]:
        lines += licence_tables(results)
    return "\n".join(lines)


def _cell(one: dict[str, Any] | None) -> str:
    return f"{one['count']} of {one['n']} [{one['low']:.2f}, {one['high']:.2f}]" if one else ""
