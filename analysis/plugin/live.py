"""A question to both models about one text."""

from __future__ import annotations

from dataclasses import dataclass

MAX_TEXT_BYTES = 1 << 20


@dataclass(frozen=True)
class LiveRequest:
    """One text for both models.

    Args:
        track: whose models.
        text: what they are to read.
        ref: the example that the text was made from; its flip is then explained on this text, too.
        methods: names of attribution methods; None takes the track's usual ones, and () none.
    """

    track: str
    text: str
    ref: str | None = None
    methods: tuple[str, ...] | None = None
