"""Runs: publish one whole or not at all, find the one in force, attach its evidence read-only.

A store is a folder. `current` names the run in force, `runs/RUN/evidence.duckdb` and `runs/RUN/run.json`
are written once and never changed, and RUN is the digest of what determined the run.
"""

from __future__ import annotations

import grp
import hashlib
import json
import os
import re
import secrets
import shutil
import stat
from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import duckdb
import rfc8785

from analysis.base.errors import AssayError
from analysis.base.sql import column, identifier, queries, quote
from analysis.store.files import (
    DIRECTORY_MODE,
    FILE_MODE,
    SHARED_DIRECTORY_MODE,
    locked,
    make_directory,
    modes_in,
    read_small,
    sync_directory,
    system_error,
    write_atomic,
)
from analysis.store.packed import CORE, EXAMPLE, GROUP_ROWS, gathered_tables, pack, show_tables

FORMAT = 7
STORAGE_VERSION = "v1.5.0"
BLOCK_BYTES = 65_536
"""A quarter of what DuckDB does by itself: blocks are read and checked whole."""
CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "storage_compatibility_version": STORAGE_VERSION,
    "default_block_size": BLOCK_BYTES,
}
"""How the evidence of a run is opened by who writes it."""
CACHE, LEASES = "cache", "leases"
FOLDERS = ("runs", "events", "heads", "drafts", "report", CACHE, LEASES)
PEOPLE = ("events", "heads", "drafts")
"""Folders in which everybody has one of their own: in a shared store nobody else may rename or remove it (sticky)."""
OWN = ("store.json", "runs", "events", "heads")
"""What the owner of a store makes, once, and nobody has a reason to make again."""
MERGED = "merged"
"""Folder among them of journals that were written elsewhere: their owner on this machine is not their actor."""
WRITABLE = 0o222
RUN_NAME = re.compile(r"[0-9a-f]{12}")
DESCRIPTION_LIMIT = 256 << 20
PUBLISHED = ("run", "evidence_sha256", "evidence_bytes")
"""What `run.json` says of the evidence; all else that it says is in the evidence too."""
SHAPE = {
    "review": dict,
    "rules": dict,
    "tracks": list,
    "gate_settings": dict,
    "evidence_sha256": str,
    "evidence_bytes": int,
}
"""Parts of a description that are read before it is held against the evidence, and what they are."""
ELSEWHERE = "restore it from a copy, or run `assay analyze REVIEW.toml --fresh` in a new store"
SCHEMA = "analysis.store.schema"
"""Package of the schemas of evidence and events."""
_SQL = queries(__package__, "run.sql")
SECOND_KEYS = ("side", "method", "target", "slice", "reason", "detector", "start")


