"""What the console shows beside a query, item, pair or counterfactual item: rows of the evidence, by SQL alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import duckdb

Rows = tuple[dict[str, Any], ...]

K = 10
"""Length of a list whose evidence does not say it."""
LARGEST_DRIFTS = 6
"""Attribute values whose centroid drift is read with a query; with an item, those of its own values."""
LISTED_QUERIES = 40
"""Most queries that are read with an item that they gained or lost."""

GROUPING = (
    "grouping_lift",
    "grouping_conditional_lift",
    "grouping_wanted_lift",
    "counterfactual_overlap",
    "counterfactual_toward",
)
PROBES = ("recall", "mrr", "ndcg", "overlap", "rank_biased_overlap", "violations", "margin")
GEOMETRY = ("hubness", "anisotropy", "norm")

_LISTS = """
WITH s AS (SELECT side, neighbours, scores FROM evidence.retrieval_side WHERE ref = $ref),
one AS (
    SELECT s.side, unnest(s.neighbours[1:$k]) AS ref, unnest(s.scores[1:$k]) AS score,
           generate_subscripts(s.neighbours[1:$k], 1) AS rank, o.neighbours AS others
    FROM s LEFT JOIN s o ON o.side <> s.side)
SELECT side, rank, ref, score, nullif(list_position(others, ref), 0) AS other_rank FROM one ORDER BY side, rank
"""
_ITEMS = """
SELECT e.ref, e.id, e.text, coalesce(i.title, e.id) AS title, i.duplicate_of
FROM evidence.example e LEFT JOIN evidence.retrieval_item i ON i.ref = e.ref
WHERE e.ref IN (SELECT unnest($refs::VARCHAR[])) AND e.kind IN ('item', 'variant') ORDER BY e.ref
"""
_RELEVANT = """
SELECT r.item_ref, coalesce(i.duplicate_of, r.item_ref) AS title_ref
FROM evidence.retrieval_relevance r LEFT JOIN evidence.retrieval_item i ON i.ref = r.item_ref
WHERE r.ref = $ref ORDER BY r.item_ref
"""
_PAIRS = """
SELECT e.ref, e.id, h.positive_ref, h.negative_ref, p.title AS positive_title, n.title AS negative_title,
       m.base_margin, m.candidate_margin, m.base_violated, m.candidate_violated
FROM evidence.example e JOIN evidence.retrieval_hard_negative h ON h.ref = e.ref
LEFT JOIN evidence.retrieval_margin m ON m.ref = e.ref
LEFT JOIN evidence.retrieval_item p ON p.ref = h.positive_ref
LEFT JOIN evidence.retrieval_item n ON n.ref = h.negative_ref
WHERE {which}
ORDER BY m.candidate_violated AND NOT m.base_violated DESC NULLS LAST, m.candidate_violated DESC NULLS LAST,
         m.candidate_margin NULLS LAST, e.ref
"""
_PAIR_RANKS = """
SELECT s.side, nullif(list_position(s.neighbours, $item), 0) AS rank, len(s.neighbours) AS depth,
       s.scores[nullif(list_position(s.neighbours, $item), 0)] AS score
FROM evidence.retrieval_side s WHERE s.ref = $ref ORDER BY s.side
"""
_QUERIES = """
SELECT e.ref, e.id, e.text, list_contains(p.gained, $ref) AS gained FROM evidence.retrieval_probe p
JOIN evidence.example e ON e.ref = p.ref
WHERE list_contains(p.gained, $ref) OR list_contains(p.lost, $ref) ORDER BY gained DESC, e.ref LIMIT $limit
"""
_COUNTERFACTUALS = """
SELECT c.*, e.text FROM evidence.retrieval_counterfactual c JOIN evidence.example e ON e.ref = c.ref
WHERE c.item_ref = $ref OR c.ref = $ref ORDER BY c.candidate_overlap - c.base_overlap NULLS LAST, c.ref
"""
_MOVEMENT = """
SELECT m.* FROM evidence.retrieval_movement m JOIN evidence.retrieval_attribute a
    ON a.ref = $ref AND a.attribute = m.attribute AND list_contains(a.labels, m.from_label)
