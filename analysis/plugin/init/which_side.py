"""Which of some models or files is the base and which the candidate, as far as names, what they say, and dates tell."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

from analysis.base.errors import AssayError
from analysis.base.records import SIDES
from analysis.models.files import read_json

BASE_WORDS = (
    "base",
    "baseline",
    "old",
    "before",
    "prod",
    "production",
    "current",
    "pretrained",
    "original",
    "live",
)
CANDIDATE_WORDS = (
    *(
        "candidate",
        "cand",
        "new",
        "after",
        "tuned",
        "finetuned",
        "ft",
        "sft",
        "dpo",
        "challenger",
        "next",
        "trained",
    ),
    *("merged", "export", "exported", "deployed", "served"),
)
_LATER_TRAINING = ("dpo", "kto", "orpo", "simpo", "ppo", "grpo", "rloo", "rlhf", "aligned")
"""Words of a training on preferences or rewards, which comes after one on examples."""
_PREVIEWS = ("rc", "alpha", "beta")
"""Words of what comes before a release of the same number, and after one of an earlier number."""
_WORD = re.compile(r"[a-z]+|\d+")
_VERSION = re.compile(r"(?<![a-z])v(?:er|ersion)?[-_. ]?(\d+(?:[._]\d+)*)", re.IGNORECASE)
_DATE = re.compile(r"(?<!\d)((?:19|20)\d\d)[-_.]?([01]\d)[-_.]?([0-3]\d)(?!\d)")
_APART_S = 3600.0
"""Seconds between the dates of two models for these to tell anything: copies of one minute do not."""


@dataclass(frozen=True)
class Told:
    """The two that are compared, and what tells which is which."""

    base: Path
    candidate: Path
    reason: str


@dataclass(frozen=True)
class _Sign:
    """One thing that tells the order of two paths: the number of the one that is the base, and the reason."""

    base: int
    reason: str


def tell(paths: Sequence[Path]) -> Told | None:
    """The base and the candidate among some paths; None where nothing tells, or two things tell otherwise.

    Of more than two, words decide where they name one for each side, else versions or dates in the names, of which
    the last two are compared.
    """
    if len(paths) > 2:
        return _of_many(paths)
    if len(paths) < 2:
        return None
    first, second = paths
    signs = [sign for sign in (_trained_from(first, second), _by_words(first, second)) if sign]
    signs += [sign for sign in [_by_numbers(first, second)] if sign]
    if len({sign.base for sign in signs}) > 1:
        return None
    signs += [] if signs else [sign for sign in [_by_date(first, second)] if sign]
    if not signs:
        return None
    base = signs[0].base
    return Told(paths[base], paths[1 - base], signs[0].reason)


def side_of(words: Iterable[str]) -> str:
    """The side that some words speak of; empty where they speak of none, or of both."""
    known = set(words)
    of = [
        side for side, named in zip(SIDES, (BASE_WORDS, CANDIDATE_WORDS), strict=True) if known & set(named)
    ]
    return of[0] if len(of) == 1 else ""


def words_of(name: str) -> list[str]:
    """The words and numbers of a name, in small letters."""
    return _WORD.findall(name.casefold())


def natural(name: str) -> list[tuple[int, str]]:
    """A key by which v9 stands before v10."""
    return [(int(word), "") if word.isdigit() else (0, word) for word in words_of(name)]


def _of_many(paths: Sequence[Path]) -> Told | None:
    names = _own_names(paths)
    by_side: Mapping[str, list[Path]] = {
        side: [path for path, name in zip(paths, names, strict=True) if side_of(words_of(name)) == side]
        for side in SIDES
    }
    if all(len(by_side[side]) == 1 for side in SIDES):
        base, candidate = by_side["base"][0], by_side["candidate"][0]
        return Told(base, candidate, "by the words in their names")
    ordered = sorted(paths, key=lambda path: natural(names[paths.index(path)]))
    told = [tell(two) for two in pairwise(ordered)]
    if all(one is not None and one.base == low for one, low in zip(told, ordered, strict=False)):
        last = told[-1]
        return None if last is None else Told(last.base, last.candidate, f"the last two: {last.reason}")
    return None


def _own_names(paths: Sequence[Path]) -> list[str]:
    """The parts of each path that are not those of all, as one text."""
    parts = [(path.with_suffix("") if path.is_file() else path).parts for path in paths]
    shared = set(parts[0]).intersection(*parts[1:])
    names = [" ".join(part for part in own if part not in shared) for own in parts]
    return [name or own[-1] for name, own in zip(names, parts, strict=True)]


def _by_words(first: Path, second: Path) -> _Sign | None:
    names = _own_names((first, second))
    sides = [side_of(words_of(name)) for name in names]
    versions = [_version(name) for name in names]
    staged = [set(words_of(name)) for name in names]
    for number in (0, 1):
        later = sorted(staged[1 - number] & set(_LATER_TRAINING))
        if "sft" in staged[number] and later and not staged[number] & set(_LATER_TRAINING):
            return _Sign(number, f"training by 'sft' comes before {later[0]!r}")
    for side, known in zip(SIDES, (BASE_WORDS, CANDIDATE_WORDS), strict=True):
        if sides.count(side) == 1:
            number = sides.index(side)
            word = next(word for word in words_of(names[number]) if word in known)
            return _Sign(number if side == "base" else 1 - number, f"by the word {word!r} in its name")
    previews = [any(word in _PREVIEWS for word in words_of(name)) for name in names]
    if previews[0] != previews[1] and not (versions[0] and versions[1]):
        return _Sign(previews.index(False), "by the word for a preview in the other's name")
    return None


def _by_numbers(first: Path, second: Path) -> _Sign | None:
    """By versions, dates or, in names that differ in nothing else, numbers."""
    names = _own_names((first, second))
    for found, what in ((_version, "version"), (_dated, "date")):
        keys = [found(name) for name in names]
        if keys[0] and keys[1] and keys[0] != keys[1]:
            base = 0 if keys[0] < keys[1] else 1
            return _Sign(base, f"{what} {_written(keys[base])} is before {_written(keys[1 - base])}")
    stripped = [re.sub(r"\d+", "#", name.casefold()) for name in names]
    numbers = [
        [int(digits) for digits in re.findall(r"\d+", name)[:20] if len(digits) < 20] for name in names
    ]
    if stripped[0] == stripped[1] and numbers[0] != numbers[1]:
        base = 0 if numbers[0] < numbers[1] else 1
        low, high = next((a, b) for a, b in zip(numbers[base], numbers[1 - base], strict=False) if a != b)
        return _Sign(base, f"number {low} in its name is before {high}")
    return None


def _version(name: str) -> tuple[int, ...]:
    found = _VERSION.search(name)
    return tuple(int(part) for part in re.split(r"[._]", found[1])[:6] if len(part) < 10) if found else ()


def _dated(name: str) -> tuple[int, ...]:
    found = _DATE.search(name)
    return tuple(map(int, found.groups())) if found else ()


def _written(key: tuple[int, ...]) -> str:
    return (
        ".".join(map(str, key)) if len(key) < 3 or key[0] < 1900 else "-".join(f"{part:02d}" for part in key)
    )


def _trained_from(first: Path, second: Path) -> _Sign | None:
    """By what the configuration of one says that it was loaded from."""
    for number, (own, other) in enumerate(((first, second), (second, first))):
        try:
            named = str(read_json(own / "config.json").get("_name_or_path", ""))
        except AssayError:
            continue
        if other.name and Path(named.rstrip("/")).name == other.name and own.name != other.name:
            return _Sign(1 - number, f"the config.json of {own.name} says that it came from {other.name}")
    return None


def _by_date(first: Path, second: Path) -> _Sign | None:
    times = [_changed(path) for path in (first, second)]
    if min(times) <= 0 or abs(times[0] - times[1]) < _APART_S:
        return None
    base = 0 if times[0] < times[1] else 1
    days = [datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%d %H:%M") for time in times]
    return _Sign(base, f"by the dates of the files: {days[base]} is before {days[1 - base]}")


def _changed(path: Path) -> float:
    """When the newest file of a folder was changed; 0 where nothing says."""
    try:
        files = [one.stat().st_mtime for one in os.scandir(path) if one.is_file()] if path.is_dir() else []
        return max(files, default=0.0) if path.is_dir() else path.stat().st_mtime
    except OSError:
        return 0.0
