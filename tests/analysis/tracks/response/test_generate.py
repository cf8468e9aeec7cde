"""Answers agree with Transformers called directly, do not depend on their batch, and share their noise."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
import torch

from analysis.base.records import SIDES
from analysis.models.generation import LoadedGenerator, generate_answers
from analysis.models.generator import GeneratorPair
from analysis.plugin.registry import registered
from analysis.run.pipeline import analyze
from analysis.tracks.response.generate import SAMPLES, answer, sample_seed
from tests.analysis.tracks.response.tiny import (
    prompts,
    write_adapter,
    write_generator,
    write_review,
)
from tests.analysis.tracks.response.whole import ANSWERS, SomeSteps

PROMPTS = [row["prompt"] for row in prompts()[:10]]


def pair(base: Path, candidate: Path | None = None) -> GeneratorPair:
    return GeneratorPair({"base": base, "candidate": candidate or base}, "cpu")


def directly(folder: Path, adapter: Path | None = None) -> Any:
    """The model as Transformers and PEFT load it themselves."""
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    return model if adapter is None else PeftModel.from_pretrained(model, adapter)


def assert_agrees(generator: LoadedGenerator, model: Any) -> Counter[str]:
    """Greedy tokens and log-probabilities, each prompt alone; returns how the answers ended."""
    ids = [generator.prompt_ids(prompt) for prompt in PROMPTS]
    answers = generate_answers(generator, ids)
    for row, found in zip(ids, answers, strict=True):
        out = model.generate(
            input_ids=torch.tensor([row]),
            attention_mask=torch.ones(1, len(row), dtype=torch.long),
            do_sample=False,
            output_scores=True,
            return_dict_in_generate=True,
        )
        written = out.sequences[0, len(row) :].tolist()
        scores = model.compute_transition_scores(out.sequences, out.scores, normalize_logits=True)[0].numpy()
        assert list(found.ids) == [token for token in written if token != 1]
        assert np.allclose(found.logps, scores[: len(found.ids)], atol=1e-4)
        assert (found.ended == "stop") == (written[-1] == 1)
    return Counter(found.ended for found in answers)


@pytest.mark.parametrize("family", ["llama", "gpt2"])
def test_greedy_answers_agree_with_transformers(
    family: str, tiny_generator: Path, tiny_gpt2: Path, tmp_path: Path
) -> None:
    base = {"llama": tiny_generator, "gpt2": tiny_gpt2}[family]
    adapter = write_adapter(base, tmp_path / "adapter", family)
    both = pair(base, adapter)
    assert_agrees(both.generator("base"), directly(base))
    assert_agrees(both.generator("candidate"), directly(base, adapter))
    assert_agrees(both.generator("base"), directly(base))


def test_an_adapter_with_an_output_layer_of_its_own_agrees_too(tiny_gpt2: Path, tmp_path: Path) -> None:
    """The base ties its output layer to its embeddings and does not save it."""
    adapter = write_adapter(tiny_gpt2, tmp_path / "adapter", "gpt2", modules_to_save=["lm_head"])
    both = pair(tiny_gpt2, adapter)
    assert_agrees(both.generator("candidate"), directly(tiny_gpt2, adapter))
    assert_agrees(both.generator("base"), directly(tiny_gpt2))


def test_settings_of_the_folder_are_kept(tmp_path: Path) -> None:
    folder = write_generator(
        tmp_path / "model",
        repetition_penalty=1.7,
        no_repeat_ngram_size=2,
        suppress_tokens=[5, 6],
        max_new_tokens=20,
    )
    ended = assert_agrees(pair(folder).generator("base"), directly(folder))
    assert sum(ended.values()) == len(PROMPTS)


def test_answers_that_end_are_told_from_those_that_are_cut(tmp_path: Path) -> None:
    folder = write_generator(tmp_path / "model", eos_token_id=[1, 100, 101, 102, 103, 104, 105, 106, 107])
    generator = pair(folder).generator("base")
    answers = generate_answers(generator, [generator.prompt_ids(prompt) for prompt in PROMPTS])
    ends = set(generator.head.settings.ends)
    for found in answers:
        assert not ends & set(found.ids)
        assert len(found.ids) == 12 or found.ended == "stop"
        assert len(found.logps) == len(found.ids)


def test_an_adapter_shares_the_weights_of_the_base(tiny_generator: Path, tiny_adapter: Path) -> None:
    both = pair(tiny_generator, tiny_adapter)
    base, candidate = (both.generator(side).model for side in ("base", "candidate"))
    shared = {parameter.data_ptr() for parameter in base.parameters()}
    own = [name for name, parameter in candidate.named_parameters() if parameter.data_ptr() not in shared]
    assert own
    assert all("lora_" in name for name in own)
    assert both.heads["candidate"].adapter == "LORA"
    assert both.tokenizers_equal


def test_a_sample_depends_on_its_seed_and_on_nothing_else(tiny_generator: Path) -> None:
    both = pair(tiny_generator)
    ids = [both.generator("base").prompt_ids(prompt) for prompt in PROMPTS]
    seeds = [sample_seed(0, prompt, 0) for prompt in PROMPTS]
    together = generate_answers(both.generator("base"), ids, seeds)
    other_side = generate_answers(both.generator("candidate"), ids, seeds)
    alone = [
        generate_answers(both.generator("base"), [row], [seed])[0]
        for row, seed in zip(ids, seeds, strict=True)
    ]
    assert [one.ids for one in together] == [one.ids for one in other_side] == [one.ids for one in alone]
    others = generate_answers(both.generator("base"), ids, [sample_seed(1, prompt, 0) for prompt in PROMPTS])
    assert [one.ids for one in others] != [one.ids for one in together]


def test_samples_follow_the_distribution_that_transformers_samples_from(tmp_path: Path) -> None:
    folder = write_generator(
        tmp_path / "model", max_new_tokens=1, temperature=1.5, top_k=20, top_p=0.8, do_sample=True
    )
    generator = pair(folder).generator("base")
    row = generator.prompt_ids(PROMPTS[0])
    out = directly(folder).generate(
        input_ids=torch.tensor([row]),
        attention_mask=torch.ones(1, len(row), dtype=torch.long),
        output_scores=True,
        return_dict_in_generate=True,
    )
    wanted = torch.softmax(out.scores[0][0], dim=-1).numpy()
    draws = 4000
    answers = generate_answers(generator, [row] * draws, list(range(draws)))
    counts = Counter(one.ids[0] if one.ids else 1 for one in answers)
    assert set(counts) <= set(np.flatnonzero(wanted).tolist())
    for token in np.flatnonzero(wanted > 0.01).tolist():
        error = (wanted[token] * (1 - wanted[token]) / draws) ** 0.5
        assert abs(counts[token] / draws - wanted[token]) < 5 * error
    for one in answers[:50]:
        if one.ids:
            assert one.logps[0] == pytest.approx(float(np.log(wanted[one.ids[0]])), abs=1e-4)


def test_the_same_seed_draws_the_same_token_as_often_as_the_models_allow(tmp_path: Path) -> None:
    """With Gumbel noise in common, two distributions agree with probability of at least (1 - TV) / (1 + TV)."""
    both = pair(
        *(
            write_generator(tmp_path / str(noise), noise=noise, max_new_tokens=1, top_k=0, do_sample=True)
            for noise in (0.0, 0.03)
        )
    )
    row = both.generator("base").prompt_ids(PROMPTS[0])
    draws = 2000
    drawn, chances = [], []
    for side in SIDES:
        model: Any = both.generator(side).model
        chances.append(torch.softmax(model(torch.tensor([row])).logits[0, -1], dim=-1).numpy())
        drawn.append(
            [one.ids for one in generate_answers(both.generator(side), [row] * draws, list(range(draws)))]
        )
    variation = float(np.abs(chances[0] - chances[1]).sum()) / 2
    bound = (1 - variation) / (1 + variation)
    same = sum(one == other for one, other in zip(*drawn, strict=True)) / draws
    assert 0.02 < variation < 0.9
    assert same > bound - 5 * (bound * (1 - bound) / draws) ** 0.5
    assert same < 1


def test_a_prompt_that_fills_the_context_is_answered_with_nothing(tmp_path: Path) -> None:
    folder = write_generator(tmp_path / "model", family="gpt2", positions=40)
    generator = pair(folder).generator("base")
    ids = [generator.prompt_ids("x" * count) for count in (60, 40, 36, 5)]
    assert [len(row) for row in ids] == [60, 40, 36, 5]
    answers = generate_answers(generator, ids)
    assert [one.ended for one in answers[:2]] == ["length", "length"]
    assert [one.text for one in answers[:2]] == ["", ""]
    assert len(answers[2].ids) == 4 or answers[2].ended == "stop"
    assert 0 < len(answers[3].ids) <= 12


def test_other_scripts_and_emoji_are_answered(tiny_generator: Path) -> None:
    generator = pair(tiny_generator).generator("base")
    greedy, samples = answer(generator, ["モンスターのような漫画 🙂", "كتاب"], [1, 2, 3, 4])
    assert (len(greedy), len(samples)) == (2, 4)
    assert all(one.text.encode("utf-8") for one in [*greedy, *samples] if one.ids)


def test_a_run_answers_every_prompt_on_both_sides(tiny_generated_review: Path) -> None:
    with registered(SomeSteps(ANSWERS)):
        published = analyze(tiny_generated_review)
        seen: list[Any] = []
        again = tiny_generated_review.read_text("utf-8").replace("budget = 10", "budget = 9")
        tiny_generated_review.write_text(again, "utf-8")
        other = analyze(tiny_generated_review, on_progress=seen.append)
    assert other.run != published.run
    assert seen[0].stage == "response.generate"
    assert (seen[0].cached, seen[0].total) == (24, 24)
    with duckdb.connect(published.store / "runs" / published.run / "evidence.duckdb", read_only=True) as run:
        sides = run.execute(
            "SELECT side, count(*), count(DISTINCT ref), min(tokens) >= 0, max(tokens) <= 12, max(logp) <= 0 "
            "FROM response_side GROUP BY side ORDER BY side"
        ).fetchall()
        samples = run.execute(
            "SELECT count(*), count(DISTINCT number), count(DISTINCT (ref, seed)) FROM response_sample"
        ).fetchone()
        metrics = run.execute(
            "SELECT name, side, value, n, method FROM metric WHERE name LIKE 'answers_%' ORDER BY ALL"
        ).fetchall()
        cut = run.execute(
            "SELECT avg((ended = 'length')::INT) FROM response_side WHERE side = 'base'"
        ).fetchone()
    assert sides == [(side, 24, 24, True, True, True) for side in ("base", "candidate")]
    assert samples == (24 * 2 * SAMPLES, SAMPLES, 24 * SAMPLES)
    assert [(name, side, n) for name, side, _, n, _ in metrics] == [
        (name, side, 24)
        for name in ("answers_cut", "answers_empty", "answers_missing")
        for side in ("base", "candidate")
    ]
    assert cut == (metrics[0][2],)
    assert '"max_new_tokens": 12' in metrics[0][4]
    assert '"top_k": 50' in metrics[0][4]


def test_base_against_base_gives_the_same_answers(tmp_path: Path, tiny_generator: Path) -> None:
    path = write_review(
        tmp_path,
        records=None,
        prompts="prompts.jsonl",
        base=str(tiny_generator),
        candidate=str(tiny_generator),
        preferences=None,
    )
    with registered(SomeSteps(ANSWERS)):
        published = analyze(path)
    with duckdb.connect(published.store / "runs" / published.run / "evidence.duckdb", read_only=True) as run:
        for table, key in (("response_side", "ref"), ("response_sample", "ref, number")):
            row = run.execute(
                f"SELECT count(*) FILTER (b.text <> c.text), count(*) FROM {table} b JOIN {table} c USING ({key}) "
                "WHERE b.side = 'base' AND c.side = 'candidate'"
            ).fetchone()
            assert row == (0, 24 if table == "response_side" else 24 * SAMPLES)
