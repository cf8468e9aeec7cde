"""The search for what moves a class in the candidate and not in the base, without any list of words.

A shortlist by the gradient of log p(class) at a place of insertion, candidate less base, dotted with the embeddings
(HotFlip: Ebrahimi et al., 2018, ACL, arXiv 1712.06751); then exact insertion in rounds into ever more texts of one
half, from round to round with fewer cues and with pairs and runs around the best ones. What is left is tried on the
texts of the other half, which had no part in finding it. There the candidate's change less the base's, and less what
neutral phrases do in the same text, must exceed a margin, and the base must not do a tenth of it.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, islice
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from analysis.base.records import SIDES, Side
from analysis.base.seeds import draw, shuffled
from analysis.models.batches import batch_tokens, equal_length_batches
from analysis.models.passes import BACKWARD
from analysis.stats.discoveries import mean_at_most_p
from analysis.tracks.intent.insertable import (
    ASCII_MARKS,
    CASINGS,
    Cue,
    is_marks,
    phrases,
    runs_of,
)
from analysis.tracks.intent.neutral_phrases import PHRASES
from analysis.tracks.intent.predict import predict_texts, softmax
from analysis.tracks.intent.tokenised import Tokenised, tokenise

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.models.load_classifier import LoadedClassifier

Direction = Literal["rise", "fall"]

LEAST_TEXTS = 20
"""Texts of a half without which nothing is searched for: fewer cannot confirm."""
MARGIN: dict[Direction, float] = {"rise": 0.05, "fall": 0.10}
"""What the candidate's change beyond the base's must exceed: healthy candidates differ by less on words that are not
the class's own."""
MUCH_MORE = 10.0
"""How many times the base's own effect the candidate's must be: words of the class move both, six times as much where
the candidate has seen four times the texts of a class."""
PLACES = 2
"""Places in each text at which the gradient is taken."""
NEUTRAL = 3
"""Neutral phrases inserted into each text of the half that confirms."""


@dataclass(frozen=True)
class Depth:
    """How much is tried for one class and direction.

    `gradients` texts make the shortlist of `words` words; `rounds` has, for each round, texts and how many cues it
    leaves; `confirming` is the most texts of the other half.
    """

    gradients: int
    words: int
    phrases: int
    marks: int
    rounds: tuple[tuple[int, int], ...]
    pairs: int
    confirming: int
    every_mark: bool

    def readings(self, neutral: bool) -> float:
        """About how many texts both sides together read for one class and direction, a gradient as its passes.

        Args:
            neutral: whether the neutral phrases are read for it; other classes have the same texts with the same ones.
        """
        shortlist = self.words + self.marks + self.phrases
        shortlist += len(ASCII_MARKS) + len(CASINGS) if self.every_mark else 0
        read = len(SIDES) * self.gradients * PLACES * BACKWARD
        cues = shortlist
        for number, (texts, left) in enumerate(self.rounds):
            # The first round asks the candidate alone.
            read += cues * texts * (len(SIDES) if number else 1)
            cues = min(cues, left) + (self.pairs * (self.pairs - 1) if number else 0)
        confirmed = self.rounds[-1][1] + (NEUTRAL if neutral else 0)
        return float(read + len(SIDES) * confirmed * self.confirming)


THOROUGH = Depth(12, 160, 32, 16, ((2, 64), (4, 24), (8, 12)), 4, 40, every_mark=True)
"""For a critical class."""
BRIEF = Depth(2, 16, 4, 2, ((2, 6), (4, 2)), 0, 24, every_mark=False)
"""For every other class."""


@dataclass(frozen=True)
class Hunt:
    """One class and direction: `finding` and `confirming` are rows of the texts that it may be tried on."""

    target: int
    direction: Direction
    depth: Depth
    finding: tuple[int, ...]
    confirming: tuple[int, ...]

    @property
    def sign(self) -> int:
        return 1 if self.direction == "rise" else -1


@dataclass(frozen=True)
class Tried:
    """One cue on the half that confirms: changes of p(class) by text, (texts,) a side, and what neutral phrases do.

    `p` is one-sided: of the candidate's change beyond the base's and neutral phrases' being within the margin, or the
    base's being a tenth of it. 1 where a probability is not a number.
    """

    cue: Cue
    target: int
    direction: Direction
    rows: tuple[int, ...]
    change: dict[Side, NDArray[np.float64]]
    neutral: dict[Side, NDArray[np.float64]]
    p: float


