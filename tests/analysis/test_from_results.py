"""`assay init --from`: two files of results of an evaluation tool become a review."""

from __future__ import annotations

import json
import random
import shutil
import tomllib
import zipfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from analysis.base.errors import AssayError
from analysis.init.from_results import FORMATS, Imported, import_results
from analysis.init.results.documents import read_archive
from analysis.run.check import check_review
from tests.analysis.result_files import (
    CHOICES,
    Rows,
    answered,
    classified,
    lm_eval_choices,
    lm_eval_generated,
    promptfoo_rows,
    write_inspect,
    write_langfuse,
    write_langfuse_sdk,
    write_lines,
    write_promptfoo,
)
from tests.conftest import LABELS
from tui import cli

Write = Callable[[Path, Rows], Path]
BASE, CANDIDATE = classified(1), classified(2, 0.7)


def csv_of_langfuse(path: Path, rows: Rows) -> Path:
    """A table as its pages export it, with structures as JSON text."""
    lines = ["id,input,output,expected_output,metadata"]
    for row in rows:
        cells = (row["id"], row["text"], row["said"], row["label"], json.dumps({"channel": row["channel"]}))
        lines.append(",".join('"' + str(cell).replace('"', '""') + '"' for cell in cells))
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def old_lm_eval(path: Path, rows: Rows) -> Path:
    """Arguments as a list, as versions before 0.4.3 wrote them."""
    made = [{**row, "arguments": [["Classify: x", {"until": ["\n"]}]]} for row in lm_eval_generated(rows)]
    return write_lines(
        path, [{name: value for name, value in row.items() if name != "doc_hash"} for row in made]
    )


def old_promptfoo(path: Path, rows: Rows) -> Path:
    path.write_text(json.dumps({"results": promptfoo_rows(rows, "openai:gpt"), "stats": {}}), "utf-8")
    return path


WRITTEN: dict[str, tuple[str, str, Write]] = {
    "eval": ("inspect", "{}.eval", write_inspect),
    "json": ("inspect", "{}.json", write_inspect),
    "lines": ("lm-eval", "{}.jsonl", lambda path, rows: write_lines(path, lm_eval_generated(rows))),
    "old lines": ("lm-eval", "{}.jsonl", old_lm_eval),
    "version 3": ("promptfoo", "{}.json", write_promptfoo),
    "version 2": ("promptfoo", "{}.json", old_promptfoo),
    "result lines": (
        "promptfoo",
        "{}.jsonl",
        lambda path, rows: write_lines(path, promptfoo_rows(rows, "x")),
    ),
    "interface": ("langfuse", "{}.json", write_langfuse),
    "sdk": ("langfuse", "{}.json", write_langfuse_sdk),
    "export": ("langfuse", "{}.csv", csv_of_langfuse),
}


def rows_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


@pytest.mark.parametrize("layout", WRITTEN)
def test_every_layout_becomes_the_same_predictions(layout: str, tmp_path: Path) -> None:
    tool, name, write = WRITTEN[layout]
    files = [write(tmp_path / name.format(side), rows) for side, rows in (("b", BASE), ("c", CANDIDATE))]
    made = import_results(tool, *files, tmp_path / "review")
    assert made.look.tracks == ("intent",)
    assert made.unusable == 0
    said = {row["text"]: row["said"] for row in CANDIDATE}
    found = rows_of(tmp_path / "review" / "predictions.jsonl")
    assert len(found) == len(BASE)
    for row in found:
        assert row["candidate"] == said[row["text"]]
        assert row["label"] in LABELS
        assert row["channel"] in ("app", "web", "email")
        assert not {"base_p", "intent", "target"} & row.keys()
    assert "taken for classes" in made.look.guesses[0]
    intent = tomllib.loads(made.look.text)["intent"]
    assert (intent["predictions"], intent["critical"]) == ("predictions.jsonl", ["escalation"])


