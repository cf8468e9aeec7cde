"""What a pattern file says: its languages and its expressions, and every mistake in it with its line."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import regex

from analysis.base.problems import Problem, raise_problems, suggest
from analysis.text.units import NO_WORD_AFTER, NO_WORD_BEFORE, REST_OF_WORD, runs_on
from analysis.tracks.response.bounded_pattern import fault_of
from analysis.tracks.response.english.sentences import level

POLICY_PHRASES = ("refusal", "escalation", "pressure")
"""What `policy:` may name."""
HEADERS = ("language", "policy")
APOSTROPHE = "'"
LONGEST = 1_000
"""Characters of an expression; a longer one is a mistake in the file."""

_HEADER = re.compile(r"(\w+):(?:\s+(.*))?")
_REGULAR = re.compile(r"/(.+?)/\s*(?:#\s*(.*))?")
_SPACE = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|( )", re.DOTALL)
"""A space outside classes of characters, after whatever is passed over."""
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")


Guard = tuple[str, bool]


@dataclass(frozen=True)
class Expression:
    """One line of a file: as written, as a regular expression, with its reason, its guards and its place.

    A guard is an expression, and whether it is looked for in the whole answer instead of the sentence.
    """

    line: int
    written: str
    pattern: str
    why: str
    guards: tuple[Guard, ...]
    where: str


@dataclass(frozen=True)
class Patterns:
    """A file read: its name, the languages that it reads, whose policy phrases count too, and its expressions."""

    name: str
    languages: tuple[str, ...]
    policy: str
    expressions: tuple[Expression, ...]


def plain_pattern(words: str) -> str:
    """Words as a regular expression: between edges of words, any white space between them, `*` for any ending."""
    parts = []
    for word in level(words).split():
        stem = word.removesuffix("*")
        before = NO_WORD_BEFORE if _edged(stem[0]) else ""
        ended, open_ended = (NO_WORD_AFTER, REST_OF_WORD) if _edged(stem[-1]) else ("", r"\w*")
        after = open_ended if word.endswith("*") else ended
        parts.append(before + regex.escape(stem) + after)
    return r"\s+".join(parts)


def parsed(text: str, path: Path) -> Patterns:
    """A file's text read.

    Raises:
        AssayError: every mistake, each with its line and a remedy.
    """
    reader = _Reader(path)
    for number, line in enumerate(text.splitlines(), start=1):
        reader.read(number, line.strip())
    reader.close_block()
    if not reader.found and not reader.problems:
        reader.problems.append(Problem("holds no expression", hint="write one a line"))
    raise_problems(reader.problems, path)
    held = tuple(
        Expression(one.line, one.written, one.pattern, one.why, (*one.guards, *reader.guards), one.where)
        for one in reader.found
    )
    return Patterns(path.name, reader.languages, reader.policy, held)


class _Reader:
    """A file as far as it is read: what holds for all of it, and the block that is open."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.languages: tuple[str, ...] = ()
        self.policy = ""
        self.found: list[Expression] = []
        self.guards: tuple[Guard, ...] = ()
        self.problems: list[Problem] = []
        self._block: list[Expression] = []
        self._block_guards: list[Guard] = []
        self._why = ""
        self._commented = False

    def read(self, number: int, line: str) -> None:
        if not line:
            self.close_block()
            return
        if line.startswith("#"):
            said = line.lstrip("# ").strip()
            self._why = f"{self._why} {said}".strip() if self._commented else said
            self._commented = True
            return
        self._commented = False
        header = _HEADER.fullmatch(line)
        if header and not self.found and not self._block:
            self._header(number, header[1], (header[2] or "").strip())
            return
        given = line.removeprefix("!").removeprefix("!").strip()
        regular = _REGULAR.fullmatch(given)
        written, _, why = given.partition(" #") if regular is None else (regular[1], "", regular[2] or "")
        pattern = self._pattern(number, written.strip(), regular is not None, given)
        if pattern is None:
            return
        if line.startswith("!"):
            self._block_guards.append((pattern, line.startswith("!!")))
        else:
            where = f"{self.path}:{number}"
            said = why.strip() or self._why
            self._block.append(Expression(number, written.strip(), pattern, said, (), where))

    def close_block(self) -> None:
        """Gives the guards of a block to its expressions, or to the whole file."""
        if not self._block:
            self.guards += tuple(self._block_guards)
        self.found += [
            Expression(one.line, one.written, one.pattern, one.why, tuple(self._block_guards), one.where)
            for one in self._block
        ]
        self._block, self._block_guards, self._why, self._commented = [], [], "", False

    def _header(self, number: int, name: str, value: str) -> None:
        if name not in HEADERS:
            hint = suggest(name, HEADERS)
            if hint.startswith("known"):
                hint += "; an expression with a colon stands between slashes"
            self._wrong(number, f"there is no header {name!r}", hint)
        elif name == "policy":
            if value not in POLICY_PHRASES:
                self._wrong(number, f"the policy has no phrases {value!r}", suggest(value, POLICY_PHRASES))
            self.policy = value
        else:
            self.languages = tuple(one.strip() for one in value.split(","))
            for one in self.languages:
                if not _LANGUAGE.fullmatch(one):
                    self._wrong(
                        number, f"{one!r} is no language", "write a code, such as en or pt-BR, by commas"
                    )

    def _pattern(self, number: int, written: str, regular: bool, given: str) -> str | None:
        """The regular expression of a line, or None with what is wrong among the problems."""
        if len(written) > LONGEST:
            self._wrong(number, f"has more than {LONGEST:,} characters", "write several lines")
        elif regular:
            pattern = f"(?i:{_SPACE.sub(_spaces, written.replace('’', APOSTROPHE))})"
            fault = fault_of(pattern)
            if fault is None:
                return pattern
            self._wrong(number, f"{written!r} {fault}", "mend it, or write plain words without slashes")
        elif given.startswith("/"):
            self._wrong(number, f"{given!r} begins with a slash and ends with none", "end it with one")
        elif not any(char.isalnum() for char in written):
            self._wrong(number, f"{given!r} holds no word", "write words, or take the line out")
        elif any("*" in word[:-1] or word == "*" for word in written.split()):
            self._wrong(
                number,
                f"{written!r} has a star that ends no word",
                "write it at the end of a word, or a regular expression between slashes",
            )
        else:
            return f"(?i:{plain_pattern(written)})"
        return None

    def _wrong(self, number: int, message: str, hint: str) -> None:
        self.problems.append(Problem(message, f"{self.path}:{number}", hint))


def _spaces(match: re.Match[str]) -> str:
    return r"(?:\s{1,9})" if match[1] else match[0]


def _edged(char: str) -> bool:
    return char.isalnum() and not runs_on(char)
