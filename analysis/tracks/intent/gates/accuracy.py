"""`intent.accuracy`: the evaluation set as a whole."""

from __future__ import annotations

from analysis.base.gate_records import GateInput, GateResult, GateVerdict, Rule
from analysis.base.records import ALL
from analysis.plugin.gate import Gate, Threshold, number_row, result
from analysis.stats.margins import examples_needed
from analysis.tracks.intent.gates.counts import Flips, alpha_of, evidence_rows, flips_of, number_of
from analysis.tracks.intent.gates.critical_rule import declared_margin
from analysis.tracks.intent.metric_specs import reads


def _judge(given: GateInput, rule: Rule) -> list[GateResult]:
    net, unseen = rule.thresholds["max_net_loss"], rule.thresholds["max_unseen_loss"]
    alpha = alpha_of(given, "accuracy")
    threshold = f"p {alpha:.4f} and net loss {net:.3f}"
    flips = flips_of(given, ALL)
    if flips is None:
        why, row = "the run holds no labelled example", number_of("labelled examples", 0, 1)
        return [result(ACCURACY, "unknown", why, threshold=threshold, criteria=[row])]
    declared = declared_margin(given, ALL)
    margin = declared if declared is not None else unseen
    low, rejected = flips.counts.change()[0], flips.p <= alpha
    hidden = low <= -margin
    rows = evidence_rows(flips, f"{alpha:.4f}", net, rejected=rejected)
    why = flips.sentence()
    verdict: GateVerdict
    if rejected and flips.net > net:
        verdict, why = "fail", f"{why}; p {flips.p:.4f}"
    else:
        # A margin that somebody declared must be reached; the default only says what these data cannot tell.
        missed: GateVerdict = "undecided" if declared is None else "unknown"
        verdict = missed if hidden else "pass"
        why += f"; a loss of {max(0.0, -low):.1%} is not excluded" + (
            _needed(flips, margin) if hidden else ""
        )
        rows.append(
            number_row("lower bound of that change", low, "change", f"above {-margin:+z.3f}", verdict)
        )
    refs = given.flagged.get(ACCURACY.name, ())
    return [
        result(ACCURACY, verdict, why, metric=flips.change, threshold=threshold, criteria=rows, refs=refs)
    ]


def _needed(flips: Flips, margin: float) -> str:
    counts = flips.counts
    needed = examples_needed(counts.worse, counts.better, counts.n, margin)
    if needed is None:
        return f", and the loss seen is no smaller than {margin:.1%}"
    return f": about {needed:,} examples like these would exclude one of {margin:.1%}"


ACCURACY = Gate(
    "intent.accuracy",
    "the candidate is not worse overall",
    {
        "max_net_loss": Threshold(0.01, "lower", "net loss that the test must exceed to fail"),
        "max_unseen_loss": Threshold(
            0.02, "lower", "loss that must be excluded, or the gate stays undecided"
        ),
    },
    _judge,
    reads=reads("accuracy", "broken", "fixed", "mcnemar_p"),
    place=10,
    alpha_weight=10,
    needs="over all messages it must be right as often as the base, apart from chance",
)
GATES = (ACCURACY,)
