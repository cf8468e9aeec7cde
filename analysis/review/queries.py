"""What the console, the plain mode and the report read of a run and its review: typed rows from SQL."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar

import duckdb

from analysis.attribution.licences import (
    AttributionLicence,
    FlipCheck,
    attribution_licences,
    flip_checks,
    slice_licences,
)
from analysis.base.records import (
    ALL,
    Attribution,
    Event,
    Example,
    Flag,
    GateInput,
    MethodSpec,
    Metric,
    MetricSpec,
    QueueEntry,
    ReviewState,
    Rule,
    Side,
    Slice,
    SliceKind,
    TextSpan,
    VerdictRecord,
)
from analysis.store.run import identifier
from analysis.store.shown import EvidenceTables

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class SliceProgress:
    """One slice with what changed in it and how far this reviewer is: the line of the slice tree.

    `base` and `candidate` are the slice's main metric (`metric`), `broken` and `fixed` numbers of examples,
    `queued`, `seen` and `undecided` examples of the queue.
    """

    slice: str
    track: str
    kind: SliceKind
    critical: bool
    definition: str
    n: int
    metric: str | None
    base: float | None
    candidate: float | None
    broken: int | None
    fixed: int | None
    queued: int
    seen: int
    undecided: int


@dataclass(frozen=True, slots=True)
class Overview:
    """The review on one screen: what was compared, what moved, how far the review is.

    `main` holds the metrics of the slice `all` that have both sides and a difference, `earlier` the number of verdicts
    given in other runs that do not count here, and `notes` what the reader should know of the store itself.
    """

    name: str
    run: str
    base_version: str
    candidate_version: str
    training_change: str
    main: tuple[Metric, ...]
    examples: int
    inspected: int
    queued: int
    reviewers: tuple[str, ...]
    disagreements: tuple[str, ...]
    earlier: int
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ExampleEvidence:
    """Everything that a run and its review hold on one example.

    `payload` maps each payload table of the track to its rows, in order of all columns. `variants` are the
    counterfactuals made from this example, or, for a counterfactual, its own row; `parent` is the example it
    was made from. `others` is empty until the reader's own verdict exists. `licences` are of its
    attributions, `slice_licences` the licence metrics of the critical slices that it is in. `context` is what
    its track shows with it, `methods` what the methods of its attributions are called, by name, in the order in
    which they are shown.
    """

    example: Example
    metadata: dict[str, Any]
    slices: tuple[str, ...]
    critical: tuple[str, ...]
    flags: tuple[Flag, ...]
    attributions: tuple[Attribution, ...]
    spans: tuple[TextSpan, ...]
    payload: dict[str, tuple[dict[str, Any], ...]]
    variants: tuple[dict[str, Any], ...]
    parent: Example | None
    mine: VerdictRecord | None
    others: tuple[VerdictRecord, ...]
    history: tuple[Event, ...]
    licences: tuple[AttributionLicence, ...] = ()
    flips: tuple[FlipCheck, ...] = ()
    slice_licences: tuple[Metric, ...] = ()
    context: dict[str, tuple[dict[str, Any], ...]] = field(default_factory=dict)
    methods: dict[str, MethodSpec] = field(default_factory=dict)


def rows(
    connection: duckdb.DuckDBPyConnection,
    kind: Callable[..., Row],
    table: str,
    tail: str = "",
    given: Any = (),
) -> list[Row]:
    """Rows of an evidence table as the dataclass that mirrors it."""
    columns = ", ".join(identifier(field.name) for field in fields(kind))  # type: ignore[arg-type]
    found = connection.execute(f"SELECT {columns} FROM {table} {tail}", list(given)).fetchall()
    return [kind(*row) for row in found]


def dictionaries(connection: duckdb.DuckDBPyConnection, sql: str, given: Any = ()) -> list[dict[str, Any]]:
    """Rows of a query by column name."""
    result = connection.execute(sql, list(given))
    names = [column[0] for column in result.description or ()]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def metrics(
    connection: duckdb.DuckDBPyConnection,
    track: str | None = None,
    name: str | None = None,
    slice_name: str | None = None,
) -> list[Metric]:
    """Metrics of the run, narrowed by what is given."""
    asked = {"track": track, "name": name, "slice": slice_name}
    given = {column: value for column, value in asked.items() if value is not None}
    where = " AND ".join(f"{column} = ?" for column in given)
    return rows(
        connection, Metric, "evidence.metric", f"WHERE {where}" if where else "", tuple(given.values())
    )


_SLICES = """
WITH preferred AS (SELECT unnest($tracks::VARCHAR[]) AS track, unnest($mains::VARCHAR[]) AS main),
m AS (
    SELECT track, slice,
           max(value) FILTER (name = 'broken') AS broken, max(value) FILTER (name = 'fixed') AS fixed,
           coalesce(min(name) FILTER (side = 'base' AND name = main), min(name) FILTER (side = 'base')) AS main
    FROM evidence.metric LEFT JOIN preferred USING (track) GROUP BY track, slice),