def open_store(store: PathLike[str]) -> Path:
    """The folder of a store, after a look at whether it is one and of a known format.

    Raises:
        AssayError: there is none, it is unreadable, or another version of the program made it.
    """
    path = Path(store)
    if not path.is_dir():
        what = "this is not a folder" if path.exists() else "there is no such store"
        raise AssayError(what, where=str(path), hint="`assay analyze REVIEW.toml` makes one")
    if not os.access(path, os.R_OK | os.X_OK):
        raise AssayError(
            "you may not read this store", where=str(path), hint="ask its owner for permission, or a copy"
        )
    marker = path / "store.json"
    content = read_small(marker, 4096)
    if content is None:
        raise AssayError(
            "this folder is not a review's store: it has no store.json",
            where=str(path),
            hint="give the folder that `assay analyze` printed, such as NAME.review",
        )
    try:
        format_ = json.loads(content)["format"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise AssayError("this file is damaged", where=str(marker)) from error
    if format_ != FORMAT:
        raise AssayError(
            f"this store was made by another version: it has format {format_!r}, this program reads {FORMAT}",
            where=str(marker),
            hint="open it with the version of Assay that made it",
        )
    _check_owners(path)
    return path


def _check_owners(store: Path) -> None:
    """In a shared store everybody may rename what lies at its top: what somebody put there instead is theirs.

    Raises:
        AssayError: a part of it is another account's than the store.
    """
    status = store.stat()
    if not status.st_mode & stat.S_IWGRP:
        return
    for name in OWN:
        part = store / name
        if part.exists() and part.lstat().st_uid != status.st_uid:
            raise AssayError(
                f"somebody put a {name} of their own in the place of this store's",
                where=str(part),
                hint="find the one that was moved away, and put it back as the owner of the store",
            )


def create_store(store: PathLike[str], group: str | None = None) -> Path:
    """Make the folders of a store, private to this account; one that exists is opened.

    Args:
        store: the review's folder.
        group: the Unix group that shares it from now on; None leaves a store as it is.

    Raises:
        AssayError: it cannot be made, or a folder of that name holds something else; or there is no such group, or
            this account may not give it the store.
    """
    path = Path(store)
    if (path / "store.json").exists():
        open_store(path)
    else:
        if path.is_dir() and any(path.iterdir()):
            raise AssayError(
                "this folder is not empty and not a store", where=str(path), hint="name another `store`"
            )
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise system_error(error, "make this directory", path.parent) from error
        make_directory(path)
        try:
            # Private, whatever the folder around it gives to its group.
            path.chmod(DIRECTORY_MODE)
        except OSError as error:
            raise system_error(error, "make this directory", path) from error
        write_atomic(path / "store.json", rfc8785.dumps({"format": FORMAT, "kind": "assay review"}) + b"\n")
    for name in FOLDERS:
        make_directory(path / name)
    if group is not None:
        share(path, group)
    return path


def share(store: PathLike[str], group: str) -> None:
    """Let a Unix group read everything in a store, and add to it: folders 2770, files 0640, runs read-only as before.

    What each account wrote stays its own: the group may read it, and nobody else may change or remove it.

    Raises:
        AssayError: there is no such group, or this account may not give it what it owns.
    """
    path = Path(store)
    try:
        number = grp.getgrnam(group).gr_gid
    except KeyError as error:
        raise AssayError(
            f"this machine has no group {group!r}", where="--group", hint="name one of `getent group`"
        ) from error
    try:
        for folder, _, files in os.walk(path):
            _give(Path(folder), number, _shared_mode(Path(folder), path))
            for name in files:
                _give(Path(folder) / name, number, None)
    except OSError as error:
        raise AssayError(
            f"this store cannot be given to the group {group!r}: {(error.strerror or str(error)).lower()}",
            where=str(error.filename or path),
            hint="its owner does this, as a member of that group",
        ) from error


def _shared_mode(folder: Path, store: Path) -> int:
    """Mode of a folder of a shared store."""
    place = folder.relative_to(store).parts
    if folder.stat().st_mode & stat.S_IWUSR == 0:
        return SHARED_DIRECTORY_MODE & ~WRITABLE
    if not place or place[0] not in PEOPLE or place[1:2] == (MERGED,):
        return SHARED_DIRECTORY_MODE
    return SHARED_DIRECTORY_MODE | stat.S_ISVTX if len(place) == 1 else SHARED_DIRECTORY_MODE & ~stat.S_IWGRP


def _give(path: Path, group: int, mode: int | None) -> None:
    """Give a file or folder to a group that may read it; what is another account's already is left as it is."""
    status = path.lstat()
    if stat.S_ISLNK(status.st_mode) or (status.st_uid != os.geteuid() and status.st_gid == group):
        return
    os.chown(path, -1, group, follow_symlinks=False)
    path.chmod(mode if mode is not None else stat.S_IMODE(status.st_mode) | stat.S_IRGRP)


def run_id(description: dict[str, Any]) -> str:
    """Name of a run: 12 hex digits of the SHA-256 of the RFC 8785 form of what determined it."""
    return hashlib.sha256(_canonical(description["determined_by"])).hexdigest()[:12]


def _canonical(value: Any) -> bytes:
    try:
        return rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, RecursionError) as error:
        raise AssayError(f"the description of this run has no canonical form: {error}") from error


