"""A run's statistics over a space: everything that flags, gates and findings are made from, by the functions
that make it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import duckdb
import numpy as np

from analysis.base.gate_records import GateInput
from analysis.base.records import ALL, Flag, Metric, Slice
from analysis.models.sides import Sides
from analysis.plugin.metric import metric_table
from analysis.plugin.registry import get
from analysis.plugin.settings import Review, ReviewSection
from analysis.plugin.stage import PlanContext
from analysis.review.evaluate import resolve_rules
from analysis.run.pipeline import insert_arrow
from analysis.tracks.retrieval.drift import DRIFT
from analysis.tracks.retrieval.flags import flags
from analysis.tracks.retrieval.grouping import grouping_metrics
from analysis.tracks.retrieval.negatives import NEGATIVES
from analysis.tracks.retrieval.probes import PROBES
from analysis.tracks.retrieval.settings import RetrievalSettings
from analysis.tracks.retrieval.vectors import EmbeddingSpace
from tests.analysis.tracks.retrieval.gate_inputs import given
from tests.analysis.tracks.retrieval.spaces import K, workbench

DECLARED: dict[str, object] = {
    "group_by": ["theme"],
    "must_keep": ["theme"],
    "not_by": ["publisher", "popularity"],
    "probes": True,
    "hard_negatives": True,
    "k": K,
}


@dataclass(frozen=True)
class Measured:
    """The workbench after the stages, its flags, and what the gates are given."""

    connection: duckdb.DuckDBPyConnection
    flags: list[Flag]
    given: GateInput

    def flagged(self, reason: str) -> list[tuple[str, str | None]]:
        return [(one.ref, one.gate) for one in self.flags if one.reason == reason]


def answers(space: EmbeddingSpace) -> dict[str, list[str]]:
    """The relevant items of each query of a `catalogue`: the first eight of its theme."""
    codes = space.attributes[0].codes
    return {
        query: [space.refs[row] for row in np.flatnonzero(codes == number % 5)[:8]]
        for number, query in enumerate(space.queries)
    }


def confusable(space: EmbeddingSpace) -> dict[str, tuple[str, str, str]]:
    """One pair for each query of a `catalogue`: an item of its theme, and one of the next."""
    codes = space.attributes[0].codes
    return {
        f"retrieval/pair:p{number:03}": (
            query,
            space.refs[np.flatnonzero(codes == number % 5)[number // 5]],
            space.refs[np.flatnonzero(codes == (number + 1) % 5)[number // 5]],
        )
        for number, query in enumerate(space.queries)
    }


def settings() -> RetrievalSettings:
    names = {key: DECLARED[key] for key in ("group_by", "must_keep", "not_by", "k")}
    return RetrievalSettings.model_construct(**names)  # type: ignore[arg-type]


def measure(
    space: EmbeddingSpace,
    slices: Mapping[str, Sequence[str]] | None = None,
    critical: Sequence[str] = (),
    relevant: Mapping[str, Sequence[str]] | None = None,
) -> Measured:
    """Run the stages that measure over a space made by `catalogue`, its encoding and neighbours given."""
    relevant = answers(space) if relevant is None else relevant
    connection = workbench(space, relevant, confusable(space), slices or {}, critical)
    review = ReviewSection(name="a", owner="carol", base_version="1", candidate_version="2")
    whole = Review.model_construct(
        review=review, tracks={"retrieval": settings()}, rules=resolve_rules({}, get("retrieval").gates())
    )
    context = PlanContext("retrieval", settings(), 0, Sides({}, "cpu"), whole, connection)
    for step in (PROBES, NEGATIVES, DRIFT):
        for name, table in step.compute(context).items():
            insert_arrow(connection, name, table)
    insert_arrow(connection, "metric", metric_table(grouping_metrics(space, 0, draws=19)))
    names = ", ".join(field.name for field in fields(Metric))
    metrics = [Metric(*row) for row in connection.execute(f"SELECT {names} FROM metric").fetchall()]
    found = flags(connection, settings())
    by_gate: dict[str, tuple[str, ...]] = {}
    for flag in found:
        if flag.gate is not None:
            by_gate[flag.gate] = (*by_gate.get(flag.gate, ()), flag.ref)
    known = connection.execute(
        "SELECT slice, track, kind, critical, definition, n FROM slice WHERE slice <> ?", [ALL]
    ).fetchall()
    judged = given(metrics, declared=DECLARED, slices=tuple(Slice(*row) for row in known), flagged=by_gate)
    return Measured(connection, found, judged)
