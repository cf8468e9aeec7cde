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
from analysis.tracks.response.lead_quality import Share, quality, recall_differs


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
    base = quality([(True, True)] * 19 + [(True, False)] + [(False, True)] * 2 + [(False, False)] * 98)
    candidate = quality(iter([(True, True)] * 4 + [(True, False)] * 10 + [(False, False)] * 100))
    assert (base.recall, base.recall.value, base.precision) == (Share(19, 20), 0.95, Share(19, 21))
    wanted = binomtest(19, 20).proportion_ci(0.95, method="exact")
    assert base.recall.bounds == pytest.approx((wanted.low, wanted.high), abs=1e-9)
    assert (candidate.recall, candidate.precision) == (Share(4, 14), Share(4, 4))
    differs = recall_differs({"base": base, "candidate": candidate})
    assert differs == pytest.approx(reference([[19, 1], [4, 10]]).pvalue)
    assert differs < 0.001


def test_without_labels_nothing_is_claimed() -> None:
    none = quality([])
    assert none.recall == none.precision == Share(0, 0)
    assert none.recall.bounds == (0.0, 1.0)
    assert none.recall.value is None
    assert recall_differs({"base": none, "candidate": none}) == 1


def test_the_console_may_compute_it() -> None:
    """Without NumPy, SciPy or scikit-learn, which take seconds to load."""
    code = (
        "import sys, analysis.tracks.response.lead_quality as q\n"
        "q.recall_differs(dict(base=q.quality([(True, True)]), candidate=q.quality([(True, False)])))\n"
        "assert not {'numpy', 'scipy', 'sklearn', 'torch'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
