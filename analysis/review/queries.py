"""What the console, the plain mode and the report read of a run and its review: typed rows from SQL."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import duckdb

from analysis.attribution.interventions import Intervention, interventions
from analysis.attribution.licences import (
    AttributionLicence,
    attribution_licences,
    slice_licences,
)
from analysis.base.gate_records import GateInput, Rule
from analysis.base.records import (
    ALL,
    VARIANT,
    Attribution,
    Better,
    Cause,
    Contested,
    Example,
    Flag,
    Measures,
    MethodSpec,
    Metric,
    MetricSpec,
    QueueEntry,
    Side,
    Slice,
    SliceKind,
    TextSpan,
)
from analysis.base.review_records import Event, ReviewState, VerdictRecord
from analysis.base.sql import Row, column, dictionaries, identifier, queries, records
from analysis.review.evaluate import own_specs
from analysis.store.keys import LISTS_KEPT, ref_key, slices_in
from analysis.store.packed import attributions_in, example_in, packed_row, sides_in
from analysis.store.shown import EvidenceTables

_SQL = queries(__package__, "queries.sql")
TABLES_KEPT = 128
"""Small tables of open runs of which is kept which examples they have rows of."""
RUNS_KEPT = 16
"""Tracks of open runs of which is kept what is the same for every example."""


@dataclass(frozen=True, slots=True)
class SliceProgress:
    """One slice with what changed in it and how far this reviewer is: the line of the slice tree.

    `base` and `candidate` are values of the slice's main metric, `metric`, None where it has none; `title`, `measures`,
    `unit` and `better` are what its declaration says. `broken` and `fixed` are numbers of examples, `queued`, `seen`
    and `undecided` examples of the queue.
    """

    slice: str
    track: str
    kind: SliceKind
    critical: bool
    definition: str
    n: int
    metric: str | None
    title: str
    measures: Measures | None
    unit: str
    better: Better
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

    `main` holds the metrics of the slice `all` that have both sides and a difference, and `notes` what the reader
    should know of the store itself.
    """

    name: str
    run: str
    base_version: str
    candidate_version: str
    training_change: str
    main: tuple[Metric, ...]
    examples: int
    reviewers: tuple[str, ...]
    disagreements: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ExampleEvidence:
    """Everything that a run and its review hold on one example.

    `payload` maps each payload table of the track to its rows, in the order of the run. `variants` are the
    counterfactuals made from this example, or, for a counterfactual, its own row; `parent` is the example it
    was made from. `others` is empty until the reader's own verdict exists. `licences` are of its
    attributions, `interventions` the searches for what reverts its flip, `slice_licences` the licence metrics of the
    critical slices that it is in. `context` is what its track shows with it, `methods` what the methods of its
    attributions are called, by name, in the order in which they are shown.
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
    mine: VerdictRecord | None = None
    others: tuple[VerdictRecord, ...] = ()
    history: tuple[Event, ...] = ()
    licences: tuple[AttributionLicence, ...] = ()
    interventions: tuple[Intervention, ...] = ()
    slice_licences: tuple[Metric, ...] = ()
    context: dict[str, tuple[dict[str, Any], ...]] = field(default_factory=dict)
    methods: dict[str, MethodSpec] = field(default_factory=dict)


def metrics(
    connection: duckdb.DuckDBPyConnection,
    track: str | None = None,
    name: str | None = None,
    slice_name: str | None = None,
) -> list[Metric]:
    """Metrics of the run, narrowed by what is given."""
    return records(connection, Metric, _SQL["metrics"], {"track": track, "name": name, "slice": slice_name})


def slice_progress(
    connection: duckdb.DuckDBPyConnection, actor: str, mains: Mapping[str, str], track: str | None = None
) -> list[SliceProgress]:
    """Slices, critical ones first, then those with the most broken less fixed.

    Args:
        connection: a session's connection.
        actor: whose progress.
        mains: the metric that stands for a slice, by track; the first by name where a slice has it not.
        track: one track only.
    """
    given = {"actor": actor, "track": track, "tracks": list(mains), "mains": list(mains.values())}
    return records(connection, SliceProgress, _SQL["slice_progress"], given)


def main_metrics(connection: duckdb.DuckDBPyConnection) -> tuple[Metric, ...]:
    """Metrics of the slice `all` that are known on both sides and as a difference."""
    return tuple(records(connection, Metric, _SQL["main_metrics"], {"all": ALL}))


def example_of(connection: duckdb.DuckDBPyConnection, ref: str | None) -> Example | None:
    """One example, or None where the run has no such example."""
    row = _packed(connection, ref)
    return None if row is None else example_in(row)


def _packed(connection: duckdb.DuckDBPyConnection, ref: str | None) -> Mapping[str, Any] | None:
    """What is packed of one example."""
    key = None if ref is None else ref_key(connection, ref)
    return None if key is None else packed_row(connection, key)


def standing_verdicts(connection: duckdb.DuckDBPyConnection) -> tuple[VerdictRecord, ...]:
    """What everybody said of every example, in order of ref and account."""
    return tuple(records(connection, VerdictRecord, _SQL["standing_verdicts"]))


def verdicts_on(connection: duckdb.DuckDBPyConnection, ref: str) -> list[VerdictRecord]:
    """What everybody said of an example, by account."""
    return records(connection, VerdictRecord, _SQL["verdicts_of_example"], {"ref": ref})


def own_verdict(said: Iterable[VerdictRecord], actor: str) -> VerdictRecord | None:
    """What one account said, of what everybody said of an example."""
    return next((record for record in said if record.actor == actor), None)


def example_evidence(
    connection: duckdb.DuckDBPyConnection, tables: EvidenceTables, ref: str
) -> ExampleEvidence | None:
    """All evidence of the run on one example, which never changes; None where the run has no such example."""
    row = _packed(connection, ref)
    if row is None:
        return None
    example, key = example_in(row), row["ref_key"]
    slices = slices_in(connection, row["slice_set"], example.track)
    critical = tuple(name for name in slices if name in _critical_slices(connection, example.track))
    return ExampleEvidence(
        example=example,
        metadata=dict(row.get(f"metadata_{example.track}") or {}),
        slices=slices,
        critical=critical,
        flags=_records_of_table(connection, tables, Flag, "flag", key),
        attributions=attributions_in(row),
        spans=_records_of_table(connection, tables, TextSpan, "span", key),
        payload=_payload(connection, tables, row),
        variants=_variants(connection, tables, example, key),
        parent=example_of(connection, example.parent_ref) if example.parent_ref else None,
        licences=_licences(connection, tables, example, key),
        interventions=_interventions(connection, tables, example, key),
        slice_licences=_licences_of_slices(connection, example.track, critical),
        methods=methods_of(connection, example.track),
    )


def with_what_was_said(
    connection: duckdb.DuckDBPyConnection, evidence: ExampleEvidence, actor: str
) -> ExampleEvidence:
    """The evidence on an example with what people said of it, of which an account sees others' once it spoke itself."""
    ref = evidence.example.ref
    said = verdicts_on(connection, ref)
    mine = own_verdict(said, actor)
    who = {"ref": ref, "actor": actor, "everybody": mine is not None}
    return replace(
        evidence,
        mine=mine,
        others=tuple(record for record in said if record.actor != actor) if mine else (),
        history=tuple(records(connection, Event, _SQL["history"], who)),
    )


