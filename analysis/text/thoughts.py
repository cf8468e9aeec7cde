"""Where a model thinks in its answer: what is no part of what it says."""

from __future__ import annotations

import re

_THOUGHT = re.compile(
    # As written by the chat templates of reasoning models: an element, brackets, or a channel of its own.
    r"<(?P<element>(?:\w+:)?(?:think|thinking|thoughts?|reasoning))>.*?(?:</(?P=element)>|\Z)"
    r"|\[THINK\].*?(?:\[/THINK\]|\Z)"
    r"|◁think▷.*?(?:◁/think▷|\Z)"
    r"|<\|channel\|>analysis<\|message\|>.*?(?:<\|end\|>|<\|start\|>|\Z)",
    re.DOTALL | re.IGNORECASE,
)
_THOUGHT_END = re.compile(
    r"</(?:\w+:)?(?:think|thinking|thoughts?|reasoning)>|\[/THINK\]|◁/think▷", re.IGNORECASE
)


def thought_spans(text: str) -> tuple[tuple[int, int], ...]:
    """Spans of a text that hold what a model thought before or between its answer, marks included, in order."""
    found = [match.span() for match in _THOUGHT.finditer(text)]
    # Where the template opened the thought, the answer only closes it.
    closing = _THOUGHT_END.search(text)
    if closing and not any(start < closing.end() for start, _ in found):
        found.insert(0, (0, closing.end()))
    return tuple(found)
