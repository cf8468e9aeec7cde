"""Truth tables of the retrieval gates."""

from __future__ import annotations

from dataclasses import replace

import pytest

from analysis.base.records import Slice
from analysis.plugin.alpha import alpha_table
from analysis.review.evaluate import evaluate
from tests.analysis.tracks.retrieval.gate_inputs import (
    DECLARED,
    GATES,
    NO_SPOILERS,
    contested_probes,
    gate,
    given,
    grouping,
    one,
    pairs,
    probes,
    seen,
    wanted,
)

CRITICAL = "retrieval.probes[no-spoiler queries]"


@pytest.mark.parametrize(
    ("change", "half", "expected"),
    [
        (0.0, 0.02, "pass"),
        (-0.09, 0.02, "pass"),
        (-0.11, 0.02, "fail"),
        (-0.3, 0.31, "pass"),
        (0.3, 0.0, "pass"),
    ],
)
def test_grouping_fails_by_a_clear_fall_of_the_mean(change: float, half: float, expected: str) -> None:
    assert gate(given(wanted(0.5, 0.5 + change, half)), "retrieval.grouping").verdict == expected


def test_grouping_wants_a_hundred_items_and_a_measurement() -> None:
    assert gate(given(wanted(0.5, 0.5, n=99)), "retrieval.grouping").verdict == "unknown"
    assert gate(given([]), "retrieval.grouping").verdict == "unknown"
    failed = one(
        "grouping_wanted_lift", "all", "difference", None, why="no wanted attribute that can be measured"
    )
    result = gate(given([failed]), "retrieval.grouping")
    assert result.verdict == "unknown"
    assert "can be measured" in result.why


def test_a_fall_fails_what_must_be_kept_and_only_warns_of_the_rest() -> None:
    metrics = [*wanted(0.5, 0.45), *grouping("theme", 0.5, 0.3), *grouping("tone", 0.5, 0.2)]
    judged = given(metrics, flagged={"retrieval.grouping[theme]": ("i1", "i2")})
    assert gate(judged, "retrieval.grouping[theme]").verdict == "fail"
    assert gate(judged, "retrieval.grouping[theme]").refs == ("i1", "i2")
    mean = gate(judged, "retrieval.grouping")
    assert mean.verdict == "warn"
    assert "tone" in mean.why
    assert "theme" not in mean.why


def test_a_fall_over_too_few_items_is_no_warning_and_decides_nothing_that_must_be_kept() -> None:
    metrics = [
        *wanted(0.5, 0.48),
        *grouping("tone", 0.5, 0.1, n=60),
        *grouping("theme", 0.5, 0.5, n=60),
    ]
    assert gate(given(metrics), "retrieval.grouping").verdict == "pass"
    assert gate(given(metrics), "retrieval.grouping[theme]").verdict == "unknown"


@pytest.mark.parametrize(
    ("base", "candidate", "mean", "half", "expected"),
    [
        (0.1, 0.15, 0.5, 0.01, "pass"),
        (0.1, 0.19, 0.5, 0.01, "pass"),
        (0.1, 0.21, 0.5, 0.01, "fail"),
        (0.1, 0.21, 0.5, 0.12, "pass"),
        (0.4, 0.46, 0.3, 0.01, "fail"),
        (0.4, 0.44, 0.3, 0.01, "pass"),
        (0.4, 0.46, 0.3, 0.07, "pass"),
        (0.9, 0.9, 0.1, 0.01, "pass"),
        (0.9, 0.5, 0.1, 0.01, "pass"),
    ],
)
def test_confounds_fail_by_a_clear_rise_and_earlier_where_they_exceed_the_wanted(
    base: float, candidate: float, mean: float, half: float, expected: str
) -> None:
    judged = given([*wanted(mean, mean), *grouping("publisher", base, candidate, half)])
    assert gate(judged, "retrieval.confounds[publisher]").verdict == expected


