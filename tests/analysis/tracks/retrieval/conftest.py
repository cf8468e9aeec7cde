"""Fixtures of the retrieval track: tiny encoders, and a review of them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.analysis.tracks.retrieval.tiny import write_encoder, write_review


@pytest.fixture(scope="session")
def tiny_encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Sentence-Transformers folder: mean pooling, unit length."""
    return write_encoder(tmp_path_factory.mktemp("encoders") / "tiny")


@pytest.fixture(scope="session")
def moved_encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny encoder with other weights near its own."""
    return write_encoder(tmp_path_factory.mktemp("encoders") / "moved", noise=0.15)


@pytest.fixture
def tiny_retrieval_review(tmp_path: Path, tiny_encoder: Path, moved_encoder: Path) -> Path:
    """A review file with its data: 40 items, 12 probes, 10 pairs, two encoders."""
    shutil.copytree(tiny_encoder, tmp_path / "base")
    shutil.copytree(moved_encoder, tmp_path / "candidate")
    return write_review(tmp_path)
