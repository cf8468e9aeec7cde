"""What a model is given of an answer: templates filled in, and long answers in windows that overlap."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from analysis.base.errors import AssayError
from analysis.base.problems import suggest
from analysis.tracks.response.detectors.contract import Knowledge, Response
from analysis.tracks.response.english.sentences import Span

PLACES = ("prompt", "response", "passages", "policy")
LEAST_ROOM = 16
"""Tokens of an answer that a window must have room for."""
OVERLAP = 4
"""A window begins again with this part of the one before: a quarter."""

_PLACE = re.compile(r"\{([A-Za-z_]\w*)\}")


def places(template: str) -> list[str]:
    """The names in braces of a template."""
    return _PLACE.findall(template)


def check_places(key: str, template: str, known: Sequence[str], where: str | None) -> None:
    """Raises AssayError for a name in braces that nothing is filled in for."""
    for name in places(template):
        if name not in known:
            raise AssayError(
                f"{key} has the unknown placeholder {{{name}}}", where=where, hint=suggest(name, known)
            )


def filled(template: str, values: Mapping[str, str]) -> str:
    """A template with its names in braces replaced, in one pass: what is filled in is never read as a template."""
    return _PLACE.sub(lambda match: values.get(match[1], match[0]), template)


def values_of(response: Response, knowledge: Knowledge) -> dict[str, str]:
    """What stands for each name: passages parted by blank lines, the policy's promises one a line."""
    return {
        "prompt": response.prompt,
        "response": response.text,
        "passages": "\n\n".join(one.text for one in response.passages),
        "policy": "\n".join(one.text for one in knowledge.policy.promises),
    }


def windowed(
    tokenizer: Any,
    values: Sequence[Mapping[str, str]],
    encode: Callable[[Mapping[str, str]], Any],
    read: Callable[[list[Any]], Sequence[Any]],
    limit: int | None,
) -> list[list[tuple[Span, Any, Any]]]:
    """Answers read in windows: of each answer its windows, their inputs and what is said of them; none without room.

    Args:
        tokenizer: a fast tokenizer.
        values: of each answer, with `response`, of which a window takes the place.
        encode: values -> an input, with `input_ids`.
        read: inputs -> what is said of each.
        limit: of tokens of an input; None for none.
    """

    def given(one: Mapping[str, str], part: str) -> Any:
        return encode({**one, "response": part})

    def cut(one: Mapping[str, str]) -> list[Span]:
        return (
            windows(tokenizer, one["response"], lambda part: len(given(one, part)["input_ids"]), limit) or []
        )

    spans = [cut(one) for one in values]
    inputs = [
        given(one, span.of(one["response"])) for one, own in zip(values, spans, strict=True) for span in own
    ]
    said = zip(inputs, read(inputs), strict=True)
    return [[(span, *next(said)) for span in own] for own in spans]


def windows(tokenizer: Any, text: str, length: Callable[[str], int], limit: int | None) -> list[Span] | None:
    """Parts of a text that together are all of it, each of which fits; None where what stands beside leaves no room.

    Args:
        tokenizer: a fast tokenizer.
        text: is cut between tokens.
        length: tokens of the whole input with some part of the text in it.
        limit: that `length` may reach; None for none.
    """
    if limit is None or length(text) <= limit:
        return [Span(0, len(text))]
    offsets = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]
    room = limit - length("")
    while room >= LEAST_ROOM:
        step = room - room // OVERLAP
        starts = range(0, max(1, len(offsets) - room + step), step)
        last = len(offsets) - 1
        ends = [offsets[start + room][0] if start + room <= last else len(text) for start in starts]
        cut = [Span(offsets[start][0] if start else 0, end) for start, end in zip(starts, ends, strict=True)]
        if all(length(span.of(text)) <= limit for span in cut):
            return cut
        # A cut may make more tokens of the same characters.
        room = room * 9 // 10
    return None
