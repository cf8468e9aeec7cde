"""`intent.threshold`: what the assistant acts on from its confidence on is not wrong more often than it was."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from analysis.base.records import ALL, Criterion, GateInput, GateResult, GateVerdict, Metric, Rule
from analysis.plugin.gate import ALPHA, Gate, Threshold, metric_of, number_row, result
from analysis.stats import mcnemar_one_sided
from analysis.tracks.intent.classes import class_of, critical_classes
from analysis.tracks.intent.metric_specs import TRACK, criterion, reads
from analysis.tracks.intent.names import THRESHOLD as NAME

SHARE = 0.10
"""The part of the track's share of alpha that this test spends, like that of accuracy."""


@dataclass(frozen=True)
class Wrongs:
    """Messages that one side alone routes wrongly.

    Args:
        n: what their number is a share of: the messages that either side routes, or all of a class.
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
    """What the counts say: whether all messages together are routed worse, and which critical classes are."""

    rejected: bool
    beyond: bool
    classes: tuple[str, ...]

    @property
    def fails(self) -> bool:
        return (self.rejected and self.beyond) or bool(self.classes)


def tolerance(n: int, share: float) -> float:
    """Net messages of a critical class that may newly be routed wrongly: a share of it, and always one."""
    return max(1.0, share * n)


def outcome_of(
    everything: Wrongs, classes: Mapping[str, Wrongs], alpha: float, limits: Mapping[str, float]
) -> Outcome:
    """The rule, on counts alone.

    Args:
        everything: of all messages.
        classes: of the messages of each critical class.
        alpha: level of the test over all messages.
        limits: thresholds of this gate.
    """
    return Outcome(
        rejected=everything.p <= alpha,
        beyond=everything.net > limits["max_net_rise"] * everything.n,
        classes=tuple(
            name for name, one in classes.items() if one.net > tolerance(one.n, limits["max_class_share"])
        ),
    )


def _judge(given: GateInput, rule: Rule) -> list[GateResult]:
    threshold = given.settings.get(TRACK, {}).get("threshold")
    if threshold is None:
        return [result(GATE, "n/a", "no threshold is declared: nothing is known of what is acted on")]
    everything = _wrongs(given, ALL, "selective_broken")
    change = metric_of(given, TRACK, "selective_change", ALL)
    alpha = ALPHA / len(given.tracks) * SHARE
    limits = rule.thresholds
    said = f"p {alpha:.4f} and {limits['max_net_rise']:.3f} of what is routed"
    if everything is None or change is None or change.value is None:
        why = f"no message is routed with a confidence of {threshold:g}"
        row = number_row("messages routed by either side", 0, "count", "at least 1", "unknown")
        return [result(GATE, "unknown", why, threshold=said, criteria=[row])]
    classes = {
        class_of(one): found
        for one in critical_classes(given)
        if (found := _wrongs(given, one.slice, "coverage")) is not None
    }
    outcome = outcome_of(everything, classes, alpha, limits)
    verdict: GateVerdict = "fail" if outcome.fails else "pass"
    worse = [
        f"of {classes[name].n} {name}, {classes[name].broken} newly routed wrongly, {classes[name].fixed} no longer"
        for name in outcome.classes
    ]
    return [
        result(
            GATE,
            verdict,
            "; ".join([*worse, _sentence(given, threshold, everything)]),
            metric=change,
            threshold=said,
            criteria=[
                *_rows(everything, change, outcome, alpha, limits),
                *_class_rows(classes, outcome, limits),
            ],
            refs=given.flagged.get(NAME, ()),
        )
    ]


def _wrongs(given: GateInput, slice_name: str, of: str) -> Wrongs | None:
    """The counts of a slice; `of` is the metric whose n they are a share of. None where nothing was counted."""
    broken = metric_of(given, TRACK, "selective_broken", slice_name)
    fixed = metric_of(given, TRACK, "selective_fixed", slice_name)
    whole = metric_of(given, TRACK, of, slice_name)
    if broken is None or fixed is None or whole is None or not whole.n:
        return None
    return Wrongs(whole.n, int(broken.value or 0), int(fixed.value or 0))


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
            f"at most {limit:+.3f}",
            both if outcome.beyond else "pass",
        ),
    ]


def _class_rows(
    classes: Mapping[str, Wrongs], outcome: Outcome, limits: Mapping[str, float]
) -> Iterator[Criterion]:
    for name, one in classes.items():
        verdict: GateVerdict = "fail" if name in outcome.classes else "pass"
        most = tolerance(one.n, limits["max_class_share"])
        what = f"messages of {name} newly routed wrongly, less those no longer"
        yield number_row(what, one.net, "count", f"at most {most:g} of {one.n}", verdict)


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
)
GATES = (GATE,)