v AS (
    -- A metric that several methods measured has several rows: one of them, so that a slice stays one line.
    SELECT track, slice, name, side, first(value ORDER BY method) AS value FROM evidence.metric GROUP BY ALL),
p AS (
    SELECT m.track, m.slice, count(*) AS queued,
           count(*) FILTER (q.ref IN (SELECT ref FROM verdict_now WHERE actor = $actor)) AS seen
    FROM evidence.membership m JOIN queue q ON q.ref = m.ref GROUP BY m.track, m.slice)
SELECT s.slice, s.track, s.kind, s.critical, s.definition, s.n,
       m.main, b.value, c.value,
       CAST(m.broken AS BIGINT), CAST(m.fixed AS BIGINT),
       coalesce(p.queued, 0), coalesce(p.seen, 0), coalesce(p.queued, 0) - coalesce(p.seen, 0)
FROM evidence.slice s
LEFT JOIN m ON m.track = s.track AND m.slice = s.slice
LEFT JOIN v b
    ON b.track = s.track AND b.slice = s.slice AND b.name = m.main AND b.side = 'base'
LEFT JOIN v c
    ON c.track = s.track AND c.slice = s.slice AND c.name = m.main AND c.side = 'candidate'
LEFT JOIN p ON p.track = s.track AND p.slice = s.slice
WHERE $track IS NULL OR s.track = $track
ORDER BY s.critical DESC, coalesce(m.broken, 0) - coalesce(m.fixed, 0) DESC, coalesce(m.broken, 0) DESC,
         s.slice, s.track
