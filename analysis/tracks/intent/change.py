"""Where the change lives: which layers, or which modules of an adapter, put back, restore the base's answer.

Run once on a sample of the flips, when the queue stands. Each layer alone, all up to one and all from one on are
exchanged; of an adapter also each kind of module and each module, and what it adds is scaled from 0 to 1.5. One set of
parts is named, where it beats as large sets drawn at random. It says where to look, and never whether the candidate is
good.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa

from analysis.base.records import ALL, SIDES
from analysis.base.sql import queries
from analysis.models.classifier_pair import classifiers
from analysis.models.passes import counted
from analysis.models.scaled_adapter import SCALES, scaled, why_not_scaled
from analysis.plugin.metric import metric_table
from analysis.plugin.stage import Aggregate, PlanContext, RunContext, Shard, Stage
from analysis.stats import clopper_pearson
from analysis.tracks.intent.change_named import CONTROLS, NOTHING_FLIPPED, RESTORES, name_change
from analysis.tracks.intent.change_sentence import LAYERS, MODULES
from analysis.tracks.intent.graft import (
    Graft,
    changed_units,
    layer_units,
    module_kinds,
    module_units,
    names_of,
    why_not_grafted,
)
from analysis.tracks.intent.metric_specs import metric
from analysis.tracks.intent.predict import NOT_A_NUMBER, encode, logits_of_ids, token_limit
from analysis.tracks.intent.tokenised import tokens_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.base.records import Metric
    from analysis.models.blocks import Part
    from analysis.models.classifier_pair import ClassifierPair

_SQL = queries(__package__, "change.sql")

MOST_FLIPS = 40
"""Flips that are grafted: the broken ones first, drawn by hash."""
MOST_MODULES = 48
"""Modules of an adapter that are switched off one by one; where it has more, kinds of modules alone."""

_SCHEMA = pa.schema(
    [("kind", pa.string()), ("name", pa.string()), ("size", pa.int32()), ("scale", pa.float64()), ("n", pa.int32()),
     ("restored", pa.int32()), ("low", pa.float64()), ("high", pa.float64()), ("transferred", pa.int32()),
     ("broken", pa.int32()), ("broken_restored", pa.int32()), ("weight_change", pa.float64()), ("p", pa.float64()),
     ("why", pa.string())]
)  # fmt: skip


class Flips(NamedTuple):
    """The sampled flips: texts, and by number of the class in both answers, (n,) each."""

    texts: list[str]
    base: NDArray[np.int64]
    candidate: NDArray[np.int64]
    broken: NDArray[np.bool_]


def change_rows(pair: ClassifierPair, flips: Flips, max_length: int) -> list[dict[str, Any]]:
    """Rows of `intent_change`.

    Args:
        pair: both classifiers.
        flips: what is to be restored.
        max_length: tokens read of a message.
    """
    if not flips.texts:
        return [_row(LAYERS, "", 0, flips, why=NOTHING_FLIPPED)]
    why = why_not_grafted(pair)
    if why:
        return [_row(LAYERS, "", 0, flips, why=why), *_doses(pair, flips, max_length)]
    found = _of_units(LAYERS, pair, layer_units(pair), flips, max_length, ordered=True)
    modules = module_units(pair)
    if modules:
        kinds = module_kinds(modules)
        units = modules if len(modules) <= MOST_MODULES else kinds
        found += _of_units(MODULES, pair, units, flips, max_length, ordered=False)
        if len(kinds) > 1 and units != kinds:
            graft = Graft(pair, kinds, flips.texts, max_length)
            found += [_grafted("kind", graft, [unit], flips) for unit in range(len(kinds))]
    return found + _doses(pair, flips, max_length)


def _of_units(
    kind: str, pair: ClassifierPair, units: Sequence[Part], flips: Flips, max_length: int, *, ordered: bool
) -> list[dict[str, Any]]:
    """Every unit alone, of layers also all up to and all from each; the set that is named, and its controls."""
    graft = Graft(pair, units, flips.texts, max_length)
    weights = changed_units(pair, units)
    changed = [unit for unit, change in enumerate(weights) if change != 0]
    rows = [
        {**_grafted(kind, graft, [unit], flips), "weight_change": change}
        for unit, change in enumerate(weights)
    ]
    if ordered:
        for prefix in range(2, len(units)):
            rows.append(_grafted("up to", graft, range(prefix), flips))
            rows.append(_grafted("from", graft, range(len(units) - prefix, len(units)), flips))
    named = name_change(
        len(units),
        changed,
        lambda chosen: graft.answers(chosen) == flips.base,
        lambda chosen: _brought(graft, chosen) == flips.candidate,
        len(flips.texts),
        ordered=ordered,
    )
    if named.units:
        rows.append({**_grafted(f"named {kind}", graft, named.units, flips), "p": named.p})
        rest = [unit for unit in range(len(units)) if unit not in named.units]
        rows.append(_grafted(f"rest of {kind}", graft, rest, flips))
    else:
        rows.append({**_row(f"named {kind}", "", 0, flips, why=named.why), "p": named.p})
    rows += [_grafted(f"control of {kind}", graft, units, flips) for units in named.controls]
    return rows


def _grafted(kind: str, graft: Graft, chosen: Sequence[int] | range, flips: Flips) -> dict[str, Any]:
    """What those units of the base restore, and what those of the candidate, put into the base, bring."""
    chosen = list(chosen)
    restored = graft.answers(chosen) == flips.base
    brought = _brought(graft, chosen) == flips.candidate
    row = _row(kind, names_of(graft.units, chosen), len(chosen), flips, restored)
    return {**row, "transferred": int(brought.sum())}


def _brought(graft: Graft, chosen: Iterable[int]) -> NDArray[np.int64]:
    """Answers where only these units are the candidate's: it is the base, into which they were put."""
    held = set(chosen)
    return graft.answers(unit for unit in range(len(graft.units)) if unit not in held)


