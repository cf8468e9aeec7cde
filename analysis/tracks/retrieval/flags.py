"""Why a probe, pair or item needs a person: flags of the retrieval track, most decision-relevant first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.base.records import Flag
from analysis.base.sql import queries
from analysis.plugin.flag import BROKEN_CRITICAL, SMALL_CRITICAL, find_flags
from analysis.tracks.retrieval.gates.confounds import CONFOUNDS
from analysis.tracks.retrieval.gates.hard_negatives import NEGATIVES
from analysis.tracks.retrieval.gates.probe_answers import MIN_SLICE, PROBES
from analysis.tracks.retrieval.gates.wanted_grouping import GROUPING
from analysis.tracks.retrieval.metric_specs import TRACK

if TYPE_CHECKING:
    import duckdb

    from analysis.plugin.settings import TrackSettings

VIOLATED = "hard negative newly violated"
LOST = "lost relevant items"
UNWANTED = "gained neighbours by an unwanted attribute"
GAVE_UP = "lost neighbours by a wanted attribute"
EDIT_MOVES = "an edit of an unwanted attribute moves its neighbours"
MOVED = "moved most"
DUPLICATES = "more duplicates among its answers"

PER_GATE = 12
"""Items and probes that are flagged for each attribute, and items that moved most: the worst ones."""
LEAST_SHARE = 0.2
"""Net share of a list that must have changed hands before an item or probe is flagged for it."""
LEAST_CHANGE = 0.05
"""Clear change of an attribute's lift from which single items are flagged for it; or a change that is not known."""
MOST_OVERLAP = 0.5
"""Neighbour overlap from which an item counts as moved."""
LEAST_TOWARD = 0.2
"""Rise from base to candidate of the share of neighbours that an edited value draws."""
ROUNDING = 1e-9

SQL = queries(__package__ or "", "flags.sql")
QUERIES = (
    (BROKEN_CRITICAL, "broken_critical"),
    (SMALL_CRITICAL, "small_critical"),
    (VIOLATED, "violated"),
    (UNWANTED, "unwanted"),
    (LOST, "lost"),
    (GAVE_UP, "gave_up"),
    (EDIT_MOVES, "edit_moves"),
    (MOVED, "moved"),
    (DUPLICATES, "duplicates"),
)
"""Reasons and the queries that find them, the most decision-relevant first."""


def flags(connection: duckdb.DuckDBPyConnection, settings: TrackSettings) -> list[Flag]:
    """Every flag of the track, without rank; an example may carry several.

    All of them are about what changed between the sides: a candidate that answers as the base does has none but
    those of small critical slices, which are inspected whole.
    """
    from analysis.tracks.retrieval.settings import retrieval_settings

    retrieval = retrieval_settings(settings)
    known: dict[str, object] = {
        "probes": PROBES.name,
        "negatives": NEGATIVES.name,
        "confounds": CONFOUNDS.name,
        "grouping": GROUPING.name,
        "kept": list(retrieval.must_keep),
        "unwanted": list(retrieval.not_by),
        "cutoff": retrieval.k,
        "queries": f"{TRACK}/query:%",
        "min_slice": MIN_SLICE,
        "least_net": max(2, round(LEAST_SHARE * retrieval.k)),
        "least_change": LEAST_CHANGE,
        "least_toward": LEAST_TOWARD,
        "most_overlap": MOST_OVERLAP,
        "per_gate": PER_GATE,
        "rounding": ROUNDING,
    }
    connection.execute(SQL["make_critical_probe"], {"track": TRACK})
    connection.execute(SQL["make_moved_item"])
    return find_flags(connection, [(reason, SQL[name]) for reason, name in QUERIES], known)
