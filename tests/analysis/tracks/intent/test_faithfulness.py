"""ERASER's comprehensiveness and sufficiency by hand, and what chance would give."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.tracks.intent.faithfulness import (
    RANKINGS,
    DeletionProbabilities,
    against_chance,
    deletions,
    distinct_rankings,
    rank,
    reference_rankings,
    top_counts,
)
from analysis.tracks.intent.target import Target
from analysis.tracks.intent.tokenised import tokenise
from tests.analysis.tracks.intent.bag_of_words import CLASSES, WORDS, bag_of_words
from tests.analysis.tracks.intent.deleted import evaluate_deletions


def test_top_shares_are_rounded_up_to_whole_words() -> None:
    assert top_counts(1) == (1, 1, 1)
    assert top_counts(10) == (1, 2, 5)
    assert top_counts(11) == (2, 3, 6)
    assert top_counts(30) == (3, 6, 15)


def test_equal_scores_keep_the_order_of_the_text() -> None:
    assert rank([0.0, 2.0, -1.0, 2.0]) == (1, 3, 0, 2)


def test_comprehensiveness_and_sufficiency_by_hand() -> None:
    model = bag_of_words({"human": {"escalation": 2.0}, "parcel": {"order_tracking": 1.0}})
    text = tokenise(model, ["where human is parcel"], 64)[0]
    ranking = (1, 0, 2, 3)
    outputs = next(evaluate_deletions(model, [text], [[ranking]]))
    found = DeletionProbabilities(outputs, Target(0)).faithfulness(ranking)

    def p(escalation: float, order: float) -> float:
        return math.exp(escalation) / (math.exp(escalation) + math.exp(order) + 2 + math.exp(0.75))

    whole = p(2, 1)
    # The top 10, 20 and 50 % of four words are 1, 1 and 2 words: "human", "human", "where human".
    assert found.comprehensiveness == pytest.approx(whole - p(0, 1), abs=1e-6)
    assert found.sufficiency == pytest.approx(whole - p(2, 0), abs=1e-6)
    assert found.difference == pytest.approx(p(2, 0) - p(0, 1), abs=1e-6)


def test_a_contrast_is_judged_between_its_two_classes() -> None:
    model = bag_of_words({"human": {"escalation": 2.0}})
    text = tokenise(model, ["a human"], 64)[0]
    outputs = next(evaluate_deletions(model, [text], [[(1, 0)]]))
    found = DeletionProbabilities(outputs, Target(0, 1)).faithfulness((1, 0))
    assert found.comprehensiveness == pytest.approx(1 / (1 + math.exp(-2)) - 0.5, abs=1e-6)
    assert found.sufficiency == pytest.approx(0.0, abs=1e-6)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 7))
def test_distinct_rankings_are_counted_as_enumerated(words: int) -> None:
    counts = top_counts(words)
    chains = {
        tuple(frozenset(order[:count]) for count in counts) for order in itertools.permutations(range(words))
    }
    assert distinct_rankings(words) == len(chains)


@pytest.mark.parametrize("words", range(12))
def test_short_texts_are_compared_with_every_ranking_and_longer_ones_with_random_ones(words: int) -> None:
    reference = reference_rankings(words, seed=3)
    assert reference == reference_rankings(words, seed=3)
    assert reference.exhaustive == (words <= 5)
    assert len(reference.rankings) == (0 if not words else min(distinct_rankings(words), RANKINGS))
    assert all(sorted(ranking) == list(range(words)) for ranking in reference.rankings)


def test_p_and_percentile_by_hand() -> None:
    drawn = [0.1 * number for number in range(100)]
    best = against_chance(99.0, drawn, exhaustive=False)
    assert (best.p, best.percentile, best.decidable) == (1 / 101, 1.0, True)
    tenth = against_chance(drawn[91], drawn, exhaustive=False)
    assert tenth.p == pytest.approx(10 / 101)
    assert tenth.percentile == pytest.approx(0.915)
    everything = against_chance(3.0, [0.0, 1.0, 2.0, 3.0], exhaustive=True)
    assert (everything.p, everything.percentile) == (0.25, 0.875)


@pytest.mark.parametrize(
    ("words", "decidable"), [(1, False), (2, False), (3, False), (4, True), (5, True), (8, True)]
)
def test_a_text_is_too_short_exactly_where_no_ranking_could_reach_the_level(
    words: int, decidable: bool
) -> None:
    rng = np.random.default_rng(words)
    chosen = WORDS[:words]
    model = bag_of_words({word: {"escalation": float(rng.uniform(0.2, 1))} for word in chosen})
    text = tokenise(model, [" ".join(chosen)], 64)[0]
    reference = reference_rankings(words, seed=1)
    outputs = next(evaluate_deletions(model, [text], [reference.rankings]))
    p = DeletionProbabilities(outputs, Target(0))
    chance = [p.faithfulness(ranking).difference for ranking in reference.rankings]
    found = [against_chance(one, chance, exhaustive=reference.exhaustive) for one in chance]
    assert {one.decidable for one in found} == {decidable}
    assert (min(one.p for one in found) <= 0.10) == decidable


def test_deletions_of_many_texts_are_those_of_each_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    model = bag_of_words({"human": {"escalation": 2.0}, "where": {"returns": -1.0}})
    texts = tokenise(model, ["where is a human", "my gift", "human human where", ""], 64)
    rankings = [reference_rankings(len(text.words), 0).rankings for text in texts]
    together = list(evaluate_deletions(model, texts, rankings))
    monkeypatch.setattr("analysis.tracks.intent.faithfulness.TOKENS_AT_ONCE", 8)
    apart = list(evaluate_deletions(model, texts, rankings))
    for one, other in zip(together, apart, strict=True):
        assert one.keys() == other.keys()
        for gone, logits in one.items():
            np.testing.assert_array_equal(logits, other[gone])
    assert list(together[3]) == [frozenset()]
    assert together[3][frozenset()].shape == (len(CLASSES),)


def test_bounds_close_on_the_difference_and_hold_it_on_the_way() -> None:
    model = bag_of_words({"human": {"escalation": 2.0}, "where": {"returns": -1.0}})
    text = tokenise(model, ["where is a human and my gift"], 64)[0]
    ranking = (3, 0, 6, 1, 2, 4, 5)
    pairs = tuple(deletions(ranking))
    outputs = next(evaluate_deletions(model, [text], [[ranking]]))
    true = DeletionProbabilities(outputs, Target(0)).faithfulness(ranking).difference
    known = DeletionProbabilities({}, Target(0))
    low, high = known.bounds(pairs)
    assert (low, high) == (-1.0, 1.0)
    for gone, logits in outputs.items():
        known.add({gone: logits})
        low, high = (max(low, known.bounds(pairs)[0]), min(high, known.bounds(pairs)[1]))
        assert low <= true + 1e-9
        assert high >= true - 1e-9
    assert low == high == pytest.approx(true)
