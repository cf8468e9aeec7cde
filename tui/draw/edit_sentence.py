"""What was changed in a text, as a sentence."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from analysis.text.units import segments

LONGEST_COMPARED = 2_000
"""Words of a text up to which its changes are put in words."""


def edit_sentence(original: str, text: str) -> str:
    """A change in words: `without “Iron Orchard”`, `with “real person”`, `“is” for “was”`; '' for none."""
    spans = {one: segments(one) for one in (original, text)}
    before, after = ([one[start:end] for start, end in spans[one]] for one in (original, text))
    if before == after or max(len(before), len(after)) > LONGEST_COMPARED:
        return "" if original == text else "changed"
    parts: list[str] = []
    for kind, left, right, start, end in difflib.SequenceMatcher(None, before, after, False).get_opcodes():
        gone, new = _stretch(original, spans[original][left:right]), _stretch(text, spans[text][start:end])
        said = {
            "delete": f"without “{gone}”",
            "insert": f"with “{new}”",
            "replace": f"“{new}” for “{gone}”",
        }
        parts += [said[kind]] if kind in said else []
    return ", ".join(parts)


def _stretch(text: str, spans: Sequence[tuple[int, int]]) -> str:
    return " ".join(text[spans[0][0] : spans[-1][1]].split()) if spans else ""
