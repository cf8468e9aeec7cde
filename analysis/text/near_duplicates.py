"""Texts that are nearly the same: clusters of those whose sets of words overlap by a share.

Two texts are near-duplicates where the Jaccard index of their words is at least .7; clusters are what is connected by
that. Nothing here compares all pairs, so that 50,000 rows of one template cost what 50,000 different ones do.

- Of texts of at most `EXACT_WORDS` words all pairs are found. Two sets that overlap so much have a common subset which
  lacks few words of either, so each set is filed under all its subsets of that size. In one file the smallest set is
  joined to every set that is small enough, which settles the whole file.
- Longer ones are filed by MinHash signatures, and joined only after their Jaccard index was computed. A pair at .7 is
  missed with a probability of 2 in 10,000, one at .8 of 5 in 10 million, where its file is short; in a long one each
  set is compared with its nearest by size.
"""

from __future__ import annotations

import hashlib
import math
import unicodedata
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.text.units import pieces, without_unseen

JACCARD = 0.7
"""Share of the words of two texts, taken together, that near-duplicates have in common."""
EXACT_WORDS = 9
"""Up to this many different words a text is filed under all subsets that matter, 46 at most."""
BANDS, ROWS = 32, 4
"""MinHash: a pair is a candidate where all rows of one band agree."""
NEAREST = 8
"""In a file of candidates each set is compared with that many before it, by size."""
_WIDEST = 64
"""Sets up to this size are compared many pairs at once."""
_CELLS_AT_ONCE = 4_000_000
"""Comparisons of two words that are held in memory at a time."""

Pairs = NDArray[np.int64]
"""Joined sets, as (2, m) of their numbers."""
Words = NDArray[np.int32]
"""The different words of a text, (words,), by their numbers."""


def words_of(text: str) -> frozenset[str]:
    """The different words of a text, without case; its characters where it has no word; empty for a blank text."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return frozenset(pieces(without_unseen(folded))) or frozenset(folded.split())


def near_duplicate_clusters(texts: Sequence[str]) -> NDArray[np.int64]:
    """The cluster of each text, (n,): the number of its first member; a text without a near-duplicate is alone.

    Blank texts are one cluster. The same texts in the same order give the same clusters.
    """
    # Sets as the sorted numbers of their words, in bytes: a tenth of what sets of words take.
    code: dict[str, int] = {}
    sets: dict[bytes, int] = {}
    kind = np.empty(len(texts), np.int64)
    for number, text in enumerate(texts):
        codes = sorted(code.setdefault(word, len(code)) for word in words_of(text))
        kind[number] = sets.setdefault(array("i", codes).tobytes(), len(sets))
    component = (
        _components([np.frombuffer(one, np.int32) for one in sets], list(code))[kind] if sets else kind
    )
    _, first, member = np.unique(component, return_index=True, return_inverse=True)
    return first[member].astype(np.int64)


def shared_clusters(texts: Mapping[str, str]) -> dict[str, str]:
    """The cluster of each ref whose text has a near-duplicate, by the ref of its first member.

    Args:
        texts: by ref, in the order that decides who is the first.
    """
    return by_first(list(texts), near_duplicate_clusters(list(texts.values())))


def joined(refs: Sequence[str], *groupings: Mapping[str, Any]) -> dict[str, str]:
    """Clusters of what is connected by any of several groupings, as `shared_clusters`.

    Args:
        refs: every ref, in the order that decides who is the first.
        groupings: each of them ref -> group; refs that one lacks, or has as None, are alone in it.
    """
    place = {ref: number for number, ref in enumerate(refs)}
    edges: list[tuple[int, int]] = []
    for groups in groupings:
        first: dict[Any, int] = {}
        for ref in refs:
            group = groups.get(ref)
            if group is not None:
                edges.append((first.setdefault(group, place[ref]), place[ref]))
    component = _connected(len(refs), [np.array(edges, np.int64).reshape(-1, 2).T])
    _, start, member = np.unique(component, return_index=True, return_inverse=True)
    return by_first(refs, start[member])


def by_first(refs: Sequence[str], clusters: NDArray[np.int64]) -> dict[str, str]:
    """Ref -> ref of the first member, of the refs that are not alone; `clusters` (n,) has the first's number."""
    size = np.bincount(clusters, minlength=len(refs))
    return {ref: refs[at] for ref, at in zip(refs, clusters.tolist(), strict=True) if size[at] > 1}


