"""Which way imports go, and what the console may not wait for; looked at in a process of its own."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HEAVY = {
    "torch",
    "transformers",
    "captum",
    "scipy",
    "sklearn",
    "tokenizers",
    "ray",
    "faiss",
    "umap",
    "openTSNE",
}
FACE = {"tui", "textual", "rich"}


def modules_after(statement: str) -> set[str]:
    """Top-level packages in `sys.modules` after a fresh interpreter ran the statement."""
    code = f"{statement}\nimport json, sys\nprint(json.dumps(sorted({{name.split('.')[0] for name in sys.modules}})))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    return set(json.loads(done.stdout.splitlines()[-1]))


def modules_of(package: str) -> list[str]:
    files = sorted((ROOT / package).rglob("*.py"))
    names = [".".join(file.relative_to(ROOT).with_suffix("").parts) for file in files]
    return [name.removesuffix(".__init__") for name in names]


def test_no_module_of_analysis_brings_in_the_console() -> None:
    brought = modules_after("\n".join(f"import {name}" for name in modules_of("analysis")))
    assert "analysis" in brought
    assert not brought & FACE


def test_no_module_of_analysis_names_the_console() -> None:
    for file in (ROOT / "analysis").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            assert not {name.split(".")[0] for name in names} & FACE, f"{file}:{node.lineno}"


def test_the_gates_of_every_track_need_no_schema_of_the_review_file() -> None:
    brought = modules_after("from analysis.review.gates import all_gates\nassert all_gates()")
    assert "analysis" in brought
    assert "pydantic" not in brought


@pytest.mark.parametrize(
    "module",
    [
        "analysis",
        "analysis.review.session",
        "analysis.review.gates",
        "analysis.plugin.registry",
        "tui.cli",
        "tui.console.app",
        "tui.commands.plain",
    ],
)
def test_opening_a_review_imports_no_model_code(module: str) -> None:
    assert not modules_after(f"import {module}") & HEAVY


def test_a_session_on_a_real_store_imports_no_model_code(tiny_review: Path) -> None:
    from analysis.run.pipeline import analyze

    store = analyze(tiny_review).store
    statement = (
        "from pathlib import Path\nfrom analysis.review.session import ReviewSession, Scope\n"
        f"with ReviewSession.open(Path({str(store)!r}), read_only=True) as session:\n"
        "    session.gates(), session.triggers(), session.status(), session.slices()\n"
        "    row = session.queue_page(Scope(), 0, 1)[0]\n"
        "    session.example(row.ref)\n"
    )
    assert not modules_after(statement) & HEAVY


def test_only_the_registry_names_the_tracks() -> None:
    names = {"intent", "retrieval", "response"}
    shared = [
        file
        for file in (ROOT / "analysis").rglob("*.py")
        if file.name != "tracks.py" and not set(file.relative_to(ROOT / "analysis").parts[:-1]) & names
    ]
    assert len(shared) > 15
    for file in shared:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Compare):
                constants = {
                    n.value
                    for n in ast.walk(node)
                    if isinstance(n, ast.Constant) and isinstance(n.value, str)
                }
                assert not constants & names, f"{file}:{node.lineno} decides by the name of a track"
