"""Paired rates, again at matched length, and over samples, against values counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.base.records import ALL, Metric
from analysis.stats import clopper_pearson, tango_interval
from analysis.tracks.response.judged import new_hit_spans
from analysis.tracks.response.lengths import length_metrics
from analysis.tracks.response.rates import rate_metrics, sampled_metrics, tone_metrics
from tests.analysis.tracks.response.workbench import answered, found, prompts, workbench


def _of(rows: list[Metric], name: str, slice_name: str = ALL, side: str = "difference") -> Metric:
    return next(row for row in rows if (row.name, row.slice, row.side) == (name, slice_name, side))


def test_rates_are_paired_and_count_prompts_that_both_sides_answered() -> None:
    connection = workbench(8, critical=3)
    outcomes = [
        (False, True),
        (False, True),
        (True, False),
        (True, True),
        (False, False),
        (None, True),
        (None, None),
    ]
    refs = prompts(8)
    for ref, hits in zip(refs, outcomes, strict=False):
        answered(connection, ref)
        found(connection, ref, "spoilers", hits)
    answered(connection, refs[7], missing="base")
    found(connection, refs[7], "spoilers", (None, True))
    rows = rate_metrics(connection)
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
    rare = _of(rows, "spoilers_rate", "rare")
    assert (rare.value, rare.n) == (pytest.approx(1 / 3), 3)
    assert "quality unknown" in change.method or "labelled texts" in change.method


def test_rates_at_matched_length_leave_out_what_differs_by_more_than_a_fifth() -> None:
    connection = workbench(4)
    lengths = [(10, 12), (100, 125), (100, 126), (0, 0)]
    for ref, words in zip(prompts(4), lengths, strict=True):
        answered(connection, ref, words)
        found(connection, ref, "tone", (False, True))
    matched = _of(rate_metrics(connection), "tone_rate_matched")
    assert (matched.n, matched.value) == (3, 1)
    assert "20 %" in matched.method


def test_no_two_answers_of_like_length_leave_the_matched_rate_unknown() -> None:
    connection = workbench(1)
    (ref,) = prompts(1)
    answered(connection, ref, (10, 30))
    found(connection, ref, "tone", (False, True))
    matched = _of(rate_metrics(connection), "tone_rate_matched")
    assert (matched.status, matched.value, matched.n) == ("unknown", None, 0)
    assert "like length" in matched.why


def test_hallucination_is_facts_promises_and_citations_of_what_does_not_exist() -> None:
    connection = workbench(5)
    refs = prompts(5)
    for ref in refs:
        answered(connection, ref)
    found(connection, refs[0], "facts", (False, True))
    found(connection, refs[1], "promises", (True, False))
    found(connection, refs[2], "citations", (False, True), "cites what does not exist")
    found(connection, refs[3], "citations", (False, True), "uses without citing")
    found(connection, refs[4], "spoilers", (False, True))
    rows = rate_metrics(connection)
    assert (_of(rows, "hallucination_broken").value, _of(rows, "hallucination_fixed").value) == (2, 1)
    assert _of(rows, "hallucination_rate").n == 4
    spans = new_hit_spans(connection)
    assert spans["hallucination"] == {refs[0]: [["facts", 0, 4]], refs[2]: [["citations", 0, 4]]}
    assert spans["spoilers"] == {refs[4]: [["spoilers", 0, 4]]}


def test_tones_are_told_apart() -> None:
    connection = workbench(4)
    for number, ref in enumerate(prompts(4)):
        answered(connection, ref)
        found(connection, ref, "tone", (False, number < 3), "warmer")
    rows = tone_metrics(connection)
    assert (_of(rows, "tone_warmer_rate").value, _of(rows, "tone_warmer_rate").n) == (0.75, 4)


def test_samples_of_a_prompt_count_together() -> None:
    """Four prompts with five samples each, all of a prompt alike: the interval is that of four, not of twenty."""
    connection = workbench(4)
    for number, ref in enumerate(prompts(4)):
        answered(connection, ref)
        for sample in range(5):
            for side, hit in (("base", False), ("candidate", number < 2)):
                connection.execute(
                    "INSERT INTO response_sample_outcome VALUES (?, ?, ?, 'facts', ?)",
                    [ref, side, sample, hit],
                )
    rows = sampled_metrics(connection, 0)
    candidate = _of(rows, "facts_rate_sampled", side="candidate")
    assert (candidate.value, candidate.n) == (0.5, 20)
    assert candidate.low == 0
    assert candidate.high == 1
    # All alike: resampling would have no width.
    base = _of(rows, "facts_rate_sampled", side="base")
    assert (base.value, base.low, base.high) == (0, *clopper_pearson(0, 4))
    assert sampled_metrics(workbench(2), 0) == []


def test_lengths_and_their_quantiles() -> None:
    connection = workbench(21)
    for number, ref in enumerate(prompts(21)):
        answered(connection, ref, (10 + number, 20 + 2 * number))
    rows = length_metrics(connection, 0)
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
    assert length_metrics(workbench(2), 0) == []
