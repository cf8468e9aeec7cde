"""Blocks of a page -> one HTML file that needs nothing else: no script, no outside reference, figures in place."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files

from analysis.base.escape import printable
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

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""What a browser may load for the page: nothing. Its style stands in it."""
_BREAKS = re.compile(r"(?<=[._/])(?=.)|(?=\[)")
"""Where the name of a gate or a file may go on in the next row."""
_NARROW_COLUMNS = 3
"""Columns that a phone has room for; rows of more that begin with a name are written one cell below the other."""


def write_html(title: str, blocks: Iterable[Block], figures: Mapping[str, bytes]) -> str:
    """The page as HTML.

    Args:
        title: of the window.
        blocks: of the page.
        figures: SVG by name; where one is missing, its title stands in its place.
    """
    style = files(__package__ or "").joinpath("page.css").read_text("utf-8")
    body = "\n".join(_block(block, figures) for block in blocks)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{_text(title)}</title>\n<style>\n{style}</style>\n</head>\n<body>\n<main>\n{body}\n</main>\n"
        "</body>\n</html>\n"
    )


def _block(block: Block, figures: Mapping[str, bytes]) -> str:
    match block:
        case Heading(level, text):
            written = f'<h{level} id="{_text(anchor(text))}">{_text(text)}</h{level}>'
        case Paragraph(words):
            written = f"<p>{_words(words)}</p>"
        case Items(lines, ordered):
            tag = "ol" if ordered else "ul"
            written = "\n".join([f"<{tag}>", *(f"<li>{_words(line)}</li>" for line in lines), f"</{tag}>"])
        case Table(header, rows):
            written = _table(header, rows)
        case Commands(text):
            written = f'<pre class="wide"><code>{html.escape(text)}</code></pre>'
        case Picture(name, title):
            drawn = _drawn(figures[name]) if name in figures else _text(title)
            written = f'<figure class="wide">\n{drawn}\n</figure>'
        case Fold(summary, folded):
            inside = "\n".join(_block(one, figures) for one in folded)
            written = f"<details>\n<summary>{_text(summary)}</summary>\n{inside}\n</details>"
    return written


def _table(header: Sequence[str], rows: Sequence[Sequence[Words]]) -> str:
    """A table; one of many columns whose rows begin with a name can be read as a list, each cell with its header."""
    named = len(header) > _NARROW_COLUMNS and any(
        isinstance(part, Span) and part.kind == "code" for row in rows for part in row[0]
    )
    labels = [f' data-label="{_text(one)}"' if named and number else "" for number, one in enumerate(header)]
    head = "".join(f"<th>{_text(one)}</th>" for one in header)
    body = "\n".join(
        "<tr>"
        + "".join(f"<td{label}>{_words(cell)}</td>" for label, cell in zip(labels, row, strict=True))
        + "</tr>"
        for row in rows
    )
    kind = ' class="named"' if named else ""
    return (
        f'<div class="wide"><table{kind}>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n'
        "</table></div>"
    )


def _drawn(picture: bytes) -> str:
    """The picture as a part of the page: without the declaration of a file."""
    return picture.partition(b"?>")[2].decode("utf-8").strip()


def _words(words: Words) -> str:
    return "".join(_text(part) if isinstance(part, str) else _marked(part) for part in words)


def _marked(part: Span) -> str:
    if part.kind == "link":
        return f'<a href="#{_text(anchor(part.target))}">{_text(part.text)}</a>'
    text = _BREAKS.sub("<wbr>", _text(part.text)) if part.kind == "code" else _text(part.text)
    return f"<{part.kind}>{text}</{part.kind}>"


def _text(text: str) -> str:
    return html.escape(printable(text))
