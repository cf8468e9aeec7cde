"""Citations against the passages given."""

from __future__ import annotations

import pytest

from analysis.tracks.response.detectors.contract import Knowledge, Passage, Policy
from analysis.tracks.response.known_detectors import BY_NAME
from tests.analysis.tracks.response.detectors.shop import answer, found, spans

DETECTOR = BY_NAME["citations"]

SHOP = Knowledge((), Policy(citation_pattern=r"\[(?P<id>[a-z]?\d+(?:, ?[a-z]?\d+)*)\]"))
PASSAGES = (
    Passage("p1", "Standard delivery takes 3 to 5 business days within the country."),
    Passage("p2", "Unread volumes can be returned within 30 days of delivery for a refund."),
)


@pytest.mark.parametrize(
    ("text", "span", "label"),
    [
        ("You can return it [p9].", "[p9]", "cites what does not exist"),
        ("It takes 3 to 5 days [p1, p7].", "[p1, p7]", "cites what does not exist"),
        ("A lovely story about a violin maker [p2].", "[p2]", "cites but ignores"),
        ("Delivery takes one day [p1].", "[p1]", "cites but ignores"),
        (
            "😀 Fine. Unread volumes can be returned within 30 days of delivery.",
            "Unread volumes can be returned within 30 days of delivery.",
            "uses without citing",
        ),
    ],
)
def test_a_citation_that_does_not_hold_is_found(text: str, span: str, label: str) -> None:
    assert spans(DETECTOR, answer(text, passages=PASSAGES), SHOP) == [(span, label)]


@pytest.mark.parametrize(
    "text",
    [
        "Standard delivery takes 3 to 5 days [p1].",
        "Your parcel gets to you in three to five days [P1].",
        "Unread volumes can be returned within 30 days of delivery. [p2] Ask if in doubt.",
        "Standard delivery takes 3 to 5 business days. Unread volumes can be returned within 30 days [p1, p2].",
        "Our shop loves books.",
        "Can unread volumes be returned within 30 days of delivery for a refund?",
        "",
    ],
)
def test_what_holds_or_uses_nothing_does_not_count(text: str) -> None:
    assert spans(DETECTOR, answer(text, passages=PASSAGES), SHOP) == []


def test_passages_without_ids_are_cited_by_their_place() -> None:
    passages = tuple(Passage(None, one.text) for one in PASSAGES)
    text = "Standard delivery takes 3 to 5 days [1], and the moon is made of cheese [3]."
    assert spans(DETECTOR, answer(text, passages=passages), SHOP) == [("[3]", "cites what does not exist")]


def test_other_scripts_share_pairs_of_letters() -> None:
    passages = (Passage("p1", "通常の配送は三日から五日かかります。"),)
    assert spans(DETECTOR, answer("配送は三日から五日です [p1]。", passages=passages), SHOP) == []
    assert spans(DETECTOR, answer("物語はとても美しい絵です [p1]。", passages=passages), SHOP) == [
        ("[p1]", "cites but ignores")
    ]


def test_what_the_record_expects_is_not_read() -> None:
    text = "Thank you for asking."
    assert spans(DETECTOR, answer(text, expected=("cite",), passages=PASSAGES), SHOP) == []


def test_what_the_prompt_wrote_is_no_citation() -> None:
    result = found(DETECTOR, answer("Ticket [x4] is open.", "What about ticket [x4]?"), SHOP)
    assert [(one.label, one.counts) for one in result] == [("from the prompt", False)]


def test_it_applies_where_policy_says_what_a_citation_is() -> None:
    assert DETECTOR.applies(answer("Hello."), SHOP)
    assert not DETECTOR.applies(answer("Hello."), Knowledge())
    assert found(DETECTOR, answer("See [p1].", passages=PASSAGES), Knowledge()) == []
