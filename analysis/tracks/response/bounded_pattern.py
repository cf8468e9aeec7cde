"""Regular expressions of the user's own, which must not be able to stop a run."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import lru_cache

import regex

SECONDS_PER_TEXT = 2.0
"""Of one thread, that a text of up to `LONG_TEXT` characters may take; longer ones as many times more."""
LONG_TEXT = 10_000
_TRIAL_SECONDS = 0.25
_OPENINGS = ("", "[", "(", "[1")
_PIECES = ("a", "0", "a1", "a ", "a-")


class Clock:
    """What is left of the seconds that one text may take, over all expressions that read it.

    They are those of the thread: other work on the machine does not count against a text.
    """

    def __init__(self, seconds: float = SECONDS_PER_TEXT, characters: int = 0) -> None:
        self._end = time.thread_time() + seconds * max(1.0, characters / LONG_TEXT)

    @property
    def left(self) -> float:
        """Seconds, never none, for the library takes none as no limit."""
        return max(1e-6, self._end - time.thread_time())


def fault_of(pattern: str) -> str | None:
    """What is wrong with an expression, or None. Takes at most a few seconds, whatever the expression."""
    try:
        compiled = compiled_pattern(pattern)
    except (regex.error, RecursionError, OverflowError) as error:
        return f"is no regular expression: {error}"
    try:
        if compiled.search("", timeout=_TRIAL_SECONDS) is not None:
            return "matches the empty text"
        for text in _trials(pattern):
            for _ in compiled.finditer(text, timeout=_TRIAL_SECONDS):
                pass
    except TimeoutError:
        return "takes exponential time on some texts: it repeats alternatives that match the same"
    return None


def matches(pattern: str, text: str, clock: Clock) -> Iterator[regex.Match[str]]:
    """The matches of an expression in a text, in order.

    Raises:
        TimeoutError: the clock has run out.
    """
    yield from compiled_pattern(pattern).finditer(text, timeout=clock.left)


def _trials(pattern: str) -> Iterator[str]:
    """Texts on which repeated alternatives that overlap take exponential time.

    Repetitions inside repetitions do not: the library guards against them. The pattern's own letters stand at
    the end, for a text without them is not tried by the library at all.
    """
    letters = regex.sub(r"\(\?P<\w+>|[\\()?+*]", "", pattern)
    for opening in _OPENINGS:
        for piece in _PIECES:
            yield f"{opening}{piece * 60}\n!\n{letters}"


@lru_cache(maxsize=1024)
def compiled_pattern(pattern: str) -> regex.Pattern[str]:
    """The expression compiled, kept."""
    return regex.compile(pattern)