@lru_cache(RUNS_KEPT)
def _critical_slices(connection: duckdb.DuckDBPyConnection, track: str) -> frozenset[str]:
    return frozenset(column(connection, _SQL["critical_slices"], {"track": track}))


@lru_cache(LISTS_KEPT)
def _licences_of_slices(
    connection: duckdb.DuckDBPyConnection, track: str, slices: tuple[str, ...]
) -> tuple[Metric, ...]:
    return slice_licences(connection, track, slices)


@lru_cache(RUNS_KEPT)
def methods_of(connection: duckdb.DuckDBPyConnection, track: str) -> dict[str, MethodSpec]:
    """The attribution methods of a track as its run declares them, by name, in the order in which they are shown."""
    found = records(connection, MethodSpec, _SQL["methods"], {"track": track})
    return {spec.name: spec for spec in found}


def specs_of(connection: duckdb.DuckDBPyConnection) -> dict[str, dict[str, MetricSpec]]:
    """What each metric of the run is, by track and name, as the tracks declare it."""
    specs: dict[str, dict[str, MetricSpec]] = {}
    for row in dictionaries(connection, _SQL["metric_specs"]):
        track = row.pop("track")
        specs.setdefault(track, {})[row["name"]] = MetricSpec(**{**row, "sides": tuple(row["sides"])})
    return specs


def _payload(
    connection: duckdb.DuckDBPyConnection, tables: EvidenceTables, row: Mapping[str, Any]
) -> dict[str, tuple[dict[str, Any], ...]]:
    """Rows of the payload tables of an example's track, packed or not."""
    found: dict[str, tuple[dict[str, Any], ...]] = {}
    key = row["ref_key"]
    for name in tables.payload:
        if not name.startswith(f"{row['track']}_"):
            continue
        if name in tables.by_side:
            found[name] = sides_in(row, name)
        else:
            found[name] = (
                tuple(_rows_of_table(connection, name, key)) if _holds(connection, tables, name, key) else ()
            )
    return found


