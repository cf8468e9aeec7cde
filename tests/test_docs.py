"""The documents are true: every command in them exists, and what is generated is what the code says."""

from __future__ import annotations

import hashlib
import re
import shlex
from pathlib import Path

import pytest

from analysis.plugin.registry import track_names
from analysis.report.stock_commands import verify_script
from analysis.review.evaluate import gates_of
from tui.cli import command_parser
from tui.plugin.key_table import markdown_table

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
COMMANDS = [
    line.strip().split("  #")[0].strip() for line in README.splitlines() if line.startswith("    assay ")
]


def test_the_readme_names_its_commands() -> None:
    assert len(COMMANDS) >= 10
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for target in re.findall(r"^    make (\w+)$", README, re.MULTILINE):
        assert f"\n{target}:" in makefile


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_of_the_readme_is_one(command: str) -> None:
    arguments = command_parser().parse_args(shlex.split(command)[1:])
    assert callable(arguments.command)


def test_every_command_is_in_the_readme() -> None:
    help_text = command_parser().format_help()
    known = re.findall(r"^    (\w+) ", help_text, re.MULTILINE)
    assert len(known) >= 15
    for name in known:
        assert f"assay {name}" in README or name == "demo", name


def test_the_script_that_verifies_is_the_one_that_is_documented() -> None:
    digest = hashlib.sha256(verify_script().encode()).hexdigest()
    assert f"`{digest}`" in (ROOT / "docs" / "trust.md").read_text("utf-8"), digest


def test_the_keys_are_those_of_the_action_table() -> None:
    assert markdown_table().strip() in (ROOT / "docs" / "keys.md").read_text("utf-8")


def test_every_gate_and_threshold_is_explained() -> None:
    text = (ROOT / "docs" / "review-file.md").read_text("utf-8")
    for gate in gates_of(track_names()):
        assert f"`{gate.name}` | {gate.protects}" in text
        for name, threshold in gate.thresholds.items():
            assert f"`{name}` {threshold.default:g}: {threshold.meaning}" in text


def test_what_a_gate_needs_is_said_in_plain_words() -> None:
    """The first page of a report tells it to whoever decides: no word of statistics, and a name for each key."""
    silent = {"intent.drift", "intent.explanations", "response.length", "review.coverage", "review.reviewers"}
    silent |= {"review.reuse"}
    for gate in gates_of(track_names()):
        said = gate.needs_of("escalation/titles")
        if gate.name in silent:
            assert said == "", "it never fails"
        elif gate.name != "response.behaviour":
            assert said, gate.name
        assert not re.search(r"[{}±%]|p\(|lift|bound|interval|margin|metric", said), said


def test_links_lead_somewhere() -> None:
    for path in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / path).exists(), path
