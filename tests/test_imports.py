"""What import-linter cannot hold: what a process really loads, circles among modules, and names instead of imports."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from analysis.plugin import registry

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


def modules_after(statement: str) -> set[str]:
    """Names in `sys.modules` after a fresh interpreter ran the statement."""
    code = f"{statement}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    return set(json.loads(done.stdout.splitlines()[-1]))


def packages_of(modules: set[str]) -> set[str]:
    return {name.partition(".")[0] for name in modules}


def sources() -> dict[str, Path]:
    """Every module of the program by its name."""
    files = [file for top in ("analysis", "tui") for file in (ROOT / top).rglob("*.py")]
    names = [".".join(file.relative_to(ROOT).with_suffix("").parts) for file in files]
    return {name.removesuffix(".__init__"): file for name, file in zip(names, files, strict=True)}


def imported(tree: ast.Module) -> Iterator[str]:
    """Every dotted name that a module imports, at its top, in a function or for its types alone."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def import_graph() -> dict[str, set[str]]:
    """The modules that each module imports. A package is no import of what lies in it."""
    modules = sources()
    graph: dict[str, set[str]] = {}
    for name, file in modules.items():
        graph[name] = set()
        for target in imported(ast.parse(file.read_text("utf-8"))):
            module = target if target in modules else target.rpartition(".")[0]
            if module in modules and not f"{name}.".startswith(f"{module}."):
                graph[name].add(module)
    return graph


def test_no_circle_among_modules() -> None:
    graph = import_graph()
    assert len(graph) > 300
    try:
        order = list(TopologicalSorter(graph).static_order())
    except CycleError as circle:
        pytest.fail(" -> ".join(reversed(circle.args[1])))
    assert set(order) == set(graph)


def test_a_circle_would_be_found() -> None:
    graph = import_graph()
    graph["analysis.base.records"].add("analysis.run.pipeline")
    with pytest.raises(CycleError):
        TopologicalSorter(graph).prepare()


NAMES_OF_OTHER_THINGS = {
    # A column of labels is often called so; the demo copies the folders of the sample; promptfoo calls an answer so.
    "analysis/plugin/init/columns.py": {"intent"},
    "analysis/init/results/promptfoo.py": {"response"},
    "tui/commands/demo.py": {"intent", "retrieval", "response"},
}


def named_tracks(file: Path) -> set[str]:
    """The tracks that strings of a file name: alone, or at the head of a gate, ref, table, section or module."""
    names = "|".join(map(re.escape, registry._built_in()))
    pattern = re.compile(rf"^\[?({names})([.\[/_\]].*)?$|\b(?:analysis|tui)\.tracks\.({names})\b", re.DOTALL)
    found = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            match = pattern.search(node.value)
            if match:
                found.add(match.group(1) or match.group(3))
    return found


def test_nobody_but_a_track_names_a_track() -> None:
    frame = [
        file
        for file in sources().values()
        if not file.is_relative_to(ROOT / "analysis" / "tracks")
        and not file.is_relative_to(ROOT / "tui" / "tracks")
    ]
    assert len(frame) > 100
    named = {file.relative_to(ROOT).as_posix(): found for file in frame if (found := named_tracks(file))}
    assert named == NAMES_OF_OTHER_THINGS


def test_a_track_that_is_named_would_be_found(tmp_path: Path) -> None:
    file = tmp_path / "module.py"
    for line in ("x == 'intent'", "'intent.accuracy'", "'response_side'", "'tui.tracks.intent.view:View'"):
        file.write_text(line, "utf-8")
        assert named_tracks(file), line
    file.write_text("'what was the intent of this'", "utf-8")
    assert not named_tracks(file)


def test_the_gates_of_every_track_need_no_schema_of_the_review_file() -> None:
    brought = modules_after(
        "from analysis.plugin.registry import track_names\nfrom analysis.review.evaluate import gates_of\n"
        "assert gates_of(track_names())"
    )
    assert "analysis" in packages_of(brought)
    assert "pydantic" not in packages_of(brought)


@pytest.mark.parametrize(
    "module",
    [
        "analysis",
        "analysis.review.session",
        "analysis.review.evaluate",
        "analysis.plugin.registry",
        "tui.cli",
        "tui.console.app",
        "tui.commands.plain",
    ],
)
def test_opening_a_review_imports_no_model_code(module: str) -> None:
    assert not packages_of(modules_after(f"import {module}")) & HEAVY


def test_a_review_opens_without_model_code_and_without_any_other_track(tiny_store: Path) -> None:
    brought = modules_after(
        "from pathlib import Path\nfrom analysis.review.session import ReviewSession, Scope\n"
        f"with ReviewSession.open(Path({str(tiny_store)!r}), read_only=True) as session:\n"
        "    session.gates(), session.triggers(), session.status(), session.slices()\n"
        "    row = session.queue_page(Scope(), 0, 1)[0]\n"
        "    session.example(row.ref)\n"
        "    from tui.console.app import AssayApp\n"
        "    from tui.draw.theme import Colours\n"
        "    AssayApp(session, Colours())\n"
    )
    assert not packages_of(brought) & HEAVY
    tracks = {name.split(".")[2] for name in brought if name.startswith(("analysis.tracks.", "tui.tracks."))}
    assert tracks == {"intent"}


def drawn_rows(page: str, top: str) -> list[set[str]]:
    """The folders of each row under `analysis/` or `tui/` in the drawing, from the top."""
    lines = page.partition(f"\n    {top}/\n")[2].partition("\n\n")[0].splitlines()
    return [set(re.findall(r"[a-z]+", line[:46].replace("/*", ""))) for line in lines]


@pytest.mark.parametrize("top", ["analysis", "tui"])
def test_the_drawing_of_the_house_is_what_lint_holds(top: str) -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    layers = next(one["layers"] for one in contracts if one["id"] == f"{top}-floors")
    page = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    assert drawn_rows(page, top) == [set(layer.split(" | ")) for layer in layers]


def test_what_the_page_on_the_house_names_is_there() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    named = set(re.findall(r"`((?:analysis|tui|tests|docs)[./][\w./]+)`", page))
    assert len(named) > 20
    for name in named:
        path = ROOT / (name if "/" in name else name.replace(".", "/"))
        assert path.exists() or path.with_suffix(".py").exists(), name
