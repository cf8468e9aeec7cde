"""What is installed is the program, whole: a wheel, built offline, unpacked elsewhere and run from there."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from tests.conftest import shared_folder
from tui.commands import own_command

ROOT = Path(__file__).parents[1]
SOURCES = ("analysis", "tui", "sample_data", "pyproject.toml", "setup.py", "MANIFEST.in", "README.md")

needs_backend = pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in ("setuptools", "pip")),
    reason="needs pip and setuptools, which builds the wheel",
)


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


@pytest.fixture(scope="session")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The content of the wheel, as an installation has it."""
    folder = shared_folder(tmp_path_factory) / "wheel"
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            made = tmp_path_factory.mktemp("source")
            for name in SOURCES:
                source = ROOT / name
                if source.is_dir():
                    ignored = shutil.ignore_patterns("__pycache__", "*.review", "assay-demo")
                    shutil.copytree(source, made / name, ignore=ignored)
                else:
                    shutil.copyfile(source, made / name)
            command = ("wheel", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", "dist", ".")
            done = subprocess.run(
                [sys.executable, "-m", "pip", *command], cwd=made, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stdout + done.stderr
            (wheel,) = (made / "dist").glob("*.whl")
            with zipfile.ZipFile(wheel) as archive:
                archive.extractall(folder)
            shutil.rmtree(made)
    return folder


def installed(folder: Path, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run `assay ARGUMENTS` from an unpacked wheel, in a folder that has nothing to do with the repository."""
    return subprocess.run(
        [sys.executable, "-m", "tui.cli", *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(folder)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


@needs_backend
def test_a_wheel_holds_the_program_and_its_sample_and_no_other_name(unpacked: Path, tmp_path: Path) -> None:
    tops = {path.name for path in unpacked.iterdir()}
    metadata = f"assay_review-{project()['version']}.dist-info"
    assert tops == {"analysis", "tui", metadata}
    for top in ("analysis", "tui"):
        wanted = {
            path.relative_to(ROOT)
            for path in (ROOT / top).rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        }
        missing = [str(path) for path in sorted(wanted) if not (unpacked / path).is_file()]
        assert missing == [], "in the repository and not in the wheel"
    sample = unpacked / "tui" / "sample"
    assert not list(sample.rglob("*.py"))
    assert sum(path.stat().st_size for path in sample.rglob("*")) < 15 << 20
    points = (unpacked / metadata / "entry_points.txt").read_text("utf-8")
    assert "assay = tui.cli:entry" in points
    assert "assay-review = tui.cli:entry" in points
    # One process, since each imports torch anew: where it runs from, the sample, and a review of it.
    code = (
        "from pathlib import Path; import analysis, tui\n"
        "from tui.cli import main; from tui.commands.demo import _copy, sample_folder\n"
        "print(analysis.__file__, sample_folder())\n"
        "_copy(sample_folder(), Path('demo'))\n"
        "main(['doctor']); raise SystemExit(main(['status', 'demo']))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(unpacked)},
        capture_output=True,
        text=True,
        check=False,
    )
    # The sample is there, and no store: a mistake of the user, in words.
    assert done.returncode == 2, done.stderr
    assert "is not a review's store" in done.stderr
    first, second, *_ = done.stdout.splitlines()
    assert first == f"{unpacked}/analysis/__init__.py {sample}"
    assert second.startswith("command ")
    assert "signing " in done.stdout
    assert (tmp_path / "demo" / "review-rc1.toml").is_file()
    assert (tmp_path / "demo" / "models" / "intent-v3").is_dir()


@pytest.mark.soak
@needs_backend
def test_the_demo_runs_from_the_wheel(unpacked: Path, tmp_path: Path) -> None:
    done = installed(unpacked, "demo", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "BLOCKED: do not promote" in done.stdout
    assert len(list((tmp_path / "assay-demo").glob("*.review"))) == 2


def test_a_release_is_the_version_of_its_tag(tmp_path: Path) -> None:
    assert f"## {project()['version']}" in (ROOT / "CHANGELOG.md").read_text("utf-8")
    repository = tmp_path / "repository"
    repository.mkdir()
    identity = ("-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false")
    for arguments in (
        ("init", "-q"),
        (*identity, "commit", "-q", "--allow-empty", "-m", "one"),
        ("tag", "v1.2.3"),
        ("tag", "other"),
    ):
        subprocess.run(["git", *arguments], cwd=repository, check=True)
    # In a process of its own, since setuptools puts itself in the place of distutils.
    code = (
        "import runpy, sys; from pathlib import Path\n"
        "refuse = runpy.run_path(sys.argv[1])['refuse_other_tags']\n"
        "for folder, version in zip(sys.argv[2::2], sys.argv[3::2]):\n"
        "    refuse(Path(folder), version); print(version)\n"
    )
    cases = (ROOT, project()["version"], tmp_path, "1.2.4", repository, "1.2.3", repository, "1.2.4")
    done = subprocess.run(
        [sys.executable, "-c", code, str(ROOT / "setup.py"), *map(str, cases)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split() == [project()["version"], "1.2.4", "1.2.3"]
    assert "tagged v1.2.3, and pyproject.toml says version 1.2.4" in done.stderr
    assert done.returncode == 1


def test_another_assay_on_the_path_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours, other = tmp_path / "ours", tmp_path / "other"
    for folder in (ours, other):
        folder.mkdir()
        (folder / "assay").write_text("#!/bin/sh\n", "utf-8")
        (folder / "assay").chmod(0o755)
    monkeypatch.setattr(own_command.sys, "argv", [str(ours / "assay-review")])

    def told(*path: Path) -> str:
        monkeypatch.setenv("PATH", os.pathsep.join(map(str, path)))
        return own_command.command_fact()

    assert told(ours) == str(ours / "assay")
    assert told(ours, other) == f"{ours}/assay; behind it on the PATH, another program: {other}/assay"
    clash = told(other, ours)
    assert clash.startswith(f"{other}/assay is another program and comes first on the PATH")
    assert f"call assay-review, or {ours}/assay" in clash
    assert told(other) == f"{ours}/assay, which is not on the PATH; {other}/assay is another program"
    # A link to it, as pipx makes one, is no other program.
    linked = tmp_path / "bin"
    linked.mkdir()
    (linked / "assay").symlink_to(ours / "assay")
    assert told(linked, ours) == str(linked / "assay")
    (ours / "assay").chmod(0o644)
    assert told(ours) == f"{ours}/assay, which is not on the PATH"
