"""What each metric of the intent track is."""

from __future__ import annotations

from analysis.base.records import Better, MetricSpec
from analysis.plugin.change_sentence import CHANGE_RESTORED
from analysis.plugin.metric import BOTH, ONE, MetricRows

TRACK = "intent"

_EDITS = {
    "own": ("cue inserted", "inserting the cue"),
    "held_out": ("other terms inserted", "inserting terms that the lexicon does not hold"),
    "neutral": ("neutral phrase inserted", "inserting a neutral phrase (shown beside, never subtracted)"),
    "found": ("found cue inserted", "inserting a cue that the search found, in the texts that confirmed it"),
    "removed": ("cue where it stands", "the cue being there, minus without it"),
    "swapped": ("cue swapped", "swapping the cue for another of its kind"),
}
_TEXTS = {"critical": "texts of the class", "other": "texts of other classes"}
_TRANSITIONS: dict[str, tuple[str, str, Better]] = {
    "both_right": ("right on both", "texts that both sides have right", "neither"),
    "fixed": ("fixed, over all", "texts wrong on the base and right on the candidate", "up"),
    "broken": ("broken, over all", "texts right on the base and wrong on the candidate", "down"),
    "both_wrong_same": ("wrong alike", "texts that both sides have wrong, as the same class", "neither"),
    "both_wrong_moved": (
        "wrong otherwise",
        "texts that both sides have wrong, as different classes",
        "neither",
    ),
}

