"""What irrelevant cues do to p(class), and expected signals to its log-odds: effects, changes, intervals."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from analysis.base.records import ALL, SIDES, Metric, MetricSide, Side
from analysis.base.sql import queries
from analysis.stats import bootstrap_t_mean, clopper_pearson, clustered_mean, two_way_mean
from analysis.tracks.intent.cue_evidence import FEW_TERMS
from analysis.tracks.intent.metric_specs import TRACK, metric

if TYPE_CHECKING:
    import duckdb
    from numpy.typing import NDArray

    from analysis.stats.means import Interval

_SQL = queries(__package__, "metrics.sql")

POPULATIONS = 2
DRAWS = 2_000
MOST_DRAWS = 20_000
"""Bootstrap resamples: the default, and the most that a small level may ask for."""


class Effect(NamedTuple):
    """A family of variants with the metric that sums it up; `sign` is -1 where the variant is without the cue."""

    name: str
    operation: str
    source: str
    sign: int
    gated: bool
    edit: str


EFFECTS = (
    Effect("relevance_own", "insert", "lexicon", 1, True, "insertion"),
    Effect("relevance_held_out", "insert", "held out", 1, False, "insertion of terms that the lexicon does not hold"),
    Effect("relevance_neutral", "insert", "neutral", 1, False, "insertion of neutral phrases; never subtracted"),
    Effect("relevance_found", "insert", "found", 1, False, "insertion of what the search found"),
    Effect("relevance_removed", "remove", "lexicon", -1, False, "removal; with minus without"),
    Effect("relevance_swapped", "swap", "lexicon", 1, False, "another term in its place; after minus before"),
)  # fmt: skip
"""Only insertion of the lexicon's own terms is gated; the others are shown beside it."""


def relevance_metrics(
    connection: duckdb.DuckDBPyConnection, irrelevant: Mapping[str, Sequence[str]], alpha: float
) -> list[Metric]:
    """Effects of every family of variants on p(class), on both sides and as their paired change.

    The *own* effect of a side is p(class | cue) - p(class | plain), the *change* the candidate's own minus the
    base's. Bounds of the gated family are made at the part of the review's level that its gate has, over
    cues x populations, half of it on either side since both directions can fail; they speak of new texts and, where a
    lexicon has `FEW_TERMS` or more, of new terms. A variant whose logits are not numbers makes its effects
    unknown: they are wrong, never silently left out.

    Args:
        connection: holds `intent_variant`, `intent_mention`, `example` and `membership`.
        irrelevant: the declared cues of each class.
        alpha: what `intent.relevance` may spend.
    """
    pairs = sum(len(cues) for cues in irrelevant.values())
    gated = 1 - alpha / max(1, pairs * POPULATIONS)
    rows: list[Metric] = []
    groups = connection.execute(_SQL["families_of_variants"]).fetchall()
    of_family = {(effect.operation, effect.source): effect for effect in EFFECTS}
    for operation, source, target, cue, population in groups:
        effect = of_family[operation, source]
        found = connection.execute(
            _SQL["effects_of_variants"],
            {
                "operation": operation,
                "source": source,
                "target": target,
                "cue": cue,
                "population": population,
            },
        ).fetchnumpy()
        confidence = gated if effect.gated else 0.95
        name, key = f"{effect.name}_{population}", f"{target}/{cue}"
        rows += _paired(name, key, found, effect, confidence=confidence)
    for target, cues in irrelevant.items():
        for cue in cues:
            rows += _shares(connection, target, cue)
    return rows


def _paired(
    name: str,
    key: str,
    found: Mapping[str, NDArray[np.generic]],
    effect: Effect,
    *,
    confidence: float,
) -> list[Metric]:
    texts, terms = np.asarray(found["text"], str), np.asarray(found["term"], str)
    clusters = np.asarray(found["cluster"], str)
    levels = len(np.unique(terms))
    # Each text has one removed variant, and its term is its own: there is nothing to vary but texts.
    over_terms = effect.operation != "remove" and levels >= FEW_TERMS
    over = f"texts and {levels} terms, two-way" if over_terms else "texts"
    if effect.operation != "remove" and not over_terms:
        over += "; these terms only"
    method = f"{effect.edit}; Student over {over}, at {confidence:.4f}"
    values = {side: effect.sign * _floats(found[side]) for side in SIDES}
    count = len(np.unique(texts))
    rows = []
    for side, effects in _with_difference(values):
        missing = int((~np.isfinite(effects)).sum())
        if missing:
            why = f"the logits of {missing} of {len(effects)} probes are not numbers"
            rows.append(metric(name, key, side, None, None, count, method, why=why))
            continue
        if over_terms:
            one = two_way_mean(effects, clusters, terms, confidence)
        else:
            one = clustered_mean(effects, clusters, confidence)
        bounds = _possible(one, 2.0 if side == "difference" else 1.0)
        rows.append(metric(name, key, side, one.value, bounds, count, method))
    return rows


