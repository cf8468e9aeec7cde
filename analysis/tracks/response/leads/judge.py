"""A causal model as judge: by the logits of the first token of its answer, yes or no, or which of two answers."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from analysis.base.errors import AssayError
from analysis.models.batches import batch_tokens, equal_length_batches, in_halves
from analysis.models.generation import LoadedGenerator
from analysis.tracks.response.english.sentences import Span
from analysis.tracks.response.leads.fill import filled, windowed

PAIR = ("first", "second")
YES_NO = (("yes", "Yes", "YES"), ("no", "No", "NO"))
A_B = (("A",), ("B",))


def judged(
    judge: LoadedGenerator, template: str, values: Sequence[Mapping[str, str]]
) -> list[list[tuple[Span, float]]]:
    """Of each answer the probability of yes against no, for each of its windows; none where none fits.

    Args:
        judge: a loaded model.
        template: what it is asked, to be answered with yes or no.
        values: what stands for the names in it.
    """

    def encode(one: Mapping[str, str]) -> dict[str, list[int]]:
        return {"input_ids": judge.prompt_ids(filled(template, one))}

    def chances(asked: Sequence[Mapping[str, list[int]]]) -> list[float]:
        return _chances(judge, [one["input_ids"] for one in asked], YES_NO)

    told = windowed(judge.tokenizer, values, encode, chances, judge.head.max_positions)
    return [[(span, chance) for span, _, chance in one] for one in told]


def judged_pairs(
    judge: LoadedGenerator, template: str, values: Sequence[Mapping[str, str]]
) -> list[float | None]:
    """How far `first` is preferred to `second`, asked in both orders; None where both do not fit.

    Where the judge prefers the same place and not the same answer it has no opinion: 0.5. The rest is as for `judged`,
    but that the template is to be answered with A for the answer that stands first or B.
    """
    turned = [{**one, "first": one["second"], "second": one["first"]} for one in values]
    limit = judge.head.max_positions
    asked = [
        [judge.prompt_ids(filled(template, one)) for one in orders]
        for orders in zip(values, turned, strict=True)
    ]
    both = [row for row, ids in enumerate(asked) if limit is None or max(map(len, ids)) <= limit]
    chances = [_chances(judge, [asked[row][order] for row in both], A_B) for order in (0, 1)]
    scores: list[float | None] = [None] * len(values)
    for row, ahead, other in zip(both, *chances, strict=True):
        scores[row] = (ahead + 1 - other) / 2 if (ahead > 0.5) == (other < 0.5) else 0.5
    return scores


def _chances(
    judge: LoadedGenerator, asked: Sequence[Sequence[int]], answers: tuple[Sequence[str], Sequence[str]]
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
        for rows in equal_length_batches(asked, batch_tokens(judge.device)):
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
