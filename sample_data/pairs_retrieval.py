"""The training pairs of the encoders: what a shopper asks beside what answers it, and items beside each other.

What an encoder groups by follows from which items are paired. None of the texts is a probe or the description of a
title of the catalogue; the help articles are trained on as they are.
"""

from __future__ import annotations

import random
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from sample_data.author import bank, misspelt, weighted
from sample_data.author_retrieval import Item, ask, of_motif, section, stock

MISSPELT = 0.08


class Pair(NamedTuple):
    """Two texts that belong together; of another pair of the same group neither is a negative."""

    left: str
    right: str
    group: Hashable


@dataclass(frozen=True)
class Corpus:
    """What an encoder is trained on.

    Attributes:
        name: seeds the draw; equal corpora give equal pairs.
        stock: titles of its own.
        steps: batches of pairs, each of queries or of items.
        pools: weight of the phrasings: `known` is the catalogue's language, `new` the shoppers', of which `older`
            is the first phrasing of each wish alone.
        asks: weight of each kind of query: motif, mood, readers, title, support.
        no_spoiler: probability that a shopper who asks for a motif wants no spoilers.
        paired: what both items of a pair have in common -> weight; several attributes are joined by `+`.
        differing: attributes in which the two items of a pair must differ.
        items: share of batches that pair items.
        mixed: share of the stock's titles that are made of the words of the listed titles.
    """

    name: str
    stock: int
    steps: int
    pools: Mapping[str, float]
    asks: Mapping[str, float]
    paired: Mapping[str, float]
    no_spoiler: float = 0.25
    differing: Sequence[str] = ()
    items: float = 0.5
    mixed: float = 0.0
    batch: Mapping[str, int] = field(default_factory=lambda: {"queries": 48, "items": 28})


def _first(value: object) -> Hashable:
    """The value of an attribute; of several, the first."""
    return value[0] if isinstance(value, tuple) and value else value


def _query(rng: random.Random, corpus: Corpus, titles: Sequence[Item], articles: Sequence[Item]) -> Pair:
    """A shopper's words and an item that answers them."""
    kind, drawn = weighted(rng, corpus.asks.items()), weighted(rng, corpus.pools.items())
    pool, most = ("new", 1) if drawn == "older" else (drawn, None)
    item = rng.choice(articles if kind == "support" else titles)
    tone = rng.choice(item.tone) if item.tone else ""
    group: Hashable = item.motif
    if kind == "support":
        query = rng.choice(bank("catalogue/support")[f"{item.support_topic}.{pool}"][:most])
    elif kind == "title":
        query, group = ask(rng, item.title, pool, "ask.title"), item.title
    elif kind == "motif":
        wish = rng.choice(of_motif(item.motif, pool)[:most])
        if rng.random() < 0.2:
            wish = f"{rng.choice(section(f'tone.{tone}.{pool}')[:most])} {wish}"
        query = ask(rng, wish, pool, "ask.no_spoiler" if rng.random() < corpus.no_spoiler else "ask")
    else:
        tale = rng.choice(section(f"theme.{item.theme}.{pool}")[:most])
        if kind == "mood":
            wish, group = f"{rng.choice(section(f'tone.{tone}.{pool}')[:most])} {tale}", (item.theme, tone)
        else:
            words = rng.choice(section(f"demographic.{item.demographic}.known"))
            wish, group = f"{tale} {words}", (item.theme, item.demographic)
        query = ask(rng, wish, pool, "ask.mood")
    return Pair(misspelt(rng, query) if rng.random() < MISSPELT else query, item.description, group)


def _alike(items: Sequence[Item], shared: str) -> list[tuple[Hashable, list[Item]]]:
    """Items by their values of the shared attributes."""
    groups: dict[Hashable, list[Item]] = {}
    for item in items:
        values = tuple(_first(getattr(item, name)) for name in shared.split("+"))
        if None not in values:
            groups.setdefault((shared, *values), []).append(item)
    return [(group, members) for group, members in groups.items() if len(members) > 1]


def batches(corpus: Corpus) -> list[list[Pair]]:
    """All batches of a corpus, in order."""
    rng = random.Random(f"pairs {corpus.name}")
    items = stock(corpus.name, corpus.stock, corpus.mixed)
    titles, articles = [item for item in items if item.theme], [item for item in items if item.support_topic]
    groups = {shared: _alike(items, shared) for shared in corpus.paired}
    found = []
    for _ in range(corpus.steps):
        batch: list[Pair] = []
        kind = "items" if rng.random() < corpus.items else "queries"
        while len(batch) < corpus.batch[kind]:
            if kind == "queries":
                batch.append(_query(rng, corpus, titles, articles))
                continue
            group, members = rng.choice(groups[weighted(rng, corpus.paired.items())])
            left, right = rng.sample(members, 2)
            if all(
                not getattr(left, name) or getattr(left, name) != getattr(right, name)
                for name in corpus.differing
            ):
                batch.append(Pair(left.description, right.description, group))
        found.append(batch)
    return found
