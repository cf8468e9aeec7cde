"""What a model answers where every deletion of some rankings is asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analysis.models.load_classifier import LoadedClassifier
from analysis.tracks.intent.faithfulness import Outputs, Ranking, deletions, evaluate_sets
from analysis.tracks.intent.tokenised import Tokenised


def evaluate_deletions(
    classifier: LoadedClassifier, texts: Sequence[Tokenised], rankings: Sequence[Sequence[Ranking]]
) -> Iterator[Outputs]:
    """Logits (classes,) of each text by the set of deleted words, for all that its rankings need, text by text."""
    sets: list[set[frozenset[int]]] = []
    for orders in rankings:
        sets.append({frozenset(), *(gone for order in orders for pair in deletions(order) for gone in pair)})
    yield from evaluate_sets(classifier, texts, sets)
