"""Where a planted change lives, found by grafts, switches and doses on models that were trained for it."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from analysis.base.records import SIDES
from analysis.models.classifier_pair import ClassifierPair
from analysis.models.composites import names_of
from analysis.models.passes import counted
from analysis.models.scaled_adapter import SCALES, scaled
from analysis.plugin.change_named import name_change
from analysis.plugin.change_sentence import change_sentences, why_nothing_named
from analysis.tracks.intent.change import Flips, change_rows, planned_tokens
from analysis.tracks.intent.graft import graft_reverts, why_not_grafted
from analysis.tracks.intent.predict import predict_texts
from benchmarks.change import found_flips, named_parts
from benchmarks.change_models import CLASSES, make_adapter, make_base, make_candidate, messages
from tests.analysis.models.adapters import lora
from tests.analysis.models.adapters import make_adapter as random_adapter
from tests.analysis.models.families import FAMILIES, roberta, save_family
from tests.conftest import LABELS, MakeClassifier


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_base(tmp_path_factory.mktemp("base") / "base", 3)


@pytest.fixture(scope="module")
def planted(base: Path) -> ClassifierPair:
    return ClassifierPair(base, make_candidate(base, base.parent / "one", [4], 3), "cpu")


def test_the_layer_that_was_trained_is_named(planted: ClassifierPair) -> None:
    flips = found_flips(planted, 3)
    rows = change_rows(planted, flips, 32)
    assert named_parts(rows, "layer") == "layer 4"
    (sentence,) = change_sentences(rows)
    n = len(flips.texts)
    assert sentence.startswith(f"the change lives in layer 4: putting the base's back restores {n} of {n} ")
    by_name = {row["name"]: row for row in rows if row["kind"] == "layer"}
    assert by_name["layer 4"]["transferred"] >= 0.8 * n
    assert by_name["layer 4"]["weight_change"] > 5 * by_name["layer 3"]["weight_change"] > 0
    assert by_name["layer 4"]["low"] > 0.8
    controls = [row["restored"] for row in rows if row["kind"] == "control of layer"]
    assert len(controls) == 7
    assert max(controls) < n / 4
    rest = next(row for row in rows if row["kind"] == "rest of layer")
    assert rest["restored"] < n / 4


def test_what_grafts_read_is_of_the_size_that_was_planned(planted: ClassifierPair) -> None:
    flips = found_flips(planted, 3)
    read = 0.0

    def hear(tokens: float) -> None:
        nonlocal read
        read = tokens

    with counted((planted.side(side).model for side in SIDES), hear):
        change_rows(planted, flips, 32)
    # That no set is named saves the controls; a longer search for one costs as much again.
    assert 0.5 < read / planned_tokens(planted, flips.texts, 32) < 1.5


def test_grafts_leave_both_models_as_they_were(planted: ClassifierPair) -> None:
    texts = [text for text, *_ in messages(random.Random(0), 20)]
    before = [predict_texts(planted.side(side), texts, 32) for side in ("base", "candidate")]
    change_rows(planted, found_flips(planted, 3), 32)
    for side, logits in zip(("base", "candidate"), before, strict=True):
        np.testing.assert_array_equal(predict_texts(planted.side(side), texts, 32), logits)


@pytest.mark.parametrize("layers", [[4, 5], [2, 5]])
def test_two_layers_are_named_together_though_putting_one_back_is_enough(
    base: Path, tmp_path: Path, layers: list[int]
) -> None:
    pair = ClassifierPair(base, make_candidate(base, tmp_path / "two", layers, sum(layers) - 1), "cpu")
    flips = found_flips(pair, 5)
    rows = change_rows(pair, flips, 32)
    assert named_parts(rows, "layer") in ("layers 4 to 5", "layer 2 and layer 5")
    alone = max(row["restored"] for row in rows if row["kind"] == "layer")
    assert alone >= 0.8 * len(flips.texts)


def test_the_modules_of_an_adapter_that_were_trained_are_named_and_the_dose_rises(
    base: Path, tmp_path: Path
) -> None:
    module = "layer.1.intermediate.dense"
    pair = ClassifierPair(base, make_adapter(base, tmp_path / "adapter", [module], 1), "cpu")
    flips = found_flips(pair, 1)
    rows = change_rows(pair, flips, 32)
    assert named_parts(rows, "layer") == "layer 2"
    assert named_parts(rows, "module") == "layer 2 intermediate.dense"
    assert [sentence.partition(":")[0] for sentence in change_sentences(rows)] == [
        "the change lives in layer 2",
        "the change lives in layer 2 intermediate.dense",
    ]
    kinds = {row["name"]: row["restored"] for row in rows if row["kind"] == "kind"}
    assert kinds["dense"] > kinds["query"]
    doses = [row["restored"] for row in rows if row["kind"] == "dose"]
    assert [row["scale"] for row in rows if row["kind"] == "dose"] == list(SCALES)
    assert doses[0] == len(flips.texts)
    assert doses[SCALES.index(1.0)] == 0
    assert doses == sorted(doses, reverse=True)


def test_a_model_against_itself_names_nothing(base: Path) -> None:
    pair = ClassifierPair(base, base, "cpu")
    flips = found_flips(pair, 3)
    assert len(flips.texts) == 0
    rows = change_rows(pair, flips, 32)
    assert change_sentences(rows) == []
    assert why_nothing_named(rows) == "no example flipped"
    assert graft_reverts(pair, [], [], 32) == []


def test_unrelated_models_of_two_layers_name_nothing(tmp_path: Path, tiny_classifier: MakeClassifier) -> None:
    first, second = (tiny_classifier(tmp_path / str(seed), seed=seed) for seed in (0, 1))
    pair = ClassifierPair(first, second, "cpu")
    texts = [
        f"where is my {word}" for word in ("parcel", "gift", "box", "volume", "preorder", "order", "manga")
    ]
    answers = {
        side: predict_texts(pair.side(side), texts, 32).argmax(axis=1) for side in ("base", "candidate")
    }
    flipped = np.flatnonzero(answers["base"] != answers["candidate"])
    flips = Flips(
        [texts[row] for row in flipped],
        answers["base"][flipped],
        answers["candidate"][flipped],
        np.zeros(len(flipped), dtype=bool),
    )
    rows = change_rows(pair, flips, 32)
    assert change_sentences(rows) == []
    assert why_nothing_named(rows)


def test_flips_are_reverted_by_the_planted_layer(planted: ClassifierPair) -> None:
    flips = found_flips(planted, 3)
    wanted = [CLASSES[label] for label in flips.base]
    found = graft_reverts(planted, flips.texts, wanted, 32)
    assert all(one is not None and one.parts == "layer 4" for one in found)
    assert all(one is not None and one.tried == 1 for one in found)
    assert (
        np.mean([one.others_reverted / one.others for one in found if one is not None and one.others]) < 0.2
    )


def test_a_flip_that_no_single_part_reverts_gets_a_wider_graft_or_none(
    tmp_path: Path, tiny_classifier: MakeClassifier
) -> None:
    first, second = (tiny_classifier(tmp_path / str(seed), seed=seed) for seed in (0, 1))
    pair = ClassifierPair(first, second, "cpu")
    texts = [
        f"more like {a} {b}"
        for a in ("gift", "parcel", "order")
        for b in ("track", "human", "read", "arrived")
    ]
    labels = [LABELS[row] for row in predict_texts(pair.side("base"), texts, 32).argmax(axis=1)]
    found = graft_reverts(pair, texts, labels, 32)
    assert len(found) == len(texts)
    assert {one.tried for one in found if one is not None} > {1}


def test_what_cannot_be_grafted_says_why(tmp_path: Path, tiny_classifier: MakeClassifier) -> None:
    bert = tiny_classifier(tmp_path / "bert")
    other = save_family(roberta, tmp_path / "roberta", LABELS)
    pair = ClassifierPair(bert, other, "cpu")
    assert why_not_grafted(pair).startswith("the sides have different tokenizers")
    assert graft_reverts(pair, ["a"], [LABELS[0]], 32) == [None]
    flips = Flips(["a"], np.array([0]), np.array([1]), np.array([True]))
    (row,) = change_rows(pair, flips, 32)
    assert row["restored"] is None
    assert why_nothing_named([row]) == why_not_grafted(pair)
    assert change_sentences([row]) == []


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.__name__)
def test_every_family_can_be_grafted(tmp_path: Path, family: Any) -> None:
    first = save_family(family, tmp_path / "first", LABELS, seed=0)
    second = save_family(family, tmp_path / "second", LABELS, seed=1)
    # Where it was trained anew, it is another tokenizer.
    shutil.copy(first / "tokenizer.json", second)
    assert why_not_grafted(ClassifierPair(first, second, "cpu")) == ""


def test_classes_in_another_order_leave_the_head_where_it_is(
    tmp_path: Path, tiny_classifier: MakeClassifier
) -> None:
    base = tiny_classifier(tmp_path / "base")
    candidate = tiny_classifier(tmp_path / "candidate", labels=LABELS[::-1], seed=1)
    pair = ClassifierPair(base, candidate, "cpu")
    flips = Flips(["where is my parcel"], np.array([0]), np.array([1]), np.array([True]))
    rows = change_rows(pair, flips, 32)
    assert [row["name"] for row in rows if row["kind"] == "layer"] == ["embeddings", "layer 1", "layer 2"]


def test_a_head_that_an_adapter_replaces_is_scaled_with_it(
    tmp_path: Path, tiny_classifier: MakeClassifier
) -> None:
    base = tiny_classifier(tmp_path / "base")
    adapter = random_adapter(base, tmp_path / "adapter", lora(modules_to_save=["classifier"]))
    assert "classifier" in json.loads((adapter / "adapter_config.json").read_text("utf-8"))["modules_to_save"]
    pair = ClassifierPair(base, adapter, "cpu")
    texts = ["where is my parcel", "more like Tofu Wars"]
    expected = {side: predict_texts(pair.side(side), texts, 32) for side in ("base", "candidate")}
    candidate = pair.side("candidate")
    for factor, side in ((0.0, "base"), (1.0, "candidate")):
        with scaled(candidate.model, factor):
            np.testing.assert_allclose(predict_texts(candidate, texts, 32), expected[side], atol=1e-4)
    np.testing.assert_array_equal(predict_texts(candidate, texts, 32), expected["candidate"])
    np.testing.assert_array_equal(predict_texts(pair.side("base"), texts, 32), expected["base"])
    rows = change_rows(pair, Flips(texts, np.array([0, 0]), np.array([1, 1]), np.array([True, False])), 32)
    assert any(row["name"] == "classifier" for row in rows if row["kind"] == "module")


def _named(n: int, needs: Iterable[set[int]], *, every: bool = True, ordered: bool = True) -> Any:
    """What is named of eight units where each flip needs every one, or any one, of some of the candidate's units."""
    needed = [[*needs][row % len([*needs])] for row in range(n)] if n else []

    def answers_as_candidate(own: set[int]) -> NDArray[np.bool_]:
        return np.array([one <= own if every else bool(one & own) for one in needed], dtype=bool)

    def restored(chosen: Iterable[int]) -> NDArray[np.bool_]:
        return ~answers_as_candidate(set(range(8)) - set(chosen))

    def brought(chosen: Iterable[int]) -> NDArray[np.bool_]:
        return answers_as_candidate(set(chosen))

    return name_change(8, range(8), restored, brought, n, ordered=ordered)


