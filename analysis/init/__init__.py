"""`assay init`: a commented review file, filled in with what a folder holds, and what was seen of the folder."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analysis.base.errors import AssayError
from analysis.init.owner import account
from analysis.init.template import Versions, render
from analysis.plugin import registry
from analysis.plugin.init.folder import Folder
from analysis.plugin.init.seen import Seen
from analysis.plugin.init.toml_text import InitSection
from analysis.plugin.track import Track

FILE_NAME = "review.toml"


@dataclass(frozen=True)
class Look:
    """What a folder holds, as a review file and in words.

    Args:
        text: the review file.
        tracks: the tracks of which something was found.
        seen: a line for each model, table and term list: what it was taken for, or why not and what mends it.
        guesses: what was guessed and may be wrong, or is left to a person, a line each.
    """

    text: str
    tracks: tuple[str, ...]
    seen: tuple[str, ...]
    guesses: tuple[str, ...]


def init_review(directory: Path) -> Path:
    """Write `review.toml` into a folder, with the models, data and term lists found below it; returns the file.

    What could not be found is left as a commented line to fill in; a track of which nothing was found is a
    commented section.

    Raises:
        AssayError: no such folder, a review file that exists already, or no permission to write.
    """
    return write_review(directory, look_into(directory))


def look_into(directory: Path) -> Look:
    """What lies in a folder. Raises AssayError where there is no such folder, or its review file exists already."""
    if not directory.is_dir():
        raise AssayError("is not a folder", where=str(directory), hint="make it, or name another")
    require_none(directory / FILE_NAME)
    return look_at(directory, Folder(directory))


def look_at(directory: Path, folder: Folder, versions: Versions = (None, None)) -> Look:
    """What the tracks make of what was found in a folder; `versions` name both sides, where something says how."""
    ordered = sorted(registry.sound_tracks(), key=lambda track: (track.init_rank, track.name))
    # Those that are offered tables last take any text, and are the commonest: they come first in the file.
    made = [(track, section) for track in ordered if (section := track.init_section(folder)) is not None][
        ::-1
    ]
    text = _text(directory, folder, ordered, made, versions)
    guesses = [guess for _, section in made if section.found for guess in section.guesses]
    names = tuple(track.name for track, section in made if section.found)
    return Look(text, names, tuple(_seen_lines(folder, text, names)), tuple(guesses))


def write_review(directory: Path, look: Look) -> Path:
    """Write the review file of a folder. Raises AssayError where another one is there or none can be written."""
    target = directory / FILE_NAME
    write_once(target, look.text.encode("utf-8"))
    return target


def write_once(path: Path, content: bytes) -> None:
    """Write a file that is not there yet; one that holds just that is kept, so that a command can be repeated.

    Raises:
        AssayError: something else is there, or nothing can be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_file() and path.read_bytes() == content:
            return
        with path.open("xb") as stream:
            stream.write(content)
    except FileExistsError:
        raise _exists(path) from None
    except OSError as error:
        raise AssayError(
            f"cannot be written: {error.strerror}", where=str(path), hint="name a folder that is writable"
        ) from None


def require_none(path: Path) -> None:
    """Raise AssayError where something lies at a path that is to be written."""
    if path.exists():
        raise _exists(path)


def _exists(path: Path) -> AssayError:
    return AssayError("exists already and is not overwritten", where=str(path), hint="move it away first")


def _text(
    directory: Path,
    folder: Folder,
    ordered: Sequence[Track],
    made: Sequence[tuple[Track, InitSection]],
    versions: Versions,
) -> str:
    found = next((track for track, section in made if section.found), ordered[-1])
    return render(
        directory.resolve().name,
        account(directory),
        folder.lexicons,
        folder.models.classifiers.labels,
        [section for _, section in made],
        gate=next((gate.name for gate in found.gates()), "GATE"),
        metric=found.main or next((spec.name for spec in found.metrics()), "METRIC"),
        versions=versions,
    )


def _seen_lines(folder: Folder, text: str, tracks: Sequence[str]) -> Iterator[str]:
    """What each thing was taken for, in the order of paths; last, what was passed over."""
    tree = tomllib.loads(text)
    uses = {path: key for name in tracks for path, key in _paths(tree.get(name, {}), name)}
    shown = folder.paths.shown
    things = [*folder.models.seen, *(Seen(one.path, one.what) for one in folder.all_tables)]
    things += [Seen(one, "list of terms") for one in folder.lists]
    uses |= {one["file"]: f"lexicons.{name}" for name, one in tree["lexicons"].items()}
    for one in sorted([*things, *folder.passed], key=lambda one: (shown(one.path) not in uses, one.path)):
        use = uses.get(shown(one.path))
        if use is not None:
            yield f"found     {shown(one.path)}: {one.what}: {use}"
        else:
            remedy = f"; {one.remedy}" if one.remedy else ""
            yield f"not used  {shown(one.path)}: {one.what}{remedy}"


def _paths(section: dict[str, Any], name: str) -> Iterator[tuple[str, str]]:
    return ((value, f"{name}.{key}") for key, value in section.items() if isinstance(value, str))
