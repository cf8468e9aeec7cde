"""Gates on reasons and on routing, on inputs small enough to judge by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from analysis.base.gate_records import GateInput
from analysis.base.records import Metric, QueueEntry
from analysis.base.review_records import Right
from analysis.tracks.intent.enrichment_sentences import enrichment_sentence
from tests.analysis.gate_fixture import (
    ESCALATION,
    KEY,
    NOTHING,
    contested,
    flips,
    gate,
    given,
    measure,
    shift,
    verdict,
)


def enrichment(own: float | None, change: float | None, method: str = "occlusion") -> list[Metric]:
    return [
        measure("enrichment", "escalation/titles", side, value, method=f"{method}; share of absolute scores")
        for side, value in (("candidate", own), ("difference", change))
    ]


def leaning(own: float | None, change: float | None, **more: Any) -> GateInput:
    metrics = [*shift("other", 0.0, 0.0, 300), *enrichment(own, change)]
    return given(metrics, irrelevant={"escalation": ["titles"]}, **more)


@pytest.mark.parametrize(
    ("own", "change", "expected"),
    [
        (1.2, 0.4, "unknown"),
        (0.7, 0.4, "warn"),
        (1.2, 0.2, "warn"),
        (1.2, 0.05, "pass"),
        (None, None, "pass"),
    ],
)
def test_enrichment_waits_for_error_analysis_or_warns(
    own: float | None, change: float | None, expected: str
) -> None:
    one = gate(leaning(own, change, flagged={KEY: ("m1",)}), KEY)
    assert one.verdict == expected
    assert ("licensed attribution" if own else "attribution enrichment unknown") in one.why


def test_enrichment_without_a_licensed_base_waits_for_error_analysis() -> None:
    for flagged in ({}, {KEY: ("m1",)}):
        one = gate(leaning(4.0, None, flagged=flagged), KEY)
        assert one.verdict == "unknown"
        assert "leans on it, and whether the base's does is not known" in one.why
    done = replace(NOTHING, verdicts=(verdict("m1", "both", cause="title"),))
    after = gate(leaning(4.0, None, flagged={KEY: ("m1",)}, state=done), KEY)
    # Missing evidence of the base never becomes a pass.
    assert after.verdict == "warn"
    assert gate(leaning(0.7, None), KEY).verdict == "pass"


def test_enrichment_is_a_warning_once_each_flagged_example_has_a_cause() -> None:
    done = replace(NOTHING, verdicts=(verdict("m1", "base", cause="title"),))
    one = gate(leaning(1.2, 0.4, flagged={KEY: ("m1",)}, state=done), KEY)
    assert one.verdict == "warn"
    assert "error analysis: 1 of 1" in one.why


def test_enrichment_that_is_not_licensed_says_why() -> None:
    assert "not licensed on this slice" in gate(leaning(None, None), KEY).why


def test_enrichment_of_the_candidate_is_said_where_the_change_is_not_licensed() -> None:
    one = gate(leaning(1.81, None, flagged={KEY: ("m1",)}), KEY)
    assert one.verdict == "unknown"
    assert (
        "the candidate's licensed attribution names titles: enrichment 1.81 [1.76, 1.86] by occlusion; the base is "
        "not licensed as an aggregate because not licensed on this slice, so the change is not judged"
    ) in one.why


def test_the_reason_is_the_licence_of_the_base() -> None:
    refused = measure(
        "licence",
        "escalation/titles",
        "base",
        0.0,
        method="occlusion",
        why="agreement of the families too low",
    )
    metrics = [
        *shift("other", 0.0, 0.0, 300),
        *enrichment(1.02, None),
        *enrichment(1.2, 0.4, "lime"),
        refused,
    ]
    one = given(metrics, irrelevant={"escalation": ["titles"]}, flagged={KEY: ("m1",)})
    assert enrichment_sentence(one, "escalation", "titles") == (
        "the candidate's licensed attribution does not single out titles: enrichment 1.02 [0.97, 1.07] by "
        "occlusion, 1.20 [1.15, 1.25] by lime; change from the base +0.400 [0.350, 0.450] by lime; the base is not "
        "licensed as an aggregate by occlusion because agreement of the families too low, so the change by "
        "occlusion is not judged"
    )
    assert enrichment_sentence(given(), "escalation", "titles") == ""


def test_one_licensed_method_is_enough_to_wait() -> None:
    metrics = [
        *shift("other", 0.0, 0.0, 300),
        *enrichment(None, None, "integrated_gradients"),
        *enrichment(1.2, 0.4, "occlusion"),
    ]
    one = given(metrics, irrelevant={"escalation": ["titles"]}, flagged={KEY: ("m1",)})
    assert gate(one, KEY).verdict == "unknown"
    assert "occlusion leans on it" in gate(one, KEY).why


def test_an_effect_that_is_not_a_number_is_unknown() -> None:
    metrics = shift("other", 0.0, 0.0, 300)
    metrics[1] = replace(
        metrics[1], value=None, low=None, high=None, status="unknown", why="the logits of 1 probe"
    )
    one = gate(given(metrics, irrelevant={"escalation": ["titles"]}), KEY)
    assert one.verdict == "unknown"
    assert "the logits of 1 probe" in one.why


@pytest.mark.parametrize(("n", "expected"), [(72, "warn"), (5, "pass")])
def test_a_cue_that_suppresses_where_it_stands_is_said(n: int, expected: str) -> None:
    metrics = [
        *shift("other", 0.0, 0.0, 300),
        measure("relevance_removed_critical", "escalation/titles", "candidate", -0.2, n=n),
    ]
    one = gate(given(metrics, irrelevant={"escalation": ["titles"]}), KEY)
    assert one.verdict == expected
    assert ("suppresses the class where it stands" in one.why) == (expected == "warn")


def test_a_correlation_that_was_not_learned_is_said() -> None:
    shares = [
        measure("cue_share_critical", "escalation/titles", "difference", 0.82),
        measure("cue_share_other", "escalation/titles", "difference", 0.014, low=0.01, high=0.02),
    ]
    words = "titles are in 82% of the escalation texts and 1.4% of the others, and the candidate does not depend on it"
    healthy = given([*shift("other", 0.0, 0.0, 300), *shares], irrelevant={"escalation": ["titles"]})
    assert words in gate(healthy, KEY).why
    defective = given([*shift("other", 0.3, 0.0, 300), *shares], irrelevant={"escalation": ["titles"]})
    assert "does not depend" not in gate(defective, KEY).why


SIGNALS = "intent.signals[escalation]"


def signals(base: float | None, candidate: float | None, **more: Any) -> GateInput:
    change = None if base is None or candidate is None else candidate - base
    sides = {"base": base, "candidate": candidate, "difference": change}
    metrics = [measure("signal_effect", "escalation", side, value, **more) for side, value in sides.items()]
    return given(metrics, signals={"escalation": ["human"]})


@pytest.mark.parametrize(
    ("base", "candidate", "more", "expected"),
    [
        (4.0, 4.0, {}, "pass"),
        (4.0, 2.1, {}, "pass"),
        (4.0, 1.9, {}, "fail"),
        (4.0, -1.0, {}, "fail"),
        (0.04, 0.0, {}, "unknown"),
        (4.0, 1.0, {"n": 19}, "undecided"),
        (4.0, None, {"n": 19}, "unknown"),
        (None, None, {"n": 0}, "unknown"),
        (4.0, None, {}, "unknown"),
    ],
)
def test_signals(base: float, candidate: float | None, more: dict[str, Any], expected: str) -> None:
    assert gate(signals(base, candidate, **more), SIGNALS).verdict == expected


def test_a_fall_that_cannot_be_told_from_noise_does_not_fail() -> None:
    one = signals(4.0, 1.0)
    noisy = tuple(replace(m, high=0.5) if m.side == "difference" else m for m in one.metrics)
    assert gate(replace(one, metrics=noisy), SIGNALS).verdict == "pass"


def test_signals_that_are_not_declared_or_not_measured_are_said() -> None:
    assert gate(given(), "intent.signals").verdict == "n/a"
    assert gate(given(signals={"escalation": ["human"]}), SIGNALS).verdict == "unknown"


ROUTING = "intent.critical_routing[escalation]"


def routed(gained: int, lost: int, n: int = 1000, **more: Any) -> GateInput:
    rate = (gained - lost) / n
    metrics = [
        measure("routed_gained", "label=escalation", "difference", gained, n=n),
        measure("routed_lost", "label=escalation", "difference", lost, n=n),
        measure("routed_gained_clusters", "label=escalation", "difference", gained, n=n),
        measure("routed_lost_clusters", "label=escalation", "difference", lost, n=n),
        measure("routed_net_squares", "label=escalation", "difference", gained + lost, n=n),
        measure("false_positive_rate", "label=escalation", "difference", rate, n=n),
    ]
    return given(metrics, slices=(ESCALATION,), **more)


@pytest.mark.parametrize(
    ("gained", "lost", "n", "expected"),
    [
        (0, 0, 1000, "pass"),
        (3, 9, 1000, "pass"),
        (60, 2, 1000, "fail"),
        # A tenth of the class of 55 may be sent there by mistake.
        (5, 0, 1000, "pass"),
        (12, 6, 1000, "unknown"),
        (0, 0, 12, "pass"),
    ],
)
def test_routing(gained: int, lost: int, n: int, expected: str) -> None:
    one = routed(gained, lost, n, contested=contested("label=escalation", gained, lost, "routing"))
    assert gate(one, ROUTING).verdict == expected


@pytest.mark.parametrize(
    ("said", "expected"), [("candidate", "pass"), ("both", "pass"), ("base", "fail"), ("neither", "fail")]
)
def test_what_is_newly_sent_is_a_mistake_where_people_say_so(said: Right, expected: str) -> None:
    rows = contested("label=escalation", 12, 6, "routing")
    state = replace(
        NOTHING, verdicts=tuple(verdict(row.ref, said if row.gold > 0 else "both") for row in rows)
    )
    assert gate(routed(12, 6, 1000, contested=rows, state=state), ROUTING).verdict == expected


def test_routing_without_a_critical_class_or_without_other_messages() -> None:
    assert gate(given(), "intent.critical_routing").verdict == "n/a"
    assert gate(given(slices=(ESCALATION,)), ROUTING).verdict == "unknown"


def test_recall_and_routing_of_a_class_share_one_level() -> None:
    both = [*flips("label=escalation", 55, 0, 9), *routed(0, 0).metrics]
    alone = gate(
        given(flips("label=escalation", 55, 0, 9), slices=(ESCALATION,)), "intent.critical_recall[escalation]"
    )
    shared = gate(given(both, slices=(ESCALATION,)), "intent.critical_recall[escalation]")
    assert "p 0.0200" in alone.threshold
    assert "p 0.0100" in shared.threshold


EXPLANATIONS = "intent.explanations[label=escalation]"


def explained(
    candidate: float | None, n: int, changed: int = 5, method: str = "occlusion", **more: Any
) -> GateInput:
    metrics = [
        measure("flips", "label=escalation", "difference", changed),
        measure("licence_share", "label=escalation", "base", 0.9, n=n, method=method),
        measure("licence_share", "label=escalation", "candidate", candidate, n=n, method=method),
    ]
    return given(metrics, slices=(ESCALATION,), **more)


@pytest.mark.parametrize(
    ("share", "n", "changed", "expected"),
    [
        (0.8, 40, 5, "pass"),
        (0.6, 20, 5, "pass"),
        (0.5, 40, 5, "unknown"),
        (0.9, 19, 5, "unknown"),
        (None, 0, 5, "unknown"),
        (0.1, 40, 0, "pass"),
    ],
)
def test_explanations(share: float | None, n: int, changed: int, expected: str) -> None:
    assert gate(explained(share, n, changed), EXPLANATIONS).verdict == expected


def test_explanations_that_carry_nothing_wait_until_all_are_inspected() -> None:
    queue = (
        QueueEntry("m1", 1, False, False, ("flip",), ("label=escalation",)),
        QueueEntry("m2", 2, True, False, (), ()),
    )
    waiting = explained(0.2, 40, queue=queue)
    assert gate(waiting, EXPLANATIONS).verdict == "unknown"
    assert gate(waiting, EXPLANATIONS).refs == ("m1",)
    seen = replace(NOTHING, verdicts=(verdict("m1", "unsure"),))
    assert gate(replace(waiting, state=seen), EXPLANATIONS).verdict == "pass"


def test_the_method_that_is_licensed_most_often_stands_for_the_slice() -> None:
    one = explained(0.2, 40, method="integrated_gradients")
    more = measure("licence_share", "label=escalation", "candidate", 0.8, n=40, method="occlusion")
    both = gate(replace(one, metrics=(*one.metrics, more)), EXPLANATIONS)
    assert both.verdict == "pass"
    assert both.value == 0.8


def test_explanations_without_critical_slices_or_licences() -> None:
    assert gate(given(), "intent.explanations").verdict == "n/a"
    none = gate(given(slices=(ESCALATION,)), "intent.explanations")
    assert none.verdict == "n/a"
    assert "no licence" in none.why
