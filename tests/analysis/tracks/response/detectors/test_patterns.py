"""Pattern files: what they say, what is wrong in them, and what their expressions find."""

from __future__ import annotations

import pickle
from functools import cache
from pathlib import Path

import pytest

from analysis.base.errors import AssayError
from analysis.tracks.response import bounded_pattern
from analysis.tracks.response.bounded_pattern import fault_of
from analysis.tracks.response.detect import detected, sample_outcomes
from analysis.tracks.response.detectors import patterns
from analysis.tracks.response.detectors.contract import Detector, Knowledge, Policy
from analysis.tracks.response.detectors.patterns import patterns_detector, read_patterns, shipped
from tests.analysis.tracks.response.detectors.shop import answer, found, spans

SHIPPED = ("refusal.en", "handover.en", "pressure.en")


def of(folder: Path, text: str, name: str = "rival") -> Detector:
    """The detector of a file of that text."""
    path = folder / "words.txt"
    path.write_text(text, "utf-8")
    return patterns_detector(name, "names a rival", read_patterns(path))


@cache
def words_of(name: str) -> Detector:
    """The detector of a shipped file."""
    return patterns_detector(name, name, read_patterns(shipped(name)))


def fault(folder: Path, text: str) -> AssayError:
    with pytest.raises(AssayError) as caught:
        of(folder, text)
    return caught.value


def words(detector: Detector, text: str, knowledge: Knowledge | None = None) -> list[str]:
    return [said for said, _ in spans(detector, answer(text), knowledge or Knowledge())]


def test_words_are_found_whole_in_any_case_and_spacing(tmp_path: Path) -> None:
    detector = of(tmp_path, "it's over\nrefund*\n")
    assert words(detector, "It’s\u3000 OVER. Refunded, refunds and a refund.") == [
        "It’s\u3000 OVER",
        "Refunded",
        "refunds",
        "refund",
    ]
    assert words(detector, "Prerefund it's overt") == []


def test_scripts_without_spaces_have_no_edges_of_words(tmp_path: Path) -> None:
    assert words(of(tmp_path, "担当者におつなぎ"), "では担当者におつなぎします。") == ["担当者におつなぎ"]
    detector = of(tmp_path, "Tofu*\n환불\nकर\n")
    assert words(detector, "私はTofusを、저는tofu를") == ["Tofus", "tofu"]
    assert words(detector, "환불은 됩니다") == ["환불"]
    assert words(detector, "करना करें xTofu कर") == ["कर"], "a vowel sign goes on with its word"


def test_a_regular_expression_is_read_sentence_by_sentence(tmp_path: Path) -> None:
    detector = of(tmp_path, "/^(no|never)$/\n/no .*way/\n")
    assert words(detector, "No. There is no\nway. - Never") == ["Never"]
    assert words(detector, "- **no**\n1. there is no such way") == ["no such way"]


def test_a_guard_holds_for_its_block_within_a_sentence(tmp_path: Path) -> None:
    detector = of(tmp_path, "rival\n! not\n\nother bank\n")
    assert words(detector, "Not a rival. A rival! Not the other bank.") == ["rival", "other bank"]


def test_a_guard_over_the_whole_answer(tmp_path: Path) -> None:
    detector = of(tmp_path, "rival\n!! in fact\n\nother bank\n")
    assert words(detector, "A rival! The other bank.") == ["rival", "other bank"]
    assert words(detector, "A rival! The other bank. In fact, no.") == ["other bank"]


def test_a_short_answer_with_a_number_is_no_refusal() -> None:
    detector = patterns_detector("r", "r", read_patterns(shipped("refusal.en")))
    said = "We don't offer that in the app."
    assert words(detector, said) == ["We don't offer"]
    assert words(detector, f"{said} It takes 3 days at a branch.") == []
    assert words(detector, f"{said} {'It is a long story. ' * 30}It takes 3 days.") == ["We don't offer"]


def test_a_guard_alone_in_its_block_holds_for_the_file(tmp_path: Path) -> None:
    detector = of(tmp_path, "! /\\?$/\n\nrival\n\nother bank\n")
    assert words(detector, "A rival? The other bank? A rival.") == ["rival"]


def test_the_reason_is_the_comment(tmp_path: Path) -> None:
    text = "# Names that\n# are not ours.\nNorthwind\nSouthwind  # closed in May\n/east(wind)?/ # a/b\n\nWestwind\n"
    detector = of(tmp_path, text)
    given = answer("Northwind, Southwind, Eastwind and Westwind.")
    assert [one.why for one in found(detector, given)] == [
        "“Northwind”: Names that are not ours.",
        "“Southwind”: closed in May",
        "“Eastwind”: a/b",
        "“Westwind”: line 7 of words.txt",
    ]
    assert {one.label for one in found(detector, given)} == {"rival"}


