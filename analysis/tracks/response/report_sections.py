"""What the response track says in the fields of the inspection report, from the evidence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from analysis.base.gate_records import GateInput
from analysis.base.records import ALL, SIDES, Metric
from analysis.base.sql import queries
from analysis.plugin.gate import metric_of
from analysis.plugin.report_fields import IMPROVED, REGRESSED
from analysis.tracks.response.detectors.quality import UNKNOWN
from analysis.tracks.response.gate_keys import flagged_for, judged_slices
from analysis.tracks.response.hallucination import HALLUCINATION, VERB
from analysis.tracks.response.metric_specs import TRACK
from analysis.tracks.response.rate_counts import hits_of, rate_counts
from analysis.tracks.response.span_verdicts import new_hits, sort_hits, verdicts_on_spans

if TYPE_CHECKING:
    import duckdb

FIELD = "Response findings"
SHOWN = 5
"""Slices, judges and tokens that are named."""
LONGEST = 80
"""Characters of an answer that are quoted."""
_SQL = queries(__package__, "report.sql")


class Told(NamedTuple):
    """What the report says of a detector, in the words that the run holds."""

    name: str
    verb: str
    strict: bool
    quoted: int
    quality: str


def report_sections(connection: duckdb.DuckDBPyConnection, given: GateInput) -> dict[str, list[str]]:
    """Sentences for the report's fields; `connection` has the run attached as `evidence`."""
    told = [Told(*row) for row in connection.execute(_SQL["detectors"]).fetchall()]
    found = {
        FIELD: [
            *_detectors(connection, given, told),
            *_hallucination(given),
            *_sampled(given, told),
            *_deployed(given),
            *_preference(given),
            *_length(given),
            *_unanswered(given),
            *_trust(given, told),
        ]
    }
    if any(rate_counts(given, one.name, ALL) is not None for one in told):
        found[IMPROVED] = _slices(connection, risen=False)
        found[REGRESSED] = _slices(connection, risen=True)
    return found


def _detectors(connection: duckdb.DuckDBPyConnection, given: GateInput, told: Sequence[Told]) -> list[str]:
    """For every detector and critical slice: how often, what people said of it, and an example to look at."""
    found = []
    silent = []
    for one in told:
        for slice_name in judged_slices(given):
            rate = rate_counts(given, one.name, slice_name)
            if rate is None:
                continue
            if rate.silent:
                if slice_name == ALL:
                    silent.append(one.name)
                continue
            unsure = "" if one.quality else f"; {UNKNOWN}"
            where = "" if slice_name == ALL else f" where the prompt is in {slice_name!r}"
            found.append(
                f"{one.verb} {rate.candidate} of {rate.change.n} answers{where} (base {rate.base}; "
                f"change {_points(rate.change)}{_matched(given, one.name, slice_name)}{unsure})"
                f"{_said(given, one.name, slice_name)}{_quoted(connection, given, one, slice_name)}"
            )
    if silent:
        found.append(f"nothing found on either side by the detectors of {', '.join(silent)}")
    return found


def _points(change: Metric) -> str:
    """`+32 points [+18, +49]`: a change of a rate with its interval."""
    bounds = ""
    if change.low is not None and change.high is not None:
        bounds = f" [{100 * change.low:+.0f}, {100 * change.high:+.0f}]"
    return f"{100 * (change.value or 0.0):+.0f} points{bounds}"


def _trust(given: GateInput, told: Sequence[Told]) -> list[str]:
    """How far the detectors with hits can be trusted, in one sentence."""
    rates = [(one, rate_counts(given, one.name, ALL)) for one in told]
    said = [
        f"{one.name} {one.quality or UNKNOWN}" for one, rate in rates if rate is not None and not rate.silent
    ]
    return [f"how good the detectors are: {'; '.join(said)}"] if said else []


def _matched(given: GateInput, detector: str, slice_name: str) -> str:
    """The same at matched length, so that nobody puts it down to longer answers, or so that somebody does."""
    change = metric_of(given, TRACK, f"{detector}_rate_matched", slice_name)
    if change is None or not change.n:
        return "; no two answers of like length to compare"
    return f"; at like length {_points(change)} on {change.n}"


