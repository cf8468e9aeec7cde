"""Counterfactual probes: where the cue goes, who is probed, and what is measured."""

from __future__ import annotations

import pytest

from analysis.text.lexicon import BUILT_IN, Finder, Lexicon, insert_term
from analysis.tracks.intent.counterfactual import (
    DRAWS,
    DRAWS_BESIDE,
    MAX_TEXTS,
    Plan,
    Probe,
    mentions,
    neutral_plans,
    plans,
    signal_plans,
)
from analysis.tracks.intent.neutral_phrases import PHRASES, held_out_terms

TITLES = Lexicon("titles", ("Tofu Wars", "Cold Harbor", "Quiet Suspect"))
ROWS = [
    ("intent/message:1", "1", "can a human help me", "escalation"),
    ("intent/message:2", "2", "a human please, Tofu Wars is late", "escalation"),
    ("intent/message:3", "3", "where is my parcel", "order_tracking"),
    ("intent/message:4", "4", "where is Cold Harbor", "order_tracking"),
]


def planned(rows: list[tuple[str, str, str, str]], cue: str, finder: Finder, seed: int = 0) -> list[Plan]:
    return list(plans(rows, mentions(rows, finder), finder, Probe("escalation", cue, "intent", seed)))


def made(cue: str, finder: Finder, seed: int = 0) -> list[Plan]:
    """The variants of ROWS that come from the lexicon's own terms."""
    return [plan for plan in planned(ROWS, cue, finder, seed) if plan.source == "lexicon"]


def test_a_cue_is_inserted_where_it_is_not_and_removed_or_swapped_where_it_is() -> None:
    by_parent: dict[str, set[str]] = {}
    for plan in made("titles", TITLES):
        by_parent.setdefault(plan.parent_ref, set()).add(plan.operation)
    assert by_parent == {
        "intent/message:1": {"insert"},
        "intent/message:2": {"remove", "swap"},
        "intent/message:3": {"insert"},
        "intent/message:4": {"remove", "swap"},
    }


def test_populations_follow_the_gold_label_and_take_their_number_of_draws() -> None:
    inserts = [plan for plan in made("titles", TITLES) if plan.operation == "insert"]
    counts = {name: sum(plan.population == name for plan in inserts) for name in DRAWS}
    assert counts == DRAWS
    assert {plan.population for plan in inserts if plan.parent_ref.endswith(":1")} == {"critical"}


def test_marks_point_at_the_cue() -> None:
    for plan in made("titles", TITLES) + made("punctuation", BUILT_IN["punctuation"]):
        if plan.start is not None:
            assert plan.text[plan.start : plan.end] == plan.term
        else:
            assert plan.operation == "remove"
            assert not (TITLES if plan.cue == "titles" else BUILT_IN[plan.cue]).find(plan.text)


def test_a_swap_puts_another_term_in_the_same_place() -> None:
    swap = next(
        plan for plan in made("titles", TITLES) if plan.operation == "swap" and "Cold" not in plan.term
    )
    assert swap.term in TITLES.terms
    assert swap.text.replace(swap.term, "*").startswith(("where is *", "a human please, *"))


def test_built_in_classes_are_inserted_everywhere_and_removed_and_swapped_where_they_are() -> None:
    found = made("punctuation", BUILT_IN["punctuation"])
    inserts = {plan.parent_ref for plan in found if plan.operation == "insert"}
    assert inserts == {row[0] for row in ROWS}
    edited = {(plan.parent_ref, plan.operation): plan.text for plan in found if plan.operation != "insert"}
    assert set(edited) == {("intent/message:2", "remove"), ("intent/message:2", "swap")}
    assert edited["intent/message:2", "remove"] == "a human please Tofu Wars is late"
    assert edited["intent/message:2", "swap"].startswith("a human please")


@pytest.mark.parametrize(("cue", "text"), [("numbers", "order 12 please"), ("stopwords", "where is it")])
def test_numbers_and_stopwords_are_probed_like_any_cue(cue: str, text: str) -> None:
    rows = [("intent/message:1", "1", text, "escalation")]
    found = planned(rows, cue, BUILT_IN[cue])
    assert {plan.operation for plan in found} == {"insert", "remove", "swap"}
    removed = next(plan for plan in found if plan.operation == "remove")
    assert not BUILT_IN[cue].find(removed.text)


def test_a_template_phrase_is_probed_whole() -> None:
    template = Lexicon("templates", ("I am writing with regard to",))
    rows = [
        ("intent/message:1", "1", "I am writing with regard to my refund", "escalation"),
        ("intent/message:2", "2", "my refund", "returns"),
    ]
    found = planned(rows, "templates", template)
    assert [plan.text for plan in found if plan.operation == "remove"] == ["my refund"]
    assert not [plan for plan in found if plan.operation == "swap"]
    inserts = [plan for plan in found if plan.operation == "insert"]
    assert {plan.source for plan in inserts} == {"lexicon"}
    assert {plan.parent_ref for plan in inserts} == {"intent/message:2"}


