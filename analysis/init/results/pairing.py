"""Two files of results as rows of one table: predictions where the answers are classes, else records of answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from analysis.base.errors import AssayError
from analysis.data.faults import shown
from analysis.init.results.contract import Item, Results

Kind = Literal["predictions", "records"]
Pair = tuple[Item | None, Item | None]

MOST_CLASSES = 500
LEAST_EACH = 3
"""Items of each target, on average, from which targets may be classes."""
LEAST_MATCHED = 0.5
"""Share of the answers of one side that must be one of the targets for these to be classes."""
_LONGEST = 80
"""Characters of a class; of a longer answer the beginning stands for it."""
_AROUND = " \t\r\n.,:;!\"'`*()[]"
"""What may stand around a class in an answer."""
OWN = {
    "predictions": ("id", "text", "label", "base", "candidate", "base_p", "candidate_p"),
    "records": ("id", "prompt", "base_response", "candidate_response", "target"),
}
_TAKEN = ("ref", "passages", "expected", "text", "label")
"""Names of columns that mean something to a track, whatever kind of table it is."""


@dataclass(frozen=True)
class Paired:
    """The rows of a table, of what kind they are, and what is to be said of how they were made, a line each.

    `one_sided` are the items that one file alone has, or answers.
    """

    kind: Kind
    rows: Sequence[Mapping[str, Any]]
    notes: tuple[str, ...]
    guess: str
    one_sided: int


def paired(base: Results, candidate: Results, kind: Kind | None) -> Paired:
    """Join two files by id, else by what was asked.

    Args:
        base: results of the model in production.
        candidate: results of what is to replace it.
        kind: what to make of them; told by the answers where it is not given.

    Raises:
        AssayError: an item that a file has twice, no item in both files, or the same id with another input.
    """
    pairs, by = _joined(base, candidate)
    targets = Counter(one.target for pair in pairs for one in _own(pair)[:1] if one.target is not None)
    choices = base.choices and candidate.choices
    why = "every item gives its choices" if choices else _why_classes(pairs, targets)
    made: Kind = kind or ("predictions" if why else "records")
    rows = (
        _without_echoes(list(_predictions(pairs, targets)))
        if made == "predictions"
        else list(_records(pairs))
    )
    both = sum(one is not None and other is not None for one, other in pairs)
    notes = [f"{both:,} items are in both files, joined by {by}"]
    for own, file in ((0, base), (1, candidate)):
        alone = sum(pair[own] is not None and pair[1 - own] is None for pair in pairs)
        silent = sum((one := pair[own]) is not None and one.answer is None for pair in pairs)
        notes += [f"{alone:,} are in {file.path.name} only"] if alone else []
        notes += [f"{silent:,} have no answer in {file.path.name}"] if silent else []
    moved = sum(a is not None and b is not None and a.asked != b.asked for a, b in pairs)
    if moved and made == "records":
        notes.append(f"{moved:,} were asked in other words on the two sides: those of the base are shown")
    guess = ""
    if kind is None and made == "predictions":
        guess = f"the answers are taken for classes, since {why}; --as records takes them for texts"
    elif kind is None:
        guess = "the answers are taken for texts; --as predictions takes them for classes"
    one_sided = sum(len([one for one in _own(pair) if one.answer is not None]) < 2 for pair in pairs)
    return Paired(made, rows, tuple(notes), guess, one_sided)


def _own(pair: Pair) -> list[Item]:
    return [one for one in pair if one is not None]


def _joined(base: Results, candidate: Results) -> tuple[list[Pair], str]:
    by_id = [_keyed(file, "id") for file in (base, candidate)]
    if by_id[0].keys() & by_id[1].keys():
        first, second = by_id
        by = "id"
        differ = [name for name, one in first.items() if name in second and one.same != second[name].same]
        if differ:
            name = differ[0]
            raise AssayError(
                f"{len(differ):,} items have the same id and another input: {shown(name)} is "
                f"{shown(first[name].text)} in {base.path.name}, and {shown(second[name].text)} here",
                where=str(candidate.path),
                hint="both files must be of the same data, in the same order",
            )
    else:
        first, second = (_keyed(file, "same") for file in (base, candidate))
        by = "what was asked"
        if not first.keys() & second.keys():
            raise AssayError(
                f"no item is in both {base.path.name} and {candidate.path.name}, which begin with "
                f"{shown(base.items[0].text)} and {shown(candidate.items[0].text)}",
                where=str(candidate.path),
                hint="both files must be of the same data",
            )
    pairs: list[Pair] = [(one, second.get(name)) for name, one in first.items()]
    return [*pairs, *((None, one) for name, one in second.items() if name not in first)], by


def _keyed(file: Results, by: Literal["id", "same"]) -> dict[str, Item]:
    found: dict[str, Item] = {}
    for one in file.items:
        key = one.id if by == "id" else one.same
        if key in found:
            raise AssayError(
                f"holds the {'id' if by == 'id' else 'input'} {shown(key)} twice",
                where=str(file.path),
                hint="one answer to each item is compared",
            )
        found[key] = one
    return found


def _why_classes(pairs: Sequence[Pair], targets: Mapping[str, int]) -> str:
    """Why the answers look like classes; empty where they do not."""
    short = all(len(one) <= _LONGEST and "\n" not in one for one in targets)
    if not (2 <= len(targets) <= min(MOST_CLASSES, sum(targets.values()) / LEAST_EACH) and short):
        return ""
    known = {_bare(one) for one in targets}
    for side in (0, 1):
        said = [one.label or one.answer or "" for pair in pairs if (one := pair[side]) is not None]
        matched = sum(_bare(one) in known for one in said)
        if said and matched >= LEAST_MATCHED * len(said):
            return f"{matched / len(said):.0%} of them are one of {len(targets)} targets"
    return ""


def _bare(text: str) -> str:
    return text.strip(_AROUND).casefold()


def _class_of(one: Item | None, targets: Mapping[str, str]) -> str | None:
    """The class that an answer names: a target, else the beginning of what it says."""
    if one is None or one.answer is None:
        return None
    said = one.label or one.answer
    first = next(iter(said.strip().splitlines()), "")[:_LONGEST].strip()
    return targets.get(_bare(said)) or first or "no answer"


def _predictions(pairs: Sequence[Pair], targets: Mapping[str, int]) -> Iterator[dict[str, Any]]:
    spelt = {_bare(one): one for one in sorted(targets, key=lambda one: targets[one])}
    answered = [one for pair in pairs for one in _own(pair) if one.answer is not None]
    with_p = all(one.probabilities for one in answered)
    for base, candidate in pairs:
        first = base or candidate
        if first is None:
            continue
        row: dict[str, Any] = {"id": first.id, "text": first.text}
        if targets:
            row["label"] = first.target
        for side, one in (("base", base), ("candidate", candidate)):
            row[side] = _class_of(one, spelt)
            if with_p:
                row[f"{side}_p"] = (
                    None if one is None or one.answer is None else dict(one.probabilities or {})
                )
        yield {**row, **_further(_own((base, candidate)), OWN["predictions"])}


def _without_echoes(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows without columns that part them as the label does, under another name or by its number."""
    labels = [row.get("label") for row in rows]
    echoes = []
    for name in dict.fromkeys(name for row in rows for name in row if name not in OWN["predictions"]):
        values = [row.get(name) for row in rows]
        if len(set(zip(values, labels, strict=True))) == len(set(values)) == len(set(labels)):
            echoes.append(name)
    return [{name: value for name, value in row.items() if name not in echoes} for row in rows]


def _records(pairs: Sequence[Pair]) -> Iterator[dict[str, Any]]:
    for base, candidate in pairs:
        first = base or candidate
        if first is None:
            continue
        row: dict[str, Any] = {
            "id": first.id,
            "prompt": first.asked,
            "base_response": _said(base),
            "candidate_response": _said(candidate),
        }
        if first.target is not None:
            row["target"] = first.target
        yield {**row, **_further(_own((base, candidate)), OWN["records"])}


def _further(own: Sequence[Item], taken: Sequence[str]) -> dict[str, Any]:
    """What both files say of an item, under names that no column has already."""
    folded = {name.casefold() for name in (*taken, *_TAKEN)}
    common: dict[str, Any] = {}
    for name, value in own[0].further.items():
        if name.casefold() in folded or any(one.further.get(name) != value for one in own[1:]):
            continue
        folded.add(name.casefold())
        common[name] = value
    return common


def _said(one: Item | None) -> str | None:
    """The whole of what was answered."""
    if one is None or one.answer is None:
        return None
    return one.answer if one.whole is None else one.whole
