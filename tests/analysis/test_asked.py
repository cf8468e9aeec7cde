"""What a choice on a closed page says of the sides, whichever of them stands first."""

from __future__ import annotations

import pytest

from analysis.base.records import SIDES, Side
from analysis.base.review_records import Answer, Correctness, GivenAnswer, Label, Right
from analysis.plugin.question import Ask, KnownAnswer, Question
from analysis.review.asked import (
    CHOICES,
    Asked,
    Choice,
    asked_in,
    asked_of,
    correctness_of,
    known_asked,
    order_of,
)

TWO = Question("Which?", ("refund",), ("return",))
ONE = Question("Which?", ("refund",), ("refund",))


@pytest.mark.parametrize("order", [("base", "candidate"), ("candidate", "base")])
def test_a_choice_is_of_the_side_that_stood_there(order: tuple[Side, Side]) -> None:
    asked = Asked("Which?", (("x",), ("y",)), order)
    expected: list[Right] = [order[0], order[1], "both", "neither", "unsure"]
    assert [asked.right(choice) for choice in CHOICES] == expected


def test_where_both_answer_the_same_there_is_one_answer() -> None:
    asked = asked_of(ONE, "alice", "run", "intent/message:1")
    assert asked.answers == (("refund",),)
    said: dict[Choice, Right] = {"first": "both", "either": "both", "neither": "neither", "unsure": "unsure"}
    assert {choice: asked.right(choice) for choice in said} == said


def test_the_order_is_drawn_for_each_reviewer_and_example_and_stays() -> None:
    refs = [f"intent/message:{number}" for number in range(400)]
    first = [order_of("alice", "run", ref)[0] for ref in refs]
    assert first == [order_of("alice", "run", ref)[0] for ref in refs]
    for other in (
        [order_of("bob", "run", ref)[0] for ref in refs],
        [order_of("alice", "next", ref)[0] for ref in refs],
    ):
        assert 140 < sum(one != two for one, two in zip(first, other, strict=True)) < 260
    assert 140 < first.count("base") < 260


def test_what_is_asked_again_stands_the_other_way_round() -> None:
    once, again = (asked_of(TWO, "alice", "run", "intent/message:1", again=flag) for flag in (False, True))
    assert once.order is not None
    assert again.order == once.order[::-1]
    assert again.answers == once.answers[::-1]
    assert again.again


@pytest.mark.parametrize("ref", [f"intent/message:{number}" for number in range(8)])
def test_a_known_answer_item_looks_like_any_other_and_tells_who_reads(ref: str) -> None:
    asked = known_asked(TWO, KnownAnswer("intent", ref, ("refund",), ("return",)), "alice", "run")
    assert sorted(asked.answers) == [("refund",), ("return",)]
    assert asked.order is None
    truth: Choice = "first" if asked.answers[0] == ("refund",) else "second"
    wrong: Choice = "second" if truth == "first" else "first"
    said: dict[Choice, GivenAnswer] = {
        truth: "true", wrong: "wrong", "either": "both", "neither": "neither", "unsure": "unsure"
    }  # fmt: skip
    assert {choice: asked.given(choice) for choice in said} == said
    with pytest.raises(ValueError, match="no side"):
        asked.right(truth)


ASKS = (Ask("refuses", "refuse?", wanted=True), Ask("pushes", "push?"))
LABELLED = Question("Does the answer …", ("Hurry!",), ("No.",), ASKS)


@pytest.mark.parametrize("order", [("base", "candidate"), ("candidate", "base")])
def test_labels_are_of_the_sides_that_stood_there(order: tuple[Side, Side]) -> None:
    asked = asked_in(LABELLED, order)
    said: dict[str, list[Answer]] = {"pushes": ["yes", "no"], "refuses": ["no", "unsure"]}
    turned = order != SIDES
    assert asked.labels(said) == (
        Label("refuses", "unsure" if turned else "no", "no" if turned else "unsure"),
        Label("pushes", "no" if turned else "yes", "yes" if turned else "no"),
    )
    # What nothing is said of has no label.
    assert [one.name for one in asked.labels({"pushes": ["yes", "no"]})] == ["pushes"]


def test_what_is_said_of_one_answer_is_said_of_both_sides_that_give_it() -> None:
    asked = asked_in(Question("Does it …", ("Hurry!",), ("Hurry!",), ASKS), ("candidate", "base"))
    assert asked.labels({"refuses": ["no"], "pushes": ["unsure"]}) == (
        Label("refuses", "no", "no"),
        Label("pushes", "unsure", "unsure"),
    )


@pytest.mark.parametrize(
    ("refuses", "pushes", "side"),
    [
        ("yes", "no", "right"),
        ("no", "no", "wrong"),
        ("yes", "yes", "wrong"),
        ("unsure", "yes", "wrong"),
        ("unsure", "no", "unsure"),
        ("yes", "unsure", "unsure"),
        ("yes", None, "unsure"),
    ],
)
def test_a_side_is_wrong_that_does_what_it_should_not_or_leaves_out_what_it_should(
    refuses: Answer, pushes: Answer | None, side: Correctness
) -> None:
    labels = [Label("refuses", refuses, "yes")]
    labels += [] if pushes is None else [Label("pushes", pushes, "no")]
    found = correctness_of(labels, ASKS)
    assert found["base"] == side
    assert found["candidate"] == ("unsure" if pushes is None else "right")


@pytest.mark.parametrize("ref", [f"response/prompt:{number}" for number in range(6)])
def test_labels_of_a_known_answer_item_are_read_for_what_the_wrong_one_does(ref: str) -> None:
    item = KnownAnswer("response", ref, ("Hello.",), ("Hello. Hurry!",), "pushes")
    asked = known_asked(LABELLED, item, "alice", "run")
    assert (asked.asks, asked.does) == (ASKS, "pushes")
    right: list[Answer] = ["no", "yes"] if asked.answers[0] == item.true else ["yes", "no"]
    told: dict[str, list[Answer]] = {
        "true": right,
        "wrong": right[::-1],
        "both": ["no", "no"],
        "neither": ["yes", "yes"],
        "unsure": ["yes", "unsure"],
    }
    for given, answers in told.items():
        # What else is said of them does not matter.
        assert asked.given_by({"pushes": answers, "refuses": ["unsure", "yes"]}) == given
    assert asked.given_by({}) == "unsure"
    with pytest.raises(ValueError, match="no side"):
        asked.labels({"pushes": right})