ORDER BY abs(m.candidate_share - m.base_share) DESC NULLS LAST, m.attribute, m.from_label, m.to_label LIMIT 6
"""
_WANTED = "SELECT attribute, bool_or(wanted) AS wanted FROM evidence.retrieval_attribute GROUP BY attribute"
_METRICS = """
SELECT name, slice, side, value, low, high, n, status, why, method FROM evidence.metric
WHERE track = 'retrieval' AND ({which}) ORDER BY name, slice, method, side
"""


def example_context(connection: duckdb.DuckDBPyConnection, ref: str) -> dict[str, Rows]:
    """What belongs to an example of the retrieval track beside its own rows; empty for an unknown ref.

    Args:
        connection: has the run's evidence attached as `evidence`.
        ref: a query, item, pair or variant.

    Returns:
        Rows by name. Of each kind: `about` (one row: k, depth, and the measures of this example), `neighbours`
        (side, rank from 1, ref, score, other_rank: its rank on the other side or NULL where that list ends
        before it, relevant: NULL where no relevance was given), `items` and `attributes` of every item named,
        `grouping`, `drift`, `geometry`, `map` and `slices` (metrics). Of a query: `relevant`, `pairs`. Of an
        item: `queries`, `counterfactuals`, `movement`. Of a pair: `pairs` (itself), `ranks`. Of a variant:
        `counterfactuals` (itself).
    """
    found = connection.execute(
        "SELECT kind, parent_ref FROM evidence.example WHERE ref = ?", [ref]
    ).fetchone()
    if found is None:
        return {}
    kind, parent = found
    reader = _Reader(connection)
    source = ref if kind != "pair" or reader.has_lists(ref) or parent is None else parent
    about = reader.about(ref, source)
    lists = reader.rows(("retrieval_side",), _LISTS, ref=source, k=about["k"])
    parts: dict[str, list[dict[str, Any]]] = {"about": [about]}
    relevant = reader.rows(("retrieval_relevance", "retrieval_item"), _RELEVANT, ref=source)
    named = {ref, *(row["ref"] for row in lists), *(row["item_ref"] for row in relevant)}
    if kind in ("query", "pair"):
        which = "e.ref = $ref" if kind == "pair" else "e.kind = 'pair' AND e.parent_ref = $ref"
        pairs = reader.rows(
            ("retrieval_hard_negative", "retrieval_margin", "retrieval_item"),
            _PAIRS.format(which=which),
            ref=ref,
        )
        named |= {row[column] for row in pairs for column in ("positive_ref", "negative_ref")}
        parts |= {"pairs": pairs, "relevant": relevant}
        if kind == "pair":
            parts["ranks"] = reader.ranks(source, pairs)
    else:
        parts["counterfactuals"] = reader.rows(("retrieval_counterfactual",), _COUNTERFACTUALS, ref=ref)
        if kind == "variant" and parent is not None:
            named.add(parent)
        else:
            parts["queries"] = reader.rows(("retrieval_probe",), _QUERIES, ref=ref, limit=LISTED_QUERIES)
            parts["movement"] = reader.rows(("retrieval_movement", "retrieval_attribute"), _MOVEMENT, ref=ref)
    parts["items"] = reader.rows(("retrieval_item",), _ITEMS, refs=sorted(named))
    parts["attributes"] = reader.attributes(named)
    parts["neighbours"] = _with_relevance(lists, relevant, parts["items"])
    parts["slices"] = reader.slice_metrics(ref)
    parts["grouping"] = reader.grouping()
    parts["drift"] = reader.drift([row for row in parts["attributes"] if row["ref"] == ref])
    parts["geometry"] = reader.metrics("list_contains($names, name)", names=list(GEOMETRY))
    parts["map"] = reader.metrics("starts_with(name, 'map_')")
    return {name: tuple(rows) for name, rows in parts.items()}


def _with_relevance(
    lists: Iterable[dict[str, Any]], relevant: Iterable[Mapping[str, Any]], items: Iterable[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Neighbours with whether they are relevant: by title, so that an item with the same text counts as well."""
    titles = {row["title_ref"] for row in relevant}
    first = {row["ref"]: row["duplicate_of"] or row["ref"] for row in items}
    return [
        {**row, "relevant": first.get(row["ref"], row["ref"]) in titles if titles else None} for row in lists
    ]


