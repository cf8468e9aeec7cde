"""Drift: how far the states of each layer moved from base to candidate, by slice, beside what noise moves.

It says where to look, and never whether the candidate is good: no gate reads it. Three measures of pooled states, each
blind to something else: the cosine of a message's two states (which takes a rotation for a change), debiased
linear CKA (blind to rotation and scale), and the share of nearest neighbours kept (what retrieval on these states would
notice).

The noise floor is the base itself with its weights and the states between its layers rounded to bfloat16, on a sample
of the same messages: what a model moves by when it is merely served in half precision, which nobody calls another
model. Dropout would be a larger floor, and many architectures have none; another batch moves float32 states by rounding
alone, a smaller one.
"""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa

from analysis.base.records import ALL, SIDES
from analysis.base.sql import queries
from analysis.models.blocks import PooledStates, blocks_path
from analysis.models.classifier_pair import classifiers
from analysis.plugin.metric import metric_table
from analysis.plugin.stage import Aggregate, PlanContext, RunContext, Shard, Stage
from analysis.stats import Interval, debiased_cka, neighbour_overlap, paired_mean_interval
from analysis.stats.numeric import student_quantile
from analysis.tracks.intent.drift_states import (
    FLOOR,
    Sampled,
    load_states,
    matched_layers,
    sample_by_slice,
    states_table,
)
from analysis.tracks.intent.metric_specs import metric
from analysis.tracks.intent.predict import encode, logits_and_states, token_limit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from analysis.base.records import Metric
    from analysis.models.load_classifier import LoadedClassifier

_SQL = queries(__package__, "drift.sql")

COSINE, CKA, OVERLAP = MEASURES = ("cosine", "cka", "overlap")
K = 5
"""Nearest neighbours of a message that are compared, among the sampled messages of its slice."""
LEAST_TEXTS = 20
"""Messages of a slice below which nothing is measured on it."""
FLOOR_SHARE = 0.01
"""Share of all predicted texts that are run again for the noise floor."""
MOST_FLOOR_TEXTS = 128
FLOOR_QUANTILE = 0.05
"""Share of the messages whose cosine noise alone brings below the floor."""

_SCHEMA = pa.schema(
    [("slice", pa.string()), ("layer", pa.int32()), ("candidate_layer", pa.int32()), ("measure", pa.string()),
     ("n", pa.int64()), ("value", pa.float64()), ("low", pa.float64()), ("high", pa.float64()),
     ("floor", pa.float64()), ("moved", pa.bool_()), ("why", pa.string())]
)  # fmt: skip


def _plan_floor(context: PlanContext) -> list[Shard]:
    """One shard: a hundredth of the predicted texts, from 20 to 128 of the sampled messages."""
    (predicted,) = context.workbench.execute(_SQL["predicted"], {"track": context.track}).fetchall()[0]
    count = min(MOST_FLOOR_TEXTS, max(LEAST_TEXTS, round(FLOOR_SHARE * predicted)))
    refs = sample_by_slice(context).get(ALL, [])[:count]
    if len(refs) < LEAST_TEXTS:
        return []
    rows = context.workbench.execute(_SQL["floor_texts"], {"refs": refs}).fetchall()
    key = {"max_length": token_limit(context), "rows": [[ref, sha256] for ref, _, sha256 in rows]}
    return [Shard(key, rows, len(rows))]


def _run_floor(context: RunContext, shard: Shard) -> dict[str, pa.Table]:
    base = classifiers(context.models).side("base")
    path = blocks_path(base.model)
    texts = [text for _, text, _ in shard.payload]
    if not path:
        return {}
    states = half_precision_states(base, path, encode(base, texts, token_limit(context)))
    return {"intent_state": states_table([ref for ref, *_ in shard.payload], FLOOR, states)}


