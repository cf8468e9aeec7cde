"""What the console shows with a message beside its own rows: drift of its layers, where the change lives, options."""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from analysis.base.records import ALL
from analysis.base.sql import column, dictionaries, queries
from analysis.plugin.change_evidence import stored_parts
from analysis.store.keys import ref_key, slices_in
from analysis.store.packed import RUNS_KEPT, packed_row
from analysis.tracks.intent.metric_specs import TRACK
from analysis.tracks.intent.names import NO_MODEL
from analysis.tracks.intent.option_sentences import option_rows

if TYPE_CHECKING:
    import duckdb

Rows = tuple[dict[str, Any], ...]

_SQL = queries(__package__, "example.sql")


def example_context(connection: duckdb.DuckDBPyConnection, ref: str) -> dict[str, Rows]:
    """Rows of a message by name.

    Args:
        connection: has the run's evidence attached as `evidence`.
        ref: a message.

    Returns:
        `shift` (layer, cosine and noise floor of the message; none where the sides differ in width, or of a
        counterfactual) and `drift` (each measure of the slices that the message is in, `all` and critical ones first,
        by layer).
    """
    row = packed_row(connection, ref_key(connection, ref))
    if row is None:
        return {"shift": (), "drift": _drift(connection, ())}
    cosines, floors = (row["intent_shift"] or {"cosine": ()})["cosine"], _floors(connection)
    return {
        "shift": tuple(
            {"layer": layer, "cosine": cosine, "floor": floors.get(layer)}
            for layer, cosine in enumerate(cosines)
        ),
        "drift": _drift(connection, slices_in(connection, row["slice_set"], TRACK)),
    }


@lru_cache(RUNS_KEPT)
def _floors(connection: duckdb.DuckDBPyConnection) -> dict[int, float | None]:
    """What noise alone leaves of the cosine of each layer, over everything."""
    return dict(connection.execute(_SQL["floors"], {"all": ALL}).fetchall())


def _drift(connection: duckdb.DuckDBPyConnection, slices: Collection[str]) -> Rows:
    """Drift of some slices and of everything."""
    of_slice = _drift_of_slices(connection)
    return tuple(row for name, rows in of_slice.items() if name == ALL or name in slices for row in rows)


@lru_cache(RUNS_KEPT)
def _drift_of_slices(connection: duckdb.DuckDBPyConnection) -> dict[str, list[dict[str, Any]]]:
    """Drift of each slice: everything first, then critical ones, in the order in which they are shown."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in dictionaries(connection, _SQL["drift"], {"all": ALL, "track": TRACK}):
        found.setdefault(row["slice"], []).append(row)
    return found


def run_context(connection: duckdb.DuckDBPyConnection) -> dict[str, Rows]:
    """Rows of the run by name, the same beside every message.

    Args:
        connection: has the run's evidence attached as `evidence`.

    Returns:
        `change` (what grafts restore), `layer_probes` (what linear probes read, by layer and side), `options`
        (what the run chose by cross-fitting), and `no_model` (why there is nothing of these, where predictions were
        recorded).
    """
    (classes,) = column(connection, _SQL["recorded"])
    return {
        "change": tuple(stored_parts(connection, TRACK)),
        "layer_probes": tuple(dictionaries(connection, _SQL["layer_probes"])),
        "options": tuple(option_rows(connection)),
        "no_model": ({"why": NO_MODEL},) if classes else (),
    }