class _Reader:
    """Reads tables of one run; a table that the run does not have is one without rows."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection
        names = connection.execute(
            "SELECT table_name FROM duckdb_tables() WHERE database_name = 'evidence'"
        ).fetchall()
        self.names = {name for (name,) in names}

    def rows(self, tables: Iterable[str], sql: str, **given: Any) -> list[dict[str, Any]]:
        """Rows of a query by column name, or none where one of its tables is not there."""
        if not self.names.issuperset(tables):
            return []
        result = self.connection.execute(sql, given)
        columns = [column[0] for column in result.description or ()]
        return [dict(zip(columns, row, strict=True)) for row in result.fetchall()]

    def metrics(self, which: str, **given: Any) -> list[dict[str, Any]]:
        """Metrics of the track that a condition names."""
        return self.rows(("metric",), _METRICS.format(which=which), **given)

    def has_lists(self, ref: str) -> bool:
        """Whether an example has neighbour lists of its own."""
        return bool(
            self.rows(("retrieval_side",), "SELECT 1 FROM evidence.retrieval_side WHERE ref = $ref", ref=ref)
        )

    def about(self, ref: str, source: str) -> dict[str, Any]:
        """One row: `k`, `depth` (length of the lists that are stored), and the measures of the example."""
        row: dict[str, Any] = {}
        for table, of in (("retrieval_probe", source), ("retrieval_shift", ref), ("retrieval_margin", ref)):
            found = self.rows(
                (table,), f"SELECT * EXCLUDE (ref) FROM evidence.{table} WHERE ref = $ref", ref=of
            )
            row |= found[0] if found else {}
        lengths = self.rows(
            ("retrieval_side",),
            "SELECT max(len(neighbours)) AS depth FROM evidence.retrieval_side WHERE ref = $ref",
            ref=source,
        )
        row["depth"] = lengths[0]["depth"] if lengths else None
        if "kept" in row and "gained" in row:
            row["k"] = len(row["kept"] or ()) + len(row["gained"] or ())
            return row
        items = self.rows(
            ("retrieval_side",),
            "SELECT len(neighbours) AS k FROM evidence.retrieval_side "
            "WHERE starts_with(ref, 'retrieval/item:') LIMIT 1",
        )
        row["k"] = items[0]["k"] if items else K
        return row

    def attributes(self, refs: Iterable[str]) -> list[dict[str, Any]]:
        """Attributes of some items: wanted ones first, and of those the categorical ones."""
        return self.rows(
            ("retrieval_attribute",),
            "SELECT * FROM evidence.retrieval_attribute WHERE ref IN (SELECT unnest($refs::VARCHAR[])) "
            "ORDER BY ref, wanted DESC, kind, attribute",
            refs=sorted(refs),
        )

    def ranks(self, source: str, pairs: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Where positive and negative of a pair stand: role, side, rank, score, depth."""
        found = []
        for pair in pairs:
            for role in ("positive", "negative"):
                ranked = self.rows(("retrieval_side",), _PAIR_RANKS, ref=source, item=pair[f"{role}_ref"])
                found += [{"role": role, **row} for row in ranked]
        return found

    def slice_metrics(self, ref: str) -> list[dict[str, Any]]:
        """What was measured on queries and pairs, in the slices that the example is in; critical ones first."""
        slices = dict(
            self.connection.execute(
                "SELECT m.slice, s.critical FROM evidence.membership m JOIN evidence.slice s "
                "ON s.slice = m.slice AND s.track = m.track WHERE m.ref = ? AND m.track = 'retrieval'",
                [ref],
            ).fetchall()
        )
        rows = self.metrics(
            "list_contains($names, name) AND list_contains($slices, slice)",
            names=list(PROBES),
            slices=["all", *slices],
        )
        marked = [{**row, "critical": slices.get(row["slice"], False)} for row in rows]
        return sorted(marked, key=lambda row: (not row["critical"], row["slice"] != "all", row["slice"]))

    def grouping(self) -> list[dict[str, Any]]:
        """Grouping metrics, each with whether its attribute is wanted; NULL where no item has the attribute."""
        wanted = {row["attribute"]: row["wanted"] for row in self.rows(("retrieval_attribute",), _WANTED)}
        rows = self.metrics("list_contains($names, name)", names=list(GROUPING))
        marked = [{**row, "wanted": wanted.get(row["slice"])} for row in rows]
        order = {True: 0, None: 1, False: 2}
        return sorted(marked, key=lambda row: (order[row["wanted"]], row["slice"]))

    def drift(self, own: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Centroid drift of an item's own values; the values that moved most where there are none."""
        rows = self.metrics("name = 'centroid_drift'")
        values = {f"{row['attribute']}={label}" for row in own for label in row["labels"] or ()}
        if not values:
            known = [row for row in rows if row["value"] is not None]
            known.sort(key=lambda row: (not row["method"].startswith("aligned"), -row["value"], row["slice"]))
            values = set(list(dict.fromkeys(row["slice"] for row in known))[:LARGEST_DRIFTS])
        return [row for row in rows if row["slice"] in values]
