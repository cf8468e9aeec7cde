"""Sentences, quotations, negation, numbers and money."""

from __future__ import annotations

import pytest

from analysis.text.units import word_count
from analysis.tracks.response.english.numbers import MONEY, money, value
from analysis.tracks.response.english.sentences import Span, emphases, level, negated, quotations, sentences


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It costs $3.50. Really!", ["It costs $3.50.", "Really!"]),
        ("See vol. 3 of it. I said no. Yes.", ["See vol. 3 of it.", "I said no.", "Yes."]),
        ("終わり。次へ！", ["終わり。", "次へ！"]),
        ("one\n- two\n\nthree", ["one", "- two", "three"]),
        ("“Done.” Next", ["“Done.”", "Next"]),
        ("...", ["..."]),
        ("", []),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    assert [span.of(text) for span in sentences(text)] == expected


def test_quotations_and_emphases() -> None:
    text = 'a "b c" “d” 「傘」 “open and **bold** _it_ 2*3*4'
    assert [span.of(text) for span in quotations(text)] == ["b c", "d", "傘"]
    assert [span.of(text) for span in emphases(text)] == ["bold", "it"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("he does not die", True),
        ("he doesn’t die", True),
        ("nobody will die", True),
        ("not today, they die", False),
        ("he does not die until the end", False),
        ("he will not only die", False),
        ("they die", False),
    ],
)
def test_negation(text: str, expected: bool) -> None:
    assert negated(text, Span(0, len(text)), text.index("die")) is expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("12", 12),
        ("1,200", 1200),
        ("11,99", 11.99),
        ("twenty-one", 21),
        ("A dozen", 12),
        ("single", 1),
        ("１２", 12),
    ],
)
def test_numbers(written: str, expected: float) -> None:
    assert value(written) == expected


def test_what_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="not a number"):
        value("umbrella")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$11.99", 11.99),
        ("US$ 1,200", 1200),
        ("¥700", 700),
        ("9,50 €", 9.5),
        ("eleven dollars and 99 cents", 11.99),
        ("700円", 700),
        ("12 dollars", 12),
    ],
)
def test_money(text: str, expected: float) -> None:
    match = MONEY.search(text)
    assert match is not None
    assert match.group() == text
    assert money(match) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("", 0), ("🎉 !", 0), ("don't stop", 2), ("傘の国", 3), ("read 傘 now", 3), ("10,000 real-time", 3)],
)
def test_word_count(text: str, expected: int) -> None:
    assert word_count(text) == expected


def test_levelling_keeps_every_offset() -> None:
    assert len(level("İstanbul’s ß 🎉")) == len("İstanbul’s ß 🎉")
