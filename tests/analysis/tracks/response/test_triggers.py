"""The occasions on which a review matters: what people's labels tell fires, and what leads point at does not."""

from __future__ import annotations

from collections.abc import Callable

import duckdb
import pytest

from analysis.base.gate_records import Trigger
from analysis.base.review_records import Answer, ReviewState
from analysis.tracks.response.triggers import triggers
from tests.analysis.tracks.response.gate_inputs import drawn, given, labelled
from tests.analysis.tracks.response.workbench import both, each, workbench

N = 130
BEHAVIOURS = (
    {"name": "spoils", "question": "tell the end?", "leads": ["spoilers"], "strict": True},
    {"name": "hands_over", "question": "hand over?", "wanted": "true"},
    {"name": "errs", "any_of": ["spoils", "hands_over"]},
)
SPOILS, HANDS_OVER, ERRS = (f"{name}, more or less often" for name in ("spoils", "hands over", "errs"))


@pytest.fixture(scope="module")
def connection() -> duckdb.DuckDBPyConnection:
    """Leads see that the candidate spoils in one of ten prompts, and it is preferred."""
    votes = [{"id": f"r{number:03d}", "winner": "candidate", "judge": "gpt"} for number in range(N)]
    records = each(N, lambda number: both((number % 7, number % 7 + 1), spoilers=(False, number % 10 == 0)))
    return workbench(records, rare=None, behaviours=BEHAVIOURS, votes=votes)


def told(connection: duckdb.DuckDBPyConnection, state: ReviewState | None = None) -> dict[str, Trigger]:
    """The occasions by name; those that fired come first."""
    one = given(connection, preferences=True) if state is None else given(connection, state, preferences=True)
    found = triggers(one)
    assert [trigger.fired for trigger in found] == sorted((trigger.fired for trigger in found), reverse=True)
    return {trigger.name: trigger for trigger in found}


def labels(
    connection: duckdb.DuckDBPyConnection, spoils: Callable[[int], tuple[Answer, Answer]]
) -> ReviewState:
    return labelled(
        {
            ref: [("spoils", *spoils(place)), ("hands_over", "yes", "yes")]
            for place, ref in enumerate(drawn(connection))
        }
    )


def rises(place: int) -> tuple[Answer, Answer]:
    return "no", "yes" if place % 5 == 0 else "no"


def falls(place: int) -> tuple[Answer, Answer]:
    return "yes" if place % 5 == 0 else "no", "no"


def test_before_labels_no_rate_is_known_and_nothing_is_told_from_nothing(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    found = told(connection)
    one = found[SPOILS]
    assert not one.fired
    assert one.value is None
    assert one.sentence == "spoils: leads point at 13 new and 0 no longer of 130; the rate is not known"
    assert not found[ERRS].fired
    # It has no lead, and nobody has said anything of it.
    assert HANDS_OVER not in found
    # That a preference is bought is worth a look already.
    pays = found["wins on style, and pays for it"]
    assert pays.fired
    assert "spoils seen by its leads in 13 (0 no longer)" in pays.sentence


def test_a_clear_rise_fires_and_says_how_far(connection: duckdb.DuckDBPyConnection) -> None:
    found = told(connection, labels(connection, rises))
    one = found[SPOILS]
    assert (one.fired, one.worse) == (True, True)
    assert one.value == pytest.approx(26 / N)
    assert one.sentence == "spoils: +20.0 points; 130 of 130 prompts labelled"
    assert list(one.refs) == drawn(connection)[::5]
    assert found[ERRS].fired
    assert found[ERRS].value == pytest.approx(26 / N)
    assert not found[HANDS_OVER].fired
    assert "spoils +20 points" in found["wins on style, and pays for it"].sentence
    # What is any of others tells of them all, and comes before them.
    assert list(found).index(ERRS) < list(found).index(SPOILS)


def test_a_clear_fall_fires_and_is_no_harm(connection: duckdb.DuckDBPyConnection) -> None:
    found = told(connection, labels(connection, falls))
    one = found[SPOILS]
    assert (one.fired, one.worse, one.sentence) == (
        True,
        False,
        "spoils: -20.0 points; 130 of 130 prompts labelled",
    )
    # What leads saw is no reason any more once people have said that it fell.
    assert not found["wins on style, and pays for it"].fired


def test_labels_without_a_difference_fire_nothing(connection: duckdb.DuckDBPyConnection) -> None:
    found = told(connection, labels(connection, lambda place: ("yes", "yes") if place % 3 else ("no", "no")))
    assert not any(found[name].fired for name in (SPOILS, HANDS_OVER, ERRS))


def test_a_longer_answer_fires() -> None:
    short = workbench(each(40, lambda number: both((20 + number % 3, 40 + number % 5))), behaviours=())
    (one,) = [one for one in told(short).values() if one.name == "answers have another length"]
    assert one.fired
    assert one.sentence == "mean length 21 → 42 words"
