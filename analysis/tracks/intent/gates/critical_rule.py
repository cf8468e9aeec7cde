"""The rule of everything critical: fail on evidence, or once no open verdict can bring the loss within tolerance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.base.gate_records import Criterion, GateInput, GateResult, GateVerdict, Rule
from analysis.plugin.adjudicated import tolerance
from analysis.plugin.gate import Gate, Threshold, number_row, result
from analysis.stats.margins import examples_needed
from analysis.tracks.intent.gates.counts import Flips, evidence_rows, number_of
from analysis.tracks.intent.metric_specs import TRACK


def thresholds(tolerance: float, of: str, least: str = "one example") -> dict[str, Threshold]:
    """The thresholds of a gate that follows this rule.

    Args:
        tolerance: default of the net loss that passes, as a share.
        of: what it is a share of.
        least: the loss that always passes, in words.
    """
    return {
        "max_net_loss": Threshold(
            0.02, "lower", f"net loss, as a share of {of}, that the test must exceed to fail"
        ),
        "max_confirmed_loss": Threshold(
            tolerance,
            "lower",
            f"largest net loss that passes, as a share of {of}; {least} always, or one cluster up to twice the share",
        ),
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
        margin: a declared loss, as a share of the slice, that must be excluded; None where none is.
        went: where its messages went, in words; empty where that says nothing.
        least: net loss in examples that always passes: what chance brings to the smallest classes.
    """

    key: str
    slice: str
    flips: Flips | None
    rejected: bool
    alpha: float
    level: str
    absent: str
    margin: float | None = None
    went: str = ""
    least: float = 1.0


def declared_margin(given: GateInput, name: str) -> float | None:
    """The loss that must be excluded for a class or slice, as declared; None where none is."""
    margin = given.settings.get(TRACK, {}).get("margins", {}).get(name)
    return None if margin is None else float(margin)


def judge_critical(given: GateInput, rule: Rule, gate: Gate, one: Critical) -> GateResult:
    """The result of one key of a gate that has these `thresholds`."""
    net_limit, share = rule.thresholds["max_net_loss"], rule.thresholds["max_confirmed_loss"]
    flips = one.flips
    open_refs: Sequence[str] = ()
    verdict: GateVerdict
    if flips is None:
        verdict, why, rows = "unknown", one.absent, [number_of("examples to judge it by", 0, 1)]
    else:
        most = _most(flips, share, one.least)
        settled = flips.adjudicated.settled(most)
        rows = evidence_rows(flips, one.level, net_limit, rejected=one.rejected)
        rows.append(_tolerance_row(flips, most))
        open_refs = flips.adjudicated.open if settled is None else ()
        if one.rejected and flips.net > net_limit:
            verdict, why = "fail", f"{flips.sentence()}: more than chance"
        elif settled is False:
            verdict, why = "fail", f"{flips.sentence()}: a net loss of more than {most:g} is confirmed"
        elif settled is None:
            verdict = "unknown"
            why = f"{flips.sentence()}; {len(open_refs)} open verdicts decide whether more than {most:g} are lost"
        else:
            verdict, why = "pass", flips.sentence()
        if settled is not None and verdict == "pass":
            lost, unmet = _not_excluded(flips, one.margin)
            why += f"; {lost}"
            if one.margin is not None:
                rows.append(_margin_row(flips, one.margin, unmet=unmet))
                verdict = "unknown" if unmet else verdict
        if one.went and verdict in ("fail", "unknown"):
            why += f"; {one.went}"
    return result(
        gate,
        verdict,
        why,
        slice_name=one.key,
        metric_slice=one.slice,
        metric=flips.change if flips else None,
        threshold=f"p {one.alpha:.4f} and net loss {net_limit:.3f}; confirmed {share:.3f}, or {one.least:g}",
        criteria=rows,
        refs=dict.fromkeys([*open_refs, *given.flagged.get(f"{gate.name}[{one.key}]", ())]),
        open_refs=open_refs,
    )


def _most(flips: Flips, share: float, least: float) -> float:
    """The largest net loss that passes, in examples: a share of the size, at least a few, or one cluster.

    A cluster tells no more than one example, so that losing one may be chance; yet no more than twice the share passes,
    however large a cluster is.
    """
    one_cluster = min(float(flips.adjudicated.largest), 2 * share * flips.size)
    return max(tolerance(flips.size, share, least), one_cluster)


def _tolerance_row(flips: Flips, most: float) -> Criterion:
    found = flips.adjudicated
    span = "" if found.least == found.most else f", {found.least} to {found.most} as the open verdicts fall"
    what, limit = f"net loss in examples{span}", f"at most {most:g}"
    return number_row(what, flips.counts.net, "change", limit, found.verdict(most))


def _bound(flips: Flips) -> float:
    """The loss that is not excluded at 95 %, two-sided, as a share of the size."""
    return max(0.0, -flips.counts.change()[0]) * flips.n / flips.size


def _not_excluded(flips: Flips, margin: float | None) -> tuple[str, bool]:
    """What loss a pass does not exclude, in words, and whether the declared margin is missed."""
    bound = _bound(flips)
    said = f"a loss of {bound:.0%} is not excluded"
    if margin is None or bound < margin:
        return said, False
    counts = flips.counts
    needed = examples_needed(counts.worse, counts.better, counts.n, margin)
    how = "no number of examples like these would exclude it" if needed is None else f"about {needed:,} would"
    return f"{said}, and the declared margin is {margin:.0%}: {how}", True


def _margin_row(flips: Flips, margin: float, *, unmet: bool) -> Criterion:
    verdict: GateVerdict = "unknown" if unmet else "pass"
    return number_row("loss that is not excluded", _bound(flips), "level", f"under {margin:.3f}", verdict)
