"""Where rankings stand against chance, with as few deletions as say so.

Two things save rows, and neither changes what a comparison says:

* As many random rankings as the decision needs: `AGAINST_CHANCE`, whose level is exact for a ranking that is itself
  drawn at random. It needs the ranking and its references to be exchangeable, which independent draws are. A reference
  and its reverse would share a third of their rows where half of the words is half of them, and each is uniform by
  itself, but a ranking in question has no reverse among them: pairs are not exchangeable with it, and an exact level
  would have to be a simulated one. So the draws are independent.
* As few deletions of each as place it: S is a mean of probabilities, each in [0, 1], so the short rows that leave a
  few words mostly show that a reference stays below, whatever the long ones would say (`DeletionProbabilities.bounds`).

The percentile is that among the first `FIRST` references, whatever they say: one at the end of a test that stops by
what it saw would be biased. Only aggregates read it, so only rankings that they hold are placed among all of those. A
text is asked once for all methods and targets, and nothing is drawn for a licence that another test has refused.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.stats.sequential_ranks import Look, SequentialTest
from analysis.tracks.intent.faithfulness import (
    CHANCE_LEVEL,
    RANKINGS,
    DeletionProbabilities,
    Faithfulness,
    Pairs,
    Ranking,
    against_chance,
    deletions,
    evaluate_sets,
    reference_rankings,
)
from analysis.tracks.intent.tokenised import Tokenised, delete_words

if TYPE_CHECKING:
    from analysis.models.load_classifier import LoadedClassifier
    from analysis.tracks.intent.target import Target

FIRST = 12
"""Random rankings of which the percentile is made."""
AGAINST_CHANCE = SequentialTest(
    (
        Look(5, -1, 4),
        Look(FIRST, -1, 4),
        Look(24, -1, 6),
        Look(32, 0, 7),
        Look(48, 1, 8),
        Look(70, 3, 9),
        Look(RANKINGS, 9, 10),
    )
)
"""How many random rankings may be as good at which number of them: it stops early only where all `RANKINGS` would
hardly say otherwise, and its level is just below `CHANCE_LEVEL`."""
FEW_ROWS = 100
"""Rows from which on the model is asked in several turns: a small batch costs more a row than it saves rows."""
_ORDER: tuple[tuple[tuple[int, int], ...], ...] = (((0, 1), (1, 1)), ((0, 0),), ((1, 0),), ((2, 0), (2, 1)))
"""In which order the deletions of a reference are asked, as (share, kept alone or not): the shortest rows first."""
_ROUNDING = 1e-6
"""By how much a probability in float32 may leave [0, 1]."""


@dataclass(frozen=True)
class Asked:
    """A ranking to be compared with chance.

    `settled` where whether it beats chance decides nothing, `percentile` where that is asked.
    """

    target: Target
    ranking: Ranking
    settled: bool = False
    percentile: bool = True


@dataclass(frozen=True)
class Stand:
    """Where a ranking stands among random ones of its text.

    `p` is at most `CHANCE_LEVEL` where it beats chance, None where it is settled and few references do not say.
    `percentile` is the share of the first references below it, ties half; None where it is not asked. `rankings` is how
    many references were drawn for p. `decidable` is False where no ranking of the text could reach that p.
    """

    own: Faithfulness
    p: float | None
    percentile: float | None
    rankings: int
    decidable: bool


def stands(
    classifier: LoadedClassifier,
    texts: Sequence[Tokenised],
    asked: Sequence[Sequence[Asked]],
    seeds: Sequence[int],
) -> list[list[Stand | None]]:
    """Compare rankings of texts with random ones.

    Args:
        classifier: one side's model.
        texts: n of them, each with a word.
        asked: the rankings of each text.
        seeds: of the random rankings of each text.

    Returns:
        One answer for each ranking, in the same order; None where a logit was not a number.
    """
    open_texts = [_Text(*given) for given in zip(texts, asked, seeds, strict=True)]
    _answer(classifier, [(text, text.own_sets()) for text in open_texts])
    for look in AGAINST_CHANCE.looks:
        here = [text for text in open_texts if text.open]
        turns = deque([step] for step in range(len(_ORDER)))
        while turns:
            wanted = [(text, text.wanted(look, turns[0])) for text in here]
            if len(turns) > 1 and sum(len(sets) for _, sets in wanted) < FEW_ROWS:
                turns = deque([[step for turn in turns for step in turn]])
                continue
            _answer(classifier, wanted)
            turns.popleft()
        for text in here:
            text.take(look)
    return [[text.stand(one) for one in text.compared] for text in open_texts]


def _answer(classifier: LoadedClassifier, wanted: Sequence[tuple[_Text, set[frozenset[int]]]]) -> None:
    """Let the model answer the deletions that texts want, and tell them."""
    asking = [(text, sets) for text, sets in wanted if sets]
    found = evaluate_sets(classifier, [text.text for text, _ in asking], [sets for _, sets in asking])
    for (text, _), outputs in zip(asking, found, strict=True):
        for p in text.p.values():
            p.add(outputs)


class _Compared:
    """One ranking with what is known of it: references by whether they are above (1), level (0) or below (-1)."""

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self.placed: dict[int, int] = {}
        self.ended: tuple[Look, int] | None = None
        self.finite = True

    def open(self, drawn: int) -> bool:
        """Whether more than `drawn` references are of use."""
        asks = self.ended is None and not self.asked.settled
        return self.finite and (asks or (self.asked.percentile and drawn < FIRST))


class _Text:
    """A text with its references, the probabilities that are known, and its rankings."""

    def __init__(self, text: Tokenised, asked: Sequence[Asked], seed: int) -> None:
        self.text = text
        reference = reference_rankings(len(text.words), seed)
        self.exhaustive = reference.exhaustive
        self.references: list[Pairs] = [tuple(deletions(ranking)) for ranking in reference.rankings]
        self.p = {one.target: DeletionProbabilities({}, one.target) for one in asked}
        self.compared = [_Compared(one) for one in asked]
        self.drawn = 0
        self.own: dict[tuple[Target, Ranking], float] = {}

    @property
    def open(self) -> list[_Compared]:
        """The rankings that are not decided yet."""
        return [] if self.exhaustive else [one for one in self.compared if one.open(self.drawn)]

    def own_sets(self) -> set[frozenset[int]]:
        """The whole text, the deletions of its rankings, and where every ranking is a reference all of theirs."""
        pairs = [pair for one in self.compared for pair in deletions(one.asked.ranking)]
        pairs += [pair for chain in self.references if self.exhaustive for pair in chain]
        return {frozenset(), *(gone for pair in pairs for gone in pair)}

    def wanted(self, look: Look, steps: Sequence[int]) -> set[frozenset[int]]:
        """The deletions of those steps that an open ranking needs of the references up to a look."""
        still_open = self.open
        sets = {
            chain[share][kept]
            for number, chain in enumerate(self.references[: look.references])
            if number >= self.drawn and not all(self._place(one, number, chain) for one in still_open)
            for step in steps
            for share, kept in _ORDER[step]
        }
        known = next(iter(self.p.values()))
        return {gone for gone in sets if gone not in known}

    def take(self, look: Look) -> None:
        """Decide what can be decided with the references up to a look."""
        for one in self.open:
            for number in range(self.drawn, look.references):
                if not self._place(one, number, self.references[number]):
                    one.finite = False
            as_good = sum(side >= 0 for side in one.placed.values())
            if one.ended is None and AGAINST_CHANCE.verdict(look, as_good) is not None:
                one.ended = look, as_good
        self.drawn = look.references

    def _place(self, one: _Compared, number: int, chain: Pairs) -> bool:
        """Whether it is known on which side of a ranking a reference is."""
        if number in one.placed:
            return True
        low, high = self.p[one.asked.target].bounds(chain)
        value = self._value(one)
        if low == high:
            one.placed[number] = (low > value) - (low < value)
        elif high < value - _ROUNDING:
            one.placed[number] = -1
        elif low > value + _ROUNDING:
            one.placed[number] = 1
        return number in one.placed

    def _value(self, one: _Compared) -> float:
        """The difference of a ranking itself, added up as those of its references are."""
        key = one.asked.target, one.asked.ranking
        if key not in self.own:
            self.own[key] = self.p[one.asked.target].bounds(tuple(deletions(one.asked.ranking)))[0]
        return self.own[key]

    def stand(self, one: _Compared) -> Stand | None:
        """The answer for one ranking."""
        own = self.p[one.asked.target].faithfulness(one.asked.ranking)
        if self.exhaustive:
            chance = [self.p[one.asked.target].bounds(chain)[0] for chain in self.references]
            if not np.isfinite([self._value(one), *chance]).all():
                return None
            found = against_chance(self._value(one), chance, exhaustive=True)
            return Stand(own, found.p, found.percentile, len(chance), found.decidable)
        if not (one.finite and np.isfinite(own.difference)):
            return None
        p = None if one.ended is None else AGAINST_CHANCE.p(*one.ended)
        rankings = len(one.placed) if one.ended is None else one.ended[0].references
        percentile = None
        if one.asked.percentile:
            percentile = sum(0.5 - 0.5 * one.placed[number] for number in range(FIRST)) / FIRST
        beats = p is not None and p <= CHANCE_LEVEL
        return Stand(own, p, percentile, rankings, beats or self._decidable())

    def _decidable(self) -> bool:
        """Whether some ranking could beat chance: not where few of them differ in the tokens that are left.

        With six words or more there are enough, unless words repeat: then the rankings that leave the same tokens are
        level, and the rarest of them must be rare enough.
        """
        tokens = [tuple(self.text.ids[position] for position in word.tokens) for word in self.text.words]
        if len(set(tokens)) == len(tokens):
            return True
        left = Counter(
            tuple(tuple(delete_words(self.text, gone)) for pair in chain for gone in pair)
            for chain in self.references
        )
        return min(left.values()) <= CHANCE_LEVEL * (1 + len(self.references))
