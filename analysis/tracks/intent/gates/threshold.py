"""`intent.threshold`: what the assistant acts on from its confidence on is not wrong more often than it was."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from analysis.base.gate_records import Criterion, GateInput, GateResult, GateVerdict, Rule
from analysis.base.records import ALL, Metric, Slice
from analysis.plugin.adjudicated import Adjudicated, adjudicate, counts_of_rows, tolerance
from analysis.plugin.alpha import share_of
from analysis.plugin.gate import Gate, Threshold, metric_of, number_row, result
from analysis.stats import mcnemar_one_sided
from analysis.tracks.intent.classes import class_of, critical_classes
from analysis.tracks.intent.metric_specs import TRACK, criterion, reads
from analysis.tracks.intent.names import THRESHOLD as NAME


@dataclass(frozen=True)
class Wrongs:
    """Messages that one side alone routes wrongly.

    Args:
        n: what their number is a share of: the messages that either side routes.
        broken: those of the candidate.
        fixed: those of the base.
    """

    n: int
    broken: int
    fixed: int

    @property
    def net(self) -> int:
        return self.broken - self.fixed

    @property
    def p(self) -> float:
        """One-sided exact McNemar: how likely this many are the candidate's by chance."""
        return mcnemar_one_sided(self.broken, self.fixed)


@dataclass(frozen=True)
class Outcome:
    """What the counts say: whether all messages together are routed worse, which critical classes are for certain, and
    of which open verdicts would tell.
    """

    rejected: bool
    beyond: bool
    classes: tuple[str, ...]
    waiting: tuple[str, ...]

    @property
    def fails(self) -> bool:
        return (self.rejected and self.beyond) or bool(self.classes)


def outcome_of(
    everything: Wrongs, classes: Mapping[str, Adjudicated], alpha: float, limits: Mapping[str, float]
) -> Outcome:
    """The rule, on counts alone: those of critical classes with verdicts in the place of gold.

    Args:
        everything: of all messages.
        classes: of the messages of each critical class.
        alpha: level of the test over all messages.
        limits: thresholds of this gate.
    """
    share = limits["max_class_share"]
    settled = {name: one.settled(tolerance(one.counts.n, share)) for name, one in classes.items()}
    return Outcome(
        rejected=everything.p <= alpha,
        beyond=everything.net > limits["max_net_rise"] * everything.n,
        classes=tuple(name for name, within in settled.items() if within is False),
        waiting=tuple(name for name, within in settled.items() if within is None),
    )


def _judge(given: GateInput, rule: Rule) -> list[GateResult]:
    threshold = given.settings.get(TRACK, {}).get("threshold")
    if threshold is None:
        return [result(GATE, "n/a", "no threshold is declared: nothing is known of what is acted on")]
    everything = _wrongs(given)
    change = metric_of(given, TRACK, "selective_change", ALL)
    alpha = share_of(given, NAME)
    limits = rule.thresholds
    said = f"p {alpha:.4f} and {limits['max_net_rise']:.3f} of what is routed"
    if everything is None or change is None or change.value is None:
        why = f"no message is routed with a confidence of {threshold:g}"
        row = number_row("messages routed by either side", 0, "count", "at least 1", "unknown")
        return [result(GATE, "unknown", why, threshold=said, criteria=[row])]
    classes = {class_of(one): _class_counts(given, one) for one in critical_classes(given)}
    outcome = outcome_of(everything, classes, alpha, limits)
    verdict: GateVerdict = "fail" if outcome.fails else "unknown" if outcome.waiting else "pass"
    open_refs = (
        [ref for name in outcome.waiting for ref in classes[name].open] if verdict == "unknown" else []
    )
    worse = [_told(name, classes[name]) for name in (*outcome.classes, *outcome.waiting)]
    if open_refs:
        worse.append(f"{len(open_refs)} open verdicts decide it")
    return [
        result(
            GATE,
            verdict,
            "; ".join([*worse, _sentence(given, threshold, everything)]),
            metric=change,
            threshold=said,
            criteria=[
                *_rows(everything, change, outcome, alpha, limits),
                *_class_rows(classes, limits["max_class_share"]),
            ],
            refs=dict.fromkeys([*open_refs, *given.flagged.get(NAME, ())]),
            open_refs=open_refs,
        )
    ]


def _class_counts(given: GateInput, one: Slice) -> Adjudicated:
    by_gold = counts_of_rows(given, TRACK, "threshold", one.slice, one.n)
    return adjudicate(given, TRACK, "threshold", one.slice, by_gold)


def _told(name: str, found: Adjudicated) -> str:
    counts = found.counts
    return (
        f"of {counts.n} {name}, {counts.worse} newly routed wrongly, {counts.better} no longer{found.remark}"
    )


def _wrongs(given: GateInput) -> Wrongs | None:
    """The counts of all messages; None where nothing was counted."""
    broken = metric_of(given, TRACK, "selective_broken", ALL)
    fixed = metric_of(given, TRACK, "selective_fixed", ALL)
    if broken is None or fixed is None or not broken.n:
        return None
    return Wrongs(broken.n, int(broken.value or 0), int(fixed.value or 0))


def _sentence(given: GateInput, threshold: float, found: Wrongs) -> str:
    coverage, risk = (
        [metric_of(given, TRACK, name, ALL, side) for side in ("base", "candidate")]
        for name in ("coverage", "selective_risk")
    )
    return (
        f"from {threshold:g} on, of {found.n} routed, {found.broken} are newly wrong, {found.fixed} no longer; "
        f"coverage {_shares(coverage)}, error among the routed {_shares(risk)}"
    )


def _shares(sides: list[Metric | None]) -> str:
    return " → ".join("–" if one is None or one.value is None else f"{one.value:.1%}" for one in sides)


def _rows(
    found: Wrongs, change: Metric, outcome: Outcome, alpha: float, limits: Mapping[str, float]
) -> list[Criterion]:
    """The test and the size, which fail together: one that is beyond its limit alone warns."""
    both: GateVerdict = "fail" if outcome.rejected and outcome.beyond else "warn"
    what = "exact McNemar p, newly wrong above the threshold against no longer"
    limit = limits["max_net_rise"]
    return [
        number_row(what, found.p, "p", f"above {alpha:.4f}", both if outcome.rejected else "pass"),
        criterion(
            "routed wrongly, change as a share of the routed",
            change,
            f"at most {limit:+z.3f}",
            both if outcome.beyond else "pass",
        ),
    ]


def _class_rows(classes: Mapping[str, Adjudicated], share: float) -> Iterator[Criterion]:
    for name, one in classes.items():
        most = tolerance(one.counts.n, share)
        what, limit = f"messages of {name} newly routed wrongly, less those no longer", f"at most {most:g}"
        yield number_row(what, one.counts.net, "change", f"{limit} of {one.counts.n}", one.verdict(most))


GATE = Gate(
    NAME,
    "what the assistant acts on by itself is right",
    {
        "max_net_rise": Threshold(
            0.01,
            "lower",
            "net rise of what is routed wrongly, as a share of the routed, that the test must exceed",
        ),
        "max_class_share": Threshold(
            0.05,
            "lower",
            "share of a critical class that may newly be routed wrongly; one message always may",
        ),
    },
    _judge,
    reads=reads("selective_change", "selective_broken", "selective_fixed", "selective_risk", "coverage"),
    place=35,
    alpha_weight=10,
    needs="of what it acts on by itself, no more may be wrong than with the base",
)
GATES = (GATE,)
