"""`assay init`: a commented review file, filled in with what a folder holds."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from analysis.errors import AssayError
from analysis.lexicon import load_terms
from analysis.models.load import inspect_classifier
from analysis.rows import Row, open_rows

FILE_NAME = "review.toml"
MAX_DEPTH = 4
SAMPLED_ROWS = 200
_DATA = (".jsonl", ".csv", ".parquet")
_ID = ("id", "ref", "key", "uid", "message_id", "example_id")
_TEXT = ("text", "message", "utterance", "sentence", "query", "content")
_LABEL = ("label", "intent", "class", "category", "target", "gold")
_CRITICAL = ("escalation", "emergency", "fraud", "safety", "complaint")


@dataclass(frozen=True)
class _Data:
    path: Path
    id: str | None
    text: str
    label: str | None


def init_review(directory: Path) -> Path:
    """Write `review.toml` into a folder, with the models, data and term lists found below it.

    What could not be found is left as a commented line to fill in.

    Returns:
        The file written.

    Raises:
        AssayError: no such folder, a review file that exists already, or no permission to write.
    """
    if not directory.is_dir():
        raise AssayError("is not a folder", where=str(directory), hint="make it, or name another")
    target = directory / FILE_NAME
    files = _files(directory)
    text = _render(directory.resolve(), _models(files), _data(files), _term_lists(files))
    try:
        with target.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError:
        raise AssayError(
            "exists already and is not overwritten", where=str(target), hint="move it away first"
        ) from None
    except OSError as error:
        raise AssayError(
            f"cannot be written: {error.strerror}", where=str(target), hint="name a folder that is writable"
        ) from None
    return target


def _files(directory: Path) -> list[Path]:
    """Regular files a few levels down, sorted; hidden folders and stores are passed over."""
    found: list[Path] = []
    for root, folders, names in os.walk(directory):
        depth = len(Path(root).relative_to(directory).parts)
        keep = [name for name in folders if not name.startswith((".", "__")) and not name.endswith(".review")]
        folders[:] = sorted(keep) if depth < MAX_DEPTH else []
        found += [Path(root) / name for name in names]
    return sorted(path for path in found if path.is_file() and not path.is_symlink())


def _models(files: Sequence[Path]) -> list[tuple[Path, tuple[str, ...]]]:
    """Model folders that can be reviewed, with their labels."""
    models = []
    for config in files:
        if config.name != "config.json":
            continue
        try:
            models.append((config.parent, inspect_classifier(config.parent).labels))
        except AssayError:
            continue
    return models


def _data(files: Sequence[Path]) -> list[_Data]:
    """Data files with a text column, those with labels and most text columns guessed first."""
    found = []
    for path in files:
        if path.suffix.lower() not in _DATA:
            continue
        columns = _columns(path)
        text = _first(_TEXT, columns)
        if text is not None:
            found.append(_Data(path, _first(_ID, columns), text, _first(_LABEL, columns)))
    return sorted(found, key=lambda data: (data.label is None, data.id is None, "train" in data.path.name))


def _columns(path: Path) -> list[str]:
    try:
        reader = open_rows(path)
        for count, row in enumerate(reader):
            if count >= SAMPLED_ROWS or not isinstance(row, Row):
                break
    except AssayError:
        return []
    return list(reader.columns)


def _first(wanted: Sequence[str], columns: Sequence[str]) -> str | None:
    by_name = {name.casefold(): name for name in reversed(columns)}
    return next((by_name[name] for name in wanted if name in by_name), None)


def _term_lists(files: Sequence[Path]) -> list[Path]:
    """Text files that read as a list of short terms."""
    found = []
    for path in files:
        if path.suffix.lower() != ".txt" or (path.parent / "config.json").is_file():
            continue
        if path.name.casefold().startswith(("readme", "license", "requirements")):
            continue
        try:
            terms = load_terms(path)
        except AssayError:
            continue
        if len(terms) >= 3 and sum(len(term.split()) for term in terms) <= 6 * len(terms):
            found.append(path)
    return found


def _render(
    directory: Path, models: list[tuple[Path, tuple[str, ...]]], data: list[_Data], lists: list[Path]
) -> str:
    def relative(path: Path) -> str:
        return _quoted(path.resolve().relative_to(directory).as_posix())

    base = models[0] if models else None
    candidate = models[1] if len(models) > 1 else None
    labelled = next((one for one in data if one.label is not None), None)
    aside = next((one for one in data if one.label is None and one.id is not None), None)
    labels = candidate[1] if candidate else base[1] if base else ()
    critical = [label for label in labels if label.casefold() in _CRITICAL]
    name = candidate[0].name if candidate else directory.name or "review"
    owner = os.environ.get("USER") or os.environ.get("LOGNAME") or "unknown"
    lines = [
        "# One candidate against one base. `assay check review.toml` finds every mistake in this file.",
        "# Paths are relative to this file.",
        "",
        "[review]",
        f"name = {_quoted(_file_name(name))}",
        f"owner = {_quoted(owner)}                # account or address of who made the candidate",
        f"base_version = {_quoted(base[0].name if base else 'base')}",
        f"candidate_version = {_quoted(candidate[0].name if candidate else 'candidate')}",
        'training_change = ""              # what was done to make the candidate',
        '# store = "NAME.review"           # where the review is kept; default: beside this file',
        "reviewers_required = 1",
        "signers_required = 1",
        "seed = 0",
        'device = "auto"                   # auto, cpu, cuda, cuda:1',
        "",
        "[queue]",
        "budget = 120                      # flagged examples that people look at",
        "controls = 20                     # random ones beside them",
        'attribute = "queue"               # queue (and controls), or all',
        "",
        "# Term lists, for [intent.irrelevant]: one term a line.",
        "[lexicons]",
    ]
    names = {path: _file_name(path.stem).replace(" ", "_").casefold() for path in lists}
    lines += [f"{_quoted(names[path])} = {{ file = {relative(path)} }}" for path in lists]
    lines += [
        '# fillers = { terms = ["you know", "by the way"] }',
        "",
        "# A change that the training was meant to bring, tested by the run:",
        "# [[expected]]",
        '# metric = "recall"',
        '# slice = "label=returns"',
        '# direction = "up"',
        "# limit = 0.02",
        "",
        "[intent]",
        _entry("base", relative(base[0]) if base else None, "models/BASE", "Transformers folder"),
        _entry(
            "candidate",
            relative(candidate[0]) if candidate else None,
            "models/CANDIDATE",
            "Transformers folder",
        ),
        _entry(
            "examples",
            relative(labelled.path) if labelled else None,
            "eval.jsonl",
            "every further column is metadata for slices",
        ),
        _entry("id", _quoted(labelled.id) if labelled and labelled.id else None, "id"),
        _entry("text", _quoted(labelled.text) if labelled else None, "text"),
        _entry("label", _quoted(labelled.label) if labelled and labelled.label else None, "label"),
        _entry("out_of_scope", relative(aside.path) if aside else None, "oos.jsonl", "messages of no class"),
        f"critical = [{', '.join(_quoted(label) for label in critical)}]"
        "                     # classes that stand on their own, never averaged away",
        "critical_slices = []              # names from [intent.slices]",
        "# max_length = 128                # in tokens; default: the model's own limit",
    ]
    if labels:
        lines.append(f"# classes: {', '.join(_quoted(label) for label in labels)}")
    lines += [
        "",
        "# Phrases that ought to support a class.",
        "[intent.signals]",
        '# escalation = ["real person", "human", "asked twice"]',
        "",
        "# Lexicons that must not matter for a class; built in: punctuation, numbers, stopwords.",
        "[intent.irrelevant]",
    ]
    usable = [*[names[path] for path in lists], "punctuation"]
    lines += [f"{_quoted(label)} = [{', '.join(_quoted(one) for one in usable)}]" for label in critical]
    lines += [
        "",
        "# Boolean SQL over the columns of the examples.",
        "[intent.slices]",
    ]
    if labelled:
        lines.append(f'"very short" = {_quoted(f"length({_identifier(labelled.text)}) < 20")}')
    lines += [
        "",
        "# Thresholds may be tightened freely; loosening or switching off needs a reason.",
        "[gates]",
        '# "intent.accuracy" = { off = "why this gate does not matter here" }',
        "",
    ]
    return "\n".join(lines)


def _entry(key: str, value: str | None, example: str, comment: str = "") -> str:
    line = f"{key} = {value}" if value else f"# {key} = {_quoted(example)}   # not found: fill in"
    return f"{line:<33} # {comment}" if comment and value else line


def _quoted(text: str) -> str:
    """A TOML basic string; its escapes are those of JSON, and DEL besides."""
    clean = text.encode("utf-8", "replace").decode("utf-8")
    return json.dumps(clean, ensure_ascii=False).replace("\x7f", "\\u007f")


def _file_name(text: str) -> str:
    kept = "".join(sign if sign.isalnum() or sign in "-_. " else "-" for sign in text)
    return kept.lstrip(".-") or "review"


def _identifier(name: str) -> str:
    return name if name.isidentifier() else '"' + name.replace('"', '""') + '"'