def _row(
    kind: str, name: str, size: int, flips: Flips, restored: NDArray[np.bool_] | None = None, why: str = ""
) -> dict[str, Any]:
    n = len(flips.texts)
    row: dict[str, Any] = dict.fromkeys(_SCHEMA.names) | {"kind": kind, "name": name, "size": size, "n": n}
    row |= {"broken": int(flips.broken.sum()), "why": why}
    if restored is not None:
        low, high = clopper_pearson(int(restored.sum()), n)
        row |= {"restored": int(restored.sum()), "low": low, "high": high}
        row["broken_restored"] = int((restored & flips.broken).sum())
    return row


def _doses(pair: ClassifierPair, flips: Flips, max_length: int) -> list[dict[str, Any]]:
    """Flips that answer as the base with what the adapter adds scaled; none where no factor leads to the base."""
    if why_not_scaled(pair.folders["candidate"]):
        return []
    candidate = pair.side("candidate")
    ids = encode(candidate, flips.texts, max_length)
    rows = []
    for factor in SCALES:
        with scaled(candidate.model, factor):
            logits = logits_of_ids(candidate, ids)
        restored = np.isfinite(logits).all(axis=1) & (logits.argmax(axis=1) == flips.base)
        rows.append({**_row("dose", f"adapter × {factor:g}", 0, flips, restored), "scale": factor})
    return rows


def _plan(context: PlanContext) -> list[Shard]:
    given = {"track": context.track, "all": ALL, "unknown": NOT_A_NUMBER, "seed": str(context.seed)}
    rows = context.workbench.execute(_SQL["flips_to_graft"], given).fetchall()[:MOST_FLIPS]
    if not rows:
        return []
    labels = classifiers(context.models).labels
    flips = Flips(
        [row[1] for row in rows],
        np.array([labels.index(row[3]) for row in rows]),
        np.array([labels.index(row[4]) for row in rows]),
        np.array([row[5] for row in rows], dtype=bool),
    )
    key = {
        "max_length": token_limit(context),
        "rows": [[ref, sha256, base, other, broken] for ref, _, sha256, base, other, broken in rows],
    }
    return [Shard(key, flips, len(rows))]


def planned_tokens(pair: ClassifierPair, texts: Sequence[str], max_length: int) -> float:
    """About how many tokens are read: composites of one unit, all but one, up to and from each; half of the controls.

    Controls are asked both ways where a set is named, and not at all where none is.
    """
    composites = 0
    if not why_not_grafted(pair):
        modules = module_units(pair)
        parts = modules if len(modules) <= MOST_MODULES else module_kinds(modules)
        composites = 4 * len(layer_units(pair)) - 6 + 2 * len(parts) + (2 if parts else 1) * CONTROLS
    if not why_not_scaled(pair.folders["candidate"]):
        composites += len(SCALES)
    return float(composites * sum(tokens_of(text, max_length) for text in texts))


def _run(context: RunContext, shard: Shard) -> dict[str, pa.Table]:
    pair = classifiers(context.models)
    planned = planned_tokens(pair, shard.payload.texts, token_limit(context))
    with counted((pair.side(side).model for side in SIDES), lambda read: context.report(read, planned)):
        rows = change_rows(pair, shard.payload, token_limit(context))
    return {"intent_change": pa.Table.from_pylist(rows, _SCHEMA)}


def _compute(context: PlanContext) -> dict[str, pa.Table]:
    """`change_restored`: what the named layers restore, or why none are named."""
    found = context.workbench.execute(_SQL["change"]).to_arrow_table().to_pylist()
    return {"metric": metric_table([_metric(found)])}


def _metric(rows: Sequence[Mapping[str, Any]]) -> Metric:
    method = (
        f"layers of the base put into the candidate, at most {MOST_FLIPS} flips, exact interval; named from "
        f"{RESTORES:.0%} restored and brought on, and where it beats {CONTROLS} sets as large by a sign test"
    )
    named = next((row for row in rows if row["kind"] == f"named {LAYERS}"), None)
    if named is None or named["restored"] is None:
        why = next((row["why"] for row in rows if row["why"]), NOTHING_FLIPPED)
        n = rows[0]["n"] if rows else 0
        return metric("change_restored", ALL, "difference", None, None, n, method, why=why)
    value, bounds = named["restored"] / named["n"], (named["low"], named["high"])
    return metric(
        "change_restored", ALL, "difference", value, bounds, named["n"], f"{named['name']}: {method}"
    )


CHANGE = Stage("intent.change", 1, _plan, _run, after_queue=True, asks_models=True)
CHANGE_METRICS = Aggregate("intent.change_metrics", 1, _compute, after_queue=True, asks_models=True)
