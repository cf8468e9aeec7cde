"""What a pattern file says: its languages and its expressions, and every mistake in it with its line."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

import regex

from analysis.base.errors import AssayError
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
    problems: list[Problem] = []
    headers = {"language": "", "policy": ""}
    found: list[Expression] = []
    everywhere: tuple[Guard, ...] = ()
    lines = ((number, line.strip()) for number, line in enumerate(text.splitlines(), start=1))
    for _, block in groupby(lines, key=lambda one: bool(one[1])):
        expressions: list[Expression] = []
        guards: tuple[Guard, ...] = ()
        why, commented = "", False
        for number, line in block:
            if line.startswith("#"):
                said = line.lstrip("# ").strip()
                why, commented = (f"{why} {said}".strip() if commented else said), True
                continue
            commented = False
            header, where = _HEADER.fullmatch(line), f"{path}:{number}"
            try:
                if header and not found and not expressions:
                    headers |= {header[1]: _header(header[1], (header[2] or "").strip())}
                elif line:
                    written, pattern, own = _expression(line.removeprefix("!").removeprefix("!").strip())
                    if line.startswith("!"):
                        guards += ((pattern, line.startswith("!!")),)
                    else:
                        expressions.append(Expression(number, written, pattern, own or why, (), where))
            except AssayError as error:
                problems.append(Problem(error.message, where, error.hint))
        everywhere += () if expressions else guards
        found += [replace(one, guards=guards) for one in expressions]
    if not found and not problems:
        problems.append(Problem("holds no expression", hint="write one a line"))
    raise_problems(problems, path)
    languages = tuple(one.strip() for one in headers["language"].split(",") if one)
    held = tuple(replace(one, guards=one.guards + everywhere) for one in found)
    return Patterns(path.name, languages, headers["policy"], held)


def _header(name: str, value: str) -> str:
    """What a header says. Raises AssayError."""
    if name == "language":
        for one in value.split(","):
            if not _LANGUAGE.fullmatch(one.strip()):
                hint = "write a code, such as en or pt-BR, by commas"
                raise AssayError(f"{one.strip()!r} is no language", hint=hint)
    elif name != "policy":
        hint = suggest(name, HEADERS)
        if hint.startswith("known"):
            hint += "; an expression with a colon stands between slashes"
        raise AssayError(f"there is no header {name!r}", hint=hint)
    elif value not in POLICY_PHRASES:
        raise AssayError(f"the policy has no phrases {value!r}", hint=suggest(value, POLICY_PHRASES))
    return value


def _expression(given: str) -> tuple[str, str, str]:
    """A line as written, as a regular expression, and its own reason if any. Raises AssayError."""
    regular = _REGULAR.fullmatch(given)
    written, _, why = given.partition(" #") if regular is None else (regular[1], "", regular[2] or "")
    written, fault, hint = written.strip(), "", ""
    if len(written) > LONGEST:
        fault, hint = f"has more than {LONGEST:,} characters", "write several lines"
    elif regular is not None:
        pattern = f"(?i:{_SPACE.sub(_spaces, written.replace('’', APOSTROPHE))})"
        if (reason := fault_of(pattern)) is None:
            return written, pattern, why.strip()
        fault, hint = f"{written!r} {reason}", "mend it, or write plain words without slashes"
    elif given.startswith("/"):
        fault, hint = f"{given!r} begins with a slash and ends with none", "end it with one"
    elif not any(char.isalnum() for char in written):
        fault, hint = f"{given!r} holds no word", "write words, or take the line out"
    elif any("*" in word[:-1] or word == "*" for word in written.split()):
        fault = f"{written!r} has a star that ends no word"
        hint = "write it at the end of a word, or a regular expression between slashes"
    if fault:
        raise AssayError(fault, hint=hint)
    return written, f"(?i:{plain_pattern(written)})", why.strip()


def _spaces(match: re.Match[str]) -> str:
    return r"(?:\s{1,9})" if match[1] else match[0]


def _edged(char: str) -> bool:
    return char.isalnum() and not runs_on(char)
