"""Data and models that strangers wrote cost what files of their size cost: refused early, or ended by a limit."""

from __future__ import annotations

import json
import resource
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from analysis.base.errors import AssayError
from analysis.data import arrow_rows, predicates
from analysis.data.predicates import evaluate_predicates
from analysis.data.rows import open_rows
from analysis.models import generation, tokenizer_trial
from analysis.models.adapter import inspect_adapter
from analysis.models.files import read_header
from analysis.models.generator_config import inspect_generator
from analysis.models.load_classifier import inspect_classifier, load_classifier
from analysis.models.load_transformers import load_tokenizer
from analysis.models.stored import inspect_stored
from tests.analysis.models.adapters import make_adapter
from tests.analysis.tracks.response.tiny import write_generator
from tests.conftest import MakeClassifier


@contextmanager
def bounded(memory: int = 1 << 30, seconds: float = 10.0) -> Iterator[None]:
    """What the block does takes so much memory and processor time at most, its children counted."""

    def taken() -> tuple[float, int]:
        both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        return sum(one.ru_utime + one.ru_stime for one in both), max(one.ru_maxrss for one in both) << 10

    before, began = taken()[0], taken()[1]
    yield
    spent, most = taken()
    assert spent - before < seconds
    assert most - began < memory


def test_predicates_that_take_all_there_is_are_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(predicates, "TIMEOUT_S", 0.5)
    rows = pa.table({"ref": list(map(str, range(300))), "text": ["a" * 400] * 300})
    cases = {
        # One row alone would be looked at in forty million ways.
        "text like '%a%a_%a%b'": "took more than 0.5 seconds",
        "length(format('{:>2000000000}', 1)) > 3": "needs more than 2 GB of memory",
        f"length({'||'.join(['text'] * 800)}) > 3": "is nested too deeply",
    }
    failures = {}
    with bounded(memory=3 << 30, seconds=40):
        for predicate, why in cases.items():
            with pytest.raises(AssayError) as caught:
                evaluate_predicates(rows, {"s": predicate}, "review.toml:9")
            if why not in caught.value.message:
                failures[predicate[:60]] = caught.value.message[-80:]
    assert not failures
    # What grows only a little is evaluated all the same, apart.
    assert len(evaluate_predicates(rows, {"s": "concat(text, 'b') like '%ab'"}, "review.toml:9")["s"]) == 300


def _repeated(text: str, rows: int) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(np.zeros(rows, dtype=np.int32), [text])


def packed(folder: Path) -> dict[str, Path]:
    """Files of some kilobytes that hold gigabytes, each in another way."""
    zeros = pa.ListArray.from_arrays(
        np.array([0, 5_000_000], dtype=np.int32), np.zeros(5_000_000, dtype=np.int8)
    )
    tables = {
        "rows": pa.table({"text": _repeated("x", 200_000)}),
        "text": pa.table({"text": _repeated("x" * 1_000, 100_000)}),
        "parts": pa.table({"tags": pa.ListArray.from_arrays(
            np.arange(0, 100_001, dtype=np.int32), _repeated("x" * 1_000, 100_000))}),
        "one row": pa.table({"text": ["a"], "numbers": zeros}),
        "plain": pa.table({"text": ["x" * 1_000_000] * 20}),
    }  # fmt: skip
    files = {}
    for name, table in tables.items():
        files[name] = folder / f"{name}.parquet"
        pq.write_table(
            table, files[name], compression="zstd", use_dictionary=name not in ("plain", "one row")
        )
    files["arrow"] = folder / "packed.arrow"
    with pa.ipc.new_file(
        files["arrow"], tables["plain"].schema, options=pa.ipc.IpcWriteOptions(compression="zstd")
    ) as stream:
        stream.write_table(tables["plain"])
    return files


def test_a_table_that_unpacks_to_far_more_than_its_size_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A sixteenth of everything, so that the test need not make gigabytes itself.
    monkeypatch.setattr(arrow_rows, "FREE_UNPACKED_BYTES", 16 << 20)
    monkeypatch.setattr(arrow_rows, "FREE_ROWS", 100_000)
    failures = {}
    files = packed(tmp_path)
    with bounded(seconds=15):
        for name, path in files.items():
            assert path.stat().st_size < 200_000, name
            try:
                read = sum(1 for _ in open_rows(path))
                failures[name] = f"{read} rows"
            except AssayError as error:
                if "unpacks to more than" not in error.message and "says that it holds" not in error.message:
                    failures[name] = error.message
    assert not failures
    vectors = tmp_path / "vectors.parquet"
    same = pa.ListArray.from_arrays(
        np.arange(0, 5_000_001, 5_000, dtype=np.int32), np.zeros(5_000_000, np.float32)
    )
    few = pa.ListArray.from_arrays(np.arange(50_001, dtype=np.int32), np.zeros(50_000, dtype=np.float32))
    for table in (
        pa.table({"id": list(map(str, range(1_000))), "vector": same}),
        pa.table({"id": _repeated("x" * 1_000, 50_000).dictionary_decode(), "vector": few}),
    ):
        pq.write_table(table, vectors, compression="zstd")
        with bounded(), pytest.raises(AssayError, match="unpacks to more than"):
            inspect_stored(vectors)


