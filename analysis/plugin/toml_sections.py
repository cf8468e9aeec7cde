"""Reads the sections of a review file one by one and collects every mistake in words of its user."""

from __future__ import annotations

import typing
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from analysis.base.errors import AssayError
from analysis.base.records import Rule
from analysis.base.toml_lines import KeyPath
from analysis.run.review_file import (
    Expected,
    LexiconSource,
    Problem,
    QueueSection,
    ReviewSection,
    Section,
    Source,
    TrackSettings,
    suggest,
)
from analysis.text.lexicon import BUILT_IN, Lexicon, load_terms

COMMON = ("review", "queue", "lexicons", "expected", "gates")

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


class ReviewReader:
    """Validates the parts of one review file; `problems` holds what was wrong."""

    def __init__(self, source: Source, root: Path) -> None:
        self.source = source
        self.root = root
        self.problems: list[Problem] = []
        self.lexicons: dict[str, Lexicon] = {}

    def read(self, tree: dict[str, Any]) -> dict[str, Any]:
        """The validated parts, by field of `Review`; complete only when there are no problems."""
        from analysis.plugin.registry import all_tracks

        tracks = {track.name: track.settings() for track in all_tracks()}
        self._unknown_sections(tree, list(tracks))
        lexicons = self._table(tree, "lexicons")
        expected = tree.get("expected", [])
        if not isinstance(expected, list):
            self._add(("expected",), "must be a list of tables", "write [[expected]]")
            expected = []
        parts: dict[str, Any] = {
            "review": self.section(ReviewSection, tree.get("review", {}), ("review",)),
            "queue": self.section(QueueSection, tree.get("queue", {}), ("queue",)),
            "lexicons": {
                name: self.section(LexiconSource, value, ("lexicons", name))
                for name, value in lexicons.items()
            },
            "expected": [
                self.section(Expected, value, ("expected", index)) for index, value in enumerate(expected)
            ],
            "gates": self._table(tree, "gates"),
            "tracks": {name: self._track(tracks[name], tree[name], name) for name in tree if name in tracks},
        }
        if not parts["tracks"]:
            self._add((), "declares no track", f"add a section: {', '.join(f'[{name}]' for name in tracks)}")
        self._resolve_lexicons(parts["lexicons"])
        self._check_names(parts["tracks"], [*parts["lexicons"], *BUILT_IN])
        parts["rules"] = self._rules(parts["gates"])
        return parts

    def _add(self, key: KeyPath, message: str, hint: str | None = None) -> None:
        text = f"{dotted(key)}: {message}" if key else message
        self.problems.append(Problem(text, self.source.where(*key), hint))

    def _unknown_sections(self, tree: dict[str, Any], tracks: list[str]) -> None:
        for name in tree:
            if name not in COMMON and name not in tracks:
                self._add((name,), "unknown section", suggest(name, [*COMMON, *tracks]))

    def _table(self, tree: dict[str, Any], name: str) -> dict[str, Any]:
        value = tree.get(name, {})
        if isinstance(value, dict):
            return value
        self._add((name,), "must be a table", f"write [{name}]")
        return {}

    def section(self, model: type[Section], value: Any, key: KeyPath) -> Any:
        """One table as a model, or None with its mistakes added to `problems`."""
        try:
            return model.model_validate(value, context={"root": self.root})
        except ValidationError as error:
            for detail in error.errors(include_url=False):
                self._add_detail(model, key, detail)
            return None

    def _track(self, model: type[TrackSettings], value: Any, name: str) -> TrackSettings | None:
        settings: TrackSettings | None = self.section(model, value, (name,))
        if settings is not None:
            settings._source = self.source
            settings._section = name
        return settings

    def _add_detail(self, model: type[BaseModel], key: KeyPath, detail: Any) -> None:
        location = tuple(part for part in detail["loc"] if part != "[key]")
        kind = detail["type"]
        if kind == "extra_forbidden":
            known = known_keys(model, location[:-1])
            self._add(key + location, "unknown key", suggest(str(location[-1]), known))
            return
        message = _WORDS.get(kind)
        if message is None:
            message = str(detail["msg"]).removeprefix("Value error, ")
            message = message[0].lower() + message[1:]
        given = detail.get("input")
        if kind not in ("missing", "value_error") and isinstance(given, str | int | float | bool):
            message = f"{message}, not {given!r}"
        self._add(key + location, message, self._hint(kind, message, key + location))

    def _hint(self, kind: str, message: str, key: KeyPath) -> str | None:
        if kind == "missing":
            return f"add {key[-1]} = ... to [{dotted(key[:-1])}]"
        if message.startswith(("there is nothing at", "is not a folder", "is not a file")):
            return f"paths are relative to {self.root}"
        return None

    def _resolve_lexicons(self, declared: dict[str, LexiconSource | None]) -> None:
        for name, source in declared.items():
            if name in BUILT_IN:
                self._add(("lexicons", name), "has the name of a built-in lexicon", "choose another name")
            if source is None:
                continue
            try:
                terms = load_terms(source.file) if source.file else tuple(source.terms or ())
                self.lexicons[name] = Lexicon(name, terms)
            except AssayError as error:
                self.problems.append(Problem(error.message, error.where, error.hint))

    def _check_names(self, tracks: dict[str, TrackSettings | None], known: list[str]) -> None:
        for name, settings in tracks.items():
            for key, lexicon in settings.lexicon_names() if settings else []:
                if lexicon not in known:
                    self._add((name, *key), f"there is no lexicon named {lexicon!r}", suggest(lexicon, known))

    def _rules(self, gates: dict[str, Any]) -> dict[str, Rule]:
        from analysis.review.gates import all_gates, resolve_rules

        known = all_gates()
        sound: dict[str, Any] = {}
        for name, override in gates.items():
            if not isinstance(override, dict):
                self._add(("gates", name), "must be a table", f'write "{name}" = {{ ... }}')
                continue
            try:
                resolve_rules({name: override}, known)
                sound[name] = override
            except AssayError as error:
                self._add(("gates", name), error.message, error.hint)
        return resolve_rules(sound, known)


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
