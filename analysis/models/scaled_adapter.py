"""A LoRA adapter between nothing and more than itself: what it adds to its layers, times a factor.

A LoRA adapter adds its product of two matrices to a layer, times a factor (Hu et al., 2021). At 0 the model is the
base, at 1 the candidate. A layer that the adapter replaces whole, as the head of a classifier, goes the same way in a
straight line from the base's weights to its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from analysis.models.adapter import ADAPTER_CONFIG, ADAPTER_WEIGHTS, is_adapter
from analysis.models.files import read_header, read_json

if TYPE_CHECKING:
    from pathlib import Path

    from torch import nn

SCALES = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5)

_NOT_SCALED = {
    "use_dora": "scales the base's own weights too (DoRA)",
    "trainable_token_indices": "replaces embeddings",
}
"""Keys of an adapter's configuration with which no factor leads back to the base."""


def why_not_scaled(folder: Path) -> str:
    """Why the candidate in a folder cannot be scaled between base and itself; '' where it can.

    Raises:
        AssayError: the adapter's configuration cannot be read.
    """
    if not is_adapter(folder):
        return "the candidate is a whole model and no LoRA adapter over the base"
    config = read_json(folder / ADAPTER_CONFIG)
    kind = config.get("peft_type")
    if kind != "LORA":
        return f"the candidate is a {kind} adapter, and only LoRA adds weights times a factor"
    for key, effect in _NOT_SCALED.items():
        if config.get(key):
            return f"the adapter {effect}"
    if config.get("bias", "none") != "none":
        return "the adapter replaces biases of the base"
    saved = [f".{name}." for name in config.get("modules_to_save") or ()]
    for name in read_header(folder / ADAPTER_WEIGHTS):
        if ".lora_" not in name and not any(one in name for one in saved):
            return "the adapter holds whole weights of its own, such as embeddings"
    return ""


@contextmanager
def scaled(model: nn.Module, factor: float) -> Iterator[None]:
    """While open, what a model's LoRA adapter adds is multiplied by `factor`; it is put back afterwards.

    Args:
        model: a candidate that is a LoRA adapter over its base, which is left alone.
        factor: 0 makes it the base, 1 leaves it as it is.
    """
    from peft.tuners.lora import LoraLayer
    from peft.utils import ModulesToSaveWrapper

    layers = [layer for layer in model.modules() if isinstance(layer, LoraLayer)]
    before = [dict(layer.scaling) for layer in layers]
    replaced = [
        (weight, weight.data, own.data)
        for wrapper in model.modules()
        if isinstance(wrapper, ModulesToSaveWrapper)
        for weight, own in zip(
            wrapper.modules_to_save[wrapper.active_adapters[0]].parameters(),
            wrapper.original_module.parameters(),
            strict=True,
        )
    ]
    try:
        for weight, new, own in replaced:
            weight.data = own + factor * (new - own)
        for layer, scaling in zip(layers, before, strict=True):
            layer.scaling.update({name: value * factor for name, value in scaling.items()})
        yield
    finally:
        for weight, new, _ in replaced:
            weight.data = new
        for layer, scaling in zip(layers, before, strict=True):
            layer.scaling.update(scaling)
