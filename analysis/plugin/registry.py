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
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.base.errors import AssayError
from analysis.base.problems import suggest
from analysis.plugin.discovery import distribution_of, entry_points, load
from analysis.plugin.gate import GROUP as GATES
from analysis.plugin.gate import Gate
from analysis.plugin.track import Track

if TYPE_CHECKING:
    from analysis.base.records import MetricSpec

GROUP = "assay.tracks"
KINDS = {
    GROUP: "track",
    "assay.views": "view",
    GATES: "gate",
    "assay.detectors": "detector",
    "assay.attribution_methods": "attribution method",
    "assay.report_fields": "report field",
    "assay.status_formats": "status format",
}
"""What other packages may bring, by the group of its entry points."""
COMPUTING = ("assay.detectors", "assay.attribution_methods")
"""Those whose code a stage of a track may run."""
MEASURING = (GATES, *COMPUTING)
"""Those that take part in what a run measures, and in how it is judged."""
BUILT_IN = "analysis.tracks"
DISTRIBUTION = "assay-review"
BUILT_IN_SOURCE = "built in"

_REPLACED: dict[str, Track] = {}


@dataclass(frozen=True)
class PlugIn:
    """What a package brings: its kind and name, the package with its version, and its fault; '' where it has none."""

    kind: str
    name: str
    source: str
    fault: str

    @property
    def built_in(self) -> bool:
        """Whether it is of this program."""
        return self.source == BUILT_IN_SOURCE

    def __str__(self) -> str:
        what = f"{self.kind} {self.name}, {self.source}"
        return f"{what}: left out: {self.fault}" if self.fault else what


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


def declared(name: str) -> Track:
    """The track of that name; of another package's, everything that it declares was asked for.

    Raises:
        AssayError: as `get`, or a part of it cannot be loaded.
    """
    track = get(name)
    point = _point(name)
    if point is not None:
        try:
            _ = track.settings(), track.metrics(), track.methods(), track.stages()
        except Exception as error:
            raise _unusable(name, point, f"{type(error).__name__}: {error}") from error
    return track


def some_tracks(names: Sequence[str]) -> tuple[Track, ...]:
    """The tracks of those names, in their order. Raises AssayError as `get`."""
    return tuple(get(name) for name in names)


def sound_tracks() -> tuple[Track, ...]:
    """Every track that can be used; a plug-in that cannot be loaded is passed over."""
    found = []
    for name in track_names():
        with suppress(AssayError):
            found.append(get(name))
    return tuple(found)


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
    """Every track, and whatever else other packages bring, each with its source and its fault.

    What other packages bring is loaded, for its fault to be seen.
    """
    found = [PlugIn(KINDS[GROUP], name, BUILT_IN_SOURCE, "") for name in _built_in()]
    for group, kind in KINDS.items():
        for point in entry_points(group):
            if group != GROUP:
                fault = _fault(partial(load, point, Gate if group == GATES else None))
            elif point.name in _built_in():
                fault = "its name is that of a built-in track, which is used"
            else:
                fault = _fault(partial(declared, point.name))
            found.append(PlugIn(kind, point.name, distribution_of(point), fault))
    return found


def identity(name: str) -> dict[str, str]:
    """What determines how a track measures: the package that brings it, its version, and a digest of its files.

    Raises:
        AssayError: as `get`.
    """
    module = type(get(name)).__module__
    return _identity(module, _point(name))


def extensions(groups: Sequence[str] = MEASURING) -> dict[str, dict[str, str]]:
    """What determines how tracks measure and are judged beside the tracks: as `identity`, by kind and name.

    That is every gate, detector and attribution method of another package that can be loaded.
    """
    found = {}
    for group in groups:
        for point in entry_points(group):
            if not _fault(partial(load, point, Gate if group == GATES else None)):
                found[f"{KINDS[group]} {point.name}"] = _identity(point.module, point)
    return found


@cache
def foreign_code(name: str) -> dict[str, str]:
    """Digests of the code of other packages that stages of a track may run, by kind and name; empty without any.

    A stage of this program gets another version when its results change. A package may forget that.
    """
    found = {what: one["sha256"] for what, one in extensions(COMPUTING).items()}
    if _point(name) is not None:
        found[f"{KINDS[GROUP]} {name}"] = identity(name)["sha256"]
    return found


def _identity(module: str, point: importlib.metadata.EntryPoint | None) -> dict[str, str]:
    digest = hashlib.sha256()
    for name, path in _files(module):
        content = path.read_bytes()
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    if point is not None and point.dist is not None:
        package, version = point.dist.name, point.dist.version
    else:
        package, version = DISTRIBUTION, _own_version()
    return {"package": package, "version": version, "sha256": digest.hexdigest()}


def _files(module: str) -> list[tuple[str, Path]]:
    """The files of the package that a module is in, by name; of a module that is in none, itself."""
    file = Path(str(importlib.import_module(module).__file__))
    if "." not in module and file.name != "__init__.py":
        return [(file.name, file)]
    found = sorted(one for one in file.parent.rglob("*") if one.suffix in (".py", ".sql", ".json", ".txt"))
    return [(one.relative_to(file.parent).as_posix(), one) for one in found]


@lru_cache(maxsize=1)
def _built_in() -> tuple[str, ...]:
    folder = importlib.import_module(BUILT_IN)
    return tuple(one.name for one in pkgutil.iter_modules(folder.__path__) if one.ispkg)


def _point(name: str) -> importlib.metadata.EntryPoint | None:
    """The entry point of a track of another package; None where there is none, or a built-in track has its name."""
    if name in _built_in():
        return None
    return next((one for one in entry_points(GROUP) if one.name == name), None)


@cache
def _load(name: str) -> Track:
    if name in _built_in():
        built_in: Track = importlib.import_module(f"{BUILT_IN}.{name}.track").TRACK
        return built_in
    point = _point(name)
    if point is None:
        raise AssayError(f"there is no track {name!r}", hint=suggest(name, track_names()))
    track: Track = load(point)
    try:
        fault = _misfit(name, track)
    except Exception as error:
        raise _unusable(name, point, f"{type(error).__name__}: {error}") from error
    if fault:
        raise _unusable(name, point, fault)
    return track


def _unusable(name: str, point: importlib.metadata.EntryPoint, fault: str) -> AssayError:
    return AssayError(
        f"the track {name!r} cannot be used: {fault}",
        where=f"{distribution_of(point)}, {point.value}",
        hint="mend it, or uninstall that package",
    )


def _misfit(name: str, found: object) -> str:
    """What keeps an object from being the track of that name; '' where nothing does."""
    if not isinstance(found, Track):
        return f"its entry point names no Track but {type(found).__name__}"
    if getattr(found, "name", None) != name:
        return f"it calls itself {getattr(found, 'name', None)!r}"
    foreign = [gate.name for gate in found.gates() if gate.track != name]
    return f"its gate {foreign[0]!r} has the name of another track" if foreign else ""


def _fault(use: Callable[[], object]) -> str:
    try:
        use()
    except AssayError as error:
        return error.message
    return ""


def _own_version() -> str:
    try:
        return importlib.metadata.version(DISTRIBUTION)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"
