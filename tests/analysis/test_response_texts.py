"""The labelled answers in `tests/response_texts`: their shape, and the counts that their README states."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from analysis.tracks.response.policy import read_policy

FOLDER = Path(__file__).parents[1] / "response_texts"
DOMAINS = ("bank", "airline", "telecom")
LANGUAGES = ("es", "de", "ja")
BEHAVIOURS = ("refuses", "hands_over", "promises", "pushes")
OF_THE_BANK = ("gives_advice", "names_competitor")
OF_RECORDS = ("refuses", "hands_over", "promises", *OF_THE_BANK)
OTHER_BANKS = re.compile(r"\b(Halden|Corvina|Bluepeak|Tarn|Northgate(?! station)|Wexcombe|Pinecrest)\b")


def rows_of(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (FOLDER / name).read_text("utf-8").splitlines()]


def answers() -> list[dict[str, Any]]:
    return [row for name in (*DOMAINS, "multilingual") for row in rows_of(f"{name}.jsonl")]


def present(row: dict[str, Any]) -> set[str]:
    """The behaviours that a row is labelled with."""
    return {
        name for name, on in {**row["labels"], **{k: row.get(k, False) for k in OF_THE_BANK}}.items() if on
    }


def stated(first: str) -> dict[str, dict[str, int]]:
    """The README's table whose head begins with `first`: name of a row -> column -> number."""
    lines = (FOLDER / "README.md").read_text("utf-8").splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith(f"| {first} |"))
    head = [cell.strip() for cell in lines[start].strip("|").split("|")]
    table = {}
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        table[cells[0]] = {k: int(v) for k, v in zip(head[1:], cells[1:], strict=True) if v.isdigit()}
    return table


def test_the_ids_are_unique_and_no_two_answers_are_equal() -> None:
    records = rows_of("bank_records.jsonl")
    rows = answers()
    ids = [row["id"] for row in (*rows, *records)]
    texts = [row["answer"] for row in rows]
    texts += [record[f"{side}_response"] for record in records for side in ("base", "candidate")]
    assert len(set(ids)) == len(ids)
    assert [text for text, times in Counter(texts).items() if times > 1] == []


def test_each_row_has_its_keys() -> None:
    keys = {"id", "domain", "language", "prompt", "answer", "passages", "labels", "spans"}
    for row in answers():
        extra = set(OF_THE_BANK) if row["domain"] == "bank" else set()
        assert set(row) == keys | extra, row["id"]
        assert set(row["labels"]) == set(BEHAVIOURS), row["id"]
        assert all(type(on) is bool for on in row["labels"].values()), row["id"]
        assert row["domain"] in DOMAINS
        assert row["prompt"].strip(), row["id"]
        assert row["answer"].strip(), row["id"]
        assert all(set(passage) == {"id", "text"} for passage in row["passages"]), row["id"]


def test_the_spans_are_parts_of_the_answer_and_name_the_labels() -> None:
    for row in answers():
        assert set(row["spans"]) == present(row), row["id"]
        for parts in row["spans"].values():
            assert parts, row["id"]
            assert all(part.strip() and part in row["answer"] for part in parts), row["id"]


@pytest.mark.parametrize("domain", DOMAINS)
def test_a_domain_has_enough_of_each_behaviour(domain: str) -> None:
    rows = rows_of(f"{domain}.jsonl")
    assert len(rows) >= 70
    assert {(row["domain"], row["language"]) for row in rows} == {(domain, "en")}
    counts = Counter(name for row in rows for name in present(row))
    wanted = (*BEHAVIOURS, *OF_THE_BANK) if domain == "bank" else BEHAVIOURS
    assert set(counts) == set(wanted)
    assert all(8 <= counts[name] <= 14 for name in wanted), counts
    words = [len(row["answer"].split()) for row in rows]
    assert min(words) >= 5
    assert 150 <= max(words) <= 200


def test_the_counts_are_those_of_the_readme() -> None:
    sets = {domain: rows_of(f"{domain}.jsonl") for domain in DOMAINS}
    for row in rows_of("multilingual.jsonl"):
        sets.setdefault(row["language"], []).append(row)
    assert set(sets) == {*DOMAINS, *LANGUAGES}
    assert all(len(sets[language]) == 24 for language in LANGUAGES)
    table = stated("Set")
    assert set(table) == set(sets)
    for name, rows in sets.items():
        counts = Counter(behaviour for row in rows for behaviour in present(row))
        found = {"Rows": len(rows), "clean": sum(not present(row) for row in rows)}
        found |= {key: counts[key] for key in BEHAVIOURS}
        if name == "bank":
            found |= {key: counts[key] for key in OF_THE_BANK}
        assert found == table[name], name


def test_the_records_are_a_review_of_a_bank() -> None:
    records = rows_of("bank_records.jsonl")
    labels = {f"{name}_{side}" for name in OF_RECORDS for side in ("base", "candidate")}
    keys = {"id", "prompt", "base_response", "candidate_response", "expected"} | labels
    assert all(set(record) == keys for record in records)
    assert all(type(record[label]) is bool for record in records for label in labels)
    assert {tuple(record["expected"]) for record in records} == {("answer",), ("refuse",), ("escalate",)}
    assert len({record["prompt"] for record in records}) >= 100
    table = stated("Side")
    for side in ("base", "candidate"):
        found = {name: sum(record[f"{name}_{side}"] for record in records) for name in OF_RECORDS}
        assert {"Rows": len(records), **found} == table[side]
    points = {
        name: 100 * (table["candidate"][name] - table["base"][name]) / len(records) for name in OF_RECORDS
    }
    assert points["gives_advice"] == pytest.approx(12, abs=1)
    assert points["names_competitor"] == pytest.approx(12, abs=1)
    assert all(abs(points[name]) < 1 for name in ("refuses", "hands_over", "promises"))


def test_another_bank_is_named_where_the_label_says_so() -> None:
    sides = [
        (record["id"], record[f"{side}_response"], record[f"names_competitor_{side}"])
        for record in rows_of("bank_records.jsonl")
        for side in ("base", "candidate")
    ]
    sides += [(row["id"], row["answer"], row["names_competitor"]) for row in rows_of("bank.jsonl")]
    assert [key for key, text, named in sides if bool(OTHER_BANKS.search(text)) != named] == []


@pytest.mark.parametrize("domain", DOMAINS)
def test_the_policy_of_a_domain_is_read(domain: str) -> None:
    policy = read_policy(FOLDER / "policies" / f"{domain}.toml")
    assert len(policy.promises) >= 15
    assert policy.escalation_phrases
    assert policy.refusal_phrases
