"""Triggers of the intent track: which occasion fires, on which number, with which examples."""

from __future__ import annotations

import pytest

from analysis.base.gate_records import Trigger
from analysis.base.records import Metric
from analysis.tracks.intent.triggers import triggers
from tests.analysis.gate_fixture import ESCALATION, given, measure

CUE = "leans on an irrelevant cue"
SIGNAL = "an expected signal lost its effect"
ROUTED = "routing regressed"


def fired(metrics: list[Metric], name: str, flagged: dict[str, tuple[str, ...]] | None = None) -> Trigger:
    one = given(
        metrics,
        slices=(ESCALATION,),
        irrelevant={"escalation": ["titles"]},
        signals={"escalation": ["human"]},
        flagged=flagged,
    )
    return next(found for found in triggers(one) if found.name == name)


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
        measure(f"relevance_own_{group}", "escalation/titles", side, value, half=0.001)
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
        measure("signal_effect", "escalation", "base", 4.0, half=0.2),
        measure("signal_effect", "escalation", "candidate", candidate, half=0.2),
        measure("signal_effect", "escalation", "difference", candidate - 4.0, half=half),
    ]
    assert fired(metrics, SIGNAL).fired is fires


def test_routing_names_the_messages_newly_sent() -> None:
    metrics = [
        measure("false_positives", "label=escalation", "base", 2),
        measure("false_positives", "label=escalation", "candidate", 13),
        measure("false_positive_rate", "label=escalation", "difference", 0.01, half=0.001),
    ]
    one = fired(metrics, ROUTED, {"intent.critical_routing[escalation]": ("m1", "m2")})
    assert one.fired
    assert one.refs == ("m1", "m2")
    assert "2 → 13" in one.sentence
