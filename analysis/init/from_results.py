"""`assay init --from`: a review of two files of results that an evaluation tool left, without any model."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from analysis.base.errors import AssayError
from analysis.base.problems import suggest
from analysis.init import FILE_NAME, Look, look_at, require_none, write_once
from analysis.init.results.contract import ResultFormat, Results
from analysis.init.results.documents import read_documents
from analysis.init.results.inspect_log import FORMAT as INSPECT
from analysis.init.results.langfuse import FORMAT as LANGFUSE
from analysis.init.results.lm_eval import FORMAT as LM_EVAL
from analysis.init.results.pairing import Kind, Paired, paired
from analysis.init.results.promptfoo import FORMAT as PROMPTFOO
from analysis.plugin.init.folder import Folder

FORMATS: Mapping[str, ResultFormat] = {one.name: one for one in (INSPECT, LM_EVAL, PROMPTFOO, LANGFUSE)}
"""The kinds of files that are read, by the name that they are asked for by."""


@dataclass(frozen=True)
class Imported:
    """What was made of two files.

    Args:
        look: the review file, and what is to be said.
        unusable: items that cannot be reviewed, since one side has no answer; as records they can.
    """

    look: Look
    unusable: int


def import_results(
    name: str, base: Path, candidate: Path, directory: Path, kind: Kind | None = None
) -> Imported:
    """Write the table of two files of results into a folder, which is made if need be, and look at it.

    The review file is what the look says, and is not written yet. A table that holds the same already is kept: whoever
    was told that rows are bad says the same again with `--skip-bad-rows`.

    Args:
        name: the kind of files, of `FORMATS`.
        base: results of the model in production, or a folder with one such file.
        candidate: results of what is to replace it.
        directory: of the review.
        kind: what to make of the answers, where they do not tell.

    Raises:
        AssayError: an unknown kind, a file that is none of it, files that do not join, or another file there.
    """
    form = FORMATS.get(name)
    if form is None:
        raise AssayError(f"results of {name!r} are not read", hint=suggest(name, FORMATS))
    files = [_read(form, path) for path in (base, candidate)]
    made = paired(files[0], files[1], kind)
    table = directory / f"{made.kind}.jsonl"
    if not table.exists():
        require_none(directory / FILE_NAME)
    write_once(table, _lines(made))
    look = look_at(directory, Folder(directory, [table]), _versions(files))
    seen = (*_told(form, files, made), *look.seen)
    guesses = (made.guess, *look.guesses) if made.guess else look.guesses
    unusable = made.one_sided if made.kind == "predictions" else 0
    return Imported(dataclasses.replace(look, seen=seen, guesses=guesses), unusable)


def _read(form: ResultFormat, path: Path) -> Results:
    """The results in a file. Raises AssayError, with the kind that it is of where that is another one."""
    try:
        return form.read(path)
    except AssayError as error:
        others = [one for one in FORMATS.values() if one is not form and _is_of(one, path)]
        if not others:
            raise
        raise AssayError(
            f"{error.message}; it looks like {others[0].title}",
            where=error.where,
            hint=f"--from {others[0].name}",
        ) from None


def _is_of(form: ResultFormat, path: Path) -> bool:
    try:
        if path.suffix.lower() == ".eval":
            return form is INSPECT
        documents = read_documents(path)
    except AssayError:
        return False
    return bool(documents) and form.fits(documents[0])


def _versions(files: list[Results]) -> tuple[str, str]:
    """What both are called: as the tool says, else as their files are."""
    named = [one.model or one.path.stem for one in files]
    if named[0] == named[1]:
        named = [one.path.stem for one in files]
    if named[0] == named[1]:
        named = ["base", "candidate"]
    base, candidate = ("".join(sign if sign.isprintable() else " " for sign in name)[:100] for name in named)
    return base, candidate


def _told(form: ResultFormat, files: list[Results], made: Paired) -> Iterator[str]:
    for file in files:
        of = f" of {file.model}" if file.model else ""
        yield f"read      {file.path}: {form.title}{of}, {len(file.items):,} items"
        yield from (f"          {note}" for note in file.notes)
    yield from (f"joined    {note}" for note in made.notes)


def _lines(made: Paired) -> bytes:
    """The table as JSON, one row a line; what is no text in it becomes question marks."""
    lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in made.rows)
    return "".join(lines).encode("utf-8", errors="replace")
