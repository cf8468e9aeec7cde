"""Where the change lives: which layers, or which modules of an adapter, put back, restore the base's outcome.

Run once on a sample of the flips, when the queue stands. Each layer alone, all up to one and all from one on are
exchanged; of an adapter also each kind of module and each module, and what it adds is scaled from 0 to 1.5. One set of
parts is named, where it beats as large sets drawn at random. It says where to look, and never whether the candidate is
good. What an outcome is, a track knows: the predicted class of a message, what of its relevant items a query finds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from analysis.base.records import ALL
from analysis.base.sql import dictionaries, queries
from analysis.models.composites import Composites, module_kinds, names_of
from analysis.models.scaled_adapter import SCALES, scaled, why_not_scaled
from analysis.plugin.change_named import CONTROLS, NOTHING_FLIPPED, RESTORES, name_change
from analysis.plugin.change_sentence import CHANGE_RESTORED, LAYERS, MODULES
from analysis.stats import clopper_pearson

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray
    from torch import nn

    from analysis.base.records import Metric
    from analysis.models.blocks import Part
    from analysis.plugin.metric import MetricRows
    from analysis.plugin.stage import PlanContext

_SQL = queries(__package__, "change_parts.sql")

MOST_FLIPS = 40
"""Flips that are grafted: the broken ones first, drawn by hash."""
MOST_MODULES = 48
"""Modules of an adapter that are switched off one by one; where it has more, kinds of modules alone."""

_SCHEMA = pa.schema(
    [("track", pa.string()), ("kind", pa.string()), ("name", pa.string()), ("size", pa.int32()),
     ("scale", pa.float64()), ("n", pa.int32()), ("restored", pa.int32()), ("low", pa.float64()),
     ("high", pa.float64()), ("transferred", pa.int32()), ("broken", pa.int32()), ("broken_restored", pa.int32()),
     ("weight_change", pa.float64()), ("p", pa.float64()), ("why", pa.string())]
)  # fmt: skip


@dataclass(frozen=True)
class Flipped:
    """Flips, and which outcomes are the base's and which the candidate's.

    Args:
        broken: (n,) whether the base was right and the candidate is not.
        restores: which of some outcomes (n,) are the base's.
        brings: which of them are the candidate's.
    """

    broken: NDArray[np.bool_]
    restores: Callable[[NDArray[Any]], NDArray[np.bool_]]
    brings: Callable[[NDArray[Any]], NDArray[np.bool_]]


@dataclass(frozen=True)
class Exchange:
    """Two models whose parts are exchanged.

    Args:
        base: the base.
        candidate: the candidate, or the base under its adapter.
        folder: of the candidate.
        layers: units of the base in the order in which a text passes them.
        modules: modules of the candidate's adapter that may be switched off; none of a whole model.
        why: why no part of the base fits into the candidate; '' where they do.
    """

    base: nn.Module
    candidate: nn.Module
    folder: Path
    layers: Sequence[Part]
    modules: Sequence[Part]
    why: str


def change_rows(
    given: Exchange, flips: Flipped, outcomes: Callable[[], NDArray[Any]]
) -> list[dict[str, Any]]:
    """Rows of `change_part`, without their track.

    Args:
        given: both models.
        flips: what is to be restored.
        outcomes: of each flip (n,) by the candidate as it is when they are asked.
    """
    if not len(flips.broken):
        return [_row(LAYERS, "", 0, flips, why=NOTHING_FLIPPED)]
    if given.why:
        return [_row(LAYERS, "", 0, flips, why=given.why), *_doses(given, flips, outcomes)]
    layers = Composites(given.base, given.candidate, given.layers, outcomes)
    found = _of_units(LAYERS, layers, flips, ordered=True)
    if given.modules:
        switched, kinds = _switched(given.modules), module_kinds(given.modules)
        modules = Composites(given.base, given.candidate, switched, outcomes)
        found += _of_units(MODULES, modules, flips, ordered=False)
        if len(kinds) > 1 and switched is given.modules:
            by_kind = Composites(given.base, given.candidate, kinds, outcomes)
            found += [_grafted("kind", by_kind, [unit], flips) for unit in range(len(kinds))]
    return found + _doses(given, flips, outcomes)


def planned_composites(given: Exchange) -> int:
    """About how many composites are asked: of one unit, all but one, up to and from each, and half of the controls.

    Controls are asked both ways where a set is named, and not at all where none is.
    """
    composites = 0
    if not given.why:
        parts = _switched(given.modules)
        composites = 4 * len(given.layers) - 6 + 2 * len(parts) + (2 if parts else 1) * CONTROLS
    if not why_not_scaled(given.folder):
        composites += len(SCALES)
    return composites


def _switched(modules: Sequence[Part]) -> Sequence[Part]:
    """What is switched off one by one: the modules, or their kinds where there are many."""
    return modules if len(modules) <= MOST_MODULES else module_kinds(modules)


def change_table(track: str, rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Rows of one track as the table `change_part`."""
    return pa.Table.from_pylist([{**row, "track": track} for row in rows], _SCHEMA)


