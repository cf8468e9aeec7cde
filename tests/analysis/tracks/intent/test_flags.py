"""Flags of the intent track: which examples bear on which gate, and why."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis.plugin.flag import NEVER_CUT, ROUTED_CRITICAL
from analysis.plugin.settings import QueueSection
from analysis.plugin.stage import PlanContext
from analysis.run.queue import build_queue
from analysis.tracks.intent.flags import CUES_PER_GATE, ROUTED, ROUTED_KEPT, flags
from tests.analysis.tracks.intent.probed import probe

TITLES = "intent.relevance[escalation/titles]"
ROUTING = "intent.critical_routing[escalation]"


def flagged(context: PlanContext, reason: str) -> list[tuple[str, str | None]]:
    return [(one.ref, one.gate) for one in flags(context.workbench, context.settings) if one.reason == reason]


@pytest.fixture
def context(tiny_review: Path) -> PlanContext:
    return probe(tiny_review)[0]


def holding(context: PlanContext) -> tuple[str, str, int, int]:
    """A message that names a title, the variant without it, and where the title stands."""
    ref, variant, start, end = context.workbench.execute(
        """
        SELECT e.parent_ref, v.ref, m.starts[1], m.ends[1] FROM intent_variant v JOIN example e USING (ref)
        JOIN intent_mention m ON m.ref = e.parent_ref AND m.name = 'titles'
        WHERE v.operation = 'remove' AND v.cue = 'titles' ORDER BY 1 LIMIT 1
        """
    ).fetchone()
    return ref, variant, start, end


@pytest.mark.parametrize(
    ("score", "fall", "expected"),
    [(3.0, 0.2, True), (0.01, 0.2, False), (3.0, 0.001, False), (-3.0, 0.2, True)],
)
def test_leaning_needs_both_attribution_and_a_fall_without_the_cue(
    context: PlanContext, score: float, fall: float, expected: bool
) -> None:
    ref, variant, start, end = holding(context)
    context.workbench.execute(
        "INSERT INTO attribution VALUES (?, 'candidate', 'occlusion', 'escalation', [?, 500], [?, 510], [?, 1], "
        "NULL, NULL, NULL, NULL, NULL, 'ok', '', '{}')",
        [ref, start, end, score],
    )
    context.workbench.execute(
        "UPDATE intent_variant SET candidate_plain_p = .5, candidate_p = ? WHERE ref = ?",
        [0.5 - fall, variant],
    )
    assert flagged(context, "explained by an irrelevant cue") == ([(ref, TITLES)] if expected else [])


def test_where_explanations_lean_and_nothing_falls_the_heaviest_are_flagged(context: PlanContext) -> None:
    ref, variant, start, end = holding(context)
    reason = "irrelevant cue weighs in the explanation"
    context.workbench.execute(
        "INSERT INTO attribution VALUES (?, 'candidate', 'occlusion', 'escalation', [?, 500], [?, 510], [3, 1], "
        "NULL, NULL, NULL, NULL, NULL, 'ok', '', '{}')",
        [ref, start, end],
    )
    for fall, expected in ((0.0, [(ref, TITLES)]), (0.2, [])):
        context.workbench.execute(
            "UPDATE intent_variant SET candidate_plain_p = .5, candidate_p = ? WHERE ref = ?",
            [0.5 - fall, variant],
        )
        assert flagged(context, reason) == expected


def test_attribution_that_may_not_be_read_flags_nothing(context: PlanContext) -> None:
    ref, variant, start, end = holding(context)
    context.workbench.execute(
        "INSERT INTO attribution VALUES (?, 'candidate', 'occlusion', 'escalation', [?], [?], [3], "
        "NULL, NULL, NULL, NULL, NULL, 'not interpretable', '', '{}')",
        [ref, start, end],
    )
    context.workbench.execute(
        "UPDATE intent_variant SET candidate_plain_p = .9, candidate_p = .1 WHERE ref = ?", [variant]
    )
    assert flagged(context, "explained by an irrelevant cue") == []


def test_what_the_base_does_alike_is_flagged_only_where_the_class_depends_on_it(
    context: PlanContext,
) -> None:
    context.workbench.execute(
        "UPDATE intent_variant SET base_p = .4, candidate_p = .4, base_plain_p = .1, candidate_plain_p = .1 "
        "WHERE cue = 'titles' AND operation = 'insert' AND source = 'lexicon'"
    )
    context.workbench.execute("DELETE FROM metric WHERE name LIKE 'relevance_own_%'")
    reason = "irrelevant cue moves the prediction"
    assert TITLES not in {gate for _, gate in flagged(context, reason)}
    context.workbench.execute(
        "INSERT INTO metric VALUES ('intent', 'relevance_own_other', 'escalation/titles', 'candidate', .3, .2, .4, "
        "300, 'ok', '', '', NULL)"
    )
    assert len([gate for _, gate in flagged(context, reason) if gate == TITLES]) == CUES_PER_GATE


def test_suppression_flags_the_texts_that_fall_most(context: PlanContext) -> None:
    reason = "irrelevant cue suppresses the class"
    context.workbench.execute("DELETE FROM metric WHERE name LIKE 'relevance_own_%'")
    assert flagged(context, reason) == []
    context.workbench.execute(
        "INSERT INTO metric VALUES ('intent', 'relevance_own_critical', 'escalation/titles', 'candidate', -.3, -.4, "
        "-.2, 60, 'ok', '', '', NULL)"
    )
    context.workbench.execute(
        "UPDATE intent_variant SET candidate_p = .1, candidate_plain_p = .9 WHERE cue = 'titles'"
    )
    found = flagged(context, reason)
    assert len(found) == CUES_PER_GATE
    assert {gate for _, gate in found} == {TITLES}


def test_a_probe_without_numbers_is_flagged_and_never_counted_as_moved(context: PlanContext) -> None:
    ref = context.workbench.execute(
        "SELECT min(ref) FROM intent_variant WHERE cue = 'titles' AND operation = 'insert' AND source = 'lexicon'"
    ).fetchone()[0]
    context.workbench.execute("UPDATE intent_variant SET candidate_p = NULL WHERE ref = ?", [ref])
    assert flagged(context, "a probe's logits are not numbers") == [(ref, TITLES)]
    assert ref not in {one for one, _ in flagged(context, "irrelevant cue moves the prediction")}


def test_only_flips_that_no_intervention_reverts_are_flagged(context: PlanContext) -> None:
    for ref, kind, reverts in (
        ("intent/message:m001", "deletion", False),
        ("intent/message:m001", "cue", True),
        ("intent/message:m002", "deletion", False),
    ):
        context.workbench.execute(
            "INSERT INTO intent_intervention (ref, kind, base_label, candidate_label, reverts, words, starts, ends, "
            "tried, random_reverted, random_tried, why) VALUES (?, ?, 'a', 'b', ?, 1, [0], [3], 9, 0, 0, '')",
            [ref, kind, reverts],
        )
    assert [ref for ref, _ in flagged(context, "flip that no intervention reverts")] == [
        "intent/message:m002"
    ]


def test_signals_are_flagged_where_their_effect_was_lost(context: PlanContext) -> None:
    reason = "expected signal lost its effect"
    context.workbench.execute("DELETE FROM metric WHERE name = 'signal_effect'")
    context.workbench.execute("UPDATE intent_signal_probe SET base_effect = 3, candidate_effect = 1")
    assert flagged(context, reason) == []
    for side, value in (("base", 3.0), ("candidate", 1.0), ("difference", -2.0)):
        context.workbench.execute(
            "INSERT INTO metric VALUES ('intent', 'signal_effect', 'escalation', ?, ?, ?, ?, 16, 'ok', '', '', NULL)",
            [side, value, value - 0.5, value + 0.5],
        )
    found = flagged(context, reason)
    assert len(found) == CUES_PER_GATE
    assert {gate for _, gate in found} == {"intent.signals[escalation]"}


def route(context: PlanContext, count: int) -> None:
    """Add messages of another class that only the candidate sends to the critical one."""
    for number in range(count):
        ref = f"intent/message:r{number:03d}"
        context.workbench.execute(
            "INSERT INTO example VALUES (?, 'intent', 'message', ?, NULL, 'text', 'recommendation', '')",
            [ref, ref],
        )
        context.workbench.execute("INSERT INTO membership VALUES ('all', 'intent', ?)", [ref])
        for side, label in (("base", "recommendation"), ("candidate", "escalation")):
            context.workbench.execute(
                "INSERT INTO intent_side VALUES (?, ?, ?, ?, 'x', .1, .8, .5, ?, [0])",
                [ref, side, label, 0.9 + number / 10_000, side == "base"],
            )


def test_messages_newly_sent_to_a_critical_class_are_never_cut_up_to_a_number(context: PlanContext) -> None:
    already = len(flagged(context, ROUTED_CRITICAL))
    route(context, ROUTED_KEPT + 5)
    kept = flagged(context, ROUTED_CRITICAL)
    beyond = flagged(context, ROUTED.format("escalation"))
    assert ROUTED_CRITICAL in NEVER_CUT
    assert len(kept) == ROUTED_KEPT
    assert len(beyond) == already + 5
    assert {gate for _, gate in kept + beyond} == {ROUTING}
    found = flags(context.workbench, context.settings)
    queue = build_queue(context.workbench, "intent", found, QueueSection(budget=0, controls=0), 0)
    ranked = {one.ref for one in queue if one.rank is not None}
    assert {ref for ref, _ in kept} <= ranked