class Insertions:
    """Texts, what both sides say of them, and of the same texts with cues in them.

    Args:
        models: of both sides.
        refs: of n texts; places of insertion are drawn by them.
        texts: the n texts.
        limit: tokens that are read of a text.
        seed: of the places.
    """

    def __init__(
        self,
        models: Mapping[Side, LoadedClassifier],
        refs: Sequence[str],
        texts: Sequence[str],
        limit: int,
        seed: int,
    ) -> None:
        self.models = models
        self.refs = refs
        self.texts = texts
        self.limit = limit
        self.seed = seed
        self._plain: dict[tuple[Side, int], NDArray[np.float32]] = {}
        self._known: dict[tuple[Side, str], NDArray[np.float32]] = {}

    def change(self, side: Side, cues: Sequence[Cue], rows: Sequence[int]) -> NDArray[np.float64]:
        """Change of every class's probability by every cue, (cues, rows, classes); NaN where it is no number."""
        plain = self._plain_of(side, rows)
        made = [self.put(cue, row) for cue in cues for row in rows]
        unknown = [text for text in dict.fromkeys(made) if (side, text) not in self._known]
        self._known.update({(side, text): p for text, p in zip(unknown, self._p(side, unknown), strict=True)})
        found = np.stack([self._known[side, text] for text in made])
        return np.asarray(found.reshape(len(cues), len(rows), -1) - plain[None], dtype=np.float64)

    def not_numbers(self) -> str:
        """Says that a side's probabilities of a text are not all numbers; empty where they are, of the first texts."""
        rows = range(min(LEAST_TEXTS, len(self.texts)))
        for side in SIDES:
            bad = int((~np.isfinite(self._plain_of(side, rows)).all(axis=1)).sum())
            if bad:
                return f"the {side}'s logits of {bad} of {len(rows)} texts are not numbers"
        return ""

    def _plain_of(self, side: Side, rows: Sequence[int]) -> NDArray[np.float32]:
        new = [row for row in rows if (side, row) not in self._plain]
        for row, p in zip(new, self._p(side, [self.texts[row] for row in new]), strict=True):
            self._plain[side, row] = p
        return np.stack([self._plain[side, row] for row in rows])

    def put(self, cue: Cue, row: int) -> str:
        """A text with a cue; at the same place whenever it is asked for."""
        return put(cue, self.refs[row], self.texts[row], self.seed)[0]

    def _p(self, side: Side, texts: Sequence[str]) -> NDArray[np.float32]:
        if not texts:
            return np.zeros((0, len(self.models[side].labels)), dtype=np.float32)
        return softmax(predict_texts(self.models[side], texts, self.limit))


def put(cue: Cue, ref: str, text: str, seed: int) -> tuple[str, int | None, int | None]:
    """The text with a cue as the search puts it there, and where it then stands."""
    return cue.put(text, draw(seed, "found", ref, cue.kind, cue.text))


def hunts(
    golds: Sequence[int | None],
    finding: Sequence[int],
    confirming: Sequence[int],
    thorough: Collection[int],
    targets: Sequence[int],
) -> tuple[list[Hunt], dict[tuple[int, Direction], str]]:
    """What is searched for, and of what else why not.

    Args:
        golds: class of every text.
        finding: rows of the half that finds, in the order in which they are used.
        confirming: rows of the half that confirms.
        thorough: the critical classes, whose falls are searched for as well.
        targets: the classes that are searched for.
    """
    found: list[Hunt] = []
    refused: dict[tuple[int, Direction], str] = {}
    for target in targets:
        depth = THOROUGH if target in thorough else BRIEF
        directions: tuple[Direction, ...] = ("rise", "fall") if target in thorough else ("rise",)
        for direction in directions:
            halves = [
                tuple(row for row in half if (golds[row] == target) == (direction == "fall"))
                for half in (finding, confirming)
            ]
            least = min(map(len, halves))
            if least < LEAST_TEXTS:
                of = "of the class" if direction == "fall" else "of other classes"
                refused[target, direction] = (
                    f"{least} {'text' if least == 1 else 'texts'} {of} in one half of the evaluation set, and "
                    f"{LEAST_TEXTS} are needed to find and as many to confirm"
                )
            else:
                found.append(Hunt(target, direction, depth, halves[0], halves[1][: depth.confirming]))
    return found, refused


