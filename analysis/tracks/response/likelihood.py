"""How probable two generators find the tokens of the same response, and how far their forecasts lie apart.

Positions go through the models in chunks over a cache of keys and values, so neither the log-probabilities of the
whole vocabulary nor the attention of a 10,000-token response are ever in memory at once.
"""

from __future__ import annotations

import inspect
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from analysis.base.records import SIDES, Side
from analysis.models.batches import batch_tokens

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray

    from analysis.models.generation import LoadedGenerator

CELLS = {"cuda": 2**26, "cpu": 2**22}
"""Log-probabilities (rows x positions x vocabulary) of one side at once, by kind of device: 16 MB on a processor.

About eight arrays of that size are alive together.
"""
POSITIONS = 512
"""Positions that a model is given at once."""


class ResponseTokens(NamedTuple):
    """A response as a model reads it: ids, the tokenizer's names of them, character offsets into the text."""

    ids: list[int]
    names: list[str]
    starts: list[int]
    ends: list[int]


class Continued(NamedTuple):
    """Token ids of what each side is given (at least one), and of a response that follows it."""

    given: Mapping[Side, Sequence[int]]
    response: Sequence[int]


class Along(NamedTuple):
    """What both sides say along a response, float32, natural logarithm, an entry a token, (tokens,).

    The log-probability of each token, and the Kullback-Leibler divergence KL(candidate || base) of the whole
    vocabulary where that token was chosen, in nats, at least 0.
    """

    base_logp: NDArray[np.float32]
    candidate_logp: NDArray[np.float32]
    kl: NDArray[np.float32]


def response_tokens(generator: LoadedGenerator, text: str) -> ResponseTokens:
    """The tokens of a response, without special ones around it."""
    tokenizer: Any = generator.tokenizer
    encoded = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
    ids = list(encoded["input_ids"])
    offsets = encoded["offset_mapping"]
    names = tokenizer.convert_ids_to_tokens(ids)
    return ResponseTokens(ids, names, [start for start, _ in offsets], [end for _, end in offsets])


def fitting(generators: Mapping[Side, LoadedGenerator], row: Continued) -> int:
    """How many tokens of the response both sides have room for; the last one is read by neither."""
    most = len(row.response)
    for side in SIDES:
        limit = generators[side].head.max_positions
        if limit is not None:
            most = min(most, limit + 1 - len(row.given[side]))
    return max(0, most)


def along(
    generators: Mapping[Side, LoadedGenerator],
    rows: Sequence[Continued],
    *,
    positions: int = POSITIONS,
    cells: int | None = None,
) -> list[Along]:
    """Log-probabilities of both sides and their divergence along each response, softmax in float32.

    Rows that are equally long in every part go through the models together; nothing is padded. A response that
    is longer than a model's context is cut there. Where the sides' output layers have different widths, columns
    that only one has are padding behind the shared vocabulary, and are left out.

    Args:
        generators: both sides; they must share the tokenizer.
        rows: what was given and answered.
        positions: that a model is given at once, at most.
        cells: log-probabilities of one side in memory at once; by the device if not given.
    """
    import torch

    empty = np.zeros(0, dtype=np.float32)
    results = [Along(empty, empty, empty)] * len(rows)
    alike: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for index, row in enumerate(rows):
        count = fitting(generators, row)
        if count:
            alike[count, *(len(row.given[side]) for side in SIDES)].append(index)
    device = generators["base"].device
    most = cells or CELLS[device.partition(":")[0]]
    for (count, *given), indices in sorted(alike.items()):
        size = max(1, batch_tokens(device) // (count + max(given)))
        for start in range(0, len(indices), size):
            batch = indices[start : start + size]
            chosen = torch.tensor([list(rows[index].response[:count]) for index in batch], device=device)
            step = max(1, min(positions, most // (_width(generators) * len(batch))))
            asked = {side: [rows[index].given[side] for index in batch] for side in SIDES}
            with torch.inference_mode():
                forecasts = [_forecasts(generators[side], asked[side], chosen, step) for side in SIDES]
                parts = list(_compared(forecasts, chosen))
            whole = [np.concatenate(chunks, axis=1) for chunks in zip(*parts, strict=True)]
            for place, index in enumerate(batch):
                results[index] = Along(*(numbers[place] for numbers in whole))
    return results


def _width(generators: Mapping[Side, LoadedGenerator]) -> int:
    return max(int(generators[side].model.config.get_text_config().vocab_size) for side in SIDES)


def _compared(
    forecasts: Sequence[Iterator[torch.Tensor]], chosen: torch.Tensor
) -> Iterator[tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]]:
    """The three numbers of `Along` chunk by chunk, each (rows, positions)."""
    import torch

    done = 0
    for base, candidate in zip(*forecasts, strict=True):
        width = min(base.shape[-1], candidate.shape[-1])
        logs = [torch.log_softmax(one[..., :width].float(), dim=-1) for one in (base, candidate)]
        tokens = chosen[:, done : done + base.shape[1], None]
        done += base.shape[1]
        apart = logs[1].exp() * (logs[1] - logs[0])
        # A token that the candidate never writes adds nothing, whatever the base thinks of it.
        kl = torch.where(logs[1].isneginf(), 0.0, apart).sum(dim=-1).clamp_min(0.0)
        base_logp, candidate_logp = (log.gather(-1, tokens)[..., 0] for log in logs)
        yield base_logp.cpu().numpy(), candidate_logp.cpu().numpy(), kl.cpu().numpy()


def _forecasts(
    generator: LoadedGenerator, given: Sequence[Sequence[int]], chosen: torch.Tensor, step: int
) -> Iterator[torch.Tensor]:
    """Logits (rows, positions, vocabulary) before each token of the responses, `step` positions at a time."""
    import torch

    model: Any = generator.model
    before = torch.tensor([list(ids) for ids in given], device=generator.device)
    ids = torch.cat([before, chosen[:, :-1]], dim=1)
    first = before.shape[1] - 1
    if "past_key_values" not in inspect.signature(model.forward).parameters:
        # A recurrent model has no attention that grows, and its state is not handed over here.
        yield from model(input_ids=ids).logits[:, first:].split(step, dim=1)
        return
    cache = None
    starts = [*range(0, first, step), *range(first, ids.shape[1], step)]
    for start, end in zip(starts, [*starts[1:], ids.shape[1]], strict=True):
        output = model(input_ids=ids[:, start:end], past_key_values=cache, use_cache=True)
        cache = output.past_key_values
        if start >= first:
            yield output.logits
