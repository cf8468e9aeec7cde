"""One message in plain sentences, for the linear front-end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.attribution.licences import standing
from analysis.plugin.change_sentence import change_sentences
from analysis.tracks.intent.option_sentences import choice_sentences
from tui.draw.number_text import figure, signed
from tui.plugin.attributions import attribution_pairs, words_of
from tui.plugin.common import flag_reasons
from tui.plugin.interventions import intervention_sentence, reverting
from tui.plugin.licence import standing_text
from tui.tracks.intent.drift import strip_sentence
from tui.tracks.intent.view import (
    cut_sentence,
    no_model_sentence,
    ordered_variants,
    prediction_sentence,
    sides_of,
    transition,
)

if TYPE_CHECKING:
    from analysis.review.queries import ExampleEvidence


def summary(evidence: ExampleEvidence) -> list[str]:
    """One message in plain sentences: text, gold, what each side says and why, counterfactuals."""
    example = evidence.example
    rows = [f"message: {example.text}", f"gold: {example.gold or 'not given'}; {transition(evidence)[0]}"]
    if evidence.flags:
        rows.append(f"flags: {flag_reasons(evidence)}")
    if evidence.critical:
        rows.append("critical: " + ", ".join(evidence.critical))
    for name, row in zip(("base", "candidate"), sides_of(evidence), strict=True):
        if row:
            rows.append(f"{name}: {prediction_sentence(row, 2)}")
    if cut := cut_sentence(evidence):
        rows.append(f"text: {cut}")
    if said := no_model_sentence(evidence):
        rows.append(said)
    for pair in attribution_pairs(evidence.attributions, evidence.methods):
        for entry in (pair.base, pair.candidate):
            if entry is None:
                continue
            top = sorted(words_of(entry), key=lambda word: -abs(word.score))[:5]
            words = ", ".join(
                f"{example.text[word.start : word.end]} {signed(word.score, 2)}" for word in top
            )
            status = "" if entry.status == "ok" else f" ({entry.status})"
            words += f"; {standing_text(standing(entry, evidence.licences))[0]}"
            rows.append(f"{entry.side}, {pair.name} of {entry.target}{status}: {words}")
    if evidence.attributions:
        rows += choice_sentences(evidence.context.get("options", ()))
    rows += [
        f"what reverts the flip: {intervention_sentence(one, example.text)[0]}"
        for one in reverting(evidence.interventions)
    ]
    for row in ordered_variants(evidence)[:6]:
        rows.append(
            f"{row['operation']} {row['cue']} “{row['term']}”: p({row['target']}) base "
            f"{figure(row['base_plain_p'], 2)} to {figure(row['base_p'], 2)}, candidate "
            f"{figure(row['candidate_plain_p'], 2)} to {figure(row['candidate_p'], 2)}"
        )
    moved = strip_sentence(evidence)[1]
    if moved:
        rows.append(f"drift (says where to look, judges nothing): {moved}")
    rows += change_sentences(evidence.context.get("change", ()))
    return rows
