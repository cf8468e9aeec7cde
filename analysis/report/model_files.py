"""The models of a report: which of them it is about, and folders held against the files that it names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analysis.base.errors import AssayError
from analysis.models.digest import file_digests, files_digest, root_digest

CANDIDATE = "candidate"
"""The side that a report is about."""

_SHOWN = 5


@dataclass(frozen=True)
class MatchedModel:
    """A folder that holds exactly the files of one model of the report."""

    folder: str
    track: str
    side: str


def model_entries(description: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Track, side, folder, digest and files of every model of a run; the form that is served counts as a side.

    `prefix` stands before the file names in `model.sha256`: the name of the model's folder, with the
    side (and the track) before it where two different models lie in folders of the same name.

    Args:
        description: `determined_by` and `model_files` of the run, as `run.json` has them.
    """
    found = [
        {
            "track": track,
            "side": side,
            "folder": one["folder"],
            "digest": one["digest"],
            "files": dict(description["model_files"][track][side]),
        }
        for track, side, one in _models_of(description["determined_by"])
    ]
    for depth in range(3):
        for one in found:
            one["prefix"] = "/".join(
                [*([one["track"]] if depth > 1 else []), *([one["side"]] if depth else [])]
            )
            one["prefix"] = f"{one['prefix']}/{one['folder']}" if one["prefix"] else one["folder"]
        digests: dict[str, set[str]] = {}
        for one in found:
            digests.setdefault(one["prefix"], set()).add(one["digest"])
        if all(len(values) == 1 for values in digests.values()):
            break
    return found


def _models_of(determined: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Track, side and `folder` and `digest` of every model that determined a run, served forms last."""
    for models in (determined["models"], determined.get("deployed", {})):
        for track, sides in models.items():
            for side, one in sides.items():
                yield track, side, one


def entries_of_run(
    determined: Mapping[str, Any], models: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """The entries that a run's `determined_by` demands, with the files that a report names for them.

    Raises:
        AssayError: the report names no files for a model of the run, or their digest is not that of the run.
    """
    files: dict[str, dict[str, Any]] = {}
    for one in models:
        files.setdefault(str(one["track"]), {})[str(one["side"])] = one["files"]
    for track, side, model in _models_of(determined):
        if files_digest(files.get(track, {}).get(side, {})) != model["digest"]:
            raise AssayError(f"the files of the {track} {side} are not those of the run")
    return model_entries({"determined_by": determined, "model_files": files})


def model_sums(models: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Name -> SHA-256 of every file of the models, as `model.sha256` lists them."""
    return {f"{one['prefix']}/{name}": digest for one in models for name, digest in one["files"].items()}


def subject_entries(models: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The `subject` of the in-toto statement: each candidate as a whole, by one digest, and nothing else.

    Whoever consumes a statement matches on digests alone. A file that base and candidate share, or the base itself,
    would be accepted with the candidate if it were named here; they stand in the predicate.

    Returns:
        Name and `DigestSet` of each candidate, sorted by name: `dirHash`, and `sha256` of the same lines.
    """
    found = []
    for one in sorted(models, key=lambda model: (model["track"], model["folder"])):
        if one["side"] == CANDIDATE:
            root = root_digest(one["files"])
            found.append(
                {"name": f"{one['track']}/{one['folder']}", "digest": {"dirHash": root, "sha256": root}}
            )
    return found


def compare_model(path: Path, models: Sequence[Mapping[str, Any]]) -> list[MatchedModel]:
    """Find the models that a folder is, file by file, with nothing added or missing.

    Args:
        path: a model folder of any name, a file of recorded answers or vectors, or a folder that holds the models under
            the prefixes of the report.
        models: the report's models: `track`, `side`, `prefix` and `files` (name -> SHA-256) of each.

    Raises:
        AssayError: it is no model of the report; the error names the differences from the nearest one.
    """
    if not path.exists():
        raise AssayError("there is no such folder", where=str(path), hint="give model folders")
    inside = [one for one in models if (path / one["prefix"]).exists()] if path.is_dir() else []
    if inside and not any(
        entry.is_file() and entry.name not in _prefixes(models) for entry in path.iterdir()
    ):
        return [match for one in inside for match in _match(path / one["prefix"], [one])]
    return _match(path, models)


def _prefixes(models: Sequence[Mapping[str, Any]]) -> set[str]:
    return {str(one["prefix"]) for one in models}


def missing_candidates(found: Sequence[MatchedModel], models: Sequence[Mapping[str, Any]]) -> list[str]:
    """The tracks whose candidate, or a form of it that is served, is not among the folders that were matched."""
    below = ("base", "over")
    present = {one.track for one in found if one.side not in below}
    tracks = dict.fromkeys(str(one["track"]) for one in models if one["side"] == CANDIDATE)
    return [track for track in tracks if track not in present]


def _match(folder: Path, models: Sequence[Mapping[str, Any]]) -> list[MatchedModel]:
    digests = file_digests(folder)
    # The same folder may be several models: both sides of a review of a model against itself, or of two tracks.
    same = [one for one in models if _is_same(folder, digests, one["files"])]
    if same:
        return [MatchedModel(str(folder), str(one["track"]), str(one["side"])) for one in same]
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


def _is_same(path: Path, digests: Mapping[str, str], expected: Mapping[str, str]) -> bool:
    """Whether these are the files; one that stands for a whole side may have any name, as a folder may."""
    return digests == expected or (path.is_file() and [*digests.values()] == [*expected.values()])


def _differences(digests: Mapping[str, str], expected: Mapping[str, str]) -> str:
    changed = [f"{name} changed" for name in expected if name in digests and digests[name] != expected[name]]
    missing = [f"{name} is missing" for name in expected if name not in digests]
    added = [f"{name} was added" for name in digests if name not in expected]
    said = [*changed, *missing, *added]
    more = f" and {len(said) - _SHOWN} more" if len(said) > _SHOWN else ""
    return "; ".join(said[:_SHOWN]) + more
