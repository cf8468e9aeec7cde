"""Recorded answers in a folder: one table with both sides, or a table of each, whatever their columns are called."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from analysis.base.records import SIDES
from analysis.base.turns import prompt_key
from analysis.data.columns import value_at
from analysis.plugin.init.columns import ID
from analysis.plugin.init.folder import Folder
from analysis.plugin.init.tables import Table
from analysis.plugin.init.which_side import BASE_WORDS, CANDIDATE_WORDS, natural, side_of, words_of
from analysis.tracks.response.settings import ResponseSettings
from analysis.tracks.response.turn_cells import prompt_cell, response_cell, split_cell

BATCH_ID, BATCH_PROMPT, BATCH_ANSWER = "custom_id", "body.messages", "response.body.choices.0.message.content"
"""Of files that batch interfaces of language models take and give."""
IDS = (*ID, BATCH_ID, "prompt_id", "question_id", "_id")
PROMPTS = ("prompt", "question", "input", "instruction", "query", "user_input", "messages", "conversation")
_TO_ASK = ("prompt", "question", "instruction", "messages", "conversation")
"""Of these, those that hold what is asked of a language model and hardly anything else."""
ANSWERS = ("response", "output", "answer", "completion", "generation", "generated_text", "model_output")
BESIDE = {"passages": ("passages", "retrieved_contexts", "contexts"), "expected": ("expected",)}


@dataclass(frozen=True)
class Answers:
    """Recorded answers: tables by the key that names them, columns by theirs, and whether the sides are a guess."""

    tables: Mapping[str, Table] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    guessed: bool = False

    def named(self) -> dict[str, str]:
        """The columns that the review file has to name: those that are not called as their key."""
        known = ResponseSettings.model_fields
        return {key: name for key, name in self.columns.items() if known[key].default != name}


@dataclass(frozen=True)
class Asked:
    """Prompts that two models can be asked: their table, and columns by the keys that name them."""

    table: Table
    columns: Mapping[str, str]

    def named(self) -> dict[str, str]:
        """The columns that the review file has to name: those that are not called as their key."""
        return {key: name for key, name in self.columns.items() if key != name}


@dataclass(frozen=True)
class _OneSide:
    """A table of one side's answers: its columns by key; a batch has its prompts elsewhere."""

    table: Table
    columns: Mapping[str, str]

    @property
    def side(self) -> str:
        return side_of(words_of(self.table.path.stem))


def find_answers(folder: Folder) -> Answers:
    """The first table with answers of both sides, else two of one side each that answer the same prompts."""
    for table in folder.tables:
        columns = _both_sides(table)
        if columns is not None:
            guessed = not all(side_of(words_of(columns[f"{side}_response"])) == side for side in SIDES)
            return Answers({"records": table}, columns, guessed)
    sides = [one for table in folder.tables if (one := _one_side(table)) is not None]
    for first, second in combinations(sorted(sides, key=lambda one: natural(one.table.path.name)), 2):
        pair = _pair(first, second, folder.tables)
        if pair is not None:
            return pair
    return Answers()


def find_prompts(tables: Sequence[Table], *, asked: bool) -> list[Asked]:
    """The tables of prompts, those first that are called as the review file calls them.

    Args:
        tables: that may be some.
        asked: whether there are models to answer them. Where there are none, a table of prompts says so by its names;
            where there are, anything that can be asked will do, and last what preference training asked.
    """
    named = [one for one in tables if one.has("id", "prompt")]
    found = [Asked(one, {"id": "id", "prompt": "prompt"}) for one in named]
    if not asked:
        return found
    for table in sorted(tables, key=lambda one: one.pairs_of_training):
        prompt = _first(table, _TO_ASK, prompt_cell)
        if prompt is not None and table not in named:
            name = table.named_by(IDS)
            found.append(Asked(table, {**({"id": name} if name else {}), "prompt": prompt}))
    return found


def _both_sides(table: Table) -> dict[str, str] | None:
    """The columns of a table of prompts with two answers each; None for every other table."""
    prompt = _first(table, PROMPTS, prompt_cell)
    answers = _two_answers(table)
    if prompt is None or answers is None:
        return None
    columns = {f"{side}_response": name for side, name in zip(SIDES, answers, strict=True)}
    return {**_id(table), "prompt": prompt, **columns, **_beside(table)}


