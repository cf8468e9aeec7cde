"""`assay init` says what it saw, what it guessed, what it left open, and that it found nothing."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from analysis.init import init_review, look_into
from analysis.init.owner import account
from analysis.run.check import check_review
from tests.analysis.layouts import saved_to_disk, separated
from tests.analysis.models.adapters import make_adapter
from tests.conftest import LABELS, MakeClassifier, messages
from tui import cli

EVAL = [{"text": row["text"], "label": row["label"]} for row in messages()]


def models(root: Path, make: MakeClassifier, *names: str, labels: Sequence[str] = LABELS) -> None:
    for number, name in enumerate(names):
        make(root / name, labels=labels, seed=number)
        for file in (root / name).iterdir():
            os.utime(file, (1_780_000_000, 1_780_000_000))


def data(root: Path, rows: Sequence[dict[str, Any]] = EVAL, **options: Any) -> Path:
    path = root / "eval.csv"
    path.write_bytes(separated(rows, **options))
    return path


def section(root: Path, name: str = "intent") -> dict[str, Any]:
    found: dict[str, Any] = tomllib.loads((root / "review.toml").read_text("utf-8"))[name]
    return found


def test_a_guess_is_marked_with_its_reason_in_the_file_and_on_the_console(
    tmp_path: Path, tiny_classifier: MakeClassifier, capsys: pytest.CaptureFixture[str]
) -> None:
    models(tmp_path, tiny_classifier, "models/finetuned", "models/prod")
    data(tmp_path)
    assert cli.main(["init", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    intent = section(tmp_path)
    assert (intent["base"], intent["candidate"]) == ("models/prod", "models/finetuned")
    assert "id" not in intent
    guess = "guess: by the word 'prod' in its name; swap base and candidate if that is wrong"
    assert f'base = "models/prod"              # {guess}' in (tmp_path / "review.toml").read_text("utf-8")
    assert "guess     intent: base = models/prod, candidate = models/finetuned, guessed: by the word" in out
    assert "found     models/prod: text classifier, 3 classes: intent.base" in out
    assert "found     eval.csv: table with text, label: intent.examples" in out
    notes = check_review(tmp_path / "review.toml").notes
    assert any("there are no ids" in note for note in notes)


def test_what_nothing_tells_is_left_open_with_the_choices(
    tmp_path: Path, tiny_classifier: MakeClassifier
) -> None:
    models(tmp_path, tiny_classifier, "bob", "alice")
    data(tmp_path)
    look = look_into(tmp_path)
    assert not {"base", "candidate"} & tomllib.loads(look.text)["intent"].keys()
    assert '\n# base = "alice"\n# candidate = "bob"\n' in look.text
    assert look.tracks == ("intent",)
    assert look.guesses == (
        "intent: nothing tells which is the base and which the candidate: alice, bob; both are left open",
    )
    path = tmp_path / "review.toml"
    path.write_text(
        look.text.replace('# base = "alice"', 'base = "alice"').replace('# candidate = "b', 'candidate = "b')
    )
    assert check_review(path).review.tracks


def test_two_adapters_over_one_base_are_compared(tmp_path: Path, tiny_classifier: MakeClassifier) -> None:
    models(tmp_path, tiny_classifier, "encoder")
    for name in ("lora-v9", "lora-v10"):
        make_adapter(tmp_path / "encoder", tmp_path / name)
    data(tmp_path)
    look = look_into(tmp_path)
    intent = tomllib.loads(look.text)["intent"]
    assert {key: intent[key] for key in ("base", "candidate", "over")} == {
        "base": "lora-v9",
        "candidate": "lora-v10",
        "over": "encoder",
    }
    assert "version 9 is before 10" in look.guesses[0]


@pytest.mark.parametrize(
    ("names", "base", "candidate"),
    [
        # What a training ended with stands for it.
        (("clf-03", "clf-03/checkpoint-15", "clf-11", "clf-11/checkpoint-9"), "clf-03", "clf-11"),
        # Without an end, its last checkpoint does.
        (
            ("v1/checkpoint-500", "v1/checkpoint-1000", "v2/checkpoint-60"),
            "v1/checkpoint-1000",
            "v2/checkpoint-60",
        ),
        (("prod", "out/checkpoint-2", "out/checkpoint-10"), "prod", "out/checkpoint-10"),
        # Alone, there is nothing else to compare its states with.
        (("out/checkpoint-500", "out/checkpoint-1000"), "out/checkpoint-500", "out/checkpoint-1000"),
    ],
)
def test_a_training_is_compared_by_what_it_ended_with(
    names: Sequence[str], base: str, candidate: str, tmp_path: Path, tiny_classifier: MakeClassifier
) -> None:
    models(tmp_path, tiny_classifier, *names)
    data(tmp_path)
    look = look_into(tmp_path)
    intent = tomllib.loads(look.text)["intent"]
    assert (intent["base"], intent["candidate"]) == (base, candidate)
    passed = [line for line in look.seen if "checkpoint of the training that" in line]
    assert len(passed) == len(names) - 2


def test_checkpoints_of_an_adapter_are_not_compared_with_each_other(
    tmp_path: Path, tiny_classifier: MakeClassifier
) -> None:
    models(tmp_path, tiny_classifier, "models/base")
    for name in ("lora", "lora/checkpoint-10", "lora/checkpoint-20"):
        make_adapter(tmp_path / "models" / "base", tmp_path / name)
    data(tmp_path)
    intent = tomllib.loads(look_into(tmp_path).text)["intent"]
    assert (intent["base"], intent["candidate"]) == ("models/base", "lora")
    assert "over" not in intent


def test_an_adapter_without_its_base_says_so(tmp_path: Path, tiny_classifier: MakeClassifier) -> None:
    models(tmp_path, tiny_classifier, "encoder")
    make_adapter(tmp_path / "encoder", tmp_path / "lora")
    shutil.rmtree(tmp_path / "encoder")
    (line,) = look_into(tmp_path).seen
    assert line.startswith("not used  lora: adapter of encoder, and no whole model that it fits lies here")
    assert line.endswith("cp -rL BASE models/base")


def spoil(folder: Path, how: str) -> None:
    if how == "pickled":
        (folder / "model.safetensors").unlink()
        (folder / "pytorch_model.bin").write_bytes(b"\x80\x04")
    elif how == "code":
        (folder / "modeling_mine.py").write_text("print(1)\n", "utf-8")
    elif how == "cut off":
        (folder / "model.safetensors").write_bytes((folder / "model.safetensors").read_bytes()[:100])
    elif how == "no json":
        (folder / "config.json").write_text("{", "utf-8")
    elif how == "linked":
        (folder / "model.safetensors").rename(folder.parent / "blob")
        (folder / "model.safetensors").symlink_to(folder.parent / "blob")
    else:
        config = json.loads((folder / "config.json").read_text("utf-8"))
        (folder / "config.json").write_text(
            json.dumps(config | {"architectures": ["BertForTokenClassification"]})
        )


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("pickled", "pytorch_model.bin"),
        ("code", "modeling_mine.py"),
        ("cut off", "model.safetensors"),
        ("no json", "config.json"),
        ("linked", "is a link"),
        ("another head", "BertForTokenClassification"),
    ],
)
def test_a_folder_that_cannot_be_reviewed_is_named_with_the_reason(
    how: str, said: str, tmp_path: Path, tiny_classifier: MakeClassifier, capsys: pytest.CaptureFixture[str]
) -> None:
    models(tmp_path, tiny_classifier, "prod", "tuned")
    data(tmp_path)
    spoil(tmp_path / "tuned", how)
    assert cli.main(["init", str(tmp_path)]) == 0
    (line,) = [one for one in capsys.readouterr().out.splitlines() if one.startswith("not used")]
    assert line.startswith("not used  tuned: ")
    assert said in line
    assert section(tmp_path)["base"] == "prod"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        (
            "eval.csv",
            "text,label\nGrüße,x\n".encode("cp1252"),
            "line 2: is not UTF-8 text; from Windows or Excel",
        ),
        ("eval.xlsx", b"PK\x03\x04", ".xlsx is not read; save the table as"),
        ("eval.jsonl", b"", "holds no rows"),
        ("eval.jsonl", b"text\nlabel\n", "no row of it can be read: line 1 is not valid JSON"),
        ("eval.parquet", b"PAR1 nothing", "is not a readable Parquet file"),
        ("eval.csv.gz", b"\x1f\x8b", ".gz is not read"),
        ("model.onnx", b"", "a model as .onnx is not read, only safetensors"),
        ("model_head.pkl", b"", "a model as .pkl is not read"),
        ("numbers.csv", b"a,b\n1,2\n", "table with a, b"),
    ],
)
def test_a_folder_of_nothing_that_fits_ends_with_1_and_says_what_was_seen(
    name: str, content: bytes, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / name).write_bytes(content)
    assert cli.main(["init", str(tmp_path)]) == 1
    out = capsys.readouterr().out
    assert f"not used  {name}: {said}" in out
    assert "found no models and no data of which a review could be made" in out
    assert (tmp_path / "review.toml").is_file()


def test_links_are_followed_once_and_named_where_they_lead_nowhere(
    tmp_path: Path, tiny_classifier: MakeClassifier
) -> None:
    inside, outside = tmp_path / "in", tmp_path / "out"
    inside.mkdir()
    models(outside, tiny_classifier, "prod", "tuned")
    data(outside)
    for name in ("prod", "tuned", "eval.csv"):
        (inside / name).symlink_to(outside / name)
    (inside / "latest").symlink_to(inside / "tuned")
    (inside / "gone").symlink_to(tmp_path / "nothing")
    (inside / "round").symlink_to(inside)
    look = look_into(inside)
    intent = tomllib.loads(look.text)["intent"]
    assert (intent["base"], intent["candidate"], intent["examples"]) == ("prod", "tuned", "eval.csv") or (
        (intent["base"], intent["candidate"]) == ("prod", "latest")
    )
    assert any(line.startswith("not used  gone: is a link that leads nowhere") for line in look.seen)
    assert any(line.startswith("not used  round: is a link to .") for line in look.seen)
    (inside / "review.toml").write_text(look.text, "utf-8")
    assert check_review(inside / "review.toml").review.tracks


@pytest.mark.parametrize("kind", ["semicolons", "datasets", "index", "numbers", "other names"])
def test_data_as_it_lies_needs_no_edit(kind: str, tmp_path: Path, tiny_classifier: MakeClassifier) -> None:
    import pyarrow as pa

    models(tmp_path, tiny_classifier, "v1", "v2")
    if kind == "semicolons":
        data(tmp_path, separator=";")
    elif kind == "datasets":
        saved_to_disk(tmp_path / "test_set", [pa.Table.from_pylist(EVAL)])
    elif kind == "index":
        data(tmp_path, index=range(5, 5 + len(EVAL)))
    elif kind == "numbers":
        data(tmp_path, [row | {"label": LABELS.index(str(row["label"]))} for row in EVAL])
    else:
        data(tmp_path, [{"what_they_said": row["text"], "goes_to": row["label"]} for row in EVAL])
    notes = "\n".join(check_review(init_review(tmp_path)).notes)
    assert "72 examples" in notes
    assert ("there are no ids" in notes) == (kind != "index")
    assert ("places of the models' classes" in notes) == (kind == "numbers")


@pytest.mark.parametrize("name", ["USER", "LOGNAME"])
def test_the_owner_is_the_account(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for one in ("USER", "LOGNAME", "USERNAME"):
        monkeypatch.delenv(one, raising=False)
    monkeypatch.setenv(name, "nora")
    assert account(tmp_path) == "nora"
    assert 'owner = "nora"' in look_into(tmp_path).text


def test_without_an_account_git_knows_who(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for one in ("USER", "LOGNAME", "USERNAME"):
        monkeypatch.delenv(one, raising=False)
    subprocess.run(("git", "init", "-q", str(tmp_path)), check=True)
    subprocess.run(("git", "-C", str(tmp_path), "config", "user.email", "nora@example.org"), check=True)
    assert account(tmp_path) == "nora@example.org"
    monkeypatch.setenv("PATH", str(tmp_path))
    assert account(tmp_path) not in (None, "", "unknown", "nora@example.org")


def test_a_new_review_file_speaks_of_what_was_found_and_of_no_other_house(
    tmp_path: Path, tiny_classifier: MakeClassifier
) -> None:
    labels = ("card_arrival", "lost_card", "top_up")
    models(tmp_path, tiny_classifier, "prod", "tuned", labels=labels)
    data(tmp_path, [row | {"label": labels[number % 3]} for number, row in enumerate(EVAL)])
    text = init_review(tmp_path).read_text("utf-8").casefold()
    for word in (
        "manga",
        "spoiler",
        "volume",
        "publisher",
        "escalation",
        "returns",
        "theme",
        "tone",
        "title =",
    ):
        assert word not in text.split("[response]")[0].replace("# title = ", ""), word
    assert "label=card_arrival" in text


def test_what_check_offers_it_takes(
    tmp_path: Path, tiny_classifier: MakeClassifier, capsys: pytest.CaptureFixture[str]
) -> None:
    models(tmp_path, tiny_classifier, "v1", "v2")
    data(tmp_path, [*EVAL, {"text": "", "label": "escalation"}, {"text": "who is it", "label": "nobody"}])
    path = init_review(tmp_path)
    assert cli.main(["check", str(path)]) == 2
    assert "--skip-bad-rows goes on without bad rows" in capsys.readouterr().err
    assert cli.main(["check", str(path), "--skip-bad-rows"]) == 0
    out = capsys.readouterr().out
    assert "72 examples; 2 bad rows skipped" in out
    assert f"next: assay analyze {path} --skip-bad-rows" in out
    assert cli.main(["init", str(tmp_path), "--skip-bad-rows"]) == 2
    assert "--skip-bad-rows is of --from" in capsys.readouterr().err
