"""Promises against policy: times, amounts, strong words, and what is no promise."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis.tracks.response.detectors.contract import Knowledge, Passage, Policy, Promise
from analysis.tracks.response.detectors.promises import DETECTOR
from analysis.tracks.response.policy import read_policy
from tests.analysis.tracks.response.detectors.shop import answer, found, spans

POLICY = Policy(
    promises=(
        Promise("delivery", "Standard delivery takes 3 to 5 business days.", days=3),
        Promise("express delivery", "Express delivery takes 1 business day and costs extra.", days=1),
        Promise("refund", "We refund within 14 days of the return reaching us.", days=14),
        Promise("returns", "Unread volumes can be returned within 30 days of delivery.", days=30),
        Promise("free shipping", "Free shipping on orders from $50.", amount=50),
        Promise("discount", "10% off the first order with the newsletter.", amount=10),
        Promise("replacement", "Damaged volumes are replaced."),
        Promise("gift wrapping", "Gift wrapping is done within 2 days.", days=2),
    )
)
SHOP = Knowledge((), POLICY)
SAMPLE = Knowledge((), read_policy(Path("sample_data/response/policy.toml")))
"""The policy of the sample shop: a refund in five days, returns of unread volumes in thirty, little else."""


@pytest.mark.parametrize(
    ("text", "span", "label"),
    [
        ("Your order arrives tomorrow.", "arrives tomorrow", "goes beyond"),
        ("It is on your doorstep by Saturday morning.", "doorstep by Saturday", "goes beyond"),
        ("Delivery takes a couple of days.", "Delivery takes a couple of days", "goes beyond"),
        ("We'll have your refund issued within the hour.", "refund issued within the hour", "goes beyond"),
        ("We’ll refund you in full.", "refund you in full", "goes beyond"),
        ("You have sixty days to send it back.", "sixty days to send it back", "goes beyond"),
        ("You can return it for any reason.", "return it for any reason", "goes beyond"),
        ("I've added a 25% discount to your order.", "25% discount", "goes beyond"),
        ("We ship for free on all orders.", "ship for free", "goes beyond"),
        ("Shipping is free from $20.", "Shipping is free from $20", "goes beyond"),
        ("We match any price you find.", "match any price", "not in the policy"),
        ("We promise that your parcel is safe.", "We promise", "not in the policy"),
        ("Here is a $20 voucher for the trouble.", "$20 voucher", "not in the policy"),
        ("I'll send you a brand-new copy today.", "send you a brand-new copy today", "goes beyond"),
        ("Gift wrapping takes 1 day.", "Gift wrapping takes 1 day", "goes beyond"),
        ("明日です 🎉 It arrives tomorrow 🎉!", "arrives tomorrow", "goes beyond"),
    ],
)
def test_a_promise_beyond_policy_is_found_at_its_words(text: str, span: str, label: str) -> None:
    assert (span, label) in spans(DETECTOR, answer(text), SHOP)


@pytest.mark.parametrize(
    "text",
    [
        "Standard delivery takes three to five business days.",
        "With express delivery you'll have it tomorrow.",
        "Order today and it arrives in 3 to 5 business days.",
        "The refund is on your card within 14 days.",
        "Unread volumes can be returned within 30 days of delivery.",
        "Subscribers get 10% off their first order.",
        "Orders over $50 ship free.",
        "We will replace the damaged volume.",
    ],
)
def test_what_policy_allows_is_shown_and_does_not_count(text: str) -> None:
    result = found(DETECTOR, answer(text), SHOP)
    assert {one.label for one in result} == {"allowed"}
    assert not any(one.counts for one in result)


@pytest.mark.parametrize(
    "text",
    [
        "I can't promise that it arrives tomorrow.",
        "We don't price match.",
        "Refunds are not available after 60 days.",
        "You asked whether it arrives tomorrow.",
        "Could it arrive tomorrow?",
        "You might get a full refund once our team has checked the book.",
        "If the team agrees, you get a full refund.",
        "It would arrive tomorrow with a courier.",
        "Other shops deliver within a day.",
        "The hero has 3 days to save the city.",
        "I guarantee you'll love it.",
        "I promise no spoilers: it is a quiet story.",
        "Your order was delivered two days ago.",
        "",
    ],
)
def test_what_promises_nothing_is_not_found(text: str) -> None:
    assert found(DETECTOR, answer(text), SHOP) == []


def test_quoted_policy_text_is_marked_as_quoted() -> None:
    text = 'The page says "full refund within two days" of a rival shop.'
    (one,) = found(DETECTOR, answer(text), SHOP)
    assert (text[one.start : one.end], one.label, one.counts) == (
        "full refund within two days",
        "quoted",
        False,
    )


def test_the_reason_names_what_policy_allows() -> None:
    (one,) = found(DETECTOR, answer("It arrives within 24 hours."), SHOP)
    assert "24 hours" in one.why
    assert "3 days" in one.why
    assert POLICY.promises[0].text in one.why


def test_a_day_that_a_passage_names_is_allowed() -> None:
    tracking = Passage("p1", "Parcel 12 is out and arrives tomorrow.")
    assert spans(DETECTOR, answer("It arrives tomorrow."), SHOP) != []
    assert spans(DETECTOR, answer("It arrives tomorrow.", passages=(tracking,)), SHOP) == []


def test_a_longer_window_and_a_shorter_service_go_beyond() -> None:
    assert spans(DETECTOR, answer("Return it within 20 days of delivery."), SHOP) == []
    assert spans(DETECTOR, answer("Return it within 45 days of delivery."), SHOP) != []
    assert spans(DETECTOR, answer("We issue refunds within 20 days."), SHOP) == []
    assert spans(DETECTOR, answer("We issue refunds within 2 days."), SHOP) != []


def test_a_promise_of_a_special_case_allows_nothing_in_general() -> None:
    special = Knowledge(
        (),
        Policy(
            promises=(
                Promise("delivery", "Parcels arrive in two to four working days.", days=2),
                Promise("delivery abroad", "Parcels abroad arrive in seven to fifteen working days.", days=7),
                Promise("express delivery", "Express parcels are dispatched the same day.", days=1),
                Promise("return postage", "Postage of a return is free if the fault is ours."),
                Promise("student discount", "Students receive a tenth off."),
            )
        ),
    )
    assert spans(DETECTOR, answer("It arrives in two to four days."), special) == []
    assert spans(DETECTOR, answer("Parcels abroad arrive within three days."), special) != []
    assert spans(DETECTOR, answer("Express parcels are dispatched the same day."), special) == []
    assert spans(DETECTOR, answer("Your parcel ships today."), special) != []
    assert spans(DETECTOR, answer("We cover the return postage."), special) == []
    assert spans(DETECTOR, answer("Shipping is on us for every order."), special) != []
    assert spans(DETECTOR, answer("Students get a tenth off."), special) == []
    assert spans(DETECTOR, answer("Students get a third off."), special) == [("a third off", "goes beyond")]


def test_without_a_policy_nothing_can_be_said() -> None:
    assert not DETECTOR.applies(answer("It arrives tomorrow."), Knowledge())
    assert DETECTOR.applies(answer("It arrives tomorrow."), SHOP)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        # goods that come: a place of the customer's, somebody who carries, the customer at the goods
        ("Your books will land on your doormat within a day.", "your doormat within a day"),
        ("Expect the postman to ring your bell on Thursday.", "postman to ring your bell on Thursday"),
        ("You'll be turning the first page by tomorrow night.", "tomorrow"),
        ("We can get it to you in under 24 hours, no extra charge.", "get it to you in under 24 hours"),
        ("You won't have to wait past Wednesday.", "won't have to wait past Wednesday"),
        ("Delivery? Tomorrow, without a doubt.", "Tomorrow"),
        # money that comes back
        ("Your money's coming back to you by tonight.", "money's coming back to you by tonight"),
        ("I will credit you $15 right away.", "credit you $15 right away"),
        ("Your refund won't take more than a day.", "refund won't take more than a day"),
        ("We always give you twice the difference in cash.", "twice the difference"),
        # returns: what, how long and in what state
        ("We'll hand back everything you paid, read or unread.", "everything you paid, read or unread"),
        (
            "You're welcome to send back a volume you've already read.",
            "send back a volume you've already read",
        ),
        ("There is no deadline for returns with us.", "no deadline for returns"),
        ("You've got half a year to change your mind.", "half a year to change your mind"),
        ("Bring it back in any condition.", "Bring it back in any condition"),
        ("Read it, and if you don't like it we take it back.", "if you don't like it we take it back"),
        ("Opened volumes can go back within 90 days for your money.", "90 days for your money"),
        # prices
        ("I'm popping a tenner off your next order.", "tenner off"),
        ("As a reader you qualify for a twenty percent reduction.", "twenty percent reduction"),
        ("We'll beat whatever the bookshop round the corner is asking.", "beat whatever"),
        ("We honour competitors' prices, whatever they are.", "honour competitors' prices"),
        ("That price is locked in for you until the end of the year.", "price is locked"),
        # favours
        ("The next volume is on me.", "volume is on me"),
        ("I'll throw in volume two at no charge.", "throw in volume"),
        ("Take volume two for free.", "volume two for free"),
        ("I'll set a copy aside for you until spring.", "set a copy aside"),
        ("Volume 8 will be restocked by the end of next week.", "restocked by the end of next week"),
        ("I'll double your points as an apology.", "double your points"),
        ("The customs duties are on us.", "duties are on us"),
        ("We'll gift-wrap it free and tuck in a card.", "gift-wrap"),
        ("I'll get the author to sign it for you.", "get the author to sign"),
        ("Your voucher will never expire.", "voucher will never expire"),
        ("For you I'll ignore the thirty-day limit.", "ignore the thirty-day limit"),
        ("I've bumped you up to overnight.", "bumped you up to overnight"),
        # postage denied, and an answer by a time
        ("We never charge for delivery.", "never charge for delivery"),
        ("Postage won't cost you a cent.", "Postage won't cost you a"),
        ("Postage on returns is always free with us, whoever is at fault.", "whoever"),
        ("A supervisor will ring you within ten minutes.", "ring you within ten minutes"),
        ("You will have a reply by tomorrow.", "have a reply by tomorrow"),
        ("You have our promise that your parcel can't get lost.", "our promise"),
    ],
)
def test_a_promise_is_found_however_it_is_put(text: str, words: str) -> None:
    counted = [one for one, _ in spans(DETECTOR, answer(text), SAMPLE)]
    assert any(words in one for one in counted), counted


@pytest.mark.parametrize(
    "text",
    [
        "If we sent the wrong book, the postage is on us.",
        "Volumes that are missing follow without further postage.",
        "You may cancel a preorder free of charge until the week of release.",
        "After thirty days you get a voucher instead of a refund.",
        "If you don't like it, you can return it unread within thirty days.",
        "Students get ten percent off with a confirmed school address.",
        "Two hundred points make a voucher of five dollars.",
        "Nobody here can waive the postage.",
        "I don't have the power to bend the rules.",
        "A book you've already read can't be returned.",
        "I'd love to knock something off, but the price is fixed.",
        "I'd set the second volume aside for a rainy day.",
        "Satisfaction is hard to guarantee, so read the sample first.",
        "A guarantee of quiet evenings: nine volumes of rain and tea.",
        "In volume three the hero promises to return within a year.",
        "In the last volume, the debt is refunded in full.",
        "It's a story about a courier who has one hour to deliver a letter.",
        "The bank promises the money in two days, but that's the bank.",
        "Your colleague told me I'd have a refund by Friday, you say; I can find no note of that.",
        "You're right, the site did promise delivery in one day, and that was wrong.",
        "Your refund was sent on Tuesday; banks take a day or two.",
        "I am forwarding this to our payments team at once, and a person will contact you.",
        "Please reply within three days if the parcel isn't there.",
        "Hold on to the receipt for at least thirty days.",
        "Free your evening: this one is hard to put down.",
        "This set makes a wonderful gift.",
        "We keep extra copies by the till.",
        "Come back any time, day or night!",
    ],
)
def test_words_of_promise_that_promise_nothing_more(text: str) -> None:
    assert spans(DETECTOR, answer(text), SAMPLE) == []


def test_a_small_discount_for_everybody_is_not_the_one_for_students() -> None:
    assert spans(DETECTOR, answer("Enjoy 10% off."), SAMPLE) == [("10% off", "not in the policy")]
    assert spans(DETECTOR, answer("Enjoy 40% off."), SAMPLE) == [("40% off", "goes beyond")]
