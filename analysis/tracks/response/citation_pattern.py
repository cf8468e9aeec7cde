"""The citation pattern of a policy: a regular expression with a group that says what is cited."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from analysis.base.errors import AssayError
from analysis.tracks.response.bounded_pattern import (
    SECONDS_PER_TEXT,
    Clock,
    compiled_pattern,
    fault_of,
    matches,
)

GROUP = "id"
HINT = r"write it like \[(?P<id>[a-z]\d+)\]"


@dataclass(frozen=True)
class Citation:
    """A citation in a text: its character offsets and what it cites."""

    start: int
    end: int
    id: str


def pattern_fault(pattern: str) -> str | None:
    """What is wrong with a citation pattern, or None. Takes at most a few seconds, whatever the pattern."""
    fault = fault_of(pattern)
    if (fault is None or "regular expression" not in fault) and GROUP not in compiled_pattern(
        pattern
    ).groupindex:
        return "has no group named 'id', which says what is cited"
    return fault


def find_citations(pattern: str, text: str) -> Iterator[Citation]:
    """The citations in a text, in order; a match whose group `id` took no part is none.

    Raises:
        AssayError: the pattern takes more than two seconds on the text.
    """
    try:
        for match in matches(pattern, text, Clock(SECONDS_PER_TEXT, len(text))):
            if match.group(GROUP) is not None and match.end() > match.start():
                yield Citation(match.start(), match.end(), match.group(GROUP))
    except TimeoutError:
        raise AssayError(
            f"the citation pattern takes more than {SECONDS_PER_TEXT:.0f} s on a text of {len(text):,} characters",
            where="policy: citation.pattern",
            hint=HINT,
        ) from None
