"""`review.toml`: read, checked as a whole, and returned as typed settings.

Every mistake of a file is reported at once, each with its line, its key and what to do; an unknown
key names the nearest known one. Paths are relative to the file.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from analysis.base.errors import AssayError
from analysis.base.gate_records import Rule
from analysis.base.problems import Problem, raise_problems, suggest
from analysis.plugin.registry import declared, track_names
from analysis.plugin.settings import (
    CostsSection,
    Expected,
    LexiconSource,
    QueueSection,
    Review,
    ReviewSection,
    Source,
    TrackSettings,
    TrafficSection,
)
from analysis.plugin.toml_sections import SectionReader, read_toml
from analysis.plugin.track import Track
from analysis.review.evaluate import gates_of, resolve_rules
from analysis.text.lexicon import BUILT_IN, Lexicon, load_terms

COMMON = ("review", "queue", "traffic", "costs", "lexicons", "expected", "gates")


def load_review(path: Path) -> Review:
    """Read and check a review file; no data and no model is read.

    Raises:
        AssayError: every mistake of the file, each with line, key and remedy.
    """
    path = path.absolute()
    tree, source = read_toml(path)
    reader = ReviewFileReader(source, path.parent)
    parts = reader.read(tree)
    raise_problems(reader.problems, path)
    review = Review(path=path, root=path.parent, **parts)
    review._source = source
    review._lexicons.update(reader.lexicons)
    return review


class ReviewFileReader(SectionReader):
    """Validates the parts of one review file."""

    def __init__(self, source: Source, root: Path) -> None:
        super().__init__(source, root)
        self.lexicons: dict[str, Lexicon] = {}

    def read(self, tree: dict[str, Any]) -> dict[str, Any]:
        """The validated parts, by field of `Review`; complete only when there are no problems."""
        names = track_names()
        self._unknown_sections(tree, names)
        tracks = {name: track for name in tree if name in names and (track := self._load(name)) is not None}
        lexicons = self._table(tree, "lexicons")
        expected = tree.get("expected", [])
        if not isinstance(expected, list):
            self.add(("expected",), "must be a list of tables", "write [[expected]]")
            expected = []
        parts: dict[str, Any] = {
            "review": self.section(ReviewSection, tree.get("review", {}), ("review",)),
            "queue": self.section(QueueSection, tree.get("queue", {}), ("queue",)),
            "traffic": self.section(TrafficSection, tree.get("traffic", {}), ("traffic",)),
            "costs": self.section(CostsSection, tree.get("costs", {}), ("costs",)),
            "lexicons": {
                name: self.section(LexiconSource, value, ("lexicons", name))
                for name, value in lexicons.items()
            },
            "expected": [
                self.section(Expected, value, ("expected", index)) for index, value in enumerate(expected)
            ],
            "gates": self._table(tree, "gates"),
            "tracks": {name: self._track(track, tree[name]) for name, track in tracks.items()},
        }
        if not parts["tracks"]:
            self.add((), "declares no track", f"add a section: {', '.join(f'[{name}]' for name in names)}")
        self._resolve_lexicons(parts["lexicons"])
        self._check_names(parts["tracks"], [*parts["lexicons"], *BUILT_IN])
        parts["rules"] = self._rules(parts["gates"], list(tracks))
        return parts

    def _unknown_sections(self, tree: dict[str, Any], tracks: Sequence[str]) -> None:
        for name in tree:
            if name not in COMMON and name not in tracks:
                self.add((name,), "unknown section", suggest(name, [*COMMON, *tracks]))

    def _table(self, tree: dict[str, Any], name: str) -> dict[str, Any]:
        value = tree.get(name, {})
        if isinstance(value, dict):
            return value
        self.add((name,), "must be a table", f"write [{name}]")
        return {}

    def _load(self, name: str) -> Track | None:
        try:
            return declared(name)
        except AssayError as error:
            self.problems.append(Problem(error.message, error.where, error.hint))
            return None

    def _track(self, track: Track, value: Any) -> TrackSettings | None:
        settings: TrackSettings | None = self.section(track.settings(), value, (track.name,))
        if settings is not None:
            settings._source = self.source
            settings._section = track.name
        return settings

    def _resolve_lexicons(self, declared: dict[str, LexiconSource | None]) -> None:
        for name, source in declared.items():
            if name in BUILT_IN:
                self.add(("lexicons", name), "has the name of a built-in lexicon", "choose another name")
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
                    self.add((name, *key), f"there is no lexicon named {lexicon!r}", suggest(lexicon, known))

    def _rules(self, gates: dict[str, Any], tracks: list[str]) -> dict[str, Rule]:
        known = gates_of(tracks)
        sound: dict[str, Any] = {}
        for name, override in gates.items():
            if not isinstance(override, dict):
                self.add(("gates", name), "must be a table", f'write "{name}" = {{ ... }}')
                continue
            try:
                resolve_rules({name: override}, known)
                sound[name] = override
            except AssayError as error:
                self.add(("gates", name), error.message, error.hint)
        return resolve_rules(sound, known)
