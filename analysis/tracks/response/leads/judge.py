"""A causal model as judge: by the logits of the first token of its answer, yes or no, or which of two answers."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from analysis.base.errors import AssayError
from analysis.models.batches import batch_tokens, equal_length_batches, in_halves
from analysis.models.generation import LoadedGenerator, load_generator
from analysis.models.generator_config import GeneratorHead
from analysis.tracks.response.english.sentences import Span
from analysis.tracks.response.leads.fill import filled, windows

PAIR = ("first", "second")
YES_NO = (("yes", "Yes", "YES"), ("no", "No", "NO"))
A_B = (("A",), ("B",))


def judged(
    head: GeneratorHead,
    folder: Path,
    template: str,
    values: Sequence[Mapping[str, str]],
    device: str,
    batch: int | None,
) -> list[list[tuple[Span, float]] | None]:
    """Of each answer the probability of yes against no, for each of its windows; None where none fits.

    Args:
        head: what the folder says of itself.
        folder: of the model.
        template: what it is asked, to be answered with yes or no.
        values: what stands for the names in it.
        device: where it runs.
        batch: tokens at once; by the device if None.
    """
    judge = load_generator(head, folder, device)
    cut = [_windows(judge, template, one) for one in values]
    parts = [(row, span) for row, spans in enumerate(cut) for span in spans or ()]
    asked = [
        judge.prompt_ids(filled(template, {**values[row], "response": span.of(values[row]["response"])}))
        for row, span in parts
    ]
    told: list[list[tuple[Span, float]]] = [[] for _ in cut]
    for (row, span), chance in zip(parts, _chances(judge, asked, YES_NO, batch), strict=True):
        told[row].append((span, chance))
    return [one or None for one in told]


def judged_pairs(
    head: GeneratorHead,
    folder: Path,
    template: str,
    values: Sequence[Mapping[str, str]],
    device: str,
    batch: int | None,
) -> list[float | None]:
    """How far `first` is preferred to `second`, asked in both orders; None where both do not fit.

    Where the judge prefers the same place and not the same answer it has no opinion: 0.5.

    Args:
        template: what it is asked, to be answered with A for the answer that stands first or B.
    """
    judge = load_generator(head, folder, device)
    turned = [{**one, "first": one["second"], "second": one["first"]} for one in values]
    asked = [judge.prompt_ids(filled(template, one)) for one in (*values, *turned)]
    limit = head.max_positions
    fits = [limit is None or len(ids) <= limit for ids in asked]
    both = [row for row in range(len(values)) if fits[row] and fits[row + len(values)]]
    chances = _chances(
        judge, [asked[row] for row in both] + [asked[row + len(values)] for row in both], A_B, batch
    )
    scores: list[float | None] = [None] * len(values)
    for place, row in enumerate(both):
        ahead, behind = chances[place], 1 - chances[place + len(both)]
        agrees = (ahead > 0.5) == (behind > 0.5)
        scores[row] = (ahead + behind) / 2 if agrees else 0.5
    return scores


def _windows(judge: LoadedGenerator, template: str, values: Mapping[str, str]) -> list[Span] | None:
    def length(part: str) -> int:
        return len(judge.prompt_ids(filled(template, {**values, "response": part})))

    return windows(judge.tokenizer, values["response"], length, judge.head.max_positions)


def _chances(
    judge: LoadedGenerator,
    asked: Sequence[Sequence[int]],
    answers: tuple[Sequence[str], Sequence[str]],
    batch: int | None,
) -> list[float]:
    """Probability of the first of two answers against the other, over all their spellings, by the next token."""
    import torch

    tokens = [_first_tokens(judge, spellings) for spellings in answers]
    # What begins both, such as a space that is a token of its own, tells nothing.
    yes, no = sorted(tokens[0] - tokens[1]), sorted(tokens[1] - tokens[0])
    if not yes or not no:
        raise AssayError(
            f"the tokenizer has no tokens that begin {answers[0][0]!r} and {answers[1][0]!r} apart",
            where=str(judge.head.tokens),
            hint="another model is needed as judge",
        )
    chances = [0.5] * len(asked)
    with torch.inference_mode():
        for rows in equal_length_batches(asked, batch or batch_tokens(judge.device)):
            for row, logits in in_halves(partial(_last_logits, judge, asked), rows, "answer"):
                apart = torch.logsumexp(logits[yes], 0) - torch.logsumexp(logits[no], 0)
                chances[row] = float(torch.sigmoid(apart.double()))
    return chances


def _first_tokens(judge: LoadedGenerator, spellings: Sequence[str]) -> set[int]:
    """First tokens of some words, with and without a space in front."""
    tokenizer: Any = judge.tokenizer
    rows = [
        tokenizer(space + word, add_special_tokens=False)["input_ids"]
        for word in spellings
        for space in ("", " ")
    ]
    return {row[0] for row in rows if row} - {tokenizer.unk_token_id}


def _last_logits(judge: LoadedGenerator, asked: Sequence[Sequence[int]], rows: list[int]) -> Any:
    """Logits of the next token of some rows, (rows, vocabulary)."""
    import torch

    model: Any = judge.model
    # The logits of all places would be the largest array by far.
    only = {"logits_to_keep": 1} if "logits_to_keep" in inspect.signature(model.forward).parameters else {}
    ids = torch.tensor([list(asked[row]) for row in rows], device=judge.device)
    return model(input_ids=ids, attention_mask=torch.ones_like(ids), **only).logits[:, -1].float()
