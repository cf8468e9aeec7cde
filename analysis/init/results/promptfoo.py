"""Results of promptfoo: `promptfoo eval -o results.json`, in the layouts of its versions 2 and 3, or as JSON lines."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from analysis.base.errors import AssayError
from analysis.init.results.contract import Item, ResultFormat, Results
from analysis.init.results.documents import (
    answer_in,
    one_file,
    plain_values,
    read_documents,
    texts_in,
)

_EQUAL = ("equals", "iequals")
"""Assertions whose value is the right answer."""
_ERROR = 2
"""Reason of a failure that is no failed assertion: there was no answer."""


def _read(path: Path) -> Results:
    path = one_file(path, ("*.json", "*.jsonl"))
    rows = _rows(read_documents(path))
    if not rows or not all(map(_is_row, rows)):
        raise AssayError("holds no results of promptfoo", where=str(path), hint=FORMAT.wanted)
    providers = list(dict.fromkeys(_provider(row) for row in rows))
    if len(providers) > 1:
        raise AssayError(
            f"holds answers of {len(providers)} providers: {', '.join(providers[:5])}",
            where=str(path),
            hint=f"a file for each: promptfoo eval --filter-providers {providers[0]!r} -o base.json",
        )
    several = len({row.get("promptIdx", 0) for row in rows}) > 1
    items = [_item(row, place, several=several) for place, row in enumerate(rows)]
    notes = ("each test was put in several prompts: each is an item of its own",) if several else ()
    return Results(path, providers[0], items, notes)


def _rows(documents: list[Any]) -> list[Any]:
    """The results, from a file of lines, a list, or below `results` once or twice."""
    rows: Any = documents
    if len(documents) == 1 and not _is_row(documents[0]):
        rows = documents[0]
    while isinstance(rows, Mapping):
        rows = rows.get("results")
    return rows if isinstance(rows, list) else []


def _item(row: Mapping[str, Any], place: int, *, several: bool) -> Item:
    prompt = row.get("prompt")
    raw = prompt.get("raw") if isinstance(prompt, Mapping) else prompt
    test = row.get("testCase") if isinstance(row.get("testCase"), Mapping) else {}
    given = row.get("vars") or (test.get("vars") if isinstance(test, Mapping) else None)
    given = given if isinstance(given, Mapping) else {}
    name = str(row.get("testIdx", place))
    metadata = dict(plain_values(test.get("metadata"))) if isinstance(test, Mapping) else {}
    # The words of the prompt around its variables are the same in every test.
    text = _asked(given) or texts_in(raw)
    return Item(
        id=f"{name} prompt {row.get('promptIdx', 0)}" if several else name,
        # A prompt that was changed on purpose is still about the same test.
        same=json.dumps(given, sort_keys=True, ensure_ascii=False) if given else texts_in(raw),
        asked=text,
        text=text,
        answer=_answer(row),
        target=_target(test),
        further=metadata,
    )


def _asked(given: Mapping[str, Any]) -> str:
    """The variables of a test: the only text as it is, several under their names."""
    texts = {str(name): value for name, value in given.items() if isinstance(value, str) and value.strip()}
    if len(texts) == 1:
        return next(iter(texts.values()))
    return "\n".join(f"{name}: {value}" for name, value in texts.items())


def _answer(row: Mapping[str, Any]) -> str | None:
    response = row.get("response")
    if isinstance(response, Mapping) and "output" in response:
        return answer_in(response["output"])
    if row.get("failureReason") == _ERROR or row.get("error"):
        return None
    return answer_in(row.get("output"))


def _target(test: Any) -> str | None:
    """The value of an assertion that the answer equals it."""
    checks = test.get("assert") if isinstance(test, Mapping) else None
    for one in checks if isinstance(checks, list) else []:
        if isinstance(one, Mapping) and one.get("type") in _EQUAL and isinstance(one.get("value"), str):
            return str(one["value"])
    return None


def _provider(row: Mapping[str, Any]) -> str:
    provider = row.get("provider")
    if isinstance(provider, Mapping):
        provider = provider.get("label") or provider.get("id")
    return provider if isinstance(provider, str) else ""


def _is_row(one: Any) -> bool:
    return (
        isinstance(one, Mapping)
        and ("response" in one or "error" in one)
        and ("prompt" in one or "vars" in one)
    )


def _fits(one: Any) -> bool:
    return _is_row(one) or (isinstance(one, Mapping) and bool(list(filter(_is_row, _rows([one])))))


FORMAT = ResultFormat(
    "promptfoo",
    "results of promptfoo",
    "promptfoo eval -o results.json writes them",
    _read,
    _fits,
)
