"""What the response track says in the fields of the inspection report, from the evidence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from analysis.base.gate_records import GateInput
from analysis.base.records import ALL, SIDES, Metric
from analysis.base.sql import queries
from analysis.plugin.alpha import share_of
from analysis.plugin.gate import metric_of
from analysis.plugin.trigger import clear
from analysis.tracks.response.estimates import Estimate, estimates
from analysis.tracks.response.gate_keys import BEHAVIOUR, flagged_for
from analysis.tracks.response.heard import heard
from analysis.tracks.response.lead_quality import lead_quality
from analysis.tracks.response.metric_specs import TRACK, words_of

if TYPE_CHECKING:
    import duckdb

FIELD = "Response findings"
SHOWN = 5
"""Judges that are named."""
QUOTED = 2
"""Examples that are quoted of a behaviour over all prompts."""
LONGEST = 80
"""Characters of an answer that are quoted."""
_SQL = queries(__package__, "report.sql")


def report_sections(connection: duckdb.DuckDBPyConnection, given: GateInput) -> dict[str, list[str]]:
    """Sentences for the report's fields; `connection` has the run attached as `evidence`."""
    return {
        FIELD: [
            *_behaviours(connection, given),
            *_sampled(given),
            *_deployed(given),
            *_preference(given),
            *_length(given),
            *_unanswered(given),
        ]
    }


def _behaviours(connection: duckdb.DuckDBPyConnection, given: GateInput) -> list[str]:
    """For every behaviour and critical slice: what labels say, what leads point at, and an example to look at."""
    sentences = []
    found = estimates(given, share_of(given, BEHAVIOUR)).values()
    quotations = _quotations(connection, given, found)
    # What people's labels tell from no change comes first, the furthest before the others.
    for one in sorted(found, key=lambda one: -abs(one.metric.value or 0.0) if clear(one.metric) else 0.0):
        where = "" if one.slice == ALL else f" where the prompt is in {one.slice!r}"
        sentences.append(
            f"{words_of(one.behaviour.name)}{where}: {_estimated(one)}{_leads(given, one)}{_quality(given, one)}"
            f"{_quoted(quotations, given, one)}"
        )
    return sentences


def _estimated(one: Estimate) -> str:
    rise = one.rise
    if rise is None:
        return f"not known, {one.labelled} of {one.n} prompts are labelled"
    counted = set(one.counted)
    worse, better = (sum(ref in counted for ref in refs) for refs in (one.worse, one.better))
    return (
        f"{_points(one.metric)} by {rise.labelled} of {one.n} prompts labelled ({worse} only by the candidate, "
        f"{better} only by the base{f', {rise.unsure} not sure' if rise.unsure else ''})"
    )


def _leads(given: GateInput, one: Estimate) -> str:
    """What the leads point at, and the same at matched length, so that nobody puts it down to longer answers."""
    name = one.behaviour.name
    base, candidate, change = (
        metric_of(given, TRACK, f"{name}_leads", one.slice, side)
        for side in ("base", "candidate", "difference")
    )
    if base is None or candidate is None or change is None or not change.n:
        return "; no lead reads these answers"
    matched = metric_of(given, TRACK, f"{name}_leads_matched", one.slice)
    alike = f", at like length {_points(matched)} on {matched.n}" if matched is not None and matched.n else ""
    return f"; leads point at {hits_of(base)} → {hits_of(candidate)} of {change.n}{alike}"


def _quality(given: GateInput, one: Estimate) -> str:
    """How good the leads are on these answers, by side."""
    if one.rise is None or not (one.behaviour.leads or one.behaviour.any_of):
        return ""
    measured = lead_quality(given, one)
    said = [
        f"{side} found {measured[side].recall.k} of {measured[side].recall.n}, right in "
        f"{measured[side].precision.k} of {measured[side].precision.n}"
        for side in SIDES
    ]
    return f" (on these answers, {'; '.join(said)})"


