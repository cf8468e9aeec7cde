"""What the response track says in the fields of the inspection report, from the evidence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from analysis.base.records import ALL, SIDES, GateInput, Metric
from analysis.plugin.gate import metric_of
from analysis.tracks.response.detectors import BY_NAME
from analysis.tracks.response.gates import DETECTORS, STRICT, flagged_for, judged_slices
from analysis.tracks.response.judged import new_hits, sort_hits, span_words
from analysis.tracks.response.metric_specs import HALLUCINATES, HALLUCINATION, TRACK
from analysis.tracks.response.triggers import hits_of

if TYPE_CHECKING:
    import duckdb

FIELD = "Response findings"
SHOWN = 5
"""Slices, judges and tokens that are named."""
QUOTED = {"spoilers": 2, "facts": 2, "promises": 3}
"""Examples that are quoted for a detector, one where it is not named."""
LONGEST = 80
"""Characters of an answer that are quoted."""
_SPANS = """
SELECT e.ref, e.id, s.start, s."end", r.text[s.start + 1 : s."end"], s.why
FROM evidence.example e
JOIN evidence.response_side r ON r.ref = e.ref AND r.side = 'candidate'
JOIN evidence.response_hit h ON h.ref = e.ref AND h.side = 'candidate' AND h.detector = $detector
JOIN evidence.span s ON s.ref = h.ref AND s.side = h.side AND s.detector = h.detector AND s.start = h.start
     AND s."end" = h."end" AND s.label = h.label
WHERE e.ref IN (SELECT unnest($refs::VARCHAR[])) ORDER BY s.start, s."end", s.why
"""

_SLICES = """
SELECT d.slice, d.name, d.value, d.low, d.high, d.n, b.value, f.value, any_value(s.critical)
FROM evidence.metric d
JOIN evidence.metric b ON b.track = d.track AND b.slice = d.slice AND b.name = replace(d.name, '_rate', '_broken')
JOIN evidence.metric f ON f.track = d.track AND f.slice = d.slice AND f.name = replace(d.name, '_rate', '_fixed')
JOIN evidence.slice s ON s.track = d.track AND s.slice = d.slice AND s.kind <> 'all'
WHERE d.track = $track AND d.name IN (SELECT unnest($rates::VARCHAR[])) AND d.side = 'difference'
  AND d.value {sign} 0
GROUP BY ALL ORDER BY d.{bound} {order}, d.slice, d.name LIMIT $shown
"""


@dataclass(frozen=True)
class Rate:
    """Answers with a hit on either side, of the same `n` prompts."""

    base: int
    candidate: int
    change: Metric


def report_sections(connection: duckdb.DuckDBPyConnection, given: GateInput) -> dict[str, list[str]]:
    """Sentences for the report's fields; `connection` has the run attached as `evidence`."""
    found = {
        FIELD: [
            *_detectors(connection, given),
            *_hallucination(given),
            *_sampled(given),
            *_preference(given),
            *_length(given),
            *_unanswered(given),
            *_trust(given),
        ]
    }
    if any(rate_of(given, name, ALL) is not None for name in DETECTORS):
        found["Top improved slices"] = _slices(connection, improved=True)
        found["Top regressed slices"] = _slices(connection, improved=False)
    return found


def rate_of(given: GateInput, detector: str, slice_name: str) -> Rate | None:
    """The rate of a detector on a slice, or None where it applies to nothing there."""
    base, candidate = (metric_of(given, TRACK, f"{detector}_rate", slice_name, side) for side in SIDES)
    change = metric_of(given, TRACK, f"{detector}_rate", slice_name)
    if base is None or candidate is None or change is None or not change.n:
        return None
    return Rate(hits_of(base), hits_of(candidate), change)


