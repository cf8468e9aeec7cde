"""Answers made to break or stall the detectors of conduct: every one is read, with spans inside the text."""

from __future__ import annotations

import pytest

from analysis.tracks.response.detectors.contract import Detector, Knowledge, Passage, Policy, Promise
from analysis.tracks.response.detectors.patterns import patterns_detector, read_patterns, shipped
from analysis.tracks.response.known_detectors import BY_NAME
from tests.analysis.tracks.response.detectors.shop import answer, found
from tests.analysis.tracks.response.detectors.test_hostile_answers import HOSTILE

SHOP = Knowledge(
    (),
    Policy(
        promises=(Promise("delivery", "3 to 5 days", days=5), Promise("refund", "within 14 days", days=14)),
        escalation_phrases=("a colleague will take it from here",),
        refusal_phrases=("that is not for sharing",),
        citation_pattern=r"\[(?P<id>[a-z]\d+)\]",
        tone={"pushy": ("do not walk away now",)},
    ),
)
WORDS = tuple(
    patterns_detector(name, name, read_patterns(shipped(name)))
    for name in ("refusal.en", "handover.en", "pressure.en")
)
PASSAGES = (Passage("p1", "Standard delivery takes 3 to 5 business days. " * 20),)
TEXTS = {
    **HOSTILE,
    "one sentence of promises": "refund tomorrow " * 600,
    "one sentence of citations": "[p1] [p9] delivery " * 1_000,
    "one hyphened word": "real-live-" * 2_000,
    "refusals": "i can't " * 2_000,
    "half a hand-over": "put you this " * 2_000,
    "white space": "pass this" + " " * 20_000,
}


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize(
    "detector",
    [BY_NAME["citations"], BY_NAME["promises"], *WORDS],
    ids=lambda one: one.name,
)
def test_hostile_answers_are_read(detector: Detector, name: str) -> None:
    result = found(detector, answer(TEXTS[name], "Where is it?", ("answer", "cite"), PASSAGES), SHOP)
    assert result == sorted(result, key=lambda one: (one.start, one.end))


def test_ten_thousand_tokens_hold_as_many_findings_as_their_parts() -> None:
    part = "Your order arrives within 2 days. I'll connect you with a colleague. Hurry up. "
    _, handover, pressure, *_ = WORDS
    for detector in (BY_NAME["promises"], handover, pressure):
        assert len(found(detector, answer(part * 600), SHOP)) == 600
