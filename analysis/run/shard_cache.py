"""Finished shards of stages on disk, so that a run that was stopped goes on, and workers see each other's."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyarrow as pa
import pyarrow.parquet as pq
import rfc8785

from analysis.base.errors import AssayError
from analysis.plugin import registry
from analysis.plugin.stage import RunContext, Shard, Stage
from analysis.store.files import make_directory, modes_in, read_small

DIGESTS = "digests.json"
"""File of a shard's folder: the SHA-256 of each table's file, by its name."""
DIGESTS_LIMIT = 1 << 20

_LOG = logging.getLogger(__name__)


class ShardCache:
    """Finished shards on disk: one folder per shard, one Parquet file per table, renamed into place.

    A folder is there whole or not at all, so a run that was killed goes on with what is there. What does not match its
    digests is computed again. The cache can be deleted at any time.
    """

    def __init__(self, root: Path, *, fresh: bool = False) -> None:
        self.root = root
        if fresh and root.exists():
            shutil.rmtree(root)

    def path(self, stage: Stage, context: RunContext, shard: Shard) -> Path:
        """Where the shard's tables are, or would be."""
        key: dict[str, Any] = {
            "stage": stage.name,
            "version": stage.version,
            "models": dict(context.models.digests),
            "shard": dict(shard.key),
        }
        if code := registry.foreign_code(context.track):
            key["foreign_code"] = code
        digest = hashlib.sha256(rfc8785.dumps(key)).hexdigest()
        return self.root / quote(stage.name, safe="") / digest

    def load(self, path: Path) -> dict[str, pa.Table] | None:
        """The shard's tables, or None where it is not finished, or is not what was finished."""
        if not path.is_dir():
            return None
        try:
            digests = json.loads(read_small(path / DIGESTS, DIGESTS_LIMIT) or b"null")
            files = {file.name: file.read_bytes() for file in sorted(path.glob("*.parquet"))}
            if {name: hashlib.sha256(data).hexdigest() for name, data in files.items()} != digests:
                raise ValueError("its files are not those that were written")
            return {
                name.removesuffix(".parquet"): pq.read_table(pa.BufferReader(data))
                for name, data in files.items()
            }
        except (AssayError, OSError, ValueError, pa.ArrowException) as error:
            _LOG.warning("%s is computed again: %s", path, error)
            return None

    def save(self, path: Path, tables: dict[str, pa.Table]) -> None:
        """Write a finished shard so that it appears whole.

        Raises:
            AssayError: the cache cannot be written.
        """
        try:
            for folder in (self.root.parent, self.root, path.parent):
                if not folder.is_dir():
                    make_directory(folder)
            scratch = Path(tempfile.mkdtemp(prefix=".tmp-", dir=path.parent))
            folder_mode, file_mode = modes_in(path.parent)
            digests = {}
            for name, table in tables.items():
                file = scratch / f"{name}.parquet"
                pq.write_table(table, file)
                digests[file.name] = hashlib.sha256(file.read_bytes()).hexdigest()
            (scratch / DIGESTS).write_bytes(rfc8785.dumps(digests))
            for file in scratch.iterdir():
                file.chmod(file_mode)
            scratch.chmod(folder_mode)
            if self.load(path) is not None:
                shutil.rmtree(scratch)
                return
            if path.exists():
                shutil.rmtree(path)
            try:
                os.rename(scratch, path)
            except OSError:
                # Another worker that was at the same shard may have been first.
                if self.load(path) is None:
                    raise
                shutil.rmtree(scratch)
        except OSError as error:
            raise AssayError(
                f"cannot write finished work: {error.strerror or error}",
                where=str(path.parent),
                hint="free space or make the store writable, then run the same command again: it goes on",
            ) from error
