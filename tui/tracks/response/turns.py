"""A prompt that is a conversation, turn by turn: who says what, with the words coloured by what they brought about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from tui.draw.lines import Line, wrapped
from tui.tracks.response.layout import INDENT, cut
from tui.widgets.token_view import Word, token_lines

if TYPE_CHECKING:
    from analysis.review.queries import ExampleEvidence
    from tui.plugin.options import ViewOptions

LEAST_TURNS = 5
"""Rows of a conversation that are shown on the lowest screen."""
TURNS = "turns"


class Scored(NamedTuple):
    """Words of the prompt's text with signed scores, and the largest absolute score of the scale."""

    words: Sequence[Word]
    scale: float


def said(evidence: ExampleEvidence) -> list[tuple[str, str]]:
    """Who says what: the turns with their roles, or the prompt, which nobody in particular says."""
    turns = [(row["role"], row["text"]) for row in evidence.context.get(TURNS, ())]
    return turns or [("", evidence.example.text)]


def turn_blocks(evidence: ExampleEvidence, options: ViewOptions, scored: Scored | None) -> list[list[Line]]:
    """The lines of each turn behind its role, or of the one prompt."""
    text = evidence.example.text
    turns = [
        (f" {row['role']}", row["text"], row["start"], row["end"]) for row in evidence.context.get(TURNS, ())
    ] or [(" prompt", text, 0, len(text))]
    # Rows that are cut among others leave two cells for the mark.
    width = options.width - (2 if len(turns) > 1 else 0)
    blocks = []
    for number, (label, content, start, end) in enumerate(turns):
        if scored is None or start is None:
            style = "strong" if number == len(turns) - 1 else "text"
            blocks.append(wrapped(label, content, width, indent=INDENT, style=style))
            continue
        own = [
            Word(word.start - start, word.end - start, word.score)
            for word in scored.words
            if start <= word.start and word.end <= end
        ]
        blocks.append(
            token_lines(
                text[start:end],
                own,
                scored.scale,
                options.colours,
                label=label,
                indent=INDENT,
                width=width - 1,
            )
        )
    return blocks


def within(blocks: Sequence[list[Line]], most: int) -> list[Line]:
    """At most so many rows of the turns, and a line that says how many are left out.

    What is answered stands last and gets most; of each turn before it one row is shown, the nearest first, and of a
    system prompt the beginning.
    """
    if sum(map(len, blocks)) <= most:
        return [line for block in blocks for line in block]
    last = blocks[-1]
    before = min(len(blocks) - 1, max(most - len(last), most // 2))
    shown = [0, *range(len(blocks) - before, len(blocks) - 1)] if before else []
    kept = [cut(list(blocks[number]), 1) for number in shown]
    kept.append(cut(list(last), max(most - before, 1)))
    rows = [line for block in kept for line in block]
    left = sum(map(len, blocks)) - len(rows)
    return [*rows, Line().to(INDENT).add(f"⋯ {left} more rows: space shows all", "faint")] if left else rows