def half_precision_states(
    classifier: LoadedClassifier, path: str, ids: Sequence[Sequence[int]]
) -> NDArray[np.float32]:
    """Pooled states (n, layers, width) of a copy whose weights and states between layers are rounded to bfloat16.

    Sums stay in float32, so that it costs no more than another pass, on whatever device. Weights alone would not do:
    a model that is stored in bfloat16 would have a floor of nothing.
    """
    import torch

    model = copy.deepcopy(classifier.model)
    for weight in model.parameters():
        weight.data = weight.data.to(torch.bfloat16).to(weight.dtype)

    def rounded(module: Any, given: Any, output: Any) -> Any:
        if isinstance(output, tuple):
            return (rounded(module, given, output[0]), *output[1:])
        return output.to(torch.bfloat16).to(output.dtype)

    for block in model.get_submodule(path).children():
        block.register_forward_hook(rounded)
    with PooledStates(model, path) as watched:
        states = logits_and_states(replace(classifier, model=model), ids, watched)[1]
    if states is None:
        raise ValueError("there are no texts to run")
    return states


class Floor(NamedTuple):
    """What noise alone leaves of each measure, by layer; NaN where it is not known."""

    cosine: NDArray[np.float64]
    cka: NDArray[np.float64]
    overlap: NDArray[np.float64]


def noise_floor(base: Sampled, noisy: Sampled | None) -> Floor:
    """The floor of each measure (layers,): the cosine that 5 % of messages fall below, and lower bounds of the others.

    Args:
        base: states of the base.
        noisy: states of the base in half precision, of some of the same messages; None where there are none.
    """
    from analysis.stats import cosines

    layers = base.states.shape[1]
    unknown = np.full(layers, np.nan)
    floor = Floor(unknown.copy(), unknown.copy(), unknown.copy())
    if noisy is None:
        return floor
    place = {ref: row for row, ref in enumerate(base.refs)}
    rows = [place[ref] for ref in noisy.refs]
    for layer in range(layers):
        first, second = _finite(base.states[rows, layer], noisy.states[:, layer])
        if len(first) < LEAST_TEXTS:
            continue
        floor.cosine[layer] = float(np.nanquantile(cosines(first, second), FLOOR_QUANTILE))
        floor.cka[layer] = _low(debiased_cka(first, second))
        floor.overlap[layer] = _low(paired_mean_interval(neighbour_overlap(first, second, K)))
    return floor


def _low(one: Interval) -> float:
    return one.low if np.isfinite(one.low) else float("nan")


