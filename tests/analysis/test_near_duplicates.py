"""Clusters of near-duplicates, held against all pairs."""

from __future__ import annotations

import random
import time

import numpy as np
import pytest
from numpy.typing import NDArray

from analysis.text.near_duplicates import (
    JACCARD,
    joined,
    near_duplicate_clusters,
    shared_clusters,
    words_of,
)


def by_all_pairs(texts: list[str]) -> NDArray[np.int64]:
    sets = [words_of(text) for text in texts]
    cluster = list(range(len(texts)))

    def root(one: int) -> int:
        while cluster[one] != one:
            one = cluster[one]
        return one

    for right in range(len(texts)):
        for left in range(right):
            union = len(sets[left] | sets[right])
            if not union or len(sets[left] & sets[right]) / union >= JACCARD:
                low, high = sorted((root(left), root(right)))
                cluster[high] = low
    return np.array([root(one) for one in range(len(texts))], np.int64)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Don't re-time_it!", {"don", "t", "re", "time", "it"}),
        ("क्या मदद", {"क्या", "मदद"}),
        ("Cafe\u0301 CAFÉ", {"café"}),
        ("戦争ー", {"戦", "争", "ー"}),
        ("می\u200cخواهم میخواهم", {"میخواهم"}),
        ("?! ?!", {"?!"}),
        (" ", set()),
    ],
)
def test_words_that_are_compared(text: str, expected: set[str]) -> None:
    assert words_of(text) == expected


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(("least", "most"), [(0, 9), (3, 14), (8, 30)])
def test_clusters_are_those_of_all_pairs(least: int, most: int, seed: int) -> None:
    """Texts, and copies of them with words dropped, added and changed."""
    rng = random.Random(seed)
    words = [f"w{number}" for number in range(200)]
    texts: list[str] = []
    for _ in range(60):
        text = rng.sample(words, rng.randint(least, most))
        texts.append(" ".join(text))
        for _ in range(rng.randint(0, 3)):
            copy = [word for word in text if rng.random() > 0.12]
            copy += rng.sample(words, rng.randint(0, 3))
            rng.shuffle(copy)
            texts.append(" ".join(copy))
    rng.shuffle(texts)
    assert near_duplicate_clusters(texts).tolist() == by_all_pairs(texts).tolist()


def test_words_are_compared_without_case_order_and_marks() -> None:
    texts = ["Where is my order?", "order, where is my", "where is my parcel", "whére is my order"]
    assert near_duplicate_clusters(texts).tolist() == [0, 0, 2, 3]
    assert shared_clusters(dict(zip("abcd", texts, strict=True))) == {"a": "a", "b": "a"}


def test_scripts_without_spaces_are_compared_by_character() -> None:
    assert near_duplicate_clusters(
        ["私の注文はどこですか", "私の注文はどこですか？", "返金してください"]
    ).tolist() == [0, 0, 2]


def test_texts_without_words_are_compared_by_their_marks() -> None:
    assert near_duplicate_clusters(["", "  ", "!!!", "!!!", "???", "👍"]).tolist() == [0, 0, 2, 2, 4, 5]
    assert near_duplicate_clusters([]).tolist() == []


def test_groups_and_near_duplicates_join() -> None:
    refs = list("abcdef")
    found = joined(refs, {"b": "t1", "d": "t1", "e": None, "f": None}, {"d": "d", "c": "d"})
    assert found == {"b": "b", "c": "b", "d": "b"}


LONG = (
    "please tell me where the order with number {} is for i have been waiting three weeks and nobody answers"
)


@pytest.mark.parametrize(
    ("texts", "clusters"),
    [
        (["where is my order please"] * 50_000, 1),
        ([f"where is my order {number} please" for number in range(20_000)], 1),
        ([f"order {number} late" for number in range(20_000)], 20_000),
        ([LONG.format(number) for number in range(20_000)], 1),
        ([" ".join(f"w{word}" for word in range(200_000)), "short one"], 2),
        ([f"a{number % 100} b{number // 100} " + "same " * 40 for number in range(10_000)], 10_000),
    ],
    ids=["identical", "template", "too short a template", "long template", "one huge", "many repeats"],
)
def test_hostile_texts_take_no_quadratic_time(texts: list[str], clusters: int) -> None:
    started = time.process_time()
    assert len(set(near_duplicate_clusters(texts).tolist())) == clusters
    assert time.process_time() - started < 15


def test_many_short_texts_are_fast() -> None:
    rng = random.Random(1)
    words = [f"w{number}" for number in range(5_000)]
    texts = [" ".join(rng.choices(words, k=rng.randint(3, 14))) for _ in range(100_000)]
    started = time.process_time()
    near_duplicate_clusters(texts)
    assert time.process_time() - started < 30
