"""Tables as tools write them: every layout gives the same examples, and what cannot be read says what mends it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from analysis.base.errors import AssayError
from analysis.data.examples import Examples, names_by_content, read_examples
from analysis.data.labels import check_labels
from analysis.data.rows import open_rows
from tests.analysis.layouts import arrow_file, class_labels, parquet, saved_to_disk, separated

ROWS: list[dict[str, Any]] = [
    {"text": 'where is my "parcel"; really, where?', "label": "tracking", "channel": "web"},
    {"text": "grüße | a\ttab", "label": "other", "channel": "app"},
    {"text": "two\nlines", "label": "tracking", "channel": "web"},
]
TABLE = pa.Table.from_pylist(ROWS)
NAMES = ("other", "tracking")
NUMBERED = [row | {"label": NAMES.index(row["label"])} for row in ROWS]


def lines(rows: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def write(path: Path, content: bytes | str) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return path


def read(path: Path, **options: Any) -> Examples:
    return read_examples(path, track="intent", kind="message", **options)


LAYOUTS: dict[str, Callable[[Path], Path]] = {
    "jsonl": lambda root: write(root / "e.jsonl", lines(ROWS)),
    "ndjson with a mark": lambda root: write(root / "e.ndjson", "\ufeff" + lines(ROWS)),
    "array": lambda root: write(root / "e.json", json.dumps(ROWS)),
    "indented array with a mark": lambda root: write(root / "e.json", "\ufeff" + json.dumps(ROWS, indent=2)),
    "array in an object": lambda root: write(
        root / "e.json", json.dumps({"version": "1.1", "data": ROWS, "tags": ["a"]})
    ),
    "lines that are called json": lambda root: write(root / "e.json", lines(ROWS)),
    "csv": lambda root: write(root / "e.csv", separated(ROWS)),
    "csv of Windows": lambda root: write(root / "e.csv", separated(ROWS, start="\ufeff", end="\r\n")),
    "semicolons": lambda root: write(root / "e.csv", separated(ROWS, ";")),
    "semicolons with a mark": lambda root: write(root / "e.csv", separated(ROWS, ";", start="\ufeff")),
    "tabs": lambda root: write(root / "e.tsv", separated(ROWS, "\t")),
    "tabs in a csv": lambda root: write(root / "e.csv", separated(ROWS, "\t")),
    "bars": lambda root: write(root / "e.csv", separated(ROWS, "|")),
    "parquet": lambda root: parquet(root / "e.parquet", TABLE),
    "arrow": lambda root: arrow_file(root / "e.arrow", TABLE),
    "datasets": lambda root: saved_to_disk(root / "e", [TABLE.slice(0, 2), TABLE.slice(2)]),
    "named classes, parquet": lambda root: parquet(
        root / "e.parquet", class_labels(pa.Table.from_pylist(NUMBERED), {"label": NAMES})
    ),
    "named classes, datasets": lambda root: saved_to_disk(
        root / "e", [class_labels(pa.Table.from_pylist(NUMBERED), {"label": NAMES})]
    ),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_gives_the_same_examples(layout: str, tmp_path: Path) -> None:
    examples = read(LAYOUTS[layout](tmp_path))
    assert [(row.text, row.gold) for row in examples.rows] == [(row["text"], row["label"]) for row in ROWS]
    assert examples.metadata["channel"].to_pylist() == ["web", "app", "web"]
    assert [row.id for row in examples.rows] == names_by_content(row["text"] for row in ROWS)
    assert "there are no ids" in examples.notes[0]
    assert "id" not in examples.columns


def test_names_by_text_stay_in_another_order_and_equal_texts_are_counted(tmp_path: Path) -> None:
    first = read(write(tmp_path / "a.jsonl", lines([*ROWS, ROWS[0]])))
    again = read(write(tmp_path / "b.jsonl", lines(ROWS[::-1])))
    assert {row.ref for row in again.rows} < {row.ref for row in first.rows}
    assert first.rows[3].id == f"{first.rows[0].id}-2"
    assert "1 are equal to an earlier one" in first.notes[0]


def test_an_unnamed_first_column_is_an_index_that_can_name_rows(tmp_path: Path) -> None:
    path = write(tmp_path / "e.csv", separated(ROWS, index=[14, 3, 77]))
    assert read(path).metadata.column_names == ["ref", "index", "channel"]
    assert [row.id for row in read(path, id="index").rows] == ["14", "3", "77"]


@pytest.mark.parametrize(
    ("name", "content", "what", "remedy"),
    [
        ("e.csv", "text,label\nGrüße,x\n".encode("cp1252"), "is not UTF-8 text", "iconv -f CP1252 -t UTF-8"),
        ("e.json", '[{"text": "Grüße"}]'.encode("cp1252"), "is not UTF-8 text", "iconv -f CP1252"),
        (
            "e.jsonl",
            '{"text": "Grüße", "label": "x"}'.encode("cp1252"),
            "is not UTF-8 text",
            "iconv -f CP1252",
        ),
        ("e.csv", "text,label\nhi,x\n".encode("utf-16"), "is UTF-16 text", "iconv -f UTF-16"),
        ("e.jsonl", b"\x1f\x8b\x08\x00", "is packed by gzip", "gunzip e.jsonl"),
        ("e.csv", b"PK\x03\x04\x14\x00", "an Excel file", "save the table as CSV"),
        ("e.csv", b"version https://git-lfs.github.com/spec/v1\n", "Git LFS", "git lfs pull"),
        ("e.csv", b'text;label\n"a" b;x\n', "is not valid CSV", "separated by semicolons"),
        (
            "e.json",
            b'[{"text": "a", "label": "x"}, {"text": "b"',
            "is not valid JSON",
            "write the file again",
        ),
        ("e.json", b'[{"text": "a", "label": "x"}', "does not go on, and does not end", "cut off"),
        ("e.arrow", b"ARROW1\x00\x00nothing", "is not a readable Arrow file", "write it again"),
    ],
)
def test_what_cannot_be_read_says_what_mends_it(
    name: str, content: bytes, what: str, remedy: str, tmp_path: Path
) -> None:
    with pytest.raises(AssayError) as caught:
        read(write(tmp_path / name, content))
    assert what in caught.value.message
    assert remedy in (caught.value.hint or "")


def test_a_folder_of_several_splits_names_them_and_one_is_read(tmp_path: Path) -> None:
    for split in ("train", "test"):
        saved_to_disk(tmp_path / "e" / split, [TABLE])
    (tmp_path / "e" / "dataset_dict.json").write_text('{"splits": ["train", "test"]}', "utf-8")
    with pytest.raises(AssayError) as caught:
        open_rows(tmp_path / "e")
    assert caught.value.hint == "name one of them: e/test, e/train"
    assert len(read(tmp_path / "e" / "test").rows) == 3
    (tmp_path / "e" / "test" / "data-00000-of-00001.arrow").unlink()
    with pytest.raises(AssayError, match="lacks data-00000-of-00001"):
        read(tmp_path / "e" / "test")


def test_a_state_that_leads_out_of_its_folder_is_not_followed(tmp_path: Path) -> None:
    folder = saved_to_disk(tmp_path / "e", [TABLE])
    arrow_file(tmp_path / "secret.arrow", TABLE)
    state = {"_data_files": [{"filename": "../secret.arrow"}]}
    (folder / "state.json").write_text(json.dumps(state), "utf-8")
    with pytest.raises(AssayError, match=r"lacks secret\.arrow"):
        read(folder)


def test_rows_of_an_array_have_the_lines_on_which_they_begin_and_bad_ones_are_all_named(
    tmp_path: Path,
) -> None:
    rows = [
        '{"text": "a", "label": "x"}',
        '{"text": "b",\n "label": NaN}',
        '{"text": "c", "text": "d", "label": "x"}',
        "7",
        '{"text": "e", "label": 1e999}',
        '{"text": "f"}',
        '{"text": "g"}',
        '{"text": "h"}',
    ]
    path = write(tmp_path / "e.json", "[\n" + ",\n".join(rows) + "\n]\n")
    with pytest.raises(AssayError) as caught:
        read(path)
    assert caught.value.where == f"{path}:3"
    assert caught.value.message.split("\n") == [
        "has the value NaN, which JSON does not allow (and 6 more rows)",
        "line 5: has the key 'text' twice",
        "line 6: is not a JSON object",
        "line 7: has a number beyond double precision: 1e999",
        "lines 8-10: column 'label': is missing",
    ]
    assert "--skip-bad-rows" in (caught.value.hint or "")
    assert [row.text for row in read(path, skip_bad_rows=True).rows] == ["a"]


@pytest.mark.parametrize("texts", [[""], [3, "  "], [None, None, ["a"]], [{"a": "b"}, 1.5, True]])
def test_to_skip_is_not_offered_where_every_row_is_bad(texts: list[Any], tmp_path: Path) -> None:
    path = write(tmp_path / "e.jsonl", lines([{"label": "y", "text": text} for text in texts]))
    for skip in (False, True):
        with pytest.raises(AssayError) as caught:
            read(path, skip_bad_rows=skip)
        assert caught.value.hint is None


def test_text_label_and_id_may_lie_in_nested_values(tmp_path: Path) -> None:
    rows = [
        {"example": {"uid": f"u{number}", "input": row["text"]}, "gold": [{"name": row["label"]}]}
        for number, row in enumerate(ROWS)
    ]
    path = write(tmp_path / "e.jsonl", lines([*rows, {"example": {"uid": "u9"}, "gold": []}]))
    names = {"id": "example.uid", "text": "example.input", "label": "gold.0.name"}
    with pytest.raises(AssayError, match="leads nowhere: 'example' has no 'input'"):
        read(path, **names)
    examples = read(path, **names, skip_bad_rows=True)
    assert [(row.id, row.text, row.gold) for row in examples.rows] == [
        (f"u{number}", row["text"], row["label"]) for number, row in enumerate(ROWS)
    ]
    assert examples.columns == {"id": "id", "text": "text", "label": "label"}


MODEL = ["cancel", "refund", "track"]
UNNAMED = ["LABEL_0", "LABEL_1", "LABEL_2"]


@pytest.mark.parametrize(
    ("values", "labels", "expected", "note"),
    [
        ([0, 2, 1], MODEL, ["cancel", "track", "refund"], "from 0: 0 is 'cancel'"),
        (["1", "1", "0"], MODEL, ["refund", "refund", "cancel"], "from 0: 0 is 'cancel'"),
        ([2.0, 0.0, 0.0], MODEL, ["track", "cancel", "cancel"], "from 0: 0 is 'cancel'"),
        (["2.0", "1.0", "1.0"], MODEL, ["track", "refund", "refund"], "from 0: 1.0 is 'refund'"),
        (["LABEL_2", "LABEL_0", "LABEL_0"], MODEL, ["track", "cancel", "cancel"], "LABEL_0 is 'cancel'"),
        (["label_1", "label_2", "label_2"], MODEL, ["refund", "track", "track"], "label_1 is 'refund'"),
        ([1, 2, 0], UNNAMED, ["LABEL_1", "LABEL_2", "LABEL_0"], "0 is 'LABEL_0'"),
        (["1", "2", "3"], ["1", "2", "3"], ["1", "2", "3"], ""),
    ],
)
def test_whole_numbers_are_places_of_classes(
    values: list[Any], labels: list[str], expected: list[str], note: str, tmp_path: Path
) -> None:
    rows = [{"text": f"text {number}", "label": value} for number, value in enumerate(values)]
    given = read(write(tmp_path / "e.jsonl", lines(rows)))
    known = check_labels(given, labels)
    assert [row.gold for row in known.rows] == expected
    assert note in (known.notes[-1] if note else "")
    named = [{"text": f"text {number}", "label": value} for number, value in enumerate(expected)]
    # A label that is written otherwise is the same label: verdicts on it are found again.
    assert [row.sha256 for row in known.rows] == [
        row.sha256 for row in read(write(tmp_path / "n.jsonl", lines(named))).rows
    ]


def test_names_of_the_file_are_places_where_the_models_have_none(tmp_path: Path) -> None:
    numbered = pa.Table.from_pylist([{"text": f"t{number}", "label": number} for number in (2, 0, 1, -1)])
    path = parquet(tmp_path / "e.parquet", class_labels(numbered, {"label": MODEL}))
    with pytest.raises(AssayError, match="column 'label': is missing"):
        read(path)
    known = check_labels(read(path, skip_bad_rows=True), UNNAMED)
    assert [row.gold for row in known.rows] == ["LABEL_2", "LABEL_0", "LABEL_1"]
    assert known.notes[-1].endswith("the models have none: 'cancel' is LABEL_0")


@pytest.mark.parametrize(
    ("values", "labels", "hint"),
    [
        ([1, 2, 3], MODEL, "seem to count from 1: subtract 1"),
        (["cancel", "track", "refund"], UNNAMED, "write id2label and label2id into the config.json of both"),
        (["Cancel", "Track", "x"], MODEL, "did you mean 'cancel'?"),
        (["p", "q", "r"], MODEL, "the models know: cancel, refund, track"),
    ],
)
def test_labels_of_which_the_models_know_none_have_a_remedy_and_skipping_is_not_it(
    values: list[Any], labels: list[str], hint: str, tmp_path: Path
) -> None:
    rows = [{"text": f"text {number}", "label": value} for number, value in enumerate(values)]
    examples = read(write(tmp_path / "e.jsonl", lines(rows)))
    for skip in (False, True):
        with pytest.raises(AssayError) as caught:
            check_labels(examples, labels, skip)
        assert hint in (caught.value.hint or "")
        if values != [1, 2, 3]:
            assert "skip" not in (caught.value.hint or "")


def test_a_number_without_a_class_is_a_bad_row_among_others(tmp_path: Path) -> None:
    rows = [{"text": f"text {number}", "label": value} for number, value in enumerate([0, 7, 1, -1])]
    examples = read(write(tmp_path / "e.jsonl", lines(rows)))
    with pytest.raises(AssayError) as caught:
        check_labels(examples, MODEL)
    assert "line 4: " in caught.value.message
    assert (
        caught.value.hint
        == "places of the models' classes go from 0 to 2; --skip-bad-rows goes on without bad rows"
    )
    assert [row.gold for row in check_labels(examples, MODEL, True).rows] == ["cancel", "refund"]
