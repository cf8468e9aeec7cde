"""The numbers behind the intent view, with what each means."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from analysis.tracks.intent.option_sentences import choice_sentences, trial_sentences
from tui.draw.lines import Line, rule, text_line, wrapped
from tui.draw.number_text import figure, signed
from tui.plugin.attributions import attribution_pairs, method_title, words_of
from tui.plugin.common import flag_lines, metadata_text
from tui.plugin.interventions import intervention_numbers
from tui.plugin.licence import licence_numbers
from tui.plugin.options import ViewOptions
from tui.tracks.intent.drift import DEFINITIONS as DRIFT_WORDS
from tui.tracks.intent.drift import drift_lines
from tui.tracks.intent.slice_licences import slice_licence_lines
from tui.tracks.intent.view import ordered_variants, prediction_sentence, sides_of, variant_lines

if TYPE_CHECKING:
    from analysis.base.records import Attribution
    from analysis.review.queries import ExampleEvidence

DEFINITIONS = (
    ("p", "softmax of the logits in float32, of the class named"),
    ("margin", "p of the predicted class minus p of the runner-up"),
    ("a", "attribution: what a word adds to (+) or takes from (−) the score of the target, on its side"),
    ("share", "of the sum of absolute attributions; a ratio of signed sums would be unusable"),
    ("target", "A class means its logit; “A − B” the logit of A minus that of B, on both sides"),
    (
        "baseline",
        "the neutral text that gradient methods start from, the same kind on both sides; a message for which "
        "it predicts the target is not explained",
    ),
    (
        "cross-fitting",
        "kind of baseline and variant are chosen by how well they rank the words of texts of the other half, on the "
        "side where they do worse; never by side, by message or by what they find",
    ),
    (
        "completeness",
        "|sum of attributions − (F(x) − F(baseline))| over |F(x) − F(baseline)|; above 5 % is not converged",
    ),
    (
        "layer-wise relevance",
        "the score of the target handed back from layer to layer in one backward pass, with attention weights, "
        "deviations and activations held; what reaches special tokens, positions and biases belongs to no word",
    ),
    ("occlusion", "fall of the target's score when the word is deleted"),
    ("comprehensiveness", "mean fall of p(target) when the top 10, 20 and 50 % of the words are deleted"),
    ("sufficiency", "mean fall of p(target) when only those words are kept; never compared between models"),
    ("percentile", "share of random rankings of the same words whose difference of the two is smaller"),
    ("overlap", "share of the top quarter of words that gradients and deletion have in common"),
    (
        "randomisation",
        "signed rank correlation with the attribution of re-initialised models; what survives them does not "
        "depend on what was learned",
    ),
    (
        "licence",
        "an attribution may support a finding only where all tests pass; an overdetermined prediction lowers "
        "comprehensiveness: a symptom, not a proof of a bad model",
    ),
    (
        "what reverts it",
        "the smallest change found after which the candidate predicts the base's class: words deleted in the order "
        "in which their attribution changed, then pairs and triples, then declared cues; beside it how many random "
        "changes of as many words do the same",
    ),
    (
        "counterfactual",
        "the same message with a cue inserted, removed or swapped; both sides read both texts",
    ),
)


def number_lines(evidence: ExampleEvidence, options: ViewOptions) -> list[Line]:
    """Every number of one message: predictions, each attribution word by word, all counterfactuals."""
    width = options.width
    example = evidence.example
    lines = [text_line(f" {example.ref}", "title"), *wrapped(" text", example.text, width, indent=14)]
    lines += wrapped(" sha256", example.sha256, width, indent=14, style="dim")
    for key, value in evidence.metadata.items():
        if key != "ref":
            lines += wrapped(f" {key}", metadata_text(value), width, indent=14)
    lines += wrapped(" slices", ", ".join(evidence.slices), width, indent=14)
    lines += flag_lines(evidence, width, 14)
    lines += [rule(width), text_line(" PREDICTIONS", "title")]
    for name, row in zip(("base", "candidate"), sides_of(evidence), strict=True):
        if row:
            told = f"{prediction_sentence(row, 3)}, p(gold) {figure(row['p_gold'])}"
            lines += wrapped(f" {name}", told, width, indent=14)
    if evidence.variants:
        lines += [rule(width), text_line(" COUNTERFACTUALS", "title")]
        for row in ordered_variants(evidence):
            lines += variant_lines(row, evidence, width, text=True)
    lines += _explanations(evidence, options)
    lines += _chosen(evidence, width)
    lines += drift_lines(evidence, width)
    lines += [rule(width), text_line(" WORDS", "title")]
    for word, meaning in (*DEFINITIONS, *DRIFT_WORDS):
        lines += wrapped(f" {word}", meaning, width, indent=19)
    return lines


def _explanations(evidence: ExampleEvidence, options: ViewOptions) -> list[Line]:
    """Every attribution with its licence, what reverts a flip, and the licence of the critical slices."""
    width = options.width
    lines: list[Line] = []
    for pair in attribution_pairs(evidence.attributions, evidence.methods):
        for entry in (pair.base, pair.candidate):
            if entry is not None:
                lines += [rule(width), *_attribution(entry, evidence, width)]
    if evidence.interventions:
        lines += [rule(width), text_line(" WHAT REVERTS THE FLIP", "title")]
        for one in evidence.interventions:
            lines += intervention_numbers(one, evidence.example.text, evidence.methods, width)
    if evidence.attributions:
        lines += [rule(width), text_line(" LICENCE OF ITS CRITICAL SLICES", "title")]
        lines += slice_licence_lines(evidence.slice_licences, options.specs, evidence.methods, width)
    return lines


def _chosen(evidence: ExampleEvidence, width: int) -> list[Line]:
    """What the run chose by cross-fitting: a sentence of each method, and every option that was tried."""
    rows = evidence.context.get("options", ())
    if not rows or not evidence.attributions:
        return []
    lines = [rule(width), text_line(" CHOSEN BY CROSS-FITTING", "title")]
    for sentence in choice_sentences(rows):
        lines += wrapped("", sentence, width, indent=1)
    for sentence in trial_sentences(rows):
        lines += wrapped("", sentence, width, indent=3, style="dim")
    return lines


def _attribution(entry: Attribution, evidence: ExampleEvidence, width: int) -> list[Line]:
    text = evidence.example.text
    name = method_title(evidence.methods, entry.method)
    lines = [Line().add(f" {entry.side.upper()}  ", "title").add(f"{name} of {entry.target}", "strong")]
    status = entry.status if not entry.why else f"{entry.status}: {entry.why}"
    lines += wrapped(" status", status, width, indent=14, style="text" if entry.status == "ok" else "warn")
    if entry.baseline is not None:
        predicts = f"{entry.baseline}; predicts {entry.baseline_class} at p {figure(entry.baseline_p)}"
        p_target = json.loads(entry.parameters).get("p_target_at_baseline")
        predicts += "" if p_target is None else f", p(target) {figure(p_target)}"
        lines += wrapped(" baseline", predicts, width, indent=14)
    if entry.completeness_delta is not None:
        delta = f"{100 * entry.completeness_delta:.2f} % after {entry.steps} steps"
        lines += wrapped(" completeness", delta, width, indent=14)
    lines += licence_numbers(entry, evidence.licences, width)
    lines += wrapped(" parameters", entry.parameters, width, indent=14, style="dim")
    total = sum(abs(score) for score in entry.scores) or 1.0
    lines.append(
        Line()
        .add("  ")
        .column("word", 26, "dim")
        .column("a", 10, "dim", right=True)
        .column("share", 9, "dim", right=True)
    )
    for word in sorted(words_of(entry), key=lambda word: -abs(word.score)):
        line = Line().add("  ").column(text[word.start : word.end], 26)
        line.column(signed(word.score), 10, "number", right=True)
        lines.append(line.column(f"{100 * abs(word.score) / total:.1f} %", 9, "dim", right=True))
    return lines
