"""What lies in a model folder, read without running any of it: JSON, and the headers of safetensors files."""

from __future__ import annotations

import json
import math
import os
import re
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
_PLAIN_DTYPES = ("F64", "F32", "F16", "BF16")
WEIGHTS_INDEX = "model.safetensors.index.json"
MAX_JSON_BYTES = 64 * 2**20
MAX_HEADER_BYTES = 32 * 2**20
"""Of one safetensors file, as JSON: some 200,000 tensors. The format allows 100 MB, which take a gigabyte to read."""
_MAX_DIMENSIONS = 16
# fmt: off
_BITS = {
    "BOOL": 8, "U8": 8, "I8": 8, "U16": 16, "I16": 16, "U32": 32, "I32": 32, "U64": 64, "I64": 64,
    "F16": 16, "BF16": 16, "F32": 32, "F64": 64, "C64": 64,
    "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8,
    "F8_E5M2FNUZ": 8, "F8_E4M3FNUZ": 8,
}
# fmt: on
"""Bits of one number of each type that safetensors has."""

_TRAINING_FILE = re.compile(
    r"(training_args\.bin|(optimizer|scheduler|scaler)\.(pt|bin)|rng_state(_\d+)?\.pth|events\.out\..*)"
)
"""Files that trainers write beside a model and no program loads as a part of it."""
_CHECKPOINT = re.compile(r"checkpoint-(\d{1,18})")
_TRAINING_FOLDER = re.compile(rf"{_CHECKPOINT.pattern}|runs")
"""Folders of the same kind: earlier states of the training, and its logs."""
_SHOWN_FILES = 20
_AUTO_CLASSES = {
    "ForSequenceClassification": "AutoModelForSequenceClassification",
    "ForTokenClassification": "AutoModelForTokenClassification",
    "ForCausalLM": "AutoModelForCausalLM",
    "LMHeadModel": "AutoModelForCausalLM",
}


def checkpoint_step(folder: Path) -> int | None:
    """The step of a training at which a folder was written, by its name; None for a folder of another name."""
    found = _CHECKPOINT.fullmatch(folder.name)
    return int(found[1]) if found else None


def training_leftovers(folder: Path) -> tuple[str, ...]:
    """What training left in a model folder and is passed over: names of files, and of folders with a `/`."""
    return _walk(folder)[1]


def leftover_notes(folder: Path) -> tuple[str, ...]:
    """One line on what training left in the folder; none where it left nothing."""
    left = training_leftovers(folder)
    if not left:
        return ()
    more = f" and {len(left) - _SHOWN_FILES:,} more" if len(left) > _SHOWN_FILES else ""
    return (f"left of the training, never loaded: {', '.join(left[:_SHOWN_FILES])}{more}",)


def refuse_unsafe_files(folder: Path) -> None:
    """Refuse a folder with code or pickles anywhere in it, or a configuration that asks for code.

    The folder is refused as a whole, because another program might load those instead of what was
    reviewed. What training leaves beside a model is no such thing: it is passed over, and `leftover_notes` say so.

    Raises:
        AssayError: every offending file is named.
    """
    if not folder.is_dir():
        raise AssayError("is not a folder", where=str(folder), hint="check base and candidate")
    unsafe = _walk(folder)[0]
    if unsafe:
        named = ", ".join(unsafe[:_SHOWN_FILES])
        more = f" and {len(unsafe) - _SHOWN_FILES:,} more" if len(unsafe) > _SHOWN_FILES else ""
        these = "each of which is" if len(unsafe) > 1 else "which is"
        raise AssayError(
            f"holds {named}{more}, {these} code or may run code when it is loaded",
            where=str(folder / unsafe[0]) if len(unsafe) == 1 else str(folder),
            hint=_remedy(folder),
        )
    for name in ("config.json", "tokenizer_config.json"):
        if (folder / name).is_file() and "auto_map" in read_json(folder / name):
            raise AssayError(
                "asks for code of its own (auto_map), which is never run",
                where=str(folder / name),
                hint="save the model as a class of the Transformers library",
            )


