"""What both sides say of one text, and the attributions of it that can be looked at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from tui.plugin.attributions import AttributionPair, Key, attribution_pairs, explains_flip
from tui.plugin.live_lines import Outputs

if TYPE_CHECKING:
    from analysis.attribution.licences import AttributionLicence
    from analysis.base.records import Attribution, MethodSpec


@dataclass(frozen=True)
class Answer:
    """What both sides say of one text.

    Args:
        text: what they read.
        outputs: by side, what the track's `live_output` names.
        attributions: of both sides.
        licences: of those attributions; one without is drawn grey.
        reply: the last answer of the worker, where the predictions are not from the run.
        asked: methods that the worker answered, where the predictions are from the run.
    """

    text: str
    outputs: Outputs
    attributions: tuple[Attribution, ...]
    licences: tuple[AttributionLicence, ...] = ()
    reply: Mapping[str, Any] = field(default_factory=dict)
    asked: frozenset[str] = frozenset()

    @property
    def methods(self) -> frozenset[str]:
        """The methods that the text was explained by."""
        return frozenset(entry.method for entry in self.attributions)

    def with_more(self, other: Answer) -> Answer:
        """This answer with the attributions of another to the same text, by methods that it has not."""
        more = other.methods - self.methods
        return replace(
            self,
            attributions=self.attributions
            + tuple(entry for entry in other.attributions if entry.method in more),
            licences=self.licences + tuple(entry for entry in other.licences if entry.method in more),
            asked=self.asked if self.reply else self.asked | more,
        )


def attribution_keys(
    before: Answer | None, after: Answer | None, methods: Mapping[str, MethodSpec]
) -> list[Key]:
    """What can be looked at, in the order of the key that goes through it: as the later answer has it."""
    return list(pairs_of(after, methods) or pairs_of(before, methods))


def pairs_of(answer: Answer | None, methods: Mapping[str, MethodSpec]) -> dict[Key, AttributionPair]:
    """The attributions of an answer; none where there is no answer."""
    if answer is None:
        return {}
    pairs: dict[Key, AttributionPair] = {}
    for pair in attribution_pairs(answer.attributions, methods):
        targets = {entry.target for entry in (pair.base, pair.candidate) if entry is not None}
        pairs.setdefault((pair.method, any(map(explains_flip, targets))), pair)
    return pairs
