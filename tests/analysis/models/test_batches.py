"""Batches that do not fit into the memory of a device are halved until they do."""

from __future__ import annotations

import pytest
import torch

from analysis.base.errors import AssayError
from analysis.models.batches import in_halves


def test_a_batch_that_does_not_fit_is_halved_and_every_row_has_its_result() -> None:
    tried: list[int] = []

    def run(rows: list[int]) -> list[str]:
        tried.append(len(rows))
        if len(rows) > 2:
            raise torch.cuda.OutOfMemoryError
        return [f"row {row}" for row in rows]

    rows = [7, 3, 5, 1, 9]
    assert dict(in_halves(run, rows, "text")) == {row: f"row {row}" for row in rows}
    assert tried == [5, 2, 3, 1, 2]


def test_one_row_that_does_not_fit_is_a_clear_error() -> None:
    def run(rows: list[int]) -> list[str]:
        raise torch.cuda.OutOfMemoryError

    with pytest.raises(AssayError, match="the device has not enough memory for one answer") as error:
        list(in_halves(run, [0, 1], "answer"))
    assert error.value.hint == 'use device = "cpu"'
