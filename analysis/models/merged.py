"""What a generator would be once it is exported: its adapter merged, its weights in the type of a file or a server.

A merge adds what an adapter adds to a layer into the layer's own weights (Hu et al., 2021, section 4.1). The sums are
the same in exact arithmetic; in the arithmetic of a file they are rounded. How far that alone moves a model is what a
merged folder has to be held against.
"""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from analysis.base.errors import AssayError

if TYPE_CHECKING:
    import torch

    from analysis.models.generation import LoadedGenerator

ROUNDED = {"F16": "float16", "BF16": "bfloat16"}
"""Types that hold fewer digits than the float32 that every model runs in, as safetensors names them."""


def merged_copy(generator: LoadedGenerator, *, stored: str = "F32", served: str = "") -> LoadedGenerator:
    """A copy of a generator with its adapter merged, which shares no weight with it.

    Args:
        generator: a whole model or an adapted one; it is left alone.
        stored: type in which the merged weights are stored, as safetensors names it; the copy runs in float32.
        served: type in which the copy runs, weights and arithmetic, such as `bfloat16`; float32 if empty.

    Raises:
        AssayError: the device has not enough memory for a copy.
    """
    import torch
    from peft.tuners.tuners_utils import BaseTunerLayer

    try:
        model: Any = copy.deepcopy(generator.model)
        with torch.no_grad():
            for module in list(model.modules()):
                if isinstance(module, BaseTunerLayer):
                    layer: Any = module
                    layer.merge()
            if stored in ROUNDED:
                _round(model, getattr(torch, ROUNDED[stored]))
            if served:
                model = model.to(getattr(torch, served))
    except torch.cuda.OutOfMemoryError:
        raise AssayError(
            "the device has not enough memory for a copy of the candidate",
            hint='use device = "cpu", or leave deployed out',
        ) from None
    return replace(generator, model=model.eval().requires_grad_(False))


def _round(model: torch.nn.Module, dtype: torch.dtype) -> None:
    """Weights as they come back from a file of that type; what is no weight, such as positions, is not stored."""
    for parameter in model.parameters():
        if parameter.is_floating_point():
            parameter.copy_(parameter.to(dtype).to(parameter.dtype))
