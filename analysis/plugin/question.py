"""What a reviewer is asked of an example: a question with both answers; and examples whose answer is known."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Ask:
    """One thing that is asked of each answer by itself: yes, no, or not sure.

    Args:
        name: what is asked after, as it is recorded.
        text: the question.
        wanted: whether the answer should do it, so that `no` is what is wrong with it.
        against: kinds of facts that it is held against; none where reading the answer is enough. It says how the
            question is helped and not what it asks.
    """

    name: str
    text: str
    wanted: bool = False
    against: tuple[str, ...] = field(default=(), compare=False)


@dataclass(frozen=True)
class Fact:
    """Something that is known beside both answers, such as a row of a catalogue; it tells no side.

    Args:
        kind: where it comes from, in a word.
        text: what it says.
    """

    kind: str
    text: str


@dataclass(frozen=True)
class Question:
    """A question that can be answered without knowing which side is which.

    Args:
        text: the question.
        base: what the base answers, as lines.
        candidate: what the candidate answers.
        asks: what is asked of each answer by itself; none where people say which answer is right.
    """

    text: str
    base: tuple[str, ...]
    candidate: tuple[str, ...]
    asks: tuple[Ask, ...] = ()

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
        does: what is wrong with the other, as the name of what is asked of each answer by itself; empty where people
            say which answer is right.
    """

    track: str
    ref: str
    true: tuple[str, ...]
    wrong: tuple[str, ...]
    does: str = ""
