"""What the intent track says in the fields of the inspection report, from the evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.base.records import SIDES, GateInput
from analysis.plugin.gate import metric_of
from analysis.tracks.intent.enrichment_sentences import enrichment_words, number
from analysis.tracks.intent.metric_specs import TRACK
from analysis.tracks.intent.neutral_phrases import NEUTRAL
from analysis.tracks.intent.relevance_gates import correlation_words

if TYPE_CHECKING:
    import duckdb

SHOWN = 5
"""Slices named in each of the fields "Top improved slices" and "Top regressed slices"."""

_SLICES = """
SELECT d.slice, d.value, d.low, d.high, d.n, b.value, f.value, any_value(s.critical)
FROM evidence.metric d
JOIN evidence.metric b ON b.track = d.track AND b.slice = d.slice AND b.name = 'broken'
JOIN evidence.metric f ON f.track = d.track AND f.slice = d.slice AND f.name = 'fixed'
JOIN evidence.slice s ON s.track = d.track AND s.slice = d.slice AND s.kind NOT IN ('all', 'confusion')
WHERE d.track = ? AND d.name = 'accuracy' AND d.side = 'difference' AND d.value {sign} 0
GROUP BY ALL ORDER BY d.value {order}, d.slice LIMIT ?
"""

_TOP_WORDS = """
WITH word AS (
    SELECT a.side, a.method, lower(e.text[a.starts[i] + 1 : a.ends[i]]) AS word, a.scores[i] AS score
    FROM evidence.attribution a JOIN evidence.example e USING (ref),
         unnest(generate_series(1, len(a.scores))) AS t(i)
    WHERE a.status = 'ok' AND a.target = ? AND e.kind <> 'variant' AND a.scores[i] > 0)
SELECT side, word, count(*) AS texts, sum(score) AS total
FROM word WHERE method = ? GROUP BY side, word
QUALIFY row_number() OVER (PARTITION BY side ORDER BY total DESC, word) <= ? ORDER BY side, total DESC, word
"""


def report_sections(connection: duckdb.DuckDBPyConnection, given: GateInput) -> dict[str, list[str]]:
    """Sentences for the report's fields; `connection` has the run attached as `evidence`."""
    return {
        "Top improved slices": _slices(connection, improved=True),
        "Top regressed slices": _slices(connection, improved=False),
        "Attribution findings": [
            *_relevance(given),
            *_signals(given),
            *_licences(given),
            *_top_words(connection, given),
        ],
    }


def _slices(connection: duckdb.DuckDBPyConnection, *, improved: bool) -> list[str]:
    sql = _SLICES.format(sign=">" if improved else "<", order="DESC" if improved else "ASC")
    rows = connection.execute(sql, [TRACK, SHOWN]).fetchall()
    return [
        f"{name}{' (critical)' if critical else ''} {value:+.3f} [{low:.3f}, {high:.3f}], "
        f"{int(broken)} broken and {int(fixed)} fixed of {n}"
        for name, value, low, high, n, broken, fixed, critical in rows
    ] or ["none"]


def _relevance(given: GateInput) -> list[str]:
    """What each declared cue does, with what stands beside it, and where a correlation was not learned."""
    found = []
    for target, cues in given.settings.get(TRACK, {}).get("irrelevant", {}).items():
        for cue in cues:
            key = f"{target}/{cue}"
            own = metric_of(given, TRACK, "relevance_own_other", key, "candidate")
            base = metric_of(given, TRACK, "relevance_own_other", key, "base")
            if own is not None and base is not None:
                held_out = metric_of(given, TRACK, "relevance_held_out_other", key, "candidate")
                beside = f"; terms that the lexicon does not hold {number(held_out)}" if held_out else ""
                found.append(
                    f"inserting {cue} changes p({target}) by {number(own)} on {own.n} texts of other classes; "
                    f"base {number(base)}{beside} (counterfactual edits)"
                )
            found += filter(
                None, (enrichment_words(given, target, cue), correlation_words(given, target, cue))
            )
        neutral = metric_of(given, TRACK, "relevance_neutral_other", f"{target}/{NEUTRAL}", "candidate")
        if neutral is not None:
            found.append(
                f"inserting neutral phrases changes p({target}) by {number(neutral)} on {neutral.n} texts of "
                "other classes (counterfactual edits; shown beside, never subtracted)"
            )
    return found


def _signals(given: GateInput) -> list[str]:
    found = []
    for target in given.settings.get(TRACK, {}).get("signals", {}):
        base, candidate = (metric_of(given, TRACK, "signal_effect", target, side) for side in SIDES)
        if base is not None and candidate is not None and candidate.n:
            found.append(
                f"deleting the expected signals of {target} takes {number(candidate)} from its log-odds on "
                f"{candidate.n} texts; base {number(base)} (counterfactual edits)"
            )
    return found


def _licences(given: GateInput) -> list[str]:
    """How many attributions of the critical slices may support a finding, and whether their aggregate may."""
    critical = {one.slice for one in given.slices if one.track == TRACK and one.critical}
    granted = {
        (one.slice, one.side, one.method.partition(";")[0]): one
        for one in given.metrics
        if one.track == TRACK and one.name == "licence"
    }
    found = []
    for share in given.metrics:
        whole = granted.get((share.slice, share.side, share.method.partition(";")[0]))
        if (
            share.track != TRACK
            or share.name != "licence_share"
            or share.slice not in critical
            or whole is None
        ):
            continue
        words = ""
        if share.value is not None:
            words = f" {share.value:.0%} [{share.low:.0%}, {share.high:.0%}] of {share.n} decidable;"
        verdict = "licensed" if whole.value else f"not licensed: {whole.why}"
        found.append(
            f"licensed attributions in {share.slice}, {share.side}, {share.method}:{words} "
            f"the slice as a whole is {verdict}"
        )
    return found


def _top_words(connection: duckdb.DuckDBPyConnection, given: GateInput) -> list[str]:
    found = []
    for target in given.settings.get(TRACK, {}).get("irrelevant", {}):
        rows = connection.execute(_TOP_WORDS, [target, "occlusion", SHOWN]).fetchall()
        for side in ("base", "candidate"):
            words = [f"{word} ({texts})" for row_side, word, texts, _ in rows if row_side == side]
            if words:
                found.append(
                    f"words that most support {target} in the inspected messages, {side}, by occlusion, "
                    f"with the number of messages: {', '.join(words)}"
                )
    return found
