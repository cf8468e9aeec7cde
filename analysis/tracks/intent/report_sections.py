"""What the intent track says in the fields of the inspection report, from the evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.base.gate_records import GateInput
from analysis.base.records import ALL, SIDES
from analysis.base.sql import queries
from analysis.plugin.change_evidence import stored_parts
from analysis.plugin.change_sentence import change_sentences
from analysis.plugin.clusters import cluster_sentences
from analysis.plugin.gate import metric_of
from analysis.plugin.report_fields import ATTRIBUTION, CHANGED, INSPECTED
from analysis.plugin.trigger import clear, count
from analysis.tracks.intent.cue_evidence import correlation_sentence
from analysis.tracks.intent.enrichment_sentences import enrichment_sentence, number
from analysis.tracks.intent.found_queries import searched
from analysis.tracks.intent.found_sentences import found_sentence
from analysis.tracks.intent.gates.found import found_metrics
from analysis.tracks.intent.metric_specs import TRACK
from analysis.tracks.intent.names import OCCLUSION
from analysis.tracks.intent.neutral_phrases import NEUTRAL
from analysis.tracks.intent.option_sentences import choice_sentences, option_rows, trial_sentences
from analysis.tracks.intent.wrong_gold import wrong_gold

if TYPE_CHECKING:
    import duckdb

_SQL = queries(__package__, "report.sql")

SHOWN = 5
"""Words and slices that one sentence names."""


def report_sections(connection: duckdb.DuckDBPyConnection, given: GateInput) -> dict[str, list[str]]:
    """Sentences for the report's fields; `connection` has the run attached as `evidence`."""
    moving, still = _relevance(given)
    return {
        CHANGED: [*_routing(connection, given), *_production(given)],
        INSPECTED: [
            *wrong_gold(connection, given),
            *_cut(connection),
            *cluster_sentences(connection, TRACK, "messages"),
        ],
        ATTRIBUTION: [
            *_no_model(given),
            *moving,
            *_found(connection, given),
            *_signals(given),
            *_reverted(given),
            *_where_changed(connection, given),
            *_top_words(connection, given),
            *_leading(given),
            *_licences(given),
            *still,
            *_chosen(connection),
        ],
    }


def _no_model(given: GateInput) -> list[str]:
    """Why nothing of all this was measured, where predictions were recorded."""
    why = given.settings.get(TRACK, {}).get("no_model")
    return [f"no explanation, probe or drift was measured: {why}"] if why else []


def _routing(connection: duckdb.DuckDBPyConnection, given: GateInput) -> list[str]:
    """What is acted on from the declared threshold on, and what would be from others."""
    threshold = given.settings.get(TRACK, {}).get("threshold")
    change = None if threshold is None else metric_of(given, TRACK, "selective_change", ALL)
    if change is None:
        return []
    table = [
        f"from {at:g} on {_of(base_routed, n)} and {_of(base_wrong, base_routed)} → "
        f"{_of(routed, n)} and {_of(wrong, routed)}"
        for at, n, base_routed, base_wrong, routed, wrong in connection.execute(
            _SQL["risk_coverage"]
        ).fetchall()
    ]
    broken, fixed = (count(given, TRACK, f"selective_{name}", ALL) for name in ("broken", "fixed"))
    return [
        f"of {change.n} messages acted on with a confidence of {threshold:g} or more, {broken} are newly wrong and "
        f"{fixed} no longer: {number(change)} of them",
        f"share acted on, and error among them, base → candidate: {'; '.join(table)}",
    ]


def _production(given: GateInput) -> list[str]:
    """Accuracy and costs as production will see them, with what they were weighed by."""
    found = []
    for name, words in (
        ("traffic_accuracy", "accuracy weighed to production"),
        ("expected_cost", "expected cost of errors, of 10,000 messages"),
    ):
        if name not in given.specs[TRACK]:
            continue  # The run is older than the number.
        base, candidate, change = (
            metric_of(given, TRACK, name, ALL, side) for side in (*SIDES, "difference")
        )
        if base is None or candidate is None or change is None:
            continue
        if base.value is None or candidate.value is None:
            found.append(f"{words} unknown: {change.why}")
            continue
        raw = metric_of(given, TRACK, "accuracy", ALL)
        beside = f"; unweighed {number(raw)}" if name == "traffic_accuracy" else ""
        found.append(
            f"{words} {base.value:.4g} → {candidate.value:.4g}, change {number(change)}{beside} ({change.method})"
        )
    return found


