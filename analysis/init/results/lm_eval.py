"""Samples of lm-evaluation-harness: `samples_TASK_DATE.jsonl`, as `--log_samples` writes them.

A task of several choices has a request for each, with the log-likelihood of the choice; its answer is the most likely
one, as in the metric `acc`, and the shares of their likelihoods are its probabilities.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
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

_TEXTS = (
    *("question", "query", "text", "sentence", "utterance", "input", "prompt", "problem", "goal", "ctx"),
    *("instruction", "content", "message"),
)
"""Fields of a document that hold what is asked, the likeliest first."""
_CONTEXTS = ("passage", "context", "paragraph", "article", "story", "premise")
"""Fields that hold what it is asked about."""


def _read(path: Path) -> Results:
    path = one_file(path, ("samples_*.jsonl",))
    rows = read_documents(path)
    wrong = next((number for number, row in enumerate(rows, start=1) if not _fits(row)), None)
    if wrong is not None:
        raise AssayError("is no sample of lm-eval", where=f"{path}:{wrong}", hint=FORMAT.wanted)
    filters = list(dict.fromkeys(str(row.get("filter", "none")) for row in rows))
    rows = [row for row in rows if str(row.get("filter", "none")) == filters[0]]
    choices = all(_likelihoods(row) for row in rows)
    if not choices and all(_only_read(row) for row in rows):
        raise AssayError(
            "holds how likely texts are, and no answers",
            where=str(path),
            hint="of lm-eval, tasks whose output_type is multiple_choice or generate_until have answers",
        )
    offered = [_offered(row) for row in rows] if choices else []
    fixed = len({tuple(one) for one in offered}) == 1
    fixed = fixed and len(set(offered[0])) == len(offered[0])
    shared = _shared([texts_in(_prompt(row)) for row in rows])
    items = [
        _item(row, names, shared, fixed=fixed)
        for row, names in zip(rows, offered or [[]] * len(rows), strict=True)
    ]
    notes = [f"of the filters {', '.join(filters)}, {filters[0]} is read"] if len(filters) > 1 else []
    untold = sum(item.target is None and "target" in row for item, row in zip(items, rows, strict=True))
    if choices and untold:
        notes.append(f"{untold:,} have no one right choice, or none that can be told: they have no label")
    return Results(path, _model(path), items, tuple(notes), choices)


def _model(path: Path) -> str:
    """What the folder is called as: the model, where the tool made it, with `__` for each slash, beside its results."""
    made = "__" in path.parent.name or any(path.parent.glob("results_*.json"))
    return path.parent.name.replace("__", "/") if made else ""


def _shared(prompts: Sequence[str]) -> int:
    """Characters of whole lines that all prompts begin with: instructions, and examples that each of them repeats."""
    # What the first and the last in order begin with, all between them do.
    first, last = min(prompts), max(prompts)
    alike = next(
        (place for place, pair in enumerate(zip(first, last, strict=False)) if pair[0] != pair[1]), 0
    )
    return first.rfind("\n", 0, alike) + 1


def _asked(document: Any) -> tuple[str, tuple[str, ...]]:
    """What a document asks, without the words of the task around it, and the fields that say it; empty if none does."""
    if not isinstance(document, Mapping):
        return "", ()
    given = [
        next((name for name in names if isinstance(document.get(name), str) and document[name].strip()), None)
        for names in (_CONTEXTS, _TEXTS)
    ]
    fields = tuple(name for name in given if name is not None) if given[-1] is not None else ()
    return "\n\n".join(document[name] for name in fields), fields


def _item(row: Mapping[str, Any], offered: Sequence[str], shared: int, *, fixed: bool) -> Item:
    document = row.get("doc")
    # Prompts of one task are alike but for the question: whole, each would look like a copy of the others.
    text, fields = _asked(document)
    text = text or texts_in(_prompt(row))[shared:]
    further = {name: value for name, value in plain_values(document) if name not in fields}
    same = str(row["doc_hash"]) if "doc_hash" in row else text
    target = str(row.get("target", "")).strip() or None
    if not offered:
        answer, whole = _first_text(row.get("filtered_resps")), _first_text(row.get("resps"))
        return Item(str(row["doc_id"]), same, text, text, answer, target, None, None, further, whole)
    names = list(offered) if fixed else [f"choice {number}" for number in range(1, len(offered) + 1)]
    likelihoods = _likelihoods(row)
    most = max(range(len(names)), key=lambda place: likelihoods[place])
    gold = _gold(target, offered, names, row)
    shares = _shares(likelihoods)
    return Item(
        str(row["doc_id"]), same, text, text, offered[most], gold, names[most],
        None if shares is None else dict(zip(names, shares, strict=True)), further,
    )  # fmt: skip


def _prompt(row: Mapping[str, Any]) -> Any:
    """The context of the first request: the first of its arguments, in the layout of either version."""
    requests = _requests(row)
    first = requests[0][0] if requests and requests[0] else texts_in(row.get("doc"))
    return first[0] if isinstance(first, list) and len(first) == 1 and isinstance(first[0], str) else first


def _requests(row: Mapping[str, Any]) -> list[list[Any]]:
    """The arguments of each request: a list of them, or `gen_args_0` with `arg_0` and so on."""
    given = row.get("arguments")
    if isinstance(given, Mapping):
        given = [list(one.values()) for one in given.values() if isinstance(one, Mapping)]
    if not isinstance(given, list):
        return []
    return [list(one) if isinstance(one, list) else [one] for one in given]


def _likelihoods(row: Mapping[str, Any]) -> list[float]:
    """The log-likelihood of each choice; empty where the item was answered with a text."""
    found: list[float] = []
    responses = row.get("filtered_resps")
    for one in responses if isinstance(responses, list) else []:
        value = one[0] if isinstance(one, list) and len(one) == 2 else None
        try:
            found.append(float(value) if isinstance(value, str | int | float) else math.nan)
        except ValueError:
            return []
    usable = len(found) > 1 and len(found) == len(_requests(row)) and not all(map(math.isnan, found))
    count = len(_offered(row))
    return [-math.inf if math.isnan(one) else one for one in found[:count]] if usable else []


def _offered(row: Mapping[str, Any]) -> list[str]:
    """The choices of an item: what each request was to be continued by; where that is the same of all, the requests.

    Where the likelihoods without the question were asked for as well, the second half repeats the first.
    """
    offered = [str(one[1]).strip() if len(one) > 1 else "" for one in _requests(row)]
    if len(set(offered)) == 1:
        return [str(one[0]).strip() for one in _requests(row)]
    half = len(offered) // 2
    return (
        offered[:half]
        if half > 1 and offered[:half] == offered[half:] and len(set(offered)) == half
        else offered
    )


def _gold(
    target: str | None, offered: Sequence[str], names: Sequence[str], row: Mapping[str, Any]
) -> str | None:
    """The right choice: by its text, or by its place from 0; of two with one continuation, by which one was right.

    Where choices differ in what stands before it, the target is that one continuation, and tells nothing.
    """
    if target is None:
        return None
    if target not in offered and any(
        len(one) > 1 and str(one[1]).strip() == target for one in _requests(row)
    ):
        right, likelihoods = row.get("acc"), _likelihoods(row)
        if len(names) != 2 or right not in (0, 1):
            return None
        return names[likelihoods.index(max(likelihoods) if right else min(likelihoods))]
    if target in offered:
        return names[offered.index(target)]
    place = int(target) if target.isdecimal() and len(target) < 5 else -1
    return names[place] if 0 <= place < len(names) else None


def _shares(likelihoods: Sequence[float]) -> list[float] | None:
    most = max(likelihoods)
    if not math.isfinite(most):
        return None
    shares = [math.exp(one - most) for one in likelihoods]
    return [one / sum(shares) for one in shares]


def _only_read(row: Mapping[str, Any]) -> bool:
    """Whether a model was asked how likely a text is, and to write nothing: it has no settings of generation."""
    requests = _requests(row)
    return bool(requests) and not any(isinstance(part, Mapping) for one in requests for part in one)


def _first_text(one: Any) -> str | None:
    """The first text of generated ones, which stand in lists: of each request, and of each repetition."""
    while isinstance(one, list) and one:
        one = one[0]
    return answer_in(one) if not isinstance(one, list) else None


def _fits(one: Any) -> bool:
    return isinstance(one, Mapping) and "doc_id" in one and "filtered_resps" in one


FORMAT = ResultFormat(
    "lm-eval",
    "samples of lm-eval",
    "lm_eval --log_samples --output_path results/ writes results/MODEL/samples_TASK_DATE.jsonl",
    _read,
    _fits,
)
