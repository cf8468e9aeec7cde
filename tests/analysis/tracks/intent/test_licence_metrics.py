"""Licences of slices, enrichment of cues, the causal check of flips, and randomised models."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from analysis.models.load_classifier import load_classifier
from analysis.tracks.intent.enrichment import enrichment
from analysis.tracks.intent.flips import Flip, attribution_change, check_flips
from analysis.tracks.intent.licence_metrics import MIN_EXAMPLES, Judged, slice_licence
from analysis.tracks.intent.methods.occlusion import occlusion
from analysis.tracks.intent.methods.request import Request
from analysis.tracks.intent.predict import logits_of_ids
from analysis.tracks.intent.randomisation import rank_correlation, reinitialised
from analysis.tracks.intent.target import Target
from analysis.tracks.intent.tokenised import tokenise
from tests.analysis.tracks.intent.bag_of_words import CLASSES, bag_of_words

GOOD = [Judged(True, 0.01 * (-1) ** number, 0.9 + 0.001 * number, 0.3) for number in range(MIN_EXAMPLES)]


def granted(rows: list[Judged]) -> tuple[float | None, str]:
    found = slice_licence("all", "base", "occlusion", rows)
    licence = next(one for one in found.metrics if one.name == "licence")
    assert (licence.why, licence.method) == (found.why, "occlusion")
    return licence.value, found.why


def test_a_slice_whose_attributions_pass_every_test_is_licensed() -> None:
    assert granted(GOOD) == (1.0, "")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"percentile": 0.79}, "percentile"),
        ({"overlap": 0.09}, "families"),
        ({"overlap": None}, "families"),
        ({"randomisation": 0.3}, "re-initialised"),
        ({"randomisation": -0.3}, "re-initialised"),
        ({"randomisation": None}, "re-initialised"),
    ],
)
def test_one_failed_test_refuses_the_slice(change: dict[str, float | None], reason: str) -> None:
    rows = [
        Judged(**{"licensed": True, "randomisation": 0.0, "percentile": 0.9, "overlap": 0.3, **change})
        for _ in GOOD
    ]
    value, why = granted(rows)
    assert value == 0.0
    assert reason in why


def test_a_slice_with_few_examples_is_unknown() -> None:
    found = slice_licence("all", "base", "occlusion", GOOD[:-1])
    licence = next(one for one in found.metrics if one.name == "licence")
    assert (licence.status, licence.value) == ("unknown", None)
    assert f"19 of at least {MIN_EXAMPLES}" in licence.why


def test_the_share_leaves_out_what_cannot_be_decided() -> None:
    rows = [*GOOD, Judged(False, 0.0, 0.5, 0.1), Judged(None, 0.0, None, None)]
    share = next(one for one in slice_licence("s", "base", "m", rows).metrics if one.name == "licence_share")
    assert (share.value, share.n) == (20 / 21, 21)
    nothing = slice_licence("s", "base", "m", []).metrics
    assert {one.status for one in nothing} == {"unknown"}
    assert all(one.why for one in nothing)


def test_enrichment_is_the_share_of_attribution_over_the_share_of_words() -> None:
    starts, ends = [0, 5, 10, 15], [4, 9, 14, 19]
    count, share, value = enrichment(starts, ends, [1.0, -3.0, 0.0, 4.0], [(5, 12)]) or (0, 0.0, 0.0)
    assert (count, share, value) == (2, 3 / 8, 3 / 4)
    assert enrichment(starts, ends, [1.0, 1.0, 1.0, 1.0], [(20, 25)]) is None
    assert enrichment(starts, ends, [1.0, 1.0, 1.0, 1.0], [(0, 19)]) is None
    assert enrichment(starts, ends, [0.0, 0.0, 0.0, 0.0], [(0, 4)]) is None
    assert enrichment([], [], [], [(0, 4)]) is None
    even = enrichment(starts, ends, [2.0, 2.0, -2.0, 2.0], [(0, 4)])
    assert even is not None
    assert even[2] == 1.0


@pytest.mark.parametrize(("reason", "explained"), [("parcel", True), ("nothing", False)])
def test_a_flip_is_explained_where_the_changed_word_reverts_it(reason: str, explained: bool) -> None:
    base = bag_of_words({"track": {"order_tracking": 2.0}})
    by_word = {"track": {"order_tracking": 2.0}, "parcel": {"escalation": 4.0}}
    candidate = bag_of_words(by_word)
    if reason == "nothing":
        with torch.no_grad():
            # The bias flips it: no word does.
            candidate.model.bias[0] = 8.0
    text = "track my parcel"
    target = Target(0, 1)
    words, scores = {}, {}
    for side, model in (("base", base), ("candidate", candidate)):
        words[side] = tokenise(model, [text], 64)[0]
        output = float(target.output(logits_of_ids(model, [words[side].ids])[0]))
        scores[side] = occlusion(Request(model, [words[side]], [target], [output]))[0].scores
    flip = Flip("r", "occlusion", words, scores, 1, 0)
    assert attribution_change(flip) == pytest.approx({0: 0.0, 1: 0.0, 2: 4.0})
    found = check_flips(candidate, [flip])
    assert len(found) == 1
    assert text[found[0].start : found[0].end] == "parcel"
    assert found[0].change == pytest.approx(4.0)
    assert (found[0].base_label, found[0].candidate_label) == (CLASSES[1], CLASSES[0])
    assert found[0].explained == explained
    assert found[0].label_after == CLASSES[1 if explained else 0]


def test_a_flip_without_a_shared_word_is_left_out() -> None:
    model = bag_of_words({})
    empty = tokenise(model, [""], 64)[0]
    none = np.zeros(0, np.float32)
    flip = Flip("r", "m", {"base": empty, "candidate": empty}, {"base": none, "candidate": none}, 1, 0)
    assert check_flips(model, [flip]) == []


def test_rank_correlation_by_hand() -> None:
    assert rank_correlation([1, 2, 3], [10, 30, 20]) == pytest.approx(0.5)
    assert rank_correlation([1, 2, 3], [-1, -2, -3]) == pytest.approx(-1.0)
    assert rank_correlation([1, 1, 2], [5, 5, 9]) == pytest.approx(1.0)
    assert math.isnan(rank_correlation([1, 1], [1, 2]))
    assert math.isnan(rank_correlation([1], [1]))


def test_a_reinitialised_model_shares_no_weights_and_follows_its_seed(tmp_path, tiny_classifier) -> None:
    trained = load_classifier(tiny_classifier(tmp_path / "model"), "cpu")
    state = torch.random.get_rng_state()
    first, again, other = (reinitialised(trained, seed) for seed in (1, 1, 2))
    assert torch.equal(torch.random.get_rng_state(), state)
    ids = [tokenise(trained, ["where is my parcel"], 64)[0].ids]
    np.testing.assert_array_equal(logits_of_ids(first, ids), logits_of_ids(again, ids))
    for one in (first, other):
        assert not one.model.training
        for name, weight in one.model.named_parameters():
            if weight.dim() > 1:
                assert not torch.equal(weight, dict(trained.model.named_parameters())[name])
    assert not np.array_equal(logits_of_ids(first, ids), logits_of_ids(other, ids))