def test_terms_held_out_look_like_the_lexicon_and_are_not_in_it() -> None:
    found = [plan for plan in planned(ROWS, "titles", TITLES) if plan.source == "held out"]
    terms = {plan.term for plan in found}
    assert terms
    assert not [term for term in terms if TITLES.find(term)]
    words = {word for term in TITLES.terms for word in term.split()}
    assert {word for term in terms for word in term.split()} <= words
    assert all(plan.text[plan.start : plan.end] == plan.term for plan in found)
    counts = {name: sum(plan.population == name for plan in found) for name in DRAWS_BESIDE}
    assert counts == DRAWS_BESIDE


@pytest.mark.parametrize(
    "terms",
    [
        ("Monster",),
        ("Monster", "Akira"),
        ("Tofu Wars",),
        ("Tofu Wars", "Cold Wars"),
        ("鬼滅の刃", "進撃の巨人"),
    ],
)
def test_nothing_is_held_out_where_nothing_can_be_recombined(terms: tuple[str, ...]) -> None:
    assert held_out_terms(Lexicon("titles", terms), 0) == ()


def test_terms_held_out_depend_on_the_seed_alone_and_hold_no_listed_term() -> None:
    lexicon = Lexicon("titles", ("Cold Harbor", "Tofu Wars", "Quiet Suspect", "Quiet"))
    found = held_out_terms(lexicon, 3)
    assert found == held_out_terms(lexicon, 3)
    assert found
    assert not any("Quiet" in term for term in found)


def test_neutral_phrases_are_inserted_once_for_a_class() -> None:
    found = list(neutral_plans(ROWS, "escalation", "intent", 0))
    assert {plan.source for plan in found} == {"neutral"}
    assert {plan.term for plan in found} <= set(PHRASES)
    counts = {name: sum(plan.population == name for plan in found) for name in DRAWS_BESIDE}
    assert counts == {name: 2 * draws for name, draws in DRAWS_BESIDE.items()}
    assert len({plan.ref for plan in found}) == len(found)


def test_signals_are_deleted_from_texts_of_their_class_that_say_more() -> None:
    rows = [
        *ROWS,
        ("intent/message:5", "5", "human", "escalation"),
        ("intent/message:6", "6", "is a human there", "order_tracking"),
    ]
    phrase = Lexicon("human", ("human",))
    probe = Probe("escalation", "human", "intent", 0)
    found = {plan.parent_ref: plan.text for plan in signal_plans(rows, mentions(rows, phrase), 1, probe)}
    assert found == {"intent/message:1": "can a help me", "intent/message:2": "a please, Tofu Wars is late"}


def test_no_text_without_the_cue_leaves_nothing_to_insert() -> None:
    rows = [(f"intent/message:{i}", str(i), f"Cold Harbor {i}", "order_tracking") for i in range(5)]
    assert {plan.operation for plan in planned(rows, "titles", TITLES)} == {"remove", "swap"}


@pytest.mark.parametrize(("size", "texts"), [(0, 0), (3, 3)])
def test_a_critical_class_of_three_or_none_is_probed_as_it_is(size: int, texts: int) -> None:
    rows = [(f"intent/message:{i}", str(i), f"help {i}", "escalation") for i in range(size)]
    rows += [(f"intent/message:o{i}", f"o{i}", f"parcel {i}", "order_tracking") for i in range(4)]
    found = [plan for plan in planned(rows, "titles", TITLES) if plan.population == "critical"]
    assert len({plan.parent_ref for plan in found}) == texts


def test_two_hundred_classes_give_every_variant_a_ref_of_its_own() -> None:
    rows = [(f"intent/message:{i}", str(i), f"message {i}", f"class {i % 200}") for i in range(400)]
    found = [
        plan
        for number in range(0, 200, 20)
        for plan in plans(rows, {}, TITLES, Probe(f"class {number}", "titles", "intent", 0))
    ]
    assert len({plan.ref for plan in found}) == len(found)
    assert sum(plan.population == "critical" and plan.source == "lexicon" for plan in found) == 10 * 2 * 4


def test_the_seed_alone_decides() -> None:
    assert made("titles", TITLES, 7) == made("titles", TITLES, 7)
    assert made("titles", TITLES, 7) != made("titles", TITLES, 8)


def test_the_number_of_probed_texts_is_bounded() -> None:
    rows = [
        (f"intent/message:{i}", str(i), f"where is parcel {i}", "order_tracking")
        for i in range(MAX_TEXTS + 50)
    ]
    found = planned(rows, "titles", TITLES)
    assert len({plan.parent_ref for plan in found}) == MAX_TEXTS
    assert len(found) == MAX_TEXTS * (DRAWS["other"] + DRAWS_BESIDE["other"])


@pytest.mark.parametrize("seed", range(40))
def test_inserted_text_holds_the_term_at_its_offsets(seed: int) -> None:
    text = "the theme of the thing is the the"
    changed, start, end = insert_term(text, "the", seed)
    assert changed[start:end] == "the"
    assert (changed[:start] + changed[end:]).split() == text.split()
