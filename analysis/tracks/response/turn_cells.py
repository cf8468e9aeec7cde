"""Cells that hold what was said: prompts that are texts or turns, and answers, as chat interfaces write them.

Each function takes a value as `analysis.data.rows` reads it and raises ValueError with what is wrong, for the user.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from analysis.base.turns import ASSISTANT, USER, Prompt, Turn, last_asked
from analysis.data.faults import shown
from analysis.tracks.response.cells import filled_cell, text_cell

MESSAGES = "messages"
MAX_ROLE = 40
_TEXT_PARTS = (None, "text", "input_text", "output_text")


def prompt_cell(value: Any) -> Prompt:
    """A text, or turns: a list of {role, content}, also under `messages` or as JSON text.

    A lone turn of the user is the text that it is.
    """
    turns = turns_of(value)
    if turns is None:
        return filled_cell(value)
    if turns[-1].role == ASSISTANT:
        raise ValueError("ends with a turn of the assistant, and a prompt ends with what is answered")
    if not last_asked(turns).strip():
        raise ValueError("is empty: its last turn says nothing")
    return turns[0].content if [one.role for one in turns] == [USER] else turns


def response_cell(value: Any) -> str | None:
    """A text, which may be empty, one turn of the assistant, or None where there is no answer."""
    if isinstance(value, dict) and "content" in value:
        value = [value]
    turns = turns_of(value) if not isinstance(value, str) else None
    if turns is None:
        return text_cell(value)
    if len(turns) > 1 or turns[0].role != ASSISTANT:
        roles = ", ".join(one.role for one in turns)
        raise ValueError(f"must be one turn of the assistant, and holds {len(turns)}: {shown(roles)}")
    return turns[0].content


def split_cell(value: Any) -> tuple[Prompt, str]:
    """A conversation with its answer, as one: the turns before the last, and the assistant's last one."""
    turns = turns_of(value)
    if turns is None or len(turns) < 2 or turns[-1].role != ASSISTANT:
        raise ValueError("must be turns that end with one of the assistant, since it is the response as well")
    return prompt_cell([one._asdict() for one in turns[:-1]]), turns[-1].content


def turns_of(value: Any) -> tuple[Turn, ...] | None:
    """The turns that a value holds; None where it is no list of turns, such as a text.

    Raises:
        ValueError: a turn that cannot be read.
    """
    written = isinstance(value, str)
    if written:
        value = _turns_as_json(value)
    if isinstance(value, dict) and MESSAGES in value:
        value = value[MESSAGES]
    if not isinstance(value, list):
        return None
    if not value:
        raise ValueError("holds no turns")
    return tuple(_turn(number, one) for number, one in enumerate(value, start=1))


def _turns_as_json(text: str) -> Any:
    """What a text format holds as JSON, where that is turns; every other text is a text, whatever it begins with."""
    if text.lstrip()[:1] not in ("[", "{"):
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    turns = value.get(MESSAGES) if isinstance(value, dict) else value
    if not isinstance(turns, list) or not turns:
        return None
    return turns if all(isinstance(one, dict) and "role" in one for one in turns) else None


def _turn(number: int, one: Any) -> Turn:
    try:
        if not isinstance(one, dict):
            raise ValueError(f"must be {{role, content}}, not {shown(one)}")
        role = one.get("role")
        if not isinstance(role, str) or not role.strip():
            raise ValueError("has no role")
        role = role.strip()
        if len(role) > MAX_ROLE or not role.isprintable():
            raise ValueError(f"has the unusable role {shown(role)}")
        return Turn(role, _content(one))
    except ValueError as error:
        raise ValueError(f"turn {number} {error}") from None


def _content(turn: dict[str, Any]) -> str:
    content = turn.get("content")
    if content is None:
        calls = turn.get("tool_calls") or turn.get("function_call")
        raise ValueError("has no content" + ("; calls of tools are not read" if calls else ""))
    if isinstance(content, list):
        return _parts(content)
    if not isinstance(content, str):
        raise ValueError(f"has a content that is no text: {shown(content)}")
    return content


def _parts(parts: Sequence[Any]) -> str:
    """The texts of a content in parts, a line each."""
    texts = []
    for number, part in enumerate(parts, start=1):
        text = part if isinstance(part, str) else part.get("text") if isinstance(part, dict) else None
        kind = part.get("type") if isinstance(part, dict) else None
        if not isinstance(text, str) or kind not in _TEXT_PARTS:
            raise ValueError(f"has a part {number} that is no text: {shown(kind or part)}")
        texts.append(text)
    return "\n".join(texts)