def _possible(one: Interval, most: float) -> tuple[float, float]:
    """The bounds of an interval within what a change of a probability can be; none stays none."""
    if not (math.isfinite(one.low) and math.isfinite(one.high)):
        return one.low, one.high
    return max(one.low, -most), min(one.high, most)


def _shares(connection: duckdb.DuckDBPyConnection, target: str, cue: str) -> list[Metric]:
    """How many texts of the class, and of the other classes, hold the cue by themselves."""
    given = {"target": target, "cue": cue, "track": TRACK, "all": ALL}
    counts = connection.execute(_SQL["texts_that_hold_a_cue"], given).fetchone() or (0, 0, 0, 0)
    rows = []
    for population, n, held in (("critical", *counts[:2]), ("other", *counts[2:])):
        share, bounds = (held / n, clopper_pearson(held, n)) if n else (None, None)
        rows.append(
            metric(
                f"cue_share_{population}", f"{target}/{cue}", "difference", share, bounds, n,
                "share of the texts that hold the cue; Clopper-Pearson 95 %", why="" if n else "no such text",
            )
        )  # fmt: skip
    return rows


def signal_metrics(
    connection: duckdb.DuckDBPyConnection, signals: Mapping[str, Sequence[str]], alpha: float, seed: int
) -> list[Metric]:
    """Drop of the log-odds of a class when a phrase that ought to support it is deleted.

    Slices are `CLASS` (every phrase, clustered by text) and `CLASS/PHRASE`. `signal_positive` is the share of
    deletions that lower the log-odds. Bounds are one-sided at `alpha` (what
    `intent.signals` may spend) over the classes, by a studentised bootstrap: a few texts
    carry most of such an effect, and a percentile bootstrap forgets them.
    """
    confidence = 1 - 2 * alpha / max(1, len(signals))
    rows: list[Metric] = []
    for target, phrases in signals.items():
        found = connection.execute(_SQL["effects_of_signals"], {"target": target}).fetchnumpy()
        said = np.asarray(found["signal"], str)
        texts, clusters = np.asarray(found["ref"], str), np.asarray(found["cluster"], str)
        values = {side: _floats(found[side]) for side in SIDES}
        for name, chosen in (
            (target, np.ones(len(texts), bool)),
            *((f"{target}/{phrase}", said == phrase) for phrase in phrases),
        ):
            part = {side: effects[chosen] for side, effects in values.items()}
            rows += _signal(name, part, texts[chosen], clusters[chosen], confidence, seed)
    return rows


def _signal(
    name: str,
    values: Mapping[Side, NDArray[np.float64]],
    texts: NDArray[np.str_],
    clusters: NDArray[np.str_],
    confidence: float,
    seed: int,
) -> list[Metric]:
    count = len(np.unique(texts))
    method = f"deletion; log-odds with minus without; bootstrap-t over texts, at {confidence:.4f}"
    draws = min(MOST_DRAWS, max(DRAWS, math.ceil(20 / (1 - confidence))))
    rows = []
    for side, effects in _with_difference(values):
        missing = int((~np.isfinite(effects)).sum())
        if count == 0 or missing:
            why = (
                f"the logits of {missing} of {len(effects)} probes are not numbers"
                if missing
                else "no text of the class holds it"
            )
            rows.append(metric("signal_effect", name, side, None, None, count, method, why=why))
            continue
        one = bootstrap_t_mean(effects, clusters, confidence, seed, draws)
        rows.append(metric("signal_effect", name, side, one.value, (one.low, one.high), count, method))
        if side in SIDES:
            positive, n = int((effects > 0).sum()), len(effects)
            share = "share of deletions that lower the log-odds; Clopper-Pearson 95 %"
            rows.append(
                metric("signal_positive", name, side, positive / n, clopper_pearson(positive, n), n, share)
            )
    return rows


def _with_difference(
    values: Mapping[Side, NDArray[np.float64]],
) -> Iterator[tuple[MetricSide, NDArray[np.float64]]]:
    yield from values.items()
    yield "difference", values["candidate"] - values["base"]


def _floats(column: NDArray[np.generic]) -> NDArray[np.float64]:
    """A nullable column of numbers, with NaN for NULL."""
    return np.ma.filled(np.ma.asarray(column, dtype=np.float64), np.nan)
