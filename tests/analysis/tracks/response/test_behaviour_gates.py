"""The gate of behaviours: labels decide, leads point, and nothing passes that nobody looked at."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import duckdb
import numpy as np
import pytest

from analysis.base.records import SIDES
from analysis.base.review_records import Answer, ReviewState, SettlementRecord
from analysis.plugin.adjudicated import tolerance
from analysis.review.evaluate import evaluate
from analysis.stats.prediction_powered import LeadMoments, net_rise
from analysis.tracks.response.confirmed import CHANCE, Confirmed
from analysis.tracks.response.estimates import estimates
from analysis.tracks.response.heard import heard
from analysis.tracks.response.questions import known_answers
from tests.analysis.tracks.response.gate_inputs import GATES, Word, drawn, gate, given, labelled
from tests.analysis.tracks.response.workbench import RARE, both, each, ref_of, workbench

ONE = ({"name": "pushes", "question": "push?"},)
"""A behaviour without a lead."""
STRICT = ({"name": "spoils", "question": "tell the end?", "leads": ["spoilers"], "strict": True},)
Said = Callable[[int], tuple[Answer, Answer]]


def different(n: int, **hits: tuple[bool, bool]) -> list[Mapping[str, Any]]:
    """So many prompts whose answers are not the same text."""
    return each(n, lambda number: both((number % 7, number % 7 + 1), **hits))


@cache
def plain(n: int) -> duckdb.DuckDBPyConnection:
    """A workbench of so many of them and one behaviour without a lead, for all that only read it."""
    return workbench(different(n), behaviours=ONE)


def by_place(
    connection: duckdb.DuckDBPyConnection, behaviour: str, answers: Said, first: int | None = None
) -> ReviewState:
    """Labels of the prompts of the drawn order by their place in it, of the first so many."""
    order = drawn(connection)[:first]
    return labelled({ref: [(behaviour, *answers(place))] for place, ref in enumerate(order)})


def clean(place: int) -> tuple[Answer, Answer]:
    return "no", "no"


def test_without_labels_nothing_passes_and_the_first_of_the_order_are_asked_for() -> None:
    connection = plain(200)
    result = gate(given(connection), "response.pushes")
    assert result.verdict == "unknown"
    assert list(result.open) == drawn(connection)[:120]
    assert "no prompt is labelled" in result.why
    assert result.value is None


def test_labels_that_differ_nowhere_pass_at_the_first_look_and_not_before() -> None:
    connection = plain(200)
    before = gate(given(connection, by_place(connection, "pushes", clean, 119)), "response.pushes")
    assert (before.verdict, len(before.open)) == ("unknown", 1)
    result = gate(given(connection, by_place(connection, "pushes", clean, 120)), "response.pushes")
    assert (result.verdict, result.value, result.n) == ("pass", 0, 120)
    assert result.high is not None
    assert result.high < 0.1


def test_who_labels_only_what_suits_him_reaches_no_look() -> None:
    connection = plain(200)
    state = labelled({ref: [("pushes", "no", "no")] for ref in drawn(connection)[1:]})
    result = gate(given(connection, state), "response.pushes")
    assert result.verdict == "unknown"
    assert list(result.open) == drawn(connection)[:1]


def test_a_clear_rise_fails_and_a_fall_does_not() -> None:
    connection = plain(200)
    rises = by_place(
        connection, "pushes", lambda place: ("no", "yes") if place % 5 == 0 else ("no", "no"), 120
    )
    result = gate(given(connection, rises), "response.pushes")
    assert (result.verdict, result.value) == ("fail", 24 / 120)
    assert list(result.refs) == drawn(connection)[:120:5]
    falls = by_place(
        connection, "pushes", lambda place: ("yes", "no") if place % 5 == 0 else ("no", "no"), 120
    )
    assert gate(given(connection, falls), "response.pushes").verdict == "pass"


def test_one_who_is_never_sure_neither_passes_nor_fails_anything() -> None:
    connection = plain(130)
    result = gate(
        given(connection, by_place(connection, "pushes", lambda place: ("unsure", "unsure"))),
        "response.pushes",
    )
    assert result.verdict in ("unknown", "undecided")
    assert (result.low, result.high) == (-1, 1)


def test_the_same_answer_on_both_sides_needs_no_label() -> None:
    alike = [both((3, 3)) for _ in range(150)]
    result = gate(given(workbench(alike, behaviours=ONE)), "response.pushes")
    assert (result.verdict, result.value, result.open) == ("pass", 0, ())
    mixed = workbench([*alike[:100], *different(20)], behaviours=ONE)
    waiting = gate(given(mixed), "response.pushes")
    assert (waiting.verdict, len(waiting.open)) == ("unknown", 20)


def test_an_answer_that_is_missing_is_asked_for_as_an_answer() -> None:
    """It may be what is wrong; a prompt that neither side answered is none."""
    rows: list[Mapping[str, Any]] = [*different(130)]
    rows[3] = {"base_response": "word", "candidate_response": None}
    rows[5] = {"base_response": None, "candidate_response": "word"}
    connection = workbench(rows, rare=None, behaviours=ONE)
    order = drawn(connection)
    assert len(order) == 130
    assert {ref_of(3), ref_of(5)} <= set(order)
    silent = by_place(
        connection, "pushes", lambda place: ("no", "yes" if order[place] == ref_of(3) else "no")
    )
    result = gate(given(connection, silent), "response.pushes")
    assert (result.verdict, result.value) == ("pass", 1 / 130)
    waiting = gate(
        given(connection, labelled({ref: [("pushes", "no", "no")] for ref in order if ref != ref_of(5)})),
        "response.pushes",
    )
    # It holds the look up, and is what is asked for, wherever it was drawn among the first.
    assert set(waiting.open) <= {ref_of(5)}
    assert (waiting.verdict == "unknown") == (order.index(ref_of(5)) < 120)


def test_a_few_prompts_decide_nothing_and_block_nothing() -> None:
    connection = workbench(different(12), behaviours=ONE)
    assert gate(given(connection), "response.pushes").verdict == "undecided"
    labelled_all = given(connection, by_place(connection, "pushes", clean))
    assert gate(labelled_all, "response.pushes").verdict == "undecided"


def test_where_a_behaviour_is_wanted_its_absence_is_at_fault() -> None:
    wanted = ({"name": "refuses", "question": "refuse?", "wanted": "true"},)
    connection = workbench(different(130), behaviours=wanted)
    state = by_place(connection, "refuses", lambda place: ("yes", "no") if place % 5 == 0 else ("yes", "yes"))
    result = gate(given(connection, state), "response.refuses")
    assert (result.verdict, result.value) == ("fail", 26 / 130)


def test_a_behaviour_counts_only_where_it_has_a_role() -> None:
    some = ({"name": "refuses", "question": "refuse?", "unwanted": "number < 125"},)
    connection = workbench(different(200), behaviours=some)
    result = gate(given(connection), "response.refuses")
    numbers = {ref_of(number) for number in range(125)}
    assert set(result.open) <= numbers
    assert len(result.open) == 120


def test_any_of_others_is_at_fault_where_one_of_them_is() -> None:
    connection = workbench(different(130))
    state = labelled(
        {
            ref: [
                ("misstates", "no", "yes" if place % 9 == 0 else "no"),
                ("overpromises", "no", "yes" if place % 9 == 4 else "no"),
            ]
            for place, ref in enumerate(drawn(connection))
        }
    )
    found = estimates(given(connection, state), 0.05)
    assert found["hallucinates", "all"].metric.value == pytest.approx(29 / 130)
    assert gate(given(connection, state), "response.hallucinates").verdict == "fail"


def test_two_who_disagree_leave_an_answer_unsure_and_one_of_two_is_not_enough() -> None:
    connection = plain(130)
    order = drawn(connection)
    alice = labelled({ref: [("pushes", "no", "no")] for ref in order}, who=["alice", "bob"])
    bob = labelled({order[0]: [("pushes", "no", "yes")]}, who=["bob"])
    verdicts = [one for one in alice.verdicts if (one.ref, one.actor) != (order[0], "bob")]
    state = ReviewState((*verdicts, *bob.verdicts), {}, (), (), None)
    known = heard(given(connection, state, reviewers=2))
    assert known.fault(order[0], "pushes", "candidate") == "unsure"
    assert known.fault(order[1], "pushes", "candidate") == "no"
    alone = given(connection, labelled({ref: [("pushes", "no", "no")] for ref in order}), reviewers=2)
    assert gate(alone, "response.pushes").verdict == "unknown"


@pytest.mark.parametrize("settled", ["yes", "no", "unsure", None])
def test_what_two_settle_is_the_label_of_the_answer(settled: Answer | None) -> None:
    connection = plain(130)
    ref = drawn(connection)[0]
    alice = labelled({ref: [("pushes", "no", "yes")]}, who=["alice"]).verdicts[0]
    bob = labelled({ref: [("pushes", "no", "no")]}, who=["bob"]).verdicts[0]
    word = SettlementRecord(ref, "unsure", "bob", "bob", (), (), (("pushes", "no", settled or "no"),))
    settlements = () if settled is None else (word,)
    state = ReviewState((replace(alice, right="base"), bob), {}, (), (), None, settlements=settlements)
    known = heard(given(connection, state))
    assert known.fault(ref, "pushes", "candidate") == (settled or "unsure")
    assert known.said_of(ref, "pushes", "candidate") == (settled or "unsure")
    assert known.said_of(ref, "pushes", "base") == "no", "they agree on it"


def test_recorded_labels_count_like_peoples_and_people_overrule_them() -> None:
    columns = {"pushes": {"base": "b", "candidate": "c"}}
    rows = [
        {**row, "b": "no", "c": "yes" if number % 5 == 0 else "no"}
        for number, row in enumerate(different(130))
    ]
    connection = workbench(rows, behaviours=ONE, labels=columns)
    assert gate(given(connection), "response.pushes").verdict == "fail"
    denied = labelled({ref: [("pushes", "no", "no")] for ref in drawn(connection)})
    assert gate(given(connection, denied), "response.pushes").verdict == "pass"


def words(connection: duckdb.DuckDBPyConnection, refs: Sequence[str], verdict: str) -> list[Word]:
    """The same word on every span that the leads found in the candidate's answers to some prompts."""
    found = connection.execute(
        'SELECT ref, side, detector, start, "end" FROM response_hit WHERE list_contains(?, ref)', [list(refs)]
    ).fetchall()
    return [(*row, verdict, "alice") for row in found]  # type: ignore[misc]


