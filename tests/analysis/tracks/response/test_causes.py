"""What prompts share in whose answers a fault is newly seen, of a review that the product itself analysed."""

from __future__ import annotations

from pathlib import Path

from analysis.base.records import Cause
from analysis.plugin.causes import examples_of
from analysis.review.session import ReviewSession
from analysis.tracks.response.causes import behaviour_causes
from tests.analysis.tracks.response.workbench import both, workbench
from tests.tui.response_fixture import Asked, publish_response

THINGS = ("parcel", "box set", "gift", "order", "bundle", "reprint", "poster", "artbook", "figure", "voucher")
SHOPS = ("Berlin", "Leeds", "Osaka", "Lyon")
HONEST = "It is on its way and should be there within five working days."
PROMISE = "It is on its way, and we guarantee that it will arrive tomorrow!"


def causes(folder: Path, promised: bool) -> tuple[Cause, ...]:
    """Of prompts about deliveries and about shops; the candidate's answers to those about deliveries may promise."""
    deliveries = {
        f"d{number:02}": Asked(
            f"When will my {thing} for {city} arrive?", HONEST, PROMISE if promised else HONEST, ("answer",)
        )
        for number, (thing, city) in enumerate((thing, city) for thing in THINGS for city in SHOPS[:2])
    }
    shops = {
        f"s{number:02}": Asked(f"Where in {city} is the shop with the {thing}?", "It is by the station.",
                               "It is right by the station.", ("answer",))
        for number, (thing, city) in enumerate((thing, city) for thing in THINGS for city in SHOPS)
    }  # fmt: skip
    store = publish_response(folder, prompts=deliveries | shops, votes=False)
    with ReviewSession.open(store, read_only=True) as session:
        return session.gate_input().causes


def test_what_newly_promising_answers_share_is_told(tmp_path: Path) -> None:
    first = causes(tmp_path / "review", promised=True)[0]
    assert (first.track, first.kind) == ("response", "template")
    assert first.outcome == "prompts where “overpromises” is new"
    assert first.sentence.startswith(
        f"{first.members} of {first.outcomes} {first.outcome} are one template, “When will my"
    )
    # Those whose words are so unlike that they are no near-duplicates are not of the template.
    assert len(first.refs) >= 15
    assert all(ref.startswith(("response/prompt:d", "response/prompt:r01")) for ref in first.refs)


def test_answers_that_stay_as_they_were_share_nothing(tmp_path: Path) -> None:
    assert causes(tmp_path / "review", promised=False) == ()


def test_what_people_said_of_an_answer_goes_before_what_leads_see() -> None:
    """Two thirds of the new answers people said something of, and the leads see a promise in every other one.

    What is any of promises and of statements that are not so is no more than its promises, and no cause of its own.
    """
    records = [
        {
            "said_base": "no",
            "said_candidate": ("yes" if number % 3 == 0 else "no") if number < 40 else "",
            **both(promises=(False, number % 2 == 0), facts=(False, number == 1)),
        }
        for number in range(60)
    ]
    labels = {"overpromises": {"base": "said_base", "candidate": "said_candidate"}}
    connection = workbench(records, rare="number % 3 = 0", labels=labels)
    every = examples_of(connection, "response", "drawn")
    (found,) = behaviour_causes(connection, "overpromises", ["overpromises"], every)
    assert (found.shared, found.members, found.outcomes, found.holding) == ("rare", 14 + 3, 14 + 10, 20)
    assert behaviour_causes(connection, "hallucinates", ["misstates", "overpromises"], every) == []
