"""How much models have read so far, for whoever waits for them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from transformers import PreTrainedModel

BACKWARD = 2
"""A pass of which gradients are taken costs about as much as two that only go forward: weights take none. Of a
classifier of MiniLM's size a token took 530 to 700 microseconds with gradients, and 320 to 360 without."""


@contextmanager
def counted(models: Iterable[PreTrainedModel], tell: Callable[[float], None]) -> Iterator[None]:
    """Tell, before every pass of one of the models, how many tokens they were given until then.

    Args:
        models: that are counted while the context is open, a model that stands there twice only once.
        tell: is given the number of tokens (rows times length), `BACKWARD` times that where gradients are taken.
    """
    import torch

    read = 0.0

    def count(model: torch.nn.Module, args: tuple[Any, ...], given: dict[str, Any]) -> None:
        nonlocal read
        tell(read)
        rows = given.get("input_ids")
        rows = given.get("inputs_embeds") if rows is None else rows
        rows = args[0] if rows is None and args else rows
        if rows is not None:
            read += rows.shape[0] * rows.shape[1] * (BACKWARD if torch.is_grad_enabled() else 1)

    hooks = [
        model.register_forward_pre_hook(count, with_kwargs=True)
        for model in {id(model): model for model in models}.values()
    ]
    try:
        yield
        tell(read)
    finally:
        for hook in hooks:
            hook.remove()