def test_rows_of_honest_tables_are_read_as_they_were_written(tmp_path: Path) -> None:
    rows = [
        {"id": str(number), "text": f"message {number % 7}", "tags": ["a", None], "more": {"b": "x", "n": number},
         "kind": "web", "none": None, "raw": b"\x01", "flag": number % 2 == 0}
        for number in range(5_000)
    ]  # fmt: skip
    table = pa.Table.from_pylist(rows)
    kinds = pa.array([row["kind"] for row in rows]).dictionary_encode()
    numbers = pa.array([row["more"]["n"] % 3 for row in rows]).dictionary_encode()
    table = table.set_column(table.column_names.index("kind"), "kind", kinds).append_column("third", numbers)
    pq.write_table(table, tmp_path / "t.parquet")
    with pa.ipc.new_stream(tmp_path / "t.arrow", table.schema) as stream:
        stream.write_table(table)
    for name in ("t.parquet", "t.arrow"):
        read = [row.values for row in open_rows(tmp_path / name)]
        assert read == [row | {"raw": "01", "third": row["more"]["n"] % 3} for row in rows]


def _weights(path: Path, header: object, held: int) -> Path:
    text = header if isinstance(header, str) else json.dumps(header)
    path.write_bytes(struct.pack("<Q", len(text)) + text.encode() + bytes(held))
    return path


def test_a_weight_file_accounts_for_each_of_its_bytes(tmp_path: Path) -> None:
    def tensor(start: object, end: object, shape: object = (2,), dtype: object = "F32") -> dict[str, object]:
        return {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}

    good = {
        "__metadata__": {"format": "pt"},
        "a": tensor(0, 8),
        "b": tensor(8, 16),
        "c": tensor(8, 8, (0, 5)),
    }
    assert read_header(_weights(tmp_path / "w", good, 16)) == {"a": [2], "b": [2], "c": [0, 5]}
    cases = {
        "two in one place": {"a": tensor(0, 8), "b": tensor(0, 8)},
        "half over the other": {"a": tensor(0, 8), "b": tensor(4, 12), "c": tensor(12, 16, (1,))},
        "a gap": {"a": tensor(0, 4, (1,)), "b": tensor(8, 16)},
        "bytes without a tensor": {"a": tensor(0, 8)},
        "backwards": {"a": tensor(16, 0)},
        "before the beginning": {"a": tensor(-8, 16)},
        "more than its bytes": {"a": tensor(0, 16, (2**40,))},
        "beyond all numbers": {"a": tensor(0, 16, (2**64,))},
        "less than nothing": {"a": tensor(0, 16, (-2, -2))},
        "no number": {"a": tensor(0, 16, (4.0,))},
        "true is no number": {"a": tensor(0, 16, (True, 4))},
        "dimensions": {"a": tensor(0, 16, (1,) * 1000 + (4,))},
        "no type": {"a": tensor(0, 16, (4,), "F99")},
        "a list as type": {"a": tensor(0, 16, (4,), ["F32"])},
        "no place": {"a": {"dtype": "F32", "shape": [4]}},
        "a list": ["a"],
        "a name twice": '{"a": {"dtype":"F32","shape":[4],"data_offsets":[0,16]}, "a": {"dtype":"F32","shape":[4],'
        '"data_offsets":[0,16]}}',
        "deep": '{"a":' * 100_000,
        "digits": '{"a":' + "9" * 10_000 + "}",
    }
    missed = []
    for name, header in cases.items():
        try:
            read_header(_weights(tmp_path / "w", header, 16))
            missed.append(name)
        except AssayError as error:
            if not error.message.startswith("is damaged or cut short: "):
                missed.append(name)
    assert not missed
    for length in (2**63, 100 << 20):
        (tmp_path / "w").write_bytes(struct.pack("<Q", length))
        with (tmp_path / "w").open("r+b") as file:
            file.truncate(200 << 20)
        with pytest.raises(AssayError, match="its header"):
            read_header(tmp_path / "w")


