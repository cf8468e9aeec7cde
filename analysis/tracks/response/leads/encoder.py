"""A sentence-encoder folder as what `learned` takes its vectors from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analysis.base.errors import AssayError
from analysis.models.encoder_config import inspect_encoder
from analysis.models.threads import tune_threads
from analysis.tracks.response.leads.fill import windows
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

    def length(part: str) -> int:
        return len(encoder.tokenizer(before + part)["input_ids"])

    def encode(texts: Sequence[str]) -> NDArray[np.float32]:
        cut = [windows(encoder.tokenizer, text, length, head.max_length) for text in texts]
        if None in cut:
            raise AssayError(
                f"reads {head.max_length} tokens at once, which leaves no room for an answer",
                where=str(folder),
            )
        spans = [one or [] for one in cut]
        parts = [span.of(text) for text, own in zip(texts, spans, strict=True) for span in own]
        vectors = encode_texts(encoder, parts, "document")
        starts = np.cumsum([0, *(len(own) for own in spans)])[:-1]
        counts = np.array([[len(own)] for own in spans], dtype=np.float32)
        return np.asarray(np.add.reduceat(vectors, starts, axis=0) / counts, dtype=np.float32)

    return encode
