"""Lists of words and expressions that lie beside a module as a text file."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

from analysis.tracks.response.english.numbers import NUMBER


@cache
def word_lists(package: str, name: str) -> dict[str, tuple[str, ...]]:
    """The sections of a file: `[name]`, then one entry a line; `#` opens a comment.

    `{name}` is a section above, and `{number}` a number in digits or words.
    """
    sections: dict[str, list[str]] = {}

    def above(held: re.Match[str]) -> str:
        return NUMBER if held[1] == "number" else f"(?:{'|'.join(sections[held[1]])})"

    entries: list[str] = []
    for line in files(package).joinpath(name).read_text("utf-8").splitlines():
        if head := re.fullmatch(r"\[([a-z ]+)\]", line):
            entries = sections.setdefault(head[1], [])
        elif line and not line.startswith("#"):
            entries.append(re.sub(r"\{([a-z]+)\}", above, line))
    return {key: tuple(held) for key, held in sections.items()}


@cache
def word_set(package: str, name: str, section: str) -> frozenset[str]:
    """The single words of a section."""
    return frozenset(" ".join(word_lists(package, name)[section]).split())


@cache
def expressions(package: str, name: str) -> dict[str, re.Pattern[str]]:
    """Each section of a file as one regular expression, its entries as alternatives; case does not matter."""
    return {key: re.compile("|".join(held), re.IGNORECASE) for key, held in word_lists(package, name).items()}
