"""Paired rates, again at matched length, and over samples, against values counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.base.records import ALL, Metric
from analysis.stats import clopper_pearson, tango_interval
from analysis.tracks.response.hallucination import HALLUCINATION
from analysis.tracks.response.lengths import length_metrics
from analysis.tracks.response.rates import rate_metrics, sampled_metrics, share_metrics
from analysis.tracks.response.span_verdicts import new_hit_spans
from tests.analysis.tracks.response.workbench import RARE, both, each, ref_of, sampled, shown, workbench


def _of(rows: list[Metric], name: str, slice_name: str = ALL, side: str = "difference") -> Metric:
    return next(row for row in rows if (row.name, row.slice, row.side) == (name, slice_name, side))


def test_rates_are_paired_and_count_prompts_that_both_sides_answered() -> None:
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
    rows = rate_metrics(workbench(records, rare="number < 3"))
    # Six prompts: the detector applies to neither answer of the seventh, and the eighth has one answer.
    assert [_of(rows, "spoilers_rate", side=side).value for side in ("base", "candidate")] == [2 / 6, 4 / 6]
    base = _of(rows, "spoilers_rate", side="base")
    assert (base.low, base.high) == clopper_pearson(2, 6)
    change = _of(rows, "spoilers_rate")
    assert change.value == pytest.approx((3 - 1) / 6)
    assert (change.low, change.high) == tango_interval(1, 3, 6)
    assert (_of(rows, "spoilers_broken").value, _of(rows, "spoilers_fixed").value) == (3, 1)
    # P(Bin(4, 1/2) >= 3)
    assert _of(rows, "spoilers_p").value == 5 / 16
    rare = _of(rows, "spoilers_rate", RARE)
    assert (rare.value, rare.n) == (pytest.approx(1 / 3), 3)
    assert "labelled texts" in change.method
    # A detector that only measures has no rate.
    assert not [row for row in rows if row.name.startswith("length")]


def test_rates_at_matched_length_leave_out_what_differs_by_more_than_a_fifth() -> None:
    lengths = [(10, 12), (100, 125), (100, 126), (0, 0)]
    rows = rate_metrics(workbench([both(words, tone=(False, True)) for words in lengths]))
    matched = _of(rows, "tone_rate_matched")
    assert (matched.n, matched.value) == (3, 1)
    assert "20 %" in matched.method


def test_no_two_answers_of_like_length_leave_the_matched_rate_unknown() -> None:
    rows = rate_metrics(workbench([both((10, 30), tone=(False, True))]))
    matched = _of(rows, "tone_rate_matched")
    assert (matched.status, matched.value, matched.n) == ("unknown", None, 0)
    assert "like length" in matched.why


def test_hallucination_is_facts_promises_and_citations_of_what_does_not_exist() -> None:
    connection = workbench(
        [
            both(facts=(False, True)),
            both(promises=(True, False)),
            both(citations=(False, "cites what does not exist")),
            both(citations=(False, "uses without citing")),
            both(spoilers=(False, True)),
        ]
    )
    rows = rate_metrics(connection)
    assert (_of(rows, "hallucination_broken").value, _of(rows, "hallucination_fixed").value) == (2, 1)
    change = _of(rows, "hallucination_rate")
    assert (change.n, change.method.partition("; ")[2]) == (4, "facts, promises and citations together")
    spans = new_hit_spans(connection)
    ends = {ref: end for found in spans.values() for ref, ((_, _, end), *_) in found.items()}
    assert spans[HALLUCINATION] == {
        ref_of(0): [["facts", 0, ends[ref_of(0)]]],
        ref_of(2): [["citations", 0, ends[ref_of(2)]]],
    }
    assert list(spans["citations"]) == [ref_of(2), ref_of(3)]
    assert list(spans["spoilers"]) == [ref_of(4)]


def test_labels_with_a_share_of_their_own_are_told_apart() -> None:
    connection = workbench(each(4, lambda number: both(tone=(False, "warmer" if number < 3 else False))))
    rows = share_metrics(connection)
    assert (_of(rows, "tone_warmer_rate").value, _of(rows, "tone_warmer_rate").n) == (0.75, 4)
    # A label that is no share is none here either.
    assert share_metrics(workbench([both(tone=(False, "colder"))])) == []


def test_samples_of_a_prompt_count_together() -> None:
    """Four prompts with five samples each, all of a prompt alike: the interval is that of four, not of twenty."""
    connection = workbench([both()] * 4)
    for number in range(4):
        sampled(connection, number, [shown(facts=False)] * 5, [shown(facts=number < 2, length=True)] * 5)
    rows = sampled_metrics(connection, 0)
    assert {row.name for row in rows} == {"facts_rate_sampled"}
    candidate = _of(rows, "facts_rate_sampled", side="candidate")
    assert (candidate.value, candidate.n) == (0.5, 20)
    assert candidate.low == 0
    assert candidate.high == 1
    # All alike: resampling would have no width.
    base = _of(rows, "facts_rate_sampled", side="base")
    assert (base.value, base.low, base.high) == (0, *clopper_pearson(0, 4))
    assert sampled_metrics(workbench([both()] * 2), 0) == []


def test_lengths_and_their_quantiles() -> None:
    rows = length_metrics(workbench(each(21, lambda number: both((10 + number, 20 + 2 * number)))), 0)
    assert [_of(rows, "length", side=side).value for side in ("base", "candidate", "difference")] == [
        20,
        40,
        20,
    ]
    change = _of(rows, "length")
    # Student's t with 20 degrees of freedom: 2.086.
    half = 2.086 * np.std(np.arange(21), ddof=1) / np.sqrt(21)
    assert change.low == pytest.approx(20 - half, abs=1e-3)
    assert [_of(rows, "length_p50", side=side).value for side in ("base", "candidate")] == [20, 40]
    p90 = _of(rows, "length_p90")
    assert p90.value == pytest.approx(28)
    assert p90.low is not None
    assert p90.high is not None
    assert p90.low < 28 <= p90.high
