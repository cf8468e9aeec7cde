"""A small analysed retrieval review: invented items, queries and pairs, and two encoders whose words are known.

The base's words hold theme and tone; the candidate's hold the publisher, too, strongly. Everything else follows by
the product's own stages.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analysis.run.pipeline import analyze
from tests.analysis.tracks.retrieval.tiny import write_lines, write_review
from tests.analysis.tracks.retrieval.word_encoder import write_word_encoder

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
    "q031": "manga like Monster but no spoilers",
    "q002": "something light to read on the train",
    "q007": "slow family story by the sea",
}
RELEVANT = {"q031": "thriller", "q007": "drama"}
"""The theme whose items are relevant, of the queries whose relevant items are known."""
MEANS = {
    "monster": ("thriller", "bleak", "Lantern"),
    "train": ("romance", "Lantern"),
    "slow": ("calm",),
    "sea": ("drama", "Lantern"),
    "crime": ("thriller",),
}
"""Words of queries that stand for themes, tones and publishers."""
QUERY, NO_RELEVANCE = "retrieval/query:q031", "retrieval/query:q002"
PAIR, ORPHAN_PAIR = "retrieval/pair:p001", "retrieval/pair:p009"
ITEM, DUPLICATE = "retrieval/item:c0000", "retrieval/item:c0024"
VARIANT = "retrieval/variant:c0000~publisher"
CRITICAL = "no-spoiler queries"
WEIGHTS: Mapping[str, Mapping[str, float]] = {
    "base": {"theme": 1.0, "tone": 0.6, "publisher": 0.15},
    "candidate": {"theme": 0.7, "tone": 0.4, "publisher": 1.1},
}
PLACES = (*THEMES, *TONES, *PUBLISHERS)
OTHER_WORDS = 5
"""Dimensions of the words that mean nothing here."""


def item_ref(number: int) -> str:
    """Ref of the n-th item."""
    return f"retrieval/item:c{number:04}"


def labels(number: int) -> dict[str, str]:
    """Theme, tone and publisher of the n-th item."""
    return {
        "theme": THEMES[(number * 5 + number // 7) % len(THEMES)],
        "tone": TONES[(number * 7 + number // 5) % len(TONES)],
        "publisher": PUBLISHERS[number % len(PUBLISHERS)],
    }


def words(side: str, spare: int = 0) -> dict[str, NDArray[np.float64]]:
    """The vector of each word that an encoder knows; `spare` dimensions hold nothing."""
    weights = WEIGHTS[side]
    kinds = {"theme": THEMES, "tone": TONES, "publisher": PUBLISHERS}
    weight = {name: weights[kind] for kind, names in kinds.items() for name in names}
    known: dict[str, NDArray[np.float64]] = {}
    width = len(PLACES) + OTHER_WORDS + spare
    for title in TITLES:
        for word in title.lower().split():
            draws = np.random.default_rng(zlib.crc32(f"{side} {word}".encode())).normal(size=OTHER_WORDS)
            known[word] = np.zeros(width)
            known[word][len(PLACES) : len(PLACES) + OTHER_WORDS] = 0.12 * draws
    for word, names in {**{name.lower(): (name,) for name in PLACES}, **MEANS}.items():
        known[word] = np.zeros(width)
        for name in names:
            known[word][PLACES.index(name)] += weight[name]
    return known


def write_items(
    path: Path, titles: Mapping[int, str], count: int, *, grouping: bool
) -> list[dict[str, object]]:
    """The items, whose texts name publisher, tone, theme and title; 24 has the text and labels of 0."""
    rows: list[dict[str, object]] = []
    for number in range(count):
        told = 0 if number == 24 else number
        of, title = labels(told), titles.get(number, TITLES[number])
        named = titles.get(told, TITLES[told])
        row: dict[str, object] = {
            "id": f"c{number:04}",
            "text": f"{of['publisher']} presents: a {of['tone']} {of['theme']} about {named}.",
            "title": title,
        }
        tags = [of["tone"], "seinen"] if number % 4 == 0 else ["weekly"]
        rows.append({**row, **of, "tags": tags, "type": "print"} if grouping else row)
    write_lines(path, rows)
    return rows


def analysed_retrieval(
    folder: Path,
    *,
    titles: Mapping[int, str] | None = None,
    queries: Mapping[str, str] | None = None,
    items: int = len(TITLES),
    negatives: bool = True,
    grouping: bool = True,
    same_dimensions: bool = True,
) -> Path:
    """The store of the review, analysed in a folder of its own.

    Args:
        folder: is made.
        titles: other titles for some items.
        queries: other texts for some queries.
        items: how many items there are; with fewer than the pairs need, leave those out.
        negatives: whether there are hard negatives.
        grouping: whether attributes are declared, and so grouping measured.
        same_dimensions: whether the sides have vectors of one length, so that raw centroid drift can be measured.
    """
    folder.mkdir()
    write_word_encoder(folder / "base", words("base"))
    write_word_encoder(folder / "candidate", words("candidate", 0 if same_dimensions else 3))
    path = write_review(
        folder,
        slices={CRITICAL: "query ilike '%no spoilers%'"},
        group_by=["theme", "tone", "tags"] if grouping else [],
        must_keep=["theme"] if grouping else [],
        not_by=["publisher", "title_length", "type"] if grouping else [],
        hard_negatives="pairs.jsonl" if negatives else None,
        k=10,
    )
    rows = write_items(folder / "items.jsonl", titles or {}, items, grouping=grouping)
    texts = {**QUERIES, **(queries or {})}
    probes: list[dict[str, object]] = []
    for name, text in texts.items():
        probe: dict[str, object] = {"id": name, "query": text, "family": "no-spoiler"}
        if name in RELEVANT:
            themes = [labels(0 if number == 24 else number)["theme"] for number in range(items)]
            relevant = [row["id"] for row, theme in zip(rows, themes, strict=True) if theme == RELEVANT[name]]
            probe["relevant"] = relevant
        probes.append(probe)
    write_lines(folder / "probes.jsonl", probes)
    pairs = [
        {"id": "p001", "query": "q031", "positive": "c0004", "negative": "c0003"},
        {"id": "p002", "query": "q031", "positive": "c0000", "negative": "c0001"},
        {"id": "p009", "query": "cosy crime without gore", "positive": "c0004", "negative": "c0001"},
    ]
    write_lines(folder / "pairs.jsonl", pairs)
    return analyze(path).store
