"""How often the gates fail a candidate that behaves as the base does."""

from __future__ import annotations

import numpy as np

from analysis.base.records import Metric
from analysis.plugin.gate import ALPHA
from analysis.review.evaluate import evaluate
from analysis.stats.numeric import binomial_at_least
from analysis.tracks.response.hallucination import HALLUCINATION, INVENTING
from analysis.tracks.response.known_detectors import RATED
from tests.analysis.tracks.response.gate_inputs import CRITICAL, GATES, given, hits

REVIEWS = 300
PROMPTS = 130


def _redrawn(rng: np.random.Generator) -> list[Metric]:
    """Metrics of two independent draws of the same behaviour: every prompt has its own rate for every detector."""
    metrics: list[Metric] = []
    drawn = {}
    for name in (one.name for one in RATED):
        rate = rng.beta(0.6, 2.4, PROMPTS)
        drawn[name] = (rng.random(PROMPTS) < rate, rng.random(PROMPTS) < rate)
    parts = [drawn[name] for name in INVENTING]
    drawn[HALLUCINATION] = (parts[0][0] | parts[1][0] | parts[2][0], parts[0][1] | parts[1][1] | parts[2][1])
    for name, (base, candidate) in drawn.items():
        for slice_name, some in (("all", slice(None)), (CRITICAL.slice, slice(0, CRITICAL.n))):
            one, other = base[some], candidate[some]
            new, gone, both = (int(part.sum()) for part in (other & ~one, one & ~other, one & other))
            metrics += hits(name, new, gone, len(one), both=both, slice_name=slice_name)
    return metrics


def test_a_redraw_of_the_same_behaviour_fails_no_more_often_than_alpha() -> None:
    rng = np.random.default_rng(5)
    failing = 0
    for _ in range(REVIEWS):
        results = evaluate(given(_redrawn(rng), slices=(CRITICAL,)), GATES)
        failing += any(result.verdict == "fail" for result in results)
    # A share of alpha would exceed this in one of a hundred such tests.
    assert binomial_at_least(failing, REVIEWS, ALPHA) > 0.01
