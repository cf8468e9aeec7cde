"""A candidate that is its base, or its base in other axes, raises nothing; one that is neither does."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import Phase, settings
from hypothesis import given as drawn
from hypothesis import strategies as st

from analysis.review.evaluate import evaluate
from analysis.tracks.retrieval.triggers import triggers
from tests.analysis.tracks.retrieval.gate_inputs import GATES
from tests.analysis.tracks.retrieval.measured import Measured, measure
from tests.analysis.tracks.retrieval.spaces import catalogue, rotated, unit, with_candidate


def assert_nothing(found: Measured) -> None:
    assert found.flags == []
    verdicts = {result.key: (result.verdict, result.why) for result in evaluate(found.given, GATES)}
    assert {verdict for verdict, _ in verdicts.values()} == {"pass"}, verdicts
    assert [one.name for one in triggers(found.given) if one.fired] == []
    for metric in found.given.metrics:
        if metric.side == "difference" and metric.name in (
            "recall",
            "mrr",
            "ndcg",
            "violations",
            "grouping_lift",
        ):
            assert metric.value == pytest.approx(0, abs=1e-6), metric


@settings(max_examples=3, deadline=None, derandomize=True, phases=[Phase.generate])
@drawn(st.integers(0, 2**31), st.integers(0, 2**31))
def test_base_against_its_rotated_vectors_raises_nothing(seed: int, turn: int) -> None:
    space = catalogue(seed)
    turned = with_candidate(
        space, rotated(space.vectors["base"], turn), rotated(space.query_vectors["base"], turn)
    )
    assert_nothing(measure(turned, {"half": space.queries[:30]}, ["half"]))


def test_base_against_base_raises_nothing() -> None:
    space = catalogue()
    found = measure(space, {"half": space.queries[:30]}, ["half"])
    assert_nothing(found)
    drift = [one for one in found.given.metrics if one.name == "centroid_drift"]
    assert {one.value for one in drift if one.method == "raw"} == {0.0}


def test_a_candidate_that_groups_by_publisher_is_blocked_and_leads_to_its_items() -> None:
    space = catalogue()
    rng = np.random.default_rng(8)
    directions = rng.normal(size=(6, 24))
    publisher = space.attributes[1]
    candidate = unit(space.vectors["base"] + 0.35 * directions[publisher.codes])
    found = measure(with_candidate(space, candidate))
    results = {result.key: result for result in evaluate(found.given, GATES)}
    confound = results["retrieval.confounds[publisher]"]
    assert confound.verdict == "fail"
    assert confound.refs
    assert results["retrieval.confounds[popularity]"].verdict == "pass"
    assert any(one.fired and one.name == "groups by an unwanted attribute" for one in triggers(found.given))


def test_a_candidate_of_noise_fails_what_must_be_kept() -> None:
    space = catalogue()
    rng = np.random.default_rng(9)
    noise = [
        unit(rng.normal(size=each.shape)) for each in (space.vectors["base"], space.query_vectors["base"])
    ]
    found = measure(with_candidate(space, *noise), {"half": space.queries[:30]}, ["half"])
    results = {result.key: result for result in evaluate(found.given, GATES)}
    for key in (
        "retrieval.grouping",
        "retrieval.grouping[theme]",
        "retrieval.probes",
        "retrieval.probes[half]",
        "retrieval.hard_negatives",
    ):
        assert results[key].verdict == "fail", results[key]
        assert results[key].refs
    assert results["retrieval.confounds[publisher]"].verdict == "pass"
