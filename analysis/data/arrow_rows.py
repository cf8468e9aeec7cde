"""Rows of Parquet and Arrow files and of the folders in which `datasets` keeps them."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis.base.errors import AssayError
from analysis.data.row_types import (
    INT64,
    MAX_UNPACKED_BYTES,
    BadRow,
    Row,
    RowReader,
    add_columns,
    named_classes,
    with_class_names,
)

if TYPE_CHECKING:
    import pyarrow as pa

BATCH_ROWS = 4096
STATE = "state.json"
SPLITS = "dataset_dict.json"
_METADATA = b"huggingface"
"""Under this key `datasets` keeps the features of a table in its schema, names of classes among them."""


class ParquetRows(RowReader):
    """Rows of a Parquet file; dates, and structures other than lists of text, become text."""

    def __iter__(self) -> Iterator[Row | BadRow]:
        import pyarrow.parquet as pq

        where = str(self.path)
        with _readable("Parquet file", where), pq.ParquetFile(self.path) as file:
            self.class_names.update(_begin(self.columns, file.schema_arrow, where))
            groups = [file.metadata.row_group(index) for index in range(file.metadata.num_row_groups)]
            if sum(group.total_byte_size for group in groups) > MAX_UNPACKED_BYTES:
                raise AssayError(f"unpacks to more than {MAX_UNPACKED_BYTES:,} bytes", where=where)
            yield from _rows(file.iter_batches(batch_size=BATCH_ROWS), where, self.class_names)


class ArrowRows(RowReader):
    """Rows of an Arrow file, in the stream or the file format, or of all Arrow files of a `datasets` folder."""

    def __iter__(self) -> Iterator[Row | BadRow]:
        where = str(self.path)
        with _readable("Arrow file", where):
            batches = self._batches(dataset_files(self.path) if self.path.is_dir() else [self.path])
            yield from _rows(batches, where, self.class_names)

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


@contextmanager
def _readable(what: str, where: str) -> Iterator[None]:
    import pyarrow as pa

    try:
        yield
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
    batches: Iterator[pa.RecordBatch], where: str, classes: Mapping[str, tuple[str, ...]]
) -> Iterator[Row | BadRow]:
    number = 0
    for batch in batches:
        for values in batch.to_pylist():
            number += 1
            try:
                plain = {name: _plain(value) for name, value in values.items()}
                yield Row(number, with_class_names(plain, classes))
            except ValueError as error:
                yield BadRow(f"{where}:{number}", str(error))


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