def _of_units(kind: str, composites: Composites, flips: Flipped, *, ordered: bool) -> list[dict[str, Any]]:
    """Every unit alone, of layers also all up to and all from each; the set that is named, and its controls."""
    weights = composites.weight_changes()
    changed = [unit for unit, change in enumerate(weights) if change != 0]
    rows = [
        {**_grafted(kind, composites, [unit], flips), "weight_change": change}
        for unit, change in enumerate(weights)
    ]
    count = len(composites.units)
    if ordered:
        for prefix in range(2, count):
            rows.append(_grafted("up to", composites, range(prefix), flips))
            rows.append(_grafted("from", composites, range(count - prefix, count), flips))
    named = name_change(
        count,
        changed,
        lambda chosen: flips.restores(composites.put_back(chosen)),
        lambda chosen: flips.brings(composites.put_in(chosen)),
        len(flips.broken),
        ordered=ordered,
    )
    if named.units:
        rows.append({**_grafted(f"named {kind}", composites, named.units, flips), "p": named.p})
        rest = [unit for unit in range(count) if unit not in named.units]
        rows.append(_grafted(f"rest of {kind}", composites, rest, flips))
    else:
        rows.append({**_row(f"named {kind}", "", 0, flips, why=named.why), "p": named.p})
    rows += [_grafted(f"control of {kind}", composites, units, flips) for units in named.controls]
    return rows


def _grafted(kind: str, composites: Composites, chosen: Sequence[int], flips: Flipped) -> dict[str, Any]:
    """What those units of the base restore, and what those of the candidate, put into the base, bring."""
    restored = flips.restores(composites.put_back(chosen))
    brought = flips.brings(composites.put_in(chosen))
    row = _row(kind, names_of(composites.units, chosen), len(chosen), flips, restored)
    return {**row, "transferred": int(brought.sum())}


def _row(
    kind: str, name: str, size: int, flips: Flipped, restored: NDArray[np.bool_] | None = None, why: str = ""
) -> dict[str, Any]:
    n = len(flips.broken)
    row: dict[str, Any] = dict.fromkeys(_SCHEMA.names) | {"kind": kind, "name": name, "size": size, "n": n}
    row |= {"broken": int(flips.broken.sum()), "why": why}
    if restored is not None:
        low, high = clopper_pearson(int(restored.sum()), n)
        row |= {"restored": int(restored.sum()), "low": low, "high": high}
        row["broken_restored"] = int((restored & flips.broken).sum())
    return row


def _doses(given: Exchange, flips: Flipped, outcomes: Callable[[], NDArray[Any]]) -> list[dict[str, Any]]:
    """Flips with the base's outcome where what the adapter adds is scaled; none where no factor leads to the base."""
    if why_not_scaled(given.folder):
        return []
    rows = []
    for factor in SCALES:
        with scaled(given.candidate, factor):
            restored = flips.restores(outcomes())
        rows.append({**_row("dose", f"adapter × {factor:g}", 0, flips, restored), "scale": factor})
    return rows


def restored_metric(context: PlanContext, metrics: MetricRows) -> Metric:
    """`change_restored`: what the named layers restore, or why none are named.

    Args:
        context: of the track, with its rows of `change_part` in the workbench.
        metrics: of that track, which has declared it.
    """
    rows = list(dictionaries(context.workbench, _SQL["parts"], {"track": context.track}))
    method = (
        f"layers of the base put into the candidate, at most {MOST_FLIPS} flips, exact interval; named from "
        f"{RESTORES:.0%} restored and brought on, and where it beats {CONTROLS} sets as large by a sign test"
    )
    name = CHANGE_RESTORED.name
    named = next((row for row in rows if row["kind"] == f"named {LAYERS}"), None)
    if named is None or named["restored"] is None:
        why = next((row["why"] for row in rows if row["why"]), NOTHING_FLIPPED)
        n = rows[0]["n"] if rows else 0
        return metrics.metric(name, ALL, "difference", None, None, n, method, why=why)
    value, bounds = named["restored"] / named["n"], (named["low"], named["high"])
    return metrics.metric(name, ALL, "difference", value, bounds, named["n"], f"{named['name']}: {method}")