def _walk(folder: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Code and pickles of a folder, and what training left in it, by relative path."""
    unsafe, left = [], []
    for root, folders, files in os.walk(folder):
        here = Path(root).relative_to(folder)
        passed = sorted(name for name in folders if _TRAINING_FOLDER.fullmatch(name))
        left += [f"{(here / name).as_posix()}/" for name in passed]
        folders[:] = sorted(set(folders) - set(passed))
        for name in sorted(files):
            if _TRAINING_FILE.fullmatch(name):
                left.append((here / name).as_posix())
            elif Path(name).suffix.lower() in CODE_OR_PICKLE:
                unsafe.append((here / name).as_posix())
    return tuple(unsafe), tuple(left)


def _remedy(folder: Path) -> str:
    """How to make a folder without code and pickles, tokenizer included, with the libraries that are installed."""
    if (folder / "modules.json").is_file():
        return 'in Python: SentenceTransformer("OLD", device="cpu").save_pretrained("NEW")'
    if (folder / "adapter_config.json").is_file():
        return (
            'in Python: safetensors.torch.save_file(torch.load("OLD/adapter_model.bin", weights_only=True), '
            '"NEW/adapter_model.safetensors"), and copy the .json files'
        )
    try:
        named = read_json(folder / "config.json").get("architectures")
    except AssayError:
        named = None
    architecture = str(named[0]) if isinstance(named, list) and named else ""
    auto = next(
        (name for ending, name in _AUTO_CLASSES.items() if architecture.endswith(ending)), "AutoModel"
    )
    return (
        f'save model and tokenizer into a new folder, in Python: {auto}.from_pretrained("OLD").save_pretrained("NEW"); '
        'AutoTokenizer.from_pretrained("OLD").save_pretrained("NEW")'
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


def refuse_quantised(folder: Path, config: dict[str, Any]) -> None:
    """Refuse weights that stand for others, as a quantised model's do: without its own code they mean nothing.

    Args:
        folder: of a whole model.
        config: its `config.json`.

    Raises:
        AssayError: the configuration says so, or most weights are stored as whole numbers or in eight bits.
    """
    stated = next((key for key in ("quantization_config", "compression_config") if config.get(key)), None)
    dtype = "" if stated else stored_dtype(folder)
    if stated or dtype not in _PLAIN_DTYPES:
        why = f"{stated} of config.json" if stated else f"most are stored as {dtype}"
        raise AssayError(
            f"holds quantised weights ({why}), which are not read in this version",
            where=str(folder / "config.json") if stated else str(folder),
            hint="save the model in float32, float16 or bfloat16: merge or dequantise it where it was trained",
        )


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
    """Shape of every tensor of one safetensors file, whose header must account for each of its bytes.

    Raises:
        AssayError: a file that is damaged or cut short, or made to mislead: tensors that overlap or leave gaps, or
            whose shape and type are not those of their bytes.
    """
    return {name: shape for name, (shape, _) in _read_entries(path).items()}


class _UnsoundError(ValueError):
    """A header that does not account for its file."""


def _read_entries(path: Path) -> dict[str, tuple[list[int], str]]:
    """Shape and type of every tensor of one safetensors file. Raises AssayError as `read_header`."""
    try:
        header, held = _header(path)
        entries = {name: entry for name, entry in header.items() if name != "__metadata__"}
        spans = sorted((_span(name, entry), name) for name, entry in entries.items())
        reached = 0
        for (start, end), name in spans:
            if start != reached:
                raise _UnsoundError(f"{name!r} begins at byte {start:,}, where {reached:,} is expected")
            reached = end
        if reached != held:
            raise _UnsoundError(f"its tensors take {reached:,} bytes, and it holds {held:,}")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        why = str(error) if isinstance(error, _UnsoundError) else "its header is not one of safetensors"
        raise AssayError(
            f"is damaged or cut short: {why}", where=str(path), hint="copy the model again"
        ) from None
    return {name: (entry["shape"], entry["dtype"]) for name, entry in entries.items()}


def _header(path: Path) -> tuple[dict[str, Any], int]:
    """The header of a safetensors file, and how many bytes follow it. Raises _UnsoundError."""
    size = path.stat().st_size
    with path.open("rb") as stream:
        prefix = stream.read(8)
        if len(prefix) < 8:
            raise _UnsoundError("it has no header")
        (length,) = struct.unpack("<Q", prefix)
        if length > size - 8:
            raise _UnsoundError(f"its header is said to take {length:,} bytes, and the file has {size:,}")
        if length > MAX_HEADER_BYTES:
            raise _UnsoundError(f"its header takes {length:,} bytes, at most {MAX_HEADER_BYTES:,} are read")
        header = json.loads(stream.read(length), object_pairs_hook=_once)
    if not isinstance(header, dict):
        raise TypeError
    return header, size - 8 - length


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON; of a name that stands twice, one reader would take the first and another the last."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _UnsoundError("a name stands twice in its header")
    return found


def _span(name: str, entry: dict[str, Any]) -> tuple[int, int]:
    """Where the bytes of a tensor begin and end. Raises _UnsoundError where shape and type need others."""
    shape, (start, end) = entry["shape"], entry["data_offsets"]
    numbers = [*shape, start, end]
    if any(type(one) is not int or not 0 <= one < 2**63 for one in numbers) or len(shape) > _MAX_DIMENSIONS:
        raise _UnsoundError(f"{name[:80]!r} has no sound shape or place")
    if entry["dtype"] not in _BITS:
        raise _UnsoundError(f"{name[:80]!r} is of the type {str(entry['dtype'])[:20]!r}, which nobody reads")
    bits = math.prod(shape) * _BITS[entry["dtype"]]
    if (end - start) * 8 != bits:
        raise _UnsoundError(
            f"{name[:80]!r} takes {end - start:,} bytes, and its shape and type {bits / 8:,.0f}"
        )
    return start, end


def vocabulary(folder: Path) -> dict[str, int]:
    """Id of every token of a folder's `tokenizer.json`, added ones included. Raises AssayError."""
    rules = read_json(folder / "tokenizer.json")
    model = rules.get("model")
    listed = model.get("vocab") if isinstance(model, dict) else None
    try:
        known = (
            {str(piece[0]): index for index, piece in enumerate(listed)}
            if isinstance(listed, list)
            else {str(token): int(index) for token, index in (listed or {}).items()}
        )
        return known | {str(one["content"]): int(one["id"]) for one in rules.get("added_tokens") or []}
    except (TypeError, ValueError, KeyError, IndexError, AttributeError):
        raise AssayError("does not list its tokens", where=str(folder / "tokenizer.json")) from None