def _changed(path: Path, **values: object) -> Path:
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | values), "utf-8")
    return path


def test_a_configuration_beyond_its_weights_is_refused(
    tmp_path: Path, tiny_classifier: MakeClassifier
) -> None:
    cases: dict[str, dict[str, object]] = {
        "num_hidden_layers = 1,000,000": {"num_hidden_layers": 1_000_000},
        "num_hidden_layers = 101": {"num_hidden_layers": 101},
        "depths = 500": {"depths": [100] * 5},
        "num_experts = 100,000": {"text_config": {"num_experts": 100_000}},
        "beyond 64 bits": {"hidden_size": 10**400},
    }
    failures = {}
    with bounded():
        for number, (said, values) in enumerate(cases.items()):
            folder = tiny_classifier(tmp_path / str(number))
            _changed(folder / "config.json", **values)
            try:
                inspect_classifier(folder)
                failures[said] = "nothing"
            except AssayError as error:
                if said not in error.message:
                    failures[said] = error.message
    assert not failures
    base = tiny_classifier(tmp_path / "base")
    adapter = make_adapter(base, tmp_path / "adapter")
    _changed(adapter / "adapter_config.json", r=100_000_000)
    with bounded(), pytest.raises(AssayError, match="says r = 100,000,000"):
        inspect_adapter(adapter, base)
    # Widths are known only when the whole is described: it is, without a number in it.
    wide = tiny_classifier(tmp_path / "wide")
    _changed(wide / "config.json", hidden_size=262_144, intermediate_size=1_048_576)
    with bounded(), pytest.raises(AssayError, match="describes a model of 1,"):
        load_classifier(wide, "cpu")
    # What the files have room for is loaded.
    load_classifier(tiny_classifier(tmp_path / "good"), "cpu")


def test_a_tokenizer_that_never_ends_is_ended(
    tmp_path: Path, tiny_classifier: MakeClassifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokenizer_trial, "TRIAL_S", 0.5)

    def split(pattern: str) -> dict[str, object]:
        return {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False}

    grow = {"type": "Replace", "pattern": {"Regex": "."}, "content": "x" * 2_000_000}
    cases: dict[str, tuple[dict[str, object], str]] = {
        "nested": ({"pre_tokenizer": split("(a+)+$|(.*)*x")}, "cannot be used"),
        "of its own letters": ({"pre_tokenizer": split("(q+z?)+k")}, "cannot be used"),
        "growing": ({"normalizer": grow}, "takes more than"),
        "sound": ({"pre_tokenizer": split(r"\s?\w+|[^\w\s]+|\s+")}, ""),
    }
    failures = {}
    with bounded(memory=3 << 30, seconds=20):
        for name, (values, why) in cases.items():
            folder = tiny_classifier(tmp_path / name)
            _changed(folder / "tokenizer.json", **values)
            try:
                load_tokenizer(folder)
                said = ""
            except AssayError as error:
                said = error.message
            if why not in said or bool(why) != bool(said):
                failures[name] = said
    assert not failures


def test_a_chat_template_that_never_ends_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generation, "TEMPLATE_S", 1.0)
    folder = tmp_path / "model"
    write_generator(folder)
    head = replace(inspect_generator(folder), template=True)
    tokenizer = load_tokenizer(folder)
    loop = "{% for i in range(9999) %}" * 5 + "{% endfor %}" * 5
    cases = {
        loop: "takes more than 1 seconds",
        "{{ 'x' * 5000000000 }}": "memory",
        "{% for i in range(999) %}{% for j in range(999) %}{{ 'x' * 99999 }}{% endfor %}{% endfor %}": " more than ",
        "{{ messages[0].content.__class__.__mro__ }}": "unsafe",
        "{{ raise_exception('roles must take turns') }}": "roles must take turns",
        "{{ nothing.at.all }}": "undefined",
        "{% if %}": "Expected",
    }
    failures = {}
    with bounded(memory=3 << 30, seconds=30):
        for template, why in cases.items():
            tokenizer.chat_template = template
            # The copy of this process has the template of the time when it was made.
            generation._FILLERS.clear()
            try:
                failures[template[:40]] = generation.given_text(head, tokenizer, "hello")
            except AssayError as error:
                if why not in error.message:
                    failures[template[:40]] = error.message
    assert not failures
    tokenizer.chat_template = "{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}"
    generation._FILLERS.clear()
    for prompt in ("hello", "half a character \ud83d", "é" * 3_000_000):
        assert generation.given_text(head, tokenizer, prompt) == f"<user>{prompt}"
