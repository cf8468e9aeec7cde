"""Probes: what each row says, and the metrics of their slices."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import bootstrap

from analysis.base.records import ALL, Metric
from analysis.tracks.retrieval.probes import mean_interval, members, probe_metrics, probe_table
from tests.analysis.tracks.retrieval.spaces import catalogue, space_of, unit, with_candidate, workbench


def line(angles: list[float]) -> np.ndarray:
    """Unit vectors at those angles of a circle."""
    return unit(np.stack([np.cos(angles), np.sin(angles)], axis=1))


def crossed() -> pa.Table:
    """One probe at angle 0 and five items; the candidate exchanges the second and the fourth."""
    base, candidate = line([0.1, 0.2, 0.3, 0.4, 0.5]), line([0.1, 0.4, 0.3, 0.2, 0.5])
    asked = line([0.0])
    space = space_of(base, candidate, queries={"base": asked, "candidate": asked}, k=3)
    (query,) = space.queries
    relevant = {query: [space.refs[1], space.refs[4]]}
    return probe_table(space, [query], relevant, {space.refs[4]: space.refs[3]}, 3)


def test_a_row_says_what_was_kept_gained_and_lost() -> None:
    (row,) = crossed().to_pylist()
    assert [ref[-1] for ref in row["kept"]] == ["0", "2"]
    assert [ref[-1] for ref in row["gained"]] == ["3"]
    assert [ref[-1] for ref in row["lost"]] == ["1"]
    assert row["overlap"] == pytest.approx(2 / 3)
    assert 0 < row["rank_biased_overlap"] < 1


def test_a_row_says_how_well_each_side_answers_and_a_duplicate_stands_for_its_title() -> None:
    """Relevant are item 1 and item 4, which says the same as item 3."""
    (row,) = crossed().to_pylist()
    assert (row["base_recall"], row["candidate_recall"]) == (0.5, 0.5)
    assert (row["base_reciprocal_rank"], row["candidate_reciprocal_rank"]) == (0.5, 0.5)
    assert row["base_ndcg"] == row["candidate_ndcg"] == pytest.approx(1 / np.log2(3) / (1 + 1 / np.log2(3)))


def test_a_probe_without_relevance_has_no_quality() -> None:
    space = catalogue(count=30, queries=4)
    table = probe_table(space, space.queries, {space.queries[0]: space.refs[:2]}, {}, 10)
    assert table["base_recall"].null_count == table["candidate_ndcg"].null_count == 3
    assert table["overlap"].null_count == 0


def test_fewer_items_than_k() -> None:
    space = space_of(
        line([0.1, 0.2]), line([0.2, 0.1]), queries={"base": line([0.0]), "candidate": line([0.0])}
    )
    (row,) = probe_table(space, space.queries, {space.queries[0]: [space.refs[0]]}, {}, 10).to_pylist()
    assert (row["overlap"], row["base_recall"], row["candidate_reciprocal_rank"]) == (1, 1, 0.5)


def found(metrics: list[Metric], name: str, slice_name: str = ALL, side: str = "difference") -> Metric:
    return next(one for one in metrics if (one.name, one.slice, one.side) == (name, slice_name, side))


@pytest.fixture(scope="module")
def measured() -> list[Metric]:
    """Sixty probes, of which the first thirty are critical, against a candidate with noise."""
    space = catalogue()
    rng = np.random.default_rng(3)
    noisy = unit(space.vectors["base"] + 0.15 * rng.normal(size=space.vectors["base"].shape))
    space = with_candidate(space, noisy)
    themes = space.attributes[0]
    relevant = {
        query: [space.refs[row] for row in np.flatnonzero(themes.codes == number % 5)[:8]]
        for number, query in enumerate(space.queries[:50])
    }
    table = probe_table(space, space.queries, relevant, {}, 10)
    slices = {ALL: space.queries, "first": space.queries[:30], "silent": space.queries[50:]}
    return probe_metrics(table, slices, ["first", "silent"], 0)


def test_change_is_paired_and_counts_only_probes_with_relevance(measured: list[Metric]) -> None:
    base, candidate, change = (
        found(measured, "recall", side=side) for side in ("base", "candidate", "difference")
    )
    assert base.n == candidate.n == change.n == 50
    assert change.value == pytest.approx((candidate.value or 0) - (base.value or 0))
    assert change.low is not None
    assert change.high is not None
    assert change.low <= (change.value or 0) <= change.high
    assert found(measured, "overlap").n == 60
    assert found(measured, "broken").value is not None


def test_a_slice_where_nothing_is_relevant_has_overlaps_alone(measured: list[Metric]) -> None:
    assert {one.name for one in measured if one.slice == "silent"} == {"overlap", "rank_biased_overlap"}


def test_measures_and_critical_slices_share_one_level(measured: list[Metric]) -> None:
    assert found(measured, "recall").method.endswith("0.9917")
    assert found(measured, "mrr").method.endswith("0.95")
    assert found(measured, "ndcg", "first").method.endswith("0.9917")


def test_the_interval_of_a_mean_is_that_of_scipy() -> None:
    rng = np.random.default_rng(0)
    values = rng.choice([-0.2, 0.0, 0.0, 0.1], 120)
    one, _ = mean_interval(values, 0.95, 0)
    known = bootstrap((values,), np.mean, method="percentile", n_resamples=5_000, rng=rng).confidence_interval
    assert (one.low, one.high) == pytest.approx((known.low, known.high), abs=0.004)


def test_slices_hold_examples_of_one_kind_only() -> None:
    space = catalogue(count=30, queries=6)
    pairs = {"retrieval/pair:p1": (space.queries[0], space.refs[0], space.refs[1])}
    connection = workbench(space, {}, pairs, {"some": space.queries[:2], "empty": []})
    assert members(connection, "query") == {ALL: space.queries, "some": space.queries[:2]}
    assert members(connection, "pair") == {"some": ["retrieval/pair:p1"]}
