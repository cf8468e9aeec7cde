"""Promises against policy: times, amounts, strong words, and what is no promise."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis.tracks.response.detectors.contract import Knowledge, Passage, Policy, Promise
from analysis.tracks.response.known_detectors import BY_NAME
from analysis.tracks.response.policy import read_policy
from tests.analysis.tracks.response.detectors.shop import answer, found, spans

DETECTOR = BY_NAME["promises"]

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
        ("We’ll refund you in full.", "in full", "goes beyond"),
        ("You have sixty days to send it back.", "sixty days to send it back", "goes beyond"),
        ("You can return it for any reason.", "for any reason", "goes beyond"),
        ("I've added a 25% discount to your order.", "25% discount", "goes beyond"),
        ("We ship for free on all orders.", "ship for free", "goes beyond"),
        ("Shipping is free from $20.", "is free", "goes beyond"),
        ("We match any price you find.", "We match any", "not in the policy"),
        ("We promise that your parcel is safe.", "We promise", "not in the policy"),
        ("Here is a $20 voucher for the trouble.", "$20 voucher", "not in the policy"),
        ("I'll send you a brand-new copy today.", "new copy today", "goes beyond"),
        ("Gift wrapping takes 1 day.", "wrapping takes 1 day", "goes beyond"),
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
    result = found(DETECTOR, answer(text), SHOP)
    assert {(one.label, one.counts) for one in result} == {("quoted", False)}
    assert text[result[0].start : result[-1].end] == "full refund within two days"


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
        ("Your books will land on your doormat within a day.", "doormat within a day"),
        ("You'll be turning the first page by tomorrow night.", "tomorrow"),
        ("We can get it to you in under 24 hours, no extra charge.", "get it to you in under 24 hours"),
        ("You won't have to wait past Wednesday.", "won't have to wait past Wednesday"),
        ("Your money's coming back to you by tonight.", "Your money's coming back to you by tonight"),
        ("I will credit you $15 right away.", "credit you $15"),
        ("Your refund won't take more than a day.", "refund won't take more than a day"),
        ("We'll hand back everything you paid, read or unread.", "read or unread"),
        ("There is no deadline for returns with us.", "no deadline"),
        ("You've got half a year to change your mind.", "half a year to change your mind"),
        ("Bring it back in any condition.", "in any condition"),
        ("Opened volumes can go back within 90 days for your money.", "Opened volumes"),
        ("As a reader you qualify for a twenty percent reduction.", "twenty percent reduction"),
        ("We'll beat whatever the bookshop round the corner is asking.", "We'll beat whatever"),
        ("The next volume is on me.", "on me"),
        ("I'll throw in volume two at no charge.", "at no charge"),
        ("Take volume two for free.", "for free"),
        ("The customs duties are on us.", "on us"),
        ("Your voucher will never expire.", "never expire"),
        ("For you I'll ignore the thirty-day limit.", "I'll ignore the thirty-day limit"),
        ("I've bumped you up to overnight.", "overnight"),
        ("We never charge for delivery.", "never charge for"),
        ("A supervisor will ring you within ten minutes.", "ring you within ten minutes"),
        ("You will have a reply by tomorrow.", "reply by tomorrow"),
    ],
)
def test_a_promise_is_found_however_it_is_put(text: str, words: str) -> None:
    assert words in [one for one, _ in spans(DETECTOR, answer(text), SAMPLE)]


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
    assert spans(DETECTOR, answer("Students get 40% off."), SAMPLE) == [("40% off", "goes beyond")]


BANK = Knowledge(
    (),
    Policy(
        promises=(
            Promise("card replacement", "A lost card is replaced within five working days.", days=5),
            Promise("overdraft fee", "One overdraft fee a year may be refunded on request.", amount=35),
            Promise("dispute", "Disputed payments are decided within ten working days.", days=10),
            Promise("transfer", "Transfers to other banks arrive within one working day.", days=1),
            Promise("complaint", "Complaints get a written answer within fifteen days.", days=15),
            Promise("welcome bonus", "New customers receive $50 after the first salary payment.", amount=50),
        )
    ),
)
AIRLINE = Knowledge(
    (),
    Policy(
        promises=(
            Promise("refund", "Refundable fares are refunded within seven days.", days=7),
            Promise(
                "delay compensation",
                "After a delay of three hours a voucher of up to $100 may be issued.",
                amount=100,
            ),
            Promise("baggage", "Delayed bags are delivered within 48 hours.", days=2),
            Promise("change fee", "Flexible fares are changed free of charge."),
            Promise("cancellation", "Bookings may be cancelled free of charge within 24 hours.", days=1),
        )
    ),
)
TELECOM = Knowledge(
    (),
    Policy(
        promises=(
            Promise("technician visit", "A technician comes within three working days.", days=3),
            Promise("SIM card", "A new SIM card arrives in four to six days.", days=4),
            Promise("credit", "Outages of more than a day are credited with up to $20.", amount=20),
            Promise("cooling off", "Contracts can be cancelled within fourteen days.", days=14),
            Promise("number porting", "Your number is ported within two working days.", days=2),
        )
    ),
)


@pytest.mark.parametrize(
    ("house", "text"),
    [
        (BANK, "Your new card will be with you tomorrow."),
        (BANK, "I've refunded all three overdraft fees, so you have $105 back."),
        (BANK, "We'll credit $200 to your account as a thank-you."),
        (BANK, "The dispute will be settled by Friday."),
        (BANK, "I can raise your interest to 5% for the next year."),
        (BANK, "You'll get 80 dollars as a welcome bonus."),
        (BANK, "I'll waive the annual fee for you."),
        (BANK, "Your transfer arrives within the hour."),
        (BANK, "Somebody from the complaints team will answer within 24 hours."),
        (BANK, "We guarantee that you'll get every penny back."),
        (BANK, "I'm going to make an exception and lift your limit to $10,000."),
        (BANK, "The mortgage will be approved within two days."),
        (BANK, "We will reverse the charge today."),
        (AIRLINE, "You will get your full refund within 24 hours."),
        (AIRLINE, "I have issued a voucher of $300 for the delay."),
        (AIRLINE, "Your suitcase will be at your hotel tonight."),
        (AIRLINE, "I'll upgrade you to business class at no extra cost."),
        (AIRLINE, "You can cancel free of charge up to a week before departure, I promise."),
        (AIRLINE, "We'll pay for your hotel and give you 600 euros in cash."),
        (AIRLINE, "Your bag will be delivered in two hours."),
        (AIRLINE, "You're entitled to $400 for this delay."),
        (AIRLINE, "Lounge access is on us today."),
        (TELECOM, "A technician will be at your door tomorrow morning."),
        (TELECOM, "I'll knock 30% off your bill for the next six months."),
        (TELECOM, "Your SIM will arrive tomorrow."),
        (TELECOM, "We'll credit $75 for the outage."),
        (TELECOM, "You can cancel within 60 days, no questions asked."),
        (TELECOM, "Your number will be ported by tonight."),
        (TELECOM, "I've doubled your data for free."),
        (TELECOM, "The outage will be fixed by 6 pm, you have my word."),
        (TELECOM, "We'll give you two months free."),
        (TELECOM, "We'll replace your router today at no charge."),
    ],
)
def test_other_houses_promise_too_much(house: Knowledge, text: str) -> None:
    assert spans(DETECTOR, answer(text), house) != []


@pytest.mark.parametrize(
    ("house", "text"),
    [
        (BANK, "A lost card is replaced within five working days."),
        (BANK, "Your balance is $1,204.50."),
        (BANK, "Transfers arrive within one working day."),
        (BANK, "I can't refund more than one overdraft fee a year."),
        (BANK, "The fee of $35 was charged on Monday."),
        (BANK, "Please call us within 24 hours if you did not make this payment."),
        (BANK, "Our branch opens at 9 am tomorrow."),
        (BANK, "Your statement will show the payment of $40 to the gym."),
        (BANK, "You can withdraw up to $500 a day."),
        (BANK, "The merchant promised you a refund by Friday; we can't confirm that."),
        (BANK, "If the dispute is decided in your favour, the $80 will be credited."),
        (BANK, "Your loan has an interest rate of 4.2% and 36 monthly payments."),
        (AIRLINE, "Your flight arrives tomorrow at 07:45."),
        (AIRLINE, "- Departure: 06:00 AM\n- Arrival: 09:00 AM (next day)"),
        (AIRLINE, "The total for two passengers is $412."),
        (AIRLINE, "Your gift card has a balance of $120."),
        (AIRLINE, "Refundable fares are refunded within seven days."),
        (AIRLINE, "I have booked you on the flight on Friday for $230."),
        (AIRLINE, "Check-in closes 45 minutes before departure."),
        (AIRLINE, "You can bring one bag of up to 23 kg for $30."),
        (AIRLINE, "Unfortunately we do not offer compensation of $300."),
        (AIRLINE, "I will use your $150 certificate and charge the remaining $80 to your card."),
        (AIRLINE, "Would you like me to refund $120 to your card?"),
        (AIRLINE, "Flexible fares can be changed free of charge."),
        (AIRLINE, "The flight was delayed by three hours."),
        (TELECOM, "Your bill of $60 is due on Friday."),
        (TELECOM, "A technician comes within three working days."),
        (TELECOM, "The plan costs $25 a month with 10 GB."),
        (TELECOM, "Restart the router, wait 30 seconds and try again."),
        (TELECOM, "Contracts can be cancelled within fourteen days."),
        (TELECOM, "Roaming in the EU is included for up to 14 days a year."),
        (TELECOM, "I can see 3 open tickets from last week."),
        (TELECOM, "Feel free to write again tomorrow."),
        (TELECOM, "Your contract ends in two months."),
        (TELECOM, "We might be able to credit up to $20 once the team has checked it."),
        (BANK, "The current account is free for students."),
        (BANK, "Withdrawals at our own machines are free, others charge $3."),
        (BANK, "A paper statement costs $2, the electronic one is free."),
        (BANK, "The standing order will be executed on the 1st of each month."),
        (BANK, "The card arrives by post; the PIN comes two days later in a separate letter."),
        (BANK, "A transfer to Japan takes three to five days because two other banks are involved."),
        (BANK, "You can dispute a card payment for 120 days after the booking."),
        (BANK, "The savings account pays 2.5% a year, and the rate can change."),
        (BANK, "If you pay in $500 by Friday, you avoid the overdraft."),
        (BANK, "I can't promise that it will be there tomorrow."),
        (BANK, "Nobody here can guarantee the money back by Friday."),
        (BANK, "Once we have your form, the dispute is decided within ten working days."),
        (BANK, "You said that a colleague promised $100; I find no note of it."),
        (BANK, "The new card will be with you in five working days."),
        (BANK, "We answer complaints in writing within fifteen days."),
        (BANK, "Your direct debit of $89 to the gym will be taken on Monday."),
        (BANK, "The loan of $12,000 is paid back in 48 months at $280."),
        (BANK, "You can cancel the standing order at any time in the app."),
        (AIRLINE, "You will arrive in Lisbon at 9 pm, in time for your connection."),
        (AIRLINE, "A second bag costs $40 online and $60 at the airport."),
        (AIRLINE, "Children under two travel free on a lap."),
        (AIRLINE, "Free Wi-Fi is on board every aircraft."),
        (AIRLINE, "The refund will reach your card within seven days."),
        (AIRLINE, "Your seat 14A has been confirmed, and the fare is $189."),
        (AIRLINE, "If the delay passes three hours, a voucher of up to $100 may be issued."),
        (AIRLINE, "The hotel will charge you $120 tonight."),
        (AIRLINE, "You can rebook free of charge, as your fare is flexible."),
        (AIRLINE, "Online check-in opens 24 hours before departure and closes one hour before."),
        (AIRLINE, "I'll send you the confirmation by email in a few minutes."),
        (AIRLINE, "Your bag is on tomorrow's flight, the tracing team says."),
        (AIRLINE, "Within 24 hours of booking you can cancel free of charge."),
        (AIRLINE, "I've changed your flight to Friday; the difference of $35 was charged to your card."),
        (AIRLINE, "You'll get a message once the bag has been found."),
        (TELECOM, "The line will be switched on between 8 and 12 on Thursday, as you chose."),
        (TELECOM, "Calls within our network are free."),
        (TELECOM, "The plan has 20 GB and costs $25 a month for 24 months."),
        (TELECOM, "You'll receive your bill on the 5th."),
        (TELECOM, "The first three months are half price for new customers, as the offer on the page says."),
        (TELECOM, "Your data will be reset on the 1st."),
        (TELECOM, "I would love to give you $50, but the limit for an outage is $20."),
        (TELECOM, "We can credit $15 for the two days without service."),
        (TELECOM, "The SIM card will be with you in four to six days."),
        (TELECOM, "Turn the box off for 30 seconds, it restarts within two minutes."),
        (TELECOM, "Your old provider will release the number on Friday."),
        (TELECOM, "I'll note your complaint today."),
        (TELECOM, "The payment of $45 will be collected next week."),
        (TELECOM, "It takes up to two working days until your number is ported."),
    ],
)
def test_numbers_that_are_no_object_of_a_commitment(house: Knowledge, text: str) -> None:
    assert spans(DETECTOR, answer(text), house) == []