def _two_answers(table: Table) -> tuple[str, str] | None:
    """Columns whose names differ only in words for the sides, else the two that end in one word for answers."""
    texts = [name for name in table.columns if _all(table, name, response_cell)]
    by_rest: dict[tuple[str, ...], dict[str, str]] = {}
    by_end: dict[str, list[str]] = {}
    for name in texts:
        words = words_of(name)
        side = side_of(words)
        if side:
            rest = tuple(word for word in words if word not in (*BASE_WORDS, *CANDIDATE_WORDS))
            by_rest.setdefault(rest, {}).setdefault(side, name)
        if len(words) > 1 and words[-1] in ANSWERS:
            by_end.setdefault(words[-1], []).append(name)
    for found in by_rest.values():
        if len(found) == len(SIDES):
            return found["base"], found["candidate"]
    two = next((names for names in by_end.values() if len(names) == len(SIDES)), None)
    return None if two is None else (two[0], two[1])


def _one_side(table: Table) -> _OneSide | None:
    if table.has(BATCH_ID) and _all(table, BATCH_ANSWER, response_cell):
        return _OneSide(table, {"id": BATCH_ID, "response": BATCH_ANSWER})
    chat = _first(table, PROMPTS, split_cell)
    if chat is not None:
        return _OneSide(table, {**_id(table), "prompt": chat, "response": chat, **_beside(table)})
    prompt, answer = _first(table, PROMPTS, prompt_cell), _first(table, ANSWERS, response_cell)
    if prompt is None or answer is None:
        return None
    return _OneSide(table, {**_id(table), "prompt": prompt, "response": answer, **_beside(table)})


def _pair(first: _OneSide, second: _OneSide, tables: Sequence[Table]) -> Answers | None:
    """Two tables that hold answers to the same prompts, the base first; None where they do not."""
    own, other = (
        {key: name for key, name in one.columns.items() if key != "response"} for one in (first, second)
    )
    if any(own[key] != other[key] for key in own.keys() & other.keys()):
        return None
    columns = {**own, **other}
    # An id that one table lacks joins nothing.
    if not ("id" in own and "id" in other):
        columns.pop("id", None)
    base, candidate = first, second
    if first.side == "candidate" or second.side == "base":
        base, candidate = second, first
    found = {"base_records": base.table, "candidate_records": candidate.table}
    if "prompt" not in columns:
        asked = next(
            (one for one in tables if one.has(BATCH_ID) and _all(one, BATCH_PROMPT, prompt_cell)), None
        )
        if asked is None or not _keys(base, "id") & _keys(candidate, "id"):
            return None
        found["prompts"], columns["prompt"] = asked, BATCH_PROMPT
    elif not any(_keys(base, key) & _keys(candidate, key) for key in ("id", "prompt") if key in columns):
        return None
    elif not _keys(base, "id") & _keys(candidate, "id"):
        columns.pop("id", None)
    answers = {side: one.columns["response"] for side, one in zip(SIDES, (base, candidate), strict=True)}
    if len(set(answers.values())) == 1:
        columns["response"] = answers["base"]
    else:
        columns |= {f"{side}_response": name for side, name in answers.items()}
    return Answers(found, columns, guessed=base.side == candidate.side)


def _keys(one: _OneSide, key: str) -> set[str]:
    """What a table has in a column that may join it with another."""
    name = one.columns.get(key)
    if name is None:
        return set()
    values = [value_at(row, name, one.table.columns) for row in one.table.rows]
    if key == "id":
        return {str(value) for value in values}
    if one.columns["response"] == name:
        return {prompt_key(split_cell(value)[0]) for value in values}
    return {prompt_key(prompt_cell(value)) for value in values}


def _id(table: Table) -> dict[str, str]:
    name = table.first(IDS)
    return {} if name is None else {"id": name}


def _beside(table: Table) -> dict[str, str]:
    return {key: name for key, names in BESIDE.items() if (name := table.first(names)) is not None}


def _first(table: Table, names: Iterable[str], cell: Any) -> str | None:
    """The column of the first of these names whose values can all be read, in whatever case."""
    found = (table.first((name,)) for name in names)
    return next((name for name in found if name is not None and _all(table, name, cell)), None)


def _all(table: Table, name: str, cell: Any) -> bool:
    """Whether every value of a column or path can be read, and there is one."""
    try:
        read = [cell(value_at(row, name, table.columns)) for row in table.rows]
    except ValueError:
        return False
    return any(value is not None for value in read)
