"""What `intent.relevance` says of cues that nobody declared and the search found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from analysis.base.gate_records import Criterion, GateInput, GateResult, GateVerdict
from analysis.base.records import Metric, MetricSide
from analysis.plugin.gate import Gate, analysed, metric_of, number_row, result
from analysis.tracks.intent.enrichment_sentences import number
from analysis.tracks.intent.found_sentences import found_sentence
from analysis.tracks.intent.metric_specs import TRACK, criterion


def found_results(given: GateInput, gate: Gate) -> Iterator[GateResult]:
    """One result for each group of found cues, and one for each critical class that could not be searched at all.

    What was searched for among very many can be a word of the class that the candidate has learned: so it is never a
    failure by itself, but unknown until every flagged example has a verdict with a cause, and a warning from then on.
    """
    settings = given.settings.get(TRACK, {})
    for key, one in settings.get("found", {}).items():
        yield _one_found(given, gate, key, one)
    for target, one in settings.get("not_searched", {}).items():
        if one["in_part"]:
            continue
        why = f"undeclared cues were not searched for; {one['why']}"
        yield result(gate, one["status"], why, slice_name=f"{target}/found")


def found_metrics(given: GateInput, key: str, direction: str) -> dict[MetricSide, Metric | None]:
    """Mean effect of a group of found cues on the texts that confirmed it, by side, and as change."""
    name = f"relevance_found_{'critical' if direction == 'fall' else 'other'}"
    sides: tuple[MetricSide, ...] = ("candidate", "base", "difference")
    return {side: metric_of(given, TRACK, name, key, side) for side in sides}


def _one_found(given: GateInput, gate: Gate, key: str, one: Mapping[str, Any]) -> GateResult:
    effects = found_metrics(given, key, one["direction"])
    refs = given.flagged.get(f"{gate.name}[{key}]", ())
    open_refs = [ref for ref in refs if not analysed(given.state, ref)]
    done = len(refs) - len(open_refs)
    unread = bool(open_refs) or not refs
    verdict: GateVerdict = "unknown" if unread else "warn"
    analysis = f"error analysis: {done} of {len(refs)} flagged have a verdict with a cause"
    own, base = effects["candidate"], effects["base"]
    texts = "texts of the class" if one["direction"] == "fall" else "texts of other classes"
    what = "flagged examples with a verdict and its cause"
    rows: list[Criterion] = [
        criterion(f"change of p(class) by inserting it, {texts}", own, "confirmed by the search", "warn"),
        criterion(f"the same by the base, {texts}", base, "a tenth of it at most", "pass"),
        number_row(what, done, "count", f"all {len(refs)}", "unknown" if unread else "pass"),
    ]
    measured = f"{number(own)} on {own.n} {texts}, base {number(base)}" if own is not None else "not measured"
    return result(
        gate,
        verdict,
        f"{found_sentence(one)}: {measured}; {analysis}",
        slice_name=key,
        metric=own,
        threshold="none is declared: unknown until error analysis",
        criteria=rows,
        refs=open_refs or refs,
        open_refs=open_refs,
        waiver_blocked=f"{analysis}; the rest comes first" if open_refs else "",
    )
