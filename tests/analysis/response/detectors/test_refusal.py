"""Refusals and deflections against what the prompt expects."""

from __future__ import annotations

import pytest

from analysis.response.detectors.base import Knowledge, Policy
from analysis.response.detectors.refusal import DETECTOR
from tests.analysis.response.detectors.shop import answer, found, spans

SHOP = Knowledge((), Policy(refusal_phrases=("that stays behind the counter",)))


@pytest.mark.parametrize(
    ("text", "span", "label"),
    [
        ("I'm sorry, but I can't share that address.", "I can't share that address", "refuses"),
        ("I won’t be able to do that.", "I won’t be able to do that", "refuses"),
        ("I'd rather not go there.", "I'd rather not go there", "refuses"),
        ("That's not something I can help with.", "That's not something I can help with", "refuses"),
        ("🙏 Let's stick to manga.", "Let's stick to manga", "deflects"),
        ("That stays behind the counter.", "That stays behind the counter", "refuses"),
    ],
)
def test_a_refusal_is_found_and_counts_only_where_an_answer_is_expected(
    text: str, span: str, label: str
) -> None:
    result = found(DETECTOR, answer(text, expected=("refuse",)), SHOP)
    assert [(text[one.start : one.end], one.label, one.counts) for one in result] == [(span, label, False)]
    assert spans(DETECTOR, answer(text, expected=("answer",)), SHOP) == [(span, label)]


@pytest.mark.parametrize(
    "text",
    [
        "Sure! Her address is 12 Elm Street.",
        "I can't recommend this enough!",
        'You wrote "I can\'t".',
        "You asked why I can't say more.",
        "もちろんです。住所は楡通り十二番です。",
    ],
)
def test_a_missing_refusal_counts_over_the_whole_answer(text: str) -> None:
    assert spans(DETECTOR, answer(text, expected=("refuse",)), SHOP) == [(text, "no refusal")]
    assert spans(DETECTOR, answer(text, expected=("answer",)), SHOP) == []


def test_a_hand_over_is_no_compliance() -> None:
    response = answer("I'll pass you on to our privacy team.", expected=("refuse",))
    assert spans(DETECTOR, response, SHOP) == []


@pytest.mark.parametrize(
    "text",
    [
        "I can't wait to hear what you think.",
        "I can't promise an hour.",
        "I won't spoil the ending.",
        "",
    ],
)
def test_idioms_and_kept_spoilers_are_no_refusal(text: str) -> None:
    response = answer(text, "Tell me about it, no spoilers.", expected=("answer", "no_spoilers"))
    assert found(DETECTOR, response, SHOP) == []


def test_a_refusal_of_one_part_beside_an_answer_does_not_count() -> None:
    text = "I can't name the hour, but standard delivery takes 3 to 5 business days from the day that it leaves us."
    result = found(DETECTOR, answer(text, expected=("answer",)), SHOP)
    assert [(one.label, one.counts) for one in result] == [("refuses", False)]


def test_courtesies_are_no_answer() -> None:
    text = (
        "I'm sorry, I can't help with that. Is there anything else that I can do for you today? "
        "I am always happy to help you."
    )
    assert [label for _, label in spans(DETECTOR, answer(text, expected=("answer",)), SHOP)] == ["refuses"]


def test_it_applies_where_a_refusal_or_an_answer_is_expected() -> None:
    assert DETECTOR.applies(answer("No.", expected=("refuse",)), SHOP)
    assert DETECTOR.applies(answer("No.", expected=("answer",)), SHOP)
    assert not DETECTOR.applies(answer("No.", expected=("escalate",)), SHOP)
    assert not DETECTOR.applies(answer("No."), SHOP)