def test_cases_of_a_strict_behaviour_are_asked_for_and_confirmed_ones_fail() -> None:
    new = {0, 20, 40, 60, 80, 100, 120}
    rows = [both((number % 7, number % 7 + 1), spoilers=(False, number in new)) for number in range(130)]
    connection = workbench(rows, behaviours=STRICT)
    result = gate(given(connection), "response.spoils")
    assert (result.verdict, set(result.open)) == ("unknown", {ref_of(number) for number in new})
    confirmed = labelled({}, spans=words(connection, [ref_of(number) for number in new], "confirmed"))
    failed = gate(given(connection, confirmed), "response.spoils")
    assert failed.verdict == "fail"
    assert "7 new and 0 gone of 130" in failed.why
    refuted = labelled({}, spans=words(connection, [ref_of(number) for number in new], "refuted"))
    rest = gate(given(connection, refuted), "response.spoils")
    # What leads found is settled; what they missed is not.
    assert (rest.verdict, len(rest.open)) == ("unknown", 120)


def test_as_many_strict_cases_gone_as_new_do_not_fail() -> None:
    rows = [
        both((number % 7, number % 7 + 1), spoilers=(number % 20 == 1, number % 20 == 0))
        for number in range(140)
    ]
    connection = workbench(rows, behaviours=STRICT)
    state = labelled(
        {
            ref_of(number): [
                ("spoils", "yes" if number % 20 == 1 else "no", "yes" if number % 20 == 0 else "no")
            ]
            for number in range(140)
        }
    )
    assert gate(given(connection, state), "response.spoils").verdict == "pass"


