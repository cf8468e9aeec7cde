"""The same table in the forms in which tools write it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

Rows = Sequence[Mapping[str, Any]]


def separated(
    rows: Rows, separator: str = ",", *, start: str = "", end: str = "\n", index: Sequence[Any] | None = None
) -> bytes:
    """CSV with a header; with an index, under an unnamed first column, as pandas writes it."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=separator, lineterminator=end)
    writer.writerow([*([""] if index is not None else []), *rows[0]])
    for number, row in enumerate(rows):
        writer.writerow([*([index[number]] if index is not None else []), *row.values()])
    return (start + out.getvalue()).encode("utf-8")


def class_labels(table: pa.Table, names: Mapping[str, Sequence[str]]) -> pa.Table:
    """The table with the metadata by which `datasets` names classes."""
    features = {
        name: {"names": list(names[name]), "_type": "ClassLabel"}
        if name in names
        else {"dtype": "string", "_type": "Value"}
        for name in table.column_names
    }
    metadata = json.dumps({"info": {"features": features}})
    return table.replace_schema_metadata({"huggingface": metadata})


def saved_to_disk(folder: Path, tables: Sequence[pa.Table]) -> Path:
    """A folder as `Dataset.save_to_disk` writes it: Arrow streams in pieces, and a file that names them."""
    folder.mkdir(parents=True)
    names = [f"data-{number:05d}-of-{len(tables):05d}.arrow" for number in range(len(tables))]
    for name, table in zip(names, tables, strict=True):
        with pa.ipc.new_stream(str(folder / name), table.schema) as stream:
            stream.write_table(table)
    state = {"_data_files": [{"filename": name} for name in names], "_split": None}
    (folder / "state.json").write_text(json.dumps(state), "utf-8")
    (folder / "dataset_info.json").write_text("{}", "utf-8")
    return folder


def arrow_file(path: Path, table: pa.Table) -> Path:
    """The format with a footer, as Feather and `pyarrow.ipc.new_file` write it."""
    with pa.ipc.new_file(str(path), table.schema) as file:
        file.write_table(table)
    return path


def parquet(path: Path, table: pa.Table) -> Path:
    """A Parquet file."""
    pq.write_table(table, path)
    return path
