"""Slices: what the data defines, what is declared, and predicates that cannot reach out."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from analysis.base.errors import AssayError
from analysis.base.records import ALL, OUT_OF_SCOPE
from analysis.data import predicates
from analysis.data.examples import Examples, predicate_table, read_examples, with_named_set
from analysis.data.memberships import membership_rows
from analysis.data.predicates import evaluate_predicates
from analysis.plugin.settings import TrackSettings
from analysis.run.slices import LENGTH_BANDS, automatic_slices, build_slices
from analysis.text.word_spans import words_of_tokens

METADATA = pa.table(
    {
        "ref": ["r1", "r2", "r3"],
        "text": ["hello", "a longer text", "x"],
        "n": [1, 2, None],
        "vip": [True, False, None],
        "tags": [["a", "b"], ["b"], []],
        "channel": ["web", "app", "WEB"],
    }
)


@pytest.mark.parametrize(
    ("predicate", "refs"),
    [
        ("vip", ["r1"]),
        ("not vip", ["r2"]),
        ("vip is null", ["r3"]),
        ("length(text) < 20", ["r1", "r2", "r3"]),
        ("text ilike '%LONG%' or n = 1", ["r1", "r2"]),
        ("n between 1 and 2 and channel in ('web', 'app')", ["r1", "r2"]),
        ("list_contains(tags, 'a')", ["r1"]),
        ("len(list_filter(tags, lambda t: t = 'b')) > 0", ["r1", "r2"]),
        ("case when n > 1 then true else false end", ["r2"]),
        ("lower(channel) = 'web' -- either spelling", ["r1", "r3"]),
        ("regexp_matches(text, '^[a-z]$')", ["r3"]),
        ("n::varchar = '2'", ["r2"]),
        ("ref = 'r2'", ["r2"]),
        ("false", []),
    ],
)
def test_plain_expressions_select_rows(predicate: str, refs: list[str]) -> None:
    assert evaluate_predicates(METADATA, {"s": predicate}, "review.toml:9") == {"s": refs}


@pytest.mark.parametrize(
    ("predicate", "why"),
    [
        ("ref in (select ref from metadata)", "subquery"),
        ("exists(select 1)", "subquery"),
        ("(select true)", "subquery"),
        ("n > (from metadata select max(n))", "subquery"),
        ("1=1) or (1=1", "syntax error"),
        ("vip) or (vip", "syntax error"),
        ("true; drop table metadata", "Only SELECT statements"),
        ("true from metadata", "not"),
        ("true, false", "not"),
        ("true union select true", "not"),
        ("true order by 1", "not"),
        ("true limit 1", "not"),
        ("true /*", "not valid SQL"),
        ("", "not valid SQL"),
        ("current_setting('memory_limit') = ''", "calls current_setting()"),
        ("getenv('HOME') <> ''", "calls getenv()"),
        ("read_text('/etc/passwd') is not null", "calls read_text()"),
        ("random() > 0.5", "calls random()"),
        ("main.sleep_ms(1) = 1", "calls sleep_ms()"),
        ("count(*) > 1", "calls count_star()"),
        ("sum(n) over () > 1", "uses window"),
        ("columns(*) is null", "uses star"),
        ("n = ?", "uses parameter"),
        ("n + 1", "gives BIGINT, not true or false"),
        ("text", "gives VARCHAR, not true or false"),
        ("chanel = 'web'", '"chanel" not found'),
        ("text = 'a' and\x00 true", "NUL"),
        ("n::varchar::date = date '2020-01-01'", "Conversion Error"),
        ("1 = 1 " + "or 1 = 1 " * 2000, "longer than"),
    ],
)
def test_anything_but_a_plain_boolean_expression_is_refused(predicate: str, why: str) -> None:
    with pytest.raises(AssayError) as caught:
        evaluate_predicates(METADATA, {"good": "vip", "odd": predicate}, {"good": "f:1", "odd": "f:2"})
    assert why in caught.value.message
    assert "'odd'" in caught.value.message
    assert caught.value.where == "f:2"


def test_a_predicate_that_takes_too_long_is_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(predicates, "TIMEOUT_S", 0.05)
    slow = pa.table({"ref": [str(number) for number in range(20_000)], "text": ["ab" * 500] * 20_000})
    nested = "text"
    for number in range(12):
        nested = f"regexp_replace({nested}, '[ab]', '{'ab'[number % 2]}', 'g')"
    with pytest.raises(AssayError, match=r"took more than 0\.05 seconds"):
        evaluate_predicates(slow, {"slow": f"{nested} = 'x'"}, "f:1")


def examples_of(tmp_path: Path, **columns: list[object]) -> Examples:
    path = tmp_path / "e.jsonl"
    count = len(next(iter(columns.values())))
    rows = [
        {"id": f"m{number}", "text": "word " * (number + 1), "label": ("stay", "go")[number % 2]}
        | {name: values[number] for name, values in columns.items()}
        for number in range(count)
    ]
    path.write_text("\n".join(map(json.dumps, rows)), "utf-8")
    return read_examples(path, track="intent", kind="message")


def test_classes_metadata_and_lengths_make_slices(tmp_path: Path) -> None:
    size = 24
    examples = examples_of(
        tmp_path,
        channel=["web", "app"] * (size // 2),
        vip=[True, None, False] * (size // 3),
        tags=[["a"], ["a", "b"]] * (size // 2),
        constant=["same"] * size,
        free=[f"value {number}" for number in range(size)],
        number=list(range(size)),
    )
    made = {one.name: one for one in automatic_slices(examples)}
    assert set(made) == {
        *(
            "label=stay",
            "label=go",
            "channel=web",
            "channel=app",
            "vip=true",
            "vip=false",
            "tags=a",
            "tags=b",
        ),
        *("length=short", "length=medium", "length=long"),
    }
    assert len(made["tags=a"].refs) == 24
    assert len(made["vip=true"].refs) == 8
    assert [len(made[f"length={band}"].refs) for band in ("short", "medium", "long")] == [5, 15, 4]
    assert made["label=go"].kind == "class"


@pytest.mark.parametrize(
    ("text", "band"),
    [
        ("担当者と話し", "medium"),
        ("担当者と", "short"),
        ("荷物 " * 11, "long"),
        ("क्या कोई व्यक्ति मदद करेगा", "short"),
        ("Don't re-read it !!! ...", "short"),
        ("👍 " * 30, "short"),
        ("กำลังมา นี่", "medium"),
    ],
)
def test_lengths_are_counted_in_the_words_of_attributions(tmp_path: Path, text: str, band: str) -> None:
    examples = examples_of(tmp_path, n=[1, 2])
    row = replace(examples.rows[0], text=text)
    made = {one.name: one.refs for one in automatic_slices(replace(examples, rows=[row]))}
    assert made[f"length={band}"] == [row.ref]
    offsets = [(at, at + 1) for at in range(len(text))]
    scored = words_of_tokens(text, offsets, [0] * len(text))
    lettered = [word for word in scored if any(char.isalnum() for char in text[word.start : word.end])]
    low, high = {name: (low, high) for name, low, high in LENGTH_BANDS}[band]
    assert low <= len(lettered) <= (high or len(text))


def test_build_slices_gives_every_slice_with_members_and_critical_marks(tmp_path: Path) -> None:
    class Settings(TrackSettings):
        def critical_classes(self) -> list[str]:
            return ["go"]

    examples = examples_of(tmp_path, channel=["web", "app"] * 4)
    outside = tmp_path / "o.jsonl"
    outside.write_text('{"id": "o", "text": "cook"}', "utf-8")
    extra = read_examples(outside, track="intent", kind="message", label=None)
    examples = with_named_set(examples, OUT_OF_SCOPE, extra)
    settings = Settings(
        slices={
            "long ones": "length(text) > 25",
            "none": "text = 'x'",
            "by label": "label = 'go' and id <> 'm1'",
        },
        critical_slices=["long ones", "channel=app"],
    )
    slices, refs = build_slices("intent", settings, examples)
    by_name = {one.slice: one for one in slices}
    members = {name: set(refs[name]) for name in by_name}
    assert by_name[ALL].n == len(members[ALL]) == 8
    assert {name for name, one in by_name.items() if one.critical} == {"long ones", "channel=app", "label=go"}
    assert (by_name["none"].n, by_name["none"].kind, members["none"]) == (0, "declared", set())
    assert members["by label"] == {"intent/message:m3", "intent/message:m5", "intent/message:m7"}
    assert all(one.n == len(members[one.slice]) for one in slices)
    assert OUT_OF_SCOPE not in by_name
    assert refs[OUT_OF_SCOPE] == ["intent/message:o"]
    rows = membership_rows("intent", refs).to_pylist()
    assert {(row["slice"], row["ref"]) for row in rows} == {
        (name, ref) for name in refs for ref in refs[name]
    }
    assert {row["track"] for row in rows} == {"intent"}
    assert membership_rows("intent", {}).num_rows == 0
    assert "intent/message:o" not in members[ALL]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"critical_slices": ["chanel=web"]}, "there is no such slice"),
        ({"slices": {"label=go": "true"}}, "belongs to a slice that every review has"),
        ({"slices": {ALL: "true"}}, "belongs to a slice that every review has"),
    ],
)
def test_names_of_slices_are_checked(tmp_path: Path, settings: dict[str, object], message: str) -> None:
    examples = examples_of(tmp_path, channel=["web", "app"])
    with pytest.raises(AssayError, match=message) as caught:
        build_slices("intent", TrackSettings.model_validate(settings), examples)
    if "critical_slices" in settings:
        assert caught.value.hint == "did you mean 'channel=web'?"


def test_predicates_see_the_columns_under_their_names_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "e.csv"
    path.write_text("key,message,intent,n\n1,hello,greet,2\n", "utf-8")
    examples = read_examples(path, track="intent", kind="message", id="key", text="message", label="intent")
    assert predicate_table(examples).column_names == ["ref", "n", "key", "message", "intent"]
    slices, _ = build_slices(
        "intent",
        TrackSettings(slices={"s": "message = 'hello' and intent = 'greet' and key = '1'"}),
        examples,
    )
    assert {one.slice: one.n for one in slices} == {"all": 1, "s": 1, "intent=greet": 1}


def test_the_same_examples_are_not_tested_under_two_names(tmp_path: Path) -> None:
    path = tmp_path / "e.csv"
    path.write_text(
        "id,text,label,channel\n1,hello,greet,web\n2,bye,greet,app\n3,thanks,greet,web\n", "utf-8"
    )
    examples = read_examples(path, track="intent", kind="message")
    declared = {"from the web": "channel = 'web'"}
    slices, _ = build_slices("intent", TrackSettings(slices=declared), examples)
    assert {"from the web", "channel=app"} <= {one.slice for one in slices}
    assert "channel=web" not in {one.slice for one in slices}
    critical = TrackSettings(slices=declared, critical_slices=["channel=web"])
    assert "channel=web" in {one.slice for one in build_slices("intent", critical, examples)[0]}


def test_a_hard_negative_is_in_the_slices_of_its_probe_and_counts_in_none(tmp_path: Path) -> None:
    probes = tmp_path / "probes.jsonl"
    probes.write_text(
        '{"id": "a", "text": "no spoilers", "part": "x"}\n{"id": "b", "text": "more", "part": "y"}\n'
    )
    pairs = tmp_path / "pairs.jsonl"
    pairs.write_text('{"id": "p", "text": "no spoilers"}\n{"id": "alone", "text": "else"}\n')
    read = read_examples(probes, track="t", kind="query", label=None)
    beside = read_examples(pairs, track="t", kind="pair", label=None)
    rows = [replace(row, parent_ref="t/query:a" if row.id == "p" else None) for row in beside.rows]
    examples = with_named_set(read, "hard negatives", replace(beside, rows=rows))
    slices, members = build_slices("t", TrackSettings(), examples)
    assert members["part=x"] == ["t/query:a", "t/pair:p"]
    assert members["part=y"] == ["t/query:b"]
    assert members[ALL] == ["t/query:a", "t/query:b"]
    assert {one.slice: one.n for one in slices} == {ALL: 2, "part=x": 1, "part=y": 1, "length=short": 2}