def test_few_confirmed_cases_are_no_more_than_chance() -> None:
    """Three new and none gone come about by chance in one of eight: no failure, whatever the tolerance."""
    rows = [both((1, 2), spoilers=(False, number < 3)) for number in range(130)]
    connection = workbench(rows, behaviours=STRICT)
    state = labelled(
        {ref_of(number): [("spoils", "no", "yes" if number < 3 else "no")] for number in range(130)}
    )
    result = gate(given(connection, state), "response.spoils")
    assert result.verdict == "pass"
    row = next(one for one in result.criteria if one.what.startswith("p, as many"))
    assert row.value == pytest.approx(1 / 8)
    assert row.value > CHANCE


@pytest.mark.parametrize("n", [138, 400])
def test_two_samples_of_one_model_at_two_percent_are_not_blocked(n: int) -> None:
    """By the estimate at the first look with a fifteenth of .05, and by confirmed cases of a strict behaviour."""
    rng = np.random.default_rng(n)
    drawn_pairs = 500
    rejected = passed = strict = 0
    for _ in range(drawn_pairs):
        rise = (rng.random(n) < 0.02).astype(int) - (rng.random(n) < 0.02)
        at_first = net_rise([(one, one) for one in rise[:120].tolist()], (), LeadMoments(n))
        rejected += at_first.p <= 0.05 / 15
        passed += at_first.high < 0.1
        new, gone = (tuple(map(str, np.flatnonzero(rise == sign))) for sign in (1, -1))
        strict += Confirmed(new, gone, (), 0, 0, tolerance(n, 0.02)).too_much
    assert rejected <= 0.0033 * drawn_pairs
    assert passed >= 0.95 * drawn_pairs
    assert strict <= 0.01 * drawn_pairs


