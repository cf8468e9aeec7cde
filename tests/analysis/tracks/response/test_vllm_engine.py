"""Answers by vLLM's recorded interface: those of Transformers, and refused where they are not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from analysis.base.errors import AssayError
from analysis.base.problems import Problem
from analysis.models.generation import Answer
from analysis.models.generator import GeneratorPair
from analysis.models.vllm_engine import NEAR, TESTED_PROMPTS, difference, refusals
from analysis.tracks.response.generate import SAMPLES, answer, sample_seed
from analysis.tracks.response.preflight import check_engine
from analysis.tracks.response.settings import ResponseSettings
from tests.analysis.models.recorded_vllm import install
from tests.analysis.tracks.response.tiny import prompts

PROMPTS = [row["prompt"] for row in prompts()[: TESTED_PROMPTS + 2]]


@pytest.fixture
def pair(tiny_generator: Path, tiny_adapter: Path) -> GeneratorPair:
    return GeneratorPair({"base": tiny_generator, "candidate": tiny_adapter}, "cpu")


def test_base_and_adapter_answer_in_two_passes_of_one_engine_as_transformers_does(
    pair: GeneratorPair, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded = install(monkeypatch)
    seeds = [sample_seed(0, prompt, number) for prompt in PROMPTS for number in range(SAMPLES)]
    for side in ("base", "candidate"):
        likeliest, drawn = pair.vllm.answer(side, PROMPTS, seeds)
        right, right_drawn = answer(pair.generator(side), PROMPTS, seeds)
        assert [(one.text, one.ids, one.ended) for one in likeliest] == [
            (one.text, one.ids, one.ended) for one in right
        ]
        assert all(difference(mine, other) == "" for mine, other in zip(right, likeliest, strict=True))
        assert [one.text for one in drawn] == [one.text for one in right_drawn]
    (engine,) = recorded.started
    # The test, the likeliest answers, the samples: of each side.
    assert engine.passes == [None] * 3 + ["candidate"] * 3


def test_an_engine_that_answers_otherwise_is_not_believed(
    pair: GeneratorPair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(install(monkeypatch), "wrong", -2 * NEAR)
    with pytest.raises(AssayError, match="does not answer as Transformers does: of the answer to prompt 1"):
        pair.vllm.answer("base", PROMPTS, [])


def test_what_makes_two_answers_different() -> None:
    one = Answer((5, 6, 7), (-0.1, -0.7, -0.2), "a b c", "stop")
    assert difference(one, one) == ""
    assert "token 2" in difference(one, replace(one, logps=(-0.1, -0.9, -0.2)))
    # A near tie may be decided either way, and what follows follows from it.
    assert difference(one, replace(one, ids=(5, 9, 1), logps=(-0.1, -0.72, -3.0))) == ""
    assert "2 tokens" in difference(one, replace(one, ids=(5, 6), logps=(-0.1, -0.7)))
    assert "3 tokens" in difference(one, replace(one, ended="length"))


def test_what_vllm_cannot_do_is_said_before_any_model_runs(pair: GeneratorPair, tmp_path: Path) -> None:
    head = pair.heads["base"]
    odd = replace(head, settings=replace(head.settings, no_repeat_ngram_size=3, typical_p=0.9), adapter="IA3")
    assert refusals(head) == []
    assert refusals(odd) == ["no_repeat_ngram_size", "typical_p", "adapters of type IA3"]
    (tmp_path / "prompts.jsonl").write_text('{"prompt": "hello"}\n', "utf-8")
    folders = {name: str(folder) for name, folder in pair.folders.items()}
    settings = ResponseSettings.model_validate(
        {**folders, "prompts": str(tmp_path / "prompts.jsonl"), "engine": "vllm"}
    )
    problems: list[Problem] = []
    assert check_engine(pair, settings, problems)[0].startswith("engine    vLLM")
    assert [one.message for one in problems] == ["vLLM is not installed"]
    with pytest.raises(AssayError, match="vLLM is not installed"):
        pair.vllm.answer("base", PROMPTS, [])
    with pytest.raises(AssayError, match="first device that it sees"):
        GeneratorPair(pair.folders, "cuda:1").vllm.answer("base", PROMPTS, [])