def _shown(given: GateInput, one: Estimate) -> Sequence[str]:
    """Examples that people say are at fault, else those that leads point at anew; the first of them."""
    refs = one.worse or flagged_for(given, one.behaviour.name, one.slice)
    return refs[: QUOTED if one.slice == ALL else 1]


def _quotations(
    connection: duckdb.DuckDBPyConnection, given: GateInput, found: Iterable[Estimate]
) -> dict[tuple[str, str], list[tuple[str, str, str]]]:
    """What can be quoted, read at once: (behaviour, ref) -> id, text and why, in order of reading."""
    places = {(one.behaviour.name, ref) for one in found for ref in _shown(given, one)}
    asked = {
        "refs": sorted({ref for _, ref in places}),
        "behaviours": sorted({behaviour for behaviour, _ in places}),
    }
    told: dict[tuple[str, str], list[tuple[str, str, str]]] = {}
    for behaviour, ref, *said in connection.execute(_SQL["quotations"], asked).fetchall():
        told.setdefault((behaviour, ref), []).append(tuple(said))
    return told


def _quoted(
    quotations: Mapping[tuple[str, str], Sequence[tuple[str, str, str]]], given: GateInput, one: Estimate
) -> str:
    """What is quoted of one behaviour."""
    said: dict[str, str] = {}
    for ref in _shown(given, one):
        for name, text, why in quotations.get((one.behaviour.name, ref), ()):
            said.setdefault(name, f"{name} “{_short(text)}” ({why})" if text.strip() else f"{name} ({why})")
    return f"; e.g. {'; '.join(said.values())}" if said else ""


def _points(change: Metric) -> str:
    """`+32 points [+18, +49]`: a change of a rate with its interval."""
    bounds = ""
    if change.low is not None and change.high is not None:
        bounds = f" [{100 * change.low:+z.0f}, {100 * change.high:+z.0f}]"
    return f"{100 * (change.value or 0.0):+z.0f} points{bounds}"