"""


def slice_progress(
    connection: duckdb.DuckDBPyConnection, actor: str, mains: Mapping[str, str], track: str | None = None
) -> list[SliceProgress]:
    """Slices by regret: critical ones first, then the most broken less fixed.

    Args:
        connection: a session's connection.
        actor: whose progress.
        mains: the metric that stands for a slice, by track; the first by name where a slice has it not.
        track: one track only.
    """
    given = {"actor": actor, "track": track, "tracks": list(mains), "mains": list(mains.values())}
    found = connection.execute(_SLICES, given).fetchall()
    return [SliceProgress(*row) for row in found]


def main_metrics(connection: duckdb.DuckDBPyConnection) -> tuple[Metric, ...]:
    """Metrics of the slice `all` that are known on both sides and as a difference."""
    return tuple(
        rows(
            connection,
            Metric,
            "evidence.metric",
            "WHERE slice = ? AND (track, name) IN (SELECT (track, name) FROM evidence.metric WHERE slice = ? "
            "GROUP BY track, name HAVING count(DISTINCT side) = 3)",
            (ALL, ALL),
        )
    )


def example_evidence(
    connection: duckdb.DuckDBPyConnection, tables: EvidenceTables, ref: str, actor: str
) -> ExampleEvidence | None:
    """All evidence on one example, or None where the run has no such example."""
    found = rows(connection, Example, "evidence.example", "WHERE ref = ?", (ref,))
    if not found:
        return None
    example = found[0]
    parent = (
        rows(connection, Example, "evidence.example", "WHERE ref = ?", (example.parent_ref,))
        if example.parent_ref
        else []
    )
    slices = connection.execute(
        "SELECT m.slice, s.critical FROM evidence.membership m JOIN evidence.slice s "
        "ON s.slice = m.slice AND s.track = m.track WHERE m.ref = ? ORDER BY m.slice",
        [ref],
    ).fetchall()
    said = [
        VerdictRecord(*[*row[:6], tuple(row[6] or ())])
        for row in connection.execute(
            "SELECT ref, actor, reviewer, verdict, cause, note, critical_slices FROM verdict_now WHERE ref = ? "
            "ORDER BY actor",
            [ref],
        ).fetchall()
    ]
    mine = next((record for record in said if record.actor == actor), None)
    others = tuple(record for record in said if record.actor != actor) if mine else ()
    history = rows(
        connection,
        Event,
        "event",
        "WHERE ref = ? AND (actor = ? OR ?) ORDER BY lamport, stream_id, seq",
        (ref, actor, mine is not None),
    )
    return ExampleEvidence(
        example=example,
        metadata=_metadata(connection, tables, example),
        slices=tuple(name for name, _ in slices),
        critical=tuple(name for name, critical in slices if critical),
        flags=tuple(rows(connection, Flag, "evidence.flag", "WHERE ref = ? ORDER BY ALL", (ref,))),
        attributions=tuple(
            rows(connection, Attribution, "evidence.attribution", "WHERE ref = ? ORDER BY ALL", (ref,))
        ),
        spans=tuple(rows(connection, TextSpan, "evidence.span", "WHERE ref = ? ORDER BY ALL", (ref,))),
        payload=_payload(connection, tables, example),
        variants=_variants(connection, tables, example),
        parent=parent[0] if parent else None,
        mine=mine,
        others=others,
        history=tuple(history),
        licences=attribution_licences(connection, tables, example.track, ref),
        flips=flip_checks(connection, tables, example.track, ref),
        slice_licences=slice_licences(
            connection, example.track, [name for name, critical in slices if critical]
        ),
        methods=methods_of(connection, example.track),
    )


def methods_of(connection: duckdb.DuckDBPyConnection, track: str) -> dict[str, MethodSpec]:
    """The attribution methods of a track as its run declares them, by name, in the order in which they are shown."""
    found = rows(
        connection, MethodSpec, "evidence.attribution_method", "WHERE track = ? ORDER BY place", (track,)
    )
    return {spec.name: spec for spec in found}


def specs_of(connection: duckdb.DuckDBPyConnection) -> dict[str, dict[str, MetricSpec]]:
    """What each metric of the run is, by track and name, as the tracks declare it."""
    columns = ", ".join(identifier(field.name) for field in fields(MetricSpec))
    found = connection.execute(
        f"SELECT track, {columns} FROM evidence.metric_spec ORDER BY track, name"
    ).fetchall()
    specs: dict[str, dict[str, MetricSpec]] = {}
    for track, *values, sides in found:
        name, title, meaning, unit, measures, better = values
        spec = MetricSpec(name, title, meaning, unit, measures, better, tuple(sides))
        specs.setdefault(track, {})[name] = spec
    return specs


def _metadata(
    connection: duckdb.DuckDBPyConnection, tables: EvidenceTables, example: Example
) -> dict[str, Any]:
    table = f"metadata_{example.track}"
    if table not in tables.names:
        return {}
    found = dictionaries(
        connection, f"SELECT * FROM evidence.{identifier(table)} WHERE ref = ?", (example.ref,)
    )
    # Not excluded in SQL: without any column of metadata nothing would be left to select.
    return {name: value for name, value in found[0].items() if name != "ref"} if found else {}


def _payload(
    connection: duckdb.DuckDBPyConnection, tables: EvidenceTables, example: Example
) -> dict[str, tuple[dict[str, Any], ...]]:
    return {
        name: tuple(
            dictionaries(
                connection,
                f"SELECT * FROM evidence.{identifier(name)} WHERE ref = ? ORDER BY ALL",
                (example.ref,),
            )
        )
        for name in tables.payload
        if name.startswith(f"{example.track}_")
    }


def by_side(rows: Iterable[dict[str, Any]]) -> dict[Side, dict[str, Any]]:
    """Rows of a payload table that has one for each side, by their side."""
    return {row["side"]: row for row in rows}


def _variants(
    connection: duckdb.DuckDBPyConnection, tables: EvidenceTables, example: Example
) -> tuple[dict[str, Any], ...]:
    table = f"{example.track}_variant"
    if table not in tables.names:
        return ()
    column = "ref" if example.kind == "variant" else "parent_ref"
    return tuple(
        dictionaries(
            connection,
            f"SELECT v.*, e.text, e.id, e.parent_ref FROM evidence.{identifier(table)} v "
            f"JOIN evidence.example e ON e.ref = v.ref WHERE e.{column} = ? ORDER BY v.ref",
            (example.ref,),
        )
    )


def gate_input(
    connection: duckdb.DuckDBPyConnection,
    description: Mapping[str, Any],
    today: str,
    state: ReviewState,
    review_settings: Mapping[str, Any],
) -> GateInput:
    """What the gates are computed from, out of a run's evidence, its description and the review's state.

    Args:
        connection: has the evidence attached and the session's tables.
        description: the run's `run.json`.
        today: ISO date against which waivers expire.
        state: what people said.
        review_settings: becomes `settings["review"]`: what is needed to compute `state` from events again.
    """
    review = description["review"]
    queue = connection.execute(
        "SELECT q.ref, q.rank, q.control, q.reasons, c.slices FROM queue q LEFT JOIN critical c ON c.ref = q.ref "
        "ORDER BY q.rank, q.ref"
    ).fetchall()
    flagged = connection.execute(
        "SELECT gate, list(ref ORDER BY rank NULLS LAST, ref) FROM evidence.flag WHERE gate IS NOT NULL "
        "GROUP BY gate ORDER BY gate"
    ).fetchall()
    return GateInput(
        run=description["run"],
        owner=review.get("owner") or "",
        today=today,
        reviewers_required=review.get("reviewers_required") or 1,
        tracks=tuple(description["tracks"]),
        metrics=tuple(metrics(connection)),
        specs=specs_of(connection),
        slices=tuple(rows(connection, Slice, "evidence.slice")),
        rules={name: rule_of(rule) for name, rule in description["rules"].items()},
        settings={**description["gate_settings"], "review": dict(review_settings)},
        expected=tuple(description["expected"]),
        queue=tuple(
            QueueEntry(ref, rank, control, tuple(reasons), tuple(slices or ()))
            for ref, rank, control, reasons, slices in queue
        ),
        flagged={gate: tuple(dict.fromkeys(refs)) for gate, refs in flagged},
        state=state,
    )


def rule_of(plain: Mapping[str, Any]) -> Rule:
    """A rule from the plain JSON of its fields."""
    return Rule(
        gate=plain["gate"],
        thresholds=dict(plain["thresholds"]),
        off=plain["off"],
        loosened=tuple(plain["loosened"]),
        reason=plain["reason"],
    )