def publish(
    store: PathLike[str],
    workbench: duckdb.DuckDBPyConnection | None,
    description: dict[str, Any],
    tables: Sequence[str] | None = None,
    schemas: Sequence[str] = (),
) -> str:
    """Write a run, whole or not at all, and put it in force.

    Args:
        store: the review's folder.
        workbench: holds the tables, under the same names; None will do for a run that exists.
        description: becomes `run.json`; its part `determined_by` names the run.
        tables: the tables to copy; one without a definition in `schemas` is copied as it is. By default
            those that are defined, and the metadata of each track in `description["tracks"]`.
        schemas: SQL with the tables' and views' definitions; not needed for a run that exists.

    Returns:
        The run's name. A run of that name that exists is not written again.

    Raises:
        AssayError: the store cannot be written, or the rows break the schema.
    """
    path = open_store(store)
    name = run_id(description)
    final = path / "runs" / name
    with locked(path / "runs" / ".lock"):
        for stale in (path / "runs").glob(".tmp-*"):
            shutil.rmtree(stale)
        if not final.is_dir():
            if workbench is None:
                raise AssayError(f"there is no run {name!r} to put in force", where=str(path))
            temporary = path / "runs" / f".tmp-{name}-{secrets.token_hex(4)}"
            try:
                temporary.mkdir(mode=DIRECTORY_MODE)
                evidence = temporary / "evidence.duckdb"
                defined = _create_evidence(evidence, name, description, schemas)
                if tables is None:
                    tables = [*defined, *(f"metadata_{track}" for track in description.get("tracks", ()))]
                _copy_tables(evidence, workbench, tables, defined)
                _write_description(temporary, name, description)
                for written in temporary.iterdir():
                    written.chmod(modes_in(final.parent)[1] & ~WRITABLE)
                sync_directory(temporary)
                os.rename(temporary, final)
                final.chmod(modes_in(final.parent)[0] & ~WRITABLE)
                sync_directory(final.parent)
            except OSError as error:
                raise system_error(error, "publish this run", temporary) from error
            except duckdb.Error as error:
                message = str(error).splitlines()[0]
                raise AssayError(f"cannot publish this run: {message}", where=str(temporary)) from error
            finally:
                shutil.rmtree(temporary, ignore_errors=True)
        if read_small(path / "current", 64) != f"{name}\n".encode():
            write_atomic(path / "current", f"{name}\n".encode())
    return name


def run_exists(store: PathLike[str], run: str) -> bool:
    """Whether a run of that name has been published."""
    return RUN_NAME.fullmatch(run) is not None and (Path(store) / "runs" / run / "run.json").is_file()


def run_names(store: PathLike[str]) -> list[str]:
    """The names of all runs that a store holds, sorted."""
    found = (path.parent.name for path in (Path(store) / "runs").glob("*/run.json"))
    return sorted(name for name in found if RUN_NAME.fullmatch(name))


def create_evidence_tables(connection: duckdb.DuckDBPyConnection, schemas: Sequence[str]) -> None:
    """Make tables and views as a published run has them: those with a column ref have `ref_key` too.

    Args:
        connection: they are made in its database in use.
        schemas: SQL with their definitions.
    """
    known: set[str] = set()
    for schema in schemas:
        for statement in connection.extract_statements(schema):
            connection.execute(statement)
            # At once: a view with all columns of a table is made after its key.
            for table in {*column(connection, _SQL["tables"])} - known:
                known.add(table)
                columns = _columns(connection, table)
                if "ref" in columns and "ref_key" not in columns:
                    connection.execute(_SQL["key"].format(table=identifier(table)))


def _columns(connection: duckdb.DuckDBPyConnection, table: str) -> list[str]:
    return column(connection, _SQL["columns"].format(table=identifier(table)))


