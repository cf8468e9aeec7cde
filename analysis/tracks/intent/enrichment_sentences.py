"""What the attributions say of a cue, in words: of the candidate by itself, and of its change from the base.

An aggregate of attributions says something of a side only where it is licensed for that side. The change needs
both licences; without the base's, the candidate's own is said all the same, and why the change is not judged.
"""

from __future__ import annotations

from analysis.base.gate_records import GateInput
from analysis.base.records import Metric, MetricSide
from analysis.tracks.intent.cue_evidence import by_method


def number(metric: Metric | None) -> str:
    """A signed value with its interval, or a dash."""
    if metric is None or metric.value is None:
        return "–"
    if metric.low is None or metric.high is None:
        return f"{metric.value:+z.3f}"
    return f"{metric.value:+z.3f} [{metric.low:.3f}, {metric.high:.3f}]"


def enrichment_sentence(given: GateInput, target: str, cue: str) -> str:
    """What licensed attribution says of a cue; where there is none, why. Empty where nothing was measured."""
    key = f"{target}/{cue}"
    own = dict(by_method(given, "enrichment", key, "candidate"))
    change = dict(by_method(given, "enrichment", key, "difference"))
    licensed = {method: one for method, one in own.items() if one.value is not None}
    if not licensed:
        why = _reasons(given, key, "candidate", list(own), own)
        return (
            f"attribution enrichment unknown, the candidate is not licensed as an aggregate: {why}"
            if why
            else ""
        )
    parts = [
        f"the candidate's licensed attribution {_verb(list(licensed.values()))} {cue}: enrichment "
        + ", ".join(f"{_unsigned(one)} by {_name(method)}" for method, one in licensed.items())
    ]
    judged = {method: change[method] for method in licensed if method in change}
    known = {method: one for method, one in judged.items() if one.value is not None}
    if known:
        parts.append(
            "change from the base "
            + ", ".join(f"{number(one)} by {_name(method)}" for method, one in known.items())
        )
    unknown = [method for method in judged if method not in known]
    if unknown:
        why = _reasons(given, key, "base", unknown, change)
        by = f" by {', '.join(map(_name, unknown))}" if known else ""
        parts.append(
            f"the base is not licensed as an aggregate{by} because {why}, so the change{by} is not judged"
        )
    return "; ".join(parts)


def _verb(licensed: list[Metric]) -> str:
    """Whether the cue counts for more than its share of the words, by every method and bound."""
    if all(one.low is not None and one.low > 1 for one in licensed):
        return "names"
    return "does not single out"


def _reasons(
    given: GateInput, key: str, side: MetricSide, methods: list[str], unknown: dict[str, Metric]
) -> str:
    """Why the licence of a side was refused: as the licence says, else as the number that it withholds."""
    licences = dict(by_method(given, "licence", key, side))
    reasons = {
        licences[method].why if method in licences and licences[method].why else unknown[method].why: None
        for method in methods
    }
    return "; ".join(reason for reason in reasons if reason)


def _unsigned(one: Metric) -> str:
    bounds = "" if one.low is None or one.high is None else f" [{one.low:.2f}, {one.high:.2f}]"
    return f"{one.value:.2f}{bounds}"


def _name(method: str) -> str:
    return method.replace("_", " ")