def _detectors(connection: duckdb.DuckDBPyConnection, given: GateInput) -> list[str]:
    """For every detector and critical slice: how often, what people said of it, and an example to look at."""
    # Imports every detector, which the console has no need of before a report is made.
    from analysis.tracks.response.detectors.quality import UNKNOWN

    found = []
    silent = []
    for detector in DETECTORS:
        for slice_name in judged_slices(given):
            rate = rate_of(given, detector, slice_name)
            if rate is None:
                continue
            if not rate.base and not rate.candidate:
                if slice_name == ALL:
                    silent.append(detector)
                continue
            quoted = _quoted(connection, given, detector, slice_name)
            unsure = f"; {UNKNOWN}" if _quality(rate.change) == UNKNOWN else ""
            where = "" if slice_name == ALL else f" where the prompt is in {slice_name!r}"
            found.append(
                f"{BY_NAME[detector].verb} {rate.candidate} of {rate.change.n} answers{where} (base {rate.base}; "
                f"change {_points(rate.change)}{_matched(given, detector, slice_name)}{unsure})"
                f"{_said(given, detector, slice_name)}{quoted}"
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


def _quality(change: Metric) -> str:
    """What is known of the detector, as its rate says."""
    return change.method.partition("; ")[2]


def _trust(given: GateInput) -> list[str]:
    """How far the detectors with hits can be trusted, in one sentence."""
    rates = {name: rate for name in DETECTORS if (rate := rate_of(given, name, ALL)) is not None}
    said = [f"{name} {_quality(rate.change)}" for name, rate in rates.items() if rate.base or rate.candidate]
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


def _quoted(connection: duckdb.DuckDBPyConnection, given: GateInput, detector: str, slice_name: str) -> str:
    """Examples, confirmed ones first; refuted ones are no examples."""
    hits = sort_hits(given, detector, flagged_for(given, detector, slice_name))
    refs = [*hits.confirmed, *hits.open, *hits.accepted]
    if not refs:
        return ""
    shown = refs[: QUOTED.get(detector, 1) if slice_name == ALL else 1]
    rows = connection.execute(_SPANS, {"refs": shown, "detector": detector}).fetchall()
    words = span_words(given.state)

    def rank(row: tuple[Any, ...]) -> tuple[int, int]:
        """The examples in their order, and of each the span that people say is one."""
        word = words.get((row[0], (detector, row[2], row[3])), set())
        return shown.index(row[0]), {("confirmed",): 0, (): 1}.get(tuple(word), 2)

    said: dict[str, str] = {}
    for _, name, _, _, text, why in sorted(rows, key=rank):
        said.setdefault(name, f"{name} “{_short(text)}” ({why})" if text.strip() else f"{name} ({why})")
    return f"; e.g. {'; '.join(said.values())}" if said else ""


def _short(text: str) -> str:
    """One line of a text, at most so long."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else line[: LONGEST - 1].rstrip() + "…"


def _hallucination(given: GateInput) -> list[str]:
    rate = rate_of(given, HALLUCINATION, ALL)
    if rate is None:
        return []
    new = new_hits(given, HALLUCINATION)
    hits = sort_hits(given, HALLUCINATION, new)
    confirmed = f"; {len(hits.confirmed)} of {len(new)} new ones confirmed by a person" if new else ""
    return [
        f"{HALLUCINATES} {rate.candidate} of {rate.change.n} answers (base {rate.base}; change "
        f"{_points(rate.change)}{_matched(given, HALLUCINATION, ALL)}){confirmed}"
    ]


def _verb(name: str) -> str:
    return HALLUCINATES if name == HALLUCINATION else BY_NAME[name].verb


def _sampled(given: GateInput) -> list[str]:
    """What sampling shows beside one answer to each prompt, for what must not happen at all."""
    found = []
    for detector in (*STRICT, HALLUCINATION):
        base, candidate = (metric_of(given, TRACK, f"{detector}_rate_sampled", ALL, side) for side in SIDES)
        if base is None or candidate is None or base.value is None or candidate.value is None:
            continue
        found.append(
            f"sampled: {_verb(detector)} {candidate.value:.1%}{_share(candidate)} of {candidate.n} answers; "
            f"base {base.value:.1%}{_share(base)}"
        )
    return found


def _share(one: Metric) -> str:
    return "" if one.low is None or one.high is None else f" [{one.low:.1%}, {one.high:.1%}]"


def _preference(given: GateInput) -> list[str]:
    rate = metric_of(given, TRACK, "win_rate", ALL, "candidate")
    if rate is None or rate.value is None:
        return []
    why = f" ({rate.why})" if rate.why else ""
    found = [f"preferred in {rate.value:.0%}{_whole(rate)} of {rate.n} prompts, ties as half{why}"]
    controlled = metric_of(given, TRACK, "win_rate_length_controlled", ALL, "candidate")
    if controlled is not None and controlled.value is None:
        found.append(f"what would be preferred at equal length is not known: {controlled.why}")
    elif controlled is not None:
        why = f" ({controlled.why})" if controlled.why else ""
        found.append(
            f"at equal length it would be preferred in {controlled.value:.0%}{_whole(controlled)}{why}"
        )
    judges = [one for one in given.metrics if one.track == TRACK and one.name == "win_rate_judge"]
    if judges:
        said = [
            f"{one.slice} {one.value:.0%} of {one.n}{', never prefers' if one.why else ''}"
            for one in judges[:SHOWN]
            if one.value is not None
        ]
        found.append(f"by judge: {'; '.join(said)}")
    return found


def _whole(one: Metric) -> str:
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


def _slices(connection: duckdb.DuckDBPyConnection, *, improved: bool) -> list[str]:
    # By the bound nearer to no change: a slice of two answers is not the most regressed one.
    sign, bound, order = ("<", "high", "ASC") if improved else (">", "low", "DESC")
    sql = _SLICES.format(sign=sign, bound=bound, order=order)
    rates = [f"{name}_rate" for name in DETECTORS]
    rows = connection.execute(sql, {"track": TRACK, "rates": rates, "shown": SHOWN}).fetchall()
    return [
        f"{name}{' (critical)' if critical else ''} {rate.removesuffix('_rate')} rate {value:+.3f}"
        f"{'' if low is None else f' [{low:.3f}, {high:.3f}]'}, {int(broken)} new and {int(fixed)} gone of {n}"
        for name, rate, value, low, high, n, broken, fixed, critical in rows
    ] or ["none"]
