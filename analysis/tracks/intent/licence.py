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
from analysis.tracks.intent.chance import Asked, Stand, stands
from analysis.tracks.intent.faithfulness import Ranking, rank
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
    aggregated = {peer_of(family, lead) for family in FAMILY.values()}
    ranked = [[rank(one.scores) for one in asked] for asked in candidates]
    overlaps = [_overlaps(asked, rankings, lead) for asked, rankings in zip(candidates, ranked, strict=True)]
    worded = [row for row, text in enumerate(texts) if text.words]
    asked_of = [
        [
            Asked(
                one.target,
                ranking,
                settled=not _passes_all_else(one, overlap),
                percentile=one.method in aggregated and one.target.minus is None,
            )
            for one, ranking, overlap in zip(candidates[row], ranked[row], overlaps[row], strict=True)
        ]
        for row in worded
    ]
    found = stands(classifier, [texts[row] for row in worded], asked_of, [seeds[row] for row in worded])
    stood: dict[int, list[Stand | None]] = dict(zip(worded, found, strict=True))
    return [
        [
            _licence(one, len(text.words), stand, overlap)
            for one, stand, overlap in zip(
                asked, stood.get(row, [None] * len(asked)), overlaps[row], strict=True
            )
        ]
        for row, (text, asked) in enumerate(zip(texts, candidates, strict=True))
    ]


def _overlaps(asked: Sequence[Candidate], rankings: Sequence[Ranking], lead: str) -> list[float | None]:
    """Overlap of the top quarter of words with the other family's, of each attribution of a text; None without one."""
    by_name = {(one.method, one.target): (one, ranking) for one, ranking in zip(asked, rankings, strict=True)}
    found: list[float | None] = []
    for one, ranking in zip(asked, rankings, strict=True):
        peer, other = by_name.get((peer_of(FAMILY[one.method], lead), one.target), (None, ()))
        agreed = peer is not None and peer.neutral is not False and peer.converged is not False
        found.append(top_overlap(ranking, other) if agreed and ranking else None)
    return found


def _passes_all_else(one: Candidate, overlap: float | None) -> bool:
    """Whether a licence rests on the comparison with chance alone."""
    agrees = overlap is not None and overlap > top_quarter(len(one.scores)) / len(one.scores)
    return agrees and one.neutral is not False and one.converged is not False


def _licence(one: Candidate, words: int, stand: Stand | None, overlap: float | None) -> Licence:
    overlap_chance = top_quarter(words) / words if words else None
    if stand is None:
        return Licence(one.neutral, one.converged, words, bool(words), *(None,) * 6, overlap, overlap_chance)
    return Licence(
        one.neutral,
        one.converged,
        words,
        stand.decidable,
        stand.own.comprehensiveness,
        stand.own.sufficiency,
        stand.own.difference,
        stand.p,
        stand.percentile,
        stand.rankings,
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
