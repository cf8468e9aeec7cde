"""Attributions of one example, paired over the sides: what the `v` key goes through."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui.widgets.token_view import Word

if TYPE_CHECKING:
    from analysis.base.records import Attribution, MethodSpec


def method_title(methods: Mapping[str, MethodSpec], name: str) -> str:
    """A method as it is written out; one that the run does not declare, by its name."""
    return methods[name].title if name in methods else name.replace("_", " ")


@dataclass(frozen=True)
class AttributionPair:
    """One method and target on both sides; a side that was not attributed is None.

    Args:
        method: its name.
        name: as it is written out.
        base: of the base.
        candidate: of the candidate.
    """

    method: str
    name: str
    base: Attribution | None
    candidate: Attribution | None

    @property
    def title(self) -> str:
        """Method and target, in words."""
        targets = [entry.target for entry in (self.base, self.candidate) if entry is not None]
        if len(set(targets)) == 1:
            return f"{self.name} of {targets[0]}"
        return f"{self.name} of each side's own class"

    @property
    def comparable(self) -> bool:
        """Whether both sides explain the same target, so that their difference means something."""
        return (
            self.base is not None and self.candidate is not None and self.base.target == self.candidate.target
        )

    @property
    def interpretable(self) -> bool:
        """Whether no side that was attributed says that its scores mean nothing."""
        entries = (self.base, self.candidate)
        return all(entry is None or entry.status != "not interpretable" for entry in entries)

    @property
    def scale(self) -> float:
        """Largest absolute score of both sides, or 1 where there is none."""
        scores = [
            abs(score) for entry in (self.base, self.candidate) if entry is not None for score in entry.scores
        ]
        return max(scores, default=0.0) or 1.0


def attribution_pairs(
    attributions: Iterable[Attribution], methods: Mapping[str, MethodSpec]
) -> list[AttributionPair]:
    """Pair attributions: per method, first each side's own class, then each target that both sides have.

    A pair whose two sides explain the same class is one pair, not two. Methods come in the order in which their run
    declares them; those that it does not declare after them, and last what cannot be interpreted.

    Args:
        attributions: of one text.
        methods: what the run says of its methods, by name.
    """
    by_method: dict[str, dict[str, list[Attribution]]] = {}
    for entry in attributions:
        by_method.setdefault(entry.method, {"base": [], "candidate": []})[entry.side].append(entry)
    pairs: list[AttributionPair] = []
    order = {name: place for place, name in enumerate(methods)}
    for method, sides in sorted(by_method.items(), key=lambda one: (order.get(one[0], len(order)), one[0])):
        base, candidate = sides["base"], sides["candidate"]
        title = method_title(methods, method)
        shared = [(left, right) for left in base for right in candidate if left.target == right.target]
        shared_targets = {left.target for left, _ in shared}
        own_base = next((entry for entry in base if entry.target not in shared_targets), None)
        own_candidate = next((entry for entry in candidate if entry.target not in shared_targets), None)
        if own_base is not None or own_candidate is not None:
            pairs.append(AttributionPair(method, title, own_base, own_candidate))
        pairs.extend(AttributionPair(method, title, left, right) for left, right in shared)
    return sorted(pairs, key=lambda pair: not pair.interpretable)


Key = tuple[str, bool]
"""What is looked at: a method, and whether it explains the flip, not each side's own class."""


def explains_flip(target: str) -> bool:
    """Whether a target is one class against another."""
    return " − " in target


def words_of(entry: Attribution | None) -> list[Word]:
    """The scored words of an attribution."""
    if entry is None:
        return []
    return [Word(*word) for word in zip(entry.starts, entry.ends, entry.scores, strict=True)]


def difference(pair: AttributionPair) -> list[Word]:
    """Candidate minus base on the words that both sides score, keyed by position."""
    base = {(word.start, word.end): word.score for word in words_of(pair.base)}
    return [
        Word(word.start, word.end, word.score - base[word.start, word.end])
        for word in words_of(pair.candidate)
        if (word.start, word.end) in base
    ]