@pytest.mark.parametrize("layout", ["eval", "lines", "version 3", "interface"])
def test_answers_that_are_texts_become_records(layout: str, tmp_path: Path) -> None:
    tool, name, write = WRITTEN[layout]
    rows = answered(1), answered(2)
    files = [write(tmp_path / name.format(side), one) for side, one in zip("bc", rows, strict=True)]
    made = import_results(tool, *files, tmp_path / "review")
    assert made.look.tracks == ("response",)
    found = rows_of(tmp_path / "review" / "records.jsonl")
    said = {row["text"]: row["said"] for row in rows[1]}
    for row in found:
        asked = row["prompt"] if isinstance(row["prompt"], str) else row["prompt"][-1]["content"]
        text = next(one for one in said if one in asked)
        assert row["candidate_response"].strip() == said[text]
    assert {row["target"] for row in found} == {row["label"] for row in rows[0]}
    if layout == "interface":
        assert found[0]["prompt"][0] == {"role": "system", "content": "Be brief."}
    shutil.rmtree(tmp_path / "review")
    assert import_results(tool, *files, tmp_path / "review", "predictions").look.tracks == ("intent",)


def test_choices_become_predictions_with_probabilities(tmp_path: Path) -> None:
    files = []
    for side, seed in (("base", 1), ("tuned", 2)):
        folder = tmp_path / f"org__{side}"
        files.append(write_lines(folder / "samples_towns_2026.jsonl", lm_eval_choices(seed)).parent)
    made = import_results("lm-eval", *files, tmp_path / "review")
    found = rows_of(tmp_path / "review" / "predictions.jsonl")
    asked = lm_eval_choices(2)
    for row, sample in zip(found, asked, strict=True):
        assert row["label"] == CHOICES[int(sample["target"])]
        assert sum(row["candidate_p"].values()) == pytest.approx(1)
        assert (row["candidate"] == row["label"]) == bool(sample["acc"])
        assert "answer" not in row
    text = tomllib.loads(made.look.text)["review"]
    assert (text["base_version"], text["candidate_version"], text["name"]) == (
        "org/base",
        "org/tuned",
        "org-tuned",
    )


def test_prompts_of_one_task_are_told_apart_by_what_they_ask(tmp_path: Path) -> None:
    """Instructions and examples that all prompts share would make copies of them; a passage belongs to its question."""
    rows = lm_eval_generated(answered(1))
    for row in rows:
        row["doc"] = {"order": row["doc"]["text"]}
    path = write_lines(tmp_path / "b.jsonl", rows)
    import_results("lm-eval", path, path, tmp_path / "plain")
    asked = [row["prompt"] for row in rows_of(tmp_path / "plain" / "records.jsonl")]
    assert asked[0] == f"Message: {answered(1)[0]['text']}\nIntent:"
    for row in rows:
        row["doc"] = {"passage": "A parcel takes two days.", "question": row["doc"]["order"]}
    write_lines(path, rows)
    import_results("lm-eval", path, path, tmp_path / "passage")
    asked = [row["prompt"] for row in rows_of(tmp_path / "passage" / "records.jsonl")]
    assert asked[0] == f"A parcel takes two days.\n\n{answered(1)[0]['text']}"
    tests = promptfoo_rows(answered(1), "x")
    for one in tests:
        one["vars"] = {"passage": "Two days.", "question": one["vars"]["message"]}
    path = write_lines(tmp_path / "p.jsonl", tests)
    import_results("promptfoo", path, path, tmp_path / "vars")
    asked = [row["prompt"] for row in rows_of(tmp_path / "vars" / "records.jsonl")]
    assert asked[0].startswith("passage: Two days.\nquestion: when does order")


def test_choices_that_differ_from_item_to_item_are_numbered(tmp_path: Path) -> None:
    rows = lm_eval_choices(1, count=8)
    for number, row in enumerate(rows):
        for place, request in enumerate(row["arguments"].values()):
            request["arg_1"] = f" choice {place} of {number}"
    files = [write_lines(tmp_path / f"{side}.jsonl", rows) for side in "bc"]
    import_results("lm-eval", *files, tmp_path / "review")
    found = rows_of(tmp_path / "review" / "predictions.jsonl")
    assert {row["label"] for row in found} == {f"choice {number}" for number in (1, 2, 3, 4)}


def test_choices_of_inspect_are_named(tmp_path: Path) -> None:
    rows = [{**row, "label": "A", "said": "ANSWER: B"} for row in BASE[:6]]
    path = write_inspect(tmp_path / "b.json", rows)
    log = json.loads(path.read_text("utf-8"))
    for sample in log["samples"]:
        sample["choices"] = ["refund", "exchange"]
        sample["scores"] = {"choice": {"value": "I", "answer": "B"}}
    path.write_text(json.dumps(log), "utf-8")
    import_results("inspect", path, path, tmp_path / "review")
    found = rows_of(tmp_path / "review" / "predictions.jsonl")
    assert {(row["label"], row["base"]) for row in found} == {("refund", "exchange")}