def _create_evidence(
    evidence: Path, name: str, description: dict[str, Any], schemas: Sequence[str]
) -> dict[str, str]:
    """Make the evidence file with its definitions; returns the type (table or view) of each.

    It holds the description too: gates are judged by what that says, so its digest is that of the evidence.
    """
    with duckdb.connect(str(evidence), config=CONFIG) as created:
        create_evidence_tables(created, schemas)
        defined = dict(created.execute(_SQL["defined"]).fetchall())
        label = {"format": str(FORMAT), "run": name, "description": _canonical(description).decode("utf-8")}
        created.execute(_SQL["label"], label)
    evidence.chmod(FILE_MODE)
    return defined


def _copy_tables(
    evidence: Path, workbench: duckdb.DuckDBPyConnection, tables: Sequence[str], defined: dict[str, str]
) -> None:
    """Copy the rows, each table sorted by ref and with the number that stands for a ref beside it.

    DuckDB tells by the number, and not by the text, which blocks of a table hold an example. What has rows of most
    examples is gathered (`analysis.store.packed`).
    """
    (source,) = column(workbench, _SQL["here"])
    # Opened with another size of groups, later, it would be written again, and the room of the first time stay empty.
    how = f"(STORAGE_VERSION {quote(STORAGE_VERSION)}, ROW_GROUP_SIZE {GROUP_ROWS})"
    workbench.execute(f"ATTACH {quote(evidence)} AS publication {how}")
    try:
        # First, where there are any: all others take the numbers of examples from there.
        keyed = EXAMPLE in tables and EXAMPLE in defined
        gathered = gathered_tables(workbench, "publication", tables, source) if keyed else []
        if keyed:
            pack(workbench, source, "publication", gathered)
        done = {"meta", *(CORE if keyed else ()), *(one.table for one in gathered)}
        for table in tables:
            if defined.get(table) == "VIEW" or table in done:
                continue
            query = _SQL["fill" if table in defined else "copy"]
            rows = _rows(workbench, table, keyed)
            workbench.execute(query.format(table=identifier(table), rows=rows))
        if keyed:
            workbench.execute("USE publication")
            show_tables(workbench, gathered)
        workbench.execute("CHECKPOINT publication")
    finally:
        workbench.execute(f"USE {identifier(source)}")
        workbench.execute("DETACH publication")


def _rows(workbench: duckdb.DuckDBPyConnection, table: str, keyed: bool) -> str:
    """SQL of the rows of a table of the workbench as they are published."""
    columns = _columns(workbench, table)
    if not keyed or "ref" not in columns:
        return _SQL["rows"].format(table=identifier(table))
    keys = ["ref", *(key for key in SECOND_KEYS if key in columns)]
    order = ", ".join(f"t.{identifier(key)}" for key in keys)
    return _SQL["keyed"].format(table=identifier(table), order=order)


def _write_description(temporary: Path, name: str, description: dict[str, Any]) -> None:
    evidence = temporary / "evidence.duckdb"
    with evidence.open("rb") as handle:
        digest = hashlib.file_digest(handle, "sha256").hexdigest()
        os.fsync(handle.fileno())
        size = os.fstat(handle.fileno()).st_size
    whole = {**description, "run": name, "evidence_sha256": digest, "evidence_bytes": size}
    write_atomic(temporary / "run.json", _canonical(whole) + b"\n")


def current_run(store: PathLike[str]) -> str:
    """The run in force.

    Raises:
        AssayError: no run has been published, or `current` is damaged.
    """
    path = open_store(store)
    content = read_small(path / "current", 64)
    if content is None:
        raise AssayError(
            "this store has no run yet",
            where=str(path),
            hint="`assay analyze REVIEW.toml` makes the first one",
        )
    name = content.decode("ascii", "replace").strip()
    if not RUN_NAME.fullmatch(name):
        raise AssayError("this file names no run", where=str(path / "current"))
    return name


def current_aliases(store: PathLike[str]) -> dict[str, list[str]]:
    """`[review] aliases` of the run in force; none before the first run. Raises AssayError."""
    path = open_store(store)
    if not (path / "current").exists():
        return {}
    return dict(read_description(path, current_run(path)).get("review", {}).get("aliases") or {})


