"""Triggers of the intent track: which occasion fires, on which number, with which examples."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis.base.records import GateInput, Metric, MetricSide, ReviewState, Slice, Trigger
from analysis.review.gates import all_gates, resolve_rules
from analysis.review.session import ReviewSession
from analysis.run.pipeline import analyze
from analysis.tracks.intent.report_sections import headlines
from analysis.tracks.intent.triggers import triggers

CUE = "leans on an irrelevant cue"
SIGNAL = "an expected signal lost its effect"
ROUTED = "routing regressed"


def metric(
    name: str, slice_name: str, side: MetricSide, value: float, half: float = 0.001, n: int = 300
) -> Metric:
    return Metric("intent", name, slice_name, side, value, value - half, value + half, n, "ok", "", "")


def fired(metrics: list[Metric], name: str, flagged: dict[str, tuple[str, ...]] | None = None) -> Trigger:
    given = GateInput(
        run="r", owner="o", today="2026-11-22", reviewers_required=1, tracks=("intent",), metrics=tuple(metrics),
        slices=(Slice("label=escalation", "intent", "class", True, "", 50),), rules=resolve_rules({}, all_gates()),
        settings={"intent": {"irrelevant": {"escalation": ["titles"]}, "signals": {"escalation": ["human"]}}},
        expected=(), queue=(), flagged=flagged or {}, state=ReviewState((), {}, (), (), None),
    )  # fmt: skip
    return next(one for one in triggers(given) if one.name == name)


@pytest.mark.parametrize(
    ("other", "critical", "fires", "words"),
    [
        (0.3, 0.0, True, "by +0.30; base"),
        (0.0, 0.12, True, "by +0.12 on critical texts; base"),
        (0.005, 0.02, False, "by +0.01; base"),
    ],
)
def test_a_cue_fires_on_the_texts_where_it_moves_the_class(
    other: float, critical: float, fires: bool, words: str
) -> None:
    metrics = [
        metric(f"relevance_own_{group}", "escalation/titles", side, value)
        for group, value in (("other", other), ("critical", critical))
        for side in ("base", "candidate")
    ]
    one = fired(metrics, CUE, {"intent.relevance[escalation/titles]": ("v1",)})
    assert one.fired is fires
    assert words in one.sentence
    assert one.refs == ("v1",)


@pytest.mark.parametrize(
    ("candidate", "half", "fires"), [(1.0, 0.2, True), (2.5, 0.2, False), (1.0, 4.0, False)]
)
def test_a_signal_fires_where_its_effect_clearly_halved(candidate: float, half: float, fires: bool) -> None:
    metrics = [
        metric("signal_effect", "escalation", "base", 4.0, 0.2),
        metric("signal_effect", "escalation", "candidate", candidate, 0.2),
        metric("signal_effect", "escalation", "difference", candidate - 4.0, half),
    ]
    assert fired(metrics, SIGNAL).fired is fires


def test_routing_names_the_messages_newly_sent() -> None:
    metrics = [
        metric("false_positives", "label=escalation", "base", 2),
        metric("false_positives", "label=escalation", "candidate", 13),
        metric("false_positive_rate", "label=escalation", "difference", 0.01),
    ]
    one = fired(metrics, ROUTED, {"intent.critical_routing[escalation]": ("m1", "m2")})
    assert one.fired
    assert one.refs == ("m1", "m2")
    assert "2 → 13" in one.sentence


def test_headlines_of_a_real_run_say_each_probe(tiny_review: Path) -> None:
    published = analyze(tiny_review)
    with ReviewSession.open(published.store, read_only=True) as session:
        found = headlines(session.connection, session.gate_input())["Attribution findings"]
    assert any("terms that the lexicon does not hold" in one for one in found)
    assert any("neutral phrases" in one and "never subtracted" in one for one in found)
    assert any("deleting the expected signals of escalation" in one for one in found)