def test_what_one_side_lacks_is_told_named_by_check_and_skipped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base = write_inspect(tmp_path / "b.json", BASE[:-2], "openai/base")
    candidate = write_inspect(tmp_path / "c.json", CANDIDATE, "openai/tuned", "error")
    log = json.loads(candidate.read_text("utf-8"))
    log["samples"][0] |= {"output": {"model": "openai/tuned", "choices": []}, "error": {"message": "timeout"}}
    candidate.write_text(json.dumps(log), "utf-8")
    folder = tmp_path / "review"
    assert cli.main(["init", str(folder), "--from", "inspect", str(base), str(candidate)]) == 0
    out = capsys.readouterr().out
    assert "2 are in c.json only" in out
    assert "1 have no answer in c.json" in out
    assert "the evaluation ended as 'error'" in out
    assert "--skip-bad-rows" in out.splitlines()[-1]
    with pytest.raises(AssayError) as caught:
        check_review(folder / "review.toml")
    assert "is missing (and 2 more rows)" in caught.value.message
    notes = check_review(folder / "review.toml", skip_bad_rows=True).notes
    assert any("3 bad rows skipped" in note for note in notes)


def test_two_files_lead_to_the_console_in_one_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [
        str(write_inspect(tmp_path / f"{side}.eval", rows)) for side, rows in (("b", BASE), ("c", CANDIDATE))
    ]
    folder = tmp_path / "review"
    assert cli.main(["init", str(folder), "--from", "inspect", *files, "--open"]) == 0
    out = capsys.readouterr().out
    assert "intent.critical_recall[escalation]" in out
    assert f"on a terminal: assay review {folder / 'c.review'}" in out
    assert cli.main(["init", str(folder), "--from", "inspect", *files[::-1]]) == 2
    assert "exists already and is not overwritten" in capsys.readouterr().err
    assert cli.main(["init", str(folder), "--open"]) == 2


