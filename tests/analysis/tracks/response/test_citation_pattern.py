"""A policy's citation pattern finds what it should and cannot stop a run."""

from __future__ import annotations

import pytest

from analysis.base.errors import AssayError
from analysis.tracks.response import citation_pattern
from analysis.tracks.response.citation_pattern import find_citations, pattern_fault


def test_citations_are_found_with_their_places_and_ids() -> None:
    text = "五日以内です [d1]、または [d12] 🙂 [x]"
    found = list(find_citations(r"\[(?P<id>[a-z]\d+)\]", text))
    assert [text[one.start : one.end] for one in found] == ["[d1]", "[d12]"]
    assert [one.id for one in found] == ["d1", "d12"]


def test_a_match_that_cites_nothing_is_none() -> None:
    assert [one.id for one in find_citations(r"\[(?:see|(?P<id>d\d))\]", "[see] [d3]")] == ["d3"]


@pytest.mark.parametrize("pattern", [r"\[(?P<id>(a|aa)+)x\]", r"\((?P<id>(\d|\d\d|\w)+)z\)"])
def test_repeated_alternatives_that_overlap_are_refused(pattern: str) -> None:
    assert "exponential" in str(pattern_fault(pattern))


@pytest.mark.parametrize("pattern", [r"\[(?P<id>(\w+\s?)+)x\]", r"\[(?P<id>(\w*)*)!!\]", r"(?P<id>(a+)+)b"])
def test_a_repetition_of_a_repetition_does_no_harm(pattern: str) -> None:
    assert pattern_fault(pattern) is None
    assert list(find_citations(pattern, "[" + "a" * 500 + "\n[ x!! b")) == []


def test_a_pattern_that_is_slow_on_one_text_only_is_stopped_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(citation_pattern, "SECONDS_PER_TEXT", 0.2)
    pattern = r"#(?P<id>(é|éé)+)x"
    assert pattern_fault(pattern) is None
    with pytest.raises(AssayError, match="the citation pattern takes more than"):
        list(find_citations(pattern, "#" + "é" * 60 + "\n#éx"))


@pytest.mark.parametrize(
    "pattern",
    [
        r"\[(?P<id>[a-z]\d+)\]",
        r"\(source: (?P<id>[\w-]+)\)",
        r"【(?P<id>\d+)(?:†[^】]*)?】",
        r"<cite>(?P<id>.+?)</cite>",
    ],
)
def test_usual_patterns_are_accepted(pattern: str) -> None:
    assert pattern_fault(pattern) is None
