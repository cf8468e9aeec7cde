"""What reverts the flip of the example that is shown, in sentences and with every number behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.attribution.interventions import CUE, DELETION, GRAFT, MOST_WORDS, RANDOM
from tui.draw.lines import Line, wrapped
from tui.draw.number_text import figure
from tui.draw.safe_text import fit
from tui.plugin.attributions import method_title
from tui.plugin.licence import TALL

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from analysis.attribution.interventions import Intervention
    from analysis.base.records import MethodSpec
    from analysis.review.queries import ExampleEvidence

NAMED = 3
"""Words or mentions that a sentence names; of more it says how many."""
_SETS = {1: "single words", 2: "pairs", 3: "triples"}


def intervention_lines(evidence: ExampleEvidence, width: int, indent: int, height: int) -> list[Line]:
    """What reverts the flip of an example; a sentence for each search that was made where nothing does."""
    lines: list[Line] = []
    for one in reverting(evidence.interventions):
        words, style = intervention_sentence(one, evidence.example.text)
        if height >= TALL:
            lines += wrapped("", words, width, indent=indent, style=style)
        else:
            lines.append(Line().to(indent).add(fit(words, width - indent - 1), style))
    return lines


def reverting(found: Sequence[Intervention]) -> Sequence[Intervention]:
    """The smallest intervention of those found, or all searches where none reverts the flip."""
    return found[:1] if found and found[0].reverts else found


def intervention_sentence(one: Intervention, text: str) -> tuple[str, str]:
    """What one search found, as a person says it, and the style of it."""
    if not one.tried:
        return f"nothing could be tried to revert the flip: {one.why}", "warn"
    done = _done(one, text)
    if one.reverts:
        return f"{done} gives {one.label_after} back{_at_random(one)}", "good"
    tried = {
        DELETION: f"no deletion of up to {MOST_WORDS} words reverts it ({one.tried} tried)",
        CUE: f"no edit of a declared cue reverts it ({one.tried} tried)",
    }[one.kind]
    p = f"p({one.base_label}) {figure(one.p_before, 2)} → {figure(one.p_after, 2)}"
    return f"{tried}; nearest: {done}, {p}", "warn"


def intervention_numbers(
    one: Intervention, text: str, methods: Mapping[str, MethodSpec], width: int
) -> list[Line]:
    """One search with every number of it."""
    words, style = intervention_sentence(one, text)
    lines = [Line().add(f" {one.base_label} → {one.candidate_label}", "strong")]
    lines += wrapped("", words, width, indent=14, style=style)
    told = f"{one.kind}: {one.tried} tried"
    if one.kind != GRAFT:
        ranked = (
            f"words ranked by {method_title(methods, one.method)}" if one.method else "words in their order"
        )
        told += f"; {ranked}"
    if one.tried and one.p_after is not None:
        told += (
            f"; the candidate then says {one.label_after}, p({one.base_label}) {figure(one.p_before)} → "
            f"{figure(one.p_after)}"
        )
    if one.random_tried:
        told += f"; at random {one.random_reverted} of {one.random_tried} revert it"
    return [*lines, *wrapped("", told, width, indent=14, style="dim")]


def _done(one: Intervention, text: str) -> str:
    """The change that a search chose: deleting “refund” and “now”."""
    if one.kind == GRAFT:
        return f"no change of the text, but the base's {one.term} put into the candidate"
    pieces = [f"“{text[start:end]}”" for start, end in zip(one.starts, one.ends, strict=True)]
    if len(pieces) > NAMED:
        pieces = [*pieces[:NAMED], f"{len(pieces) - NAMED} more"]
    said = _listed(pieces)
    if one.operation == "swap":
        return f"“{one.term}” in place of {said} ({one.cue})"
    return f"removing {said} ({one.cue})" if one.kind == CUE else f"deleting {said}"


def _at_random(one: Intervention) -> str:
    """How often a random change of the same size does as much."""
    if one.kind == GRAFT and one.random_tried:
        return f" ({one.random_reverted} of {one.random_tried} other parts do)"
    if not one.random_tried or one.words is None:
        return ""
    share = f"{100 * one.random_reverted / one.random_tried:.0f} %"
    if one.operation == "swap":
        return f" (elsewhere in the text {share} of {one.random_tried} places do)"
    sets = _SETS.get(one.words, f"sets of {one.words} words")
    if one.random_tried < RANDOM:
        return f" ({one.random_reverted} of all {one.random_tried} {sets} do)"
    return f" ({share} of random {sets} do)"


def _listed(pieces: Sequence[str]) -> str:
    return " and ".join([", ".join(pieces[:-1]), pieces[-1]] if len(pieces) > 1 else pieces)
