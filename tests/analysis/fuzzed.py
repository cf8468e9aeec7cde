"""A folder with a review of all three tracks, and ways in which its files go wrong."""

from __future__ import annotations

import json
import random
import re
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tests.conftest import MakeClassifier, write_jsonl, write_tiny_review

JUNK = (
    *(
        '""',
        "[]",
        "{}",
        "-1",
        "1e999",
        "true",
        "nan",
        '"\\u0000"',
        '"../../etc"',
        "[[1]]",
        '{ a = { b = "c" } }',
    ),
    *(
        '"' + "x" * 5000 + '"',
        '"ü"',
        '"eval.jsonl"',
        '"models"',
        "1979-05-27",
        "''",
        '["id", "id"]',
        '"label.0.x"',
    ),
)
VALUES = (
    "",
    " ",
    "null",
    "NaN",
    "[]",
    '{"a": 1}',
    "7",
    "-3.5",
    "\x00",
    "\ud7ff",
    '"',
    "a;b",
    "x" * 3000,
    "LABEL_2",
    "\t",
)
TABLES = (
    "eval.jsonl",
    "oos.jsonl",
    "records.jsonl",
    "items.csv",
    "probes.json",
    "queries.jsonl",
    "qrels.tsv",
)
HEAD = """
[retrieval]
base = "v1.parquet"
candidate = "v2.parquet"
items = "items.csv"
id = "sku"
text = "about"
title = "title"
group_by = ["theme"]
not_by = ["title_length", "price"]
queries = "queries.jsonl"
qrels = "qrels.tsv"
hard_negatives = "probes.json"
positive = "good"
negative = "bad.id"

[response]
records = "records.jsonl"
prompt = "ask"
critical_slices = ["asks"]
[response.slices]
"asks" = "ask like 'a%'"
"""


def write_folder(root: Path, make: MakeClassifier) -> Path:
    """The folder as it should be."""
    path = write_tiny_review(root, make)
    path.write_text(path.read_text("utf-8") + HEAD, "utf-8")
    rows = [
        f"{n},about thing {n} of {'red' if n % 2 else 'blue'},Thing {n},{'ab'[n % 2]},{n}.5"
        for n in range(12)
    ]
    (root / "items.csv").write_text("sku,about,title,theme,price\n" + "\n".join(rows) + "\n", "utf-8")
    pairs = [{"query": f"find {n}", "good": str(n), "bad": {"id": str(n + 1)}} for n in range(4)]
    (root / "probes.json").write_text(json.dumps(pairs, indent=1), "utf-8")
    write_jsonl(
        root / "queries.jsonl", [{"_id": f"q{n}", "text": f"which {n}", "kind": "x"} for n in range(6)]
    )
    (root / "qrels.tsv").write_text(
        "query-id\tcorpus-id\tscore\n" + "".join(f"q{n}\t{n}\t1\n" for n in range(5)), "utf-8"
    )
    write_jsonl(
        root / "records.jsonl",
        [{"ask": f"ask {n}", "base_response": "yes", "candidate_response": f"no {n}"} for n in range(8)],
    )
    for seed, name in enumerate(("v1", "v2")):
        vectors = np.random.default_rng(seed).normal(size=(40, 8)).astype(np.float32)
        names = [
            *(str(n) for n in range(12)),
            *(f"q{n}" for n in range(6)),
            *(f"p{n:04d}" for n in range(1, 5)),
        ]
        pq.write_table(
            pa.table({"id": names, "vector": list(vectors[: len(names)])}), root / f"{name}.parquet"
        )
    return path


def mutate(source: Path, target: Path, seed: int) -> str:
    """A copy of the folder in which one or two things are wrong; returns what was done."""
    draw = random.Random(seed)
    shutil.copytree(source, target)
    done = []
    for _ in range(draw.choice((1, 1, 2))):
        if draw.random() < 0.45:
            done.append(
                _change_text(target / "review.toml", draw, (_toml_value, _drop, _twice, _bytes, _key))
            )
        else:
            path = target / draw.choice(TABLES)
            ways = (_bytes, _drop, _twice, _value, _value, _columns, _cut, _encode, _empty)
            done.append(_change_text(path, draw, ways))
    return "; ".join(done)


Way = Callable[[bytes, random.Random], bytes]


def _change_text(path: Path, draw: random.Random, ways: Sequence[Way]) -> str:
    way = draw.choice(ways)
    if path.is_file():
        path.write_bytes(way(path.read_bytes(), draw))
    return f"{way.__name__} of {path.name}"


def _toml_value(raw: bytes, draw: random.Random) -> bytes:
    lines = raw.decode("utf-8", "replace").split("\n")
    set_ = [number for number, line in enumerate(lines) if " = " in line] or [0]
    number = draw.choice(set_)
    lines[number] = f"{lines[number].partition(' = ')[0]} = {draw.choice(JUNK)}"
    return "\n".join(lines).encode("utf-8", "surrogatepass")


def _key(raw: bytes, draw: random.Random) -> bytes:
    lines = raw.decode("utf-8", "replace").split("\n")
    number = draw.randrange(len(lines))
    lines[number] = re.sub(
        r"\w+",
        draw.choice(("id", "text", "base", "query", "x", "records", "response")),
        lines[number],
        count=1,
    )
    return "\n".join(lines).encode("utf-8")


def _drop(raw: bytes, draw: random.Random) -> bytes:
    lines = raw.split(b"\n")
    del lines[draw.randrange(len(lines))]
    return b"\n".join(lines)


def _twice(raw: bytes, draw: random.Random) -> bytes:
    lines = raw.split(b"\n")
    number = draw.randrange(len(lines))
    lines.insert(draw.randrange(len(lines)), lines[number])
    return b"\n".join(lines)


def _bytes(raw: bytes, draw: random.Random) -> bytes:
    made = bytearray(raw or b"x")
    for _ in range(draw.randint(1, 6)):
        made[draw.randrange(len(made))] = draw.randrange(256)
    return bytes(made)


def _value(raw: bytes, draw: random.Random) -> bytes:
    """One quoted text or field for another value."""
    text = raw.decode("utf-8", "replace")
    places = [match.span() for match in re.finditer(r'"[^"\n]*"|(?<=[,\t])[^,\t\n]+', text)]
    if not places:
        return raw
    low, high = draw.choice(places)
    value = draw.choice((*VALUES, json.dumps(draw.choice(VALUES)), "null", "3", "[1, 2]"))
    return (text[:low] + value + text[high:]).encode("utf-8", "surrogatepass")


def _columns(raw: bytes, draw: random.Random) -> bytes:
    """One name of a column for another, everywhere."""
    text = raw.decode("utf-8", "replace")
    names = sorted(set(re.findall(r'"(\w+)":', text)) | set(re.split(r"[,\t]", text.split("\n")[0])))
    new = draw.choice(("id", "ref", "Text", "", "label", "x y", "a.b", 'q"', "length", "all"))
    return text.replace(draw.choice(names), new).encode("utf-8")


def _cut(raw: bytes, draw: random.Random) -> bytes:
    return raw[: draw.randrange(len(raw) + 1)]


def _encode(raw: bytes, draw: random.Random) -> bytes:
    return (raw.decode("utf-8", "replace") + "ü").encode(
        draw.choice(("cp1252", "utf-16", "utf-8-sig")), "replace"
    )


def _empty(raw: bytes, draw: random.Random) -> bytes:
    return draw.choice((b"", b"\n", b"[]", b"{}", b"null\n", b"\xef\xbb\xbf", raw.split(b"\n")[0]))
