"""What the console shows with a message beside its own rows: drift of its layers, where the change lives, options."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from analysis.base.records import ALL
from analysis.base.sql import column, dictionaries, queries
from analysis.plugin.change_evidence import stored_parts
from analysis.store.keys import LISTS_KEPT, ref_key, slices_of
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
    key = ref_key(connection, ref)
    return {
        "shift": tuple(dictionaries(connection, _SQL["shift"], {"key": key, "all": ALL})),
        "drift": _drift(connection, slices_of(connection, key, TRACK)),
    }


@lru_cache(LISTS_KEPT)
def _drift(connection: duckdb.DuckDBPyConnection, slices: tuple[str, ...]) -> Rows:
    """Drift of some slices and of everything: what one message is in, the next is mostly in too."""
    asked = {"slices": list(slices), "all": ALL, "track": TRACK}
    return tuple(dictionaries(connection, _SQL["drift"], asked))


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
