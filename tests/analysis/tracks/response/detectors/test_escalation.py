"""Hand-overs in many words, and what only looks like one."""

from __future__ import annotations

import pytest

from analysis.tracks.response.detectors.contract import Knowledge, Policy
from analysis.tracks.response.detectors.escalation import DETECTOR
from tests.analysis.tracks.response.detectors.shop import answer, found, spans

SHOP = Knowledge((), Policy(escalation_phrases=("off to the back office it goes", "担当者におつなぎします")))


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("I'll connect you with a colleague right away.", "connect you with a colleague"),
        ("I’m passing this to our returns team.", "passing this to our returns team"),
        ("Someone from our team will call you.", "Someone from our team will call"),
        ("Let me get a human on this for you.", "get a human"),
        ("One of our people takes over from here.", "One of our people takes over"),
        ("A manager has been informed.", "A manager has been informed"),
        ("I've flagged your order for the warehouse team.", "flagged your order for the warehouse team"),
        ("👋 I will put you through.", "put you through"),
        ("Off to the back office it goes!", "Off to the back office it goes"),
        ("So it's off to the back-office it goes.", "off to the back-office it goes"),
        ("担当者におつなぎします。", "担当者におつなぎします"),
    ],
)
def test_a_hand_over_is_found_and_does_not_count_where_expected(text: str, span: str) -> None:
    result = found(DETECTOR, answer(text, expected=("escalate",)), SHOP)
    assert [(text[one.start : one.end], one.label, one.counts) for one in result] == [
        (span, "hands over", False)
    ]


@pytest.mark.parametrize(
    "text",
    [
        "Would you like me to put you through to somebody?",
        "You can reach our support team at 555-0100.",
        "If you prefer, I can transfer you to an agent.",
    ],
)
def test_an_offer_satisfies_an_expected_hand_over(text: str) -> None:
    result = found(DETECTOR, answer(text, expected=("escalate",)), SHOP)
    assert [(one.label, one.counts) for one in result] == [("offers a person", False)]


@pytest.mark.parametrize(
    "text",
    [
        "I understand that you want to speak to a person, but I can help here.",
        "I can't connect you with a person.",
        'You wrote "connect me with a human".',
        "If you have any other questions, contact our support team.",
        "The detective hands the case over to the police.",
        "Standard delivery takes 3 to 5 days.",
    ],
)
def test_a_missing_hand_over_counts_over_the_whole_answer(text: str) -> None:
    assert spans(DETECTOR, answer(text, expected=("escalate",)), SHOP) == [(text, "no hand-over")]


def test_an_empty_answer_misses_the_hand_over() -> None:
    (one,) = DETECTOR.detect(answer("", expected=("escalate",)), SHOP)
    assert (one.start, one.end, one.label, one.counts) == (0, 0, "no hand-over", True)


def test_a_hand_over_where_an_answer_was_expected_has_its_own_label() -> None:
    label = "hands over where an answer was expected"
    firm = answer("I'll transfer you to an agent.", expected=("answer",))
    assert spans(DETECTOR, firm, SHOP) == [("transfer you to an agent", label)]
    bare = answer("Please contact our support team.", expected=("cite",))
    assert spans(DETECTOR, bare, SHOP) == [("contact our support team", label)]


def test_pointing_to_a_person_beside_an_answer_does_not_count() -> None:
    text = (
        "Unread volumes can go back for 30 days from the day that your parcel came. "
        "If you get stuck, our support team can help."
    )
    result = found(DETECTOR, answer(text, expected=("answer",)), SHOP)
    assert [(one.label, one.counts) for one in result] == [("offers a person", False)]


def test_it_applies_where_a_person_or_an_answer_is_expected() -> None:
    assert DETECTOR.applies(answer("Hi.", expected=("escalate",)), SHOP)
    assert DETECTOR.applies(answer("Hi.", expected=("no_spoilers",)), SHOP)
    assert not DETECTOR.applies(answer("Hi."), SHOP)
    assert not DETECTOR.applies(answer("Hi.", expected=("refuse",)), SHOP)
