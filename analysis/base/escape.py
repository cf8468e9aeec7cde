"""Untrusted text -> text that can stand in a Markdown report and in a terminal."""

from __future__ import annotations

import re
import unicodedata

LIMIT = 2_000
"""Characters of one untrusted text that the report prints; the rest is counted."""

_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_MARKUP = re.compile(r"[\\`*_\[\]<>|~&$]")
_BLOCK_START = re.compile(r"^(\s*)([#+=>-])")
_LIST_START = re.compile(r"^(\s*\d+)([.)])(?=\s|$)")
_AUTOLINK = re.compile(r"(?i)(https?|ftp)://")
_WWW = re.compile(r"(?i)\bwww\.")


def printable(text: str, limit: int = LIMIT) -> str:
    """The text with every control, format, private and unassigned character made visible.

    C0 and DEL become their control pictures (ESC reads as U+241B), the others `⟨U+XXXX⟩`, so that no
    character of the result can move a cursor, change the direction of text or start an escape sequence.
    """
    cut = text[:limit]
    # Nearly every text is printable as it is, and is not looked at character by character.
    seen = cut if cut.isprintable() else "".join(_visible(character) for character in cut)
    return seen if len(text) <= limit else f"{seen}… ({len(text) - limit} more characters)"


def _visible(character: str) -> str:
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    if unicodedata.category(character) in _UNSEEN:
        return f"⟨U+{code:04X}⟩"
    return character


def inline(text: str, limit: int = LIMIT) -> str:
    """One line of Markdown that reads as `text` and nothing else: no markup, HTML, link or new block."""
    shown = _MARKUP.sub(r"\\\g<0>", printable(text, limit))
    shown = _AUTOLINK.sub(r"\1\\://", shown)
    shown = _WWW.sub(lambda match: match.group(0)[:-1] + r"\.", shown)
    shown = _BLOCK_START.sub(r"\1\\\2", shown)
    return _LIST_START.sub(r"\1\\\2", shown)


def code(text: str, limit: int = LIMIT) -> str:
    """A code span where the text allows one, the escaped text where it does not."""
    shown = printable(text, limit)
    if not shown.strip() or "`" in shown or "|" in shown:
        return inline(text, limit)
    return f"`{shown}`"
