"""TOML files of a user: parsed with the line of each key, and their tables validated, every mistake in its words."""

from __future__ import annotations

import re
import tomllib
import typing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import (
    BaseModel,
    ValidationError,
)

from analysis.base.errors import AssayError
from analysis.base.toml_lines import KeyPath, key_lines

if TYPE_CHECKING:
    pass

from analysis.base.problems import Problem, suggest
from analysis.plugin.settings import (
    Section,
    Source,
)

_WORDS = {
    "missing": "is required",
    "string_type": "must be text in quotes",
    "int_type": "must be a whole number",
    "float_type": "must be a number",
    "bool_type": "must be true or false",
    "list_type": "must be a list",
    "dict_type": "must be a table",
    "model_type": "must be a table",
    "model_attributes_type": "must be a table",
    "finite_number": "must be finite",
}


class SectionReader:
    """Validates tables of one TOML file; `problems` holds what was wrong, in words of the file's user."""

    def __init__(self, source: Source, root: Path) -> None:
        self.source = source
        self.root = root
        self.problems: list[Problem] = []

    def section(self, model: type[Section], value: Any, key: KeyPath) -> Any:
        """One table as a model, or None with its mistakes added to `problems`."""
        try:
            return model.model_validate(value, context={"root": self.root})
        except ValidationError as error:
            for detail in error.errors(include_url=False):
                self._add_detail(model, key, detail)
            return None

    def add(self, key: KeyPath, message: str, hint: str | None = None) -> None:
        text = f"{dotted(key)}: {message}" if key else message
        self.problems.append(Problem(text, self.source.where(*key), hint))

    def _add_detail(self, model: type[BaseModel], key: KeyPath, detail: Any) -> None:
        location = tuple(part for part in detail["loc"] if part != "[key]")
        kind = detail["type"]
        if kind == "extra_forbidden":
            known = known_keys(model, location[:-1])
            self.add(key + location, "unknown key", suggest(str(location[-1]), known))
            return
        context = detail.get("ctx") or {}
        if "hint" in context:
            # A validator of its own that knows what its user may have meant.
            self.add(key + location, str(detail["msg"]), str(context["hint"]))
            return
        message = _WORDS.get(kind)
        if message is None:
            message = str(detail["msg"]).removeprefix("Value error, ")
            message = message[0].lower() + message[1:]
        given = detail.get("input")
        if kind not in ("missing", "value_error") and isinstance(given, str | int | float | bool):
            message = f"{message}, not {given!r}"
        self.add(key + location, message, self._hint(kind, message, key + location))

    def _hint(self, kind: str, message: str, key: KeyPath) -> str | None:
        if kind == "missing":
            return f"add {key[-1]} = ... to [{dotted(key[:-1])}]"
        if message.startswith(("there is nothing at", "is not a folder", "is not a file")):
            return f"paths are relative to {self.root}"
        return None


def dotted(key: KeyPath) -> str:
    """A key path as TOML writes it, an index in brackets: `expected[0].metric`."""
    text = ""
    for part in key:
        if isinstance(part, int):
            text += f"[{part}]"
            continue
        bare = part.replace("_", "").replace("-", "").isalnum()
        text += ("." if text else "") + (part if bare else f'"{part}"')
    return text


def known_keys(model: type[BaseModel], location: KeyPath) -> list[str]:
    """The keys that a table inside `model` may have, for the table at `location`."""
    current: type[BaseModel] = model
    for part in location:
        if not isinstance(part, str) or part not in current.model_fields:
            continue
        inner = _inner_model(current.model_fields[part].annotation)
        if inner is None:
            return []
        current = inner
    return list(current.model_fields)


def _inner_model(annotation: Any) -> type[BaseModel] | None:
    if typing.get_origin(annotation) is None and isinstance(annotation, type):
        return annotation if issubclass(annotation, BaseModel) else None
    for argument in typing.get_args(annotation):
        found = _inner_model(argument)
        if found is not None:
            return found
    return None


MAX_REVIEW_BYTES = 4_000_000


def read_toml(path: Path) -> tuple[dict[str, Any], Source]:
    """Parse a TOML file, with the line of each key.

    Raises:
        AssayError: unreadable, too large, not UTF-8 or not TOML; with line and column.
    """
    try:
        with path.open("rb") as stream:
            raw = stream.read(MAX_REVIEW_BYTES + 1)
    except FileNotFoundError:
        raise AssayError(
            "there is no such file", where=str(path), hint="`assay init DIR` writes a review file"
        ) from None
    except OSError as error:
        raise AssayError(f"cannot be read: {error.strerror}", where=str(path)) from None
    if len(raw) > MAX_REVIEW_BYTES:
        raise AssayError(f"is larger than {MAX_REVIEW_BYTES:,} bytes: no review file", where=str(path))
    try:
        text = raw.decode("utf-8-sig")
        tree = tomllib.loads(text)
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise AssayError("is not UTF-8 text", where=f"{path}:{line}") from None
    except tomllib.TOMLDecodeError as error:
        message, where = _toml_place(str(error), path, text)
        raise AssayError(f"not valid TOML: {message}", where=where, hint="see https://toml.io") from None
    except RecursionError:
        raise AssayError("tables or lists are nested too deeply", where=str(path)) from None
    return tree, Source(path, key_lines(text))


def _toml_place(message: str, path: Path, text: str) -> tuple[str, str]:
    match = re.search(r" \(at (?:line (\d+), column (\d+)|end of document)\)$", message)
    if not match:
        return message, str(path)
    line, column = match.groups() if match.group(1) else (str(text.count("\n") + 1), "1")
    return message[: match.start()], f"{path}:{line}:{column}"
