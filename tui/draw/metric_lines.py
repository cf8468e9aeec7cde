"""Metrics with what each means: the numbers behind gates and probes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from tui.draw.figures import figure, with_interval
from tui.draw.lines import Line, wrapped

if TYPE_CHECKING:
    from analysis.base.records import Metric, MetricSide

NAME_CELLS = 24
"""Cells of a metric's name where there is room."""
NARROW_CELLS = 13
"""The same below 61 columns."""
SIDE_LABELS: dict[MetricSide, str] = {"base": "base ", "candidate": "cand ", "difference": "Δ "}

_EDIT = "change of p(class) by {}, mean over {}; Δ is the candidate's minus the base's"
_EDITS = {
    "own": "inserting the cue",
    "held_out": "inserting terms that the lexicon does not hold",
    "neutral": "inserting a neutral phrase (shown beside, never subtracted)",
    "removed": "the cue being there, minus without it",
    "swapped": "swapping the cue for another of its kind",
}
_TEXTS = {"critical": "texts of the class", "other": "texts of other classes"}
DEFINITIONS = {
    "accuracy": "share of texts whose predicted class is the gold label",
    "recall": "share of the texts of a class predicted as it; of a query, share of its relevant items found",
    "precision": "share of the texts predicted as a class that are of it",
    "broken": "texts right on the base and wrong on the candidate",
    "fixed": "texts wrong on the base and right on the candidate",
    "flips": "texts whose predicted class changed",
    "mcnemar_p": "one-sided exact McNemar: P(Bin(broken + fixed, 1/2) ≥ broken)",
    "false_positives": "texts of other classes that are predicted as this one",
    "false_positive_rate": "change of the share of other texts that are predicted as the class",
    "routed_gained": "texts of other classes that only the candidate sends to this one",
    "routed_lost": "texts of other classes that only the base sends to this one",
    "confidence": "mean of the largest probability",
    "mean_confidence": "mean of the largest probability",
    "signed_gap": "mean confidence minus accuracy; above 0 is overconfident",
    "brier": "mean squared error of all probabilities",
    "ece": "expected calibration error, 15 equal-mass bins",
    "confused": "texts of the first class that are predicted as the second",
    "enrichment": "share of absolute attribution on the cue over its share of the words; 1 is no preference",
    "cue_share_critical": "share of the texts of the class that hold the cue",
    "cue_share_other": "share of other texts that hold the cue",
    "signal_effect": "fall of the log-odds of the class when the expected phrase is deleted",
    "signal_positive": "share of the deletions that lower the log-odds",
    "ndcg": "normalised discounted cumulative gain of the relevant items in the top k",
    "mrr": "mean reciprocal rank of the first relevant item in the top k",
    "overlap": "share of the top k that both sides have",
    "rank_biased_overlap": "agreement of both rankings, the top weighing most (p .9)",
    "grouping_lift": "how much more alike neighbours are in it than random items: 0 is chance, 1 all alike",
    "grouping_conditional_lift": "the same over chance among items alike in the wanted attributes",
    "grouping_wanted_lift": "mean lift over the wanted attributes",
    "grouping_permutation_p": "share of permutations within the strata that are at least as alike",
    "centroid_drift": "move of a group's mean, in spreads of the base's group around its own mean",
    "counterfactual_overlap": "share of an item's neighbours that stay when only this is edited",
    "counterfactual_toward": "rise of the share of neighbours with the new value when only this is edited",
    "violations": "share of the pairs whose negative is at least as near as the positive",
    "pairs_broken": "pairs right on the base and violated on the candidate",
    "pairs_fixed": "pairs violated on the base and right on the candidate",
    "margin": "similarity to the positive minus similarity to the negative",
    "hubness": "skewness of how often an item is among the neighbours of others; 0 is even",
    "anisotropy": "mean cosine of two items; near 0 uses the whole space",
    "flips_explained": "flips that revert without the word whose attribution changed most",
    "licence": "1 where the slice's attributions together passed their tests; else why says what failed",
    "licence_share": "share of attributions licensed, of those long enough to decide",
    "licence_percentile": "mean percentile of comprehensiveness − sufficiency among random rankings; at least .80",
    "licence_overlap": "overlap of the families' top words above chance; lower bound above .10",
    "licence_randomisation": "rank correlation with re-initialised models; at most .25 either way",
    **{
        f"relevance_{edit}_{texts}": _EDIT.format(done, of)
        for edit, done in _EDITS.items()
        for texts, of in _TEXTS.items()
    },
}
"""What each metric is, in a line."""

