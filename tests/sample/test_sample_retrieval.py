"""The retrieval part of the sample: better search that groups by the wrong things is blocked, a healthy one is not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from analysis.plugin.registry import get
from analysis.review.scope import Scope
from analysis.review.session import ReviewSession
from tests.analysis.tracks.retrieval.gate_inputs import check_rows

TEMPLATE = "retrieval.confounds[template]"


def test_better_search_is_blocked_where_it_groups_by_template(sample_store: Callable[[str], Path]) -> None:
    with ReviewSession.open(sample_store("rc1"), read_only=True) as session:
        recall = {one.side: one for one in session.metrics("retrieval", "recall", "all")}
        assert recall["difference"].low is not None
        assert recall["difference"].low > 0.05
        gates = {one.key: one for one in session.gates() if one.track == "retrieval"}
        for one in gates.values():
            check_rows(session.gate_input(), one)
        assert gates["retrieval.probes"].verdict == "pass"
        assert gates["retrieval.hard_negatives"].verdict == "pass"
        assert gates[TEMPLATE].verdict == "fail"
        assert gates[TEMPLATE].low is not None
        assert gates[TEMPLATE].low > 0.1
        assert gates["retrieval.confounds[popularity]"].verdict == "pass"
        assert gates[TEMPLATE].refs
        worst = session.example(gates[TEMPLATE].refs[0])
        assert any(flag.gate == TEMPLATE for flag in worst.flags)
        assert worst.context["neighbours"]
        findings = get("retrieval").report_sections(session.connection, session.gate_input())
        assert any("template" in one for one in findings["Embedding neighborhood findings"])
        fired = [one.sentence for one in session.triggers() if one.fired and one.track == "retrieval"]
        assert any("group by template" in one for one in fired)


def test_the_queue_holds_queries_items_and_pairs(sample_store: Callable[[str], Path]) -> None:
    with ReviewSession.open(sample_store("rc1"), read_only=True) as session:
        rows = session.queue_page(Scope(track="retrieval"), 0, 1000)
        assert {one.kind for one in rows} >= {"query", "item", "pair"}
        assert any("no-spoiler queries" in one.critical_slices for one in rows)


@pytest.mark.soak
def test_the_healthy_encoder_gives_up_what_nobody_asked_to_keep(sample_store: Callable[[str], Path]) -> None:
    with ReviewSession.open(sample_store("rc2"), read_only=True) as session:
        gates = {one.key: one for one in session.gates() if one.track == "retrieval"}
        for one in gates.values():
            check_rows(session.gate_input(), one)
        assert not [key for key, one in gates.items() if one.verdict in ("fail", "unknown")]
        assert gates["retrieval.grouping"].verdict == "warn"
        assert "demographic" in gates["retrieval.grouping"].why
        assert gates["retrieval.grouping[theme]"].verdict == "pass"
