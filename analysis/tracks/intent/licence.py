"""The licence: the tests that an attribution must pass before it may support a finding.

Each example, method and side: its baseline is neutral, it is complete, it ranks words better than chance, and
the gradient and the perturbation family agree on the top words. The thresholds were set on classifiers whose
defects were known. The numbers are kept; whether they suffice is the view `intent_licensed`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.attribution.licences import Licence
from analysis.tracks.intent.faithfulness import (
    DeletionProbabilities,
    Ranking,
    against_chance,
    evaluate_deletions,
    rank,
    reference_rankings,
)
from analysis.tracks.intent.known_methods import METHODS
from analysis.tracks.intent.names import OCCLUSION

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.models.load_classifier import LoadedClassifier
    from analysis.tracks.intent.target import Target
    from analysis.tracks.intent.tokenised import Tokenised

FAMILY = {method.name: method.spec.family for method in METHODS}


def peer_of(family: str, lead: str) -> str:
    """The method with which one of this family must agree: occlusion, or, for a perturbation, the leading gradients."""
    return lead if family == "perturbation" else OCCLUSION


@dataclass(frozen=True)
class Candidate:
    """An attribution that asks for a licence.

    `neutral` and `converged` are None where the method has no baseline or promises no completeness.
    """

    method: str
    target: Target
    scores: NDArray[np.float32]
    neutral: bool | None
    converged: bool | None


def licences(
    classifier: LoadedClassifier,
    texts: Sequence[Tokenised],
    candidates: Sequence[Sequence[Candidate]],
    seeds: Sequence[int],
    lead: str,
) -> list[list[Licence]]:
    """Test the attributions of one side.

    Args:
        classifier: the side's model.
        texts: n of them.
        candidates: the attributions of each text.
        seeds: of the random rankings of each text.
        lead: the gradient method that leads.

    Returns:
        One licence for each attribution, in the same order.
    """
    references = [reference_rankings(len(text.words), seed) for text, seed in zip(texts, seeds, strict=True)]
    needed = [
        [*reference.rankings, *(rank(one.scores) for one in asked)]
        for reference, asked in zip(references, candidates, strict=True)
    ]
    found = []
    for text, reference, asked, outputs in zip(
        texts, references, candidates, evaluate_deletions(classifier, texts, needed), strict=True
    ):
        by_target = {one.target: DeletionProbabilities(outputs, one.target) for one in asked}
        chance = {
            target: [p.faithfulness(ranking).difference for ranking in reference.rankings]
            for target, p in by_target.items()
        }
        peers = {(one.method, one.target): one for one in asked}
        found.append(
            [
                _licence(
                    one,
                    text,
                    by_target[one.target],
                    chance[one.target],
                    peers.get((peer_of(FAMILY[one.method], lead), one.target)),
                    exhaustive=reference.exhaustive,
                )
                for one in asked
            ]
        )
    return found


def _licence(
    one: Candidate,
    text: Tokenised,
    p: DeletionProbabilities,
    chance: Sequence[float],
    peer: Candidate | None,
    *,
    exhaustive: bool,
) -> Licence:
    words = len(text.words)
    ranking = rank(one.scores)
    agreed = peer is not None and peer.neutral is not False and peer.converged is not False
    overlap = top_overlap(ranking, rank(peer.scores)) if agreed and peer is not None and words else None
    overlap_chance = top_quarter(words) / words if words else None
    if not words:
        return Licence(one.neutral, one.converged, 0, False, *(None,) * 5, overlap, overlap_chance)
    own = p.faithfulness(ranking)
    if not np.isfinite([own.difference, *chance]).all():
        return Licence(one.neutral, one.converged, words, True, *(None,) * 5, overlap, overlap_chance)
    stand = against_chance(own.difference, chance, exhaustive=exhaustive)
    return Licence(
        one.neutral,
        one.converged,
        words,
        stand.decidable,
        own.comprehensiveness,
        own.sufficiency,
        own.difference,
        stand.p,
        stand.percentile,
        overlap,
        overlap_chance,
    )


def top_quarter(words: int) -> int:
    """How many words the top quarter is: rounded up."""
    return -(-words // 4)


def top_overlap(one: Ranking, other: Ranking) -> float:
    """Share of the top quarter of words that two rankings have in common; by chance, that quarter's share."""
    count = top_quarter(len(one))
    return len(set(one[:count]) & set(other[:count])) / count
