"""What leads point at: in pairs, by role, again at matched length, and over samples, against values counted by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import duckdb
import numpy as np
import pytest

from analysis.base.records import ALL, Metric
from analysis.stats import clopper_pearson, tango_interval
from analysis.tracks.response.lengths import length_metrics
from analysis.tracks.response.metric_specs import rows_for
from analysis.tracks.response.rates import lead_metrics, sampled_metrics, unread_metrics
from tests.analysis.tracks.response.workbench import (
    BEHAVIOURS,
    RARE,
    both,
    each,
    ref_of,
    rows,
    sampled,
    shown,
    workbench,
)

ROWS = rows_for(one["name"] for one in BEHAVIOURS)
GERMAN = "Das ist eine sehr gute Geschichte, und der Nachbar ist am Ende der Mörder gewesen."


def _leads(records: Sequence[Any], **changes: Any) -> list[Metric]:
    return lead_metrics(workbench(records, **changes), ROWS)


def _of(found: list[Metric], name: str, slice_name: str = ALL, side: str = "difference") -> Metric:
    return next(row for row in found if (row.name, row.slice, row.side) == (name, slice_name, side))


def _faults(connection: duckdb.DuckDBPyConnection, behaviour: str) -> list[tuple[str, bool, bool]]:
    query = (
        f"SELECT ref, base_hit, candidate_hit FROM response_pair WHERE behaviour = '{behaviour}' ORDER BY ref"
    )
    return [(row["ref"], row["base_hit"], row["candidate_hit"]) for row in rows(connection, query)]


def test_leads_are_counted_in_pairs_of_answers_that_one_of_them_reads() -> None:
    outcomes: list[tuple[bool | None, bool | None]] = [
        (False, True),
        (False, True),
        (True, False),
        (True, True),
        (False, False),
        (None, True),
        (None, None),
    ]
    records = [both(spoilers=hits) for hits in outcomes]
    records.append({"base_response": None, "candidate_response": shown(spoilers=True)})
    found = _leads(records, rare="number < 3")
    # Five prompts: of the sixth one answer is not read, of the seventh neither, and the eighth has one answer.
    assert [_of(found, "spoils_leads", side=side).value for side in ("base", "candidate")] == [2 / 5, 3 / 5]
    base = _of(found, "spoils_leads", side="base")
    assert (base.low, base.high) == clopper_pearson(2, 5)
    change = _of(found, "spoils_leads")
    assert change.value == pytest.approx(1 / 5)
    assert change.n == 5
    assert (change.low, change.high) == tango_interval(1, 2, 5)
    assert (_of(found, "spoils_new").value, _of(found, "spoils_gone").value) == (2, 1)
    rare = _of(found, "spoils_leads", RARE)
    assert rare.value == pytest.approx(1 / 3)
    assert rare.n == 3
    # No lead reads an answer for what the others ask.
    assert {row.name.partition("_")[0] for row in found} == {"spoils"}


def test_where_a_behaviour_is_wanted_its_absence_is_the_fault() -> None:
    """It is unwanted of even prompts and wanted of odd ones."""
    connection = workbench([both(citations=(False, True))] * 4)
    assert _faults(connection, "cites") == [
        (ref_of(0), False, True),
        (ref_of(1), True, False),
        (ref_of(2), False, True),
        (ref_of(3), True, False),
    ]
    found = lead_metrics(connection, ROWS)
    assert (_of(found, "cites_new").value, _of(found, "cites_gone").value) == (2, 2)
    assert _of(found, "cites_leads").value == 0


def test_any_of_others_is_where_leads_see_one_of_them() -> None:
    connection = workbench(
        [
            both(facts=(False, True)),
            both(promises=(True, False)),
            both(facts=(False, True), promises=(True, False)),
            both(spoilers=(False, True)),
        ]
    )
    found = lead_metrics(connection, ROWS)
    assert (_of(found, "hallucinates_new").value, _of(found, "hallucinates_gone").value) == (1, 1)
    assert _of(found, "hallucinates_leads").n == 3
    spans = "SELECT ref, side, detector FROM response_behaviour_span WHERE behaviour = 'hallucinates' ORDER BY ALL"
    assert [tuple(row.values()) for row in rows(connection, spans)] == [
        (ref_of(0), "candidate", "facts"),
        (ref_of(1), "base", "promises"),
        (ref_of(2), "base", "promises"),
        (ref_of(2), "candidate", "facts"),
    ]


def test_leads_at_matched_length_leave_out_what_differs_by_more_than_a_fifth() -> None:
    lengths = [(10, 12), (100, 125), (100, 126), (0, 0)]
    matched = _of(
        _leads([both(words, promises=(False, True)) for words in lengths]), "overpromises_leads_matched"
    )
    assert (matched.n, matched.value) == (3, 1)
    assert "20 %" in matched.method


def test_no_two_answers_of_like_length_leave_the_matched_number_unknown() -> None:
    matched = _of(_leads([both((10, 30), promises=(False, True))]), "overpromises_leads_matched")
    assert (matched.status, matched.value, matched.n) == ("unknown", None, 0)
    assert "like length" in matched.why


def test_answers_that_no_lead_reads_are_counted_and_in_no_share() -> None:
    records = [
        both(facts=(False, True)),
        {"base_response": shown(facts=False), "candidate_response": f"{GERMAN} {shown(facts=False)}"},
    ]
    connection = workbench(records)
    unread = unread_metrics(connection, ROWS)
    assert _of(unread, "misstates_unread", side="candidate").value == 1
    assert _of(unread, "spoils_unread", side="candidate").value == 0
    assert _of(lead_metrics(connection, ROWS), "misstates_leads").n == 1


def test_what_several_leads_say_is_what_the_highest_says() -> None:
    two = ({"name": "errs", "question": "err?", "leads": ["facts", "promises"]},)
    connection = workbench(
        [both(facts=(False, False), promises=(False, True)), both(facts=(True, True))], behaviours=two
    )
    assert _faults(connection, "errs") == [(ref_of(0), False, True), (ref_of(1), True, True)]


def test_samples_of_a_prompt_count_together() -> None:
    """Four prompts with five samples each, all of a prompt alike: the interval is that of four, not of twenty."""
    connection = workbench([both()] * 4)
    assert sampled_metrics(connection, ROWS, 0) == []
    for number in range(4):
        sampled(
            connection,
            number,
            [shown(facts=False, citations=True)] * 5,
            [shown(facts=number < 2, citations=True)] * 5,
        )
    found = sampled_metrics(connection, ROWS, 0)
    assert {row.name for row in found} == {"misstates_leads_sampled", "cites_leads_sampled"}
    candidate = _of(found, "misstates_leads_sampled", side="candidate")
    assert (candidate.value, candidate.n) == (0.5, 20)
    assert candidate.low == 0
    assert candidate.high == 1
    # All alike: resampling would have no width.
    base = _of(found, "misstates_leads_sampled", side="base")
    assert (base.value, base.low, base.high) == (0, *clopper_pearson(0, 4))
    # Wanted of two of the four prompts, so that it is no fault there.
    assert _of(found, "cites_leads_sampled", side="candidate").value == 0.5


def test_lengths_and_their_quantiles() -> None:
    found = length_metrics(workbench(each(21, lambda number: both((10 + number, 20 + 2 * number)))), 0)
    assert [_of(found, "length", side=side).value for side in ("base", "candidate", "difference")] == [
        20,
        40,
        20,
    ]
    change = _of(found, "length")
    # Student's t with 20 degrees of freedom: 2.086.
    half = 2.086 * np.std(np.arange(21), ddof=1) / np.sqrt(21)
    assert change.low == pytest.approx(20 - half, abs=1e-3)
    assert [_of(found, "length_p50", side=side).value for side in ("base", "candidate")] == [20, 40]
    p90 = _of(found, "length_p90")
    assert p90.value == pytest.approx(28)
    assert p90.low is not None
    assert p90.high is not None
    assert p90.low < 28 <= p90.high
