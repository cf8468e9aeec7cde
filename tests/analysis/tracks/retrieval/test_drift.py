"""Centroid drift, movement of items, and who became a neighbour of whom."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import orthogonal_procrustes
from scipy.spatial import procrustes

from analysis.base.records import Metric
from analysis.tracks.retrieval.drift import (
    QUARTERS,
    aligned,
    drift_metrics,
    groups,
    movement_table,
    rotation,
    shift_table,
)
from tests.analysis.tracks.retrieval.spaces import (
    catalogue,
    labelled,
    numeric,
    rotated,
    space_of,
    unit,
    with_candidate,
)


def noisy(scale: float, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    base = catalogue().vectors["base"]
    return base, unit(base + scale * rng.normal(size=base.shape))


def test_the_rotation_is_that_of_scipy() -> None:
    base, candidate = noisy(0.2)
    candidate = rotated(candidate)
    expected, _ = orthogonal_procrustes(candidate.astype(np.float64), base.astype(np.float64))
    assert rotation(candidate, base) == pytest.approx(expected, abs=1e-6)


def test_the_residual_of_the_alignment_is_that_of_scipy_up_to_scale() -> None:
    """scipy.spatial.procrustes also scales: its disparity is 1 - (trace of the singular values) ** 2."""
    base, candidate = noisy(0.2)
    first, second = (each.astype(np.float64) for each in aligned(base, rotated(candidate)))
    first, second = first / np.linalg.norm(first), second / np.linalg.norm(second)
    _, _, disparity = procrustes(base.astype(np.float64), candidate.astype(np.float64))
    assert 1 - (first * second).sum() ** 2 == pytest.approx(disparity, abs=1e-5)


@pytest.mark.parametrize("width", [24, 40])
def test_a_rotation_and_a_shift_are_no_change(width: int) -> None:
    base, _ = noisy(0.0)
    wider = np.pad(base, ((0, 0), (0, width - 24)))
    moved = rotated(wider) + np.linspace(-1, 1, width, dtype=np.float32)
    first, second = aligned(base, moved)
    assert first.shape == second.shape == (len(base), width)
    assert np.abs(first - second).max() < 1e-5


def drifts(metrics: list[Metric], method: str) -> dict[str, Metric]:
    return {one.slice: one for one in metrics if one.method == method}


def test_a_rotated_space_drifts_raw_and_not_after_alignment() -> None:
    space = catalogue()
    metrics = drift_metrics(with_candidate(space, rotated(space.vectors["base"])), 0)
    raw, after = drifts(metrics, "raw"), drifts(metrics, "aligned")
    assert raw.keys() == after.keys()
    assert max(one.value or 0 for one in after.values()) < 1e-4
    assert min(one.value or 0 for name, one in raw.items() if name.startswith("theme")) > 0.5


def test_spaces_of_different_dimensions_have_no_raw_drift() -> None:
    space = catalogue()
    wider = rotated(np.pad(space.vectors["base"], ((0, 0), (0, 8))))
    asked = rotated(np.pad(space.query_vectors["base"], ((0, 0), (0, 8))))
    metrics = drift_metrics(with_candidate(space, wider, asked), 0)
    assert not drifts(metrics, "raw")
    assert max(one.value or 0 for one in drifts(metrics, "aligned").values()) < 1e-4


def test_items_that_move_singly_stay_under_the_noise_floor() -> None:
    space = with_candidate(catalogue(), noisy(0.2)[1])
    after = drifts(drift_metrics(space, 0), "aligned")
    beyond = [name for name, one in after.items() if (one.low or 0) > 0 and not name.startswith("theme")]
    assert len(beyond) <= 1, beyond
    assert all(one.high is not None and one.high > (one.value or 0) for one in after.values())


def test_a_group_that_moves_as_one_is_found_and_measured() -> None:
    space = catalogue()
    publisher = space.attributes[1]
    members = np.flatnonzero(publisher.codes == 2)
    moved = space.vectors["base"].copy()
    step = np.zeros(moved.shape[1], np.float32)
    step[0] = 1.0
    moved[members] += step
    after = drifts(drift_metrics(with_candidate(space, moved), 0), "aligned")
    worst = max(
        (one for name, one in after.items() if name.startswith("publisher")), key=lambda one: one.value or 0
    )
    assert worst.slice == "publisher=publisher 2"
    assert (worst.low or 0) > 0
    assert worst.n == len(members)


def test_one_unit_is_the_spread_of_the_group_in_the_base() -> None:
    """Half of the items stay, half move by 2 along an axis; raw, in units of their spread of 0.5."""
    rng = np.random.default_rng(0)
    base = rng.normal(size=(200, 6)).astype(np.float32)
    base[:100] -= base[:100].mean(axis=0)
    base[:100] *= 0.5 / np.sqrt((base[:100] ** 2).sum(axis=1).mean())
    candidate = base.copy()
    candidate[:100, 0] += 2
    half = labelled("half", [["moved"]] * 100 + [["still"]] * 100, wanted=False)
    raw = drifts(drift_metrics(space_of(base, candidate, [half]), 0), "raw")
    assert raw["half=moved"].value == pytest.approx(4, rel=1e-5)
    assert raw["half=still"].value == pytest.approx(0, abs=1e-6)


def test_values_of_each_kind_of_attribute() -> None:
    several = labelled("tone", [["dark", "tense"], ["dark"], ["light"], []], wanted=True)
    assert {group.label: group.rows.tolist() for group in groups(several)} == {
        "dark": [0, 1],
        "light": [2],
        "tense": [0],
    }
    numbers = numeric("popularity", np.array([5.0, np.nan, 1, 2, 3, 4, 6, 7, 8]), wanted=False)
    assert [(group.label, group.rows.tolist()) for group in groups(numbers)] == [
        (QUARTERS[0], [2, 3]),
        (QUARTERS[1], [4, 5]),
        (QUARTERS[2], [0, 6]),
        (QUARTERS[3], [7, 8]),
    ]
    same = numeric("popularity", np.ones(8), wanted=False)
    assert [len(group.rows) for group in groups(same)] == [8]


def test_a_value_whose_items_are_all_the_same_has_no_unit() -> None:
    vectors = unit(np.ones((8, 4)))
    vectors[0, 0] = 0.3
    alone = labelled("template", [["a"]] + [["b"]] * 7, wanted=False)
    (unknown, *_) = drift_metrics(space_of(unit(vectors), unit(vectors), [alone]), 0)
    assert unknown.status == "unknown"
    assert "one and the same vector" in unknown.why


def test_items_say_which_neighbours_they_gained_and_lost() -> None:
    _, candidate = noisy(0.3)
    space = with_candidate(catalogue(), candidate)
    for row, found in enumerate(shift_table(space).to_pylist()):
        near = {side: {space.refs[other] for other in space.neighbours[side][row]} for side in space.vectors}
        assert set(found["gained"]) == near["candidate"] - near["base"]
        assert set(found["lost"]) == near["base"] - near["candidate"]
        assert found["overlap"] == pytest.approx(len(near["base"] & near["candidate"]) / 10)
        assert -1 <= found["cosine"] <= 1


def test_a_rotation_moves_no_item() -> None:
    space = catalogue()
    table = shift_table(with_candidate(space, rotated(space.vectors["base"])))
    assert set(table["overlap"].to_pylist()) == {1.0}
    assert min(table["cosine"].to_pylist()) > 1 - 1e-6


def test_movement_counts_the_neighbours_that_have_the_attribute() -> None:
    space = with_candidate(catalogue(), noisy(0.5)[1])
    theme = space.attributes[0]
    rows = movement_table(space).to_pylist()
    one = next(
        row
        for row in rows
        if (row["attribute"], row["from_label"], row["to_label"]) == ("theme", "theme 1", "theme 3")
    )
    members = np.flatnonzero(theme.codes == 1)
    for side in ("base", "candidate"):
        expected = np.mean([(theme.codes[space.neighbours[side][row]] == 3).mean() for row in members])
        assert one[f"{side}_share"] == pytest.approx(expected)
    assert one["n"] == len(members)
    of_one = [
        row["candidate_share"]
        for row in rows
        if (row["attribute"], row["from_label"]) == ("theme", "theme 1")
    ]
    assert sum(of_one) == pytest.approx(1)


def test_movement_leaves_out_items_without_the_attribute() -> None:
    space = catalogue(count=60)
    labels = [["topic"] if row % 2 else [] for row in range(60)]
    topic = labelled("support_topic", labels, wanted=True)
    table = movement_table(space_of(space.vectors["base"], space.vectors["base"], [topic]))
    assert table["base_share"].to_pylist() == [1.0]