def _components(sets: Sequence[Words], words: Sequence[str]) -> NDArray[np.int64]:
    """The component of each different set of words, (n,); a set has the places of its words in `words`."""
    keys = _word_keys(words)
    sizes = np.array([len(one) for one in sets], np.int64)
    pairs: list[Pairs] = []
    short = np.flatnonzero((sizes > 0) & (sizes <= EXACT_WORDS))
    if len(short):
        pairs.append(_short_pairs([sets[number] for number in short.tolist()], short, keys))
    if (sizes > EXACT_WORDS).any():
        # Of two near-duplicates the smaller has at least that share of the larger one's words.
        rest = np.flatnonzero(sizes > EXACT_WORDS * JACCARD)
        pairs += (rest[found] for found in _long_pairs([sets[number] for number in rest.tolist()], keys))
    return _connected(len(sets), pairs)


def _connected(n: int, pairs: Iterable[Pairs]) -> NDArray[np.int64]:
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    edges = np.concatenate([np.empty((2, 0), np.int64), *pairs], axis=1)
    graph = coo_array((np.ones(edges.shape[1], np.int8), (edges[0], edges[1])), shape=(n, n))
    labels: NDArray[np.int32] = connected_components(graph, directed=False)[1]
    return labels.astype(np.int64)


def _short_pairs(sets: Sequence[Words], numbers: NDArray[np.int64], keys: NDArray[np.uint64]) -> Pairs:
    """Pairs that connect all short sets that belong together.

    A and B with a Jaccard index of at least t have I = A ∩ B with |I| >= t max(|A|, |B|), so both are filed under I.
    In the file of I, |A| + |B| <= |I| (1 + 1/t) makes the index at least t whatever else they share; where it holds of
    A and B it holds of the smallest set with either.
    """
    size = np.array([len(one) for one in sets])
    files, owners, rooms = [], [], []
    for words in np.unique(size):
        mine = np.flatnonzero(size == words)
        held = keys[np.stack([sets[number] for number in mine.tolist()])]
        whole = held.sum(axis=1, dtype=np.uint64)
        for fewer in range(words - math.ceil(JACCARD * words - 1e-9) + 1):
            for out in combinations(range(words), fewer):
                files.append(whole - held[:, out].sum(axis=1, dtype=np.uint64))
                owners.append(mine)
                rooms.append(np.full(len(mine), (words - fewer) * (1 + 1 / JACCARD) + 1e-9))
    file, owner, room = np.concatenate(files), np.concatenate(owners), np.concatenate(rooms)
    order = np.lexsort((owner, size[owner], file))
    file, owner, room = file[order], owner[order], room[order]
    begins = np.concatenate([[True], file[1:] != file[:-1]])
    smallest = owner[np.flatnonzero(begins)[np.cumsum(begins) - 1]]
    near = ~begins & (size[smallest] + size[owner] <= room)
    return np.stack([numbers[smallest[near]], numbers[owner[near]]])


