"""Digests of model folders: every byte counts, links are refused."""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path

import pytest

from analysis.base.errors import AssayError
from analysis.models.digest import file_digests, folder_digest, root_digest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "model"
    (made / "sub").mkdir(parents=True)
    (made / "config.json").write_bytes(b"{}")
    (made / "sub" / "weights").write_bytes(b"\x00" * 3_000_000)
    (made / ".hidden").write_bytes(b"h")
    return made


def test_every_file_is_listed_with_its_sha256(folder: Path) -> None:
    digests = file_digests(folder)
    assert list(digests) == [".hidden", "config.json", "sub/weights"]
    assert digests["config.json"] == hashlib.sha256(b"{}").hexdigest()
    assert digests["sub/weights"] == hashlib.sha256(b"\x00" * 3_000_000).hexdigest()


def test_the_folder_digest_sees_content_names_and_additions(folder: Path) -> None:
    seen = {folder_digest(folder)}
    assert folder_digest(folder) in seen
    (folder / "config.json").write_bytes(b"[]")
    seen.add(folder_digest(folder))
    (folder / "config.json").rename(folder / "config2.json")
    seen.add(folder_digest(folder))
    (folder / "added").write_bytes(b"")
    seen.add(folder_digest(folder))
    assert len(seen) == 4


def test_the_root_digest_is_what_stock_tools_compute(folder: Path) -> None:
    """In-toto's `dirHash`, by the command that its specification gives."""
    command = "find . -type f | cut -c3- | LC_ALL=C sort | xargs -r sha256sum | sha256sum | cut -f1 -d' '"
    (folder / "Z").write_bytes(b"capitals come first")
    (folder / "\u00e9").write_bytes(b"bytes decide the order")
    done = subprocess.run(["sh", "-c", command], cwd=folder, capture_output=True, text=True, check=True)
    assert root_digest(file_digests(folder)) == done.stdout.strip()


def test_a_name_that_looks_like_two_lines_is_another_folder() -> None:
    one, two = "0" * 64, "1" * 64
    assert root_digest({f"a\n{two}  b": one}) != root_digest({"a": one, "b": two})
    assert root_digest({"a\nb": one}) != root_digest({"a\\nb": one})


@pytest.mark.parametrize("target", ["config.json", "sub", "nowhere"])
def test_links_are_refused(folder: Path, target: str) -> None:
    (folder / "link").symlink_to(target)
    with pytest.raises(AssayError, match="is a link") as caught:
        file_digests(folder)
    assert caught.value.where == str(folder / "link")


def test_one_file_is_a_folder_with_that_file_alone(folder: Path) -> None:
    assert file_digests(folder / "config.json") == {"config.json": hashlib.sha256(b"{}").hexdigest()}


def test_pipes_empty_folders_and_nothing_are_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(AssayError, match="is not a model folder"):
        file_digests(folder / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(AssayError, match="is an empty folder"):
        file_digests(tmp_path / "empty")
    os.mkfifo(folder / "pipe")
    with pytest.raises(AssayError, match="neither a file nor a folder"):
        file_digests(folder)