def _said(given: GateInput, detector: str, slice_name: str) -> str:
    """How many of the new hits people confirmed, refuted, accepted, and did not look at."""
    hits = sort_hits(given, detector, flagged_for(given, detector, slice_name))
    parts = {
        "confirmed by a person": hits.confirmed,
        "refuted": hits.refuted,
        "accepted": hits.accepted,
        "not looked at": hits.open,
    }
    said = [f"{len(refs)} {what}" for what, refs in parts.items() if refs]
    return f"; of the new ones {', '.join(said)}" if said else ""


def _quoted(connection: duckdb.DuckDBPyConnection, given: GateInput, one: Told, slice_name: str) -> str:
    """Examples, confirmed ones first; refuted ones are no examples."""
    hits = sort_hits(given, one.name, flagged_for(given, one.name, slice_name))
    refs = [*hits.confirmed, *hits.open, *hits.accepted]
    if not refs:
        return ""
    shown = refs[: one.quoted if slice_name == ALL else 1]
    rows = connection.execute(_SQL["quotations"], {"refs": shown, "detector": one.name}).fetchall()
    verdicts = verdicts_on_spans(given.state)

    def rank(row: tuple[Any, ...]) -> tuple[int, int]:
        """The examples in their order, and of each the span that people say is one."""
        verdict = verdicts.get((row[0], (one.name, row[2], row[3])), set())
        return shown.index(row[0]), {("confirmed",): 0, (): 1}.get(tuple(verdict), 2)

    said: dict[str, str] = {}
    for _, name, _, _, text, why in sorted(rows, key=rank):
        said.setdefault(name, f"{name} “{_short(text)}” ({why})" if text.strip() else f"{name} ({why})")
    return f"; e.g. {'; '.join(said.values())}" if said else ""


def _short(text: str) -> str:
    """One line of a text, at most so long."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else line[: LONGEST - 1].rstrip() + "…"


def _hallucination(given: GateInput) -> list[str]:
    rate = rate_counts(given, HALLUCINATION, ALL)
    if rate is None:
        return []
    new = new_hits(given, HALLUCINATION)
    hits = sort_hits(given, HALLUCINATION, new)
    confirmed = f"; {len(hits.confirmed)} of {len(new)} new ones confirmed by a person" if new else ""
    return [
        f"{VERB} {rate.candidate} of {rate.change.n} answers (base {rate.base}; change "
        f"{_points(rate.change)}{_matched(given, HALLUCINATION, ALL)}){confirmed}"
    ]


def _sampled(given: GateInput, told: Sequence[Told]) -> list[str]:
    """What sampling shows beside one answer to each prompt, for what must not happen at all."""
    found = []
    for one in told:
        base, candidate = (metric_of(given, TRACK, f"{one.name}_rate_sampled", ALL, side) for side in SIDES)
        if (
            not one.strict
            or base is None
            or candidate is None
            or base.value is None
            or candidate.value is None
        ):
            continue
        found.append(
            f"sampled: {one.verb} {candidate.value:.1%}{_tenths(candidate)} of {candidate.n} answers; "
            f"base {base.value:.1%}{_tenths(base)}"
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
    for form in given.settings.get(TRACK, {}).get("deployed") or {}:
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
        f" [{change.low:+.1f}, {change.high:+.1f}]"
        if change.low is not None and change.high is not None
        else ""
    )
    spread = f"; {', '.join(numbers)}" if numbers else ""
    return [
        f"mean length {base.value or 0.0:.0f} → {candidate.value or 0.0:.0f} words, change {change.value:+.1f}"
        f"{bounds} on {change.n} pairs{spread}"
    ]


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


def _slices(connection: duckdb.DuckDBPyConnection, *, risen: bool) -> list[str]:
    asked = {"track": TRACK, "most": SHOWN, "risen": risen}
    rows = connection.execute(_SQL["changed_slices"], asked).fetchall()
    return [
        f"{name}{' (critical)' if critical else ''} {rate.removesuffix('_rate')} rate {value:+.3f}"
        f"{'' if low is None else f' [{low:.3f}, {high:.3f}]'}, {int(broken)} new and {int(fixed)} gone of {n}"
        for name, rate, value, low, high, n, broken, fixed, critical in rows
    ] or ["none"]
