"""Why a probe, pair or item needs a person: flags of the retrieval track, most decision-relevant first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.base.records import Flag
from analysis.plugin.flag import BROKEN_CRITICAL, SMALL_CRITICAL, find_flags
from analysis.tracks.retrieval.gates import CONFOUNDS, GROUPING, MIN_SLICE, NEGATIVES, PROBES, TRACK

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

_IN_CRITICAL = """
SELECT s.slice, p.ref, p.base_recall, p.candidate_recall,
       count(*) OVER (PARTITION BY s.slice) AS known
FROM slice s JOIN membership m ON m.slice = s.slice AND m.track = s.track
JOIN retrieval_probe p ON p.ref = m.ref
WHERE s.track = $track AND s.critical AND p.base_recall IS NOT NULL
"""

# The items that an item or probe is compared with: the item itself; of a probe the relevant items or, where none is
# named, what both sides answer. A gained or lost item counts for an attribute where it shares a label with them, and
# against it where it shares none. Numbers share the quarter of the items that they lie in.
_CHANGED = """
WITH label AS (
    SELECT ref, attribute, wanted, unnest(labels) AS label FROM retrieval_attribute WHERE kind <> 'numeric'
    UNION ALL
    SELECT ref, attribute, wanted,
           least(floor(4 * percent_rank() OVER (PARTITION BY attribute ORDER BY number)), 3)::VARCHAR
    FROM retrieval_attribute WHERE kind = 'numeric'),
anchor AS (
    SELECT ref, ref AS item FROM retrieval_shift
    UNION ALL SELECT ref, item_ref FROM retrieval_relevance
    UNION ALL
    SELECT ref, unnest(kept) FROM retrieval_probe WHERE ref NOT IN (SELECT ref FROM retrieval_relevance)),
standard AS (SELECT DISTINCT a.ref, l.attribute, l.wanted, l.label FROM anchor a JOIN label l ON l.ref = a.item),
listed AS (
    SELECT ref, overlap, gained, lost FROM retrieval_shift WHERE overlap < 1
    UNION ALL SELECT ref, overlap, gained, lost FROM retrieval_probe WHERE overlap < 1),
moved AS (
    SELECT ref, unnest(gained) AS item, 1 AS sign FROM listed
    UNION ALL SELECT ref, unnest(lost), -1 FROM listed),
sharing AS (
    SELECT DISTINCT m.ref, m.item, m.sign, s.attribute, s.wanted
    FROM moved m JOIN label l ON l.ref = m.item
    JOIN standard s ON s.ref = m.ref AND s.attribute = l.attribute AND s.label = l.label
    WHERE (m.ref, m.item) NOT IN (SELECT (ref, item_ref) FROM retrieval_relevance))
"""

_QUERIES: tuple[tuple[str, str], ...] = (
    (
        BROKEN_CRITICAL,
        f"""
        SELECT ref, $probes || '[' || slice || ']', candidate_recall - base_recall FROM ({_IN_CRITICAL})
        WHERE candidate_recall < base_recall - $rounding ORDER BY candidate_recall - base_recall, ref, slice
        """,
    ),
    (
        SMALL_CRITICAL,
        f"""
        SELECT ref, $probes || '[' || slice || ']', NULL FROM ({_IN_CRITICAL})
        WHERE known < $min_slice ORDER BY ref, slice
        """,
    ),
    (
        VIOLATED,
        """
        SELECT ref, $negatives, candidate_margin - base_margin FROM retrieval_margin
        WHERE candidate_violated AND NOT base_violated ORDER BY candidate_margin - base_margin, ref
        """,
    ),
    (
        UNWANTED,
        f"""
        {_CHANGED}
        SELECT s.ref, $confounds || '[' || s.attribute || ']', sum(s.sign) AS net
        FROM sharing s ANTI JOIN (SELECT ref, item FROM sharing WHERE wanted) w ON w.ref = s.ref AND w.item = s.item
        WHERE NOT s.wanted AND s.attribute IN (
            SELECT slice FROM metric WHERE name = 'grouping_conditional_lift' AND side = 'difference'
            AND (value IS NULL OR (value > $least_change AND low > 0)))
        GROUP BY s.ref, s.attribute HAVING net >= $least_net
        QUALIFY row_number() OVER (
            PARTITION BY s.attribute, s.ref LIKE $queries ORDER BY net DESC, s.ref) <= $per_gate
        ORDER BY net DESC, s.ref, s.attribute
        """,
    ),
    (
        LOST,
        """
        SELECT ref, $probes, candidate_recall - base_recall FROM retrieval_probe
        WHERE candidate_recall < base_recall - $rounding ORDER BY candidate_recall - base_recall, ref
        """,
    ),
    (
        GAVE_UP,
        f"""
        {_CHANGED}
        SELECT s.ref,
               $grouping || CASE WHEN s.attribute IN (SELECT unnest($kept::VARCHAR[]))
                                 THEN '[' || s.attribute || ']' ELSE '' END, sum(s.sign) AS net
        FROM sharing s WHERE s.wanted AND s.ref IN (SELECT ref FROM retrieval_shift) AND s.attribute IN (
            SELECT slice FROM metric WHERE name = 'grouping_lift' AND side = 'difference'
            AND (value IS NULL OR (value < -$least_change AND high < 0)))
        GROUP BY s.ref, s.attribute HAVING net <= -$least_net
        QUALIFY row_number() OVER (PARTITION BY s.attribute ORDER BY net, s.ref) <= $per_gate
        ORDER BY net, s.ref, s.attribute
        """,
    ),
    (
        EDIT_MOVES,
        """
        SELECT ref, $confounds || '[' || attribute || ']', candidate_toward - base_toward AS rise
        FROM retrieval_counterfactual
        WHERE attribute IN (SELECT unnest($unwanted::VARCHAR[])) AND rise >= $least_toward
        QUALIFY row_number() OVER (PARTITION BY attribute ORDER BY rise DESC, ref) <= $per_gate
        ORDER BY rise DESC, ref
        """,
    ),
    (
        MOVED,
        """
        SELECT ref, $grouping, overlap FROM retrieval_shift WHERE overlap <= $most_overlap
        ORDER BY overlap, cosine, ref LIMIT $per_gate
        """,
    ),
    (
        DUPLICATES,
        """
        WITH answer AS (
            SELECT s.ref, s.side, coalesce(i.duplicate_of, i.ref) AS title
            FROM (SELECT ref, side, unnest(neighbours[1:$cutoff]) AS item FROM retrieval_side
                  WHERE ref IN (SELECT ref FROM retrieval_probe)) s
            JOIN retrieval_item i ON i.ref = s.item),
        repeated AS (SELECT ref, side, count(*) - count(DISTINCT title) AS extra FROM answer GROUP BY ref, side)
        SELECT c.ref, $probes, c.extra - b.extra AS more FROM repeated c
        JOIN repeated b ON b.ref = c.ref AND b.side = 'base'
        WHERE c.side = 'candidate' AND more > 0 ORDER BY more DESC, c.ref LIMIT $per_gate
        """,
    ),
)


def flags(connection: duckdb.DuckDBPyConnection, settings: TrackSettings) -> list[Flag]:
    """Every flag of the track, without rank; an example may carry several.

    All of them are about what changed between the sides: a candidate that answers as the base does has none but
    those of small critical slices, which are inspected whole.
    """
    from analysis.tracks.retrieval.settings import retrieval_settings

    retrieval = retrieval_settings(settings)
    known: dict[str, object] = {
        "track": TRACK,
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
    return find_flags(connection, _QUERIES, known)