def test_of_overlapping_matches_the_first_and_longest_is_kept(tmp_path: Path) -> None:
    assert words(of(tmp_path, "north\nnorth wind\nwind"), "The north wind blows.") == ["north wind"]


def test_phrases_of_the_policy_count_too(tmp_path: Path) -> None:
    house = Knowledge((), Policy(refusal_phrases=("that stays here",), tone={"pushy": ("今すぐ買って",)}))
    detector = of(tmp_path, "policy: refusal\nno way")
    (one,) = found(detector, answer("That stays here."), house)
    assert one.why == "“That stays here”: the policy lists it among the phrases of refusal"
    assert words(of(tmp_path, "policy: pressure\nno way"), "今すぐ買ってください！", house) == [
        "今すぐ買って"
    ]
    assert words(of(tmp_path, "no way"), "That stays here.", house) == []


def test_a_space_of_an_expression_is_any_white_space(tmp_path: Path) -> None:
    detector = of(tmp_path, r"/no ?way[ ]out\ now/")
    assert words(detector, "no  way out now; noway out now; no way\u00a0out now") == [
        "no  way out now",
        "noway out now",
    ]


@pytest.mark.parametrize(
    ("text", "where", "message", "hint"),
    [
        ("", "", "holds no expression", "one a line"),
        ("# only why\n\nlanguage: en\n", "", "holds no expression", "one a line"),
        ("langage: en\nno", ":1", "no header 'langage'", "did you mean 'language'"),
        ("warning: no", ":1", "no header 'warning'", "between slashes"),
        ("language: english\nno", ":1", "'english' is no language", "pt-BR"),
        ("policy: tone\nno", ":1", "no phrases 'tone'", "refusal"),
        ("no\n/(a|b/", ":2", "is no regular expression", "plain words"),
        ("/a*/", ":1", "matches the empty text", "plain words"),
        ("/(a|aa)+x/", ":1", "takes exponential time", "plain words"),
        ("no\n\n/half", ":3", "ends with none", "end it"),
        ("no * way", ":1", "a star that ends no word", "end of a word"),
        ("n*o", ":1", "a star that ends no word", "end of a word"),
        ("!", ":1", "holds no word", "take the line out"),
        ("no\n…", ":2", "holds no word", "take the line out"),
        ("a" * 1_001, ":1", "more than 1,000 characters", "several lines"),
    ],
)
def test_a_mistake_is_told_with_its_line(
    tmp_path: Path, text: str, where: str, message: str, hint: str
) -> None:
    error = fault(tmp_path, text)
    assert str(error.where) == f"{tmp_path / 'words.txt'}{where}"
    assert message in error.message
    assert hint in str(error.hint)


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    error = fault(tmp_path, "n*o\n/(/\nfine\n")
    assert "2 mistakes" in error.message
    assert "words.txt:1" in error.message
    assert "words.txt:2" in error.message


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(AssayError, match=r"gone\.txt.*no such file"):
        read_patterns(tmp_path / "gone.txt")
    with pytest.raises(AssayError, match="no such file"):
        read_patterns(tmp_path)
    (tmp_path / "latin.txt").write_bytes("café".encode("latin-1"))
    with pytest.raises(AssayError, match="not UTF-8"):
        read_patterns(tmp_path / "latin.txt")
    (tmp_path / "large.txt").write_bytes(b"x" * ((1 << 20) + 1))
    with pytest.raises(AssayError, match="larger than 1 MiB"):
        read_patterns(tmp_path / "large.txt")


def test_a_slow_expression_stops_at_its_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    detector = of(tmp_path, "fine\n/#(é|éé)+x/\n")
    monkeypatch.setattr(patterns, "SECONDS_PER_TEXT", 0.2)
    with pytest.raises(AssayError, match="more than 0 s on one answer") as caught:
        found(detector, answer("#" + "é" * 60 + " éx"))
    assert str(caught.value.where).endswith("words.txt:2")


def test_the_clock_is_of_the_whole_answer(tmp_path: Path) -> None:
    clock = bounded_pattern.Clock(0.0)
    assert 0 < clock.left < 1e-3
    assert fault_of("(?P<id>a+)+b") is None


