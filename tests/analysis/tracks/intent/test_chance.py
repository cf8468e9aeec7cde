"""Rankings against chance: what is saved changes no answer."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.models.load_classifier import LoadedClassifier
from analysis.tracks.intent import chance
from analysis.tracks.intent.chance import AGAINST_CHANCE, FIRST, Asked, stands
from analysis.tracks.intent.faithfulness import (
    RANKINGS,
    DeletionProbabilities,
    reference_rankings,
)
from analysis.tracks.intent.target import Target
from analysis.tracks.intent.tokenised import Tokenised, tokenise
from tests.analysis.tracks.intent.bag_of_words import CLASSES, WORDS, bag_of_words
from tests.analysis.tracks.intent.deleted import evaluate_deletions

TEXTS = 40


@pytest.fixture(scope="module")
def model() -> LoadedClassifier:
    rng = np.random.default_rng(0)
    return bag_of_words(
        {word: {CLASSES[index % 4]: float(rng.normal(0, 1))} for index, word in enumerate(WORDS)}
    )


@pytest.fixture(scope="module")
def texts(model: LoadedClassifier) -> list[Tokenised]:
    rng = np.random.default_rng(1)
    chosen = [rng.choice(WORDS, size=rng.integers(1, 14), replace=False) for _ in range(TEXTS)]
    return tokenise(model, [" ".join(words) for words in chosen], 64)


def asked_of(texts: list[Tokenised], seed: int) -> list[list[Asked]]:
    """Two random rankings of each text, the second for a contrast too."""
    rng = np.random.default_rng(seed)
    return [
        [
            Asked(target, tuple(int(word) for word in rng.permutation(len(text.words))))
            for target in (Target(0), Target(1), Target(0, 1))
        ]
        for text in texts
    ]


def test_every_answer_is_that_of_all_deletions(model: LoadedClassifier, texts: list[Tokenised]) -> None:
    asked = asked_of(texts, 2)
    seeds = list(range(TEXTS))
    found = stands(model, texts, asked, seeds)
    references = [reference_rankings(len(text.words), seed) for text, seed in zip(texts, seeds, strict=True)]
    needed = [
        [*one.rankings, *(each.ranking for each in rankings)]
        for one, rankings in zip(references, asked, strict=True)
    ]
    outputs = evaluate_deletions(model, texts, needed)
    drawn = set()
    for one, rankings, answers, known in zip(references, asked, found, outputs, strict=True):
        for each, answer in zip(rankings, answers, strict=True):
            p = DeletionProbabilities(known, each.target)
            own = p.faithfulness(each.ranking)
            values = np.array([p.faithfulness(ranking).difference for ranking in one.rankings])
            # Equal deletions in another order add up alike but for the last digit.
            as_good = values >= own.difference - 1e-9
            assert answer is not None
            assert answer.own == own
            if one.exhaustive:
                assert answer.p == pytest.approx(as_good.mean())
                continue
            look = next(look for look in AGAINST_CHANCE.looks if look.references == answer.rankings)
            assert answer.p == AGAINST_CHANCE.p(look, int(as_good[: answer.rankings].sum()))
            level = as_good[:FIRST] & (values[:FIRST] <= own.difference + 1e-9)
            assert answer.percentile == pytest.approx((~as_good[:FIRST]).mean() + level.mean() / 2)
            drawn.add(answer.rankings)
    assert len(drawn) > 2


def test_most_deletions_are_never_asked(
    model: LoadedClassifier, texts: list[Tokenised], monkeypatch: pytest.MonkeyPatch
) -> None:
    long = [text for text in texts if len(text.words) > 8]
    asked = asked_of(long, 3)
    rows: list[int] = []
    evaluate = chance.evaluate_sets

    def counted(classifier, given, sets):  # type: ignore[no-untyped-def]
        rows.append(sum(map(len, sets)))
        return evaluate(classifier, given, sets)

    monkeypatch.setattr(chance, "evaluate_sets", counted)
    at_once = stands(model, long, asked, list(range(len(long))))
    needed = [
        len(
            {
                gone
                for ranking in reference_rankings(len(text.words), seed).rankings
                for pair in chance.deletions(ranking)
                for gone in pair
            }
        )
        for seed, text in enumerate(long)
    ]
    assert sum(rows) < 0.6 * sum(needed)
    # How many turns the deletions are asked in changes no answer.
    monkeypatch.setattr(chance, "FEW_ROWS", 0)
    assert stands(model, long, asked, list(range(len(long)))) == at_once
    apart = [
        stands(model, [text], [one], [seed])[0]
        for seed, (text, one) in enumerate(zip(long, asked, strict=True))
    ]
    assert apart == at_once


def test_the_percentile_of_a_ranking_of_chance_is_a_half_on_average(model: LoadedClassifier) -> None:
    """One made of as many references as the test happened to draw would not be."""
    rng = np.random.default_rng(4)
    texts = tokenise(model, [" ".join(rng.choice(WORDS, size=9, replace=False)) for _ in range(300)], 64)
    found = stands(model, texts, asked_of(texts, 5), list(range(len(texts))))
    shares = [
        answer.percentile
        for answers in found
        for answer in answers[:1]
        if answer and answer.percentile is not None
    ]
    assert len(shares) == len(texts)
    assert np.mean(shares) == pytest.approx(0.5, abs=4 * np.std(shares) / np.sqrt(len(shares)))
    assert set(np.round(np.array(shares) * 2 * FIRST, 6) % 1) == {0.0}


def test_a_settled_ranking_draws_for_its_percentile_or_nothing(model: LoadedClassifier) -> None:
    text = tokenise(model, [" ".join(WORDS[:12])], 64)
    ranking = tuple(range(12))
    settled = Asked(Target(0), ranking, settled=True)
    unread = Asked(Target(0), ranking, settled=True, percentile=False)
    one, other = stands(model, text, [[settled, unread]], [7])[0]
    assert one is not None
    assert other is not None
    assert one.rankings <= FIRST
    assert one.percentile is not None
    assert (other.rankings, other.p, other.percentile) == (0, None, None)
    assert other.own == one.own
    assert other.decidable


def test_a_text_of_one_repeated_word_is_too_short_however_long() -> None:
    model = bag_of_words({"gift": {"escalation": 0.3}})
    text = tokenise(model, ["gift " * 9, "gift " * 8 + "human"], 64)
    rankings = [[Asked(Target(0), tuple(range(9)))]] * 2
    repeated, mixed = (one[0] for one in stands(model, text, rankings, [1, 2]))
    assert repeated is not None
    assert mixed is not None
    assert not repeated.decidable
    assert repeated.p is not None
    assert repeated.p > 0.1
    assert mixed.decidable


def test_no_more_than_all_rankings_are_drawn(model: LoadedClassifier, texts: list[Tokenised]) -> None:
    found = stands(model, texts, asked_of(texts, 6), list(range(TEXTS)))
    assert max(one.rankings for answers in found for one in answers if one) <= RANKINGS
