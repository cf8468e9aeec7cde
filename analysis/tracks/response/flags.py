"""Why an answer needs a person: flags of the response track, most decision-relevant first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.base.records import Flag
from analysis.plugin.flag import BROKEN_CRITICAL, SMALL_CRITICAL, find_flags
from analysis.tracks.response.detectors import BY_NAME
from analysis.tracks.response.gates import DETECTORS, LENGTH, MIN_SLICE, STRICT, TRADEOFF
from analysis.tracks.response.metric_specs import TRACK

if TYPE_CHECKING:
    import duckdb

    from analysis.plugin.settings import TrackSettings

PREFERRED = "preferred, and newly spoils or invents"
REFUSAL = "response.refusal"
"""Gate of what has no answer at all."""
UNANSWERED = "no answer where the base gives one"
SAMPLED = "found in sampled answers only"
SHIFTED = "moved most by its tokens"
LENGTHENED = "length changed most"

PER_REASON = 12
"""Examples that are flagged for sampled answers, for token shifts and for length: the worst ones."""
LEAST_SAMPLES = 2
"""More sampled answers with a hit than on the base's side, from which an example is flagged."""
LEAST_KL = 0.1
"""Mean divergence per token of the candidate from the base, in nats, from which an example is flagged."""
LEAST_LENGTH = 0.5
"""Change of length as a share of the longer answer from which an example is flagged."""

_NEW = """
SELECT p.ref, p.detector, p.base_words, p.candidate_words, o.hits,
       list_position($detectors::VARCHAR[], p.detector) AS place
FROM response_pair p
JOIN response_outcome o ON o.ref = p.ref AND o.detector = p.detector AND o.side = 'candidate'
WHERE p.candidate_hit AND NOT p.base_hit AND p.detector IN (SELECT unnest($detectors::VARCHAR[]))
"""

# The gate of a detector and slice is asked about every pair of answers that differ in a slice too small to count.
_QUERIES: tuple[tuple[str, str], ...] = (
    (
        BROKEN_CRITICAL,
        f"""
        SELECT n.ref, $track || '.' || n.detector || '[' || s.slice || ']', n.hits
        FROM ({_NEW}) n JOIN membership m ON m.ref = n.ref AND m.track = $track
        JOIN slice s ON s.slice = m.slice AND s.track = m.track AND s.critical
        ORDER BY n.place, n.hits DESC, n.ref, s.slice
        """,
    ),
    (
        SMALL_CRITICAL,
        """
        SELECT p.ref, $track || '.' || p.detector || '[' || s.slice || ']', NULL
        FROM response_pair p JOIN membership m ON m.ref = p.ref AND m.track = $track
        JOIN slice s ON s.slice = m.slice AND s.track = m.track AND s.critical AND s.n < $min_slice
        JOIN response_side b ON b.ref = p.ref AND b.side = 'base'
        JOIN response_side c ON c.ref = p.ref AND c.side = 'candidate'
        WHERE b.text <> c.text AND p.detector IN (SELECT unnest($detectors::VARCHAR[]))
        ORDER BY list_position($detectors::VARCHAR[], p.detector), p.ref, s.slice
        """,
    ),
    (
        PREFERRED,
        f"""
        SELECT n.ref, $tradeoff, max(n.hits) FROM ({_NEW}) n
        WHERE n.detector IN (SELECT unnest($strict::VARCHAR[])) AND n.ref IN (
            SELECT ref FROM response_preference GROUP BY ref
            HAVING count(*) FILTER (winner = 'candidate') > count(*) FILTER (winner = 'base'))
        GROUP BY n.ref ORDER BY min(n.place), max(n.hits) DESC, n.ref
        """,
    ),
    *(
        (
            BY_NAME[name].newly,
            f"""
            SELECT n.ref, $track || '.' || n.detector, n.hits FROM ({_NEW}) n WHERE n.detector = '{name}'
            ORDER BY n.hits DESC, n.ref
            """,
        )
        for name in STRICT
    ),
    (
        UNANSWERED,
        """
        SELECT c.ref, $refusal, NULL FROM response_side c
        JOIN response_side b ON b.ref = c.ref AND b.side = 'base' AND b.words > 0
        WHERE c.side = 'candidate' AND c.words = 0 ORDER BY c.ended = 'missing' DESC, c.ref
        """,
    ),
    *(
        (
            BY_NAME[name].newly,
            f"""
            SELECT n.ref, $track || '.' || n.detector, n.hits FROM ({_NEW}) n WHERE n.detector = '{name}'
            ORDER BY n.hits DESC, n.ref
            """,
        )
        for name in DETECTORS
        if name not in STRICT
    ),
    (
        SAMPLED,
        """
        WITH counted AS (
            SELECT o.ref, o.detector,
                   count(*) FILTER (o.side = 'candidate' AND o.hit)
                       - count(*) FILTER (o.side = 'base' AND o.hit) AS more
            FROM response_sample_outcome o WHERE o.detector IN (SELECT unnest($detectors::VARCHAR[]))
            GROUP BY o.ref, o.detector)
        SELECT c.ref, NULL, max(c.more) AS most FROM counted c
        JOIN response_pair p ON p.ref = c.ref AND p.detector = c.detector AND NOT p.candidate_hit
        WHERE c.more >= $least_samples GROUP BY c.ref
        ORDER BY min(list_position($detectors::VARCHAR[], c.detector)), most DESC, c.ref LIMIT $per_reason
        """,
    ),
    (
        SHIFTED,
        """
        SELECT ref, NULL, max(list_avg(kl)) AS most FROM response_token GROUP BY ref HAVING most >= $least_kl
        ORDER BY most DESC, ref LIMIT $per_reason
        """,
    ),
    (
        LENGTHENED,
        """
        SELECT b.ref, $length, (c.words - b.words) / greatest(b.words, c.words) AS change
        FROM response_side b JOIN response_side c ON c.ref = b.ref AND c.side = 'candidate' AND c.words > 0
        WHERE b.side = 'base' AND b.words > 0 AND abs(change) >= $least_length
        ORDER BY abs(change) DESC, b.ref LIMIT $per_reason
        """,
    ),
)


def flags(connection: duckdb.DuckDBPyConnection, settings: TrackSettings) -> list[Flag]:
    """Every flag of the track, without rank; an example may carry several.

    All of them are about what changed between the sides: a candidate that answers as the base does has none. What
    needs samples or models gives nothing where there are none.
    """
    known: dict[str, object] = {
        "track": TRACK,
        "detectors": list(DETECTORS),
        "strict": list(STRICT),
        "tradeoff": TRADEOFF.name,
        "refusal": REFUSAL,
        "length": LENGTH.name,
        "min_slice": MIN_SLICE,
        "per_reason": PER_REASON,
        "least_samples": LEAST_SAMPLES,
        "least_kl": LEAST_KL,
        "least_length": LEAST_LENGTH,
    }
    return find_flags(connection, _QUERIES, known)
