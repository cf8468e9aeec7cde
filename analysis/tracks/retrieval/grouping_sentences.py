"""Sentences about what items group by: pure functions of metrics, for the report, reasons of gates and the console."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from analysis.base.records import ALL, Metric, MetricSide

Word = Literal["more", "less", "inherited", "kept", "none", "unknown"]

CHANGE = 0.10
"""Change of a lift, with its interval clear of 0, from which it is said."""
PRESENT = 0.10
"""Lift, with its lower bound above 0, from which items are said to group by an attribute."""
QUARTERS = ("lowest quarter", "second quarter", "third quarter", "highest quarter")
"""Values of a numeric attribute, by rank."""


@dataclass(frozen=True)
class GroupingSentence:
    """What became of grouping by one attribute.

    `word` is `more` or `less` where the lift changed, `kept` (wanted) or `inherited` (unwanted) where the base
    grouped by it already and nothing changed, `none` where neither side does, `unknown` where it cannot be said.
    """

    attribute: str
    wanted: bool
    word: Word
    sentence: str


def lift_text(value: float) -> str:
    """A lift or change as it is printed: two digits and no leading zero."""
    text = f"{value:.2f}"
    return "0" if text in ("0.00", "-0.00") else text.replace("0.", ".", 1) if abs(value) < 0.995 else text


def strongest_sentence(metrics: Iterable[Metric], wanted: Sequence[str], unwanted: Sequence[str]) -> str:
    """What the candidate's items group by: the strongest unwanted against the strongest wanted attribute.

    Plain lifts, which are comparable between attributes; conditional ones stand on different strata.

    Args:
        metrics: of the track.
        wanted: attributes in `group_by`.
        unwanted: attributes in `not_by`.
    """
    at = _index(metrics)
    best, worst = (_strongest(at, names) for names in (wanted, unwanted))
    if best is None and worst is None:
        return "what items group by is not known"
    if best is None or worst is None:
        name, lift = best or worst or ("", 0.0)
        return f"groups by {_with_lift(name, lift)}" if lift >= PRESENT else "groups by nothing declared"
    first, second = (worst, best) if worst[1] > best[1] else (best, worst)
    if first[1] < PRESENT:
        return f"groups by nothing declared ({attribute_name(first[0])} {lift_text(first[1])} at most)"
    return f"groups by {_with_lift(*first)} more than by {_with_lift(*second)}"


def attribute_sentence(metrics: Iterable[Metric], attribute: str, wanted: bool) -> GroupingSentence:
    """One attribute: a wanted one by its lift, an unwanted one by its conditional lift, as the gates read them."""
    at = _index(metrics)
    name = "grouping_lift" if wanted else "grouping_conditional_lift"
    base, candidate, change = (at.get((name, attribute, side)) for side in _SIDES)
    if change is None or change.value is None or not base or base.value is None or not candidate:
        why = change.why if change is not None and change.why else "not measured"
        return GroupingSentence(
            attribute, wanted, "unknown", f"{attribute_name(attribute)}: not known ({why})"
        )
    levels = f"{lift_text(base.value)} to {lift_text(candidate.value or 0.0)}, change {_signed(change)}"
    word = _word(base, change, wanted)
    sentence = {
        "more": f"groups more by {attribute_name(attribute)}",
        "less": f"groups less by {attribute_name(attribute)}",
        "kept": f"still groups by {attribute_name(attribute)}",
        "inherited": f"groups by {attribute_name(attribute)} as the base did",
        "none": f"does not group by {attribute_name(attribute)}",
    }[word]
    return GroupingSentence(attribute, wanted, word, f"{sentence} ({levels})")


def attribute_name(attribute: str) -> str:
    """The name of an attribute as a reader knows it."""
    return attribute.replace("_", " ")


def _with_lift(attribute: str, lift: float) -> str:
    return f"{attribute_name(attribute)} ({lift_text(lift)})"


_SIDES: tuple[MetricSide, MetricSide, MetricSide] = ("base", "candidate", "difference")


def _word(base: Metric, change: Metric, wanted: bool) -> Literal["more", "less", "inherited", "kept", "none"]:
    if change.value is not None and change.value > CHANGE and change.low is not None and change.low > 0:
        return "more"
    if change.value is not None and change.value < -CHANGE and change.high is not None and change.high < 0:
        return "less"
    if base.value is not None and base.value >= PRESENT and base.low is not None and base.low > 0:
        return "kept" if wanted else "inherited"
    return "none"


def _strongest(at: dict[tuple[str, str, str], Metric], names: Sequence[str]) -> tuple[str, float] | None:
    found = ((name, at.get(("grouping_lift", name, "candidate"))) for name in names if name != ALL)
    known = [(name, one.value) for name, one in found if one is not None and one.value is not None]
    return max(known, key=lambda one: (one[1], one[0]), default=None)


def _index(metrics: Iterable[Metric]) -> dict[tuple[str, str, str], Metric]:
    return {(one.name, one.slice, one.side): one for one in metrics if one.name.startswith("grouping_")}


def _signed(change: Metric) -> str:
    value = _plus(change.value or 0.0)
    if change.low is None or change.high is None:
        return value
    return f"{value} [{_plus(change.low)}, {_plus(change.high)}]"


def _plus(value: float) -> str:
    return f"+{lift_text(value)}" if value >= 0.005 else lift_text(value)
