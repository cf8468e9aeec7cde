"""Licences of slices, enrichment of cues, and randomised models."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from analysis.models.load_classifier import load_classifier
from analysis.tracks.intent.enrichment import enrichment
from analysis.tracks.intent.licence_metrics import MIN_EXAMPLES, Judged, is_witness, slice_licence
from analysis.tracks.intent.predict import logits_of_ids
from analysis.tracks.intent.randomisation import rank_correlation, reinitialised
from analysis.tracks.intent.tokenised import tokenise

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
        ({"overlap": None}, "the other family ranks words well in 0 of at least 20 examples"),
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


def test_a_ranking_no_better_than_chance_is_no_witness() -> None:
    good, poor = Judged(True, 0.0, 0.8, 0.3), Judged(False, 0.0, 0.79, -0.2)
    assert is_witness(good)
    assert not any(is_witness(one) for one in (poor, Judged(None, 0.0, None, None), None))
    # Half of the other family's rankings are poor, and agree no more than by chance: the good half is what counts.
    value, why = granted([*GOOD, *(Judged(False, 0.0, 0.95, None) for _ in GOOD)])
    assert (value, why) == (1.0, "")


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
