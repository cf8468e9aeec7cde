"""How many tokens a model has positions for, asked of the model and not of a list of families.

A table of positions may begin with rows that no token ever has: those of the RoBERTa kind start after the id of
padding, so that a table of 514 rows holds 512 tokens. Which models count like that is written in their code alone,
and building a model without any weight is enough to see it.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from analysis.models.files import read_json, tensor_shapes
from analysis.models.load_transformers import LOADING_ERRORS


def position_limit(folder: Path) -> int | None:
    """Longest input in tokens, special ones included, that a whole model takes; None where it sets no limit.

    Args:
        folder: with `config.json` and the weights.

    Raises:
        AssayError: a file that cannot be read.
    """
    config = read_json(folder / "config.json")
    declared = config.get("max_position_embeddings", config.get("n_positions"))
    if not isinstance(declared, int) or declared < 1:
        return None
    # Without such a table, positions are computed, and none is lost.
    if not any(len(shape) == 2 and shape[0] == declared for shape in tensor_shapes(folder).values()):
        return declared
    return max(1, declared - _never_used(json.dumps(config, sort_keys=True), declared))


@lru_cache(maxsize=64)
def _never_used(config: str, declared: int) -> int:
    """Rows at the start of a model's table of positions that stand for padding; 0 where it cannot be built."""
    import torch
    from transformers import AutoModel
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING

    try:
        values: dict[str, Any] = json.loads(config)
        settings = CONFIG_MAPPING[values["model_type"]].from_dict(values)
        with torch.device("meta"):
            model = AutoModel.from_config(settings, trust_remote_code=False)
        words = model.get_input_embeddings()
    except (*LOADING_ERRORS, LookupError):
        # Whoever loads it says what is wrong with it.
        return 0
    # Whatever class the table is of: it has a row for each position, and says which id is padding's.
    taken = [
        module.padding_idx + 1
        for module in model.modules()
        if isinstance(getattr(module, "padding_idx", None), int)
        and module is not words
        and getattr(module, "weight", torch.empty(0)).shape[:1] == (declared,)
    ]
    return max(taken, default=0)
