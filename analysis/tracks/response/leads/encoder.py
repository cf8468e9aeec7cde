"""A sentence-encoder folder as what `learned` takes its vectors from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.base.errors import AssayError
from analysis.models.encoder_config import inspect_encoder
from analysis.models.threads import tune_threads
from analysis.tracks.response.leads.fill import windowed
from analysis.tracks.response.leads.vectors import Encode


def check_encoder(name: str, folder: Path) -> list[str]:
    """Check the folder of the lead `name` without loading it, and say what it is.

    Raises:
        AssayError: anything that is no safetensors encoder, or is damaged.
    """
    head = inspect_encoder(folder)
    told = f"{name}: encoder, {head.parameters:,} parameters, {head.dimension} dimensions"
    return [f"{told}, up to {head.max_length:,} tokens at once", *(f"{name}: {note}" for note in head.notes)]


def load_encode(folder: Path, device: str) -> Encode:
    """Load an encoder; a text longer than it reads has the mean of the vectors of windows that overlap.

    Raises:
        AssayError: what `check_encoder` raises, weights that do not fit, or a device that is not there.
    """
    from analysis.models.encoding import encode_texts, load_encoder

    head = inspect_encoder(folder)
    tune_threads(head.parameters)
    encoder = load_encoder(head, device)
    before = head.prompts.get("document", "")

    def given(one: Mapping[str, str]) -> dict[str, Any]:
        return {**encoder.tokenizer(before + one["response"]), "part": one["response"]}

    def vectors(parts: list[Any]) -> list[NDArray[np.float32]]:
        return list(encode_texts(encoder, [one["part"] for one in parts], "document"))

    def encode(texts: Sequence[str]) -> NDArray[np.float32]:
        values = [{"response": text} for text in texts]
        told = windowed(encoder.tokenizer, values, given, vectors, head.max_length)
        if not all(told):
            raise AssayError(
                f"reads {head.max_length} tokens at once, which leaves no room for an answer",
                where=str(folder),
            )
        return np.stack([np.mean([vector for *_, vector in one], axis=0, dtype=np.float32) for one in told])

    return encode
