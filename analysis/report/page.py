"""A page as plain blocks: what it says, apart from how it is written down.

Markdown and HTML are written from the same blocks (`write_markdown`, `write_html`). Every text is data until a writer
escapes it: a block holds no markup.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

SpanKind = Literal["strong", "code", "link"]


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of a line that is not plain text; `target` is the text of the heading that a link leads to."""

    kind: SpanKind
    text: str
    target: str = ""


Words = tuple[str | Span, ...]
"""One line of text, from left to right."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading, of level 1 for the page; `link` leads to it by its text."""

    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One line of text, as long as it is."""

    words: Words


@dataclass(frozen=True, slots=True)
class Items:
    """A list; numbered where it is `ordered`."""

    items: tuple[Words, ...]
    ordered: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A header and rows of as many cells."""

    header: tuple[str, ...]
    rows: tuple[tuple[Words, ...], ...]


@dataclass(frozen=True, slots=True)
class Commands:
    """Lines for a shell, as they are typed."""

    text: str


@dataclass(frozen=True, slots=True)
class Picture:
    """The figure of that name; `title` stands in its place where it cannot be seen."""

    name: str
    title: str


@dataclass(frozen=True, slots=True)
class Fold:
    """Blocks that are shown when somebody opens them."""

    summary: str
    blocks: tuple[Block, ...]


Block = Heading | Paragraph | Items | Table | Commands | Picture | Fold


def strong(text: str) -> Span:
    """Words that a reader must not miss."""
    return Span("strong", text)


def code(text: str) -> Span:
    """A name that a program knows: a key, a digest, an id."""
    return Span("code", text)


def link(text: str, target: str = "") -> Span:
    """Words that lead to the heading of a text on the page; to that of the same text by default."""
    return Span("link", text, target or text)


def anchor(heading: str) -> str:
    """Where a heading can be found, as viewers of Markdown derive it from its text."""
    kept = (letter for letter in heading.casefold() if letter.isalnum() or letter in " -_")
    return "".join("-" if letter == " " else letter for letter in kept)


def words(*parts: str | Span | Iterable[str | Span]) -> Words:
    """One line of its parts; parts that are lines themselves are put in their place."""
    found: list[str | Span] = []
    for part in parts:
        if isinstance(part, str | Span):
            found.append(part)
        else:
            found.extend(part)
    return tuple(found)


def listed(parts: Iterable[str | Span | Words], between: str = ", ") -> Words:
    """Parts with something between them."""
    found: list[str | Span] = []
    for number, part in enumerate(parts):
        if number:
            found.append(between)
        if isinstance(part, str | Span):
            found.append(part)
        else:
            found.extend(part)
    return tuple(found)


def items(lines: Sequence[Words | str]) -> Items:
    """A list of lines."""
    return Items(tuple((line,) if isinstance(line, str) else line for line in lines))


def table(header: Sequence[str], rows: Iterable[Sequence[Words | Span | str]]) -> Table:
    """A table; a cell is a line, or one part of it."""
    return Table(
        tuple(header),
        tuple(tuple((cell,) if isinstance(cell, str | Span) else cell for cell in row) for row in rows),
    )
