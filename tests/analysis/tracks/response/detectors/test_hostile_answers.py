"""Answers made to break or stall a detector: every one is read, with spans inside the text."""

from __future__ import annotations

import pytest

from analysis.tracks.response.detectors.contract import Detector
from analysis.tracks.response.known_detectors import BY_NAME
from tests.analysis.tracks.response.detectors.shop import answer, found

LENGTH = 20_000
HOSTILE = {
    "one word": "A" * LENGTH,
    "nested quotes": "“" * LENGTH + "”" * LENGTH,
    "mixed quotes": '"“' * LENGTH,
    "stars": "*" * LENGTH,
    "dots": "." * LENGTH + "x",
    "digits": "9" * LENGTH,
    "grouped digits": "111," * (LENGTH // 4),
    "capitals": "Abc " * (LENGTH // 4),
    "disclaimers": "no spoilers " * (LENGTH // 12),
    "deaths": "he dies " * (LENGTH // 8),
    "combining marks": "e\u0301" * LENGTH,
    "unspaced": "王様は死ぬ傘" * (LENGTH // 6),
    "controls": "\x1b[31m\u202e Monster \x00" * (LENGTH // 16),
    "new lines": "\n" * LENGTH,
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("detector", [BY_NAME["facts"], BY_NAME["spoilers"]], ids=lambda one: one.name)
def test_hostile_answers_are_read(detector: Detector, name: str) -> None:
    result = found(detector, answer(HOSTILE[name], "No spoilers: how long is Monster?"))
    assert result == sorted(result, key=lambda one: one.start)


def test_ten_thousand_tokens_hold_as_many_findings_as_their_parts() -> None:
    part = "Broken Umbrella has 12 volumes. "
    assert len(found(BY_NAME["facts"], answer(part * 1_400))) == 1_401
