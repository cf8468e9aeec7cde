"""`assay init`: a commented review file, filled in with what a folder holds."""

from __future__ import annotations

from pathlib import Path

from analysis.base.errors import AssayError
from analysis.init.template import render
from analysis.plugin import registry
from analysis.plugin.init.folder import Folder

FILE_NAME = "review.toml"


def init_review(directory: Path) -> Path:
    """Write `review.toml` into a folder, with the models, data and term lists found below it.

    What could not be found is left as a commented line to fill in; a track of which nothing was found is a
    commented section.

    Returns:
        The file written.

    Raises:
        AssayError: no such folder, a review file that exists already, or no permission to write.
    """
    if not directory.is_dir():
        raise AssayError("is not a folder", where=str(directory), hint="make it, or name another")
    target = directory / FILE_NAME
    text = _text(directory)
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


def _text(directory: Path) -> str:
    folder = Folder(directory)
    ordered = sorted(registry.sound_tracks(), key=lambda track: (track.init_rank, track.name))
    # Those that are offered tables last take any text, and are the commonest: they come first in the file.
    made = [(track, section) for track in ordered if (section := track.init_section(folder)) is not None][
        ::-1
    ]
    found = next((track for track, section in made if section.found), ordered[-1])
    return render(
        directory.resolve().name,
        folder.lexicons,
        [section for _, section in made],
        gate=next((gate.name for gate in found.gates()), "GATE"),
        metric=found.main or next((spec.name for spec in found.metrics()), "METRIC"),
    )