def _finite(
    base: NDArray[np.float16], candidate: NDArray[np.float16]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The messages whose states are finite on both sides, in float32."""
    kept = np.isfinite(base).all(axis=1) & np.isfinite(candidate).all(axis=1)
    return base[kept].astype(np.float32), candidate[kept].astype(np.float32)


def drift_rows(
    sizes: Mapping[str, int],
    cosine: Mapping[str, Mapping[int, Interval]],
    samples: Mapping[str, Sequence[str]],
    states: Mapping[str, Sampled],
) -> list[dict[str, Any]]:
    """Rows of `intent_drift`: each slice, layer and measure.

    Args:
        sizes: messages of each slice.
        cosine: mean cosine of each slice by layer; empty where the sides differ in width.
        samples: sampled messages of each slice.
        states: of those, by role.
    """
    base, candidate = (states[side] for side in SIDES)
    floor = noise_floor(base, states.get(FLOOR))
    beside = matched_layers(base.states.shape[1], candidate.states.shape[1])
    place = {ref: row for row, ref in enumerate(base.refs)}
    same_width = base.states.shape[2] == candidate.states.shape[2]
    found: list[dict[str, Any]] = []
    for name, size in sizes.items():
        chosen = [place[ref] for ref in samples.get(name, ()) if ref in place]
        for layer, other in enumerate(beside):
            where = {"slice": name, "layer": layer, "candidate_layer": other}
            few = f"{size} messages; drift needs {LEAST_TEXTS}" if size < LEAST_TEXTS else ""
            one = cosine.get(name, {}).get(layer)
            why = few or ("" if same_width else "the sides differ in width, so no dimension has a partner")
            found.append({**where, **_measured(COSINE, None if why else one, floor.cosine[layer], why)})
            first, second = _finite(base.states[chosen, layer], candidate.states[chosen, other])
            why = few
            if not few and len(first) < LEAST_TEXTS:
                why = "no room in the sample" if name not in samples else "states that are not numbers"
            alike = None if why else debiased_cka(first, second)
            found.append({**where, **_measured(CKA, alike, floor.cka[layer], why)})
            kept = None if why else paired_mean_interval(neighbour_overlap(first, second, K))
            found.append({**where, **_measured(OVERLAP, kept, floor.overlap[layer], why)})
    return found


def _measured(measure: str, one: Interval | None, floor: float, why: str) -> dict[str, Any]:
    """One measure as columns; it moved where all of its interval lies below the floor."""
    known = one is not None and bool(np.isfinite(one.value))
    row: dict[str, Any] = {"measure": measure, "floor": float(floor) if np.isfinite(floor) else None}
    row |= dict.fromkeys(("n", "value", "low", "high", "moved"))
    if one is not None and known:
        low, high = (float(end) if np.isfinite(end) else None for end in (one.low, one.high))
        moved = None if row["floor"] is None or high is None else high < row["floor"]
        row |= {"n": one.n, "value": float(one.value), "low": low, "high": high, "moved": moved}
    return {**row, "why": "" if known else why or "the states are not numbers, or all the same"}


def _cosines(context: PlanContext) -> dict[str, dict[int, Interval]]:
    """Mean cosine of each slice and layer with Student's interval, over all of its messages."""
    found: dict[str, dict[int, Interval]] = {}
    for name, layer, n, mean, spread in context.workbench.execute(
        _SQL["cosines"], {"track": context.track}
    ).fetchall():
        if n >= LEAST_TEXTS:
            half = student_quantile(0.95, n - 1) * spread / n**0.5
            found.setdefault(name, {})[layer] = Interval(mean, mean - half, min(1.0, mean + half), n)
    return found


_METHODS = {
    COSINE: "mean over the messages of the cosine of the two states of the last layer, Student's interval",
    CKA: "debiased linear CKA of the states of the last layer, sampled messages, jackknife over ten parts",
    OVERLAP: f"share of the {K} nearest neighbours kept in the last layer, among the sampled messages",
}


def drift_metrics(rows: Sequence[Mapping[str, Any]], names: Sequence[str], why: str = "") -> list[Metric]:
    """What the last layer of the base, which the head reads, says of each slice; `why` where nothing is known."""
    last = max((row["layer"] for row in rows), default=0)
    by_key = {(row["slice"], row["measure"]): row for row in rows if row["layer"] == last}
    found = []
    for name in names:
        for measure in MEASURES:
            row = by_key.get((name, measure), {"why": why})
            floor = row.get("floor")
            method = _METHODS[measure] + (
                "; noise floor unknown" if floor is None else f"; noise floor {floor:.4f}"
            )
            bounds = (row.get("low"), row.get("high"))
            ends = (-np.inf if bounds[0] is None else bounds[0], np.inf if bounds[1] is None else bounds[1])
            value = row.get("value")
            found.append(
                metric(
                    f"drift_{measure}", name, "difference", value, ends, row.get("n"), method, why=row["why"]
                )
            )
    return found


def _compute(context: PlanContext) -> dict[str, pa.Table]:
    given = {"track": context.track, "all": ALL}
    sizes: dict[str, int] = dict(context.workbench.execute(_SQL["drift_slices"], given).fetchall())
    states = load_states(context.workbench)
    if not all(side in states for side in SIDES):
        why = "no list of layers was found in the architecture"
        return {"metric": metric_table(drift_metrics([], list(sizes), why))}
    rows = drift_rows(sizes, _cosines(context), sample_by_slice(context), states)
    return {
        "intent_drift": pa.Table.from_pylist(rows, _SCHEMA),
        "metric": metric_table(drift_metrics(rows, list(sizes))),
    }


DRIFT_FLOOR = Stage("intent.drift_floor", 1, _plan_floor, _run_floor)
DRIFT = Aggregate("intent.drift", 1, _compute)
