"""Texts -> vectors, as Sentence-Transformers makes them: token states, pooling, dense layers, unit length.

Rows of equal token length go through the model together and are never padded, so a vector does not depend on
what else is encoded, and pooling needs no mask.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from analysis.models.adapter import adapted_model
from analysis.models.batches import batch_tokens, equal_length_batches, in_halves
from analysis.models.encoder_config import ENCODER_ONLY, DenseHead, EncoderHead, PoolingMode
from analysis.models.load_transformers import check_vocabulary, load_tokenizer, load_whole

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

    Layer = Callable[[torch.Tensor], torch.Tensor]

TextKind = Literal["query", "document"]


@dataclass(frozen=True)
class LoadedEncoder:
    """An encoder ready to run: float32, evaluation mode, no parameter requires gradients.

    Args:
        head: how it makes vectors.
        model: gives the token states, `last_hidden_state` (n, tokens, width).
        tokenizer: of the same folder.
        after: layers behind the pooling.
        device: where the model is.
    """

    head: EncoderHead
    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerFast
    after: tuple[Layer, ...]
    device: str


def load_encoder(head: EncoderHead, device: str) -> LoadedEncoder:
    """Load a whole encoder onto `device`, from local safetensors only.

    Raises:
        AssayError: weights that do not fit the architecture, or a device that is not there.
    """
    from transformers import AutoModel, AutoModelForTextEncoding

    only = head.architecture.endswith(ENCODER_ONLY)
    # The pooler is a layer of its own behind the token states, which are all that is used; one that the folder
    # does not have is none that an adapter could have been trained over.
    model = load_whole(
        AutoModelForTextEncoding if only else AutoModel, head.transformer, device, spare="pooler"
    )
    return _complete(head, model, head.transformer, device)


def load_adapted(head: EncoderHead, folder: Path, base: LoadedEncoder) -> LoadedEncoder:
    """Put an adapter over a loaded encoder; the two share every weight that it does not replace.

    Raises:
        AssayError: weights that do not fit the base.
    """
    model = adapted_model(folder, base.model, base.device)
    own = (folder / "tokenizer.json").is_file()
    return _complete(head, model, folder if own else head.transformer, base.device)


def _complete(head: EncoderHead, model: PreTrainedModel, tokens: Path, device: str) -> LoadedEncoder:
    tokenizer = load_tokenizer(tokens)
    check_vocabulary(model, tokenizer, tokens)
    if head.lower_case:
        _lower_case(tokenizer)
    after = tuple(_layer(one, device) for one in head.after)
    return LoadedEncoder(head, model, tokenizer, after, device)


def _lower_case(tokenizer: PreTrainedTokenizerFast) -> None:
    from tokenizers.normalizers import Lowercase, Sequence

    own = tokenizer.backend_tokenizer.normalizer
    tokenizer.backend_tokenizer.normalizer = Sequence([Lowercase(), *([own] if own is not None else [])])


def _layer(head: DenseHead | None, device: str) -> Layer:
    """A dense layer of Sentence-Transformers, or the scaling to unit length."""
    import torch
    from safetensors.torch import load_file

    if head is None:
        return partial(torch.nn.functional.normalize, p=2.0, dim=-1)
    weights = {name: value.float() for name, value in load_file(head.weights, device=device).items()}
    activation = getattr(torch.nn, head.activation)()
    linear = torch.nn.functional.linear

    def dense(x: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = activation(linear(x, weights["linear.weight"], weights.get("linear.bias")))
        if not head.residual:
            return out
        return out + (linear(x, weights["residual.weight"]) if "residual.weight" in weights else x)

    return dense


def encode_texts(encoder: LoadedEncoder, texts: Sequence[str], kind: TextKind) -> NDArray[np.float32]:
    """Vectors (n, dimension) of texts, float32, with the prompt that belongs to their kind.

    Texts with the same tokens are computed once. A text without any token is a vector of zeros.
    """
    import torch

    head = encoder.head
    prompt = head.prompts.get(kind, "")
    rows = encoder.tokenizer([prompt + text for text in texts], truncation=True, max_length=head.max_length)[
        "input_ids"
    ]
    skip = _prompt_tokens(encoder, prompt) if prompt and not head.include_prompt else 0
    distinct: dict[tuple[int, ...], int] = {}
    where = [distinct.setdefault(tuple(row), len(distinct)) for row in rows]
    ids = list(distinct)
    out = np.zeros((len(ids), head.dimension), dtype=np.float32)
    with torch.inference_mode():
        for batch in equal_length_batches(ids, batch_tokens(encoder.device)):
            if ids[batch[0]]:
                for row, vector in in_halves(partial(_vectors, encoder, ids, skip), batch, "text"):
                    out[row] = vector
    return out[where]


def _prompt_tokens(encoder: LoadedEncoder, prompt: str) -> int:
    """Tokens of a prompt, without the special token at its end."""
    row = encoder.tokenizer(prompt, truncation=True, max_length=encoder.head.max_length)["input_ids"]
    ends = bool(row) and row[-1] in encoder.tokenizer.all_special_ids
    return len(row) - ends


def _vectors(
    encoder: LoadedEncoder, ids: Sequence[Sequence[int]], skip: int, rows: list[int]
) -> NDArray[np.float32]:
    import torch

    tensor = torch.tensor([ids[row] for row in rows], device=encoder.device)
    model: Any = encoder.model
    states = model(input_ids=tensor, attention_mask=torch.ones_like(tensor)).last_hidden_state
    vectors = torch.cat([pool(states, mode, skip) for mode in encoder.head.pooling], dim=-1)
    for layer in encoder.after:
        vectors = layer(vectors)
    return vectors[:, : encoder.head.truncate].float().cpu().numpy()


def pool(states: torch.Tensor, mode: PoolingMode, skip: int = 0) -> torch.Tensor:
    """Pool token states (n, tokens, width) to (n, width), without the first `skip` tokens.

    The modes are those of `sentence_transformers`' Pooling, for rows without padding.
    """
    import torch

    count = states.shape[1]
    kept = states[:, skip:]
    if not kept.shape[1]:
        first = mode == "cls"
        return states[:, 0] if first else torch.zeros_like(states[:, 0])
    if mode == "cls":
        return kept[:, 0]
    if mode == "lasttoken":
        return kept[:, -1]
    if mode == "max":
        return kept.max(dim=1).values
    if mode == "weightedmean":
        # A token keeps the weight of its place in the whole text.
        weights = torch.arange(skip + 1, count + 1, device=states.device, dtype=states.dtype)
        return (kept * weights[:, None]).sum(dim=1) / weights.sum()
    summed = kept.sum(dim=1)
    return summed / (kept.shape[1] if mode == "mean" else kept.shape[1] ** 0.5)