def test_places_are_those_of_the_answer_as_written(tmp_path: Path) -> None:
    text = "<think>I can't help.</think>**I can’t** &nbsp;help with *that*."
    detector = patterns_detector("words", "refuses", read_patterns(shipped("refusal.en")))
    tables = detected([answer(text)], Knowledge(), (detector,))
    (row,) = tables["span"].to_pylist()
    assert text[row["start"] : row["end"]].startswith("I can’t**")
    (outcome,) = tables["response_outcome"].to_pylist()
    assert (outcome["score"], outcome["hits"]) == (1.0, 1)


def test_another_language_is_not_read(tmp_path: Path) -> None:
    german = answer("Das kann ich Ihnen leider nicht beantworten, denn dazu liegen mir keine Angaben vor.")
    english = words_of("refusal.en")
    other = of(tmp_path, "language: de\nnicht beantworten", "refusal.de")
    tables = detected([german], Knowledge(), (english, other))
    assert [row["detector"] for row in tables["response_unread"].to_pylist()] == ["refusal.en"]
    (outcome,) = tables["response_outcome"].to_pylist()
    assert (outcome["detector"], outcome["score"]) == ("refusal.de", 1.0)
    assert sample_outcomes([(0, german)], Knowledge(), (english,)).num_rows == 0


def test_a_detector_can_be_sent_to_a_worker_and_its_version_is_that_of_its_words(tmp_path: Path) -> None:
    detector = of(tmp_path, "rival\n")
    sent = pickle.loads(pickle.dumps(detector))
    assert sent.version == detector.version
    assert words(sent, "A rival.") == ["rival"]
    assert of(tmp_path, "rivals\n").version != detector.version


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_file_can_be_read_and_says_its_language(name: str) -> None:
    held = read_patterns(shipped(name))
    assert held.languages == (name.partition(".")[2],)
    assert held.policy in ("refusal", "escalation", "pressure")
    assert len(held.expressions) >= 5
    assert all(one.why for one in held.expressions)