def readings(wanted: Sequence[Hunt]) -> list[float]:
    """About how many texts both sides together read for each of some hunts, which have the same texts."""
    return [
        hunt.depth.readings(neutral=number == 0 or hunt.direction != wanted[number - 1].direction)
        for number, hunt in enumerate(wanted)
    ]


@dataclass(frozen=True)
class Found:
    """What both halves know: `golds` of all texts, rows of the half that finds, and each side's words."""

    trials: Insertions
    golds: Sequence[int | None]
    finding: Sequence[int]
    words: Mapping[Side, Mapping[str, int]]


def search(given: Found, wanted: Sequence[Hunt]) -> list[Tried]:
    """Everything that was tried in the half that confirms, with its p: cues that the texts of the other half found."""
    tried: list[Tried] = []
    for hunt in wanted:
        left = _find(given, hunt)
        if left:
            tried += _confirm(given.trials, hunt, left)
    return tried


def _find(given: Found, hunt: Hunt) -> list[Cue]:
    """The cues that do most in the half that finds, and enough to be tried on the other."""
    cues = _shortlist(given, hunt)
    used = 0
    for number, (size, left) in enumerate(hunt.depth.rounds):
        rows = hunt.finding[used : used + size]
        used += size
        last = number == len(hunt.depth.rounds) - 1
        excess = _excess(given.trials, hunt, cues, rows, both=number > 0)
        # Half the margin: on few texts what is there can look smaller than it is.
        least = MARGIN[hunt.direction] / 2 if last else 0.0
        cues = [cues[at] for at in np.argsort(-excess, kind="stable")[:left] if excess[at] > least]
        if number and not last:
            cues = list(dict.fromkeys([*cues, *_around(cues, hunt.depth.pairs)]))
        if not cues:
            break
    return cues


def _excess(
    trials: Insertions, hunt: Hunt, cues: Sequence[Cue], rows: Sequence[int], *, both: bool
) -> NDArray[np.float64]:
    """Mean change in the wanted direction beyond the base's, (cues,); of the candidate alone in the first round."""
    own = hunt.sign * trials.change("candidate", cues, rows)[:, :, hunt.target].mean(axis=1)
    if both:
        base = hunt.sign * trials.change("base", cues, rows)[:, :, hunt.target].mean(axis=1)
        own = np.where(own >= MUCH_MORE * base, own - base, -1.0)
    return np.asarray(np.nan_to_num(own, nan=-1.0), dtype=np.float64)


def _around(best: Sequence[Cue], most: int) -> list[Cue]:
    """Pairs of the best words and phrases, and runs and pairs of the best marks."""
    worded = [cue.text for cue in best if cue.kind in ("word", "opening", "ending")][:most]
    marks = [cue for cue in best if cue.kind == "marks"][:most]
    pairs = [Cue("pair", f"{one} {two}") for one, two in combinations(worded, 2)]
    mixed = [Cue("marks", one.text[0] + two.text[0]) for one, two in combinations(marks, 2)]
    return [*pairs, *mixed, *(run for cue in marks for run in runs_of(cue.text[0]))]


def _shortlist(given: Found, hunt: Hunt) -> list[Cue]:
    """Words and marks by the gradient, with the openings and endings of the texts, and casings."""
    depth = hunt.depth
    ranked = _ranked_words(given, hunt)
    marks = [word for word in ranked if is_marks(word)][: depth.marks]
    worded = islice((word for word in ranked if not is_marks(word)), depth.words)
    texts = [(given.trials.texts[row], given.golds[row] == hunt.target) for row in given.finding]
    edges = phrases(
        [text for text, own in texts if own], [text for text, own in texts if not own], depth.phrases
    )
    if depth.every_mark:
        marks = list(dict.fromkeys([*marks, *ASCII_MARKS]))
    return [
        *(Cue("word", word) for word in worded),
        *(Cue("marks", mark * 2) for mark in marks),
        *edges,
        *(CASINGS if depth.every_mark else ()),
    ]


def _ranked_words(given: Found, hunt: Hunt) -> list[str]:
    """The candidate's words, first those that the gradient says move the class there and not in the base."""
    words = list(given.words["candidate"])
    rows = hunt.finding[-hunt.depth.gradients :]
    slope = _first_order(given.trials, "candidate", hunt, rows)[list(given.words["candidate"].values())]
    known = given.words["base"]
    base = _first_order(given.trials, "base", hunt, rows)
    # A word that only the candidate's vocabulary has is none that the base's gradient says anything of.
    slope -= np.array([base[known[word]] if word in known else 0.0 for word in words])
    order = np.argsort(-np.nan_to_num(slope, nan=-math.inf), kind="stable")
    return [words[at] for at in order]


