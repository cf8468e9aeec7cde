"""Rows of Parquet and Arrow files and of the folders in which `datasets` keeps them."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis.base.errors import AssayError
from analysis.base.limited import memory_limit
from analysis.data.row_types import (
    FREE_ROWS,
    FREE_UNPACKED_BYTES,
    INT64,
    MAX_ROWS_PER_BYTE,
    MAX_UNPACKED,
    BadRow,
    Row,
    RowReader,
    add_columns,
    named_classes,
    with_class_names,
)

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

BATCH_ROWS = 4096
BATCH_BYTES = 2 << 30
"""Memory that one batch of a file may take, as it is read and as Python holds it."""
STATE = "state.json"
SPLITS = "dataset_dict.json"
_METADATA = b"huggingface"
"""Under this key `datasets` keeps the features of a table in its schema, names of classes among them."""


class ParquetRows(RowReader):
    """Rows of a Parquet file; dates, and structures other than lists of text, become text."""

    def __iter__(self) -> Iterator[Row | BadRow]:
        import pyarrow.parquet as pq

        where = str(self.path)
        with _readable("Parquet file", where), pq.ParquetFile(self.path) as footer:
            self.class_names.update(_begin(self.columns, footer.schema_arrow, where))
            check_footer(footer, self.path)
            # A text that stands in many rows stays one text: what it comes to is known before it is made.
            texts = [footer.schema.column(index).path for index in range(len(footer.schema))
                     if footer.schema.column(index).physical_type == "BYTE_ARRAY"]  # fmt: skip
            with pq.ParquetFile(self.path, read_dictionary=texts) as file:
                batches = file.iter_batches(batch_size=BATCH_ROWS)
                yield from _rows(batches, where, self.class_names, self.path.stat().st_size)


class ArrowRows(RowReader):
    """Rows of an Arrow file, in the stream or the file format, or of all Arrow files of a `datasets` folder."""

    def __iter__(self) -> Iterator[Row | BadRow]:
        where = str(self.path)
        with _readable("Arrow file", where):
            files = dataset_files(self.path) if self.path.is_dir() else [self.path]
            size = sum(one.stat().st_size for one in files)
            yield from _rows(self._batches(files), where, self.class_names, size)

    def _batches(self, files: list[Path]) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        for path in files:
            with pa.memory_map(str(path)) as source:
                if source.size() >= 6 and source.read(6) == b"ARROW1":
                    with pa.ipc.open_file(source) as file:
                        self.class_names.update(_begin(self.columns, file.schema, str(path)))
                        for index in range(file.num_record_batches):
                            yield from _pieces(file.get_batch(index))
                else:
                    source.seek(0)
                    with pa.ipc.open_stream(source) as stream:
                        self.class_names.update(_begin(self.columns, stream.schema, str(path)))
                        for batch in stream:
                            yield from _pieces(batch)


def dataset_files(folder: Path) -> list[Path]:
    """The Arrow files of a folder that `datasets` saved, in their order.

    Raises:
        AssayError: a folder of several splits, or one that holds no table.
    """
    if (folder / SPLITS).is_file():
        splits = sorted(one.parent.name for one in folder.glob(f"*/{STATE}"))
        raise AssayError(
            "holds a data set of several splits, and one is needed",
            where=str(folder),
            hint="name one of them: "
            + (", ".join(f"{folder.name}/{name}" for name in splits) or "there is none"),
        )
    try:
        state = json.loads((folder / STATE).read_text("utf-8"))
        names = [Path(one["filename"]).name for one in state["_data_files"]]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        names = sorted(one.name for one in folder.glob("*.arrow"))
    files = [folder / name for name in names]
    absent = next((one for one in files if not one.is_file()), None)
    if absent is not None:
        raise AssayError(
            f"lacks {absent.name}, which its {STATE} names", where=str(folder), hint="save the data set again"
        )
    if not files:
        raise AssayError(
            "is a folder, and not one in which `datasets` saved a table",
            where=str(folder),
            hint="name a file in it, or a folder that Dataset.save_to_disk wrote",
        )
    return files


def is_dataset(folder: Path) -> bool:
    """Whether `datasets` saved a table or several splits of one in a folder."""
    return (folder / SPLITS).is_file() or (folder / STATE).is_file() or any(folder.glob("*.arrow"))


def check_footer(file: pq.ParquetFile, path: Path) -> None:
    """Refuse a Parquet file that by its footer holds far more than its size; nothing of it is read yet.

    Raises:
        AssayError: more rows, values or bytes than any table of that size has.
    """
    size, footer = path.stat().st_size, file.metadata
    groups = [footer.row_group(index) for index in range(footer.num_row_groups)]
    rows = sum(group.num_rows for group in groups)
    if rows > max(FREE_ROWS, size * MAX_ROWS_PER_BYTE) or rows != footer.num_rows:
        raise AssayError(
            f"says that it holds {max(rows, footer.num_rows):,} rows in {size:,} bytes",
            where=str(path),
            hint=_BOMB,
        )
    _check_unpacked(sum(group.total_byte_size for group in groups), size, str(path))
    values = sum(
        group.column(index).num_values
        for group in groups
        for index in range(group.num_columns)
        if file.schema.column(index).max_repetition_level
    )
    # A number takes four bytes at least where it is unpacked.
    _check_unpacked(4 * values, size, str(path))


def check_unpacked(columns: Sequence[pa.Array | pa.ChunkedArray], path: Path) -> None:
    """Refuse what was read of a file if it comes to far more than its size. Raises AssayError."""
    chunks = (chunk for column in columns for chunk in getattr(column, "chunks", [column]))
    _check_unpacked(sum(map(_unpacked_bytes, chunks)), path.stat().st_size, str(path))


def _check_unpacked(unpacked: int, size: int, where: str) -> None:
    if unpacked > max(FREE_UNPACKED_BYTES, MAX_UNPACKED * size):
        raise AssayError(
            f"unpacks to more than {max(FREE_UNPACKED_BYTES, MAX_UNPACKED * size):,} bytes, from {size:,}",
            where=where,
            hint=_BOMB,
        )


_BOMB = "no table that people made packs so well: look at what wrote it, or give it as JSON Lines"


@contextmanager
def _readable(what: str, where: str) -> Iterator[None]:
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowMemoryError, MemoryError):
        raise AssayError(
            f"needs more than {BATCH_BYTES >> 30} GB of memory for {BATCH_ROWS:,} rows",
            where=where,
            hint=_BOMB,
        ) from None
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        reason = (str(error).splitlines() or ["it cannot be opened"])[0]
        raise AssayError(
            f"is not a readable {what}: {reason}", where=where, hint="write it again, or copy it again whole"
        ) from None


def _begin(columns: dict[str, None], schema: pa.Schema, where: str) -> dict[str, tuple[str, ...]]:
    """Add the columns of a schema; returns the names of classes that it gives, by column."""
    if len(set(schema.names)) < len(schema.names):
        raise AssayError("has two columns of the same name", where=where, hint="rename one of them")
    add_columns(columns, schema.names, where)
    try:
        features = json.loads((schema.metadata or {})[_METADATA])["info"]["features"]
        return {
            name: names
            for name, one in features.items()
            if isinstance(one, dict)
            and one.get("_type") == "ClassLabel"
            and (names := named_classes(one.get("names") or ()))
        }
    except (KeyError, ValueError, TypeError, AttributeError, RecursionError):
        return {}


def _pieces(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """A batch in pieces that are small enough to become Python values one after the other."""
    for start in range(0, batch.num_rows, BATCH_ROWS):
        yield batch.slice(start, BATCH_ROWS)


def _rows(
    batches: Iterator[pa.RecordBatch], where: str, classes: Mapping[str, tuple[str, ...]], size: int
) -> Iterator[Row | BadRow]:
    number = unpacked = 0
    while True:
        with memory_limit(BATCH_BYTES):
            batch = next(batches, None)
            if batch is None:
                return
            unpacked += sum(map(_unpacked_bytes, batch.columns))
            _check_unpacked(unpacked, size, where)
            read = batch.to_pylist()
        for values in read:
            number += 1
            try:
                plain = {name: _plain(value) for name, value in values.items()}
                yield Row(number, with_class_names(plain, classes))
            except ValueError as error:
                yield BadRow(f"{where}:{number}", str(error))


def _unpacked_bytes(column: pa.Array) -> int:
    """Bytes that the values of a column take, each text that stands in many rows as often as it stands there."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = column.type
    if pa.types.is_dictionary(kind):
        if not _is_text(kind.value_type):
            return int(column.nbytes)
        each = pc.binary_length(column.dictionary.cast(pa.large_binary()))
        return int(pc.sum(each.take(column.indices)).as_py() or 0)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        return _unpacked_bytes(column.flatten())
    if pa.types.is_struct(kind):
        return sum(map(_unpacked_bytes, column.flatten()))
    return int(column.nbytes)


def _is_text(kind: pa.DataType) -> bool:
    import pyarrow as pa

    texts = (pa.types.is_string, pa.types.is_large_string, pa.types.is_binary, pa.types.is_large_binary)
    return any(check(kind) for check in texts)


def _plain(value: Any) -> Any:
    """A value as JSON would hold it; NaN and infinity are missing values."""
    match value:
        case None | bool() | str():
            plain: Any = value
        case int():
            if not -INT64 <= value < INT64:
                raise ValueError(f"has a whole number beyond 64 bits: {value}")
            plain = value
        case float():
            plain = value if math.isfinite(value) else None
        case list() | tuple():
            plain = [_plain(item) for item in value]
        case dict():
            plain = {str(key): _plain(item) for key, item in value.items()}
        case bytes():
            plain = value.hex()
        case _:
            plain = value.isoformat() if hasattr(value, "isoformat") else str(value)
    return plain