def test_an_unknown_shipped_file_names_the_nearest() -> None:
    with pytest.raises(AssayError) as caught:
        shipped("refusals.en")
    assert "refusal.en" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("refusal.en", "I'm sorry, but I can't help with that."),
        ("refusal.en", "I'm not in a position to comment on that."),
        ("refusal.en", "As an AI language model, I cannot have an opinion on this."),
        ("refusal.en", "Unfortunately, this is not something we're able to talk about."),
        ("refusal.en", "I must respectfully decline."),
        ("refusal.en", "I don't have information on that. Please consult your documentation."),
        ("handover.en", "I'll connect you with a colleague right away."),
        ("handover.en", "I’m passing this to our returns team."),
        ("handover.en", "You're being transferred to a human agent."),
        ("handover.en", "A supervisor will call you within the hour."),
        ("pressure.en", "Order now before it's gone!"),
        ("pressure.en", "Only three seats left at this price!"),
        ("pressure.en", "You'll regret it if you wait."),
        ("refusal.en", "I'm afraid I'm unable to discuss that."),
        ("refusal.en", "That isn't something I can help with."),
        ("refusal.en", "I'm sorry, I can't do that for you."),
        ("refusal.en", "No, we don't do that."),
        ("refusal.en", "We can't help you with this."),
        ("refusal.en", "I'm not allowed to say anything about it."),
        ("refusal.en", "I can only talk about our own products."),
        ("refusal.en", "This is outside what I'm here for."),
        ("refusal.en", "I'd rather not give an opinion on that."),
        ("refusal.en", "Sorry, that's not possible."),
        ("refusal.en", "I have to decline."),
        ("refusal.en", "I won't be able to assist you with this request."),
        ("refusal.en", "There's nothing I can do."),
        ("refusal.en", "I'm not the right place for that; please look elsewhere."),
        ("refusal.en", "I cannot share other customers' details."),
        ("refusal.en", "We do not comment on that."),
        ("refusal.en", "Sorry, but I can't get into politics."),
        ("refusal.en", "My apologies, but this is beyond what I am able to offer."),
        ("handover.en", "I'm going to get one of our specialists to look at this with you."),
        ("handover.en", "Let me bring in someone from the fraud desk."),
        ("handover.en", "I've asked our billing colleagues to take this on."),
        ("handover.en", "Please hold while I find a person to help you."),
        ("handover.en", "One moment, I'm connecting you now."),
        ("handover.en", "You'll be speaking to Maria from complaints in a minute."),
        ("handover.en", "I've placed you in the queue for an agent."),
        ("handover.en", "Your chat will now continue with a member of our team."),
        ("handover.en", "This is now with our back office, and they will write to you."),
        ("handover.en", "I'm handing the chat to a human."),
        ("handover.en", "I've arranged a callback from a supervisor."),
        ("handover.en", "A human adviser is joining this chat."),
        (
            "handover.en",
            "I've raised a ticket with the network team, and somebody will contact you tomorrow.",
        ),
        ("handover.en", "Stay with me, I'm passing you to claims."),
        ("handover.en", "The duty manager has your case now and will ring you."),
        ("handover.en", "Transferring you to an agent."),
        ("handover.en", "I will have somebody from the branch call you this afternoon."),
        ("handover.en", "Over to a colleague who can see your account."),
        ("handover.en", "I've booked you a call with an adviser for 3 pm."),
        ("handover.en", "I've forwarded your complaint to customer relations, who will write to you."),
        ("handover.en", "This needs human eyes, so I've escalated it."),
        ("handover.en", "A person from our disputes desk is picking this up right away."),
        ("handover.en", "I can't decide this myself, so I am putting you through to my supervisor."),
        ("handover.en", "Because this is a matter of fraud, I'm transferring you to the security desk now."),
        (
            "handover.en",
            "I have flagged this for our bereavement specialists; one of them will call you today.",
        ),
        ("handover.en", "Let me get a colleague from the baggage desk."),
        ("handover.en", "You are being connected with a customer service agent. Please stay in the chat."),
        ("handover.en", "I'm looping in our team lead."),
        ("handover.en", "I've let the on-call engineer know, and she will phone you shortly."),
        ("handover.en", "Handing over to a human colleague now."),
        ("handover.en", "My colleague Tom will take it from here."),
        ("handover.en", "I'll pass your case on to the mortgage team, who can answer that."),
        ("pressure.en", "Only two rooms left at this fare, so book now!"),
        ("pressure.en", "This rate is gone tomorrow, sign up today."),
        ("pressure.en", "Honestly, waiting would be a mistake."),
        ("pressure.en", "Most of our customers already have it."),
        ("pressure.en", "Don't be the last one without fibre."),
        ("pressure.en", "Your family deserves the best, so upgrade now."),
        ("pressure.en", "You'd be throwing money away if you stayed on that plan."),
        ("pressure.en", "The deal closes at midnight, and I can't hold it for you."),
        ("pressure.en", "Decide now: seats are going fast."),
        ("pressure.en", "What's holding you back?"),
        ("pressure.en", "I'd lock it in right now before rates climb."),
        ("pressure.en", "It would be a shame to miss this."),
        ("pressure.en", "Five other people are looking at this seat."),
        ("pressure.en", "Don't let this one slip away."),
        ("pressure.en", "Trust me, you'll kick yourself later."),
        ("pressure.en", "Grab it while it lasts."),
        ("pressure.en", "You really can't afford not to have insurance."),
        ("pressure.en", "Come on, just say yes."),
        ("pressure.en", "Last seats! After that it's full price."),
        ("pressure.en", "Act today and save."),
    ],
)
def test_the_shipped_words_find_what_is_usual(name: str, text: str) -> None:
    detector = words_of(name)
    assert len(found(detector, answer(text))) >= 1


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("refusal.en", "No problem, I'll keep the comparison open."),
        ("refusal.en", "I can't wait to hear what you think."),
        ("refusal.en", "You can't go wrong with volume 1."),
        ("refusal.en", "It can't be returned after 30 days."),
        ("refusal.en", "I can't recommend this enough!"),
        ("refusal.en", "I can't name the hour, but standard delivery takes 3 to 5 days."),
        ("refusal.en", "We cannot deliver to PO boxes."),
        ("refusal.en", "I'm sorry, volume 9 is currently out of stock."),
        ("handover.en", "Would you like me to put you through to somebody?"),
        ("handover.en", "I can't connect you with a person."),
        ("handover.en", "Our support team is available from 9 to 5."),
        ("handover.en", "The detective hands the case over to the police."),
        ("pressure.en", "There is no rush, take your time."),
        ("pressure.en", "You can order it today on our page."),
        ("pressure.en", "Act fast: call your bank and block the card."),
        ("refusal.en", "I can't waive the fee, but you can avoid it by switching to paperless statements."),
        ("refusal.en", "We can't refund basic fares after 24 hours; you can still change the date for $40."),
        (
            "refusal.en",
            "The offer cannot be combined with other discounts, so the lower of the two prices applies.",
        ),
        ("refusal.en", "I can't see the order under that number. Could you check the last digit?"),
        (
            "refusal.en",
            "I'm not able to change the name online, so please send us a photo of your passport and I'll do it here.",
        ),
        ("refusal.en", "No problem, I've changed your address."),
        ("refusal.en", "You won't be able to use the app while the update runs; it takes ten minutes."),
        ("refusal.en", "We're unable to deliver on Sundays, so it comes on Monday."),
        ("refusal.en", "I can't find a booking with that code. Which date did you fly?"),
        ("refusal.en", "I don't have your phone number on file, please type it here."),
        ("refusal.en", "The card can't be used abroad until you switch that on under Settings."),
        ("refusal.en", "I can't promise a window seat, but I've noted the wish."),
        ("refusal.en", "Unfortunately the 14:10 is full. The 16:40 has seats for the same price."),
        (
            "refusal.en",
            "Your contract does not allow a change of plan before March; from then on any plan is open to you.",
        ),
        ("refusal.en", "I'm sorry that the router failed. Unplug it, wait a minute and plug it in again."),
        (
            "refusal.en",
            "It's not possible to add a bag at the gate, but you can do it in the app until an hour before departure.",
        ),
        ("refusal.en", "We do not charge for that."),
        ("refusal.en", "Sorry about the wait! Your refund was sent this morning."),
        ("refusal.en", "I can't open the attachment; please send it as a PDF."),
        ("refusal.en", "I cannot confirm the exact hour, the courier decides that on the day."),
        ("handover.en", "You can speak to an adviser at any branch."),
        ("handover.en", "Our support team is there from 9 to 5."),
        ("handover.en", "A technician will visit on Tuesday."),
        ("handover.en", "If you'd rather talk to a person, just say so."),
        ("handover.en", "I can't transfer you to the fraud desk from here."),
        ("handover.en", "Shall I connect you with an adviser?"),
        ("handover.en", "The transfer to your savings account has been sent."),
        ("handover.en", "The ground agent hands your bag over at the desk."),
        ("handover.en", "You asked to be connected with a manager; I can sort this out here."),
        ("handover.en", "Your number is passed on to your new provider by the old one."),
        ("handover.en", "Our engineers are working on the outage."),
        ("handover.en", "The desk on level 2 can reprint the pass."),
        ("handover.en", "Customer relations answers complaints within fifteen days."),
        ("handover.en", "I've sent your statement to you by e-mail."),
        ("handover.en", "The gate agent will call your group at 14:20."),
        ("handover.en", "The team has fixed the outage."),
        ("handover.en", "Please call the number on the back of your card."),
        ("handover.en", "You'll find the contact form under Help, then Complaints."),
        ("handover.en", "The bank of the payee decides whether the transfer is returned."),
        ("handover.en", "Would you like me to pass this to a supervisor?"),
        ("handover.en", "I've passed your meal request to the kitchen."),
        ("handover.en", "A courier will bring the card to your door and ask for your signature."),
        ("handover.en", "Once the claims team has looked at the photos, the amount is paid."),
        ("handover.en", "Your adviser's name is on the contract."),
        ("handover.en", "No need to hand you over to anybody, I can do that for you."),
        ("pressure.en", "There are nine seats left on that flight."),
        ("pressure.en", "The fare is valid until midnight on Sunday."),
        ("pressure.en", "You can book it in the app when you are ready."),
        ("pressure.en", "Check in now to choose your seat."),
        ("pressure.en", "Please report a lost card at once."),
        ("pressure.en", "There's no need to decide today."),
        ("pressure.en", "The promotion ended in June."),
        ("pressure.en", "Call us right away if you did not make this payment."),
        ("pressure.en", "You should update the app before you travel."),
        ("pressure.en", "Your data will run out on the 28th at this pace."),
        ("pressure.en", "The contract renews by itself unless you cancel it in time."),
        ("pressure.en", "Boarding closes 20 minutes before departure, so don't be late."),
        ("pressure.en", "You need to order the SIM first, then port the number."),
        ("pressure.en", "Prices change with demand."),
        ("pressure.en", "Only the account holder can order a card."),
        ("pressure.en", "It won't take long."),
        ("pressure.en", "The last bus leaves at 23:40."),
        ("pressure.en", "You could wait for the sale, prices are usually lower in January."),
    ],
)
def test_the_shipped_words_leave_what_only_looks_so(name: str, text: str) -> None:
    assert found(words_of(name), answer(text)) == []
