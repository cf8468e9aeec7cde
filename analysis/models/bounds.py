"""How large a model may say that it is: no larger than the weights that lie beside what it says.

A library builds what a configuration asks for before it looks at the weights, and a number of seven digits costs the
one who wrote it nothing.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis.base.errors import AssayError
from analysis.models.files import read_json, tensor_shapes

if TYPE_CHECKING:
    from transformers import PreTrainedModel

MOST_LAYERS = 4_096
"""Layers of any model that is read."""
FREE_LAYERS = 100
"""So many may be said of any model: some configurations keep the numbers of parts that were left out."""
FREE_WIDTH = 1_024
"""So wide may any adapter say that it is."""
_NO_WIDTH = re.compile(r"alpha|seed|step|layer|init")
"""Names of numbers of an adapter's configuration by which nothing is made."""
MOST_TIMES = 4
"""A model may have so many times the numbers of its files: tied weights, computed tables, a new head."""
FREE_NUMBERS = 50_000_000
"""Numbers that a model may have whatever its files hold: 200 MB."""
_LAYERS = re.compile(
    r"num_(?:.*_)?layers|n_layers?|num_layer|layer_num|depths?|num_hidden_groups|.*group_num|.*repeats"
)
_EXPERTS = re.compile(r".*experts")
_HINT = "the configuration is not that of these weights: save both together with save_pretrained(FOLDER)"


def refuse_absurd_sizes(folder: Path, config: dict[str, Any]) -> None:
    """Refuse a configuration with more layers than there are weights for, or with numbers beyond all models.

    Args:
        folder: of a whole model.
        config: its `config.json`.

    Raises:
        AssayError: it names the number.
    """
    where = str(folder / "config.json")
    tensors = sum(1 for shape in tensor_shapes(folder).values() if math.prod(shape))
    for name, number in _numbers(config):
        most = min(max(tensors, FREE_LAYERS), MOST_LAYERS) if _LAYERS.fullmatch(name) else MOST_LAYERS
        if number > most and (_LAYERS.fullmatch(name) or _EXPERTS.fullmatch(name)):
            raise AssayError(
                f"says {name} = {number:,}, and its weights are {tensors:,} tensors", where=where, hint=_HINT
            )
        if abs(number) >= 2**63:
            raise AssayError(
                f"says {name} = {str(number)[:20]}..., which is beyond 64 bits", where=where, hint=_HINT
            )


def refuse_absurd_adapter(config: dict[str, Any], tensors: Mapping[str, list[int]], where: str) -> None:
    """Refuse an adapter whose configuration speaks of more than its tensors are wide: a rank of millions, say.

    Args:
        config: its `adapter_config.json`.
        tensors: shape of each of its tensors.
        where: the place of the configuration.

    Raises:
        AssayError: it names the number.
    """
    widest = max((extent for shape in tensors.values() for extent in shape), default=0)
    for name, number in _numbers(config):
        if number > max(widest, FREE_WIDTH) and not _NO_WIDTH.search(name):
            raise AssayError(
                f"says {name} = {number:,}, and its widest tensor has {widest:,}", where=where, hint=_HINT
            )


def refuse_oversized(kind: Any, folder: Path, **options: Any) -> None:
    """Refuse a model that would take far more memory than its weights, before any of it is made.

    Args:
        kind: the class of Transformers that loads it.
        folder: of the model.
        options: of `from_pretrained`, as far as they are the configuration's.

    Raises:
        AssayError: as above.
        RUNNING_ERRORS: what the library raises for files that do not fit together.
    """
    raw = read_json(folder / "config.json")
    largest = max((number for _, number in _numbers(raw)), default=0)
    parts = (number for name, number in _numbers(raw) if _LAYERS.fullmatch(name) or _EXPERTS.fullmatch(name))
    if largest * largest * max((1, *parts)) <= FREE_NUMBERS:
        return
    import torch
    from transformers import AutoConfig

    config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False, **options)
    # Shapes without numbers behind them: layers are bounded already, so this takes no longer than for any model.
    with torch.device("meta"):
        model: PreTrainedModel = kind.from_config(config, trust_remote_code=False)
    numbers = sum(one.numel() for one in (*model.parameters(), *model.buffers()))
    stored = sum(map(math.prod, tensor_shapes(folder).values()))
    if numbers > max(FREE_NUMBERS, MOST_TIMES * stored):
        raise AssayError(
            f"describes a model of {numbers:,} numbers, and its weights are {stored:,}",
            where=str(folder / "config.json"),
            hint=_HINT,
        )


def _numbers(config: Any, name: str = "") -> Iterator[tuple[str, int]]:
    """The whole numbers of a configuration by the name that is next to them; a list of counts is their sum too."""
    if isinstance(config, bool):
        return
    if isinstance(config, int):
        yield name, config
    elif isinstance(config, dict):
        for key, value in config.items():
            yield from _numbers(value, str(key))
    elif isinstance(config, list):
        plain = [one for one in config if type(one) is int]
        if plain:
            yield name, sum(plain)
        for one in config:
            yield from _numbers(one, name)