def test_what_the_base_did_already_is_inherited() -> None:
    judged = given([*wanted(0.5, 0.5), *grouping("publisher", 0.7, 0.7)])
    result = gate(judged, "retrieval.confounds[publisher]")
    assert result.verdict == "pass"
    assert result.why.startswith("inherited")


def test_confounds_are_unknown_where_strata_are_too_small_or_items_too_few() -> None:
    why = "strata are too small"
    metrics = [
        one("grouping_conditional_lift", "publisher", "difference", None, why=why),
        *grouping("template", 0.1, 0.5, n=99),
    ]
    judged = given([*wanted(0.5, 0.5), *metrics])
    assert gate(judged, "retrieval.confounds[publisher]").verdict == "unknown"
    assert why in gate(judged, "retrieval.confounds[publisher]").why
    assert gate(judged, "retrieval.confounds[template]").verdict == "unknown"
    assert gate(given(wanted(0.5, 0.5)), "retrieval.confounds[template]").verdict == "unknown"


@pytest.mark.parametrize(
    ("n", "broken", "fixed", "expected"),
    [
        (100, 0, 0, "pass"),
        (100, 5, 0, "pass"),
        (100, 7, 0, "fail"),
        (100, 20, 19, "pass"),
        (1000, 15, 0, "pass"),
        (1000, 30, 2, "fail"),
        (49, 20, 0, "unknown"),
        (0, 0, 0, "unknown"),
    ],
)
def test_hard_negatives_need_the_test_and_two_points(n: int, broken: int, fixed: int, expected: str) -> None:
    assert gate(given(pairs(n, broken, fixed)), "retrieval.hard_negatives").verdict == expected


def test_alpha_is_split_among_the_tracks() -> None:
    judged = given(pairs(100, 7, 0))
    assert gate(judged, "retrieval.hard_negatives").verdict == "fail"
    half = {"alpha": {name: part / 2 for name, part in alpha_table(judged).items()}}
    shared = given(pairs(100, 7, 0), declared={**DECLARED, **half}, tracks=("intent", "retrieval"))
    assert gate(shared, "retrieval.hard_negatives").verdict == "pass"


@pytest.mark.parametrize(
    ("recall", "ndcg", "n", "expected"),
    [
        (0.05, 0.05, 120, "pass"),
        (-0.019, 0.0, 120, "pass"),
        (-0.03, 0.0, 120, "fail"),
        (0.0, -0.03, 120, "fail"),
        (-0.3, -0.3, 49, "unknown"),
    ],
)
def test_probes_fail_by_a_clear_fall_of_recall_or_of_order(
    recall: float, ndcg: float, n: int, expected: str
) -> None:
    assert gate(given(probes(recall, ndcg, n=n)), "retrieval.probes").verdict == expected


def test_a_fall_that_may_be_chance_does_not_fail_the_probes() -> None:
    assert gate(given(probes(-0.05, half=0.06)), "retrieval.probes").verdict == "pass"


def in_slice(recall: float, n: int, broken: int, fixed: int = 0, half: float = 0.05) -> list[object]:
    name = NO_SPOILERS.slice
    return [*probes(0.0), *probes(recall, slice_name=name, n=n, broken=broken, fixed=fixed, half=half)]


@pytest.mark.parametrize(
    ("recall", "n", "broken", "expected"),
    [
        (-0.1, 60, 10, "fail"),
        (-0.03, 60, 4, "pass"),
        (-0.2, 30, 10, "fail"),
        # One and a half of thirty may be lost; two may be confirmed.
        (-0.03, 30, 1, "pass"),
        (-0.03, 30, 2, "unknown"),
        (0.0, 30, 0, "pass"),
        (0.1, 10, 0, "pass"),
        (-0.5, 10, 8, "unknown"),
    ],
)
def test_a_critical_slice_stands_on_its_own(recall: float, n: int, broken: int, expected: str) -> None:
    judged = given(
        in_slice(recall, n, broken),  # type: ignore[arg-type]
        slices=(NO_SPOILERS,),
        contested=contested_probes(NO_SPOILERS.slice, broken, 0),
    )
    assert gate(judged, CRITICAL).verdict == expected


