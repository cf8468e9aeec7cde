"""No text reaches a widget but through `tui.draw.lines` and `tui.draw.safe_text`: checked on the source itself."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2] / "tui"
FILES = sorted(path for path in ROOT.rglob("*.py"))
TAKES_TEXT = {
    "Static",
    "Label",
    "Markdown",
    "RichLog",
    "OptionList",
    "DataTable",
    "Option",
    "Button",
    "Log",
    "notify",
    "bell",
    "set_title",
    "from_markup",
    "Text",
}
"""Widgets and calls that read markup in a string, or pass it to the terminal as it is."""
SAFE_CALLS = {"safe", "printable", "fit"}
PIECES_ALLOWED = {"lines.py", "token_view.py"}
"""Files that may make a `Piece` themselves: the first cleans it, the second cuts what is clean already."""


def name_of(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def is_safe(node: ast.expr) -> bool:
    if isinstance(node, ast.Constant):
        return True
    return isinstance(node, ast.Call) and name_of(node.func) in SAFE_CALLS


def offences(source: str) -> list[int]:
    """Lines on which something unclean is handed to a widget or to the terminal."""
    found: list[int] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and name_of(node.func) in TAKES_TEXT:
            given = [
                *node.args,
                *(keyword.value for keyword in node.keywords if keyword.arg in ("message", "title")),
            ]
            if not all(is_safe(argument) for argument in given):
                found.append(node.lineno)
        if isinstance(node, ast.Assign):
            names = [target.attr for target in node.targets if isinstance(target, ast.Attribute)]
            if {"title", "sub_title", "border_title", "border_subtitle", "tooltip"} & set(
                names
            ) and not is_safe(node.value):
                found.append(node.lineno)
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_unclean_is_handed_to_a_widget(path: Path) -> None:
    assert offences(path.read_text("utf-8")) == []


@pytest.mark.parametrize(
    "source",
    [
        "Static(f'{text}')",
        "self.notify(error.message)",
        "Label(row.text, markup=False)",
        "self.border_title = example.id",
        "Text(example.text)",
        "self.app.notify('x', title=name)",
    ],
)
def test_the_check_finds_what_it_is_for(source: str) -> None:
    assert offences(source) == [1]


@pytest.mark.parametrize("source", ["Static(safe(text))", "notify('saved')", "self.title = 'assay'"])
def test_the_check_lets_clean_text_through(source: str) -> None:
    assert offences(source) == []


def test_pieces_and_segments_are_made_where_they_are_cleaned() -> None:
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and name_of(node.func) == "Piece":
                assert path.name in PIECES_ALLOWED, f"{path}:{node.lineno}"


def test_no_markup_reader_is_imported() -> None:
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module in (
                "textual.widgets",
                "rich.text",
                "rich.markup",
            ):
                assert {alias.name for alias in node.names} <= {"Input"}, f"{path}:{node.lineno}"