def _long_pairs(sets: Sequence[Words], keys: NDArray[np.uint64]) -> Iterator[Pairs]:
    """Near-duplicates among long sets, band by band; what is connected already is not compared again."""
    size = np.array([len(one) for one in sets])
    starts = np.concatenate([[0], np.cumsum(size)])
    words = np.concatenate(sets)
    component = np.arange(len(sets))
    found: list[Pairs] = []
    seen = np.empty(0, np.int64)
    for band in range(BANDS):
        file = np.zeros(len(sets), np.uint64)
        for row in range(BANDS * ROWS)[band * ROWS : (band + 1) * ROWS]:
            file = _mixed(file + np.minimum.reduceat(_mixed(keys, row)[words], starts[:-1]))
        order = np.lexsort((size, file))
        asked = []
        for step in range(1, min(NEAREST, len(sets) - 1) + 1):
            left, right = order[:-step], order[step:]
            fits = (
                (file[left] == file[right])
                & (size[left] >= JACCARD * size[right] - 1e-9)
                & (component[left] != component[right])
            )
            asked.append(np.minimum(left, right)[fits] * len(sets) + np.maximum(left, right)[fits])
        new = _not_among(np.concatenate([np.empty(0, np.int64), *asked]), seen)
        seen = np.sort(np.concatenate([seen, new]), kind="stable")
        pairs = np.stack([new // len(sets), new % len(sets)])
        near = pairs[:, _jaccard(words, starts, size, pairs) >= JACCARD - 1e-9]
        if near.shape[1]:
            found.append(near)
            component = _connected(len(sets), found)
    yield from found


def _not_among(values: NDArray[np.int64], seen: NDArray[np.int64]) -> NDArray[np.int64]:
    """The different values that are not in `seen`, both sorted; by sorting, since hashing such numbers may be slow."""
    values = np.sort(values)
    values = values[np.diff(values, prepend=-1) != 0]
    if not len(seen):
        return values
    place = np.minimum(np.searchsorted(seen, values), len(seen) - 1)
    new: NDArray[np.int64] = values[seen[place] != values]
    return new


def _jaccard(
    words: NDArray[np.int32], starts: NDArray[np.int64], size: NDArray[np.int64], pairs: Pairs
) -> NDArray[np.float64]:
    """The Jaccard index of each pair, (m,).

    Args:
        words: codes of all sets, one set after the other.
        starts: (n + 1,) where each begins.
        size: (n,) of each set.
        pairs: numbers of sets.
    """
    common = np.zeros(pairs.shape[1])
    wide = np.maximum(size[pairs[0]], size[pairs[1]])
    for width in (2**power for power in range(3, 7)):
        chosen = np.flatnonzero((wide <= width) & (wide > width // 2 if width > 8 else wide > 0))
        step = max(1, _CELLS_AT_ONCE // width**2)
        for part in (chosen[start : start + step] for start in range(0, len(chosen), step)):
            left, right = (
                _padded(words, starts, size, pairs[side, part], width, -1 - side) for side in (0, 1)
            )
            common[part] = (left[:, :, None] == right[:, None, :]).sum(axis=(1, 2))
    for number in np.flatnonzero(wide > _WIDEST):
        left, right = (words[starts[one] : starts[one + 1]] for one in pairs[:, number])
        common[number] = len(np.intersect1d(left, right, assume_unique=True))
    either: NDArray[np.float64] = size[pairs[0]] + size[pairs[1]] - common
    return common / either


def _padded(
    words: NDArray[np.int32],
    starts: NDArray[np.int64],
    size: NDArray[np.int64],
    chosen: NDArray[np.int64],
    width: int,
    blank: int,
) -> NDArray[np.int32]:
    """The codes of some sets as (m, width), filled up with a code that no word has."""
    column = np.arange(width)
    places = np.minimum(starts[chosen][:, None] + column, len(words) - 1)
    return np.where(column < size[chosen][:, None], words[places], np.int32(blank))


def _word_keys(words: Sequence[str]) -> NDArray[np.uint64]:
    """A 64-bit number for each word, (words,), that depends on the word alone."""
    digests = (
        hashlib.blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest() for word in words
    )
    return np.frombuffer(b"".join(digests), np.uint64)


def _mixed(keys: NDArray[np.uint64], row: int = 0) -> NDArray[np.uint64]:
    """The keys scrambled, as row `row` of a family of hash functions (Steele, Lea and Flood 2014, SplitMix64)."""
    mixed = keys + np.uint64((0x9E3779B97F4A7C15 * (row + 1)) % 2**64)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))
