"""Reading the stores of previous reviews: whole and read-only, whoever may be at work in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from os import PathLike
from pathlib import Path

import duckdb

from analysis.base.errors import AssayError
from analysis.base.sql import column, queries
from analysis.review.reuse import CandidateRun, candidate_run, remembered
from analysis.store.losses import missing
from analysis.store.replay import Replay
from analysis.store.run import attach, current_run, open_store, read_description, run_names

SQL = queries(__package__ or "", "previous.sql")
CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}
"""How DuckDB is opened on a store: whatever is loaded beside it must be asked for."""


@contextmanager
def opened(store: PathLike[str], run: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection of its own with a run attached as `evidence` and the events of its store beside it.

    Raises:
        AssayError: the evidence or a journal is damaged.
    """
    connection = duckdb.connect(":memory:", config=CONFIG)
    try:
        attach(connection, store, run)
        connection.execute("SET enable_external_access = false; SET lock_configuration = true")
        replay = Replay(store, connection, read_description(store, run).get("review", {}).get("aliases"))
        replay.tail()
        told = [f"{name}: {why}" for name, why in replay.aside.items()]
        told += [one.sentence for one in missing(replay)]
        if told:
            raise AssayError(
                f"what was recorded is not all there: {told[0]}",
                where=str(store),
                hint="`assay status STORE` names everything that is missing or set aside",
            )
        yield connection
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        raise AssayError(f"the evidence of run {run} cannot be read: {reason}", where=str(store)) from error
    finally:
        connection.close()


def read_previous(stores: Sequence[Path]) -> tuple[CandidateRun, ...]:
    """Every run of previous reviews, and of those that were previous to them, each once.

    Raises:
        AssayError: one is no store, of another format, without a run, or damaged.
    """
    found: dict[str, CandidateRun] = {}
    for path in stores:
        current_run(path)
        before: dict[str, CandidateRun] = {}
        for run in run_names(open_store(path)):
            description = read_description(path, run)
            with opened(path, run) as connection:
                decisions = column(connection, SQL["decision"], {"run": run})
                wrong = dict(connection.execute(SQL["wrong"], {"run": run}).fetchall())
            decision = decisions[0] if decisions else None
            found[run] = candidate_run(description, decision, wrong)
            before |= {one.run: one for one in remembered(description)}
        # A store that is named itself is read as it is now, not as another review remembers it.
        found = {**before, **found}
    return tuple(found.values())


def same_examples(store: Path, contents: Mapping[str, str]) -> int:
    """How many examples of the run in force of a store are among those given, ref and content.

    Raises:
        AssayError: the evidence is damaged.
    """
    with opened(store, current_run(store)) as connection:
        rows = connection.execute(SQL["contents"]).fetchall()
    return sum(contents.get(ref) == sha256 for ref, sha256 in rows)