@pytest.mark.parametrize(
    ("tool", "name", "content", "said"),
    [
        ("inspect", "b.json", json.dumps(lm_eval_generated(BASE)[0]), "it looks like samples of lm-eval"),
        (
            "lm-eval",
            "b.jsonl",
            json.dumps(promptfoo_rows(BASE, "x")[0]),
            "it looks like results of promptfoo",
        ),
        ("promptfoo", "b.json", json.dumps({"results": {"acc": 0.5}}), "holds no results of promptfoo"),
        (
            "lm-eval",
            "results_1.json",
            json.dumps({"results": {"t": {"acc": 0.5}}}),
            "is no sample of lm-eval",
        ),
        ("langfuse", "b.json", json.dumps({"data": []}), "holds no items of a Langfuse experiment"),
        ("inspect", "b.json", json.dumps({"eval": {}, "status": "started"}), "holds no samples"),
        (
            "inspect",
            "b.json",
            json.dumps({"eval": {}, "samples": [{"input": "x"}]}),
            "a sample without an id",
        ),
        ("inspect", "b.eval", "no archive", "is no readable zip archive"),
        ("inspect", "b.json", "", "is empty"),
        ("lm-eval", "b.jsonl", '{"doc_id": 1, "filtered_resps": ["a"]}\n{"doc_id"', "is not JSON"),
        ("lm-eval", "b.jsonl", "\ufffd\x00\x01", "is not JSON"),
        ("promptfoo", "b.json", "[" * 100_000, "is nested too deeply"),
        ("langfuse", "b.csv", "id,question\n1,x\n", "holds no items of a Langfuse experiment"),
        ("deepeval", "b.json", "{}", "results of 'deepeval' are not read"),
    ],
)
def test_what_is_no_file_of_results_is_one_clear_error(
    tool: str, name: str, content: str, said: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_text(content, "utf-8")
    with pytest.raises(AssayError) as caught:
        import_results(tool, path, path, tmp_path / "review")
    assert said in caught.value.message
    assert caught.value.hint or "empty" in said or "nested" in said or "archive" in said
    assert not (tmp_path / "review").exists()


def test_files_that_do_not_belong_together_are_refused(tmp_path: Path) -> None:
    base = write_inspect(tmp_path / "b.json", BASE)
    others = [{**row, "id": f"x{row['id']}", "text": f"{row['text']} now"} for row in CANDIDATE]
    with pytest.raises(AssayError, match=r"no item is in both b\.json and other\.json"):
        import_results("inspect", base, write_inspect(tmp_path / "other.json", others), tmp_path / "review")
    moved = [{**row, "text": f"{row['text']} now"} for row in CANDIDATE]
    with pytest.raises(AssayError, match="60 items have the same id and another input"):
        import_results("inspect", base, write_inspect(tmp_path / "moved.json", moved), tmp_path / "review")
    twice = write_inspect(tmp_path / "two.json", [*BASE, BASE[0]])
    with pytest.raises(AssayError, match=f"holds the id '{BASE[0]['id']}' twice"):
        import_results("inspect", base, twice, tmp_path / "review")
    both = [*promptfoo_rows(BASE, "openai:gpt"), *promptfoo_rows(CANDIDATE, "openai:ft")]
    with pytest.raises(AssayError) as caught:
        import_results("promptfoo", write_lines(tmp_path / "both.jsonl", both), base, tmp_path / "review")
    assert "2 providers: openai:gpt, openai:ft" in caught.value.message
    assert "--filter-providers" in str(caught.value.hint)
    with pytest.raises(AssayError, match="is a folder with"):
        import_results("inspect", tmp_path, base, tmp_path / "review")
    with pytest.raises(AssayError, match="there is no such file"):
        import_results("inspect", tmp_path / "none.eval", base, tmp_path / "review")


def test_archives_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "b.eval"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("samples/1.json", "0" * 10_000)
    monkeypatch.setattr("analysis.init.results.documents.MOST_BYTES", 5_000)
    with pytest.raises(AssayError, match="unpacks to more than 5,000 bytes"):
        read_archive(path, "samples/", ())


REAL = Path(__file__).parent / "inspect_0_3_285.eval"
"""A log of three samples that Inspect 0.3.285 wrote, its members packed with Zstandard."""


def test_a_log_as_inspect_writes_it_is_read(tmp_path: Path) -> None:
    assert {one.compress_type for one in zipfile.ZipFile(REAL).infolist()} == {93}
    made = import_results("inspect", REAL, REAL, tmp_path / "review", "predictions")
    rows = [
        (row["id"], row["label"], row["candidate"], row["channel"])
        for row in rows_of(tmp_path / "review" / "predictions.jsonl")
    ]
    assert rows == [
        ("m1", "order_tracking", "order_tracking", "web"),
        ("m2", "escalation", "recommendation", "app"),
        ("m3", "recommendation", "recommendation", "web"),
    ]
    assert "log of Inspect of mockllm/model, 3 items" in made.look.seen[0]


def test_a_damaged_log_is_one_clear_error(tmp_path: Path) -> None:
    """No change of a byte, and no cut, is a traceback or makes other samples."""
    whole = REAL.read_bytes()
    headers, samples = read_archive(REAL, "samples/", ("header.json",))
    path = tmp_path / "x.eval"
    rng = random.Random(3)
    refused = 0
    for number in range(150):
        raw = bytearray(whole)
        raw[rng.randrange(len(raw))] ^= 1 << rng.randrange(8)
        path.write_bytes(raw if number % 5 else whole[: rng.randrange(len(whole))])
        found: Any = None
        with suppress(AssayError):
            found = read_archive(path, "samples/", ("header.json",))
        refused += found is None
        # What was changed is in no member that is read, or takes a whole one away.
        assert found is None or all(one in samples for one in found[1])
        assert found is None or found[0] in ({}, headers)
    assert refused > 75


JUNK: Sequence[Any] = (None, [], {}, "", "x", 0, -1.5, True, [[]], [{}], {"a": {}}, ["", 3], "\ud800", 10**30)


def mutated(value: Any, rng: random.Random) -> Any:
    """The value with one thing somewhere in it replaced, taken away or added."""
    if not isinstance(value, dict | list) or not value or rng.random() < 0.12:
        return rng.choice(JUNK)
    made: Any = dict(value) if isinstance(value, dict) else list(value)
    place = rng.choice(list(made)) if isinstance(made, dict) else rng.randrange(len(made))
    if rng.random() < 0.15:
        del made[place]
    else:
        made[place] = mutated(made[place], rng)
    return made


def test_mutated_files_end_with_a_message(tmp_path: Path) -> None:
    """Whatever another tool wrote, the reader says what is wrong or makes rows of it."""
    few = BASE[:4]
    promptfoo, langfuse, sdk = (
        json.loads(write(tmp_path / "x.json", few).read_text("utf-8"))
        for write in (write_promptfoo, write_langfuse, write_langfuse_sdk)
    )
    inspect = json.loads(write_inspect(tmp_path / "x.json", few).read_text("utf-8"))
    inspect["samples"][0]["choices"] = ["a", "b"]
    sources = (
        ("inspect", inspect),
        ("lm-eval", lm_eval_generated(few)),
        ("lm-eval", lm_eval_choices(3, count=4)),
        ("promptfoo", promptfoo),
        ("langfuse", langfuse),
        ("langfuse", sdk),
    )
    rng = random.Random(5)
    read = 0
    for number in range(300):
        tool, value = sources[number % len(sources)]
        broken = value
        for _ in range(rng.randint(1, 3)):
            broken = mutated(broken, rng)
        lines = isinstance(broken, list) and tool == "lm-eval"
        path = tmp_path / ("y.jsonl" if lines else "y.json")
        parts = broken if lines else [broken]
        path.write_text("\n".join(map(json.dumps, parts)), "utf-8")
        folder = tmp_path / "made"
        with suppress(AssayError):
            import_results(tool, path, path, folder)
            read += 1
        shutil.rmtree(folder, ignore_errors=True)
    assert 50 < read < 290
    assert set(FORMATS) == {tool for tool, _ in sources}


# Written by lm-eval 0.4.13: `lm-eval run --model hf --log_samples` on two models of random weight
# and tasks of output_type multiple_choice (fixed choices; acc_mutual_info; contexts that differ, as in WinoGrande;
# several right choices), generate_until (two filters) and loglikelihood.
LM_EVAL = Path(__file__).with_name("lm_eval_samples")


def of_lm_eval(task: str, folder: Path) -> tuple[Imported, list[dict[str, Any]]]:
    """The review of a task's samples as the tool wrote them, and its table."""
    files = [LM_EVAL / side / f"samples_{task}.jsonl" for side in ("base", "tuned")]
    made = import_results("lm-eval", *files, folder)
    (table,) = folder.glob("*.jsonl")
    return made, rows_of(table)


@pytest.mark.parametrize("task", ["shop_intent", "shop_mutual", "wino"])
def test_what_lm_eval_says_was_right_is_right_here(task: str, tmp_path: Path) -> None:
    made, found = of_lm_eval(task, tmp_path / "review")
    assert made.look.tracks == ("intent",)
    right = {
        side: [bool(row["acc"]) for row in rows_of(LM_EVAL / folder / f"samples_{task}.jsonl")]
        for side, folder in (("base", "base"), ("candidate", "tuned"))
    }
    assert {side: [row[side] == row["label"] for row in found] for side in right} == right
    assert len({row["label"] for row in found}) > 1


def test_what_lm_eval_generated_is_whole_as_a_record(tmp_path: Path) -> None:
    made, found = of_lm_eval("volumes", tmp_path / "review")
    assert made.look.tracks == ("response",)
    assert any("of the filters strict, flexible, strict is read" in line for line in made.look.seen)
    written = [
        row for row in rows_of(LM_EVAL / "base" / "samples_volumes.jsonl") if row["filter"] == "strict"
    ]
    assert [row["base_response"] for row in found] == [row["resps"][0][0] for row in written]
    assert all(row["resps"][0][0] != row["filtered_resps"][0] for row in written)


def test_items_with_several_right_choices_are_told_and_texts_that_were_only_read_are_refused(
    tmp_path: Path,
) -> None:
    made, found = of_lm_eval("goals", tmp_path / "review")
    assert all("label" not in row for row in found)
    assert any("4 have no one right choice" in line for line in made.look.seen)
    with pytest.raises(AssayError, match="holds how likely texts are, and no answers"):
        of_lm_eval("fill", tmp_path / "other")
