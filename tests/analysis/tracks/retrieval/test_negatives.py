"""Hard negatives: margins, violations, ties, and their paired change."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from scipy.stats import binomtest

from analysis.base.records import ALL
from analysis.stats import effective_n
from analysis.tracks.retrieval.negatives import Pair, margins, pair_metrics
from tests.analysis.tracks.retrieval.spaces import catalogue, rotated, unit, with_candidate

COUNT = 80


def confused(count: int = COUNT, noise: float = 0.3) -> tuple[object, list[Pair]]:
    rng = np.random.default_rng(5)
    space = catalogue(count=120, queries=40)
    other = unit(space.vectors["base"] + noise * rng.normal(size=space.vectors["base"].shape))
    space = with_candidate(space, other)
    picked = rng.choice(120, (count, 2))
    picked[:, 1] = np.where(picked[:, 0] == picked[:, 1], (picked[:, 1] + 1) % 120, picked[:, 1])
    pairs = [
        Pair(
            f"retrieval/pair:p{number:03}",
            space.queries[number % 40],
            space.refs[picked[number, 0]],
            space.refs[picked[number, 1]],
        )
        for number in range(count)
    ]
    return space, pairs


def test_a_margin_is_the_difference_of_two_cosines() -> None:
    space, pairs = confused(5)
    for pair, row in zip(pairs, margins(space, pairs).to_pylist(), strict=True):  # type: ignore[arg-type]
        for side in ("base", "candidate"):
            query = space.query_vectors[side][space.queries.index(pair.query)]  # type: ignore[attr-defined]
            right, wrong = (
                space.vectors[side][space.refs.index(ref)]  # type: ignore[attr-defined]
                for ref in (pair.positive, pair.negative)
            )
            assert row[f"{side}_margin"] == pytest.approx(
                float(query @ right) - float(query @ wrong), abs=1e-6
            )
            assert row[f"{side}_violated"] == (row[f"{side}_margin"] <= 1e-6)


def test_counts_shares_and_the_test_agree() -> None:
    space, pairs = confused()
    table = margins(space, pairs)  # type: ignore[arg-type]
    rows = table.to_pylist()
    broken = sum(row["candidate_violated"] and not row["base_violated"] for row in rows)
    fixed = sum(row["base_violated"] and not row["candidate_violated"] for row in rows)
    slices = {ALL: [pair.ref for pair in pairs], "few": [pair.ref for pair in pairs[:7]], "none": []}
    metrics = pair_metrics(table, slices, {pair.ref: pair.query for pair in pairs}, 0)
    at = {(one.name, one.slice, one.side): one for one in metrics}
    assert broken
    assert fixed
    assert at["pairs_broken", ALL, "difference"].value == broken
    assert at["pairs_fixed", ALL, "difference"].value == fixed
    nets = Counter[str]()
    for pair, row in zip(pairs, rows, strict=True):
        nets[pair.query] += int(row["candidate_violated"]) - int(row["base_violated"])
    worse, better = (sum(sign * net > 0 for net in nets.values()) for sign in (1, -1))
    squares = sum(net**2 for net in nets.values())
    assert at["pairs_broken_clusters", ALL, "difference"].value == worse
    assert at["pairs_fixed_clusters", ALL, "difference"].value == better
    assert at["pairs_net_squares", ALL, "difference"].value == squares
    assert at["violations", ALL, "difference"].n_effective == effective_n(broken, fixed, COUNT, squares)
    expected = binomtest(worse, worse + better, 0.5, alternative="greater").pvalue
    assert at["pairs_mcnemar_p", ALL, "difference"].value == pytest.approx(expected)
    change = at["violations", ALL, "difference"]
    assert change.value == pytest.approx((broken - fixed) / COUNT)
    assert change.low is not None
    assert change.high is not None
    assert change.low < change.value < change.high  # type: ignore[operator]
    assert at["violations", "few", "base"].n == 7
    assert not any(one.slice == "none" for one in metrics)
    margin = [at["margin", ALL, side].value for side in ("base", "candidate", "difference")]
    assert margin[2] == pytest.approx((margin[1] or 0) - (margin[0] or 0))


def test_items_that_cannot_be_told_apart_violate_on_both_sides_also_after_a_rotation() -> None:
    space = catalogue(count=40, queries=10)
    vectors = space.vectors["base"].copy()
    vectors[1::2] = vectors[::2]
    space = with_candidate(space, vectors)
    space.vectors["base"][:] = vectors
    turned = with_candidate(space, rotated(vectors), rotated(space.query_vectors["base"]))
    pairs = [
        Pair(f"p{n}", turned.queries[n], turned.refs[2 * n + n % 2], turned.refs[2 * n + 1 - n % 2])
        for n in range(10)
    ]
    for row in margins(turned, pairs).to_pylist():
        assert row["base_violated"]
        assert row["candidate_violated"]
