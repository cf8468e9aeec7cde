"""How many threads a model is worth."""

from __future__ import annotations

SMALL_MODEL = 10_000_000
"""Parameters below which a model runs on one thread."""


def tune_threads(parameters: int, workers: int = 1) -> int:
    """One thread for small models: handing out their tiny products costs more than doing them.

    Decided by size and not by a measurement, so that a run that goes on where it was gets the same sums.

    Args:
        parameters: of the larger model; 0 where there is none to run, and nothing is changed.
        workers: processes of this machine that share its cores.

    Returns:
        Threads of each process.
    """
    if not parameters:
        return 1
    import torch

    if parameters < SMALL_MODEL:
        torch.set_num_threads(1)
    elif workers > 1:
        torch.set_num_threads(max(1, torch.get_num_threads() // workers))
    return torch.get_num_threads()
