"""The choice by cross-fitting: by the other half, by the worse side, and never of what explains nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from analysis.base.records import SIDES
from analysis.tracks.intent.crossfit import CHANCE, LOOKS, OTHER, Race, half_of, race, used_by

Scores = Mapping[str, Mapping[str, Sequence[float]]]
"""Percentiles of every text by option and side."""


def run(
    scores: Scores, usable: Mapping[str, Sequence[bool]] | None = None
) -> tuple[Race, dict[str, list[int]]]:
    """A race over known percentiles, and which texts each option was tried on."""
    asked: dict[str, list[int]] = {option: [] for option in scores}

    def measure(options: Sequence[str], rows: range) -> dict[str, dict[str, np.ndarray]]:
        for option in options:
            asked[option] += rows
        return {
            option: {side: np.array(scores[option][side])[list(rows)] for side in SIDES} for option in options
        }

    count = len(next(iter(scores.values()))["base"])
    explained = {option: np.array((usable or {}).get(option, [True] * count)) for option in scores}
    return race(explained, measure), asked


def both(values: Sequence[float]) -> dict[str, Sequence[float]]:
    return dict.fromkeys(SIDES, values)


def noisy(mean: float, seed: int, count: int = 40) -> list[float]:
    return (mean + np.random.default_rng(seed).uniform(-0.1, 0.1, count)).clip(0, 1).tolist()


def test_the_worse_side_decides() -> None:
    lopsided = {"base": noisy(0.99, 1), "candidate": noisy(0.7, 2)}
    found, _ = run({"lopsided": lopsided, "even": both(noisy(0.85, 3))})
    assert found.chosen == "even"
    turned = {"base": lopsided["candidate"], "candidate": lopsided["base"]}
    assert run({"lopsided": turned, "even": both(noisy(0.85, 3))})[0].chosen == "even"


def test_of_equal_options_the_earlier_is_taken_at_the_first_look() -> None:
    same = both(noisy(0.9, 1))
    found, asked = run({"one": same, "other": same, "third": same})
    assert found.chosen == "one"
    assert {len(rows) for rows in asked.values()} == {LOOKS[0]}


def test_what_is_clearly_worse_is_given_up_and_what_is_close_is_looked_at_further() -> None:
    scores = {"good": both(noisy(0.9, 1)), "close": both(noisy(0.89, 2)), "bad": both(noisy(0.5, 3))}
    found, asked = run(scores)
    assert asked["bad"] == list(range(LOOKS[0]))
    assert asked["good"][: LOOKS[1]] == asked["close"][: LOOKS[1]] == list(range(LOOKS[1]))
    assert found.chosen in ("good", "close")
    assert max(map(len, asked.values())) <= LOOKS[-1]


def test_a_text_without_an_explanation_counts_as_chance() -> None:
    usable = {"seldom": [True] * 8 + [False] * 32}
    found, _ = run({"seldom": both([1.0] * 40), "always": both(noisy(0.8, 1))}, usable)
    assert found.chosen == "always"
    seldom = next(one for one in found.tried if one.option == "seldom")
    assert seldom.mean("base") == pytest.approx(0.2 * 1.0 + 0.8 * CHANCE)
    assert int(seldom.ranked.sum()) == 8


def test_what_explains_no_text_is_not_chosen_though_the_rest_is_worse_than_chance() -> None:
    never = {"never": [False] * 40}
    found, asked = run({"never": both([1.0] * 40), "poor": both(noisy(0.3, 1))}, never)
    assert found.chosen == "poor"
    assert asked["never"] == []
    nothing = {"never": [False] * 40, "nor": [False] * 40}
    assert run({"never": both([1.0] * 40), "nor": both([1.0] * 40)}, nothing)[0].chosen == "never"


@pytest.mark.parametrize("count", [0, 1, 2, 7, 11])
def test_few_texts_still_choose(count: int) -> None:
    found, asked = run({"worse": both([0.4] * count), "better": both([0.8] * count)})
    assert found.chosen == ("better" if count else "worse")
    assert asked["better"] == list(range(min(count, LOOKS[0])))


def test_halves_are_even_drawn_by_the_candidate_and_swapped_for_use() -> None:
    refs = [f"intent/message:{number}" for number in range(2000)]
    first, second = ([half_of(digest, ref) for ref in refs] for digest in ("a" * 64, "b" * 64))
    for halves in (first, second):
        assert 900 < halves.count("A") < 1100
    # Another candidate, other halves: nobody who makes one knows them beforehand.
    assert 900 < sum(one == other for one, other in zip(first, second, strict=True)) < 1100
    assert OTHER == {"A": "B", "B": "A"}
    chosen = [("integrated_gradients", "A", "unk"), ("integrated_gradients", "B", "pad"), ("lrp", "A", "cp")]
    assert used_by(chosen) == {
        "A": {"integrated_gradients": "pad"},
        "B": {"integrated_gradients": "unk", "lrp": "cp"},
    }
