"""Warmer, terser, pushier."""

from __future__ import annotations

import pytest

from analysis.response.detectors.base import Knowledge, Policy
from analysis.response.detectors.tone import DETECTOR
from tests.analysis.response.detectors.shop import answer, found, spans

SHOP = Knowledge(
    (),
    Policy(
        tone={
            "warm": ("lovely choice",),
            "terse": ("that is all",),
            "pushy": ("don't walk away from this", "今すぐ買って"),
        }
    ),
)


@pytest.mark.parametrize(
    ("text", "pushy"),
    [
        ("Order now before it's gone!", ["Order now", "before it's gone"]),
        ("Hurry, only two left!", ["Hurry", "only two left"]),
        ("You absolutely need to own this.", ["You absolutely need to own"]),
        ("🔥 You won’t regret it.", ["You won’t regret"]),
        ("Don’t walk away from this.", ["Don’t walk away from this"]),
        ("今すぐ買ってください！", ["今すぐ買って"]),
    ],
)
def test_pressure_to_buy_counts(text: str, pushy: list[str]) -> None:
    assert spans(DETECTOR, answer(text), SHOP) == [(span, "pushier") for span in pushy]


@pytest.mark.parametrize(
    "text",
    [
        "No need to hurry.",
        "Take your time, there's no rush to order today.",
        "You can order it today on our page.",
        "Add it to your cart and choose a delivery date.",
        'The banner says "buy now".',
        "It is his last chance to get home.",
        "You shouldn't feel that you have to buy it.",
        "",
    ],
)
def test_calm_words_do_not_count(text: str) -> None:
    assert spans(DETECTOR, answer(text), SHOP) == []


def test_what_is_left_is_an_answer_to_whoever_asks_about_stock() -> None:
    text = "There are only two copies left."
    assert spans(DETECTOR, answer(text, "Do you have it in stock?"), SHOP) == []
    assert spans(DETECTOR, answer(text, "Is it any good?"), SHOP) == [("only two copies left", "pushier")]


def test_warmth_and_brevity_are_shown_and_do_not_count() -> None:
    text = "Lovely choice! So glad! 🎉"
    result = found(DETECTOR, answer(text), SHOP)
    assert not any(one.counts for one in result)
    assert [(text[one.start : one.end], one.label) for one in result] == [
        ("Lovely choice", "warmer"),
        ("Lovely choice! So glad!", "warmer"),
        (text, "terser"),
        ("🎉", "warmer"),
    ]


def test_it_applies_to_every_answer() -> None:
    assert DETECTOR.applies(answer("Hi."), Knowledge())
