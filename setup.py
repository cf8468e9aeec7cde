"""What `pyproject.toml` cannot say of a build: the sample goes into the wheel, and a tag names its version."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent
LEFT_OUT = ("*.py", "__pycache__", "banks", "*.review", "*.log")
"""What the sample was made with, and what may lie in its folder after an analysis."""


def refuse_other_tags(root: Path, version: str) -> None:
    """Raise SystemExit where the commit in `root` is tagged `vX.Y.Z` and this is not the version X.Y.Z."""
    if not (root / ".git").exists() or shutil.which("git") is None:
        return
    command = ["git", "-C", str(root), "tag", "--points-at", "HEAD", "--list", "v[0-9]*"]
    tags = subprocess.run(command, capture_output=True, text=True, check=False).stdout.split()
    if tags and f"v{version}" not in tags:
        raise SystemExit(
            f"this commit is tagged {', '.join(tags)}, and pyproject.toml says version {version}: "
            "write the version of the tag there, and tag that commit"
        )


class BuildWithSample(build_py):
    """`sample_data` of the repository is `tui/sample` of the wheel, so that it needs no name of its own there."""

    def run(self) -> None:
        super().run()
        if not self.editable_mode:
            refuse_other_tags(ROOT, self.distribution.get_version())
            target = Path(self.build_lib) / "tui" / "sample"
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(ROOT / "sample_data", target, ignore=shutil.ignore_patterns(*LEFT_OUT))


if __name__ == "__main__":
    setup(cmdclass={"build_py": BuildWithSample})