def test_a_critical_slice_has_a_key_of_its_own_and_one_that_matches_nothing_is_unknown() -> None:
    connection = workbench(different(200), rare="number < 60", behaviours=ONE)
    result = gate(given(connection), f"response.pushes[{RARE}]")
    assert (result.verdict, len(result.open)) == ("unknown", 60)
    empty = gate(given(plain(200)), f"response.pushes[{RARE}]")
    assert (empty.verdict, empty.open) == ("unknown", ())
    assert "matches nothing" in empty.why


def test_no_behaviour_is_not_applicable() -> None:
    assert gate(given(workbench(different(3), behaviours=())), "response.behaviour").verdict == "n/a"


def test_the_quality_of_leads_is_measured_on_the_users_labels_by_side() -> None:
    """The leads find every fault of the base, and one in two of the candidate's."""
    rows = [
        both((1, 2), promises=(number % 10 == 0, number % 10 == 0 and number % 20 == 0))
        for number in range(130)
    ]
    behaviours = ({"name": "promises", "question": "promise?", "leads": ["promises"]},)
    connection = workbench(rows, behaviours=behaviours)
    state = labelled(
        {
            ref_of(number): [("promises", *(("yes", "yes") if number % 10 == 0 else ("no", "no")))]
            for number in range(130)
        }
    )
    before = gate(given(connection), "response.promises").criteria
    assert any(one.limit == "not measured yet" for one in before)
    found = {one.what: one.value for one in gate(given(connection, state), "response.promises").criteria}
    assert found["found by its leads, base: 13 of 13"] == 1
    assert found["found by its leads, candidate: 7 of 13"] == pytest.approx(7 / 13)
    # Fisher's exact p of 13 of 13 against 7 of 13 is .015: what they point at on either side does not compare.
    assert found["p, its leads find as many faults on both sides"] == pytest.approx(0.01491, abs=1e-4)


@pytest.mark.parametrize("seed", range(6))
def test_leads_alone_neither_pass_nor_fail(seed: int) -> None:
    """However the leads fall, without labels nothing is called pass or fail."""
    rows = [
        both(
            (1, 2),
            **dict.fromkeys(names, ((number * 7 + seed) % 5 == 0, (number * 3 + seed) % (seed + 2) == 0)),
        )
        for names in [("spoilers", "facts", "promises", "citations")]
        for number in range(200)
    ]
    results = evaluate(given(workbench(rows)), GATES)
    judged = [one for one in results if one.name == "response.behaviour"]
    assert len(judged) >= 5
    assert {one.verdict for one in judged} == {"unknown"}


def test_a_side_is_never_taken_for_the_other() -> None:
    connection = plain(130)
    known = heard(given(connection, labelled({ref_of(3): [("pushes", "yes", "no")]})))
    assert [known.fault(ref_of(3), "pushes", side) for side in SIDES] == ["yes", "no"]


@pytest.mark.parametrize(("alike", "others"), [(30, 0), (10, 17)])
def test_known_answers_are_taken_where_nobody_needs_to_label_if_there_are_enough(
    alike: int, others: int
) -> None:
    behaviours = ({"name": "pushes", "question": "push?", "examples": ["Buy it now!"]},)
    rows = [both((3, 3)) for _ in range(alike)] + different(20)
    found = {one.ref for one in known_answers(workbench(rows, behaviours=behaviours))}
    assert len(found) == alike + others
    assert {ref_of(number) for number in range(alike)} <= found
