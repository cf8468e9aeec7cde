"""The citation pattern of a policy: a regular expression of the user's, which must not be able to stop a run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import regex

from analysis.base.errors import AssayError

GROUP = "id"
SECONDS_PER_TEXT = 2.0
_TRIAL_SECONDS = 0.25
_OPENINGS = ("", "[", "(", "[1")
_PIECES = ("a", "0", "a1", "a ", "a-")

HINT = r"write it like \[(?P<id>[a-z]\d+)\]"


@dataclass(frozen=True)
class Citation:
    """A citation in a text: its character offsets and what it cites."""

    start: int
    end: int
    id: str


def pattern_fault(pattern: str) -> str | None:
    """What is wrong with a citation pattern, or None. Takes at most a few seconds, whatever the pattern."""
    try:
        compiled = _compiled(pattern)
    except (regex.error, RecursionError, OverflowError) as error:
        return f"is no regular expression: {error}"
    if GROUP not in compiled.groupindex:
        return "has no group named 'id', which says what is cited"
    try:
        if compiled.search("", timeout=_TRIAL_SECONDS) is not None:
            return "matches the empty text"
        for text in _trials(pattern):
            for _ in compiled.finditer(text, timeout=_TRIAL_SECONDS):
                pass
    except TimeoutError:
        return "takes exponential time on some texts: it repeats alternatives that match the same"
    return None


def _trials(pattern: str) -> Iterator[str]:
    """Texts on which repeated alternatives that overlap take exponential time.

    Repetitions inside repetitions do not: the library guards against them. The pattern's own letters stand at
    the end, for a text without them is not tried by the library at all.
    """
    letters = regex.sub(r"\(\?P<\w+>|[\\()?+*]", "", pattern)
    for opening in _OPENINGS:
        for piece in _PIECES:
            yield f"{opening}{piece * 60}\n!\n{letters}"


def find_citations(pattern: str, text: str) -> Iterator[Citation]:
    """The citations in a text, in order; a match whose group `id` took no part is none.

    Raises:
        AssayError: the pattern takes more than two seconds on the text.
    """
    try:
        for match in _compiled(pattern).finditer(text, timeout=SECONDS_PER_TEXT):
            if match.group(GROUP) is not None and match.end() > match.start():
                yield Citation(match.start(), match.end(), match.group(GROUP))
    except TimeoutError:
        raise AssayError(
            f"the citation pattern takes more than {SECONDS_PER_TEXT:.0f} s on a text of {len(text):,} characters",
            where="policy: citation.pattern",
            hint=HINT,
        ) from None


@lru_cache(maxsize=8)
def _compiled(pattern: str) -> regex.Pattern[str]:
    return regex.compile(pattern)
