"""Promises against policy: times, amounts, strong words, and what is no promise."""

from __future__ import annotations

import pytest

from analysis.response.detectors.base import Knowledge, Passage, Policy, Promise
from analysis.response.detectors.promises import DETECTOR
from tests.analysis.response.detectors.shop import answer, found, spans

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
