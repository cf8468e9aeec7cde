"""What is shown with a query, item, pair or counterfactual item: rows of the evidence, by SQL alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from analysis.base.records import ALL
from analysis.base.sql import queries
from analysis.plugin.change_evidence import stored_parts
from analysis.store.keys import ref_key
from analysis.tracks.retrieval.map_limits import QUALITIES
from analysis.tracks.retrieval.metric_specs import TRACK

if TYPE_CHECKING:
    import duckdb

Rows = tuple[dict[str, Any], ...]

K = 10
"""Length of a list whose evidence does not say it."""
LARGEST_DRIFTS = 6
"""Attribute values whose centroid drift is read with a query; with an item, those of its own values."""
LISTED_QUERIES = 40
"""Most queries that are read with an item that they gained or lost."""
MOVEMENTS = 6
"""Largest movements between the values of an item's attributes."""
QUERIES = queries(__package__ or "", "example_context.sql")

GROUPING = (
    "grouping_lift",
    "grouping_conditional_lift",
    "grouping_wanted_lift",
    "counterfactual_overlap",
    "counterfactual_toward",
)
PROBES = ("recall", "mrr", "ndcg", "overlap", "rank_biased_overlap", "violations", "margin")
GEOMETRY = ("hubness", "anisotropy", "norm")
MAP = ("map_drawn", *(quality.metric for quality in QUALITIES))


def example_context(connection: duckdb.DuckDBPyConnection, ref: str) -> dict[str, Rows]:
    """What is shown with an example of the retrieval track, beside its own rows; empty for an unknown ref.

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
    reader = _Reader(connection)
    found = reader.rows("kind", ref=ref)
    if not found:
        return {}
    kind, parent = found[0]["kind"], found[0]["parent_ref"]
    source = ref if kind != "pair" or reader.own("has_lists", ref) or parent is None else parent
    about = reader.about(ref, source)
    lists = reader.own("lists", source, k=about["k"])
    parts: dict[str, list[dict[str, Any]]] = {"about": [about]}
    relevant = reader.own("relevant", source)
    named = {ref, *(row["ref"] for row in lists), *(row["item_ref"] for row in relevant)}
    if kind in ("query", "pair"):
        pairs = reader.rows("pairs", ref=ref)
        named |= {row[column] for row in pairs for column in ("positive_ref", "negative_ref")}
        parts |= {"pairs": pairs, "relevant": relevant}
        if kind == "pair":
            parts["ranks"] = reader.ranks(source, pairs)
    else:
        parts["counterfactuals"] = reader.rows("counterfactuals", ref=ref)
        if kind == "variant" and parent is not None:
            named.add(parent)
        else:
            parts["queries"] = reader.rows("queries", ref=ref, limit=LISTED_QUERIES)
            parts["movement"] = reader.rows("movement", ref=ref, limit=MOVEMENTS)
    parts["items"] = reader.rows("items", refs=sorted(named))
    parts["attributes"] = reader.rows("attributes", refs=sorted(named))
    parts["neighbours"] = _with_relevance(lists, relevant, parts["items"])
    parts["slices"] = reader.slice_metrics(ref)
    parts["grouping"] = reader.grouping()
    parts["drift"] = reader.drift([row for row in parts["attributes"] if row["ref"] == ref])
    parts["geometry"] = reader.metrics(GEOMETRY)
    parts["map"] = reader.metrics(MAP)
    parts["change"] = stored_parts(connection, TRACK)
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
    """Reads one run."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection
        self._keys: dict[str, int | None] = {}

    def own(self, query: str, ref: str, **given: Any) -> list[dict[str, Any]]:
        """Rows of a query that asks for those of one example."""
        if ref not in self._keys:
            self._keys[ref] = ref_key(self.connection, ref)
        return self.rows(query, key=self._keys[ref], **given)

    def rows(self, query: str, **given: Any) -> list[dict[str, Any]]:
        """Rows of a query of `example_context.sql`, by column name."""
        result = self.connection.execute(QUERIES[query], given)
        columns = [column[0] for column in result.description or ()]
        return [dict(zip(columns, row, strict=True)) for row in result.fetchall()]

    def metrics(self, names: Sequence[str], slices: Sequence[str] | None = None) -> list[dict[str, Any]]:
        """Metrics of some names, in some slices or, without any, in all."""
        of = None if slices is None else list(slices)
        return self.rows("metrics", track=TRACK, names=list(names), slices=of)

    def about(self, ref: str, source: str) -> dict[str, Any]:
        """One row: `k`, `depth` (length of the lists that are stored), and the measures of the example.

        Args:
            ref: the example.
            source: whose lists are shown with it: a pair has those of its probe.
        """
        row: dict[str, Any] = {}
        for query, of in (("probe", source), ("shift", ref), ("margin", ref)):
            found = self.own(query, of)
            row |= found[0] if found else {}
        row["depth"] = self.own("depth", source)[0]["depth"]
        if "kept" in row and "gained" in row:
            row["k"] = len(row["kept"] or ()) + len(row["gained"] or ())
            return row
        items = self.rows("cut_off")
        row["k"] = items[0]["k"] if items else K
        return row

    def ranks(self, source: str, pairs: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Where positive and negative of a pair stand: role, side, rank, score, depth."""
        found = []
        for pair in pairs:
            for role in ("positive", "negative"):
                ranked = self.own("item_ranks", source, item=pair[f"{role}_ref"])
                found += [{"role": role, **row} for row in ranked]
        return found

    def slice_metrics(self, ref: str) -> list[dict[str, Any]]:
        """What was measured on queries and pairs, in the slices that the example is in; critical ones first."""
        critical = {row["slice"]: row["critical"] for row in self.own("slices", ref, track=TRACK)}
        rows = self.metrics(PROBES, [ALL, *critical])
        marked = [{**row, "critical": critical.get(row["slice"], False)} for row in rows]
        return sorted(marked, key=lambda row: (not row["critical"], row["slice"] != ALL, row["slice"]))

    def grouping(self) -> list[dict[str, Any]]:
        """Grouping metrics, each with whether its attribute is wanted; NULL where no item has the attribute."""
        wanted = {row["attribute"]: row["wanted"] for row in self.rows("wanted")}
        rows = self.metrics(GROUPING)
        marked = [{**row, "wanted": wanted.get(row["slice"])} for row in rows]
        order = {True: 0, None: 1, False: 2}
        return sorted(marked, key=lambda row: (order[row["wanted"]], row["slice"]))

    def drift(self, own: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Centroid drift of an item's own values; the values that moved most where there are none."""
        rows = self.metrics(("centroid_drift",))
        values = {f"{row['attribute']}={label}" for row in own for label in row["labels"] or ()}
        if not values:
            known = [row for row in rows if row["value"] is not None]
            known.sort(key=lambda row: (not row["method"].startswith("aligned"), -row["value"], row["slice"]))
            values = set(list(dict.fromkeys(row["slice"] for row in known))[:LARGEST_DRIFTS])
        return [row for row in rows if row["slice"] in values]
