"""The call for help in a store: which run is being made there, and of what review file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from analysis.base.errors import AssayError
from analysis.store.files import read_small, write_atomic

CALL = "analysing.json"
"""In the folder of the store while a run is made; what a run that was killed left there is as good."""
_LIMIT = 1 << 16


@dataclass(frozen=True)
class Call:
    """What is being analysed: the review file, the name of the run, whether bad rows are passed over."""

    review: Path
    run: str
    skip_bad_rows: bool


@contextmanager
def call_for_help(store: Path, review: Path, run: str, skip_bad_rows: bool) -> Iterator[None]:
    """Say for the length of a `with` block what is being analysed.

    Raises:
        AssayError: it cannot be written.
    """
    path = store / CALL
    said = {"review": str(review.resolve()), "run": run, "skip_bad_rows": skip_bad_rows}
    write_atomic(path, json.dumps(said, sort_keys=True).encode() + b"\n")
    yield
    path.unlink(missing_ok=True)


def read_call(store: Path) -> Call:
    """What is being analysed in a store.

    Raises:
        AssayError: nothing is, or what is said of it cannot be read.
    """
    path = store / CALL
    content = read_small(path, _LIMIT)
    if content is None:
        raise AssayError(
            "no run is being made in this store",
            where=str(store),
            hint="start `assay analyze REVIEW.toml` first; then as many workers as you like",
        )
    try:
        said = json.loads(content)
        return Call(Path(said["review"]), str(said["run"]), bool(said["skip_bad_rows"]))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise AssayError(
            "this file is damaged", where=str(path), hint="delete it and run `assay analyze` again"
        ) from error
