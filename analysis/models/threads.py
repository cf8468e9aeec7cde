"""How many threads a model is worth."""

from __future__ import annotations

SMALL_MODEL = 10_000_000
"""Parameters below which a model runs on one thread."""


def tune_threads(parameters: int) -> None:
    """One thread for small models: handing out their tiny products costs more than doing them.

    Decided by size and not by a measurement, so that a run that goes on where it was gets the same sums.
    """
    if 0 < parameters < SMALL_MODEL:
        import torch

        torch.set_num_threads(1)
