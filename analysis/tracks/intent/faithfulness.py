"""Faithfulness of a ranking of words, by deletion: comprehensiveness and sufficiency, against chance.

ERASER (DeYoung et al., 2020): comprehensiveness is the drop of p(target) when the top words are deleted,
sufficiency the drop when only they are kept, both averaged over the top 10, 20 and 50 % of the words. Their
difference is compared with rankings of the same text under the same model, because its raw size depends on
the model: it is never compared between models. Words are deleted from the token ids, which are not made from
a changed text again.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.tracks.intent.predict import logits_of_ids
from analysis.tracks.intent.tokenised import Tokenised, delete_words

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.models.load_classifier import LoadedClassifier
    from analysis.tracks.intent.target import Target

TOP_PERCENT = (10, 20, 50)
"""Shares of the words that are deleted, or kept alone; at least one word each."""
RANKINGS = 99
"""Most random rankings of a text; where there are no more than this that differ in what is deleted, all of them."""
CHANCE_LEVEL = 0.10
"""Largest p of a ranking that beats chance."""
TOKENS_AT_ONCE = 1_000_000
"""Tokens of rows held in memory at a time."""

Ranking = tuple[int, ...]
Outputs = Mapping[frozenset[int], "NDArray[np.float32]"]
Pairs = Sequence[tuple[frozenset[int], frozenset[int]]]
"""For each share the words deleted for comprehensiveness, and for sufficiency."""


@dataclass(frozen=True)
class Faithfulness:
    """ERASER's two numbers of one ranking; NaN where a logit was not a number."""

    comprehensiveness: float
    sufficiency: float

    @property
    def difference(self) -> float:
        return self.comprehensiveness - self.sufficiency


@dataclass(frozen=True)
class AgainstChance:
    """Where a ranking stands among the rankings of its text.

    `p` is at most `CHANCE_LEVEL` where it beats chance; `percentile` is the share of rankings below it, ties
    half. `decidable` is False where the best ranking of the text could not reach that p.
    """

    p: float
    percentile: float
    decidable: bool


@dataclass(frozen=True)
class Reference:
    """Rankings that chance would give; `exhaustive` where they are all that differ in what is deleted."""

    rankings: tuple[Ranking, ...]
    exhaustive: bool


