"""Model folders against the files that a report was made for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analysis.base.errors import AssayError
from analysis.models.digest import file_digests

_SHOWN = 5


@dataclass(frozen=True)
class MatchedModel:
    """A folder that holds exactly the files of one model of the report."""

    folder: str
    track: str
    side: str


def compare_models(folders: Sequence[Path], models: Sequence[Mapping[str, Any]]) -> list[MatchedModel]:
    """Find for every folder the model that it is, file by file, with nothing added or missing.

    Args:
        folders: model folders of any name, or folders that hold the models under the prefixes of the report.
        models: the report's models: `track`, `side`, `prefix` and `files` (name -> SHA-256) of each.

    Raises:
        AssayError: a folder that is no model of the report; it names the differences from the nearest one.
    """
    found: list[MatchedModel] = []
    for folder in folders:
        if not folder.is_dir():
            raise AssayError("there is no such folder", where=str(folder), hint="give model folders")
        inside = [one for one in models if (folder / one["prefix"]).is_dir()]
        if inside and not any(entry.is_file() for entry in folder.iterdir()):
            found.extend(_match(folder / one["prefix"], [one]) for one in inside)
        else:
            found.append(_match(folder, models))
    return found


def _match(folder: Path, models: Sequence[Mapping[str, Any]]) -> MatchedModel:
    digests = file_digests(folder)
    # The candidate first: where both sides are the same model, the folder is that as well.
    for one in sorted(models, key=lambda model: model["side"] != "candidate"):
        if one["files"] == digests:
            return MatchedModel(str(folder), str(one["track"]), str(one["side"]))
    if not models:
        raise AssayError("the report names no model", where=str(folder))

    def likeness(one: Mapping[str, Any]) -> tuple[bool, int, int]:
        files = one["files"]
        same = sum(files.get(name) == digest for name, digest in digests.items())
        return (
            one["prefix"].split("/")[-1] == folder.absolute().name,
            same,
            len(files.keys() & digests.keys()),
        )

    nearest = max(models, key=likeness)
    raise AssayError(
        f"is not the {nearest['track']} {nearest['side']}: {_differences(digests, nearest['files'])}",
        where=str(folder),
    )


def _differences(digests: Mapping[str, str], expected: Mapping[str, str]) -> str:
    changed = [f"{name} changed" for name in expected if name in digests and digests[name] != expected[name]]
    missing = [f"{name} is missing" for name in expected if name not in digests]
    added = [f"{name} was added" for name in digests if name not in expected]
    said = [*changed, *missing, *added]
    more = f" and {len(said) - _SHOWN} more" if len(said) > _SHOWN else ""
    return "; ".join(said[:_SHOWN]) + more