def _short(text: str) -> str:
    """One line of a text, at most so long."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else line[: LONGEST - 1].rstrip() + "…"


def _sampled(given: GateInput) -> list[str]:
    """What sampling shows beside one answer to each prompt, for what must not happen at all."""
    found = []
    for one in heard(given).behaviours:
        if not one.strict:
            continue
        metric = f"{one.name}_leads_sampled"
        base, candidate = (metric_of(given, TRACK, metric, ALL, side) for side in SIDES)
        if base is None or candidate is None or base.value is None or candidate.value is None:
            continue
        found.append(
            f"sampled: leads of {words_of(one.name)} point at {candidate.value:.1%}{_tenths(candidate)} of "
            f"{candidate.n} answers; base {base.value:.1%}{_tenths(base)}"
        )
    return found


def _tenths(one: Metric) -> str:
    return "" if one.low is None or one.high is None else f" [{one.low:.1%}, {one.high:.1%}]"


def _preference(given: GateInput) -> list[str]:
    rate = metric_of(given, TRACK, "win_rate", ALL, "candidate")
    if rate is None or rate.value is None:
        return []
    why = f" ({rate.why})" if rate.why else ""
    found = [f"preferred in {rate.value:.0%}{_percents(rate)} of {rate.n} prompts, ties as half{why}"]
    controlled = metric_of(given, TRACK, "win_rate_length_controlled", ALL, "candidate")
    if controlled is not None and controlled.value is None:
        found.append(f"what would be preferred at equal length is not known: {controlled.why}")
    elif controlled is not None:
        why = f" ({controlled.why})" if controlled.why else ""
        found.append(
            f"at equal length it would be preferred in {controlled.value:.0%}{_percents(controlled)}{why}"
        )
    judges = [one for one in given.metrics if one.track == TRACK and one.name == "win_rate_judge"]
    if judges:
        said = [
            f"{one.slice} {one.value:.0%} of {one.n}{', never prefers' if one.why else ''}"
            for one in judges[:SHOWN]
            if one.value is not None
        ]
        found.append(f"by judge: {'; '.join(said)}")
    return found + _judges(given)


def _judges(given: GateInput) -> list[str]:
    """How far each judge agrees with people, and whether it prefers what it is shown first."""
    found = []
    agreements = [one for one in given.metrics if (one.track, one.name) == (TRACK, "judge_agreement")]
    if agreements:
        said = [
            f"{one.slice} not known ({one.why})"
            if one.value is None
            else f"{one.slice} {one.value:.2f}{_hundredths(one)} on {one.n} prompts"
            for one in agreements[:SHOWN]
        ]
        found.append(f"agreement with people (Gwet's AC1; 1 is full, 0 what chance gives): {'; '.join(said)}")
    orders = [one for one in given.metrics if (one.track, one.name) == (TRACK, "judge_first")]
    said = [
        f"{one.slice} {one.value:.0%}{_percents(one)} of {one.n}"
        for one in orders[:SHOWN]
        if one.value is not None
    ]
    return found + ([f"votes for the answer that was shown first: {'; '.join(said)}"] if said else [])


def _hundredths(one: Metric) -> str:
    return "" if one.low is None or one.high is None else f" [{one.low:.2f}, {one.high:.2f}]"


def _deployed(given: GateInput) -> list[str]:
    """Whether what will be served answers as what was reviewed, in a sentence a form."""
    found = []
    for form in given.settings.get(TRACK, {}).get("forms", ()):
        answers, noise, logp, floor = (
            metric_of(given, TRACK, name, form, side)
            for name in ("artefact_answers", "artefact_logp")
            for side in ("candidate", "base")
        )
        if answers is None or answers.value is None:
            why = answers.why if answers is not None else "it was not compared"
            found.append(f"the {form} form is not compared with the candidate: {why}")
            continue
        apart = ""
        if logp is not None and logp.value is not None and floor is not None and floor.value is not None:
            apart = f"; log-probability {logp.value:.2g} nats apart on average, {floor.value:.2g} by rounding alone"
        found.append(
            f"the {form} form answers {hits_of(answers)} of {answers.n} prompts otherwise than the candidate, "
            f"{hits_of(noise) if noise is not None else 0} by rounding alone{apart}"
        )
    return found


def _percents(one: Metric) -> str:
    return "" if one.low is None or one.high is None else f" [{one.low:.0%}, {one.high:.0%}]"


def _length(given: GateInput) -> list[str]:
    base, candidate, change = (
        metric_of(given, TRACK, "length", ALL, side) for side in ("base", "candidate", "difference")
    )
    if base is None or candidate is None or change is None or change.value is None:
        return []
    numbers = []
    for name, title in (("length_p50", "median"), ("length_p90", "90th percentile")):
        sides = [metric_of(given, TRACK, name, ALL, side) for side in SIDES]
        values = [f"{one.value:.0f}" for one in sides if one is not None and one.value is not None]
        if len(values) == len(sides):
            numbers.append(f"{title} {' → '.join(values)}")
    bounds = (
        f" [{change.low:+z.1f}, {change.high:+z.1f}]"
        if change.low is not None and change.high is not None
        else ""
    )
    spread = f"; {', '.join(numbers)}" if numbers else ""
    return [
        f"mean length {base.value or 0.0:.0f} → {candidate.value or 0.0:.0f} words, change {change.value:+z.1f}"
        f"{bounds} on {change.n} pairs{spread}"
    ]


def hits_of(rate: Metric) -> int:
    """The number of answers that a share was made of."""
    return round((rate.value or 0.0) * (rate.n or 0))


def _unanswered(given: GateInput) -> list[str]:
    """Answers that are missing, empty or cut, where there are any: the other rates do not see them."""
    said = []
    for name, what in (
        ("answers_missing", "no answer"),
        ("answers_empty", "empty answers"),
        ("answers_cut", "cut by the token limit"),
    ):
        found = (metric_of(given, TRACK, name, ALL, side) for side in SIDES)
        counts = [hits_of(one) if one is not None else 0 for one in found]
        if any(counts):
            said.append(f"{what} {counts[0]} → {counts[1]}")
    return [f"base → candidate: {', '.join(said)}"] if said else []
