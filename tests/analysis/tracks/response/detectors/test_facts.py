"""Claims about titles against the catalogue."""

from __future__ import annotations

import pytest

from analysis.tracks.response.detectors.contract import Knowledge, Passage
from analysis.tracks.response.known_detectors import BY_NAME
from tests.analysis.tracks.response.detectors.shop import KNOWLEDGE, answer, found, spans

DETECTOR = BY_NAME["facts"]


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("Broken Umbrella has twelve volumes.", "twelve volumes"),
        ("Broken Umbrella is a 12-volume series.", "12-volume"),
        ("**Broken Umbrella**\n- Volumes: 7\n- Price: $11.99", "Volumes: 7"),
        ("Volume 9 of Broken Umbrella is my favourite.", "Volume 9"),
        ("Broken Umbrella is a one-shot.", "one-shot"),
        ("Broken Umbrella costs $13.50.", "$13.50"),
        ("Broken Umbrella costs thirteen dollars.", "thirteen dollars"),
        ("You pay 9,50 € for Broken Umbrella.", "9,50 €"),
        ("Broken Umbrella by Emi Arakida is lovely.", "Emi Arakida"),
        ("Emi Arakida wrote Broken Umbrella.", "Emi Arakida"),
        ("Emi Arakida's Broken Umbrella is lovely.", "Emi Arakida"),
        ("The creator of Broken Umbrella, Emi Arakida, draws rain.", "Emi Arakida"),
        ("Broken Umbrella wraps up with volume 4.", "wraps up with volume 4"),
        ("Broken Umbrella is priced at 13.50 a piece.", "13.50"),
        ("Emi Arakida's gentle comedy Broken Umbrella is lovely.", "Emi Arakida"),
        ("Broken Umbrella (Emi Arakida) is lovely.", "Emi Arakida"),
        ("Broken Umbrella is a trilogy.", "trilogy"),
        ("Broken Umbrella ended with its sixth and final volume.", "sixth and final volume"),
        ("You pay 13.50 per volume for Broken Umbrella.", "13.50"),
        ("We are all out of Monster by Naoki Ura.", "all out of"),
        ("Broken Umbrella is in stock.", "in stock"),
        ("Monster by Naoki Ura is sold out.", "sold out"),
        ("🎉 『傘の国』 costs ¥900 🎉", "¥900"),
        ("The Last Calligrapher has over ten volumes.", "ten volumes"),
        ("brokn umbrela? Try “Brokn Umbrela”, it has 9 volumes.", "9 volumes"),
    ],
)
def test_contradicted_claims(text: str, wrong: str) -> None:
    assert spans(DETECTOR, answer(text)) == [(wrong, "contradicted")]


@pytest.mark.parametrize(
    "text",
    [
        "Broken Umbrella by Yuna Shirokane is complete in five volumes at $11.99 each and out of stock.",
        "Broken Umbrella by Shirokane Yuna costs about $12.",
        "All 5 volumes of Broken Umbrella cost $59.95 together.",
        "The Last Calligrapher has over six volumes and costs less than $20.",
        "Broken Umbrella costs $11.99 and The Last Calligrapher $15.99.",
        "The Last Calligrapher and Broken Umbrella cost $15.99 and $11.99 respectively.",
        "Broken Umbrella does not have 12 volumes.",
        "Does Broken Umbrella have 12 volumes?",
        "You said Broken Umbrella has 12 volumes.",
        "Read the first three volumes of Broken Umbrella before Friday.",
        "Broken Umbrella: $5 off your order, and shipping is $4.99.",
        "Broken Umbrella fans read Some Body's diary.",
        "Broken Umbrella is lovely.\n- Shipping: $4.99",
        "Broken Umbrella is lovely. Shipping is free over $35, otherwise $4.99.",
        "Broken Umbrella has five volumes so far, and volume 6 comes out in March.",
        "Broken Umbrella is a treat for fans of Emi Arakida.",
        "I can check whether Broken Umbrella is in stock.",
        "Broken Umbrella isn't in stock.",
        "Broken Umbrella is published by Paper Heron and ships by Monday.",
        "Quiet Harbor has 40 volumes by Some Body.",
        "Our team is available 24/7. Orders over $35 ship free.",
        "",
        "🎉🎉",
    ],
)
def test_what_is_right_or_no_claim_does_not_count(text: str) -> None:
    assert spans(DETECTOR, answer(text)) == []


