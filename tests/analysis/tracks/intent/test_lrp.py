"""Layer-wise relevance as a method of the track, and which gradient method leads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from analysis.base.errors import AssayError
from analysis.models.classifier_pair import ClassifierPair
from analysis.models.load_classifier import LoadedClassifier, load_classifier
from analysis.plugin.live import LiveRequest
from analysis.plugin.stage import RunContext
from analysis.run.pipeline import insert_arrow
from analysis.tracks.intent.baseline import Baselines
from analysis.tracks.intent.leading import LEADING, leading_method, led_by
from analysis.tracks.intent.licence import peer_of
from analysis.tracks.intent.live import answer
from analysis.tracks.intent.methods.lrp import VARIANTS, lrp
from analysis.tracks.intent.methods.request import Request
from analysis.tracks.intent.names import INTEGRATED_GRADIENTS, LRP, OCCLUSION
from analysis.tracks.intent.target import Target
from analysis.tracks.intent.tokenised import tokenise
from tests.analysis.models.adapters import adapted_model, lora
from tests.analysis.models.families import bert, deberta, modernbert, save_family
from tests.analysis.tracks.intent.probed import attached_run, empty_workbench

TEXTS = ["can a real person help with my parcel?", "where is my Tofu Wars", "gift", "second volume please"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_family(bert, tmp_path_factory.mktemp("lrp") / "base", seed=3)


@pytest.fixture(scope="module")
def model(folder: Path) -> LoadedClassifier:
    return load_classifier(folder, "cpu")


def asked(model: LoadedClassifier, targets: Sequence[Target], texts: Sequence[str] = TEXTS) -> Request:
    words = tokenise(model, list(texts), 64)
    chooser = Baselines({"base": model})
    baselines = [chooser.baseline("base", "unk", one) for one in words]
    return Request(model, words, targets, [0.0] * len(words), baselines)


def scores(request: Request, variant: str = "cp") -> list[np.ndarray]:
    return [one.scores for one in lrp(request, variant)]


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_contrast_is_the_difference_of_its_classes(model: LoadedClassifier, variant: str) -> None:
    plus, minus, both = (
        scores(asked(model, [target] * len(TEXTS)), variant)
        for target in (Target(2), Target(0), Target(2, 0))
    )
    for one, other, contrast in zip(plus, minus, both, strict=True):
        np.testing.assert_allclose(contrast, one - other, atol=1e-5)
        assert np.abs(contrast).max() > 0


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_text_is_explained_alike_whatever_it_is_batched_with(model: LoadedClassifier, variant: str) -> None:
    texts = [*TEXTS, *reversed(TEXTS)]
    targets = [Target(1)] * len(texts)
    together = scores(asked(model, targets, texts), variant)
    for text, target, expected in zip(texts, targets, together, strict=True):
        np.testing.assert_allclose(scores(asked(model, [target], [text]), variant)[0], expected, atol=1e-5)


@pytest.mark.parametrize("rule", ["cp", "attn"])
def test_a_baseline_is_taken_from_the_embedding_before_it_is_weighed(
    model: LoadedClassifier, rule: str
) -> None:
    request = asked(model, [Target(1)] * len(TEXTS))
    nothing = [replace(one, embeddings=torch.zeros_like(one.embeddings)) for one in request.baselines]
    embed: Any = model.model.get_input_embeddings()
    itself = [
        replace(one, embeddings=embed(torch.tensor(text.ids)))
        for one, text in zip(request.baselines, request.texts, strict=True)
    ]
    plain, over = scores(request, rule), scores(request, f"{rule}_baseline")
    for one, other in zip(
        plain, scores(replace(request, baselines=nothing), f"{rule}_baseline"), strict=True
    ):
        np.testing.assert_allclose(other, one, atol=1e-6)
    for one in scores(replace(request, baselines=itself), f"{rule}_baseline"):
        assert not one.any()
    assert any(not np.allclose(one, other, atol=1e-3) for one, other in zip(plain, over, strict=True))


@pytest.mark.parametrize("text", ["gift", "", " ", "[SEP][CLS]", "\u200b"])
def test_one_word_and_texts_of_special_tokens_only(model: LoadedClassifier, text: str) -> None:
    request = asked(model, [Target(0)], [text])
    for variant in VARIANTS:
        (found,) = scores(request, variant)
        assert len(found) == len(request.texts[0].words)
        assert np.isfinite(found).all()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_weights_are_explained_in_float32(
    folder: Path, tmp_path: Path, dtype: torch.dtype
) -> None:
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    half = tmp_path / "half"
    AutoModelForSequenceClassification.from_pretrained(folder, dtype=dtype).save_pretrained(half)
    AutoTokenizer.from_pretrained(folder).save_pretrained(half)
    rounded = load_classifier(half, "cpu")
    assert next(rounded.model.parameters()).dtype == torch.float32
    targets = [Target(1)] * len(TEXTS)
    exact = scores(asked(load_classifier(folder, "cpu"), targets))
    for one, other in zip(exact, scores(asked(rounded, targets)), strict=True):
        np.testing.assert_allclose(other, one, atol=0.05 * max(1.0, float(np.abs(one).max())))


def test_an_adapter_is_explained_as_the_model_that_it_is_merged_into(folder: Path, tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    made = adapted_model(folder, lora(("query", "key", "value", "dense")), seed=5)
    made.save_pretrained(tmp_path / "adapter")
    pair = ClassifierPair(folder, tmp_path / "adapter", "cpu")
    made.merge_and_unload().save_pretrained(tmp_path / "merged")
    AutoTokenizer.from_pretrained(folder).save_pretrained(tmp_path / "merged")
    merged = load_classifier(tmp_path / "merged", "cpu")
    targets = [Target(1)] * len(TEXTS)
    for variant in VARIANTS:
        expected = scores(asked(merged, targets), variant)
        for one, other in zip(scores(asked(pair.side("candidate"), targets), variant), expected, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-4)
    assert leading_method({side: pair.side(side) for side in ("base", "candidate")}) == LRP


def test_a_token_that_is_no_number_refuses_no_other_text(folder: Path) -> None:
    poisoned = load_classifier(folder, "cpu")
    embed: Any = poisoned.model.get_input_embeddings()
    ids = tokenise(poisoned, ["gift"], 64)[0].ids
    with torch.no_grad():
        embed.weight[ids[1]] = float("nan")
        embed.weight[0] = float("nan")
    gift, other = scores(asked(poisoned, [Target(0)] * 2, ["gift", "where is my Tofu Wars"]))
    assert not np.isfinite(gift).all()
    assert np.isfinite(other).all()


@pytest.fixture(
    params=[
        (bert, modernbert, LRP),
        (bert, deberta, INTEGRATED_GRADIENTS),
        (deberta, bert, INTEGRATED_GRADIENTS),
    ]
)
def led(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[ClassifierPair, str]:
    base, candidate, lead = request.param
    sides = [
        save_family(one, tmp_path / str(place), seed=place) for place, one in enumerate((base, candidate))
    ]
    return ClassifierPair(*sides, "cpu"), lead


def test_relevance_leads_where_it_holds_on_both_sides(led: tuple[ClassifierPair, str]) -> None:
    pair, lead = led
    settings: Any = None
    context = RunContext("intent", settings, 0, pair)
    workbench = empty_workbench()
    planning: Any = context
    for shard in LEADING.plan(planning):
        insert_arrow(workbench, "metric", LEADING.run(context, shard)["metric"])
    assert (
        led_by(workbench) == lead == leading_method({side: pair.side(side) for side in ("base", "candidate")})
    )
    rows = workbench.execute("SELECT side, value, why FROM metric WHERE name = 'relevance_holds'").fetchall()
    assert {side for side, _, _ in rows} == {"base", "candidate"}
    assert all((value == 1.0) == (why == "") for _, value, why in rows)
    assert any("attention interface" in why for _, _, why in rows) == (lead == INTEGRATED_GRADIENTS)


def test_the_leading_method_answers_and_is_what_deletion_must_agree_with(
    led: tuple[ClassifierPair, str],
) -> None:
    pair, lead = led

    def live(one: LiveRequest) -> dict[str, Any]:
        return answer(pair, {"max_length": 32}, attached_run(), one)

    reply = live(LiveRequest("intent", TEXTS[0]))
    for side in reply["sides"].values():
        assert {row["method"] for row in side["attributions"]} == {lead, OCCLUSION}
        by_method = {
            row["method"]: row for row in side["licences"] if row["target"] == side["output"]["label"]
        }
        assert by_method[OCCLUSION]["overlap"] is not None or lead == INTEGRATED_GRADIENTS
    asked_for = live(LiveRequest("intent", TEXTS[0], methods=(LRP,)))
    said = {
        (row["status"], row["why"]) for side in asked_for["sides"].values() for row in side["attributions"]
    }
    if lead == LRP:
        assert said == {("ok", "")}
    else:
        refused = [why for status, why in said if status == "not interpretable"]
        assert len(refused) == 1
        assert "DebertaV2ForSequenceClassification" in refused[0]
    assert peer_of("perturbation", lead) == lead
    assert peer_of("gradient", lead) == OCCLUSION


def test_a_refused_model_is_an_error_of_the_method(tmp_path: Path) -> None:
    model = load_classifier(save_family(deberta, tmp_path / "model"), "cpu")
    with pytest.raises(AssayError, match="attention interface"):
        lrp(asked(model, [Target(0)], ["gift"]), "cp")
