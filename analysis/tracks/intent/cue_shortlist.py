"""What is tried first: words and marks by the gradient at a place of insertion, and how the texts begin and end.

The gradient of log p(class) at the mean embedding put into a text, candidate less base, dotted with the embeddings
(HotFlip: Ebrahimi et al., 2018, ACL, arXiv 1712.06751). One pass forward serves every class that is asked of a text.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.base.records import SIDES, Side
from analysis.base.seeds import draw
from analysis.models.batches import batch_tokens, equal_length_batches
from analysis.tracks.intent.insertable import is_marks
from analysis.tracks.intent.tokenised import Tokenised, tokenise

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.tracks.intent.cue_insertions import Insertions

PLACES = 2
"""Places in each text at which the gradient is taken."""


@dataclass(frozen=True)
class Vocabulary:
    """The candidate's words, w of them, and their ids.

    Args:
        words: as they are written.
        ids: (w,) of each side; -1 where the base has no such word.
        marks: (w,) whether a word has no letter and no digit.
    """

    words: Sequence[str]
    ids: Mapping[Side, NDArray[np.int64]]
    marks: NDArray[np.bool_]

    def best(self, scores: NDArray[np.float32], words: int, marks: int) -> tuple[list[str], list[str]]:
        """The words and the marks of the highest scores (w,), so many of each."""
        order = np.argsort(-np.nan_to_num(scores, nan=-math.inf), kind="stable")
        of_marks = self.marks[order]
        return (
            [self.words[at] for at in islice(order[~of_marks], words)],
            [self.words[at] for at in islice(order[of_marks], marks)],
        )


def vocabulary(words: Mapping[Side, Mapping[str, int]]) -> Vocabulary:
    """The words that may be put in, of what each side's tokenizer reads as one token."""
    names = list(words["candidate"])
    ids = {side: np.array([words[side].get(word, -1) for word in names], dtype=np.int64) for side in SIDES}
    return Vocabulary(names, ids, np.array([is_marks(word) for word in names], dtype=bool))


def scores(
    trials: Insertions, known: Vocabulary, rows: Sequence[int], targets: Sequence[int], sign: int
) -> NDArray[np.float32]:
    """By how much each word moves log p(class) in the candidate and not in the base, to first order.

    Args:
        trials: the texts and models.
        known: w words.
        rows: of the texts into which they are put.
        targets: k classes.
        sign: 1 where a rise is looked for, -1 for a fall.

    Returns:
        (k, w).
    """
    slope = _first_order(trials, "candidate", rows, targets)[:, known.ids["candidate"]]
    base, ids = _first_order(trials, "base", rows, targets), known.ids["base"]
    # A word that only the candidate's vocabulary has is none that the base's gradient says anything of.
    return np.asarray(sign * (slope - np.where(ids >= 0, base[:, ids], 0.0)))


def _first_order(
    trials: Insertions, side: Side, rows: Sequence[int], targets: Sequence[int]
) -> NDArray[np.float32]:
    """First-order change of log p(class) by each token in place of a neutral one, (targets, tokens).

    The mean embedding is put in at `PLACES` places of each text; less the mean over all tokens.
    """
    import torch

    classifier = trials.models[side]
    embed: Any = classifier.model.get_input_embeddings()
    weights = embed.weight.detach().float()
    middle = weights.mean(dim=0)
    made = _with_places(trials, side, rows)
    total = torch.zeros((len(targets), len(middle)), device=weights.device)
    for batch in equal_length_batches([ids for ids, _ in made], batch_tokens(classifier.device)):
        ids = torch.tensor([made[one][0] for one in batch], device=classifier.device)
        at_place = torch.arange(len(batch)), torch.tensor([made[one][1] for one in batch])
        with torch.no_grad():
            states = embed(ids).clone()
            states[at_place] = middle.to(states.dtype)
        states.requires_grad_(True)
        output = classifier.model(inputs_embeds=states, attention_mask=torch.ones_like(ids))
        log_p = output.logits.float().log_softmax(dim=-1).sum(dim=0)
        for place, target in enumerate(targets):
            more = place + 1 < len(targets)
            (gradient,) = torch.autograd.grad(log_p[target], states, retain_graph=more)
            total[place] += gradient[at_place].float().sum(dim=0)
    found = total @ weights.T - (total @ middle)[:, None]
    return np.asarray(found.cpu().numpy() / max(1, len(made)), dtype=np.float32)


def _with_places(trials: Insertions, side: Side, rows: Sequence[int]) -> list[tuple[list[int], int]]:
    """Token ids of the texts with one more at a drawn place, and that place."""
    made: list[tuple[list[int], int]] = []
    texts = tokenise(trials.models[side], [trials.texts[row] for row in rows], max(1, trials.limit - 1))
    for row, text in zip(rows, texts, strict=True):
        places = _boundaries(text)
        for number in range(PLACES):
            at = places[draw(trials.seed, "place", trials.refs[row], number) % len(places)]
            made.append(([*text.ids[:at], text.ids[0], *text.ids[at:]], at))
    return made


def _boundaries(text: Tokenised) -> list[int]:
    """Positions of tokens before which a word may be put in."""
    starts = [word.tokens[0] for word in text.words if word.tokens]
    ends = [word.tokens[-1] + 1 for word in text.words[-1:] if word.tokens]
    return [*starts, *ends] or [len(text.ids)]
