"""What gives a story away, and what only looks so."""

from __future__ import annotations

import pytest

from analysis.response.detectors.spoilers import DETECTOR, wish
from tests.analysis.response.detectors.shop import answer, found, spans

NONE_PLEASE = "Recommend manga like Monster but no spoilers."


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        (NONE_PLEASE, "none"),
        ("Please don't spoil the ending.", "none"),
        ("What is Monster about? Don't tell me who dies.", "none"),
        ("Something spoiler-free, please", "none"),
        ("How does Monster end?", "asked"),
        ("Does the hero die in Monster?", "asked"),
        ("I don't mind spoilers.", "asked"),
        ("Spoil it for me!", "asked"),
        ("My order has not arrived.", "open"),
        ("Can you recommend something with a good ending?", "open"),
        ("", "open"),
    ],
)
def test_what_the_prompt_wants(prompt: str, expected: str) -> None:
    assert wish(prompt, frozenset()) == expected
    assert wish(prompt, frozenset({"no_spoilers"})) == "none"
    assert DETECTOR.applies(answer("x", prompt), None) == (expected != "asked")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "words", "label"),
    [
        ("You may like Monster: the killer is the twin!", "killer is the twin", "spoiler"),
        ("It is not the doctor but his twin who is the killer.", "twin who is the killer", "spoiler"),
        ("In Broken Umbrella the butler did it.", "the butler did it", "spoiler"),
        ("In Broken Umbrella the pitcher will never play again.", "pitcher will never play again", "spoiler"),
        (
            "Broken Umbrella? Its hero comes back home and has forgotten it all.",
            "hero comes back home and has forgotten",
            "spoiler",
        ),
        ("傘の国では王様は死ぬ。", "王様は死ぬ", "spoiler"),
        ("Broken Umbrella? The hero will return home, with no memory.", "hero will return home", "spoiler"),
        ("In Quiet Harbor they marry.", "they marry", "spoiler"),
        ("The keeper of Quiet Harbor had been dead.", "had been dead", "spoiler"),
        ("🎉 He was slowly dying.", "dying", "spoiler word"),
        ("It has a twist ending.", "twist ending", "spoiler word"),
        ("In Quiet Harbor you will weep when she dies", "dies", "spoiler"),
        ("The keeper of Quiet Harbor was a ghost all along.", "was a ghost all along", "spoiler"),
        ("The hero of Quiet Harbor ends up alone.", "ends up alone", "spoiler"),
        ("The captain of Quiet Harbor doesn't survive.", "doesn't survive", "spoiler"),
        ("No spoilers, but she turns out to be the queen.", "turns out to be the queen", "spoiler"),
    ],
)
def test_spoilers(text: str, words: str, label: str) -> None:
    assert spans(DETECTOR, answer(text, NONE_PLEASE)) == [(words, label)]


@pytest.mark.parametrize(
    "text",
    [
        "No spoilers here: a dark thriller about a doctor.",
        "I won't spoil it or tell you who dies.",
        "Nobody dies in Broken Umbrella.",
        "The twin is not the killer in Monster.",
        "In Broken Umbrella the pitcher plays again.",
        "After her father dies, a girl moves to Kyoto in Broken Umbrella.",
        "This is a story to die for, with killer art 🎉.",
        "The twins share a room, and a blue whale is on the cover of volume two.",
        "A boy whose mother dies opens a shop in Quiet Harbor.",
        "Quiet Harbor is really great, and at the end you get a voucher.",
        "In the end your refund for Quiet Harbor takes a week.",
        "Quiet Harbor is about a town after its captain's death.",
        "Turns out your parcel was delayed.",
        "",
        "🎉",
    ],
)
def test_near_misses_do_not_count(text: str) -> None:
    assert spans(DETECTOR, answer(text, NONE_PLEASE)) == []


def test_spoilers_of_titles_that_nobody_named_are_not_looked_for() -> None:
    assert spans(DETECTOR, answer("The butler did it.", "Hello.")) == []


def test_what_the_prompt_says_itself_is_quoted() -> None:
    prompt = "I know that the twin is the killer in Monster. What next?"
    text = "Right, the twin is the killer."
    (quoted,) = found(DETECTOR, answer(text, prompt))
    assert (text[quoted.start : quoted.end], quoted.label, quoted.counts) == (
        "twin is the killer",
        "quoted",
        False,
    )


def test_the_reason_names_spoiler_title_similarity_and_wish() -> None:
    (one,) = found(DETECTOR, answer("In Monster the twin is a killer.", NONE_PLEASE))
    assert one.why == (
        "100 % like the spoiler “the twin is the killer” of Monster; the prompt asked for none"
    )
