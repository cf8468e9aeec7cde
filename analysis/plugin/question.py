"""What a reviewer is asked of an example: a question with both answers; and examples whose answer is known."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Question:
    """A question that can be answered without knowing which side is which.

    Args:
        text: the question.
        base: what the base answers, as lines.
        candidate: what the candidate answers.
    """

    text: str
    base: tuple[str, ...]
    candidate: tuple[str, ...]

    @property
    def differs(self) -> bool:
        """Whether there is anything to choose between."""
        return self.base != self.candidate


@dataclass(frozen=True)
class KnownAnswer:
    """An example on which both sides agree with gold, and a plausible answer to it that is wrong.

    Shown as a pair it looks like an example on which the sides differ: whoever does not read fails half of them.

    Args:
        track: whose example.
        ref: the example.
        true: the answer that is right, as lines.
        wrong: the other.
    """

    track: str
    ref: str
    true: tuple[str, ...]
    wrong: tuple[str, ...]
