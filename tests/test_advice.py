"""What the program advises is done: each command that it prints, and each option that it names, is run as it stands."""

from __future__ import annotations

import argparse
import ast
import re
import shlex
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.analysis.result_files import classified, lm_eval_generated, promptfoo_rows, write_lines
from tests.conftest import write_jsonl
from tui import cli

SOURCES = [path for part in ("analysis", "tui") for path in (Path(__file__).parents[1] / part).rglob("*.py")]
COMMAND = re.compile(r"(?:^|`|next: |terminal: |line: )(assay [^`\n]+)", re.MULTILINE)
OPTION = re.compile(r"(--[a-z][a-z-]+(?: [a-z-]+)?)(?: goes on| takes them|$)", re.MULTILINE)

Typed = Callable[..., tuple[int, str]]


@pytest.fixture
def typed(capsys: pytest.CaptureFixture[str]) -> Typed:
    """Runs a command line; its status, and all that it says."""

    def run(*words: object) -> tuple[int, str]:
        capsys.readouterr()
        status = cli.main([str(one) for one in words])
        return status, "\n".join(capsys.readouterr())

    return run


def advised(said: str) -> list[list[str]]:
    """The command lines in what was said, as a shell splits them."""
    return [shlex.split(one)[1:] for one in COMMAND.findall(said)]


def two_files(folder: Path, *, missing: int) -> list[Path]:
    """Samples of both sides, those of the candidate without the last ones, in a folder whose name has a space."""
    folder.mkdir()
    files = []
    for side, seed, gone in (("base", 1, 0), ("tuned", 2, missing)):
        rows = sorted(classified(seed), key=lambda row: str(row["id"]))
        files.append(write_lines(folder / f"{side}.jsonl", lm_eval_generated(rows[: len(rows) - gone])))
    return files


def predictions(folder: Path, *, bad: int) -> Path:
    """A review of recorded predictions, the last rows without what the candidate said."""
    folder.mkdir()
    rows = [
        {"text": row["text"], "label": row["label"], "base": row["said"], "candidate": row["said"]}
        for row in classified(3)
    ]
    for row in rows[len(rows) - bad :]:
        row["candidate"] = ""
    write_jsonl(folder / "predictions.jsonl", rows)
    assert cli.main(["init", str(folder)]) == 0
    return folder / "review.toml"


@pytest.mark.parametrize("missing", [0, 3])
def test_what_is_said_after_two_files_is_done(missing: int, tmp_path: Path, typed: Typed) -> None:
    files = two_files(tmp_path / "my files", missing=missing)
    status, said = typed("init", tmp_path / "my review", "--from", "lm-eval", *files)
    assert status == 0
    status, said = typed(*advised(said)[-1])
    assert status == 0, said
    (console,) = advised(said)
    assert console[0] == "review"
    # There is no terminal here: the same line by line is advised.
    status, said = typed(*console)
    assert status == 2
    (plain,) = advised(said)
    assert plain[-1] == "--plain"
    assert plain[1] == str(tmp_path / "my review" / "tuned.review")


def test_the_option_that_a_refusal_names_is_taken_by_the_command_that_was_refused(
    tmp_path: Path, typed: Typed
) -> None:
    files = two_files(tmp_path / "files", missing=3)
    command = ("init", tmp_path / "review", "--from", "lm-eval", *files, "--open")
    status, said = typed(*command)
    assert status == 2
    option = OPTION.findall(said)[-1]
    status, said = typed(*command, *option.split())
    assert status == 0, said
    assert "3 bad rows" in typed("analyze", tmp_path / "review" / "review.toml", option)[1]
    # What a person has changed is still theirs.
    (tmp_path / "review" / "review.toml").write_text("# mine\n", "utf-8")
    status, said = typed(*command, option)
    assert status == 2
    assert "exists already and is not overwritten" in said


