"""Advisory: whether the answers became clearly longer or shorter."""

from __future__ import annotations

from analysis.base.gate_records import GateInput, GateResult, GateVerdict, Rule
from analysis.base.records import ALL
from analysis.plugin.gate import Gate, Threshold, metric_of, number_row, result
from analysis.plugin.trigger import clear, flagged
from analysis.tracks.response.gate_keys import LENGTH
from analysis.tracks.response.metric_specs import TRACK, criterion, reads


def judge_length(given: GateInput, rule: Rule) -> list[GateResult]:
    """A change of the mean length whose interval excludes none, by more than a share of the base's, warns."""
    limit = rule.thresholds["max_change"]
    threshold = f"change of the mean {limit:.0%}"
    base, change = (metric_of(given, TRACK, "length", ALL, side) for side in ("base", "difference"))
    refs = flagged(given, LENGTH)
    if base is None or change is None or not base.value or change.value is None:
        return [result(GATE, "n/a", "no pair of answers with words", threshold=threshold)]
    share = change.value / base.value
    verdict: GateVerdict = "warn" if clear(change) and abs(share) > limit else "pass"
    rows = [
        criterion(
            "change of the mean length", change, "told from noise where its interval excludes 0", verdict
        ),
        number_row(
            "the same as a share of the base's mean", share, "change", f"at most {limit:.0%}", verdict
        ),
    ]
    why = f"mean length {base.value:.0f} words in the base, {share:+.0%} in the candidate"
    return [result(GATE, verdict, why, metric=change, threshold=threshold, criteria=rows, refs=refs)]


GATE = Gate(
    LENGTH,
    "a change of length is known when rates are read",
    {
        "max_change": Threshold(
            0.25, "lower", "change of the mean length, as a share of the base's, that passes"
        )
    },
    judge_length,
    blocking=False,
    reads=reads("length", "length_p50", "length_p90"),
    place=910,
)
GATES = (GATE,)
