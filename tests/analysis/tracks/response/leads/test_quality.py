"""Recall and precision on the user's own answers, by side, with exact intervals; SciPy is the reference."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest
from scipy.stats import fisher_exact as reference

from analysis.stats import fisher_exact
from analysis.tracks.response.leads.quality import Share, quality


@given(st.tuples(st.integers(0, 60), st.integers(0, 60)), st.data())
def test_fisher_is_scipys(of: tuple[int, int], data: st.DataObject) -> None:
    first, second = (data.draw(st.integers(0, count)) for count in of)
    wanted = reference([[first, of[0] - first], [second, of[1] - second]]).pvalue
    assert fisher_exact(first, of[0], second, of[1]) == pytest.approx(wanted, rel=1e-6, abs=1e-12)


def test_fisher_of_known_tables() -> None:
    # Fisher's tea: 3 of 4 against 1 of 4.
    assert fisher_exact(3, 4, 1, 4) == pytest.approx(34 / 70)
    assert fisher_exact(0, 0, 3, 7) == 1
    assert fisher_exact(5, 5, 9, 9) == 1
    assert fisher_exact(3_000, 4_000, 2_000, 4_000) < 1e-100
    with pytest.raises(ValueError, match="need 0 <= count <= of"):
        fisher_exact(5, 4, 0, 1)


def test_recall_and_precision_by_side() -> None:
    base = [(True, True)] * 19 + [(True, False)] + [(False, True)] * 2 + [(False, False)] * 98
    candidate = [(True, True)] * 4 + [(True, False)] * 10 + [(False, False)] * 100
    found = quality({"base": base, "candidate": iter(candidate)})
    one = found.sides["base"]
    assert (one.recall.k, one.recall.n, one.recall.value) == (19, 20, 0.95)
    assert (one.precision.k, one.precision.n) == (19, 21)
    assert one.labels == 120
    wanted = binomtest(19, 20).proportion_ci(0.95, method="exact")
    assert (one.recall.low, one.recall.high) == pytest.approx((wanted.low, wanted.high), abs=1e-9)
    other = found.sides["candidate"]
    assert (other.recall.k, other.recall.n, other.precision.k, other.precision.n) == (4, 14, 4, 4)
    assert found.recall_differs == pytest.approx(reference([[19, 1], [4, 10]]).pvalue)
    assert found.recall_differs < 0.001


def test_without_labels_nothing_is_claimed() -> None:
    found = quality({"base": []})
    for side in found.sides.values():
        assert side.recall == Share(0, 0, 0.0, 1.0)
        assert side.precision.value is None
        assert side.labels == 0
    assert found.recall_differs == 1


def test_the_console_may_compute_it() -> None:
    """Without NumPy, SciPy or scikit-learn, which take seconds to load."""
    code = (
        "import sys, analysis.tracks.response.leads.quality as q\n"
        "q.quality({'base': [(True, True)], 'candidate': [(True, False)]})\n"
        "assert not {'numpy', 'scipy', 'sklearn', 'torch'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
