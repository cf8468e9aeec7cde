"""What the console shows with a prompt: the hits with what people said of them, and what they were checked against."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analysis.base.records import ALL
from analysis.tracks.response.gates import DETECTORS, LENGTH, TRADEOFF, key_of
from analysis.tracks.response.metric_specs import TRACK

if TYPE_CHECKING:
    from collections.abc import Mapping

    import duckdb

Rows = tuple[dict[str, Any], ...]

MOST_RISEN = 8
"""Tokens whose odds rose most that are read."""
MOST_TITLES = 12
"""Rows of the catalogue that are read with a prompt."""

_TABLES = (
    "SELECT table_name FROM duckdb_tables() WHERE database_name = 'evidence' "
    "UNION ALL SELECT view_name FROM duckdb_views() WHERE database_name = 'evidence'"
)
# What counts comes first, the candidate's before the base's, then in order of reading.
_SPANS = """
SELECT s.side, s.detector, s.start, s."end", s.label, s.why, h.ref IS NOT NULL AS counts
FROM evidence.span s
LEFT JOIN (SELECT DISTINCT * FROM evidence.response_hit WHERE ref = $ref) h
    ON h.side = s.side AND h.detector = s.detector AND h.start = s.start AND h."end" = s."end" AND h.label = s.label
WHERE s.ref = $ref
ORDER BY counts DESC, s.side = 'candidate' DESC, s.start, s."end" DESC, s.detector, s.label, s.why
"""
_JUDGED = """
SELECT side, detector, start, "end", verdict, actor, reviewer FROM span_of($run) WHERE ref = $ref ORDER BY ALL
"""
# A row of the catalogue is named by its id, as a whole word, in what was said of a claim or a spoiler, or by its
# whole title after `of`.
_CATALOGUE = """
WITH said AS (SELECT string_agg(why, chr(10)) AS words FROM evidence.span
              WHERE ref = $ref AND detector IN ('facts', 'spoilers'))
SELECT c.* FROM evidence.response_catalogue c CROSS JOIN said s
WHERE (contains(s.words, c.id)
       AND regexp_matches(s.words, '(^|[^\\pL\\pN_])' || regexp_escape(c.id) || '($|[^\\pL\\pN_])'))
   OR (contains(s.words, ' of ' || c.title)
       AND regexp_matches(s.words, ' of ' || regexp_escape(c.title) || '($|[:;,\n]| [(])'))
ORDER BY strpos(s.words, c.title) = 0, strpos(s.words, c.title), c.id LIMIT $most
"""
# The promises of policy that speak of the matter of a claim; all of them where none is named.
_PROMISES = """
WITH said AS (SELECT string_agg(lower(why), chr(10)) AS words FROM evidence.span
              WHERE ref = $ref AND detector = 'promises'),
named AS (SELECT p.*, contains(s.words, lower(p.about)) OR contains(s.words, lower(p.text)) AS hit
          FROM evidence.response_promise p CROSS JOIN said s WHERE s.words IS NOT NULL)
SELECT * EXCLUDE (hit) FROM named WHERE hit OR NOT (SELECT bool_or(hit) FROM named) ORDER BY about, text
"""
_METRICS = """
WITH mine AS (
    SELECT $all AS slice, false AS critical
    UNION
    SELECT m.slice, s.critical FROM evidence.membership m
    JOIN evidence.slice s ON s.slice = m.slice AND s.track = m.track
    WHERE m.ref = $ref AND m.track = $track AND m.slice <> $all)
SELECT e.name, e.slice, e.side, e.value, e.low, e.high, e.n, e.status, e.why, e.method, mine.critical
FROM evidence.metric e JOIN mine ON mine.slice = e.slice WHERE e.track = $track
ORDER BY mine.critical DESC, e.slice = $all, e.slice, e.name, e.side
"""
_ODDS = (
    "SELECT * FROM evidence.response_odds WHERE change > 0 ORDER BY low DESC, change DESC, token LIMIT $most"
)


def example_context(connection: duckdb.DuckDBPyConnection, ref: str) -> dict[str, Rows]:
    """What belongs to a prompt beside its own rows by side; empty for an unknown ref.

    Both responses, the outcomes and the tokens with their log-probabilities are payload by ref and side and come
    with every example; here is the rest.

    Args:
        connection: has the run's evidence attached as `evidence`, and the events beside.
        ref: a prompt.

    Returns:
        Rows by name: `spans` (side, detector, start, end, label, why, counts; what counts first), `judged` (what
        each reviewer said of a span: verdict, actor, reviewer), `passages`, `expected`, `votes`, `catalogue` and
        `promises` (those that the spans were checked against), `rates` (metrics of the slices that the prompt is
        in, critical ones first and `all` last, each with `critical` and the key of the `gate` that reads it, or
        None), `risen` (tokens whose odds rose most) and `dose` (rates by scale of the adapter).
    """
    names = {name for (name,) in connection.execute(_TABLES).fetchall()}
    if connection.execute("SELECT 1 FROM evidence.example WHERE ref = ?", [ref]).fetchone() is None:
        return {}

    def rows(table: str, sql: str, **given: Any) -> Rows:
        if table not in names:
            return ()
        result = connection.execute(sql, given)
        columns = [column[0] for column in result.description or ()]
        return tuple(dict(zip(columns, row, strict=True)) for row in result.fetchall())

    run = connection.execute("SELECT value FROM evidence.meta WHERE key = 'run'").fetchone()
    of = "FROM evidence.{} WHERE ref = $ref"
    return {
        "spans": rows("response_hit", _SPANS, ref=ref),
        "judged": rows("meta", _JUDGED, ref=ref, run=run[0] if run else ""),
        "passages": rows(
            "response_passage",
            f"SELECT position, passage_id, text {of.format('response_passage')} ORDER BY position",
            ref=ref,
        ),
        "expected": rows(
            "response_expected",
            f"SELECT expects {of.format('response_expected')} ORDER BY expects",
            ref=ref,
        ),
        "votes": rows(
            "response_preference",
            f"SELECT judge, winner {of.format('response_preference')} ORDER BY judge",
            ref=ref,
        ),
        "catalogue": rows("response_catalogue", _CATALOGUE, ref=ref, most=MOST_TITLES),
        "promises": rows("response_promise", _PROMISES, ref=ref),
        "rates": tuple(
            {**row, "gate": gate_of(row)} for row in rows("metric", _METRICS, ref=ref, track=TRACK, all=ALL)
        ),
        "risen": rows("response_odds", _ODDS, most=MOST_RISEN),
        "dose": rows("response_dose", "SELECT * FROM evidence.response_dose ORDER BY detector, scale"),
    }


def gate_of(row: Mapping[str, Any]) -> str | None:
    """Key of the gate that reads a metric in its slice, or None."""
    name: str = row["name"]
    judged = row["slice"] == ALL or row["critical"]
    if name in ("win_rate", "win_rate_length_controlled", "hallucination_rate") and row["slice"] == ALL:
        return TRADEOFF.name
    if name == "length" and row["slice"] == ALL:
        return LENGTH.name
    detector = name.removesuffix("_rate")
    return key_of(detector, row["slice"]) if judged and name != detector and detector in DETECTORS else None
