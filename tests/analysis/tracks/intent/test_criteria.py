"""The rows of which each gate's sentence is made: they say what its verdict says, whatever was measured and judged."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from analysis.base.gate_records import Criterion, GateInput, GateResult
from analysis.base.records import ALL, Contested, Metric, QueueEntry, Slice
from analysis.base.review_records import RIGHTS
from analysis.plugin.registry import get
from analysis.review.evaluate import evaluate
from tests.analysis.gate_fixture import (
    ESCALATION,
    KEY,
    NOTHING,
    check_criteria,
    flips,
    given,
    measure,
    selective,
    shift,
    verdict,
)

CLASS = ESCALATION.slice
DECLARED = tuple(
    Slice(name, "intent", "declared", critical, "", 100)
    for name, critical in (("names a title", True), ("very short", False))
)
REFS = ("m1", "m2", "m3")
KEYS = (
    "intent.critical_recall[escalation]",
    "intent.critical_routing[escalation]",
    "intent.slices[names a title]",
    KEY,
)
number = st.floats(-1, 1, allow_nan=False).map(lambda value: round(value, 3))
maybe = st.none() | number


@st.composite
def counts(draw: st.DrawFn, name: str) -> list[Metric]:
    n = draw(st.sampled_from([0, 3, 19, 20, 55, 1000]))
    if n == 0:
        return []
    broken = draw(st.integers(0, min(n, 40)))
    fixed = draw(st.integers(0, min(n - broken, 40)))
    return [*flips(name, n, broken, fixed), measure("flips", name, "difference", broken + fixed, n=n)]


@st.composite
def routing(draw: st.DrawFn) -> list[Metric]:
    n = draw(st.sampled_from([0, 12, 100, 1000]))
    if n == 0:
        return []
    gained, lost = draw(st.integers(0, min(n // 2, 60))), draw(st.integers(0, 6))
    return [
        measure("routed_gained", CLASS, "difference", gained, n=n),
        measure("routed_lost", CLASS, "difference", lost, n=n),
        measure("false_positive_rate", CLASS, "difference", (gained - lost) / n, n=n),
    ]


@st.composite
def acted(draw: st.DrawFn) -> list[Metric]:
    return [
        one
        for name in (ALL, CLASS)
        for one in selective(
            name, draw(st.sampled_from([0, 60, 1000])), draw(st.integers(0, 30)), draw(st.integers(0, 30))
        )
    ]


@st.composite
def cue(draw: st.DrawFn) -> list[Metric]:
    rows: list[Metric] = []
    for group in ("other", "critical"):
        if draw(st.booleans()):
            n, half = draw(st.sampled_from([11, 60, 300])), draw(st.sampled_from([0.001, 0.2]))
            effects = shift(group, draw(number), draw(st.just(0.0) | number), n, half)
            unknown = draw(st.sampled_from([(), ("candidate", "difference"), ("base", "difference")]))
            rows += [
                replace(one, value=None, low=None, high=None, status="unknown", why="no numbers")
                if one.side in unknown
                else one
                for one in effects
            ]
        if draw(st.booleans()):
            n = draw(st.sampled_from([5, 72]))
            rows.append(
                measure(f"relevance_removed_{group}", "escalation/titles", "candidate", draw(maybe), n=n)
            )
    for method in ("occlusion", "integrated_gradients"):
        own, change = draw(maybe.map(lambda value: value and value + 1)), draw(maybe)
        for side, value in (("candidate", own), ("difference", change)):
            rows.append(measure("enrichment", "escalation/titles", side, value, method=method))
    return rows


@st.composite
def signals(draw: st.DrawFn) -> list[Metric]:
    if draw(st.booleans()):
        return []
    base, candidate, n = draw(maybe), draw(maybe), draw(st.sampled_from([19, 40]))
    change = None if base is None or candidate is None else candidate - base
    return [
        measure("signal_effect", "escalation", "base", base, n=n),
        measure("signal_effect", "escalation", "candidate", candidate, n=n),
        measure("signal_effect", "escalation", "difference", change, n=n),
    ]


@st.composite
def licences(draw: st.DrawFn) -> list[Metric]:
    share = st.none() | st.floats(0, 1).map(lambda value: round(value, 2))
    return [
        measure("licence_share", name, "candidate", draw(share), n=draw(st.sampled_from([0, 19, 40])), method=method)
        for name in (CLASS, "names a title")
        for method in draw(st.sets(st.sampled_from(["occlusion", "integrated_gradients"])))
    ]  # fmt: skip


@st.composite
def inputs(draw: st.DrawFn) -> GateInput:
    parts = (
        counts(ALL),
        counts(CLASS),
        *(counts(one.slice) for one in DECLARED),
        routing(),
        acted(),
        cue(),
        signals(),
    )
    metrics = [one for part in (*parts, licences()) for one in draw(part)]
    said = tuple(
        verdict(ref, draw(st.sampled_from(RIGHTS)), cause=draw(st.none() | st.just("titles")))
        for ref in draw(st.sets(st.sampled_from(REFS)))
    )
    queue = [QueueEntry(ref, rank, False, False, ("flip",), (CLASS,)) for rank, ref in enumerate(REFS)]
    return given(
        metrics,
        slices=(ESCALATION, *DECLARED) if draw(st.booleans()) else (),
        irrelevant={"escalation": ["titles"]} if draw(st.booleans()) else None,
        signals={"escalation": ["human"]} if draw(st.booleans()) else None,
        threshold=draw(st.sampled_from([None, 0.8])),
        queue=tuple(queue) if draw(st.booleans()) else (),
        flagged={key: REFS for key in KEYS if draw(st.booleans())},
        state=replace(NOTHING, verdicts=said),
    )


def judged(one: GateInput) -> list[GateResult]:
    return [result for result in evaluate(one) if result.track == "intent"]


@settings(max_examples=200, deadline=None)
@drawn(inputs())
def test_a_row_fails_where_and_only_where_its_gate_does(one: GateInput) -> None:
    results = judged(one)
    assert {result.name for result in results} == {gate.name for gate in get("intent").gates()}
    for result in results:
        check_criteria(result)


def rows(one: GateInput, key: str) -> list[Criterion]:
    return list(next(result for result in judged(one) if result.key == key).criteria)


def test_a_switched_off_gate_has_no_rows() -> None:
    one = given(overrides={"intent.accuracy": {"off": "measured elsewhere"}})
    assert rows(one, "intent.accuracy") == []


@pytest.mark.parametrize(
    ("broken", "fixed", "expected"),
    [
        (40, 5, ["fail", "fail"]),
        (5, 40, ["pass", "pass", "pass"]),
        (30, 25, ["pass", "pass", "undecided"]),
        # Too few to tell from chance, and more than a point: that alone fails nothing.
        (3, 0, ["pass", "warn", "undecided"]),
    ],
)
def test_accuracy_is_its_test_its_change_and_what_it_cannot_exclude(
    broken: int, fixed: int, expected: list[str]
) -> None:
    n = 100 if broken == 3 else 1000
    found = rows(given(flips(ALL, n, broken, fixed)), "intent.accuracy")
    assert [row.verdict for row in found] == expected
    assert found[0].limit == "above 0.0050"
    assert (found[1].value, found[1].limit) == ((fixed - broken) / n, "at least -0.010")


def test_a_critical_class_says_by_how_much_the_open_verdicts_can_move_it() -> None:
    key = "intent.critical_recall[escalation]"
    one = given(flips(CLASS, 55, 4, 0), slices=(ESCALATION,))
    open_rows = tuple(
        Contested("intent", "accuracy", CLASS, ref, ref, 1, -1, 1, 0, 0)
        for ref in (*REFS, "intent/message:x")
    )
    one = replace(one, contested=open_rows)
    assert [(row.what, row.value, row.limit, row.verdict) for row in rows(one, key)[2:]] == [
        ("net loss in examples, -4 to 4 as the open verdicts fall", 4, "at most 2.75", "unknown"),
    ]
    said = tuple(verdict(row.ref, "base") for row in open_rows)
    confirmed = rows(replace(one, state=replace(NOTHING, verdicts=said)), key)[2:]
    assert [(row.what, row.value, row.verdict) for row in confirmed] == [("net loss in examples", 4, "fail")]


def test_relevance_says_own_and_change_of_each_population_and_the_weight_in_explanations() -> None:
    metrics = [
        *shift("other", 0.3, 0.0, 300),
        *shift("critical", 0.1, 0.0, 11),
        measure("enrichment", "escalation/titles", "candidate", 1.8, method="occlusion"),
        measure("enrichment", "escalation/titles", "difference", None, method="occlusion"),
    ]
    one = given(metrics, irrelevant={"escalation": ["titles"]}, flagged={KEY: REFS})
    assert [(row.what, row.value, row.verdict) for row in rows(one, KEY)] == [
        ("texts of other classes that it is inserted into", 300, "pass"),
        ("change of p(class) by inserting it, texts of other classes", 0.3, "fail"),
        ("the same over the base's, texts of other classes", 0.3, "fail"),
        ("texts of the class that it is inserted into", 11, "unknown"),
        ("change of p(class) by inserting it, texts of the class", 0.1, "unknown"),
        ("flagged examples with a verdict and its cause", 0, "unknown"),
        ("weight of it by occlusion", 1.8, "warn"),
        ("rise of that over the base's, by occlusion", None, "unknown"),
    ]


def test_a_slice_that_cannot_be_decided_says_how_many_flips_would() -> None:
    (count, change, collapse) = rows(
        given(flips("very short", 100, 2, 0), slices=DECLARED), "intent.slices[very short]"
    )
    assert (count.value, count.verdict) == (2, "undecided")
    assert (collapse.value, collapse.verdict) == (0.02, "pass")
    assert (change.value, change.verdict) == (-0.02, "pass")
