"""The stage that chooses options, on real models: which half chooses, what can be chosen, what the run makes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from analysis.base.records import SIDES, Side
from analysis.models.load_classifier import LoadedClassifier, load_classifier
from analysis.plugin.stage import PlanContext
from analysis.run import pipeline
from analysis.run.leases import Leases
from analysis.run.local_engine import LocalEngine
from analysis.run.shard_cache import ShardCache
from analysis.tracks.intent.attribution import ATTRIBUTE, NOT_NEUTRAL, QUEUED
from analysis.tracks.intent.baseline import KINDS, Baselines
from analysis.tracks.intent.choose_options import Trials, choose, options_stage
from analysis.tracks.intent.crossfit import LOOKS, OTHER, Half, half_of
from analysis.tracks.intent.methods.integrated_gradients import integrated_gradients
from analysis.tracks.intent.methods.lrp import VARIANTS
from analysis.tracks.intent.names import INTEGRATED_GRADIENTS, LRP
from analysis.tracks.intent.option_sentences import choice_sentences, option_rows, trial_sentences
from analysis.tracks.intent.tokenised import tokenise
from tests.analysis.tracks.intent.bag_of_words import WORDS, bag_of_words
from tests.analysis.tracks.intent.probed import make_tables, probe, unheard
from tests.conftest import MakeClassifier

Pair = Mapping[Side, LoadedClassifier]
LIMIT = 64


@pytest.fixture(scope="module")
def pair(tiny_classifier: MakeClassifier, tmp_path_factory: pytest.TempPathFactory) -> Pair:
    root = tmp_path_factory.mktemp("pair")
    return {
        side: load_classifier(tiny_classifier(root / side, seed=seed), "cpu")
        for seed, side in enumerate(SIDES)
    }


def random_texts(count: int, seed: int = 0) -> dict[str, str]:
    """Texts of known words by ref, long enough to tell a ranking from chance."""
    rng = np.random.default_rng(seed)
    words = [word for word in WORDS if word != "the"]
    return {
        f"intent/message:{seed}-{number}": " ".join(
            rng.choice(words, size=rng.integers(5, 10), replace=False)
        )
        for number in range(count)
    }


def chosen(rows: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str], str]:
    return {(row["method"], row["half"]): row["option"] for row in rows if row["chosen"]}


def test_every_kind_and_variant_is_tried_on_both_halves_and_sides(pair: Pair) -> None:
    texts = random_texts(2 * LOOKS[0])
    refs = list(texts)
    halves: dict[Half, list[str]] = {"A": refs[::2], "B": refs[1::2]}
    rows = choose(pair, texts, halves, QUEUED, LIMIT)
    kinds = Baselines(pair).kinds
    for half in OTHER:
        for side in SIDES:
            here = [row for row in rows if (row["half"], row["side"]) == (half, side)]
            assert [row["option"] for row in here if row["method"] == INTEGRATED_GRADIENTS] == list(kinds)
            assert [row["option"] for row in here if row["method"] == LRP] == list(VARIANTS)
    for row in rows:
        assert row["texts"] == LOOKS[0]
        assert 0 <= row["ranked"] <= row["usable"] <= row["texts"]
        assert row["percentile"] is None or 0 <= row["percentile"] <= 1
    assert set(chosen(rows)) == {(method, half) for method in (INTEGRATED_GRADIENTS, LRP) for half in OTHER}
    assert choose(pair, texts, halves, QUEUED, LIMIT) == rows


def test_a_half_chooses_by_its_own_texts_alone(pair: Pair) -> None:
    first, others = random_texts(12), random_texts(12, seed=1)
    own = list(first)
    one = choose(pair, first, {"A": own[:6], "B": own[6:]}, QUEUED, LIMIT)
    two = choose(pair, {**first, **others}, {"A": list(others), "B": own[6:]}, QUEUED, LIMIT)
    assert [row for row in one if row["half"] == "B"] == [row for row in two if row["half"] == "B"]
    assert [row for row in one if row["half"] == "A"] != [row for row in two if row["half"] == "A"]


def test_what_is_said_of_a_text_does_not_depend_on_its_batch(pair: Pair) -> None:
    texts = random_texts(8)
    refs = list(texts)
    explain = partial(integrated_gradients, steps=(2,))
    baselines = Baselines(pair)
    ways = {kind: kind for kind in baselines.kinds}

    def trials(some: Sequence[str]) -> Trials:
        words = {side: tokenise(pair[side], [texts[ref] for ref in some], LIMIT) for side in SIDES}
        return Trials(pair, some, words, Baselines(pair))

    together = trials(refs).percentiles(range(len(refs)), explain, ways)
    for number, ref in enumerate(refs):
        alone = trials([ref]).percentiles([0], explain, ways)
        for kind in ways:
            for side in SIDES:
                assert alone[kind][side][0] == together[kind][side][number]


def test_a_kind_that_predicts_the_class_of_every_text_is_never_chosen() -> None:
    weights = {word: {"escalation": 0.2 + index / 40} for index, word in enumerate(WORDS) if word != "the"}
    model = bag_of_words(weights)
    with torch.no_grad():
        # The best kind by far for a ranking, were it not that it says escalation by itself.
        model.model.get_input_embeddings().weight[model.tokenizer.pad_token_id, 0] = 3.0
    models: Pair = dict.fromkeys(SIDES, model)
    texts = random_texts(20)
    refs = list(texts)
    rows = choose(models, texts, {"A": refs[:10], "B": refs[10:]}, QUEUED, LIMIT)
    pad = [row for row in rows if row["option"] == "pad"]
    assert {(row["usable"], row["ranked"], row["percentile"], row["chosen"]) for row in pad} == {
        (0, 0, None, False)
    }
    kinds = {option for (method, _), option in chosen(rows).items() if method == INTEGRATED_GRADIENTS}
    assert kinds <= set(KINDS) - {"pad"}


@pytest.mark.parametrize("classes", [2, 200])
def test_two_and_two_hundred_classes(tmp_path: Path, tiny_classifier: MakeClassifier, classes: int) -> None:
    labels = [f"class {number}" for number in range(classes)]
    models = {
        side: load_classifier(tiny_classifier(tmp_path / side, labels, seed=seed), "cpu")
        for seed, side in enumerate(SIDES)
    }
    texts = random_texts(8)
    refs = list(texts)
    rows = choose(models, texts, {"A": refs[:4], "B": refs[4:]}, QUEUED, LIMIT)
    assert len(chosen(rows)) == 4
    assert any(row["usable"] for row in rows if row["method"] == INTEGRATED_GRADIENTS)


def test_texts_that_tell_nothing_are_passed_over_and_none_still_choose(pair: Pair) -> None:
    texts = {"a": "gift", "b": "", "c": "where is", "d": "where is my second gift parcel"}
    rows = choose(pair, texts, {"A": ["a", "b", "c", "d"], "B": ["a", "b"]}, QUEUED, LIMIT)
    assert {row["texts"] for row in rows if row["half"] == "A"} == {1}
    nothing = [row for row in rows if row["half"] == "B"]
    assert {(row["texts"], row["ranked"], row["percentile"]) for row in nothing} == {(0, 0, None)}
    found = chosen(rows)
    assert found[INTEGRATED_GRADIENTS, "B"] == Baselines(pair).kinds[0]
    assert found[LRP, "B"] == VARIANTS[0]


def test_logits_that_are_no_numbers_explain_nothing_and_choose_all_the_same(
    tmp_path: Path, tiny_classifier: MakeClassifier, pair: Pair
) -> None:
    broken = load_classifier(tiny_classifier(tmp_path / "broken"), "cpu")
    with torch.no_grad():
        broken.model.classifier.bias[0] = float("nan")
    texts = random_texts(4)
    rows = choose(
        {"base": pair["base"], "candidate": broken}, texts, {"A": list(texts), "B": []}, QUEUED, LIMIT
    )
    assert {row["usable"] for row in rows} == {0}
    assert len(chosen(rows)) == 4


@pytest.fixture
def context(tiny_review: Path) -> PlanContext:
    """A review whose cheap stages ran."""
    found, _ = probe(tiny_review)
    return found


def step(context: PlanContext, one: Any, root: Path) -> None:
    pipeline._run_step(
        one, context, LocalEngine(ShardCache(root / "shards"), Leases(root / "leases")), unheard()
    )


def test_a_run_draws_by_the_candidate_and_each_half_keeps_to_its_own_texts(
    context: PlanContext, tmp_path: Path
) -> None:
    stage = options_stage(QUEUED)
    (shard,) = stage.plan(context)
    texts, halves = shard.payload
    candidate = context.models.digests["candidate"]
    assert all(half_of(candidate, ref) == half for half, refs in halves.items() for ref in refs)
    evaluation = context.workbench.execute("SELECT ref FROM membership WHERE slice = 'all'").fetchall()
    assert set(texts) == {ref for (ref,) in evaluation}
    step(context, stage, tmp_path)
    rows = context.workbench.execute("SELECT * FROM intent_option").fetchall()
    assert len(context.workbench.execute("SELECT * FROM intent_option WHERE chosen").fetchall()) == 8
    assert len(rows) == len(OTHER) * len(SIDES) * (len(KINDS) + len(VARIANTS))


def test_a_text_is_explained_by_what_the_other_half_chose(context: PlanContext, tmp_path: Path) -> None:
    made = [
        (INTEGRATED_GRADIENTS, "A", "unk"), (INTEGRATED_GRADIENTS, "B", "mean"),
        (LRP, "A", "attn"), (LRP, "B", "cp_baseline"),
    ]  # fmt: skip
    for method, half, option in made:
        for side in SIDES:
            context.workbench.execute(
                "INSERT INTO intent_option VALUES (?, ?, ?, ?, ?, 10, 10, 10, .9, true)",
                [method, option, option, half, side],
            )
    refs = [
        ref
        for (ref,) in context.workbench.execute(
            "SELECT ref FROM membership WHERE slice = 'all' ORDER BY ref LIMIT 12"
        ).fetchall()
    ]
    pipeline._select(context.workbench, refs)
    step(context, ATTRIBUTE, tmp_path)
    candidate = context.models.digests["candidate"]
    assert {half_of(candidate, ref) for ref in refs} == set(OTHER)
    found = context.workbench.execute(
        "SELECT ref, method, baseline, parameters->>'variant', status, why FROM attribution "
        "WHERE method IN ('lrp', 'integrated_gradients')"
    ).fetchall()
    used = {(method, OTHER[half]): option for method, half, option in made}
    for ref, method, baseline, variant, status, why in found:
        half = half_of(candidate, ref)
        kind = used[INTEGRATED_GRADIENTS, half]
        if method == LRP:
            assert variant == used[LRP, half]
            assert baseline == (kind if variant == "cp_baseline" else None)
        else:
            assert baseline == kind
        assert status != "not interpretable" or why == NOT_NEUTRAL


def test_agreement_and_disagreement_are_said_with_figures(context: PlanContext) -> None:
    connection = context.workbench
    connection.execute("ATTACH ':memory:' AS evidence; USE evidence")
    make_tables(connection)
    rows = [
        (INTEGRATED_GRADIENTS, "unk", "UNK tokens", "A", 0.98, True),
        (INTEGRATED_GRADIENTS, "mean", "the mean embedding", "A", 0.81, False),
        (INTEGRATED_GRADIENTS, "unk", "UNK tokens", "B", 0.90, False),
        (INTEGRATED_GRADIENTS, "mean", "the mean embedding", "B", 0.95, True),
        (LRP, "cp", "CP-LRP", "A", 0.97, True),
        (LRP, "cp", "CP-LRP", "B", 0.96, True),
    ]
    for method, option, title, half, percentile, taken in rows:
        for side in SIDES:
            lower = percentile - 0.01 * (side == "candidate")
            connection.execute(
                "INSERT INTO evidence.intent_option VALUES (?, ?, ?, ?, ?, 40, 36, 10, ?, ?)",
                [method, option, title, half, side, lower, taken],
            )
    kind, variant = choice_sentences(option_rows(connection))
    if not kind.startswith("baseline"):
        kind, variant = variant, kind
    assert "the halves disagree" in kind
    assert "half A chose UNK tokens: 0.98 base, 0.97 candidate on 10, explains 36 of 40 texts" in kind
    assert "half B chose the mean embedding: 0.95 base, 0.94 candidate" in kind
    assert "CP-LRP; both halves of the texts agree" in variant
    tried = list(trial_sentences(option_rows(connection)))
    assert len(tried) == 4
    (of_b,) = [one for one in tried if "baseline" in one and "tried on half B" in one]
    assert "the mean embedding 0.95 base" in of_b
    assert "UNK tokens 0.90 base" in of_b
