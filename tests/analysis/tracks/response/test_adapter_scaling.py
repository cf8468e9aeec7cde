"""Answers of an adapter scaled between nothing and more than itself."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from analysis.base.records import SIDES, Side
from analysis.models.adapter import ADAPTER_CONFIG
from analysis.models.generation import generate_answers
from analysis.models.generator import GeneratorPair
from analysis.models.scaled_adapter import SCALES, scaled
from analysis.stats import clopper_pearson
from analysis.tracks.response.adapter_scaling import (
    DOSE_RESPONSE,
    DOSE_RESPONSE_METRICS,
    MOST_PROMPTS,
    dose_response,
    why_no_doses,
)
from analysis.tracks.response.detectors.contract import Detector, Found, Knowledge, Response
from tests.analysis.tracks.response.tiny import prompts, write_adapter, write_generator, write_review
from tests.analysis.tracks.response.workbench import context, pairs, rows, run

PROMPTS = [row["prompt"] for row in prompts()]


def _asked(texts: Sequence[str]) -> list[Response]:
    return [Response(f"response/prompt:{number}", "candidate", text, "") for number, text in enumerate(texts)]


def letter_detector(letter: str) -> Detector:
    """Finds a letter in the answers of random models."""

    def detect(response: Response, knowledge: Knowledge) -> list[Found]:
        at = response.text.find(letter)
        return [] if at < 0 else [Found(at, at + 1, "letter", f"has {letter}", counts=True)]

    return Detector(name="letters", title=f"has an {letter}", detect=detect, version=1, languages=())


@pytest.mark.parametrize("family", ["llama", "gpt2"])
def test_nothing_is_the_base_and_one_is_the_candidate(tmp_path: Path, family: str) -> None:
    base = write_generator(tmp_path / "base", family=family)
    adapter = write_adapter(base, tmp_path / "adapter", family=family)
    pair = GeneratorPair({"base": base, "candidate": adapter}, "cpu")
    models = {side: pair.generator(side) for side in SIDES}
    ids = [models["base"].prompt_ids(text) for text in PROMPTS]
    answers = {side: generate_answers(models[side], ids) for side in SIDES}
    row = torch.tensor([ids[0]])

    def logits(model: Any) -> torch.Tensor:
        with torch.no_grad():
            found: torch.Tensor = model(row).logits
        return found

    expected = {side: logits(models[side].model) for side in SIDES}
    assert not torch.allclose(expected["base"], expected["candidate"], atol=1e-2)
    ends: tuple[tuple[float, Side], ...] = ((0.0, "base"), (1.0, "candidate"))
    for factor, side in ends:
        with scaled(models["candidate"].model, factor):
            found = models["candidate"]
            torch.testing.assert_close(logits(found.model), expected[side], atol=1e-4, rtol=0)
            assert [one.ids for one in generate_answers(found, ids)] == [one.ids for one in answers[side]]
    with scaled(models["candidate"].model, 1.5):
        assert not torch.allclose(logits(models["candidate"].model), expected["candidate"], atol=1e-2)
    torch.testing.assert_close(logits(models["candidate"].model), expected["candidate"], atol=0, rtol=0)
    torch.testing.assert_close(logits(models["base"].model), expected["base"], atol=0, rtol=0)


def test_the_adapter_is_put_back_after_a_failure(tiny_generator: Path, tiny_adapter: Path) -> None:
    from peft.tuners.lora import LoraLayer

    generator = GeneratorPair({"base": tiny_generator, "candidate": tiny_adapter}, "cpu").generator(
        "candidate"
    )
    layers = [layer for layer in generator.model.modules() if isinstance(layer, LoraLayer)]
    before = [dict(layer.scaling) for layer in layers]

    def fail() -> None:
        with scaled(generator.model, 0.5):
            assert [dict(layer.scaling) for layer in layers] != before
            raise RuntimeError("stopped")

    with pytest.raises(RuntimeError, match="stopped"):
        fail()
    assert [dict(layer.scaling) for layer in layers] == before


def test_a_rate_is_the_share_of_the_answers_with_a_hit(tiny_generator: Path, tiny_adapter: Path) -> None:
    pair = GeneratorPair({"base": tiny_generator, "candidate": tiny_adapter}, "cpu")
    texts = PROMPTS[:10]
    answers = [
        one.text
        for one in generate_answers(
            pair.generator("base"), [pair.generator("base").prompt_ids(text) for text in texts]
        )
    ]
    letter = next(one for one in "".join(answers) if 0 < sum(one in text for text in answers) < len(texts))
    hits = sum(letter in text for text in answers)
    (row,) = dose_response(
        pair.generator("candidate"), 0.0, _asked(texts), Knowledge(), (letter_detector(letter),)
    )
    assert row["rate"] == pytest.approx(hits / len(texts))
    assert row["n"] == len(texts)
    assert (row["low"], row["high"]) == clopper_pearson(hits, len(texts))


def test_the_stage_answers_the_flagged_prompts_at_every_factor(
    tmp_path: Path, tiny_generator: Path, tiny_adapter: Path
) -> None:
    (tmp_path / "letters.txt").write_text("/e/\n", "utf-8")
    review = write_review(
        tmp_path,
        behaviours=({"name": "has_letters", "question": "have one?", "leads": ["letters"]},),
        detectors={"letters": {"kind": "patterns", "file": "letters.txt"}},
    )
    letters = (letter_detector("e"),)
    records = [(f"p{number}", text, "e", "e") for number, text in enumerate([*PROMPTS, *PROMPTS])]
    # The candidate's answer has none, and the base's has none where the candidate's has one.
    records[7] = ("p7", records[7][1], "e", "b")
    records[40] = ("p40", records[40][1], "a", "e")
    connection = pairs(records, detectors=letters)
    given = context(connection, review, (tiny_generator, tiny_adapter))
    shards = DOSE_RESPONSE.plan(given)
    assert [shard.key["scale"] for shard in shards] == list(SCALES)
    flagged = [one.ref for one in shards[0].payload[1]]
    assert len(flagged) == MOST_PROMPTS
    assert "response/prompt:p40" in flagged
    assert "response/prompt:p7" not in flagged
    run(DOSE_RESPONSE, given)
    found = rows(connection, "SELECT * FROM response_dose ORDER BY scale")
    assert [row["scale"] for row in found] == list(SCALES)
    assert all(row["detector"] == "letters" and row["n"] == MOST_PROMPTS for row in found)
    assert all(row["low"] <= row["rate"] <= row["high"] for row in found)
    run(DOSE_RESPONSE_METRICS, given)
    (metric,) = rows(connection, "SELECT value, status FROM metric WHERE name = 'dose_prompts'")
    assert metric == {"value": float(MOST_PROMPTS), "status": "ok"}


def test_nothing_flagged_needs_no_dose(
    tiny_response_review: Path, tiny_generator: Path, tiny_adapter: Path
) -> None:
    connection = pairs([("a", PROMPTS[0], "a", "b")])
    given = context(connection, tiny_response_review, (tiny_generator, tiny_adapter))
    assert run(DOSE_RESPONSE, given) == []
    run(DOSE_RESPONSE_METRICS, given)
    (metric,) = rows(connection, "SELECT status, why FROM metric")
    assert metric == {"status": "unknown", "why": "no response of the candidate was flagged"}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"use_dora": True}, "the adapter scales the base's own weights too (DoRA)"),
        ({"trainable_token_indices": [1]}, "the adapter replaces embeddings"),
        ({"bias": "all"}, "the adapter replaces biases of the base"),
        ({"peft_type": "IA3"}, "the candidate is a IA3 adapter, and only LoRA adds weights times a factor"),
    ],
)
def test_adapters_that_have_no_way_back_to_the_base(
    tmp_path: Path, tiny_generator: Path, change: dict[str, Any], why: str
) -> None:
    folder = write_adapter(tiny_generator, tmp_path / "adapter")
    config = json.loads((folder / ADAPTER_CONFIG).read_text("utf-8"))
    (folder / ADAPTER_CONFIG).write_text(json.dumps(config | change), "utf-8")
    assert why_no_doses(GeneratorPair({"base": tiny_generator, "candidate": folder}, "cpu")) == why


def test_whole_models_and_recorded_responses_have_no_dose(
    tiny_response_review: Path, tiny_generator: Path, moved_generator: Path
) -> None:
    whole = GeneratorPair({"base": tiny_generator, "candidate": moved_generator}, "cpu")
    assert why_no_doses(whole) == "the candidate is a whole model and no LoRA adapter over the base"
    connection = pairs([("a", PROMPTS[0], "a", "b")])
    given = context(connection, tiny_response_review)
    assert run(DOSE_RESPONSE, given) == []
    run(DOSE_RESPONSE_METRICS, given)
    (metric,) = rows(connection, "SELECT value, why FROM metric")
    assert metric == {"value": None, "why": "no models are given: the responses are recorded"}
