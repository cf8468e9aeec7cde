"""What a reviewer is asked of a prompt: of each answer, whether it does what behaviours name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from analysis.base.seeds import draw
from analysis.base.sql import queries
from analysis.plugin.question import Ask, KnownAnswer, Question
from analysis.store.keys import ref_key
from analysis.tracks.response.metric_specs import TRACK

if TYPE_CHECKING:
    import duckdb

_SQL = queries(__package__, "questions.sql")
_KNOWN = queries(__package__, "known_answers.sql")
ENOUGH = 24
"""So many prompts that need no label are enough for known answers: twice as many as are asked by default."""
_SENTENCE_END = re.compile(r"(?<=[.!?。！？])\s+")


def question(connection: duckdb.DuckDBPyConnection, ref: str, text: str) -> Question | None:
    """The whole answer of each side, below the question in words; None where a side has none.

    Where behaviours count on the prompt, each answer is asked for each of them; where none does, which may be sent.
    """
    asked = {"key": ref_key(connection, ref)}
    row = connection.execute(_SQL["answers"], asked).fetchone()
    if row is None:
        return None
    asks = tuple(
        Ask(name, text, wanted, tuple(against))
        for name, text, wanted, against in connection.execute(_SQL["asks"], asked).fetchall()
    )
    return Question("Does the answer …" if asks else text, (row[0],), (row[1],), asks)


def known_answers(workbench: duckdb.DuckDBPyConnection) -> list[KnownAnswer]:
    """Answers of the base in which no lead sees anything, each beside the same with a sentence written into it.

    The sentence is one of a behaviour's own examples; without any there are no known answers. Where there are enough of
    them, they are prompts that no estimate needs a label of: what is asked with a known answer is asked of nobody else.
    """
    found = workbench.execute(_KNOWN["known_answers"]).fetchall()
    free = [one for one in found if one[-1]]  # Both sides answer the same.
    return [
        KnownAnswer(TRACK, ref, (text,), (written_into(text, example, ref),), name)
        for ref, text, example, name, _ in (free if len(free) >= ENOUGH else found)
    ]


def written_into(text: str, example: str, ref: str) -> str:
    """A text with a sentence more, at a place between its own that depends on the example's ref."""
    parts = _SENTENCE_END.split(text.strip())
    at = 1 + draw("written", ref) % len(parts)
    return " ".join([*parts[:at], example, *parts[at:]])
