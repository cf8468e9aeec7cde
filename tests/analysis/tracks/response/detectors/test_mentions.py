"""Titles found in a text, and ordinary words that are none."""

from __future__ import annotations

import pytest

from analysis.tracks.response.titles import title_index
from tests.analysis.tracks.response.detectors.shop import KNOWLEDGE


def named(text: str, asked: str = "") -> list[tuple[str, str]]:
    found = title_index(KNOWLEDGE).read(text, frozenset(asked.split()))
    return [(text[one.start : one.end], one.titles[0].id) for one in found if one.titles]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("What a monster of a sale! Monster sale today.", []),
        ("Monster is great", []),
        ("Monster is a dark thriller", [("Monster", "m")]),
        ("I liked Monster a lot", [("Monster", "m")]),
        ("the manga monster", [("monster", "m")]),
        ('*monster* and "MONSTER"', [("monster", "m"), ("MONSTER", "m")]),
        ("Monster Musume is another", []),
        ("there is Broken Umbrella in 9 volumes", [("Broken Umbrella", "b")]),
        ("there is Broken Umbrella in Paris", []),
        ("MNST, mnst", [("MNST", "m")]),
        ("a broken umbrella in the rain", []),
        ("the last calligrapher", [("the last calligrapher", "c")]),
        ("Brokn Umbrella", [("Brokn Umbrella", "b")]),
        ("Green Meadow", []),
        ("傘の国です", [("傘の国", "k")]),
        ("Ｂｒｏｋｅｎ Ｕｍｂｒｅｌｌａ", [("Ｂｒｏｋｅｎ Ｕｍｂｒｅｌｌａ", "b")]),
        ("🎉 Broken Umbrella 🎉", [("Broken Umbrella", "b")]),
    ],
)
def test_mentions(text: str, expected: list[tuple[str, str]]) -> None:
    assert named(text) == expected


def test_the_prompt_makes_a_common_word_a_title() -> None:
    assert named("Monster is great") == []
    assert named("Monster is great", "m") == [("Monster", "m")]


def test_a_misspelling_says_how_near_it_is() -> None:
    (mention,) = title_index(KNOWLEDGE).read("Try Brokn Umbrela.")
    assert mention.similarity == pytest.approx(92.86, abs=0.01)
    assert mention.name == "Broken Umbrella"
