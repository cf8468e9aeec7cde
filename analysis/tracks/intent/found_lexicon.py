"""Found cues as a term list that a review file can name, so that the next run probes them as declared ones."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from analysis.base.errors import AssayError
from analysis.store.files import make_directory, write_atomic

FOLDER = "lexicons"
"""Where the lists lie, in the folder of the review's store."""


class Taken(NamedTuple):
    """A term list that was written, and the lines of `review.toml` that declare it."""

    path: Path
    lines: tuple[str, ...]


def take(store: Path, one: Mapping[str, Any]) -> Taken:
    """Write a group of found cues as a term list; the same group again gives the same file.

    Args:
        store: folder of the review's store.
        one: `target`, `name`, `terms` and `kinds`, as `found_queries.found_cues` returns them.

    Raises:
        AssayError: none of them is a term, as a casing is none; or the file cannot be written.
    """
    terms = [term for term, kind in zip(one["terms"], one["kinds"], strict=True) if kind != "casing"]
    if not terms:
        raise AssayError(
            f"{one['target']}/{one['name']} is a casing, and no term",
            hint="a lexicon holds terms; casing cannot be declared",
        )
    name = re.sub(r"[^a-z0-9]+", "_", f"{one['target']} {one['name']}".casefold()).strip("_")
    folder = store / FOLDER
    make_directory(folder)
    path = folder / f"{name}.txt"
    # A mark such as # begins a comment in a list: a term that does is left to the person.
    head = "# Found by the search for undeclared cues; take out what the class may depend on.\n"
    write_atomic(path, (head + "".join(f"{term}\n" for term in terms)).encode("utf-8"))
    lines = (
        f'[lexicons] {name} = {{ file = "{path}" }}',
        f'[intent.irrelevant] "{one["target"]}" = ["{name}"]',
    )
    return Taken(path, lines)
