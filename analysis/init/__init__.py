"""`assay init`: a commented review file, filled in with what a folder holds."""

from __future__ import annotations

from pathlib import Path

from analysis.base.errors import AssayError
from analysis.init.template import render
from analysis.plugin.init.find_models import find_models
from analysis.plugin.init.folder import files_below, read_tables, term_lists
from analysis.plugin.init.sort_tables import find_policy, sort_tables
from analysis.plugin.init.toml_text import Paths
from analysis.tracks.intent.init_section import intent_section
from analysis.tracks.response.init_section import response_section
from analysis.tracks.retrieval.init_section import retrieval_section

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
    files = files_below(directory)
    models = find_models(files)
    tables = sort_tables(read_tables(files), models.classifiers.labels)
    paths = Paths(directory.resolve())
    lexicons = paths.lexicons(term_lists(files))
    sections = (
        intent_section(models.classifiers, tables, paths, list(lexicons)),
        retrieval_section(models.encoders, tables, paths),
        response_section(models.generators, tables, find_policy(files), paths),
    )
    return render(directory.resolve().name, lexicons, sections)