def top_counts(words: int) -> tuple[int, ...]:
    """How many words the top 10, 20 and 50 % are: rounded up."""
    return tuple(-(-words * percent // 100) for percent in TOP_PERCENT)


def rank(scores: Sequence[float] | NDArray[np.float32]) -> Ranking:
    """Word positions, most supporting first; equal scores in the order of the text."""
    return tuple(int(index) for index in np.argsort(-np.asarray(scores), kind="stable"))


def distinct_rankings(words: int) -> int:
    """How many rankings differ in any of the sets of top words."""
    sizes = [0, *top_counts(words), words]
    total = math.factorial(words)
    for smaller, larger in itertools.pairwise(sizes):
        total //= math.factorial(larger - smaller)
    return total


def reference_rankings(words: int, seed: int) -> Reference:
    """All rankings of a short text that differ in their top words, or `RANKINGS` random ones of a longer one."""
    if words == 0:
        return Reference((), exhaustive=True)
    if words <= 12 and distinct_rankings(words) <= RANKINGS:
        counts = top_counts(words)
        found: dict[tuple[frozenset[int], ...], Ranking] = {}
        for order in itertools.permutations(range(words)):
            found.setdefault(tuple(frozenset(order[:count]) for count in counts), order)
        return Reference(tuple(found.values()), exhaustive=True)
    rng = np.random.default_rng(seed)
    drawn = (tuple(int(index) for index in rng.permutation(words)) for _ in range(RANKINGS))
    return Reference(tuple(drawn), exhaustive=False)


def deletions(ranking: Ranking) -> Iterator[tuple[frozenset[int], frozenset[int]]]:
    """For each share: the words deleted for comprehensiveness, and for sufficiency."""
    for count in top_counts(len(ranking)):
        yield frozenset(ranking[:count]), frozenset(ranking[count:])


def evaluate_sets(
    classifier: LoadedClassifier, texts: Sequence[Tokenised], sets: Sequence[Collection[frozenset[int]]]
) -> Iterator[Outputs]:
    """Logits (classes,) of each text by the set of deleted words, text by text.

    The rows of many texts share batches of equal length, and equal rows are computed once.
    """
    wanted: list[dict[frozenset[int], list[int]]] = []
    tokens = 0
    for text, asked in zip(texts, sets, strict=True):
        rows = {gone: delete_words(text, gone) for gone in sorted(asked, key=sorted)}
        wanted.append(rows)
        tokens += sum(map(len, rows.values()))
        if tokens > TOKENS_AT_ONCE:
            yield from _evaluate(classifier, wanted)
            wanted, tokens = [], 0
    yield from _evaluate(classifier, wanted)


def _evaluate(
    classifier: LoadedClassifier, wanted: Sequence[Mapping[frozenset[int], list[int]]]
) -> Iterator[Outputs]:
    if not wanted:
        return
    logits = iter(logits_of_ids(classifier, [row for rows in wanted for row in rows.values()]))
    for rows in wanted:
        yield {gone: next(logits) for gone in rows}


class DeletionProbabilities:
    """p(target) of one text by the set of deleted words, for one target."""

    def __init__(self, outputs: Outputs, target: Target) -> None:
        self._target = target
        self._p: dict[frozenset[int], float] = {}
        self.add(outputs)

    def add(self, outputs: Outputs) -> None:
        """Take the logits of further deletions."""
        if outputs:
            values = self._target.probability(np.stack(list(outputs.values())))
            self._p.update(zip(outputs, values.astype(np.float64).tolist(), strict=True))

    def __contains__(self, gone: frozenset[int]) -> bool:
        return gone in self._p

    def faithfulness(self, ranking: Ranking) -> Faithfulness:
        """ERASER's comprehensiveness and sufficiency of a ranking, both inside [-1, 1]."""
        whole = self._p[frozenset()]
        pairs = [(self._p[top], self._p[rest]) for top, rest in deletions(ranking)]
        return Faithfulness(
            float(np.mean([whole - without for without, _ in pairs])),
            float(np.mean([whole - alone for _, alone in pairs])),
        )

    def bounds(self, pairs: Pairs) -> tuple[float, float]:
        """Between which values the difference of a ranking lies, by those of its deletions that are known.

        The difference is the mean over the shares of p(top words alone) - p(without them), and a p that is not known is
        in [0, 1]. Where all are known both ends are the difference itself, NaN where a logit was not a number.
        """
        low = high = 0.0
        for top, rest in pairs:
            without, alone = self._p.get(top), self._p.get(rest)
            low += (0.0 if alone is None else alone) - (1.0 if without is None else without)
            high += (1.0 if alone is None else alone) - (0.0 if without is None else without)
        return low / len(pairs), high / len(pairs)


def against_chance(value: float, chance: Sequence[float], *, exhaustive: bool) -> AgainstChance:
    """Where `value` stands among `chance`, the differences of the reference rankings.

    With random rankings p = (1 + #{chance >= value}) / (1 + their number); with all rankings, of which the
    ranking in question is one, p is their share that is no worse (Phipson and Smyth, 2010).
    """
    values = np.asarray(chance, dtype=np.float64)
    if len(values) == 0:
        return AgainstChance(1.0, 0.5, decidable=False)
    extra = 0 if exhaustive else 1

    def p_of(one: float) -> float:
        return (extra + int((values >= one).sum())) / (extra + len(values))

    own = p_of(value)
    percentile = float(((values < value) + 0.5 * (values == value)).mean())
    return AgainstChance(own, percentile, min(own, p_of(float(values.max()))) <= CHANCE_LEVEL)