def test_supported_claims_are_shown_with_what_they_were_checked_against() -> None:
    text = "Broken Umbrella has 5 volumes."
    title, claim = found(DETECTOR, answer(text))
    assert (text[title.start : title.end], title.label) == ("Broken Umbrella", "supported")
    assert (text[claim.start : claim.end], claim.label, claim.counts) == ("5 volumes", "supported", False)
    assert claim.why == "the catalogue says of Broken Umbrella: it has 5 volumes"


@pytest.mark.parametrize(
    ("prompt", "text", "expected"),
    [
        (
            "How long is Broken Umbrella?",
            "It has 12 volumes and costs $11.99.",
            [("12 volumes", "contradicted")],
        ),
        ("Is Monster long?", "Monster is 19 volumes long.", [("19 volumes", "contradicted")]),
        ("Hi.", "I love Broken Umbrella. It has 12 volumes.", [("12 volumes", "contradicted")]),
        ("Hi.", "Broken Umbrella and Monster by Naoki Ura differ. It has 12 volumes.", []),
    ],
)
def test_a_claim_without_a_title_goes_on_about_the_one_before(
    prompt: str, text: str, expected: list[tuple[str, str]]
) -> None:
    assert spans(DETECTOR, answer(text, prompt)) == expected


def test_two_titles_of_one_name_support_what_fits_either() -> None:
    text = "Green Window by Emi Arakida has 33 volumes."
    result = found(DETECTOR, answer(text))
    assert [one.label for one in result] == ["supported"] * 3
    assert "2 titles share the name" in result[0].why
    assert "g2, one of 2 titles of this name" in result[1].why
    wrong = found(DETECTOR, answer("Green Window has 12 volumes."))[-1]
    assert wrong.counts
    assert "it has 33 volumes or it has 2 volumes" in wrong.why
    assert "none of 2 titles of this name fits" in wrong.why


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("I recommend Silver Meadow, a lovely tale in 9 volumes.", "Silver Meadow"),
        ("Try Monster, Broken Umbrella, or *Paper Fox*.", "Paper Fox"),
        ("Try Broken Umbrella and Silver Meadow.", "Silver Meadow"),
        ("- **Blue Harbor Nights**: a quiet tale", "Blue Harbor Nights"),
        ("Have you read the manga Whalesong?", "Whalesong"),
        ("Whalesong by Aoi Kano is next.", "Whalesong"),
        ("Then *Salt and Umbrellas* by Mio Hasegawa.", "Salt and Umbrellas"),
        ("🎉 You would enjoy 「静かな海」 too.", "静かな海"),
    ],
)
def test_a_title_that_the_catalogue_lacks(text: str, name: str) -> None:
    assert (name, "not in catalogue") in spans(DETECTOR, answer(text))


@pytest.mark.parametrize(
    "text",
    [
        "We don't have the manga Silver Meadow in our catalogue.",
        "Check out our Help Center or read our Return Policy.",
        "I love New York. Your parcel left Tokyo Station on Monday.",
        "Sure, volume 1 is in your basket.",
        "Absolutely, volume 3 follows it. Great, vol. 2 is here.",
        "Dear Ms. Brown, Express Delivery is on its way.",
        "Volumes: see below. **Price**: see below. **Author**: see below.",
    ],
)
def test_names_that_are_no_offer(text: str) -> None:
    assert spans(DETECTOR, answer(text)) == []


def test_one_word_before_a_comma_is_a_title_where_it_is_marked_or_known() -> None:
    assert spans(DETECTOR, answer("“Sure”, volume 1, is a quiet tale.")) == [("Sure", "not in catalogue")]
    assert spans(DETECTOR, answer("Monster, volume 19, is out.")) == [("volume 19", "contradicted")]


def test_a_name_of_the_prompt_or_of_a_passage_is_no_invention() -> None:
    text = "I recommend Silver Meadow."
    assert spans(DETECTOR, answer(text, "Do you have silver meadow?")) == []
    cited = answer(text, passages=(Passage(None, "Silver Meadow arrives in May."),))
    (named,) = found(DETECTOR, cited)
    assert named.why == "the catalogue lacks it; a passage names it"


def test_without_a_catalogue_there_is_no_outcome() -> None:
    assert not DETECTOR.applies(answer("Monster has 3 volumes."), Knowledge())
    assert DETECTOR.applies(answer(""), KNOWLEDGE)