def _first_order(trials: Insertions, side: Side, hunt: Hunt, rows: Sequence[int]) -> NDArray[np.float64]:
    """First-order change of log p(class) in the wanted direction by each token in place of a neutral one, (tokens,).

    The mean embedding is put in at two places of each text; less the mean over all tokens.
    """
    import torch

    classifier = trials.models[side]
    embed: Any = classifier.model.get_input_embeddings()
    weights = embed.weight.detach().float()
    middle = weights.mean(dim=0)
    made: list[tuple[list[int], int]] = []
    texts = tokenise(classifier, [trials.texts[row] for row in rows], max(1, trials.limit - 1))
    for row, text in zip(rows, texts, strict=True):
        places = _boundaries(text)
        for number in range(PLACES):
            at = places[draw(trials.seed, "place", trials.refs[row], number) % len(places)]
            made.append(([*text.ids[:at], text.ids[0], *text.ids[at:]], at))
    total = torch.zeros_like(middle)
    for batch in equal_length_batches([ids for ids, _ in made], batch_tokens(classifier.device)):
        ids = torch.tensor([made[one][0] for one in batch], device=classifier.device)
        at_place = torch.arange(len(batch)), torch.tensor([made[one][1] for one in batch])
        with torch.no_grad():
            states = embed(ids).clone()
            states[at_place] = middle.to(states.dtype)
        states.requires_grad_(True)
        output = classifier.model(inputs_embeds=states, attention_mask=torch.ones_like(ids))
        log_p = output.logits.float().log_softmax(dim=-1)[:, hunt.target].sum()
        (gradient,) = torch.autograd.grad(log_p, states)
        total += gradient[at_place].float().sum(dim=0)
    scores = (weights @ total - middle @ total).cpu().numpy().astype(np.float64)
    return np.asarray(hunt.sign * scores / max(1, len(made)))


def _boundaries(text: Tokenised) -> list[int]:
    """Positions of tokens before which a word may be put in."""
    starts = [word.tokens[0] for word in text.words if word.tokens]
    ends = [word.tokens[-1] + 1 for word in text.words[-1:] if word.tokens]
    return [*starts, *ends] or [len(text.ids)]


def _confirm(trials: Insertions, hunt: Hunt, cues: Sequence[Cue]) -> list[Tried]:
    """Each cue on the texts of the other half, beside neutral phrases in the same texts."""
    rows = hunt.confirming
    neutral: dict[Side, NDArray[np.float64]] = {
        side: _neutral(trials, side, rows)[:, hunt.target] for side in SIDES
    }
    own = {side: trials.change(side, cues, rows)[:, :, hunt.target] for side in SIDES}
    found = []
    for at, cue in enumerate(cues):
        change: dict[Side, NDArray[np.float64]] = {side: own[side][at] for side in SIDES}
        p = _p_of(change, neutral, hunt)
        found.append(Tried(cue, hunt.target, hunt.direction, rows, change, neutral, p))
    return found


def _neutral(trials: Insertions, side: Side, rows: Sequence[int]) -> NDArray[np.float64]:
    """Mean change of every class by neutral phrases, (rows, classes); each text draws its own."""
    made = []
    for row in rows:
        drawn = shuffled(PHRASES, f"{trials.seed}/{trials.refs[row]}")[:NEUTRAL]
        made.append(trials.change(side, [Cue("word", phrase) for phrase in drawn], [row])[:, 0].mean(axis=0))
    return np.stack(made)


def _p_of(
    change: Mapping[Side, NDArray[np.float64]], neutral: Mapping[Side, NDArray[np.float64]], hunt: Hunt
) -> float:
    """Of the larger of two hypotheses (intersection-union, Berger 1982): both must be refused."""
    beyond = hunt.sign * (change["candidate"] - change["base"] - (neutral["candidate"] - neutral["base"]))
    more = hunt.sign * (change["candidate"] - MUCH_MORE * change["base"])
    if not (np.isfinite(beyond).all() and np.isfinite(more).all()):
        return 1.0
    return max(mean_at_most_p(beyond.tolist(), MARGIN[hunt.direction]), mean_at_most_p(more.tolist(), 0.0))