def run_folder(store: PathLike[str], run: str) -> Path:
    """Folder of a run. Raises AssayError for anything else than the name of a run that is there."""
    folder = Path(store) / "runs" / run
    if not RUN_NAME.fullmatch(run) or not folder.is_dir() or folder.is_symlink():
        raise AssayError(f"there is no run {run!r} in this store", where=str(Path(store)))
    return folder


def read_description(store: PathLike[str], run: str) -> dict[str, Any]:
    """`run.json` of a run: what determined it, and the digest and size of its evidence."""
    path = run_folder(store, run) / "run.json"
    content = read_small(path, DESCRIPTION_LIMIT)
    if content is None:
        raise AssayError("this run has no description", where=str(path))
    try:
        description = json.loads(content)
        named = run_id(description)
        missing = [key for key in PUBLISHED if key not in description]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise AssayError("this file is damaged", where=str(path), hint=ELSEWHERE) from error
    if (
        missing
        or description["run"] != run
        or not all(isinstance(description.get(key, kind()), kind) for key, kind in SHAPE.items())
    ):
        raise AssayError("this file is damaged", where=str(path), hint=ELSEWHERE)
    if named != run:
        raise AssayError(
            f"this description determines run {named}, not {run}: it was changed", where=str(path)
        )
    return dict(description)


def attach(
    connection: duckdb.DuckDBPyConnection, store: PathLike[str], run: str, alias: str = "evidence"
) -> None:
    """Attach a run's evidence read-only, after its size was compared with its description.

    Raises:
        AssayError: the file is missing, shorter, damaged, or of a version that DuckDB cannot read.
    """
    path = _evidence(store, run)
    description = read_description(store, run)
    try:
        size = path.stat().st_size
    except OSError as error:
        raise system_error(error, "read the evidence of this run", path) from error
    if size != description["evidence_bytes"]:
        raise AssayError(
            f"the evidence of this run is damaged: {size:,} bytes, {description['evidence_bytes']:,} were published",
            where=str(path),
            hint=ELSEWHERE,
        )
    try:
        connection.execute(f"ATTACH {quote(path)} AS {identifier(alias)} (READ_ONLY)")
        found = connection.execute(_SQL["format"].format(database=identifier(alias))).fetchone()
    except duckdb.Error as error:
        message = str(error).splitlines()[0]
        raise AssayError(f"the evidence of this run cannot be read: {message}", where=str(path)) from error
    if found is None or found[0] != str(FORMAT):
        raise AssayError("the evidence of this run was made by another version", where=str(path))
    published = {key: value for key, value in description.items() if key not in PUBLISHED}
    if found[1] != _canonical(published).decode("utf-8"):
        raise AssayError(
            "this description is not that of the evidence beside it: it was changed since it was published",
            where=str(path.with_name("run.json")),
            hint=ELSEWHERE,
        )


def _evidence(store: PathLike[str], run: str) -> Path:
    """The evidence file of a run. Raises AssayError where DuckDB would read more than that file."""
    path = run_folder(store, run) / "evidence.duckdb"
    if path.is_symlink():
        raise AssayError("the evidence of this run is a link", where=str(path), hint=ELSEWHERE)
    log = path.with_name(f"{path.name}.wal")
    if log.is_symlink() or log.exists():
        raise AssayError(
            "something was written to the evidence of this run after it was published: a log of writes lies beside it",
            where=str(log),
            hint="find out who wrote it; without that file the evidence is what was published",
        )
    return path


def verify_evidence(store: PathLike[str], run: str) -> str:
    """Read a run's evidence file whole, and compare it with the digest in its description, which is returned.

    Raises:
        AssayError: it cannot be read, or is not what was published.
    """
    path = _evidence(store, run)
    try:
        with path.open("rb") as handle:
            digest = hashlib.file_digest(handle, "sha256").hexdigest()
    except OSError as error:
        raise system_error(error, "read the evidence of this run", path) from error
    if digest != read_description(store, run)["evidence_sha256"]:
        raise AssayError(
            "the evidence of this run was changed since it was published",
            where=str(path),
            hint=ELSEWHERE,
        )
    return digest