def _cut(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Messages of which a side read only the beginning, where there are any."""
    row = connection.execute(_SQL["cut_texts"], {"track": TRACK, "all": ALL}).fetchone()
    if row is None or not row[0]:
        return []
    texts, read, base, candidate = row
    return [
        f"messages cut at the {read:,} tokens that are read: {texts:,} (base {base:,}, candidate {candidate:,})"
    ]


def _of(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "–"


def _relevance(given: GateInput) -> tuple[list[str], list[str]]:
    """What each declared cue does, with what stands beside it, and where a correlation was not learned.

    Returns:
        The sentences of cues that move a side, and those of the others.
    """
    found: list[str] = []
    still: list[str] = []
    for target, cues in given.settings.get(TRACK, {}).get("irrelevant", {}).items():
        for cue in cues:
            key = f"{target}/{cue}"
            own = metric_of(given, TRACK, "relevance_own_other", key, "candidate")
            base = metric_of(given, TRACK, "relevance_own_other", key, "base")
            said = found if any(one is not None and clear(one) for one in (own, base)) else still
            if own is not None and base is not None:
                held_out = metric_of(given, TRACK, "relevance_held_out_other", key, "candidate")
                beside = f"; terms that the lexicon does not hold {number(held_out)}" if held_out else ""
                said.append(
                    f"inserting {cue} changes p({target}) by {number(own)} on {own.n} texts of other classes; "
                    f"base {number(base)}{beside} (counterfactual edits)"
                )
            said += filter(
                None, (enrichment_sentence(given, target, cue), correlation_sentence(given, target, cue))
            )
        neutral = metric_of(given, TRACK, "relevance_neutral_other", f"{target}/{NEUTRAL}", "candidate")
        if neutral is not None:
            still.append(
                f"inserting neutral phrases changes p({target}) by {number(neutral)} on {neutral.n} texts of "
                "other classes (counterfactual edits; shown beside, never subtracted)"
            )
    return found, still


def _found(connection: duckdb.DuckDBPyConnection, given: GateInput) -> list[str]:
    """What the search for undeclared cues found, and how much it tried; or why it was not made."""
    settings = given.settings.get(TRACK, {})
    said = []
    for key, one in settings.get("found", {}).items():
        effects = found_metrics(given, key, one["direction"])
        own, base = effects["candidate"], effects["base"]
        if own is not None and base is not None:
            measured = f"{number(own)} on {own.n} texts that had no part in finding it, base {number(base)}"
            said.append(f"{found_sentence(one)}: change of p {measured} (counterfactual edits)")
    critical, classes, tried = searched(connection)
    if classes and not said:
        said.append(
            f"the search for undeclared cues confirmed none: {critical} critical classes thoroughly, {classes} in all, "
            f"{tried} cues tried on the half of the texts that confirms"
        )
    said += [
        f"undeclared cues of {target} were not {'all ' if one['in_part'] else ''}searched for: {one['why']}"
        for target, one in settings.get("not_searched", {}).items()
    ]
    return said


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


def _leading(given: GateInput) -> list[str]:
    """Which gradient method leads, and where the rules of layer-wise relevance do not hold, why."""
    found = {side: metric_of(given, TRACK, "relevance_holds", ALL, side) for side in SIDES}
    refused = [f"{side}: {one.why}" for side, one in found.items() if one is not None and not one.value]
    if refused:
        return [f"integrated gradients lead, layer-wise relevance does not hold ({'; '.join(refused)})"]
    return ["layer-wise relevance leads the gradient methods"] if all(found.values()) else []


def _chosen(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """What was chosen by cross-fitting for explanations, and by what figures."""
    rows = option_rows(connection)
    return [
        f"{sentence} (mean percentile against random rankings)"
        for sentence in (*choice_sentences(rows), *trial_sentences(rows))
    ]


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


def _reverted(given: GateInput) -> list[str]:
    """How many flips a change of few words reverts, and how many random changes of as many words do."""
    share = metric_of(given, TRACK, "flips_reverted", ALL)
    if share is None or share.n is None or share.value is None:
        return []
    chance = metric_of(given, TRACK, "flips_reverted_random", ALL)
    beside = "" if chance is None else f"; random changes of as many words revert {chance.value:.0%}"
    return [
        f"{round(share.value * share.n)} of {share.n} flips among the attributed messages are reverted by a change of "
        f"few words{beside} (counterfactual edits)"
    ]


def _where_changed(connection: duckdb.DuckDBPyConnection, given: GateInput) -> list[str]:
    """Where the change lives, and in which slices the last layer moved beyond noise; neither is a judgement."""
    found = change_sentences(stored_parts(connection, TRACK))
    moved = connection.execute(_SQL["moved_slices"], {"all": ALL, "shown": SHOWN}).fetchall()
    if moved:
        names = ", ".join(f"{name} {value:.3f} of {n}" for name, value, n in moved)
        found.append(
            f"cosine of the states of the last layer, base against candidate, over all and where it is lowest: {names} "
            "(says where to look, and judges nothing)"
        )
    return found


def _top_words(connection: duckdb.DuckDBPyConnection, given: GateInput) -> list[str]:
    found = []
    for target in given.settings.get(TRACK, {}).get("irrelevant", {}):
        asked = {"target": target, "method": OCCLUSION, "shown": SHOWN}
        rows = connection.execute(_SQL["top_words"], asked).fetchall()
        for side in ("base", "candidate"):
            words = [f"{word} ({texts})" for row_side, word, texts, _ in rows if row_side == side]
            if words:
                found.append(
                    f"words that most support {target} in the inspected messages, {side}, by occlusion, "
                    f"with the number of messages: {', '.join(words)}"
                )
    return found
