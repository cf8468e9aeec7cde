"""What lies in a model folder, read without running any of it: JSON, and the headers of safetensors files."""

from __future__ import annotations

import json
import math
import os
import struct
from collections import Counter
from pathlib import Path
from typing import Any

from analysis.base.errors import AssayError

# fmt: off
CODE_OR_PICKLE = frozenset((
    ".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".joblib", ".dill", ".npy", ".h5", ".msgpack",
    ".py", ".pyc", ".so", ".sh",
))
# fmt: on
WEIGHTS = "model.safetensors"
WEIGHTS_INDEX = "model.safetensors.index.json"
MAX_JSON_BYTES = 64 * 2**20
MAX_HEADER_BYTES = 100 * 2**20
"""The limit of the safetensors format itself."""


def refuse_unsafe_files(folder: Path) -> None:
    """Refuse a folder with code or pickles anywhere in it, or a configuration that asks for code.

    The folder is refused as a whole, because another program might load those instead of what was
    reviewed. Raises AssayError.
    """
    if not folder.is_dir():
        raise AssayError("is not a folder", where=str(folder), hint="check base and candidate")
    for root, folders, files in os.walk(folder):
        folders.sort()
        for name in sorted(files):
            if Path(name).suffix.lower() in CODE_OR_PICKLE:
                raise AssayError(
                    f"holds {name}, which is code or may run code when it is loaded",
                    where=str(Path(root) / name),
                    hint="keep only safetensors weights and JSON or text beside them: "
                    "save_pretrained(FOLDER, safe_serialization=True) into a new folder",
                )
    for name in ("config.json", "tokenizer_config.json"):
        if (folder / name).is_file() and "auto_map" in read_json(folder / name):
            raise AssayError(
                "asks for code of its own (auto_map), which is never run",
                where=str(folder / name),
                hint="save the model as a class of the Transformers library",
            )


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object from a model folder. Raises AssayError."""
    value = _read_value(path)
    if not isinstance(value, dict):
        raise AssayError("is not a JSON object", where=str(path))
    return value


def read_json_list(path: Path) -> list[Any]:
    """A JSON list from a model folder. Raises AssayError."""
    value = _read_value(path)
    if not isinstance(value, list):
        raise AssayError("is not a JSON list", where=str(path))
    return value


def _read_value(path: Path) -> Any:
    try:
        if path.stat().st_size > MAX_JSON_BYTES:
            raise AssayError(f"is larger than {MAX_JSON_BYTES:,} bytes", where=str(path))
        value = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise AssayError(
            f"has no {path.name}", where=str(path.parent), hint="a Transformers model folder is needed"
        ) from None
    except OSError as error:
        raise AssayError(f"cannot be read: {error.strerror}", where=str(path)) from None
    except (ValueError, RecursionError):
        raise AssayError("is not valid JSON", where=str(path)) from None
    return value


def tensor_shapes(folder: Path) -> dict[str, list[int]]:
    """Shape of every tensor of a whole model, from the headers of its weight files. Raises AssayError."""
    shapes: dict[str, list[int]] = {}
    for path in weight_files(folder):
        shapes |= read_header(path)
    return shapes


def stored_dtype(folder: Path) -> str:
    """The type in which most weights of a whole model are stored, as safetensors writes it: `F32`, `BF16`.

    Raises:
        AssayError: as `tensor_shapes`.
    """
    sizes: Counter[str] = Counter()
    for path in weight_files(folder):
        for shape, dtype in _read_entries(path).values():
            sizes[dtype] += math.prod(shape)
    return sizes.most_common(1)[0][0] if sizes else "F32"


def weight_files(folder: Path) -> list[Path]:
    """The safetensors files of a whole model: one, or those that its index names. Raises AssayError."""
    if (folder / WEIGHTS).is_file():
        return [folder / WEIGHTS]
    if not (folder / WEIGHTS_INDEX).is_file():
        raise AssayError(
            f"has no {WEIGHTS}", where=str(folder), hint="save with save_pretrained(FOLDER), which writes it"
        )
    table = read_json(folder / WEIGHTS_INDEX).get("weight_map")
    names = sorted({str(name) for name in table.values()}) if isinstance(table, dict) else []
    for name in names:
        if Path(name).name != name or not (folder / name).is_file():
            raise AssayError(f"the weight file {name!r} is missing", where=str(folder / WEIGHTS_INDEX))
    return [folder / name for name in names]


def read_header(path: Path) -> dict[str, list[int]]:
    """Shape of every tensor of one safetensors file, whose length must be what its header says.

    Raises:
        AssayError: a file that is damaged or cut short.
    """
    return {name: shape for name, (shape, _) in _read_entries(path).items()}


def _read_entries(path: Path) -> dict[str, tuple[list[int], str]]:
    """Shape and type of every tensor of one safetensors file. Raises AssayError as `read_header`."""
    broken = AssayError("is damaged or cut short", where=str(path), hint="copy the model again")
    size = path.stat().st_size
    with path.open("rb") as stream:
        prefix = stream.read(8)
        if len(prefix) < 8:
            raise broken
        (length,) = struct.unpack("<Q", prefix)
        if length > min(MAX_HEADER_BYTES, size - 8):
            raise broken
        raw = stream.read(length)
    try:
        header = json.loads(raw)
        entries = {name: entry for name, entry in header.items() if name != "__metadata__"}
        found = {
            name: ([int(extent) for extent in entry["shape"]], str(entry["dtype"]))
            for name, entry in entries.items()
        }
        end = max((int(entry["data_offsets"][1]) for entry in entries.values()), default=0)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError):
        raise broken from None
    if 8 + length + end != size:
        raise broken
    return found
