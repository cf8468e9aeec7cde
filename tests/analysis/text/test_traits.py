"""What texts share: openings, endings, phrases and marks, in any script."""

from __future__ import annotations

import pytest

from analysis.text.traits import Trait, traits


def named(texts: list[str], least: int) -> dict[tuple[str, str], tuple[str, ...]]:
    found = traits({str(number): text for number, text in enumerate(texts)}, least)
    return {(one.kind, one.name): one.refs for one in found}


OTHERS = [
    "where is it",
    "send the parcel back",
    "cancel that order now",
    "is this in stock",
    "who pays for it",
]


def test_an_opening_and_an_ending_are_told_by_their_longest_name() -> None:
    found = named(["Hi there, where is my box", "hi THERE, what about you", *OTHERS], 2)
    assert found["opening", "hi there,"] == ("0", "1")
    assert ("words", "hi") not in found, "the same texts share it, and it says less"
    endings = named(["stop it!", "no more!", *OTHERS], 2)
    assert endings["mark", "an exclamation mark"] == ("0", "1")


def test_what_most_texts_share_tells_none_apart_and_what_few_share_is_chance() -> None:
    found = named(["a b", "a c", "a d", "x y"], 2)
    assert not any(name == "a" for _, name in found)
    assert named(["one two", "three four"], 1)
    assert not named(["one two", "three four"], 2)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("that costs $12.50 too much", "an amount of money"),
        ("it costs 12 € here", "an amount of money"),
        ("when does Quiet Suspect arrive", "names in capitals"),
        ("I WANT my money", "a word in capitals"),
        ("write to me@example.org", "a link or an address"),
        ("he said “never” to me", "a quotation"),
        ("それは本当ですか？", "a question mark"),
    ],
)
def test_marks_are_told_in_words(text: str, name: str) -> None:
    second = text.replace("that", "this")
    texts = {"0": text, "1": f"so {second}", "2": "and now", "3": "but then", "4": "or later"}
    assert Trait("mark", name, ("0", "1")) in traits(texts, 2)


def test_words_of_a_script_without_spaces_are_shared_too() -> None:
    found = named(["返品したいです", "返品できますか", *OTHERS], 2)
    assert ("opening", "返品") in found


def test_of_a_text_that_is_long_beyond_measure_only_its_beginning_is_read() -> None:
    texts = {str(number): f"dear team {'x@' * 5_000}{number} bye now" for number in range(3)}
    texts |= {f"short{number}": f"where is parcel {number}" for number in range(4)}
    found = {(one.kind, one.name) for one in traits(texts, 3)}
    assert ("opening", "dear team x") in found
    assert not any(name.endswith("bye now") for _, name in found)