# fmt: off
SPECS: tuple[MetricSpec, ...] = (
    MetricSpec(
        "accuracy", "accuracy", "share of texts whose predicted class is the gold label", "share", "level", "up"),
    MetricSpec(
        "traffic_accuracy", "accuracy in production",
        "accuracy with the examples weighed to the declared shares of traffic", "share", "level", "up"),
    MetricSpec(
        "expected_cost", "expected cost of errors",
        "declared costs of missed and wrongly sent messages, of 10,000 messages, weighed to the declared traffic",
        "cost per 10,000 messages", "level", "down"),
    MetricSpec("recall", "recall", "share of the texts of a class predicted as it", "share", "level", "up"),
    MetricSpec(
        "precision", "precision", "share of the texts predicted as a class that are of it",
        "share", "level", "up", BOTH),
    MetricSpec(
        "broken", "broken", "texts right on the base and wrong on the candidate", "texts", "count", "down", ONE),
    MetricSpec("fixed", "fixed", "texts wrong on the base and right on the candidate", "texts", "count", "up", ONE),
    MetricSpec("flips", "flips", "texts whose predicted class changed", "texts", "count", "neither", ONE),
    MetricSpec(
        "broken_clusters", "clusters with more broken", "clusters of dependent texts with more broken than fixed ones",
        "clusters", "count", "down", ONE),
    MetricSpec(
        "fixed_clusters", "clusters with more fixed", "clusters of dependent texts with more fixed than broken ones",
        "clusters", "count", "up", ONE),
    MetricSpec(
        "net_squares", "squares of net flips",
        "sum over clusters of (broken − fixed)²; over broken + fixed it is how many texts tell as much as one",
        "texts²", "count", "neither", ONE),
    MetricSpec(
        "mcnemar_p", "p of more broken than fixed",
        "one-sided exact sign test: P(Bin(broken + fixed clusters, 1/2) ≥ broken clusters)",
        "probability", "p", "up", ONE),
    MetricSpec(
        "false_positives", "wrongly sent to it", "texts of other classes that are predicted as this one",
        "texts", "count", "down", BOTH),
    MetricSpec(
        "false_positive_rate", "share wrongly sent to it",
        "change of the share of the texts of other classes that are predicted as this one",
        "share", "change", "down", ONE),
    MetricSpec(
        "routed_gained", "newly sent to it", "texts of other classes that only the candidate sends to this one",
        "texts", "count", "down", ONE),
    MetricSpec(
        "routed_lost", "no longer sent to it", "texts of other classes that only the base sends to this one",
        "texts", "count", "up", ONE),
    MetricSpec(
        "routed_gained_clusters", "clusters newly sent to it",
        "clusters of dependent texts of which more are newly sent to this class than no longer",
        "clusters", "count", "down", ONE),
    MetricSpec(
        "routed_lost_clusters", "clusters no longer sent to it",
        "clusters of dependent texts of which more are no longer sent to this class than newly",
        "clusters", "count", "up", ONE),
    MetricSpec(
        "routed_net_squares", "squares of net routing", "sum over clusters of (newly sent − no longer sent)²",
        "texts²", "count", "neither", ONE),
    MetricSpec(
        "confidence", "confidence out of scope",
        "mean of the largest probability, on texts that belong to no class", "probability", "level", "down"),
    MetricSpec(
        "mean_confidence", "confidence", "mean of the largest probability", "probability", "level", "neither", BOTH),
    MetricSpec(
        "coverage", "coverage", "share of texts on which the assistant acts: confidence from the threshold on",
        "share", "level", "neither"),
    MetricSpec(
        "selective_risk", "error among the routed",
        "of the texts on which the assistant acts, the share with the wrong class", "share", "level", "down", BOTH),
    MetricSpec(
        "selective_broken", "newly routed wrongly", "texts that only the candidate acts on wrongly",
        "texts", "count", "down", ONE),
    MetricSpec(
        "selective_fixed", "no longer routed wrongly", "texts that only the base acts on wrongly",
        "texts", "count", "up", ONE),
    MetricSpec(
        "selective_change", "routed wrongly, change",
        "texts newly routed wrongly less those no longer, as a share of the texts that either side acts on",
        "share", "change", "down", ONE),
    # A number that is a difference by itself counts as a change on each side, so that its sign is told.
    MetricSpec(
        "signed_gap", "confidence minus accuracy",
        "mean of the largest probability, minus accuracy; above 0 is overconfident, below it the other way",
        "probability", "change", "neither"),
    MetricSpec(
        "brier", "Brier score", "mean squared error of all probabilities, 0 to 2; shown, never gated",
        "squared error", "level", "down", BOTH),
    MetricSpec(
        "ece", "calibration error", "expected calibration error, 15 equal-mass bins; shown, never gated",
        "probability", "level", "down", BOTH),
    MetricSpec(
        "confused", "confused", "texts of the first class that are predicted as the second", "texts", "count", "down"),
    MetricSpec(
        "enrichment", "weight of the cue in explanations",
        "share of absolute attribution on the cue over its share of the words; 1 is no preference",
        "ratio", "level", "down"),
    MetricSpec(
        "cue_share_critical", "cue in texts of the class", "share of the texts of the class that hold the cue",
        "share", "level", "neither", ONE),
    MetricSpec(
        "cue_share_other", "cue in other texts", "share of the texts of other classes that hold the cue",
        "share", "level", "neither", ONE),
    MetricSpec(
        "signal_effect", "effect of the expected signals",
        "fall of the log-odds of the class when the expected phrase is deleted", "log-odds", "change", "up"),
    MetricSpec(
        "signal_positive", "signals that support",
        "share of the deletions of an expected phrase that lower the log-odds", "share", "level", "up", BOTH),
    MetricSpec(
        "flips_reverted", "flips reverted",
        "of the flips among the attributed texts, the share for which a change of few words was found after which "
        "the candidate predicts the base's class", "share", "level", "up", ONE),
    MetricSpec(
        "flips_reverted_random", "flips reverted at random",
        "mean share of random changes of as many words that revert the same flips; what any touch would do",
        "share", "level", "neither", ONE),
    MetricSpec(
        "relevance_holds", "layer-wise relevance holds",
        "1 where the rules of layer-wise relevance propagation hold for the model, 0 where the reason says why not; "
        "integrated gradients lead unless they hold on both sides", "yes or no", "level", "up", BOTH),
    MetricSpec(
        "licence", "licensed as a whole",
        "1 where the slice's attributions together passed their tests, 0 where its reason says what failed",
        "yes or no", "level", "up", BOTH),
    MetricSpec(
        "licence_share", "attributions licensed", "share of attributions licensed, of those long enough to decide",
        "share", "level", "up", BOTH),
    MetricSpec(
        "licence_percentile", "better than random rankings",
        "mean percentile of comprehensiveness − sufficiency among random rankings; at least .80",
        "share", "level", "up", BOTH),
    MetricSpec(
        "licence_overlap", "families agree",
        "mean overlap of the families' top words above chance, where the other ranks well; lower bound above .10",
        "share", "change", "up", BOTH),
    MetricSpec(
        "licence_randomisation", "survives random weights",
        "mean signed rank correlation with re-initialised models; at most .25 either way",
        "rank correlation", "change", "neither", BOTH),
    MetricSpec(
        "drift_cosine", "drift: cosine of states",
        "cosine of a message's states in base and candidate, last layer; says where to look, and judges nothing",
        "cosine", "level", "neither", ONE),
    MetricSpec(
        "drift_cka", "drift: likeness of states",
        "how alike the messages lie to each other on both sides, last layer: debiased linear CKA, 1 is the same but "
        "for rotation and scale; says where to look, and judges nothing", "ratio", "level", "neither", ONE),
    MetricSpec(
        "drift_overlap", "drift: neighbours kept",
        "share of a message's 5 nearest messages that are the same on both sides, last layer; says where to look, "
        "and judges nothing", "share", "level", "neither", ONE),
    CHANGE_RESTORED,
    *(
        MetricSpec(
            f"relevance_{edit}_{texts}", f"{title}, {of}",
            f"change of p(class) by {done}, mean over {of}; Δ is the candidate's minus the base's",
            "probability", "change", "neither")
        for edit, (title, done) in _EDITS.items()
        for texts, of in _TEXTS.items()
    ),
    *(
        MetricSpec(f"transition_{name}", title, meaning, "texts", "count", better, ONE)
        for name, (title, meaning, better) in _TRANSITIONS.items()
    ),
)
# fmt: on
ROWS = MetricRows(TRACK, SPECS)
metric, of_interval, reads, criterion = ROWS.metric, ROWS.of_interval, ROWS.specs, ROWS.criterion
