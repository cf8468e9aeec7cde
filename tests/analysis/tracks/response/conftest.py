"""Fixtures of the response track: tiny generators, and a review of recorded responses."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.analysis.tracks.response.tiny import copy_models, write_adapter, write_generator, write_review


@pytest.fixture(scope="session")
def tiny_generator(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Llama of 32 dimensions with random weights and a byte-level tokenizer, without chat template."""
    return write_generator(tmp_path_factory.mktemp("generators") / "tiny")


@pytest.fixture(scope="session")
def tiny_gpt2(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same in the manner of GPT-2: tied embeddings, learned positions, transposed weights."""
    return write_generator(tmp_path_factory.mktemp("generators") / "gpt2", family="gpt2")


@pytest.fixture(scope="session")
def moved_generator(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny Llama with other weights near its own."""
    return write_generator(tmp_path_factory.mktemp("generators") / "moved", noise=0.05)


@pytest.fixture(scope="session")
def tiny_adapter(tmp_path_factory: pytest.TempPathFactory, tiny_generator: Path) -> Path:
    """A LoRA adapter over the tiny Llama."""
    return write_adapter(tiny_generator, tmp_path_factory.mktemp("generators") / "adapter")


@pytest.fixture
def tiny_response_review(tmp_path: Path) -> Path:
    """A review file with its data: 24 recorded pairs, catalogue of 6, policy, preferences; no models."""
    return write_review(tmp_path)


@pytest.fixture
def tiny_generated_review(tmp_path: Path, tiny_generator: Path, tiny_adapter: Path) -> Path:
    """The same prompts answered by the tiny Llama and its adapter."""
    copy_models(tmp_path, tiny_generator, tiny_adapter)
    return write_review(
        tmp_path,
        records=None,
        prompts="prompts.jsonl",
        base="base",
        candidate="candidate",
        preferences=None,
    )
