"""Why a message needs a person: flags of the intent track, most decision-relevant first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.intent.gates import MIN_CLASS
from analysis.records import ALL, Flag
from analysis.select import BROKEN_CRITICAL, SMALL_CRITICAL

if TYPE_CHECKING:
    import duckdb

    from analysis.config import TrackSettings

CUES_PER_GATE = 12
"""Counterfactual variants that are flagged for each class and cue: the worst ones."""
CONFIDENT = 0.8
"""Probability from which a wrong prediction counts as an overconfident error."""
CLIFF = 0.4
"""Loss of margin from which a prediction that is still right counts as a margin cliff."""
MOVED = 0.05
"""Least rise of p(class) by which a cue's effect on one text is worth a look."""

ROUTED = "wrongly sent to {}"
"""Reason of a message that only the candidate takes for one of a critical class."""

_QUERIES: tuple[tuple[str, str], ...] = (
    (
        BROKEN_CRITICAL,
        """
        SELECT p.ref, CASE WHEN s.kind = 'class' THEN 'intent.critical_recall[' || p.gold || ']'
                           ELSE 'intent.slices[' || s.slice || ']' END, -margin_change
        FROM intent_pair p JOIN membership m USING (ref)
        JOIN slice s ON s.slice = m.slice AND s.track = m.track AND s.critical
        WHERE p.transition = 'broken' ORDER BY p.candidate_p DESC, p.ref, s.slice
        """,
    ),
    (
        SMALL_CRITICAL,
        """
        SELECT p.ref, CASE WHEN s.kind = 'class' THEN 'intent.critical_recall[' || p.gold || ']'
                           ELSE 'intent.slices[' || s.slice || ']' END, NULL
        FROM intent_pair p JOIN membership m USING (ref)
        JOIN slice s ON s.slice = m.slice AND s.track = m.track AND s.critical AND s.n < $min_class
        WHERE p.gold IS NOT NULL ORDER BY p.ref, s.slice
        """,
    ),
    (
        "irrelevant cue moves the prediction",
        """
        SELECT v.ref, 'intent.relevance[' || v.target || '/' || v.cue || ']',
               v.candidate_p - v.candidate_plain_p AS rise
        FROM intent_variant v
        WHERE v.operation = 'insert' AND v.candidate_p - v.candidate_plain_p >= $moved
          AND v.candidate_p - v.candidate_plain_p > v.base_p - v.base_plain_p
        QUALIFY row_number() OVER (PARTITION BY v.target, v.cue ORDER BY rise DESC, v.ref) <= $cues
        ORDER BY rise DESC, v.ref
        """,
    ),
    (
        ROUTED,
        """
        SELECT p.ref, NULL, p.candidate_p, p.candidate_label FROM intent_pair p
        JOIN membership m ON m.ref = p.ref AND m.slice = $all
        WHERE p.candidate_label IN (SELECT unnest($critical::VARCHAR[])) AND p.gold <> p.candidate_label
          AND p.base_label <> p.candidate_label
        ORDER BY p.candidate_p DESC, p.ref
        """,
    ),
    (
        "broken",
        """
        SELECT p.ref, 'intent.accuracy', p.candidate_p FROM intent_pair p
        JOIN membership m ON m.ref = p.ref AND m.slice = $all
        WHERE p.transition = 'broken' ORDER BY p.candidate_p DESC, p.ref
        """,
    ),
    (
        "flip",
        """
        SELECT p.ref, NULL, abs(p.margin_change) FROM intent_pair p
        JOIN membership m ON m.ref = p.ref AND m.slice = $all
        WHERE p.flipped AND p.transition <> 'broken'
        ORDER BY p.transition = 'fixed', abs(p.margin_change) DESC, p.ref
        """,
    ),
    (
        "overconfident error",
        """
        SELECT p.ref, NULL, p.candidate_p FROM intent_pair p JOIN membership m ON m.ref = p.ref AND m.slice = $all
        WHERE NOT p.candidate_correct AND p.candidate_p >= $confident ORDER BY p.candidate_p DESC, p.ref
        """,
    ),
    (
        "margin cliff",
        """
        SELECT p.ref, NULL, p.margin_change FROM intent_pair p JOIN membership m ON m.ref = p.ref AND m.slice = $all
        WHERE p.transition = 'both_right' AND p.margin_change <= -$cliff ORDER BY p.margin_change, p.ref
        """,
    ),
)


def flags(connection: duckdb.DuckDBPyConnection, settings: TrackSettings) -> list[Flag]:
    """Every flag of the track, without rank; an example may carry several.

    A reason that bears on a gate names its key, so that the gate knows which examples decide it.
    """
    known = {
        "all": ALL,
        "critical": settings.critical_classes(),
        "min_class": MIN_CLASS,
        "cues": CUES_PER_GATE,
        "confident": CONFIDENT,
        "cliff": CLIFF,
        "moved": MOVED,
    }
    found: list[Flag] = []
    for reason, sql in _QUERIES:
        parameters = {name: value for name, value in known.items() if f"${name}" in sql}
        for ref, gate, value, *names in connection.execute(sql, parameters).fetchall():
            found.append(Flag(ref, reason.format(*names), gate, None, value, control=False))
    return found
