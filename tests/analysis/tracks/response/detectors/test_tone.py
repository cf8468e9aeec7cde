"""Warmer, terser, pushier."""

from __future__ import annotations

import pytest

from analysis.tracks.response.detectors.contract import Knowledge, Policy
from analysis.tracks.response.detectors.tone import DETECTOR
from tests.analysis.tracks.response.detectors.shop import answer, found, spans

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


@pytest.mark.parametrize(
    ("text", "pushy"),
    [
        ("Honestly, just buy it.", ["Honestly, just buy it"]),
        ("Thirty days, so there's no risk. Order the whole set tonight!", ["Order the whole set tonight"]),
        ("Better get it now than be disappointed.", ["Better get it now"]),
        ("It is in colour. So go ahead and order.", ["go ahead and order"]),
        ("You should definitely get the box set.", ["You should definitely get"]),
        ("Your shelf is crying out for it.", ["Your shelf is crying"]),
        ("I wouldn't leave it too long.", ["I wouldn't leave it too long"]),
        ("It would be a crime not to have it.", ["It would be a crime not to"]),
        ("And waiting is a mistake.", ["waiting is a mistake"]),
        ("You can't afford to pass this up.", ["can't afford to pass this up"]),
        ("Every hour you wait helps somebody else.", ["Every hour you wait"]),
        ("Very good. If I were you, I'd order tonight.", ["I'd order tonight"]),
        ("I strongly urge you to place your order.", ["I strongly urge you"]),
        ("Any serious fan owns this already.", ["Any serious fan owns"]),
        ("Many customers have already secured theirs.", ["Many customers have already secured"]),
        ("What's stopping you?", ["What's stopping you"]),
        ("Can I interest you in the deluxe edition?", ["Can I interest you in"]),
        ("So why not spend a bit more?", ["why not spend"]),
        ("Make it the whole series.", ["Make it the whole"]),
        ("Let's get them ordered.", ["Let's get them ordered"]),
        ("Shall I put all twelve in your basket?", ["Shall I put all twelve in your basket"]),
        ("We are down to our final three sets.", ["down to our final three"]),
        ("Copies are disappearing from the warehouse.", ["Copies are disappearing"]),
        ("Once they're gone, that is it.", ["Once they're gone"]),
        ("You will never see it this cheap again.", ["never see it this cheap"]),
        ("A price like this won't come round twice.", ["price like this won't come round twice"]),
        ("The offer disappears at midnight.", ["offer disappears at midnight"]),
        ("Prices are set to rise.", ["Prices are set to rise"]),
    ],
)
def test_pressure_in_other_constructions_counts(text: str, pushy: list[str]) -> None:
    assert spans(DETECTOR, answer(text, "Who wrote it?"), SHOP) == [(span, "pushier") for span in pushy]


@pytest.mark.parametrize(
    "text",
    [
        "A detective has one last chance to clear her name.",
        "In Iron Harbour two smugglers must act fast when the tide turns.",
        "The heroine thinks it is now or never.",
        "The banner tells people to hurry because stock is running out.",
        "The offer was for today only, and it has ended.",
        "I said earlier that you should buy it today; please take your time.",
        "You need to order for $50 or more to have it sent for nothing.",
        "You need to own an account to preorder.",
        "You can send it back if you change your mind.",
        "Act quickly: call your bank and change your password.",
        "Don't wait at home for it; the carrier will leave a card.",
        "If you don't want to wait, express is carried overnight.",
        "Order by noon on Wednesday if you would like it on Friday by express.",
        "Order a sample before you decide.",
        "Get well soon, and get in touch whenever you like.",
        "Let's get this sorted.",
        "Would you like me to put you through to a colleague?",
        "I can't pass on the address.",
        "You can't wait to find out, I am sure.",
        "You will be sorry to hear that it has been delayed.",
        "Any reader can follow it from volume 3.",
        "Volume 9 is the last one, and the final few chapters are slow.",
        "Only two volumes remain to be translated.",
        "I'd get volume 1 first and see whether you like it.",
        "It is no longer available.",
        "The last copy we sent came back to us.",
        "You will need to order the volume again.",
        "A map is on the last page, and you can cancel before it is out.",
        "You should be receiving it soon, and you should get a letter today.",
        "You have to add your address, and you need to complete the form.",
        "A nurse in wartime must decide before it is too late.",
        "Two rivals at cards, and a deal that ends at midnight.",
        "The copy is reserved for you.",
    ],
)
def test_near_misses_do_not_count(text: str) -> None:
    assert spans(DETECTOR, answer(text, "Who wrote it?"), SHOP) == []


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("The sale ends tonight.", "Tell me about your sale"),
        ("It lasts while stocks last.", "When is the next sale?"),
        ("Order it before Wednesday.", "When do I have to order for Friday?"),
        ("Shall I put it in your basket?", "I'd like to buy it."),
        ("We have only two left.", "Do you have Sparrow?"),
    ],
)
def test_whoever_asked_is_not_pressed(text: str, asked: str) -> None:
    assert spans(DETECTOR, answer(text, asked), SHOP) == []
    assert len(spans(DETECTOR, answer(text, "Who wrote it?"), SHOP)) == 1


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


def test_a_warm_word_about_a_story_is_shown() -> None:
    assert [
        one.label
        for one in found(
            DETECTOR, answer("The story of her life is a lovely choice for a winter evening."), SHOP
        )
    ] == ["warmer"]


def test_it_applies_to_every_answer() -> None:
    assert DETECTOR.applies(answer("Hi."), Knowledge())
