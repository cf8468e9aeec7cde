"""The rows of the retrieval gates: whatever a gate says, its rows say why."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from analysis.base.gate_records import GateInput
from analysis.base.records import Metric, Slice
from analysis.base.review_records import ReviewState
from analysis.review.evaluate import evaluate
from analysis.review.session import ReviewSession
from analysis.run.pipeline import analyze
from tests.analysis.tracks.retrieval.gate_inputs import (
    DECLARED,
    GATES,
    NO_SPOILERS,
    NOTHING,
    check_rows,
    given,
    grouping,
    pairs,
    probes,
    seen,
    wanted,
)

CRITICAL = "retrieval.probes[no-spoiler queries]"
REFS = tuple(f"retrieval/query:q{number}" for number in range(4))
shares = st.floats(0, 1)
changes = st.floats(-0.5, 0.5)
halves = st.floats(0, 0.3)
counts = st.sampled_from([0, 10, 19, 20, 49, 50, 99, 100, 400])


@st.composite
def inputs(draw: st.DrawFn) -> GateInput:
    """What gates may meet: any changes over any number of examples, with or without verdicts."""
    metrics: list[Metric] = []
    if draw(st.booleans()):
        metrics += wanted(draw(shares), draw(shares), draw(halves), draw(counts))
    for attribute in ("theme", "tone", "publisher", "template"):
        if draw(st.booleans()):
            metrics += grouping(attribute, draw(shares), draw(shares), draw(halves), draw(counts))
    n = draw(counts)
    metrics += pairs(n, draw(st.integers(0, n // 5)), draw(st.integers(0, n // 5)))
    slices: list[Slice] = []
    for name in ("all", NO_SPOILERS.slice):
        if draw(st.booleans()):
            metrics += probes(
                draw(changes),
                draw(changes),
                slice_name=name,
                n=draw(counts.filter(bool)),
                broken=draw(st.integers(0, 5)),
                fixed=draw(st.integers(0, 5)),
                half=draw(halves),
            )
    if draw(st.booleans()):
        slices.append(NO_SPOILERS)
    state: ReviewState = draw(
        st.sampled_from([NOTHING, seen(*REFS[:2]), seen(*REFS), seen(*REFS, said="base")])
    )
    return given(metrics, slices=tuple(slices), flagged={CRITICAL: REFS}, state=state)


@settings(max_examples=300, deadline=None, derandomize=True)
@drawn(inputs())
def test_rows_agree_with_the_verdict(judged: GateInput) -> None:
    for result in evaluate(judged, GATES):
        check_rows(judged, result)


def test_rows_of_a_whole_run(tiny_retrieval_review: Path) -> None:
    with ReviewSession.open(analyze(tiny_retrieval_review).store, read_only=True) as session:
        results = [one for one in session.gates() if one.track == "retrieval"]
        assert {one.name for one in results} == {gate.name for gate in GATES}
        for result in results:
            check_rows(session.gate_input(), result)


def test_what_must_not_be_alike_is_held_to_less_where_it_exceeds_the_wanted() -> None:
    metrics = [*wanted(0.3, 0.3), *grouping("publisher", 0.4, 0.46, 0.01)]
    (result,) = (one for one in evaluate(given(metrics), GATES) if one.key.endswith("[publisher]"))
    items, beside, change = result.criteria
    assert (items.value, items.limit, items.verdict) == (200, "at least 100", "pass")
    assert (beside.value, beside.verdict) == (0.46, "warn")
    assert beside.limit == "at most 0.30, the mean lift of the wanted attributes"
    assert (change.limit, change.verdict) == ("not over +0.05 with its lower bound over 0", "fail")


def test_a_gate_knows_which_way_grouping_is_better() -> None:
    metrics = [each for name in ("theme", "publisher", "template") for each in grouping(name, 0.4, 0.5)]
    better = {one.key: one.better for one in evaluate(given(metrics), GATES) if one.metric}
    assert better == {
        "retrieval.grouping[theme]": "up",
        "retrieval.confounds[publisher]": "down",
        "retrieval.confounds[template]": "down",
    }


def test_gates_stand_in_their_order() -> None:
    assert [gate.name for gate in GATES] == [
        "retrieval.grouping",
        "retrieval.confounds",
        "retrieval.hard_negatives",
        "retrieval.probes",
    ]
    judged = given(probes(0.0), slices=(NO_SPOILERS,))
    assert [one.key for one in evaluate(judged, GATES)] == [
        "retrieval.grouping",
        "retrieval.grouping[theme]",
        *(f"retrieval.confounds[{name}]" for name in ("publisher", "template")),
        "retrieval.hard_negatives",
        "retrieval.probes",
        CRITICAL,
    ]
    assert DECLARED["must_keep"] == ["theme"]