@pytest.mark.parametrize("command", ["check", "plan", "analyze"])
def test_rows_that_are_bad_are_passed_over_as_it_is_said(command: str, tmp_path: Path, typed: Typed) -> None:
    review = predictions(tmp_path / "of mine", bad=2)
    further = ("--unsigned",) if command == "plan" else ()
    status, said = typed(command, review, *further)
    assert status == 2
    (option,) = OPTION.findall(said)
    status, said = typed(command, review, *further, option)
    assert status == 0, said
    for line in advised(said):
        status, said = typed(*line)
        assert status == 0 or line[0] == "review", said


def test_what_init_says_next_is_done(tmp_path: Path, typed: Typed) -> None:
    predictions(tmp_path / "a", bad=0).unlink()
    status, said = typed("init", tmp_path / "a")
    assert status == 0
    (check,) = advised(said)
    status, said = typed(*check)
    assert status == 0, said


def test_the_kind_that_a_refusal_names_reads_the_file(tmp_path: Path, typed: Typed) -> None:
    files = [
        write_lines(tmp_path / f"{name}.jsonl", promptfoo_rows(classified(seed), name))
        for name, seed in (("base", 1), ("tuned", 2))
    ]
    status, said = typed("init", tmp_path / "review", "--from", "lm-eval", *files)
    assert status == 2
    (option,) = re.findall(r"^\s*(--from \w+)$", said, re.MULTILINE)
    status, said = typed("init", tmp_path / "review", *option.split(), *files)
    assert status == 0, said


def test_the_other_kind_that_a_guess_names_is_made(tmp_path: Path, typed: Typed) -> None:
    files = two_files(tmp_path / "files", missing=0)
    status, said = typed("init", tmp_path / "review", "--from", "lm-eval", *files)
    assert status == 0
    (option,) = OPTION.findall(said)
    status, said = typed("init", tmp_path / "other", "--from", "lm-eval", *files, *option.split())
    assert status == 0, said
    assert (tmp_path / "other" / "records.jsonl").exists()


def test_a_report_is_signed_by_the_command_that_export_names(tmp_path: Path, typed: Typed) -> None:
    review = predictions(tmp_path / "of mine", bad=0)
    assert typed("analyze", review)[0] == 0
    (store,) = review.parent.glob("*.review")
    status, said = typed("export", store, tmp_path / "my report", "--decision", "reject", "--reason", "bad")
    assert status == 0, said
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    (sign,) = advised(said)
    status, said = typed(*sign, "--key", key, "--yes")
    assert status == 0, said


def _parsers() -> dict[str, argparse.ArgumentParser]:
    (commands,) = (
        one for one in cli.command_parser()._actions if isinstance(one, argparse._SubParsersAction)
    )
    return dict(commands.choices)


def _texts() -> Iterator[tuple[str, str]]:
    """Every piece of text in the program that names a command, but for docstrings."""
    for path in SOURCES:
        tree = ast.parse(path.read_text("utf-8"))
        told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
                yield f"{path.name}:{node.lineno}", node.value


def test_every_command_and_option_that_is_named_anywhere_is_one() -> None:
    parsers = _parsers()
    known = {option for parser in parsers.values() for option in parser._option_string_actions}
    named = 0
    for where, text in _texts():
        for line in re.findall(r"`?\bassay ([a-z][a-z-]*(?: (?:--?[a-z-]+|[A-Z][A-Z_.a-z]*))*)", text):
            command, *rest = line.split()
            if command not in parsers:
                continue
            named += 1
            taken = parsers[command]._option_string_actions
            wrong = [one for one in rest if one.startswith("--") and one not in taken]
            assert not wrong, (where, line)
        if re.match(r"`assay ", text):
            assert text.split("`")[1].split()[1] in parsers, (where, text)
        for option in re.findall(r"(?<![\w-])--[a-z][a-z-]+", text) if "assay" in text else ():
            assert option in known, (where, option)
    assert named > 20


def test_extras_that_are_to_be_installed_are_those_of_the_package() -> None:
    import tomllib

    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text("utf-8"))["project"]
    named = [found for _, text in _texts() for found in re.findall(r"pip install '([\w-]+)\[(\w+)\]'", text)]
    assert named
    for name, extra in named:
        assert name == project["name"]
        assert extra in project["optional-dependencies"]
