"""The registry of tracks: finds them by name, loads one when it is asked for, and says what is wrong with a plug-in.

A built-in track is a folder in `analysis/tracks`; another package brings one by an entry point of the group
`assay.tracks` that names its `Track`. Nothing else names a track: the pipeline, the queue, the gates, the report and
the console ask here.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.metadata
import pkgutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.base.errors import AssayError
from analysis.base.problems import suggest
from analysis.plugin.discovery import distribution_of, entry_points, load
from analysis.plugin.track import Track

if TYPE_CHECKING:
    from analysis.base.records import MetricSpec

GROUP = "assay.tracks"
BUILT_IN = "analysis.tracks"
DISTRIBUTION = "assay-review"

_REPLACED: dict[str, Track] = {}


@dataclass(frozen=True)
class PlugIn:
    """One track: where it comes from, and why it cannot be used; '' where it can."""

    name: str
    source: str
    fault: str


def track_names() -> tuple[str, ...]:
    """Names of all tracks, built in and installed; none of them is imported."""
    names = [*_built_in(), *(point.name for point in entry_points(GROUP)), *_REPLACED]
    return tuple(dict.fromkeys(names))


def get(name: str) -> Track:
    """The track of that name, loaded.

    Raises:
        AssayError: there is none, or it cannot be loaded.
    """
    return _REPLACED[name] if name in _REPLACED else _load(name)


def some_tracks(names: Sequence[str]) -> tuple[Track, ...]:
    """The tracks of those names, in their order. Raises AssayError as `get`."""
    return tuple(get(name) for name in names)


def known(name: str) -> bool:
    """Whether there is a track of that name."""
    return name in track_names()


def specs_of(name: str) -> dict[str, MetricSpec]:
    """The metrics that a track declares, by name. Raises AssayError as `get`."""
    from analysis.plugin.metric import spec_by_name

    return spec_by_name(get(name).metrics())


@contextmanager
def registered(track: Track) -> Iterator[Track]:
    """Have a track, or have it in the place of the one of its name, for the length of a `with` block."""
    before = _REPLACED.get(track.name)
    _REPLACED[track.name] = track
    try:
        yield track
    finally:
        if before is None:
            del _REPLACED[track.name]
        else:
            _REPLACED[track.name] = before


def plug_ins() -> list[PlugIn]:
    """Every track with its source and its fault, for `doctor` and `check`."""
    built_in = [PlugIn(name, "built in", _fault(name)) for name in _built_in()]
    others = []
    for point in entry_points(GROUP):
        taken = point.name in _built_in()
        fault = "its name is that of a built-in track, which is used" if taken else _fault(point.name)
        others.append(PlugIn(point.name, distribution_of(point), fault))
    return [*built_in, *others]


def identity(name: str) -> dict[str, str]:
    """What determines how a track measures: the package that brings it, its version, and a digest of its files.

    Raises:
        AssayError: as `get`.
    """
    track = get(name)
    folder = Path(str(importlib.import_module(type(track).__module__).__file__)).parent
    digest = hashlib.sha256()
    for path in sorted(one for one in folder.rglob("*") if one.suffix in (".py", ".sql", ".json", ".txt")):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(folder).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    point = next((one for one in entry_points(GROUP) if one.name == name and name not in _built_in()), None)
    if point is not None and point.dist is not None:
        return {"package": point.dist.name, "version": point.dist.version, "sha256": digest.hexdigest()}
    return {"package": DISTRIBUTION, "version": _own_version(), "sha256": digest.hexdigest()}


@lru_cache(maxsize=1)
def _built_in() -> tuple[str, ...]:
    folder = importlib.import_module(BUILT_IN)
    return tuple(one.name for one in pkgutil.iter_modules(folder.__path__) if one.ispkg)


@cache
def _load(name: str) -> Track:
    if name in _built_in():
        found = importlib.import_module(f"{BUILT_IN}.{name}.track").TRACK
    else:
        point = next((one for one in entry_points(GROUP) if one.name == name), None)
        if point is None:
            raise AssayError(f"there is no track {name!r}", hint=suggest(name, track_names()))
        found = load(point)
    fault = _misfit(name, found)
    if fault:
        raise AssayError(
            f"the track {name!r} cannot be used: {fault}", hint="mend the package that brings it"
        )
    return found


def _misfit(name: str, found: object) -> str:
    """What keeps an object from being the track of that name; '' where nothing does."""
    if not isinstance(found, Track):
        return f"its entry point names no Track but {type(found).__name__}"
    if getattr(found, "name", None) != name:
        return f"it calls itself {getattr(found, 'name', None)!r}"
    foreign = [gate.name for gate in found.gates() if gate.track != name]
    return f"its gate {foreign[0]!r} has the name of another track" if foreign else ""


def _fault(name: str) -> str:
    try:
        get(name)
    except AssayError as error:
        return error.message
    return ""


def _own_version() -> str:
    try:
        return importlib.metadata.version(DISTRIBUTION)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"
