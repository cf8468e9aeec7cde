"""A small published retrieval review: invented items, queries and pairs, with every table that a view reads.

Base vectors hold theme and tone; the candidate's hold the publisher, too, strongly. Lists, ranks, margins and
overlaps follow from them by plain cosine, and metrics of all items are filled by hand.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from analysis.store.run import create_store, publish, schema_sql
from tests.analysis.store_fixture import describe

K = 10
SCHEMAS = ("evidence.sql", "retrieval.sql")
THEMES = ("thriller", "romance", "drama", "mystery")
TONES = ("bleak", "light", "calm")
PUBLISHERS = ("Lantern", "Bluewave", "Kogane")
TITLES = (
    "Quiet Suspect", "Harbor of Ash", "The Ninth Alibi", "Night Ferry", "Cold Harbor", "Sugar Parade",
    "Lantern Waltz", "Salt and Silence", "Paper Orchard", "The Glass Informant", "Blue Hour Diner",
    "A Winter for Two", "Seven Locked Doors", "The Tidekeeper", "Iron Orchard", "Moonlit Ledger",
    "Copper Sparrow", "The Last Cartographer", "Rooftop Confessions", "Dust over Kanda", "The Borrowed Name",
    "Firefly Platform", "A Doubtful Doctor", "Ashes at Noon", "The Velvet Witness", "Summer Static",
    "Stone Garden Letters", "The Eleventh Passenger",
)  # fmt: skip
QUERIES = {
    "q031": ("manga like Monster but no spoilers", ("thriller", "bleak")),
    "q002": ("something light to read on the train", ("romance", "light")),
    "q007": ("slow family story by the sea", ("drama", "calm")),
}
QUERY, NO_RELEVANCE = "retrieval/query:q031", "retrieval/query:q002"
PAIR, ORPHAN_PAIR = "retrieval/pair:p001", "retrieval/pair:p009"
ITEM, DUPLICATE = "retrieval/item:c0000", "retrieval/item:c0024"
VARIANT = "retrieval/variant:c0000~publisher"
CRITICAL = "no-spoiler queries"
SETTINGS = {
    "group_by": ["theme", "tone", "tags"],
    "must_keep": ["theme"],
    "not_by": ["publisher", "title_length"],
    "probes": True,
    "hard_negatives": True,
}
"""What the gates know of the review's settings."""

Vector = list[float]
WEIGHTS: Mapping[str, Mapping[str, float]] = {
    "base": {"theme": 1.0, "tone": 0.6, "publisher": 0.15},
    "candidate": {"theme": 0.7, "tone": 0.4, "publisher": 1.1},
}


def item_ref(number: int) -> str:
    """Ref of the n-th item."""
    return f"retrieval/item:c{number:04}"


