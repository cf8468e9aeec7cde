"""Cells of the records as scores and as labels, and what they cannot mean."""

from __future__ import annotations

from typing import Any

import pytest

from analysis.tracks.response.recorded_columns import label_cell, score_cell


@pytest.mark.parametrize(
    ("value", "score"),
    [
        (True, 1.0), (False, 0.0), ("yes", 1.0), ("No", 0.0), (" TRUE ", 1.0), ("false", 0.0), (1, 1.0), (0, 0.0),
        (0.25, 0.25), ("0.25", 0.25), ("1", 1.0), ("1e-1", 0.1), (None, None), ("", None), ("  ", None),
    ],
)  # fmt: skip
def test_a_score_is_a_truth_or_a_number_from_0_to_1(value: Any, score: float | None) -> None:
    assert score_cell(value) == score


@pytest.mark.parametrize(
    "value", ["maybe", 2, -0.1, "1.5", "nan", float("nan"), "inf", [True], {"yes": 1}, "unsure"]
)
def test_anything_else_is_no_score(value: Any) -> None:
    with pytest.raises(ValueError, match="must be yes, no or a number from 0 to 1, not"):
        score_cell(value)


@pytest.mark.parametrize(
    ("value", "label"),
    [
        (True, "yes"), (False, "no"), ("Yes", "yes"), ("n", "no"), (1, "yes"), (0, "no"), (1.0, "yes"), ("0", "no"),
        ("unsure", "unsure"), ("Cannot tell", "unsure"), ("?", "unsure"), (None, None), ("", None),
    ],
)  # fmt: skip
def test_a_label_is_yes_no_or_cannot_tell(value: Any, label: str | None) -> None:
    assert label_cell(value) == label


@pytest.mark.parametrize("value", [0.5, 2, "probably", [], ["yes"], {}])
def test_a_share_is_no_label(value: Any) -> None:
    with pytest.raises(ValueError, match="must be yes, no or cannot tell, not"):
        label_cell(value)
