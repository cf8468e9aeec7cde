"""Batches of texts for a model: equal token lengths, bounded by tokens."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from analysis.base.errors import AssayError

Result = TypeVar("Result")

TOKENS_PER_BATCH = {"cuda": 8192, "cpu": 2048}
"""Tokens that a model is given at once, by kind of device: a processor is fastest where a batch stays in its cache."""


def batch_tokens(device: str) -> int:
    """Tokens that a model on `device` is given at once."""
    return TOKENS_PER_BATCH[device.partition(":")[0]]


def equal_length_batches(ids: Sequence[Sequence[int]], tokens: int) -> Iterator[list[int]]:
    """Indices of rows with the same token length, at most `tokens` tokens a batch.

    A padded batch of mixed lengths costs more than it saves, and padding must never change a result.
    """
    by_length: dict[int, list[int]] = defaultdict(list)
    for index, row in enumerate(ids):
        by_length[len(row)].append(index)
    for length, indices in sorted(by_length.items()):
        step = max(1, tokens // max(1, length))
        for start in range(0, len(indices), step):
            yield indices[start : start + step]


def in_halves(
    run: Callable[[list[int]], Iterable[Result]], rows: list[int], what: str
) -> Iterator[tuple[int, Result]]:
    """The result of each row of a batch, run in two halves where the device has not enough memory for it.

    Args:
        run: the results of some rows, in their order.
        rows: of the batch.
        what: one row is, such as a text or an answer.

    Raises:
        AssayError: the device has not enough memory for one row.
    """
    import torch

    try:
        found = run(rows)
    except torch.cuda.OutOfMemoryError:
        if len(rows) == 1:
            raise AssayError(
                f"the device has not enough memory for one {what}", hint='use device = "cpu"'
            ) from None
        found = None
    # Memory that the failed run held is free only once its exception is gone.
    if found is not None:
        yield from zip(rows, found, strict=True)
        return
    torch.cuda.empty_cache()
    middle = len(rows) // 2
    yield from in_halves(run, rows[:middle], what)
    yield from in_halves(run, rows[middle:], what)
