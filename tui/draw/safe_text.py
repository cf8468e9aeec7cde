"""Text from data, models and other people, made printable: the only way it may reach a screen or a stream.

Widgets take `safe(...)`, never a plain string: Textual reads markup in strings, and passes control codes
on to the terminal, so a message could set the clipboard, move the cursor, reverse the reading order or
end the program.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

from rich.cells import cell_len, set_cell_size

if TYPE_CHECKING:
    from textual.content import Content
    from textual.style import Style

LIMIT = 20_000
"""Characters of one text that are shown: drawing 2 MB in a line takes seconds."""

_ELLIPSIS = "\u2026"


def printable(text: str, limit: int = LIMIT) -> str:
    """The text on one line, with everything that is no visible character or plain space made visible.

    C0 controls become their pictures (ESC is U+241B, a newline U+23CE), and Unicode categories Cc, Cf,
    Cs, Co, Cn, Zl and Zp become their code point, as in U+27E8 U+202E U+27E9. Longer texts are cut after
    `limit` characters of the original, and the number left out is printed.
    """
    kept = text[:limit]
    if not kept.isprintable():
        kept = "".join([char if char.isprintable() else _shown(char) for char in kept])
    return kept + _left_out(len(text) - limit)


def printable_map(text: str, limit: int = LIMIT) -> tuple[str, list[int]]:
    """As `printable`, with the offset in the result of each offset in `text`, 0 to len(text).

    A span (start, end) of the original is printed at (offsets[start], offsets[end]); what was cut off
    maps to the end of what was kept.
    """
    parts = [_shown(char) for char in text[:limit]]
    offsets = [0]
    for part in parts:
        offsets.append(offsets[-1] + len(part))
    offsets.extend([offsets[-1]] * (len(text) - len(parts)))
    return "".join(parts) + _left_out(len(text) - limit), offsets


def as_typed(shown: str, original: str) -> str | None:
    """The text that is meant by one that was typed over `printable(original)`.

    What was made visible becomes again what it stood for, and so does a line break that was pasted. None where that
    cannot be told: the original also holds such a picture as a character of its own, or was too long to be shown whole.
    """
    pictures = {_shown(char): char for char in original if not char.isprintable()}
    if _shown("\n") not in original:
        pictures[_shown("\n")] = "\n"
    if len(original) > LIMIT or any(picture in original for picture in pictures):
        return None
    for picture, char in pictures.items():
        shown = shown.replace(picture, char)
    return shown


def as_written(shown: str) -> str:
    """What was written into a line of its own: the sign of a line break is one again."""
    return shown.replace(_shown("\n"), "\n")


def safe(text: str, style: str | Style = "") -> Content:
    """Literal content for a widget: printable, brackets as brackets; `style` is ours, never the data's."""
    from textual.content import Content

    return Content.styled(printable(text), style)


def cells(text: str) -> int:
    """Width in terminal cells of `text` once printed; wide characters take two."""
    return cell_len(printable(text))


def fit(text: str, width: int) -> str:
    """The printable text in exactly `width` cells: padded with spaces, or cut and ended by an ellipsis."""
    if width <= 0:
        return ""
    shown = printable(text)
    if cell_len(shown) <= width:
        return set_cell_size(shown, width)
    return set_cell_size(shown, width - 1) + _ELLIPSIS


@lru_cache(maxsize=8192)
def _shown(char: str) -> str:
    code = ord(char)
    if char == "\n":
        return "\u23ce"
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    if unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}:
        return f"\u27e8U+{code:04X}\u27e9"
    return char


def _left_out(count: int) -> str:
    return f"{_ELLIPSIS} (+{count} characters)" if count > 0 else ""
