"""Vectors that were made elsewhere: a Parquet file with the columns `id` and `vector`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.base.errors import AssayError
from analysis.data.faults import shown

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

_COLUMNS = "columns: id (text or whole number), vector (list of numbers of one length)"


@dataclass(frozen=True)
class StoredHead:
    """What a file of stored vectors says of itself: `names` maps each id to its row."""

    path: Path
    names: Mapping[str, int]

    def row(self, kind: str, name: str) -> int | None:
        """Row of an example: under `KIND:ID` where the file has that, else under its id."""
        return self.names.get(f"{kind}:{name}", self.names.get(name))


def inspect_stored(path: Path) -> StoredHead:
    """Read the ids of a file of vectors.

    Raises:
        AssayError: not such a file, no rows, or an id that it has twice.
    """
    import pyarrow as pa

    table = _read(path, ["id", "vector"], schema_only=True)
    kinds = {field.name: field.type for field in table.schema}
    if "id" not in kinds or "vector" not in kinds:
        raise AssayError(
            f"has no column {'id' if 'id' not in kinds else 'vector'!r}", where=str(path), hint=_COLUMNS
        )
    if not (
        pa.types.is_string(kinds["id"]) or pa.types.is_large_string(kinds["id"])
    ) and not pa.types.is_integer(kinds["id"]):
        raise AssayError(f"the column 'id' is {kinds['id']}", where=str(path), hint=_COLUMNS)
    if not _is_vector(kinds["vector"]):
        raise AssayError(f"the column 'vector' is {kinds['vector']}", where=str(path), hint=_COLUMNS)
    names: dict[str, int] = {}
    for row, value in enumerate(_read(path, ["id"])["id"].to_pylist()):
        if value is None:
            raise AssayError("column 'id': is missing", where=f"{path}:{row + 1}")
        if names.setdefault(str(value), row) != row:
            first = names[str(value)] + 1
            raise AssayError(
                f"the id {shown(str(value))} was used on row {first} already", where=f"{path}:{row + 1}"
            )
    if not names:
        raise AssayError("holds no rows", where=str(path), hint="one vector a row is needed")
    return StoredHead(path, names)


def read_stored(head: StoredHead) -> NDArray[np.float32]:
    """All vectors (rows, dimension) of a file, float32.

    Raises:
        AssayError: a vector that is missing, has another length than the first, or holds what is no number,
            with its id.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    column = _read(head.path, ["vector"])["vector"].combine_chunks()
    if isinstance(column, pa.ChunkedArray):
        column = pa.concat_arrays(column.chunks)
    names = list(head.names)
    if column.null_count:
        row = column.is_null().to_pylist().index(True)
        raise _bad(head, names[row], "has no vector")
    lengths = np.asarray(pc.list_value_length(column).to_numpy(zero_copy_only=False))
    other = np.flatnonzero(lengths != lengths[0])
    if len(other):
        row = int(other[0])
        raise _bad(head, names[row], f"has {lengths[row]} numbers, and the first vector {lengths[0]}")
    # Nulls inside a list become NaN, which is refused with all that is no number.
    flat = column.flatten().cast(pa.float32()).to_numpy(zero_copy_only=False)
    vectors = np.ascontiguousarray(flat, dtype=np.float32).reshape(len(names), int(lengths[0]))
    if not vectors.shape[1]:
        raise _bad(head, names[0], "has no numbers")
    return vectors


def _bad(head: StoredHead, name: str, message: str) -> AssayError:
    return AssayError(f"the id {shown(name)} {message}", where=str(head.path))


def _is_vector(kind: pa.DataType) -> bool:
    import pyarrow as pa

    lists = (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list)
    if not any(check(kind) for check in lists):
        return False
    value: Any = kind.value_type
    return bool(pa.types.is_floating(value) or pa.types.is_integer(value))


def _read(path: Path, columns: list[str], *, schema_only: bool = False) -> pa.Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            return file.schema_arrow.empty_table() if schema_only else file.read(columns=columns)
    except (pa.ArrowException, OSError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise AssayError(f"is not a readable Parquet file: {reason}", where=str(path)) from None
