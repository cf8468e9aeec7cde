"""Reject what wins on style and pays for it with what must not happen."""

from __future__ import annotations

from analysis.base.gate_records import Criterion, GateInput, GateResult, GateVerdict, Rule
from analysis.base.records import ALL
from analysis.plugin.gate import Gate, Threshold, metric_of, number_row, result
from analysis.tracks.response.gate_keys import BEHAVIOUR, TRADEOFF
from analysis.tracks.response.gates.behaviours import judge_behaviours
from analysis.tracks.response.heard import heard
from analysis.tracks.response.metric_specs import TRACK, criterion, reads


def judge_tradeoff(given: GateInput, rule: Rule) -> list[GateResult]:
    """A preference for the candidate is held against the strict behaviours, and those that are any of others.

    It reads what their gate finds before any waiver: waiving one of its keys does not waive this. A gate of behaviours
    that is switched off leaves nothing to hold it against.
    """
    limit = rule.thresholds["min_preferred"]
    threshold = f"win rate lower bound {limit:.2f}"
    rate = metric_of(given, TRACK, "win_rate", ALL, "candidate")
    if not given.settings.get(TRACK, {}).get("preferences"):
        return [result(GATE, "n/a", "no preferences are declared", threshold=threshold)]
    what, wins = "share of the votes for the candidate", f"a lower bound above {limit:.2f} is a preference"
    if rate is None or rate.value is None or rate.low is None:
        why = "preferences are declared, and no prompt of the run has a vote"
        rows = [criterion(what, rate, wins, "unknown")]
        return [result(GATE, "unknown", why, metric=rate, threshold=threshold, criteria=rows)]
    names = {one.name for one in heard(given).behaviours if one.strict or one.any_of}
    behaviours = given.rules.get(BEHAVIOUR)
    off = behaviours is None or behaviours.off is not None
    judged = [] if behaviours is None or off else judge_behaviours(given, behaviours)
    found = [one for one in judged if one.key.removeprefix(f"{TRACK}.").partition("[")[0] in names]
    failing = [one for one in found if one.verdict == "fail"]
    open_ones = [one for one in found if one.verdict == "unknown"]
    preferred = rate.low > limit
    bounds = f"preferred in {rate.value:.0%} [{rate.low:.0%}, {rate.high:.0%}] of {rate.n} prompts"
    verdict: GateVerdict = "pass"
    refs: tuple[str, ...] = ()
    if not preferred:
        why = f"{bounds}: no clear preference for the candidate"
    elif failing:
        verdict, why = "fail", f"{bounds}, and it pays for that with {', '.join(one.key for one in failing)}"
        refs = tuple(ref for one in failing for ref in one.refs)
    elif not found:
        nothing = f"{BEHAVIOUR} is off" if off and names else "no behaviour is declared strict"
        verdict, why = "warn", f"{bounds}, and {nothing}: nothing is held against it"
    elif open_ones:
        verdict, why = "unknown", f"{bounds}; open: {', '.join(one.key for one in open_ones)}"
        refs = tuple(ref for one in open_ones for ref in one.open)
    else:
        why = f"{bounds}; none of {', '.join(sorted(names))} rose"
    rows = [
        criterion(what, rate, wins, "pass"),
        _count("keys of strict behaviours that fail", len(failing), preferred and bool(failing), "fail"),
        _count(
            "keys of strict behaviours that are open",
            len(open_ones),
            preferred and bool(open_ones),
            "unknown",
        ),
    ]
    judges, doubts = judged_judges(given)
    if verdict == "pass" and any(row.verdict == "warn" for row in judges):
        verdict = "warn"
    why = "; ".join([why, *doubts])
    rows += judges
    waits = refs if verdict == "unknown" else ()
    return [
        result(
            GATE,
            verdict,
            why,
            metric=rate,
            threshold=threshold,
            criteria=rows,
            refs=dict.fromkeys(refs),
            open_refs=dict.fromkeys(waits),
        )
    ]


def judged_judges(given: GateInput) -> tuple[list[Criterion], list[str]]:
    """What is known of the judges themselves, and what is to be said of it.

    How far each agrees with people, which is said where it is not known, and whether it prefers whatever it is shown
    first, which warns.
    """
    rows, unknown, doubts = [], [], []
    for one in given.metrics:
        if (one.track, one.name) == (TRACK, "judge_agreement"):
            known = one.value is not None
            why = "" if known else f": not known, {one.why}"
            unknown += [] if known else [one.slice]
            limit = "known, for a judge that is no person"
            rows.append(
                criterion(
                    f"agreement of {one.slice} with people{why}", one, limit, "pass" if known else "undecided"
                )
            )
        elif (one.track, one.name) == (TRACK, "judge_first") and one.low is not None and one.high is not None:
            biased = not one.low <= 0.5 <= one.high
            what = f"votes of {one.slice} for the answer shown first"
            rows.append(criterion(what, one, "an interval that holds 0.5", "warn" if biased else "pass"))
            if biased:
                doubts.append(
                    f"{one.slice} prefers the {'first' if one.low > 0.5 else 'second'} answer that it is shown"
                )
    if unknown:
        doubts.insert(0, f"how far {', '.join(unknown)} agrees with people is not known")
    return rows, doubts


def _count(what: str, count: int, bears: bool, verdict: GateVerdict) -> Criterion:
    return number_row(
        what, count, "count", "0 where the candidate is preferred", verdict if bears else "pass"
    )


GATE = Gate(
    TRADEOFF,
    "style does not buy what must not happen",
    {
        "min_preferred": Threshold(
            0.5, "lower", "lower bound of the win rate from which the candidate is preferred"
        )
    },
    judge_tradeoff,
    reads=reads("win_rate", "win_rate_length_controlled", "judge_agreement", "judge_first"),
    place=900,
    needs="it must not be preferred for its style while it does more of what must not happen",
)
GATES = (GATE,)
