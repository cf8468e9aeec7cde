"""What a run measures: both estimates of every text, and what follows from them for every slice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from analysis.base.records import SIDES, Metric, Side
from analysis.base.sql import queries
from analysis.plugin.metric import metric_table
from analysis.plugin.stage import Aggregate, PlanContext, RunContext, Shard, Stage
from analysis.stats import mcnemar_one_sided, paired_mean_interval, tango_interval
from assay_toy.methods import METHODS
from assay_toy.metric_specs import ROWS
from assay_toy.model import Estimate, estimators
from assay_toy.settings import toy_settings

SHARD = 16
"""Texts of one shard."""

SQL = queries("assay_toy", "queries.sql")


def _plan(context: PlanContext) -> list[Shard]:
    rows = context.workbench.execute(SQL["texts"]).fetchall()
    parts = [rows[start : start + SHARD] for start in range(0, len(rows), SHARD)]
    return [Shard({"texts": [list(row) for row in part]}, part, len(part)) for part in parts]


def _run(context: RunContext, shard: Shard) -> dict[str, pa.Table]:
    sides: list[dict[str, Any]] = []
    words: dict[tuple[str, int], dict[str, Any]] = {}
    attributions: list[dict[str, Any]] = []
    for ref, text in shard.payload:
        for side in SIDES:
            estimate = estimators(context.models)[side].estimate(text)
            sides.append({"ref": ref, "side": side, "hours": estimate.hours, "word": estimate.word})
            attributions.append({"ref": ref, "side": side, **attribution(estimate)})
            for part in estimate.parts:
                words[ref, part.start] = {"ref": ref, "word": part.word, "start": part.start, "end": part.end}
    tables = {"toy_side": sides, "toy_word": list(words.values()), "attribution": attributions}
    return {name: pa.Table.from_pylist(rows) for name, rows in tables.items() if rows}


def attribution(estimate: Estimate) -> dict[str, Any]:
    """The hours of each word as columns of the table `attribution`, but for ref and side."""
    return {
        "method": METHODS[0].name,
        "target": "hours",
        "starts": [part.start for part in estimate.parts],
        "ends": [part.end for part in estimate.parts],
        "scores": [part.hours for part in estimate.parts],
        "baseline": None,
        "baseline_class": None,
        "baseline_p": None,
        "completeness_delta": 0.0,
        "steps": None,
        "status": "ok",
        "why": "",
        "parameters": json.dumps({}),
    }


ESTIMATE = Stage("toy.estimate", 1, _plan, _run)


def _measure(context: PlanContext) -> dict[str, pa.Table]:
    tolerance = toy_settings(context.settings).tolerance
    rows: list[Metric] = []
    for name, base, candidate in context.workbench.execute(SQL["errors_by_slice"]).fetchall():
        # Shape (n,): hours by which each text of the slice is late; below 0 where it is early.
        hours: dict[Side, np.ndarray] = {"base": np.array(base), "candidate": np.array(candidate)}
        late = {side: values > tolerance for side, values in hours.items()}
        rows += _errors(name, {side: np.abs(values) for side, values in hours.items()})
        rows += _lateness(name, late)
    return {"metric": metric_table(rows)}


def _errors(name: str, errors: dict[Side, np.ndarray]) -> Iterator[Metric]:
    """Rows of the mean error; the arrays have shape (n,), in hours."""
    for side in SIDES:
        yield ROWS.of_interval("error", name, side, paired_mean_interval(errors[side]), "Student")
    change = paired_mean_interval(errors["candidate"] - errors["base"])
    yield ROWS.of_interval("error", name, "difference", change, "Student, paired")


def _lateness(name: str, late: dict[Side, np.ndarray]) -> Iterator[Metric]:
    """Rows of what is late; the arrays have shape (n,), truth values."""
    n = len(late["base"])
    broken, fixed = (int((late[one] & ~late[other]).sum()) for one, other in (SIDES[::-1], SIDES))
    for side in SIDES:
        yield ROWS.metric("late", name, side, float(late[side].mean()), None, n, "counted")
    low, high = tango_interval(broken, fixed, n)
    change = (broken - fixed) / n
    yield ROWS.metric("late", name, "difference", change, (-high, -low), n, "Tango")
    yield ROWS.metric("broken", name, "difference", broken, None, n, "counted")
    yield ROWS.metric("fixed", name, "difference", fixed, None, n, "counted")
    p = mcnemar_one_sided(broken, fixed)
    yield ROWS.metric("late_p", name, "difference", p, None, n, "McNemar, exact, one-sided")


MEASURE = Aggregate("toy.measure", 1, _measure)