def _labels(number: int) -> dict[str, str]:
    return {
        "theme": THEMES[(number * 5 + number // 7) % len(THEMES)],
        "tone": TONES[(number * 7 + number // 5) % len(TONES)],
        "publisher": PUBLISHERS[number % len(PUBLISHERS)],
    }


def _vector(side: str, labels: Mapping[str, str], seed: int) -> Vector:
    weights = WEIGHTS[side]
    vector = [
        weights[name] * (labels.get(name) == value)
        for name, values in (("theme", THEMES), ("tone", TONES), ("publisher", PUBLISHERS))
        for value in values
    ]
    return [*vector, *(0.35 * math.sin(seed * 12.9898 + place * 78.233 + len(side)) for place in range(5))]


def _cosine(left: Vector, right: Vector) -> float:
    product = sum(a * b for a, b in zip(left, right, strict=True))
    return product / math.sqrt(sum(a * a for a in left) * sum(b * b for b in right))


def _nearest(query: Vector, items: Mapping[str, Vector]) -> list[tuple[str, float]]:
    scored = [(ref, _cosine(query, vector)) for ref, vector in items.items()]
    return sorted(scored, key=lambda one: (-one[1], one[0]))


def fill_retrieval(
    *,
    titles: Mapping[int, str] | None = None,
    queries: Mapping[str, str] | None = None,
    items: int = len(TITLES),
    relevance: bool = True,
    negatives: bool = True,
    grouping: bool = True,
    same_dimensions: bool = True,
    map_withheld: str = "candidate seed stability .42 < .45",
) -> duckdb.DuckDBPyConnection:
    """An in-memory workbench with every table of the review.

    Args:
        titles: other titles for some items.
        queries: other texts for some queries.
        items: how many items there are.
        relevance: whether the relevant items of q031 and q007 are known.
        negatives: whether there are hard negatives.
        grouping: whether attributes were declared, and so grouping measured.
        same_dimensions: whether the sides have vectors of one length, so that raw centroid drift could be measured.
        map_withheld: why no map was drawn; '' where one was.
    """
    workbench = duckdb.connect(":memory:")
    for schema in SCHEMAS:
        workbench.execute(schema_sql(schema))
    _insert_items(workbench, items, titles or {}, grouping=grouping)
    vectors = {
        side: {item_ref(number): _vector(side, _labels(number), number) for number in range(items)}
        for side in WEIGHTS
    }
    lists = _insert_lists(workbench, vectors, queries or {})
    for query, (_, wanted) in QUERIES.items():
        if relevance and query != "q002":
            relevant = [number for number in range(items) if _labels(number)["theme"] == wanted[0]]
            for number in relevant:
                _insert(workbench, "retrieval_relevance", f"retrieval/query:{query}", item_ref(number))
        _insert_probe(workbench, f"retrieval/query:{query}", lists, relevance and query != "q002")
    if negatives:
        _insert_pairs(workbench, vectors, lists)
    _insert_variant(workbench)
    _insert_slices(workbench, negatives=negatives)
    _insert_metrics(workbench, items, grouping=grouping, same_dimensions=same_dimensions, why=map_withheld)
    workbench.execute("CREATE TABLE metadata_retrieval (ref VARCHAR, family VARCHAR)")
    workbench.execute(
        "INSERT INTO metadata_retrieval SELECT ref, 'no-spoiler' FROM example WHERE kind = 'query'"
    )
    for rank, (ref, reason, gate) in enumerate(
        (
            (QUERY, "lost a relevant item", "retrieval.probes"),
            (PAIR, "hard negative violated", "retrieval.hard_negatives"),
            (ITEM, "gained by publisher", "retrieval.confounds[publisher]"),
        ),
        start=1,
    ):
        if negatives or ref != PAIR:
            _insert(workbench, "flag", ref, reason, gate, rank, 0.5, False)
    _insert(workbench, "flag", NO_RELEVANCE, "random control", None, 4, None, True)
    return workbench


def _insert(workbench: duckdb.DuckDBPyConnection, table: str, *values: Any) -> None:
    marks = ", ".join("?" * len(values))
    workbench.execute(f"INSERT INTO {table} VALUES ({marks})", list(values))


def _insert_example(
    workbench: duckdb.DuckDBPyConnection, ref: str, text: str, parent: str | None = None
) -> None:
    kind, identifier = ref.removeprefix("retrieval/").split(":", 1)
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    _insert(workbench, "example", ref, "retrieval", kind, identifier, parent, text, None, digest)


def _insert_items(
    workbench: duckdb.DuckDBPyConnection, items: int, titles: Mapping[int, str], *, grouping: bool
) -> None:
    for number in range(items):
        ref, labels = item_ref(number), _labels(number)
        title = titles.get(number, TITLES[number])
        text = f"{labels['publisher']} presents: a {labels['tone']} {labels['theme']} about {title}."
        _insert_example(workbench, ref, text)
        _insert(workbench, "retrieval_item", ref, title, ITEM if ref == DUPLICATE else None)
        if not grouping:
            continue
        for name in ("theme", "tone"):
            _insert(workbench, "retrieval_attribute", ref, name, True, "categorical", [labels[name]], None)
        tags = [labels["tone"], "seinen"] if number % 4 == 0 else ["weekly"]
        _insert(workbench, "retrieval_attribute", ref, "tags", True, "multi-valued", tags, None)
        _insert(
            workbench,
            "retrieval_attribute",
            ref,
            "publisher",
            False,
            "categorical",
            [labels["publisher"]],
            None,
        )
        _insert(
            workbench, "retrieval_attribute", ref, "title_length", False, "numeric", [], float(len(title))
        )


Lists = dict[tuple[str, str], list[tuple[str, float]]]


def _insert_lists(
    workbench: duckdb.DuckDBPyConnection,
    vectors: Mapping[str, Mapping[str, Vector]],
    texts: Mapping[str, str],
) -> Lists:
    lists: Lists = {}
    for query, (text, (theme, tone)) in QUERIES.items():
        ref = f"retrieval/query:{query}"
        _insert_example(workbench, ref, texts.get(query, text))
        for side, of_side in vectors.items():
            asked = {"theme": theme, "tone": tone, "publisher": "Lantern"}
            lists[ref, side] = _nearest(_vector(side, asked, 90 + len(lists)), of_side)
    for side, of_side in vectors.items():
        for ref, vector in of_side.items():
            lists[ref, side] = [one for one in _nearest(vector, of_side) if one[0] != ref][:K]
    for (ref, side), near in lists.items():
        _insert(
            workbench, "retrieval_side", ref, side, [one for one, _ in near], [score for _, score in near]
        )
    for number, ref in enumerate(vectors["base"]):
        kept, gained, lost = _moved(lists, ref)
        overlap = len(kept) / max(len(kept) + len(gained), 1)
        _insert(workbench, "retrieval_shift", ref, overlap, gained, lost, 0.9 - 0.01 * number)
    return lists


def _moved(lists: Lists, ref: str) -> tuple[list[str], list[str], list[str]]:
    base, candidate = ([one for one, _ in lists[ref, side][:K]] for side in ("base", "candidate"))
    kept = [one for one in candidate if one in base]
    return kept, [one for one in candidate if one not in base], [one for one in base if one not in candidate]


def _insert_probe(workbench: duckdb.DuckDBPyConnection, ref: str, lists: Lists, known: bool) -> None:
    kept, gained, lost = _moved(lists, ref)
    measures = [0.6, 0.4, 1.0, 0.5, 0.68, 0.49] if known else [None] * 6
    overlap = len(kept) / (len(kept) + len(gained))
    _insert(workbench, "retrieval_probe", ref, overlap, overlap * 0.9, kept, gained, lost, *measures)


def _insert_pairs(
    workbench: duckdb.DuckDBPyConnection, vectors: Mapping[str, Mapping[str, Vector]], lists: Lists
) -> None:
    scores = {side: dict(lists[QUERY, side]) for side in vectors}
    positives = [ref for ref, _ in lists[QUERY, "base"]][:2]
    negatives = [ref for ref, _ in lists[QUERY, "candidate"] if ref not in positives][1:3]
    for number, (positive, negative) in enumerate(zip(positives, negatives, strict=True), start=1):
        ref = f"retrieval/pair:p{number:03}"
        _insert_example(workbench, ref, QUERIES["q031"][0], QUERY)
        _insert(workbench, "retrieval_hard_negative", ref, positive, negative)
        margins = [scores[side][positive] - scores[side][negative] for side in vectors]
        margins = [margins[0], -0.04] if number == 1 else margins
        _insert(workbench, "retrieval_margin", ref, *margins, *(margin < 0 for margin in margins))
        for side in vectors:
            near = lists[QUERY, side]
            _insert(
                workbench, "retrieval_side", ref, side, [one for one, _ in near], [score for _, score in near]
            )
    _insert_example(workbench, ORPHAN_PAIR, "cosy crime without gore")
    _insert(workbench, "retrieval_hard_negative", ORPHAN_PAIR, positives[0], negatives[0])
    _insert(workbench, "retrieval_margin", ORPHAN_PAIR, -0.1, 0.2, True, False)


def _insert_variant(workbench: duckdb.DuckDBPyConnection) -> None:
    labels = _labels(0)
    text = f"Bluewave presents: a {labels['tone']} {labels['theme']} about Quiet Suspect."
    _insert_example(workbench, VARIANT, text, ITEM)
    _insert(
        workbench, "retrieval_counterfactual", VARIANT, ITEM, "publisher", "Lantern", "Bluewave",
        0.9, 0.3, 0.0, 0.55,
    )  # fmt: skip


def _insert_slices(workbench: duckdb.DuckDBPyConnection, *, negatives: bool) -> None:
    queries = [f"retrieval/query:{query}" for query in QUERIES]
    pairs = [PAIR, "retrieval/pair:p002"] if negatives else []
    for name, kind, critical, refs in (
        ("all", "all", False, queries),
        (CRITICAL, "declared", True, [QUERY, *pairs]),
    ):
        _insert(workbench, "slice", name, "retrieval", kind, critical, "", len(refs))
        for ref in refs:
            _insert(workbench, "membership", name, "retrieval", ref)


def _metric(
    workbench: duckdb.DuckDBPyConnection,
    name: str,
    of: str,
    values: Sequence[float | None],
    n: int,
    *,
    half: float = 0.03,
    method: str = "",
    why: str = "",
    sides: Iterable[str] = ("base", "candidate", "difference"),
) -> None:
    for side, value in zip(sides, values, strict=True):
        low, high = (None, None) if value is None else (value - half, value + half)
        status = "unknown" if value is None else "ok"
        _insert(workbench, "metric", "retrieval", name, of, side, value, low, high, n, status, why, method)


def _insert_metrics(
    workbench: duckdb.DuckDBPyConnection, items: int, *, grouping: bool, same_dimensions: bool, why: str
) -> None:
    if grouping:
        for attribute, lift, change in (
            ("theme", (0.44, 0.51), 0.05),
            ("tone", (0.31, 0.18), -0.12),
            ("tags", (0.12, 0.13), None),
            ("publisher", (0.37, 0.98), 0.67),
            ("title_length", (0.06, 0.07), 0.01),
        ):
            plain = [*lift, lift[1] - lift[0]]
            _metric(workbench, "grouping_lift", attribute, plain, items, method="purity@10")
            strata = "" if change is not None else "strata too small: 3 of 28 items in strata of 5 or more"
            own = [None] * 3 if change is None else [lift[0] - 0.05, lift[0] - 0.05 + change, change]
            _metric(
                workbench, "grouping_conditional_lift", attribute, own, items,
                method="permutations within strata", why=strata,
            )  # fmt: skip
        _metric(
            workbench, "grouping_wanted_lift", "all", [0.29, 0.27, -0.02], items, method="mean over wanted"
        )
    for value, aligned, raw in (
        ("publisher=Lantern", 0.82, 1.4),
        ("theme=drama", 0.2, 0.9),
        ("tone=light", 0.12, 0.8),
    ):
        only = ("difference",)
        _metric(
            workbench,
            "centroid_drift",
            value,
            [aligned],
            9,
            method="aligned; within-group spread",
            sides=only,
        )
        if same_dimensions:
            _metric(workbench, "centroid_drift", value, [raw], 9, method="raw", sides=only)
    for name, values in (
        ("recall", [0.52, 0.44, -0.08]),
        ("ndcg", [0.61, 0.5, -0.11]),
        ("mrr", [0.8, 0.62, -0.18]),
    ):
        for of, n in (("all", 3), (CRITICAL, 1)):
            _metric(workbench, name, of, values, n, method="paired bootstrap")
    _metric(workbench, "overlap", "all", [0.47], 3, sides=("difference",))
    for name, values in (("hubness", [0.4, 1.9, 1.5]), ("anisotropy", [0.21, 0.33, 0.12])):
        _metric(workbench, name, "all", values, items, half=0.1)
    both = ("base", "candidate")
    for name, values in (
        ("map_trustworthiness", [0.97, 0.96]),
        ("map_continuity", [0.95, 0.94]),
        ("map_recall", [0.71, 0.69]),
        ("map_stability", [0.74, 0.42]),
    ):
        _metric(workbench, name, "all", values, items, half=0.02, method="tsne", sides=both)
    drawn = float(not why)
    _metric(
        workbench, "map_drawn", "all", [drawn], items, half=0.0, method="tsne", why=why, sides=("difference",)
    )


def publish_retrieval(folder: Path, **changes: Any) -> Path:
    """Publish the review, changed as `fill_retrieval` says, in a folder."""
    store = create_store(folder)
    workbench = fill_retrieval(**changes)
    description = describe()
    models = {
        "retrieval": {
            "base": {"folder": "encoder-v3", "digest": "a" * 64},
            "candidate": {"folder": "encoder-v4", "digest": "b" * 64},
        }
    }
    description["determined_by"] |= {"models": models, "tracks": {}, "lexicons": {}, "versions": {}}
    description |= {
        "tracks": ["retrieval"],
        "schemas": list(SCHEMAS),
        "gate_settings": {"retrieval": SETTINGS},
        "model_files": {"retrieval": {"base": {}, "candidate": {}}},
    }
    try:
        publish(store, workbench, description)
    finally:
        workbench.close()
    return store
