"""Prompts that are conversations: their turns, and the one text that stands for them.

A prompt is a text, or turns of which each has a role. Searches, slices, near-duplicates and attributions need one
text: it is what was said, without system prompts, which many prompts share and no customer wrote. A lone turn is its
own text; of several, each begins a line with its role.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import NamedTuple

SYSTEM = ("system", "developer")
"""Roles of what is said to the model and not by the customer."""
USER = "user"
ASSISTANT = "assistant"


class Turn(NamedTuple):
    """What somebody said."""

    role: str
    content: str


Prompt = str | tuple[Turn, ...]


class PlacedTurn(NamedTuple):
    """A turn, with the characters of the prompt's text that are its content; None where that does not hold it."""

    role: str
    content: str
    start: int | None
    end: int | None


def placed(turns: Sequence[Turn]) -> tuple[str, list[PlacedTurn]]:
    """The text of some turns, and where in it each of them stands.

    Only system prompts: they are the text, for lack of another.
    """
    spoken = [one for one in turns if one.role not in SYSTEM] or list(turns)
    system_only = all(one.role in SYSTEM for one in turns)
    text = ""
    found: list[PlacedTurn] = []
    for one in turns:
        if one.role in SYSTEM and not system_only:
            found.append(PlacedTurn(*one, None, None))
            continue
        if text:
            text += "\n"
        text += f"{one.role}: " if len(spoken) > 1 else ""
        found.append(PlacedTurn(*one, len(text), len(text) + len(one.content)))
        text += one.content
    return text, found


def prompt_text(prompt: Prompt) -> str:
    """The one text that stands for a prompt."""
    return prompt if isinstance(prompt, str) else placed(prompt)[0]


def edited(turns: Sequence[Turn], text: str) -> tuple[Turn, ...] | None:
    """The turns whose text is `text`: that of `turns` after a change inside one turn; None where it is inside none."""
    was, places = placed(turns)
    for number, one in enumerate(places):
        if one.start is None or one.end is None:
            continue
        before, after = was[: one.start], was[one.end :]
        if text.startswith(before) and text.endswith(after) and len(text) >= len(before) + len(after):
            turn = Turn(one.role, text[len(before) : len(text) - len(after)])
            return (*turns[:number], turn, *turns[number + 1 :])
    return None


def prompt_key(prompt: Prompt) -> str:
    """Everything that a prompt says, as one text that two different prompts never share."""
    return prompt if isinstance(prompt, str) else json.dumps(prompt, ensure_ascii=False)


def last_asked(prompt: Prompt) -> str:
    """What is answered: the text, or the last turn of the user; of turns without a user the last one."""
    if isinstance(prompt, str):
        return prompt
    return next((one.content for one in reversed(prompt) if one.role == USER), prompt[-1].content)


def as_lines(turns: Sequence[Turn]) -> str:
    """All turns as lines that begin with their role: what a model without a chat template is given."""
    return turns[0].content if len(turns) == 1 else "\n".join(f"{one.role}: {one.content}" for one in turns)
