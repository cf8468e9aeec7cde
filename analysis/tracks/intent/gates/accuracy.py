"""`intent.accuracy`: the evaluation set as a whole."""

from __future__ import annotations

from analysis.base.records import ALL, GateInput, GateResult, GateVerdict, Rule
from analysis.plugin.gate import Gate, Threshold, number_row, result
from analysis.tracks.intent.gates.counts import alpha_of, evidence_rows, flips_of, number_of
from analysis.tracks.intent.metric_specs import reads


def _judge(given: GateInput, rule: Rule) -> list[GateResult]:
    net, unseen = rule.thresholds["max_net_loss"], rule.thresholds["max_unseen_loss"]
    alpha = alpha_of(given, "accuracy")
    threshold = f"p {alpha:.4f} and net loss {net:.3f}"
    flips = flips_of(given, ALL)
    if flips is None:
        return [
            result(
                ACCURACY,
                "unknown",
                "the run holds no labelled example",
                threshold=threshold,
                criteria=[number_of("labelled examples", 0, 1)],
            )
        ]
    low, rejected = flips.change.low, flips.p <= alpha
    rows = evidence_rows(flips, f"{alpha:.4f}", net, rejected=rejected)
    verdict: GateVerdict
    if rejected and flips.net > net:
        verdict, why = "fail", f"{flips.sentence()}; p {flips.p:.4f}"
    else:
        hidden = flips.broken > flips.fixed and (low is None or low < -unseen)
        verdict, why = ("unknown" if hidden else "pass"), flips.sentence()
        if hidden:
            why += f"; a loss of {unseen:.0%} is not excluded: more examples would decide it"
        limit = f"at least {-unseen:+.3f} where more broke than was fixed"
        rows.append(number_row("lower bound of that change", low, "change", limit, verdict))
    refs = given.flagged.get(ACCURACY.name, ())
    return [
        result(ACCURACY, verdict, why, metric=flips.change, threshold=threshold, criteria=rows, refs=refs)
    ]


ACCURACY = Gate(
    "intent.accuracy",
    "the candidate is not worse overall",
    {
        "max_net_loss": Threshold(0.01, "lower", "net loss that the test must exceed to fail"),
        "max_unseen_loss": Threshold(
            0.02, "lower", "loss that must be excluded where more broke than was fixed"
        ),
    },
    _judge,
    reads=reads("accuracy", "broken", "fixed", "mcnemar_p"),
    place=10,
    alpha_weight=10,
)
GATES = (ACCURACY,)