@pytest.mark.parametrize("every", [True, False])
@pytest.mark.parametrize("ordered", [True, False])
@pytest.mark.parametrize("units", [{4}, {4, 5}, {1, 6}, {0, 3, 7}])
def test_the_units_that_a_change_needs_are_named(units: set[int], every: bool, ordered: bool) -> None:
    named = _named(17, [units], every=every, ordered=ordered)
    assert (named.units, named.why) == (tuple(sorted(units)), "")
    assert all(len(control) == len(units) and not units & set(control) for control in named.controls)


def test_nothing_is_named_where_it_does_not_beat_the_others() -> None:
    few = _named(5, [{4}])
    assert few.units == ()
    assert "can be chance" in few.why
    spread = _named(40, [{unit} for unit in range(8)])
    assert spread.units == ()
    assert "no set of at most 4 of 8" in spread.why
    whole = _named(40, [set(range(8))])
    assert whole.units == ()


def test_nothing_to_find_says_so() -> None:
    none = np.zeros(30, dtype=bool)
    assert _named(0, [{1}]).why == "no example flipped"
    assert name_change(8, [], lambda _: none, lambda _: none, 30, ordered=False).why == "no weight differs"
    alone = name_change(1, [0], lambda _: ~none, lambda _: ~none, 30, ordered=False)
    assert alone.why == "there is no other part to hold it against"


def test_parts_in_words() -> None:
    from analysis.models.blocks import Part

    units = [Part(name, (name,)) for name in ("embeddings", "layer 1", "layer 2", "layer 3", "head")]
    assert names_of(units, [0, 1]) == "embeddings and layer 1"
    assert names_of(units, [1, 2, 3, 4]) == "layers 1 to 3 and head"
    assert names_of(units, [1, 3, 4]) == "layer 1, layer 3 and head"
    assert names_of(units, [2]) == "layer 2"