def _licences(
    connection: duckdb.DuckDBPyConnection, tables: EvidenceTables, example: Example, key: int
) -> tuple[AttributionLicence, ...]:
    table = f"{example.track}_licence"
    found = table not in tables.names or _holds(connection, tables, table, key)
    return attribution_licences(connection, tables, example.track, example.ref) if found else ()


def _interventions(
    connection: duckdb.DuckDBPyConnection, tables: EvidenceTables, example: Example, key: int | None
) -> tuple[Intervention, ...]:
    found = _holds(connection, tables, f"{example.track}_intervention", key)
    return interventions(connection, tables, example.track, example.ref) if found else ()


def _holds(
    connection: duckdb.DuckDBPyConnection, tables: EvidenceTables, table: str, key: int | None
) -> bool:
    """Whether a table may have rows of an example: of most, most examples have none, and to ask costs a millisecond."""
    return table in tables.filled and (table not in tables.small or key in _keys_in(connection, table))


@lru_cache(TABLES_KEPT)
def _keys_in(connection: duckdb.DuckDBPyConnection, table: str) -> frozenset[int]:
    return frozenset(column(connection, _SQL["keys_in"].format(table=identifier(table))))


@lru_cache(TABLES_KEPT)
def _parents(connection: duckdb.DuckDBPyConnection, table: str) -> frozenset[str]:
    return frozenset(column(connection, _SQL["parents"].format(table=identifier(table))))


def _records_of_table(
    connection: duckdb.DuckDBPyConnection,
    tables: EvidenceTables,
    kind: type[Row],
    table: str,
    key: int | None,
) -> tuple[Row, ...]:
    if not _holds(connection, tables, table, key):
        return ()
    query = _SQL["rows_of_table"].format(table=identifier(table))
    return tuple(records(connection, kind, query, {"key": key}))


def _rows_of_table(
    connection: duckdb.DuckDBPyConnection, table: str, key: int | None
) -> list[dict[str, Any]]:
    return dictionaries(connection, _SQL["rows_of_table"].format(table=identifier(table)), {"key": key})


def by_side(rows: Iterable[dict[str, Any]]) -> dict[Side, dict[str, Any]]:
    """Rows of a payload table that has one for each side, by their side."""
    return {row["side"]: row for row in rows}


def _variants(
    connection: duckdb.DuckDBPyConnection, tables: EvidenceTables, example: Example, key: int | None
) -> tuple[dict[str, Any], ...]:
    table = f"{example.track}_variant"
    if table not in tables.filled:
        return ()
    own = example.kind == VARIANT
    if not own and table in tables.small and example.ref not in _parents(connection, table):
        return ()
    query = _SQL["own_variant" if own else "variants_made_of"].format(table=identifier(table))
    return tuple(dictionaries(connection, query, {"key": key} if own else {"ref": example.ref}))


def gate_input(
    connection: duckdb.DuckDBPyConnection,
    description: Mapping[str, Any],
    today: str,
    state: ReviewState,
    review_settings: Mapping[str, Any],
    before: GateInput | None = None,
) -> GateInput:
    """What the gates are computed from, out of a run's evidence, its description and the review's state.

    Args:
        connection: has the evidence attached and the session's tables.
        description: the run's `run.json`.
        today: ISO date against which waivers expire.
        state: what people said.
        review_settings: becomes `settings["review"]`: what is needed to compute `state` from events again.
        before: what this returned before an event, of the same run: the evidence has not changed since.
    """
    settings = {**description["gate_settings"], "review": dict(review_settings)}
    contested = tuple(records(connection, Contested, _SQL["contested"]))
    if before is not None:
        return replace(before, today=today, settings=settings, state=state, contested=contested)
    review = description["review"]
    flagged = connection.execute(_SQL["flagged"]).fetchall()
    return GateInput(
        run=description["run"],
        owner=review.get("owner") or "",
        today=today,
        reviewers_required=review.get("reviewers_required") or 1,
        tracks=tuple(description["tracks"]),
        metrics=tuple(metrics(connection)),
        specs={**specs_of(connection), **own_specs()},
        slices=tuple(records(connection, Slice, _SQL["slices"])),
        rules={name: rule_of(rule) for name, rule in description["rules"].items()},
        settings=settings,
        expected=tuple(description["expected"]),
        queue=tuple(records(connection, QueueEntry, _SQL["queue"])),
        flagged={gate: tuple(dict.fromkeys(refs)) for gate, refs in flagged},
        state=state,
        contested=contested,
        causes=tuple(records(connection, Cause, _SQL["causes"])),
        aliases={name: tuple(others) for name, others in (review.get("aliases") or {}).items()},
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
