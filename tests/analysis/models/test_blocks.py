"""Blocks of every family: states taken from the pass, and parts that can be exchanged and come back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from analysis.models.blocks import (
    PooledStates,
    adapted_modules,
    blocks_path,
    grafted,
    parts_of,
    weight_change,
    why_not_exchangeable,
)
from analysis.models.composites import Composites
from analysis.models.load_classifier import LoadedClassifier, load_classifier
from analysis.tracks.intent.drift import half_precision_states
from analysis.tracks.intent.predict import encode, logits_and_states, logits_of_ids
from tests.analysis.models.families import FAMILIES, Family, save_family
from tests.conftest import messages

TEXTS = [str(row["text"]) for row in messages()[::5]]


@pytest.fixture(scope="module", params=FAMILIES, ids=lambda family: family.__name__)
def pair(request: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[LoadedClassifier, LoadedClassifier]:
    family: Family = request.param
    root = tmp_path_factory.mktemp(family.__name__)
    first, second = (
        load_classifier(save_family(family, root / str(seed), seed=seed), "cpu") for seed in (0, 1)
    )
    return first, second


def test_states_are_the_means_of_what_transformers_returns(
    pair: tuple[LoadedClassifier, LoadedClassifier],
) -> None:
    model = pair[0]
    ids = encode(model, TEXTS, 64)
    with PooledStates(model.model, blocks_path(model.model)) as watched:
        logits, states = logits_and_states(model, ids, watched)
    assert states is not None
    assert states.shape == (len(TEXTS), watched.layers, 32)
    np.testing.assert_array_equal(logits, logits_of_ids(model, ids))
    for row in (0, 5):
        with torch.inference_mode():
            found = model.model(input_ids=torch.tensor([ids[row]]), output_hidden_states=True).hidden_states
        # The last one may have gone through a norm that belongs to no block.
        for layer, expected in enumerate(found[:-1]):
            np.testing.assert_allclose(states[row, layer], expected[0].mean(dim=0).numpy(), atol=1e-5)


def test_half_precision_moves_every_layer_a_little(pair: tuple[LoadedClassifier, LoadedClassifier]) -> None:
    model = pair[0]
    path = blocks_path(model.model)
    ids = encode(model, TEXTS, 64)
    before = logits_of_ids(model, ids)
    with PooledStates(model.model, path) as watched:
        states = logits_and_states(model, ids, watched)[1]
    assert states is not None
    moved = np.abs(half_precision_states(model, path, ids) - states).max(axis=(0, 2))
    assert (moved > 0).all()
    assert (moved < 0.05 * np.abs(states).max(axis=(0, 2))).all()
    np.testing.assert_array_equal(logits_of_ids(model, ids), before)


def test_all_parts_of_one_model_make_the_other_of_it(pair: tuple[LoadedClassifier, LoadedClassifier]) -> None:
    first, second = pair
    path = blocks_path(first.model)
    parts = parts_of(first.model, path, lambda: logits_of_ids(first, [[first.empty_id]]))
    assert [part.name for part in parts] == ["embeddings", "layer 1", "layer 2", "head"]
    assert why_not_exchangeable(first.model, second.model, parts) == ""
    held = {name for part in parts for name in part.modules}
    outside = [
        name
        for name, _ in first.model.named_parameters()
        if not any(name.startswith(f"{one}.") for one in held)
    ]
    assert outside == []
    ids = encode(first, TEXTS, 64)
    wanted, before = logits_of_ids(first, ids), logits_of_ids(second, ids)
    with grafted(second.model, first.model, held):
        np.testing.assert_allclose(logits_of_ids(second, ids), wanted, atol=1e-5)
    np.testing.assert_array_equal(logits_of_ids(second, ids), before)
    for part in parts:
        with grafted(second.model, first.model, part.modules):
            assert np.abs(logits_of_ids(second, ids) - before).max() > 1e-4, part.name
    np.testing.assert_array_equal(logits_of_ids(second, ids), before)
    np.testing.assert_array_equal(logits_of_ids(first, ids), wanted)
    assert all((weight_change(first.model, first.model, part) or 0) == 0 for part in parts)
    assert all((weight_change(first.model, second.model, part) or 0) > 0.1 for part in parts)


def test_parts_are_put_back_after_a_failure(pair: tuple[LoadedClassifier, LoadedClassifier]) -> None:
    first, second = pair
    name = f"{blocks_path(first.model)}.1"
    own = second.model.get_submodule(name)

    def fail() -> None:
        with grafted(second.model, first.model, [name]):
            assert second.model.get_submodule(name) is not own
            raise RuntimeError("stopped")

    with pytest.raises(RuntimeError, match="stopped"):
        fail()
    assert second.model.get_submodule(name) is own


def test_composites_that_begin_alike_run_what_they_share_once(
    pair: tuple[LoadedClassifier, LoadedClassifier],
) -> None:
    first, second = pair
    path = blocks_path(first.model)
    parts = parts_of(first.model, path, lambda: logits_of_ids(first, [[first.empty_id]]))
    ids = encode(first, TEXTS, 64)
    composites = Composites(first.model, second.model, parts, lambda: logits_of_ids(second, ids))
    blocks = [model.model.get_submodule(f"{path}.0") for model in pair]
    ran: list[int] = []
    for block in blocks:
        next(block.children()).register_forward_hook(lambda *given: ran.append(1))
    for chosen in ([2], [], [3], [2, 3], [1], [1, 3], [0], [0, 1, 2, 3]):
        with grafted(second.model, first.model, [name for unit in chosen for name in parts[unit].modules]):
            ran.clear()
            wanted = logits_of_ids(second, ids)
            passes = len(ran)
        ran.clear()
        np.testing.assert_array_equal(composites.put_back(chosen), wanted)
        # Which block comes first, on which embeddings: that of the candidate, that of the base, on other embeddings.
        # Decoders hand each block a cache into which it writes: those are run anew.
        new = chosen in ([2], [1], [0], [0, 1, 2, 3]) or first.model.config.model_type in ("gpt2", "llama")
        assert len(ran) == (passes if new else 0), chosen
    assert all("forward" not in vars(block) for block in blocks)


def test_units_that_are_equal_make_no_composite_of_their_own(
    pair: tuple[LoadedClassifier, LoadedClassifier],
) -> None:
    first = pair[0]
    parts = parts_of(first.model, blocks_path(first.model), lambda: logits_of_ids(first, [[first.empty_id]]))
    asked: list[int] = []

    def ask() -> np.ndarray[Any, Any]:
        asked.append(1)
        return np.zeros(1)

    composites = Composites(first.model, first.model, parts, ask)
    for unit in range(len(parts)):
        composites.put_back([unit])
        composites.put_in([unit])
    assert len(asked) == 1


def test_other_architectures_and_depths_do_not_fit(tmp_path: Path) -> None:
    from transformers import BertConfig, BertForSequenceClassification

    def bert(**options: Any) -> BertForSequenceClassification:
        size = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 48}
        return BertForSequenceClassification(BertConfig(vocab_size=30, **{**size, **options}))

    base = bert()
    parts = parts_of(base, blocks_path(base), lambda: base(input_ids=torch.tensor([[1]])))
    assert why_not_exchangeable(base, bert(), parts) == ""
    assert why_not_exchangeable(base, bert(hidden_dropout_prob=0.3), parts) == ""
    deeper = why_not_exchangeable(base, bert(num_hidden_layers=3), parts)
    assert deeper == "the configurations differ in num_hidden_layers"
    other = load_classifier(save_family(FAMILIES[1], tmp_path / "roberta"), "cpu").model
    assert why_not_exchangeable(base, other, parts).startswith("the architectures differ: BertFor")
    assert adapted_modules(base) == ()


def test_a_model_that_uses_one_block_several_times_has_no_list_of_layers() -> None:
    from transformers import AlbertConfig, AlbertForSequenceClassification

    config = AlbertConfig(
        vocab_size=30,
        embedding_size=16,
        hidden_size=32,
        num_hidden_layers=3,
        num_attention_heads=2,
        intermediate_size=48,
    )
    assert blocks_path(AlbertForSequenceClassification(config)) == ""
