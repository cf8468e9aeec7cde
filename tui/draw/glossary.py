"""Words that the screens use and that a reviewer need not know: each with what it means here, in a sentence or two."""

from __future__ import annotations

from collections.abc import Sequence

GLOSSARY: dict[str, str] = {
    "=": "Beside a verdict in a list: both sides are right. Beside a number: it did not change. In a what-if: "
    "the class is the same as before the text was changed; ≠ is another one.",
    "accuracy": "Share of the examples whose prediction is the gold label.",
    "advisory": "Of a gate: it is told, and never stops a promotion.",
    "anisotropy": "How alike any two vectors are: near 1, all point the same way and similarity says little.",
    "attribution": "For each word, how much it speaks for (orange, +) or against (blue, −) a class, by one method.",
    "b/f": "Broken and fixed: examples that only the base had right, and that only the candidate has.",
    "behaviour": "What people are asked of each answer, such as whether it spoils, refuses or promises too much.",
    "blind": "Said before the sides were shown. A verdict after a look counts, and is marked as not blind.",
    "blocker": "A finding that says: this must not ship, whatever the counts say. It holds until it is taken back.",
    "Brier score": "Mean squared distance of the probabilities from what was right: 0 is perfect.",
    "broken": "Right on the base and wrong on the candidate; fixed is the other way round.",
    "calibration": "Whether a confidence of 80 % is right in 80 % of cases; its error is the mean distance from that.",
    "cause": "What the examples that got worse share. Gates that rest on the same examples stand under it.",
    "centroid": "The mean of the vectors of a group; its drift is how far it moved between the sides.",
    "churn": "Predictions that changed between the sides, better or worse: its flips.",
    "completeness": "How far the scores of all words are from the whole effect that they should sum to. Above 5 % they "
    "are not to be relied on.",
    "confound": "What examples have in common and should not be grouped by, such as a publisher or a template.",
    "continuity": "Share of the true neighbours that are neighbours on a map, too. Below 1, the map tears some apart.",
    "control": "An example drawn at random, whatever was found in it: what nobody looked for is found there.",
    "cosine": "How alike the directions of two vectors are: 1 the same, 0 nothing in common.",
    "counterfactual": "The same text with one thing changed; what changes with it depends on that thing.",
    "criteria": "The rows of a gate: what was measured, its limit, and what that row alone says.",
    "critical": "◆ of a slice: it always stands on its own, and is never left out for want of room.",
    "cue": "Words that were declared: irrelevant ones must not move a class, expected signals should.",
    "decides": "Of an example: its verdict can still change what a gate says.",
    "detector": "A program that reads an answer for one thing. What it finds is a lead, no verdict.",
    "divergence": "How differently the two sides weigh what to say next, in nats: 0 where they are alike.",
    "dose response": "How much a prediction moves when a change is made once, twice, three times.",
    "drift": "How far the inner states of the candidate moved from the base's, layer by layer. It says where to look.",
    "enrichment": "How much of an explanation's weight lies on a cue, against its share of the words: 1 is its share.",
    "finding": "A sentence about the candidate with its examples, tied to the gate that it moves.",
    "flag": "A reason why an example is worth a look.",
    "flip": "An example whose prediction changed between the sides.",
    "gold": "The label that the data set gives an example. People may say otherwise, and are believed.",
    "graft": "One layer of the base put into the candidate. Where that restores a flip, the change lives "
    "in that layer.",
    "held out": "Of a probe: terms that are on no list of the review, so that a list cannot have been "
    "learned by heart.",
    "hubness": "Whether a few items are neighbours of everything: high values spoil every list.",
    "integrated gradients": "An attribution: the gradient summed on the way from an empty text to this one.",
    "interval": "In brackets: where the true value lies with 95 % confidence, unless the method says otherwise.",
    "kernel SHAP": "An attribution: words taken away in many combinations, fitted by a weighted linear model.",
    "kNN recall": "Share of the nearest neighbours by vector that are nearest on a map, too.",
    "known answer": "An example whose verdict is known beforehand, mixed in to measure the reviewer.",
    "layer-wise relevance": "LRP, an attribution: the score handed back layer by layer, so that nothing is lost.",
    "lead": "What a program reports of an answer. It proposes where to look, and decides nothing.",
    "licensed": "A method may colour words only where deleting its top words moves the prediction more "
    "than chance does "
    "and two families of methods agree. Grey: not licensed, so do not read it.",
    "lift": "How much more often neighbours share something than chance would have it: 0 is chance, 1 always.",
    "LIME": "An attribution: words taken away at random, fitted by a linear model near the text.",
    "log-odds": "log(p / (1 − p)): 0 at one half; each step of 2.2 from .5 is .9, then .99.",
    "log-probability": "Logarithm of a probability, in nats: −0.7 is one half, −2.3 a tenth.",
    "logit": "A score of a model before it is made a probability.",
    "LRP": "Layer-wise relevance propagation, an attribution: see there.",
    "margin": "Probability of the first class minus that of the second; of a pair, similarity of the right item minus "
    "that of the wrong one. A cliff is a large fall of it.",
    "nats": "Unit of information with natural logarithms: 0.69 nats are one bit.",
    "nDCG": "Quality of a ranked list: 1 where all relevant items stand first.",
    "neutral phrase": "Words that should move nothing, inserted to see what any insertion does.",
    "net rise": "New cases of a behaviour minus those that are gone, as a share of the pairs that were judged.",
    "n": "How many examples, texts or pairs a number is from.",
    "occlusion": "An attribution: how much the prediction falls when a word is deleted.",
    "out of scope": "Texts of no class that the model knows; a high confidence on them is a fault.",
    "overlap": "Share of the items that two lists have in common, whatever their order.",
    "p": "Of a prediction: its probability. Of a test: how often chance alone would give as much.",
    "perplexity": "How surprised a model is by a text: e to the mean negative log-probability of its tokens.",
    "precision": "Share of what was predicted as a class that is of it.",
    "probe": "A text made to test one thing: a cue inserted, removed or swapped.",
    "promotable": "The gates allow it, and the latest decision is to promote.",
    "queue": "What is to be judged: what decides a gate, controls, known answers, then what is worth a look.",
    "rank-biased overlap": "Likeness of two ranked lists, where the first places count most: 1 the same, 0 nothing.",
    "recall": "Share of what is of a class, or relevant, that was found; recall@10: among the first ten.",
    "reciprocal rank": "1 divided by the place of the first relevant item.",
    "reverts": "A change after which the candidate predicts the base's class again: it explains the flip.",
    "routing": "Sending a message to a critical class, such as a person; wrongly sent ones crowd out "
    "those who need it.",
    "seed stability": "How alike two maps are that differ in their random start only. A map that is not is not drawn.",
    "signal": "Words that should move a class, as declared; lost where the candidate no longer heeds them.",
    "slice": "A named set of examples, such as a class or all messages from one channel.",
    "span": "A stretch of an answer that a detector marked.",
    "swap": "A cue replaced by another of its kind.",
    "t-SNE": "A way to draw vectors on a map that keeps neighbours together; distances between groups mean nothing.",
    "template": "A pattern that texts were written by. Grouping by it is grouping by the wrong thing.",
    "trustworthiness": "Share of the neighbours on a map that are true neighbours. Below 1, the map invents some.",
    "UMAP": "A way to draw vectors on a map, like t-SNE; distances between groups mean little.",
    "undecided": "Of a gate: too few data to say, even if all verdicts were in. Of an example: without your verdict.",
    "unknown": "Of a gate: verdicts or data are missing. It blocks until they are there, or it is waived.",
    "waived": "A person accepts a gate at one value in one run, with a reason and an end. The report prints it first.",
    "wanted": "Of an attribute: neighbours should share it, such as the theme; unwanted ones, such as a "
    "publisher, not.",
    "worth a look": "Flagged, and not needed by any gate.",
}
"""By term, as the screens write it."""


def found(words: Sequence[str]) -> list[tuple[str, str]]:
    """The entries that hold all of some case-folded words, those named by one first; all of them for none."""
    entries = [
        (term, meaning)
        for term, meaning in GLOSSARY.items()
        if all(word in f"{term} {meaning}".casefold() for word in words)
    ]
    return sorted(
        entries, key=lambda one: (not all(word in one[0].casefold() for word in words), one[0].casefold())
    )
