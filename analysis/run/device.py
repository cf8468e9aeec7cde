"""Where models run."""

from __future__ import annotations

from analysis.base.errors import AssayError


def resolve_device(wanted: str) -> str:
    """The device that `wanted` means on this machine.

    Raises:
        AssayError: a CUDA device that this machine does not have.
    """
    if wanted == "cpu":
        return wanted
    import torch

    if wanted == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    index = int(wanted.partition(":")[2] or 0)
    if not torch.cuda.is_available() or index >= torch.cuda.device_count():
        raise AssayError(
            f"this machine has no device {wanted!r}", where="review.device", hint='use "auto" or "cpu"'
        )
    return wanted