DECIDES: dict[str, tuple[str, ...]] = {
    "intent.accuracy": ("accuracy", "broken", "fixed", "mcnemar_p"),
    "intent.slices": ("accuracy", "broken", "fixed", "mcnemar_p"),
    "intent.critical_recall": ("recall", "broken", "fixed", "mcnemar_p"),
    "intent.critical_routing": ("false_positive_rate", "routed_gained", "routed_lost", "false_positives"),
    "intent.overconfidence": ("signed_gap", "confidence"),
    "intent.relevance": ("relevance_own", "relevance_removed", "enrichment", "cue_share"),
    "intent.signals": ("signal_effect",),
    "intent.explanations": ("licence_share", "flips"),
    "retrieval.grouping": ("grouping_wanted_lift", "grouping_lift"),
    "retrieval.confounds": ("grouping_conditional_lift", "grouping_lift"),
    "retrieval.hard_negatives": ("violations", "pairs_"),
    "retrieval.probes": ("recall", "ndcg", "mrr", "broken", "fixed"),
}
"""Beginnings of the names of the metrics that a gate reads, by its name."""


def decisive(gate: str, metrics: Iterable[Metric]) -> tuple[list[Metric], list[Metric]]:
    """Metrics of a gate's slice: those that it reads, and the others; all decide a gate that is not listed."""
    names = DECIDES.get(gate)
    read: list[Metric] = []
    beside: list[Metric] = []
    for metric in metrics:
        (read if names is None or metric.name.startswith(names) else beside).append(metric)
    return read, beside


def metric_lines(metrics: Sequence[Metric], width: int, *, methods: bool = False) -> list[Line]:
    """Metrics of one slice: base, candidate and difference of each name in a row.

    A name that several methods measured has a row for each of them.

    Args:
        metrics: of one slice.
        width: cells there are.
        methods: with every interval, the methods and the definition.
    """
    lines: list[Line] = []
    indent = NAME_CELLS if width > 60 else NARROW_CELLS
    for name in dict.fromkeys(metric.name for metric in metrics):
        own = [metric for metric in metrics if metric.name == name]
        for sides in _rows(own):
            parts = _parts(sides, methods=methods)
            lines += wrapped(f" {name.replace('_', ' ')}", " · ".join(parts), width, indent=indent)
        if methods and name in DEFINITIONS:
            lines += wrapped("", DEFINITIONS[name], width, indent=indent, style="dim")
    return lines


def _rows(metrics: Sequence[Metric]) -> list[dict[MetricSide, Metric]]:
    """Metrics of one name by side; where a side has several, one row for each method."""
    if len({metric.side for metric in metrics}) == len(metrics):
        return [{metric.side: metric for metric in metrics}]
    by_method: dict[str, dict[MetricSide, Metric]] = {}
    for metric in metrics:
        by_method.setdefault(metric.method.partition(";")[0], {})[metric.side] = metric
    return list(by_method.values())


def _parts(sides: dict[MetricSide, Metric], *, methods: bool) -> list[str]:
    parts = []
    for side, label in SIDE_LABELS.items():
        if side not in sides:
            continue
        metric = sides[side]
        if metric.status != "ok" or metric.value is None:
            parts.append(f"{label}unknown: {metric.why}")
        elif side == "difference" and len(sides) > 1:
            parts.append(label + with_interval(metric.value, metric.low, metric.high, change=True))
        elif side == "difference":
            parts.append(with_interval(metric.value, metric.low, metric.high))
        elif not methods:
            parts.append(label + figure(metric.value))
        else:
            parts.append(label + with_interval(metric.value, metric.low, metric.high))
        if methods and metric.status == "ok" and metric.why:
            parts.append(f"({metric.why})")
    sizes = [metric.n for metric in sides.values() if metric.n is not None]
    if sizes:
        parts.append(f"n {max(sizes):,}")
    if methods:
        parts += dict.fromkeys(metric.method for metric in sides.values() if metric.method)
    return parts
