"""Counterfactual probes: where the cue goes, who is probed, and what is measured."""

from __future__ import annotations

import pytest

from analysis.intent.counterfactual import DRAWS, MAX_TEXTS, inserted, plans
from analysis.lexicon import BUILT_IN, Lexicon

TITLES = Lexicon("titles", ("Tofu Wars", "Cold Harbor", "Quiet Suspect"))
ROWS = [
    ("intent/message:1", "1", "can a human help me", "escalation"),
    ("intent/message:2", "2", "a human please, Tofu Wars is late", "escalation"),
    ("intent/message:3", "3", "where is my parcel", "order_tracking"),
    ("intent/message:4", "4", "where is Cold Harbor", "order_tracking"),
]


def made(cue: str, finder, seed: int = 0):
    return list(plans(ROWS, "escalation", cue, finder, "intent", seed))


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
            assert not TITLES.find(plan.text)


def test_a_swap_puts_another_term_in_the_same_place() -> None:
    swap = next(
        plan for plan in made("titles", TITLES) if plan.operation == "swap" and "Cold" not in plan.term
    )
    assert swap.term in TITLES.terms
    assert swap.text.replace(swap.term, "*").startswith(("where is *", "a human please, *"))


def test_built_in_classes_are_inserted_into_every_text() -> None:
    found = made("punctuation", BUILT_IN["punctuation"])
    assert {plan.parent_ref for plan in found} == {row[0] for row in ROWS}
    assert {plan.operation for plan in found} == {"insert"}


def test_the_seed_alone_decides() -> None:
    assert made("titles", TITLES, 7) == made("titles", TITLES, 7)
    assert made("titles", TITLES, 7) != made("titles", TITLES, 8)


def test_the_number_of_probed_texts_is_bounded() -> None:
    rows = [
        (f"intent/message:{i}", str(i), f"where is parcel {i}", "order_tracking")
        for i in range(MAX_TEXTS + 50)
    ]
    found = list(plans(rows, "escalation", "titles", TITLES, "intent", 0))
    assert len({plan.parent_ref for plan in found}) == MAX_TEXTS
    assert len(found) == MAX_TEXTS * DRAWS["other"]


@pytest.mark.parametrize("seed", range(40))
def test_inserted_text_holds_the_term_at_its_offsets(seed: int) -> None:
    changed, start, end = inserted("the theme of the thing is the the", "the", seed)
    assert changed[start:end] == "the"
    assert (changed[:start] + changed[end:]).split() == [
        "the",
        "theme",
        "of",
        "the",
        "thing",
        "is",
        "the",
        "the",
    ]
