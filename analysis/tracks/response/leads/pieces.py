"""The pieces of an answer that a lead reads one by one: sentences, the opening, or all of it."""

from __future__ import annotations

from typing import Literal

from analysis.tracks.response.english.sentences import Span, sentences

Unit = Literal["answer", "sentence", "opening"]

OPENING = 200
"""Characters of an opening; the sentence in which it ends is cut."""


def pieces(text: str, unit: Unit) -> list[Span]:
    """The pieces of a text as spans, at least one."""
    if unit == "answer":
        return [Span(0, len(text))]
    if unit == "opening":
        start = len(text) - len(text.lstrip())
        return [Span(start, min(len(text), start + OPENING))]
    return sentences(text) or [Span(0, len(text))]
