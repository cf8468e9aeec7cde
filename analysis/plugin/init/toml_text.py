"""Lines of a review file: values quoted, what is missing commented."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from analysis.text.lexicon import BUILT_IN

COMMENT_COLUMN = 34


@dataclass(frozen=True)
class InitSection:
    """One track's part of the review file.

    Args:
        lines: from its header on.
        found: whether there is anything of the track in the folder.
        base: where the base lies, where there is one.
        candidate: where the candidate lies, where there is one.
        guesses: what was guessed, and why, or has to be chosen; a sentence each.
    """

    lines: Sequence[str]
    found: bool
    base: Path | None = None
    candidate: Path | None = None
    guesses: Sequence[str] = ()

    def written(self) -> list[str]:
        """The lines, all of them comments where nothing of the track was found."""
        if self.found:
            return list(self.lines)
        return [line if not line or line.startswith("#") else f"# {line}" for line in self.lines]


@dataclass(frozen=True)
class Paths:
    """Paths as a review file in `root`, which is absolute, names them."""

    root: Path

    def quoted(self, path: Path | None) -> str | None:
        """A path below the root, as TOML text."""
        return None if path is None else quoted(self.shown(path))

    def shown(self, path: Path) -> str:
        """A path below the root, links in it not followed."""
        return path.relative_to(self.root).as_posix() if path.is_absolute() else path.as_posix()

    def lexicons(self, lists: Iterable[Path]) -> dict[str, str]:
        """The quoted path of each term list, by the name of its lexicon."""
        names: dict[str, Path] = {}
        for path in lists:
            name = file_name(path.stem).replace(" ", "_").casefold()
            while name in names or name in BUILT_IN:
                name += "_list"
            names[name] = path
        return {name: quoted(self.shown(path)) for name, path in names.items()}


def entry(key: str, value: str | None, example: str, comment: str = "") -> str:
    """A line that sets a key, or says that it is to be filled in; `value` is TOML, `example` is plain."""
    if value is None:
        return f"# {key} = {quoted(example)}   # not found: fill in"
    return commented(f"{key} = {value}", comment)


def id_entry(column: str | None, what: str, *, table: bool) -> str:
    """The line of the column of ids; where a table was found that has none, a comment that says what does without.

    Args:
        column: its name, if there is one.
        what: rows of the table are, in words.
        table: whether a table was found at all.
    """
    if table and column is None:
        return commented('# id = "COLUMN"', f"none found: {what} are named by a digest of their text")
    return entry("id", column and quoted(column), "id")


def commented(line: str, comment: str) -> str:
    """A line with a comment beside it."""
    return f"{line:<{COMMENT_COLUMN - 1}} # {comment}" if comment else line


def quoted(text: str) -> str:
    """A TOML basic string; its escapes are those of JSON, and DEL besides."""
    clean = text.encode("utf-8", "replace").decode("utf-8")
    return json.dumps(clean, ensure_ascii=False).replace("\x7f", "\\u007f")


def quoted_list(texts: Iterable[str]) -> str:
    """A TOML list of strings."""
    return f"[{', '.join(map(quoted, texts))}]"


def file_name(text: str) -> str:
    """The text as the name of a file or a review."""
    kept = "".join(sign if sign.isalnum() or sign in "-_. " else "-" for sign in text)
    return kept.lstrip(".-") or "review"


def identifier(name: str) -> str:
    """A column as SQL names it."""
    return name if name.isidentifier() else '"' + name.replace('"', '""') + '"'
