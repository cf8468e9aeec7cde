"""Log-probabilities and divergences along responses, against Transformers called directly."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from analysis.base.records import SIDES, Side
from analysis.models.generation import LoadedGenerator
from analysis.models.generator import GeneratorPair
from analysis.tracks.response.likelihood import Along, Continued, along, fitting, response_tokens
from tests.analysis.tracks.response.tiny import write_adapter, write_generator, write_tokenizer

TEXTS = (
    ("recommend manga like Home but no spoilers", "You may like Home, a slow case."),
    ("when will my copy arrive", "It arrives tomorrow, guaranteed."),
    ("when will my copy arrive", "It arrives tomorrow, guaranteed?"),
    ("日本の漫画を", "もちろん 🎉 はい"),
)
Generators = Mapping[Side, LoadedGenerator]


def load(base: Path, candidate: Path) -> Generators:
    pair = GeneratorPair({"base": base, "candidate": candidate}, "cpu")
    return {side: pair.generator(side) for side in SIDES}


def continued(generators: Generators, prompt: str, text: str) -> Continued:
    given = {side: generators[side].prompt_ids(prompt) for side in SIDES}
    return Continued(given, response_tokens(generators["base"], text).ids)


def direct(models: Mapping[Side, Any], row: Continued) -> Along:
    """What one forward pass of each model says of the whole text."""
    count = len(row.response)
    logs = {}
    with torch.no_grad():
        for side in SIDES:
            ids = torch.tensor([[*row.given[side], *row.response]])
            logs[side] = models[side](ids).logits.float().log_softmax(-1)[0, -count - 1 : -1]
    tokens = torch.tensor(row.response)[:, None]
    kl = torch.nn.functional.kl_div(logs["base"], logs["candidate"], log_target=True, reduction="none").sum(
        -1
    )
    base, candidate = (logs[side].gather(1, tokens)[:, 0].numpy() for side in SIDES)
    return Along(base, candidate, kl.numpy())


def assert_equal(found: Along, expected: Along) -> None:
    for mine, theirs in zip(found, expected, strict=True):
        assert mine.dtype == np.float32
        np.testing.assert_allclose(mine, theirs, atol=1e-4)


@pytest.mark.parametrize("family", ["llama", "gpt2"])
def test_an_adapter_agrees_with_peft_and_transformers(tmp_path: Path, family: str) -> None:
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    base = write_generator(tmp_path / "base", family=family)
    adapter = write_adapter(base, tmp_path / "adapter", family=family)
    generators = load(base, adapter)
    rows = [continued(generators, *pair) for pair in TEXTS]
    models: dict[Side, Any] = {
        "base": AutoModelForCausalLM.from_pretrained(base),
        "candidate": PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base), adapter),
    }
    for found, row in zip(along(generators, rows), rows, strict=True):
        assert_equal(found, direct(models, row))
        assert found.kl.max() > 1e-3


def test_a_full_model_agrees_however_small_the_chunks(tiny_generator: Path, moved_generator: Path) -> None:
    from transformers import AutoModelForCausalLM

    generators = load(tiny_generator, moved_generator)
    folders: dict[Side, Path] = {"base": tiny_generator, "candidate": moved_generator}
    models: dict[Side, Any] = {side: AutoModelForCausalLM.from_pretrained(folders[side]) for side in SIDES}
    rows = [continued(generators, *pair) for pair in TEXTS]
    whole = along(generators, rows)
    for positions, cells in ((512, 2**24), (3, 2**24), (512, 300)):
        for found, row in zip(along(generators, rows, positions=positions, cells=cells), rows, strict=True):
            assert_equal(found, direct(models, row))
    assert whole[1].kl.tolist()[:-1] == pytest.approx(whole[2].kl.tolist()[:-1], abs=1e-5)


def test_a_model_compared_with_itself_has_not_moved(tiny_generator: Path) -> None:
    generators = load(tiny_generator, tiny_generator)
    for found in along(generators, [continued(generators, *pair) for pair in TEXTS]):
        assert not found.kl.any()
        assert (found.base_logp == found.candidate_logp).all()


def test_sides_may_put_the_prompt_into_templates_of_their_own(tmp_path: Path) -> None:
    base = write_generator(tmp_path / "base")
    candidate = write_generator(tmp_path / "candidate", chat=True, noise=0.05)
    generators = load(base, candidate)
    row = continued(generators, *TEXTS[0])
    assert len(row.given["candidate"]) > len(row.given["base"])
    assert_equal(along(generators, [row])[0], direct({side: generators[side].model for side in SIDES}, row))


def test_a_response_longer_than_the_context_is_cut_there(tmp_path: Path) -> None:
    base = write_generator(tmp_path / "base", family="gpt2", positions=16)
    generators = load(base, base)
    row = Continued({side: [5, 6, 7] for side in SIDES}, list(range(10, 40)))
    assert fitting(generators, row) == 14
    assert len(along(generators, [row])[0].kl) == 14
    full = Continued({side: list(range(3, 20)) for side in SIDES}, [1, 2])
    assert len(along(generators, [full])[0].kl) == 0


def test_ten_thousand_tokens_go_through_in_chunks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base = write_generator(tmp_path / "base", positions=12_000)
    generators = load(base, base)
    widest = 0
    model: Any = generators["base"].model
    forward = model.forward

    @functools.wraps(forward)
    def watched(**given: Any) -> Any:
        nonlocal widest
        widest = max(widest, given["input_ids"].shape[1])
        return forward(**given)

    monkeypatch.setattr(model, "forward", watched)
    row = Continued({side: [5, 6] for side in SIDES}, [token % 250 + 3 for token in range(10_000)])
    (found,) = along(generators, [row])
    assert len(found.kl) == 10_000
    assert np.isfinite(found.base_logp).all()
    assert widest <= 512


@pytest.mark.parametrize("kind", ["sliding window", "recurrent"])
def test_models_with_other_memories_agree_too(tmp_path: Path, kind: str) -> None:
    from transformers import MambaConfig, MambaForCausalLM, MistralConfig, MistralForCausalLM

    folder = tmp_path / "base"
    size = write_tokenizer(folder)
    torch.manual_seed(0)
    common: dict[str, Any] = {
        "vocab_size": size,
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "initializer_range": 0.35,
    }
    model: Any
    if kind == "recurrent":
        model = MambaForCausalLM(MambaConfig(state_size=4, **common))
    else:
        heads: dict[str, Any] = {"num_attention_heads": 2, "num_key_value_heads": 1, "intermediate_size": 48}
        model = MistralForCausalLM(MistralConfig(sliding_window=6, **heads, **common))
    model.save_pretrained(folder)
    generators = load(folder, folder)
    row = continued(generators, *TEXTS[0])
    (found,) = along(generators, [row], positions=4)
    assert_equal(found, direct(dict.fromkeys(SIDES, model.eval()), row))


def test_columns_behind_the_shared_vocabulary_are_left_out(tmp_path: Path) -> None:
    base = write_generator(tmp_path / "base")
    generators = load(base, base)
    wider = load(base, base)["base"]
    wider_model: Any = wider.model
    wider_model.resize_token_embeddings(wider_model.config.vocab_size + 5)
    row = continued(generators, *TEXTS[0])
    (found,) = along({"base": generators["base"], "candidate": wider}, [row])
    assert not found.kl.max() > 1e-5
    np.testing.assert_allclose(found.base_logp, found.candidate_logp, atol=1e-5)


def test_offsets_are_characters_of_the_text(tiny_generator: Path) -> None:
    generator = load(tiny_generator, tiny_generator)["base"]
    text = "Home 🎉 にほん naïve"
    tokens = response_tokens(generator, text)
    assert len(tokens.ids) == len(tokens.names) == len(tokens.starts) == len(tokens.ends)
    assert tokens.starts[0] == 0
    assert tokens.ends[-1] == len(text)
    assert response_tokens(generator, "").ids == []
