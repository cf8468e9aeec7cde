"""Blocks of a page -> Markdown (CommonMark with tables). What folds is `<details>`, the only HTML that is written."""

from __future__ import annotations

import html
from collections.abc import Iterable

from analysis.base.escape import code, inline, printable
from analysis.report.page import (
    Block,
    Commands,
    Fold,
    Heading,
    Items,
    Paragraph,
    Picture,
    Span,
    Table,
    Words,
    anchor,
)


def write_markdown(blocks: Iterable[Block]) -> str:
    """The page as Markdown; text without control characters other than newlines, in which data is no markup."""
    return "\n\n".join(_block(block) for block in blocks) + "\n"


def _block(block: Block) -> str:
    match block:
        case Heading(level, text):
            written = "#" * level + f" {inline(text)}"
        case Paragraph(words):
            written = _words(words)
        case Items(lines, ordered):
            marks = [f"{number}." if ordered else "-" for number in range(1, len(lines) + 1)]
            written = "\n".join(f"{mark} {_words(line)}" for mark, line in zip(marks, lines, strict=True))
        case Table(header, rows):
            written = "\n".join(
                [
                    _row(map(inline, header)),
                    "|" + "---|" * len(header),
                    *(_row(map(_cell, row)) for row in rows),
                ]
            )
        case Commands(text):
            written = f"```sh\n{text}\n```"
        case Picture(name, title):
            written = f"![{inline(title)}]({name}.svg)"
        case Fold(summary, folded):
            inside = "\n\n".join(_block(one) for one in folded)
            said = html.escape(printable(summary))
            written = f"<details>\n<summary>{said}</summary>\n\n{inside}\n\n</details>"
    return written


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _cell(words: Words) -> str:
    return _words(words, begins=False)


def _words(words: Words, *, begins: bool = True) -> str:
    """One line; `begins` where its first characters could begin a block, as those of a cell cannot."""
    found: list[str] = []
    text = ""
    for part in words:
        if isinstance(part, str):
            # Each text is cut on its own; what stands side by side is escaped as the one text that it reads as.
            text += printable(part)
            continue
        found += [_text(text, begins=begins and not found), _marked(part)]
        text = ""
    return "".join([*found, _text(text, begins=begins and not found)])


def _text(text: str, *, begins: bool) -> str:
    if begins:
        return inline(text, len(text))
    return inline(f".{text}", len(text) + 1)[1:]


def _marked(part: Span) -> str:
    if part.kind == "code":
        return code(part.text)
    if part.kind == "strong":
        return f"**{inline(part.text)}**"
    return f"[{inline(part.text)}](#{anchor(part.target)})"
