"""Logs of Inspect (`inspect eval`), as `.eval` archives and as JSON, in the layout of EvalLog and EvalSample."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from analysis.base.errors import AssayError
from analysis.init.results.contract import Item, ResultFormat, Results
from analysis.init.results.documents import (
    answer_in,
    one_file,
    plain_values,
    read_archive,
    read_documents,
    texts_in,
    turns_in,
)

_ATTACHMENT = "attachment://"
_HEADERS = ("header.json", "_journal/start.json", "start.json")
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def _read(path: Path) -> Results:
    path = one_file(path, ("*.eval", "*.json"))
    header, samples = _log(path)
    if not samples:
        raise AssayError(
            "holds no samples: it is the header of a log alone, or of one that was just begun",
            where=str(path),
            hint="give the log with its samples",
        )
    epochs = len({str(sample.get("epoch", 1)) for sample in samples}) > 1
    choices = all(isinstance(sample.get("choices"), list) and sample["choices"] for sample in samples)
    fixed = choices and len({tuple(map(str, sample["choices"])) for sample in samples}) == 1
    items = [_item(sample, path, epochs=epochs, fixed=fixed) for sample in samples]
    spec = header.get("eval") if isinstance(header.get("eval"), Mapping) else {}
    notes = []
    status = header.get("status")
    if isinstance(status, str) and status != "success":
        notes.append(f"the evaluation ended as {status!r}: what it had finished is read")
    if epochs:
        notes.append("samples were run in several epochs: each is an item of its own")
    model = spec.get("model") if isinstance(spec, Mapping) else None
    return Results(path, model if isinstance(model, str) else "", items, tuple(notes), choices)


def _log(path: Path) -> tuple[Mapping[str, Any], list[Mapping[str, Any]]]:
    """The header and the samples of a log. Raises AssayError where it is none."""
    if path.suffix.lower() == ".eval":
        headers, samples = read_archive(path, "samples/", _HEADERS)
        header = next((one for one in headers.values() if isinstance(one, Mapping)), None)
        if header is None:
            raise AssayError("holds no header of an Inspect log", where=str(path), hint=FORMAT.wanted)
    else:
        documents = read_documents(path)
        found = documents[0] if len(documents) == 1 else None
        if not isinstance(found, Mapping) or not FORMAT.fits(found):
            raise AssayError("is no log of Inspect", where=str(path), hint=FORMAT.wanted)
        header, samples = found, found.get("samples") or []
    if not isinstance(samples, list) or not all(isinstance(one, Mapping) and "id" in one for one in samples):
        raise AssayError(
            "holds a sample without an id", where=str(path), hint="it is no whole log of Inspect"
        )
    return header, sorted(samples, key=lambda one: (str(one.get("epoch", 1)), str(one["id"])))


def _item(sample: Mapping[str, Any], path: Path, *, epochs: bool, fixed: bool) -> Item:
    attached = sample.get("attachments") if isinstance(sample.get("attachments"), Mapping) else {}
    given = sample.get("input")
    turns = turns_in(given)
    asked = [{**turn, "content": _whole(turn["content"], attached)} for turn in turns] if turns else None
    text = _whole(texts_in(given), attached)
    targets = sample.get("target")
    # Several targets are all right; one of them cannot stand for a class.
    target = targets if isinstance(targets, str) else None
    if isinstance(targets, list) and len(targets) == 1:
        target = str(targets[0])
    answer = _answer(sample, attached)
    label = _scored(sample)
    choices = sample.get("choices")
    if isinstance(choices, list) and choices and fixed:
        label, target = _choice(label, choices), _choice(target, choices)
    name = str(sample["id"])
    return Item(
        id=f"{name} epoch {sample.get('epoch', 1)}" if epochs else name,
        same=text,
        asked=asked if asked and len(asked) > 1 else text,
        text=text,
        answer=answer,
        target=target or None,
        label=label if answer is not None else None,
        further=dict(plain_values(sample.get("metadata"))),
    )


def _answer(sample: Mapping[str, Any], attached: Any) -> str | None:
    """The completion; None where an error ended the sample before there was one."""
    output = sample.get("output")
    if not isinstance(output, Mapping):
        return None
    completion = output.get("completion")
    choices = output.get("choices")
    if not isinstance(completion, str) and isinstance(choices, list) and choices:
        message = choices[0].get("message") if isinstance(choices[0], Mapping) else None
        completion = answer_in(message.get("content")) if isinstance(message, Mapping) else None
    if not isinstance(completion, str) or (not completion and sample.get("error")):
        return None
    return _whole(completion, attached)


def _scored(sample: Mapping[str, Any]) -> str | None:
    """The answer that a scorer read from the completion."""
    scores = sample.get("scores")
    if not isinstance(scores, Mapping):
        return None
    answers = [one.get("answer") for one in scores.values() if isinstance(one, Mapping)]
    return next((one for one in answers if isinstance(one, str) and one.strip()), None)


def _choice(letter: str | None, choices: list[Any]) -> str | None:
    """The choice that a letter stands for; what is no letter of one as it is."""
    if letter is None or len(letter) != 1 or letter not in _LETTERS[: len(choices)]:
        return letter
    return str(choices[_LETTERS.index(letter)])


def _whole(text: str, attached: Any) -> str:
    """A text, or the attachment that it refers to."""
    if not text.startswith(_ATTACHMENT):
        return text
    found = attached.get(text.removeprefix(_ATTACHMENT))
    return found if isinstance(found, str) else text


def _fits(one: Any) -> bool:
    return (
        isinstance(one, Mapping)
        and isinstance(one.get("eval"), Mapping)
        and ("samples" in one or "status" in one)
    )


FORMAT = ResultFormat(
    "inspect",
    "log of Inspect",
    "inspect eval writes .eval files into logs/; with --log-format json it writes JSON",
    _read,
    _fits,
)
