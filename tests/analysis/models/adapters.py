"""Small PEFT adapters over a classifier folder, made with PEFT itself."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

ATTENTION = ("query", "value")


def train_at_random(model: Any) -> None:
    """Change every weight that training would change, at random by the seed in force."""
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter.add_(torch.randn_like(parameter) * 0.3)


def adapted_model(base: Path, config: Any, seed: int = 0) -> Any:
    """A PEFT model over the base whose new weights are all random, as training leaves them."""
    from peft import get_peft_model
    from transformers import AutoModelForSequenceClassification

    torch.manual_seed(seed)
    model = get_peft_model(AutoModelForSequenceClassification.from_pretrained(base), config)
    train_at_random(model)
    return model.eval()


def lora(targets: Sequence[str] = ATTENTION, **options: Any) -> Any:
    from peft import LoraConfig

    return LoraConfig(task_type="SEQ_CLS", r=4, lora_alpha=8, target_modules=list(targets), **options)


def make_adapter(base: Path, folder: Path, config: Any = None, seed: int = 0) -> Path:
    """Save such an adapter into `folder`."""
    adapted_model(base, config or lora(), seed).save_pretrained(folder)
    return folder
