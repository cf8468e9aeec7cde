"""What was changed in a text, as a sentence."""

from __future__ import annotations

import difflib

LONGEST_COMPARED = 2_000
"""Words of a text up to which its changes are put in words."""


def edit_sentence(original: str, text: str) -> str:
    """A change in words: `without “Iron Orchard”`, `with “real person”`, `“is” for “was”`; '' for none."""
    before, after = original.split(), text.split()
    if before == after or max(len(before), len(after)) > LONGEST_COMPARED:
        return "" if original == text else "changed"
    parts: list[str] = []
    for kind, left, right, start, end in difflib.SequenceMatcher(None, before, after, False).get_opcodes():
        gone, new = " ".join(before[left:right]), " ".join(after[start:end])
        said = {
            "delete": f"without “{gone}”",
            "insert": f"with “{new}”",
            "replace": f"“{new}” for “{gone}”",
        }
        parts += [said[kind]] if kind in said else []
    return ", ".join(parts)