@pytest.mark.parametrize(
    ("bad", "fixed", "expected"), [(0, 0, "pass"), (1, 0, "pass"), (2, 0, "fail"), (2, 1, "pass")]
)
def test_verdicts_decide_a_small_critical_slice(bad: int, fixed: int, expected: str) -> None:
    """What was fixed is judged as what was broken is: in neither case is a list believed to be better unseen."""
    judged = given(
        in_slice(-0.03, 30, 3, fixed),  # type: ignore[arg-type]
        slices=(NO_SPOILERS,),
        contested=contested_probes(NO_SPOILERS.slice, 3, fixed),
    )
    waiting = replace(judged, state=seen("q1"))
    assert gate(waiting, CRITICAL).verdict == "unknown"
    assert "q1" not in gate(waiting, CRITICAL).open
    refs, mended = [f"q{number}" for number in range(3)], [f"q{number}" for number in range(3, 3 + fixed)]
    verdicts = (
        *seen(*refs[:bad], said="base").verdicts,
        *seen(*refs[bad:]).verdicts,
        *seen(*mended, said="candidate").verdicts,
    )
    done = replace(judged, state=replace(seen(), verdicts=verdicts))
    assert gate(done, CRITICAL).verdict == expected


def test_a_critical_slice_without_relevance_is_unknown_even_where_no_probe_has_any() -> None:
    judged = given(probes(0.0), slices=(NO_SPOILERS,))
    assert gate(judged, CRITICAL).verdict == "unknown"
    nothing = given([], slices=(NO_SPOILERS,))
    assert gate(nothing, "retrieval.probes").verdict == "n/a"
    assert gate(nothing, CRITICAL).verdict == "unknown"


def test_a_declared_slice_that_matches_nothing_is_unknown() -> None:
    gone = Slice("gone", "retrieval", "declared", False, "", 0)
    result = gate(given(probes(0.0), slices=(gone,)), "retrieval.probes[gone]")
    assert result.verdict == "unknown"
    assert "matches nothing" in result.why


def test_what_is_not_declared_is_not_applicable() -> None:
    verdicts = {result.key: result.verdict for result in evaluate(given([], declared={"k": 10}), GATES)}
    assert verdicts == {gate.name: "n/a" for gate in GATES}


def test_slices_of_other_tracks_have_no_gate_here() -> None:
    other = replace(NO_SPOILERS, track="intent")
    keys = [result.key for result in evaluate(given(probes(0.0), slices=(other,)), GATES)]
    assert CRITICAL not in keys


def test_a_candidate_that_is_its_base_passes_every_gate() -> None:
    same = [
        *wanted(0.5, 0.5, 0.0),
        *(
            each
            for name in ("theme", "tone", "publisher", "template")
            for each in grouping(name, 0.4, 0.4, 0.0)
        ),
        *pairs(60, 0, 0),
        *probes(0.0, half=0.0),
    ]
    verdicts = {result.key: result.verdict for result in evaluate(given(same), GATES)}
    assert set(verdicts.values()) == {"pass"}
    assert len(verdicts) == 2 + len(DECLARED["not_by"]) + 2  # type: ignore[arg-type]


def test_thresholds_may_be_tightened() -> None:
    tight = given([*wanted(0.5, 0.5), *grouping("publisher", 0.1, 0.15, 0.01)])
    assert gate(tight, "retrieval.confounds[publisher]").verdict == "pass"
    rules = given([], overrides={"retrieval.confounds": {"max_rise": 0.03}}).rules
    assert gate(replace(tight, rules=rules), "retrieval.confounds[publisher]").verdict == "fail"
