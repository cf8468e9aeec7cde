"""Reading examples: types, bad rows with their place, and bombs refused early."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from analysis.base.errors import AssayError
from analysis.base.records import OUT_OF_SCOPE
from analysis.data.examples import Examples, content_sha256, read_examples, with_named_set
from analysis.data.labels import check_labels

GOOD = {"id": "a", "text": "hello there", "label": "greet"}


def jsonl(path: Path, *rows: Any) -> Path:
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    path.write_text("\n".join(lines) + "\n", "utf-8", errors="surrogatepass")
    return path


def read(path: Path, **options: Any) -> Examples:
    return read_examples(path, track="intent", kind="message", **options)


def failure(path: Path, **options: Any) -> AssayError:
    with pytest.raises(AssayError) as caught:
        read(path, **options)
    return caught.value


def test_rows_become_examples_with_refs_and_digests(tmp_path: Path) -> None:
    examples = read(jsonl(tmp_path / "e.jsonl", GOOD, "", {"id": 7, "text": " hi ", "label": "greet"}))
    assert [row.ref for row in examples.rows] == ["intent/message:a", "intent/message:7"]
    assert examples.rows[1].text == " hi "
    assert examples.rows[0].sha256 == content_sha256("hello there", "greet")
    assert content_sha256("hello there", "greet") == hashlib.sha256(b'["hello there","greet"]').hexdigest()
    assert examples.lines == {"intent/message:a": 1, "intent/message:7": 3}
    assert content_sha256("a", "b") != content_sha256("a", None)


def test_metadata_columns_take_the_narrowest_type(tmp_path: Path) -> None:
    rows = [
        GOOD | {"b": True, "i": 1, "d": 1, "s": "x", "l": ["p"], "mixed": 1, "deep": {"k": [1]}},
        GOOD | {"id": "b", "b": None, "i": -3, "d": 2.5, "s": None, "l": ["p", "q"], "mixed": "one"},
    ]
    metadata = read(jsonl(tmp_path / "e.jsonl", *rows)).metadata
    assert metadata.schema.names == ["ref", "b", "i", "d", "s", "l", "mixed", "deep"]
    types = [str(kind) for kind in metadata.schema.types]
    assert types[:5] == ["string", "bool", "int64", "double", "string"]
    assert pa.types.is_list(metadata.schema.field("l").type)
    assert metadata["mixed"].to_pylist() == ["1", "one"]
    assert metadata["deep"].to_pylist() == ['{"k": [1]}', None]


def test_csv_and_parquet_give_the_same_examples_as_jsonl(tmp_path: Path) -> None:
    rows = [
        {"id": "a", "text": 'comma, "quote"\nnewline', "label": "x", "n": 3, "share": 0.5, "flag": True},
        {"id": "b", "text": "plain", "label": "y", "n": 4, "share": 1.0, "flag": False},
    ]
    first = read(jsonl(tmp_path / "e.jsonl", *rows))
    csv = tmp_path / "e.csv"
    csv.write_text(
        '\ufeffid,text,label,n,share,flag\r\na,"comma, ""quote""\nnewline",x,3,0.5,true\r\nb,plain,y,4,1.0,FALSE\r\n',
        "utf-8",
        newline="",
    )
    parquet = tmp_path / "e.parquet"
    pq.write_table(pa.Table.from_pylist(rows), parquet)
    second, third = read(csv), read(parquet)
    assert first.rows == second.rows == third.rows
    assert first.metadata.equals(second.metadata)
    assert first.metadata.equals(third.metadata)
    assert list(second.lines.values()) == [2, 4]


def test_csv_values_that_look_like_numbers_but_are_codes_stay_text(tmp_path: Path) -> None:
    path = tmp_path / "e.csv"
    path.write_text("id,text,label,code,gap,big\n1,hi,x,0042,,1e5\n2,ho,y,7,3,2\n", "utf-8")
    metadata = read(path).metadata
    assert metadata["code"].to_pylist() == ["0042", "7"]
    assert metadata["gap"].to_pylist() == [None, 3]
    assert metadata["big"].to_pylist() == [100000.0, 2.0]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"id": "b", "label": "x"}, "column 'text': is missing"),
        ({"id": "b", "text": "  ", "label": "x"}, "column 'text': is empty"),
        ({"id": "b", "text": 5, "label": "x"}, "column 'text': must be text, not 5"),
        ({"id": "b", "text": "t", "label": ""}, "column 'label': is empty"),
        ({"id": True, "text": "t", "label": "x"}, "column 'id': must be text, not True"),
        ({"id": "a", "text": "t", "label": "x"}, "column 'id': 'a' was used on line 1 already"),
        ({"id": "x" * 2000, "text": "t", "label": "x"}, "longer than 1,000 characters"),
        ('{"id": "b", "text": "t", "text": "u", "label": "x"}', "has the key 'text' twice"),
        ('{"id": "b", "text": "t", "label": "x", "n": NaN}', "has the value NaN"),
        ('{"id": "b", "text": "t", "label": "x", "n": 1e999}', "beyond double precision"),
        ('{"id": "b", "text": "t", "label": "x", "n": ' + "9" * 5000 + "}", "beyond 64 bits"),
        ('{"id": "b", "text": "t", "label": "x", "n": 9223372036854775808}', "beyond 64 bits"),
        ('{"id": "b", "text": "t", "label": "x", "n": ' + "[" * 65 + "]" * 65 + "}", "nested deeper than 64"),
        ("[" * 200_000, "nested deeper than 64"),
        ('{"id": "b", "text": "\\ud800", "label": "x"}', "half a character (U+D800)"),
        ('["b"]', "is not a JSON object"),
        ('{"id": "b"', "is not valid JSON"),
    ],
)
def test_a_bad_row_is_named_and_can_be_skipped(tmp_path: Path, row: Any, message: str) -> None:
    path = jsonl(tmp_path / "e.jsonl", GOOD, row, {"id": "z", "text": "t"}, GOOD | {"id": "last"})
    error = failure(path)
    assert message in error.message
    assert error.message.split("\n")[0].endswith("(and 1 more row)")
    assert error.message.endswith("\nline 3: column 'label': is missing")
    assert error.where == f"{path}:2"
    assert "--skip-bad-rows" in (error.hint or "")
    examples = read(path, skip_bad_rows=True)
    assert [row.id for row in examples.rows] == ["a", "last"]
    assert [bad.where for bad in examples.skipped] == [f"{path}:2", f"{path}:3"]
    assert examples.metadata["ref"].to_pylist() == [row.ref for row in examples.rows]


def test_odd_characters_in_text_and_ids_are_data(tmp_path: Path) -> None:
    odd = "\x00 \x1b]52;c;Zm9v\x07 \u202e [bold] ../../etc/passwd"
    examples = read(jsonl(tmp_path / "e.jsonl", {"id": odd, "text": odd, "label": odd, "meta": odd}))
    assert examples.rows[0].text == examples.rows[0].gold == odd
    assert examples.rows[0].ref == f"intent/message:{odd}"
    assert examples.metadata["meta"].to_pylist() == [odd]


@pytest.mark.parametrize("name", ["e.jsonl", "e.csv"])
def test_an_empty_file_is_an_error(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text("", "utf-8")
    assert failure(path).message == "holds no rows"


def test_a_file_of_bad_rows_only_is_an_error_even_when_skipping(tmp_path: Path) -> None:
    path = jsonl(tmp_path / "e.jsonl", {"id": "a", "text": "", "label": "x"})
    assert "is empty" in failure(path, skip_bad_rows=True).message


def test_bombs_are_refused_before_they_are_parsed(tmp_path: Path) -> None:
    line = tmp_path / "line.jsonl"
    with line.open("wb") as stream:
        stream.write(b'{"id": "a", "text": "')
        stream.truncate(50_000_000)
    assert "is longer than 4,000,000 bytes" in failure(line).message
    wide = jsonl(tmp_path / "wide.jsonl", GOOD | {f"c{number}": 1 for number in range(2001)})
    assert "more than 2,000 columns" in failure(wide).message
    header = tmp_path / "wide.csv"
    header.write_text(",".join(f"c{number}" for number in range(3000)), "utf-8")
    assert "more than 2,000 columns" in failure(header).message
    unclosed = tmp_path / "unclosed.csv"
    unclosed.write_text('id,text,label\na,"' + "x\n" * 3_000_000, "utf-8")
    assert "is not valid CSV" in failure(unclosed).message


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("e.csv", b"id,text,label\na,\xff,x\n", "is not UTF-8 text"),
        ("e.csv", b"id,text,text\na,b,c\n", "two columns of the same name"),
        ("e.csv", b"id,text,label\na,b\n", "has 2 fields, and the header 3"),
        ("e.jsonl", b'{"id": "a", "text": "\xff", "label": "x"}\n', "is not UTF-8 text"),
        ("e.jsonl", b'{"id": "a", "text": "t", "label": "x", "\\u001b[2J": 1}\n', "the unusable name"),
        ("e.parquet", b"PAR1 not really", "is not a readable Parquet file"),
        ("e.txt", b"hello", "is no format that can be read"),
    ],
)
def test_files_that_cannot_be_read_say_why(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    assert message in failure(path).message


def test_a_missing_column_lists_the_columns(tmp_path: Path) -> None:
    error = failure(jsonl(tmp_path / "e.jsonl", {"id": "a", "body": "t", "label": "x"}))
    assert error.message == "has no column 'text'"
    assert "id, body, label" in (error.hint or "")


@pytest.mark.parametrize("extra", [{"ref": 1}, {"Ref": 1}, {"Text": "x"}, {"a": 1, "A": 2}])
def test_columns_that_sql_cannot_tell_apart_are_refused(tmp_path: Path, extra: dict[str, Any]) -> None:
    message = failure(jsonl(tmp_path / "e.jsonl", GOOD | extra)).message
    assert "reserved" in message or "same name to SQL" in message


def test_labels_that_the_models_do_not_know_are_bad_rows(tmp_path: Path) -> None:
    path = jsonl(tmp_path / "e.jsonl", GOOD, GOOD | {"id": "b", "label": "gret", "n": 1})
    examples = read(path)
    with pytest.raises(AssayError) as caught:
        check_labels(examples, ["greet", "leave"])
    assert caught.value.where == f"{path}:2"
    assert caught.value.message == "column 'label': the models do not know the label 'gret'"
    assert "greet, leave" in (caught.value.hint or "")
    kept = check_labels(examples, ["greet"], skip_bad_rows=True)
    assert [row.id for row in kept.rows] == ["a"]
    assert kept.metadata.num_rows == 1
    assert [bad.value for bad in kept.skipped] == ["gret"]
    assert check_labels(examples, ["greet", "gret"]) is examples


def test_a_named_set_is_beside_the_evaluation_rows(tmp_path: Path) -> None:
    examples = read(jsonl(tmp_path / "e.jsonl", GOOD))
    outside = read(jsonl(tmp_path / "o.jsonl", {"id": "o", "text": "cook"}), label=None)
    both = with_named_set(examples, OUT_OF_SCOPE, outside)
    assert [row.id for row in both.rows] == ["a", "o"]
    assert both.rows[1].gold is None
    assert both.memberships == {OUT_OF_SCOPE: ["intent/message:o"]}
    assert [row.id for row in both.evaluation_rows()] == ["a"]
    assert check_labels(both, ["greet"]) is both
    clash = read(jsonl(tmp_path / "c.jsonl", {"id": "a", "text": "cook"}), label=None)
    with pytest.raises(AssayError, match="is also in"):
        with_named_set(examples, OUT_OF_SCOPE, clash)


def test_parquet_dates_and_numbers_become_plain_values(tmp_path: Path) -> None:
    import datetime

    path = tmp_path / "e.parquet"
    table = pa.table(
        {
            "id": pa.array([1, 2], pa.int32()),
            "text": pa.array(["a", "b"]).dictionary_encode(),
            "label": ["x", "y"],
            "day": pa.array([datetime.date(2025, 1, 2), None]),
            "nan": [float("nan"), 1.0],
            "tags": [["p"], []],
        }
    )
    pq.write_table(table, path)
    examples = read(path)
    assert [row.id for row in examples.rows] == ["1", "2"]
    assert examples.metadata["day"].to_pylist() == ["2025-01-02", None]
    assert examples.metadata["nan"].to_pylist() == [None, 1.0]
    assert examples.metadata["tags"].to_pylist() == [["p"], []]
    pq.write_table(table.append_column("huge", pa.array([2**63, 1], pa.uint64())), path)
    assert "beyond 64 bits" in failure(path).message
