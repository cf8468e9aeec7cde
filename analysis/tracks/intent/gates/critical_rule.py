"""The rule of everything critical: fail on evidence, unknown until every broken example is judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.base.records import Criterion, GateInput, GateResult, GateVerdict, Rule
from analysis.plugin.gate import Gate, Threshold, decided, judgement, number_row, result
from analysis.stats import detectable_loss
from analysis.tracks.intent.gates.counts import Flips, evidence_rows, number_of

MIN_CLASS = 20
"""A critical slice with fewer examples than this is inspected whole."""

THRESHOLDS = {
    "max_net_loss": Threshold(
        0.02, "lower", "net loss, as a share of the slice, that the test must exceed to fail"
    ),
    "max_confirmed_loss": Threshold(0.05, "lower", "largest net loss confirmed by reviewers that passes"),
}


@dataclass(frozen=True)
class Critical:
    """What is judged under one key.

    Args:
        key: the name in the gate's key.
        slice: the slice whose metrics were counted.
        flips: the counts; None where there is nothing to count.
        rejected: whether the test, corrected for the others of its family, says that the candidate is worse.
        alpha: this key's part of the level.
        level: what p must exceed, in words.
        absent: what is said where there is nothing to count.
    """

    key: str
    slice: str
    flips: Flips | None
    rejected: bool
    alpha: float
    level: str
    absent: str


def judge_critical(given: GateInput, rule: Rule, gate: Gate, one: Critical) -> GateResult:
    """The result of one key of a gate that has `THRESHOLDS`."""
    net_limit, confirmed_limit = rule.thresholds["max_net_loss"], rule.thresholds["max_confirmed_loss"]
    refs: Sequence[str] = given.flagged.get(f"{gate.name}[{one.key}]", ())
    flips = one.flips
    rows: list[Criterion]
    verdict: GateVerdict
    if flips is None:
        verdict, why, rows = "unknown", one.absent, [number_of("examples to judge it by", 0, 1)]
    else:
        rows = evidence_rows(flips, one.level, net_limit, rejected=one.rejected)
        if one.rejected and flips.net > net_limit:
            verdict, why = "fail", f"{flips.sentence()}: more than chance"
        elif flips.broken > flips.fixed or flips.n < MIN_CLASS:
            missing = [ref for ref in refs if not decided(given.state, ref)]
            kind = "" if flips.n < MIN_CLASS else f" {flips.verbs[0]}"
            confirmed: float | None = None
            if missing:
                verdict, refs = "unknown", missing
                why = f"{flips.sentence()}; a verdict on each example{kind} would decide it: {len(missing)} to go"
            else:
                count = sum(judgement(given.state, ref) == "unacceptable" for ref in refs)
                confirmed = (count - flips.fixed) / flips.n
                verdict = "pass" if confirmed <= confirmed_limit else "fail"
                why = f"{flips.sentence()}; {count} confirmed by reviewers, net loss {confirmed:+.3f}"
            limit = f"at most {confirmed_limit:+.3f}"
            to_judge: GateVerdict = "unknown" if missing else "pass"
            rows += [
                number_row(f"examples{kind} still to be judged", len(missing), "count", "0", to_judge),
                number_row("net loss confirmed by reviewers", confirmed, "change", limit, verdict),
            ]
        else:
            missed = detectable_loss(flips.n, one.alpha)
            verdict = "pass"
            why = f"{flips.sentence()}; " + (
                f"a loss of {missed:.0%} would be missed half the time"
                if missed <= 1
                else "too few to find any loss by counting"
            )
    return result(
        gate,
        verdict,
        why,
        slice_name=one.key,
        metric_slice=one.slice,
        metric=flips.change if flips else None,
        threshold=f"p {one.alpha:.4f} and net loss {net_limit:.3f}; confirmed {confirmed_limit:.3f}",
        criteria=rows,
        refs=refs,
    )
