"""Truth tables of the response gates."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from analysis.base.gate_records import GateInput
from analysis.base.records import ALL, Metric
from analysis.base.review_records import Right
from analysis.plugin.alpha import alpha_table
from analysis.review.evaluate import allow, evaluate
from analysis.tracks.response.hallucination import HALLUCINATION
from analysis.tracks.response.known_detectors import RATED
from analysis.tracks.response.metric_specs import metric
from tests.analysis.tracks.response.gate_inputs import (
    CRITICAL,
    GATES,
    INPUTS,
    Word,
    gate,
    given,
    hits,
    lengths,
    on_both,
    preferred,
    refs,
    said,
)

EVERY = [metric for one in RATED for metric in hits(one.name, 0, 0)]


@pytest.mark.parametrize(
    ("new", "gone", "verdict"),
    [
        # Alone in its family: alpha is .05.
        (5, 0, "fail"),
        # Of 130, up to six and a half more may be confirmed: nobody has to look whether these are.
        (4, 0, "pass"),
        (1, 0, "pass"),
        (0, 0, "pass"),
        (3, 3, "pass"),
        (0, 9, "pass"),
        (10, 9, "pass"),
        (14, 7, "unknown"),
    ],
)
def test_more_new_hits_than_chance_fail_and_others_need_a_person(new: int, gone: int, verdict: str) -> None:
    judged = given(hits("citations", new, gone), new={"citations": refs(new)})
    assert gate(judged, "response.citations").verdict == verdict


def test_a_clear_rise_under_two_points_does_not_fail_by_counting() -> None:
    some = refs(10)
    judged = given(hits("tone", 10, 0, n=1000), new={"tone": some})
    assert gate(judged, "response.tone").verdict == "pass"


def test_the_family_shares_alpha_over_detectors() -> None:
    five = hits("facts", 5, 0)
    alone = given(five, new={"facts": refs(5)})
    assert gate(alone, "response.facts").verdict == "fail"
    among = given([*five, *hits("tone", 6, 6), *hits("refusal", 6, 6)], new={"facts": refs(5)})
    result = gate(among, "response.facts")
    assert result.verdict == "unknown"
    # At .05/2 five one-way flips (p .031) can no longer decide anything, so two tests share alpha.
    assert "0.0500/2" in result.threshold
    half = {"alpha": {name: part / 2 for name, part in alpha_table(alone).items()}}
    halved = replace(alone, settings={"response": {**alone.settings["response"], **half}})
    assert gate(halved, "response.facts").verdict == "unknown"


@pytest.mark.parametrize("detector", ["spoilers", "facts", "promises"])
@pytest.mark.parametrize(
    ("new", "gone", "verdict"),
    [
        (3, 0, "fail"),
        # As many went as came: looking at what came is no reason to fail.
        (3, 3, "pass"),
        (3, 9, "pass"),
        (1, 0, "pass"),
    ],
)
def test_confirmed_new_hits_count_against_those_that_are_gone(
    detector: str, new: int, gone: int, verdict: str
) -> None:
    some = refs(new)
    words = said(spans=[(ref, detector, 0, 9, "confirmed", "alice") for ref in some])
    result = gate(given(hits(detector, new, gone), new={detector: some}, state=words), f"response.{detector}")
    assert result.verdict == verdict
    assert f"{new} confirmed by a person" in result.why


def test_confirmed_hits_of_the_others_pass_up_to_five_points() -> None:
    some = refs(4)
    words = said(spans=[word for ref in some for word in on_both(ref, "tone", "confirmed")])
    assert gate(given(hits("tone", 4, 0), new={"tone": some}, state=words), "response.tone").verdict == "pass"
    narrow = given(hits("tone", 4, 0, n=60), new={"tone": some}, state=words)
    assert gate(narrow, "response.tone").verdict == "fail"


@pytest.mark.parametrize(
    ("words", "verdict"),
    [
        (on_both("response/prompt:r000", "spoilers", "refuted"), "pass"),
        # One span refuted and the other never looked at settles nothing.
        (on_both("response/prompt:r000", "spoilers", "refuted")[:1], "unknown"),
        (on_both("response/prompt:r000", "spoilers", "confirmed")[:1], "fail"),
        # Reviewers disagree.
        (
            [
                *on_both("response/prompt:r000", "spoilers", "refuted"),
                *on_both("response/prompt:r000", "spoilers", "confirmed", "bob"),
            ],
            "unknown",
        ),
        # A word on what another detector found, or on what is no hit.
        (on_both("response/prompt:r000", "facts", "confirmed"), "unknown"),
        ([("response/prompt:r000", "spoilers", 50, 60, "confirmed", "alice")], "unknown"),
    ],
)
def test_words_on_spans_decide_a_hit(words: list[tuple[str, str, int, int, str, str]], verdict: str) -> None:
    """Two others are confirmed: of 130, a third is one too many."""
    first, *others = refs(3)
    confirmed = [word for ref in others for word in on_both(ref, "spoilers", "confirmed")]
    state = said(spans=[*words, *confirmed])
    judged = given(hits("spoilers", 3, 0), new={"spoilers": (first, *others)}, state=state)
    assert gate(judged, "response.spoilers").verdict == verdict


@pytest.mark.parametrize(
    ("word", "verdict"),
    [("both", "pass"), ("candidate", "pass"), ("base", "fail"), ("neither", "fail"), ("unsure", "unknown")],
)
def test_a_verdict_on_the_example_decides_its_hit(word: Right, verdict: str) -> None:
    first, *others = refs(3)
    state = said({first: word, **dict.fromkeys(others, "base")})
    judged = given(hits("promises", 3, 0), new={"promises": refs(3)}, state=state)
    assert gate(judged, "response.promises").verdict == verdict


def test_a_wrong_answer_with_a_refuted_spoiler_is_no_spoiler() -> None:
    first, *others = refs(3)
    state = said(dict.fromkeys(refs(3), "base"), on_both(first, "spoilers", "refuted"))
    judged = given(hits("spoilers", 3, 0), new={"spoilers": (first, *others)}, state=state)
    assert gate(judged, "response.spoilers").verdict == "pass"


def test_hits_that_people_refuted_leave_the_count_and_leave_no_other_test_easier() -> None:
    some = refs(8)
    metrics = [*hits("escalation", 8, 0), *hits("tone", 6, 0)]
    new = {"escalation": some, "tone": refs(6)}
    assert gate(given(metrics, new=new), "response.escalation").verdict == "fail"
    refuted = said(spans=[word for ref in some for word in on_both(ref, "escalation", "refuted")])
    judged = given(metrics, new=new, state=refuted)
    result = gate(judged, "response.escalation")
    assert result.verdict == "pass"
    assert "8 refuted" in result.why
    # Its divisor stays that of the counts.
    assert "/2 and" in gate(judged, "response.tone").threshold


def test_a_critical_slice_stands_on_its_own_key() -> None:
    some = refs(7)
    metrics = [*hits("spoilers", 7, 0, n=2000), *hits("spoilers", 7, 0, n=34, slice_name=CRITICAL.slice)]
    key = f"response.spoilers[{CRITICAL.slice}]"
    flagged = {"response.spoilers": some, key: some}
    judged = given(metrics, new={"spoilers": some}, flagged=flagged, slices=(CRITICAL,))
    # Seven of 2,000 are within the tolerance, seven of 34 are not.
    assert gate(judged, "response.spoilers").verdict == "pass"
    result = gate(judged, key)
    assert (result.verdict, result.slice, result.n) == ("fail", CRITICAL.slice, 34)
    empty = given(EVERY, slices=(replace(CRITICAL, n=0),))
    assert gate(empty, key).verdict == "unknown"


def test_examples_that_are_no_new_hit_are_asked_about_where_they_are_flagged() -> None:
    """Differing answers of a slice too small to count, and answers that are not there."""
    some = refs(3)
    key = f"response.facts[{CRITICAL.slice}]"
    metrics = [*hits("facts", 0, 0), *hits("facts", 0, 0, n=12, slice_name=CRITICAL.slice)]
    judged = given(metrics, flagged={key: some}, slices=(replace(CRITICAL, n=12),))
    result = gate(judged, key)
    assert (result.verdict, result.refs) == ("unknown", some)
    fine = replace(judged, state=said(dict.fromkeys(some, "both")))
    assert gate(fine, key).verdict == "pass"
    # What is wrong with it is no hit of this detector.
    wrong = replace(judged, state=said({**dict.fromkeys(some, "both"), some[0]: "base"}))
    assert gate(wrong, key).verdict == "pass"


def test_answers_that_are_not_there_bear_on_refusal() -> None:
    some = refs(9)
    judged = given(hits("refusal", 0, 0), flagged={"response.refusal": some})
    assert gate(judged, "response.refusal").verdict == "unknown"
    few = replace(judged, state=said({**dict.fromkeys(some, "both"), some[0]: "base"}))
    assert gate(few, "response.refusal").verdict == "pass"
    many = replace(judged, state=said(dict.fromkeys(some, "base")))
    assert gate(many, "response.refusal").verdict == "fail"


@pytest.mark.parametrize(
    ("detector", "inputs", "verdict"),
    [
        ("facts", {}, "n/a"),
        ("facts", INPUTS, "unknown"),
        ("promises", {}, "n/a"),
        ("promises", INPUTS, "unknown"),
        ("escalation", INPUTS, "n/a"),
        ("citations", INPUTS, "n/a"),
    ],
)
def test_a_detector_that_applies_to_nothing(detector: str, inputs: dict[str, object], verdict: str) -> None:
    assert gate(given([], inputs=inputs), f"response.{detector}").verdict == verdict


WINS, TIES = preferred(0.64, 0.55, 0.72), preferred(0.55, 0.46, 0.64)


@pytest.mark.parametrize(
    ("rate", "spoilers", "verdict"),
    [
        (WINS, (11, 0), "fail"),
        (WINS, (3, 0), "unknown"),
        (WINS, (1, 0), "pass"),
        (WINS, (0, 0), "pass"),
        (TIES, (11, 0), "pass"),
        (preferred(0.6, 0.5, 0.7), (11, 0), "pass"),
    ],
)
def test_what_wins_on_style_and_spoils_is_rejected(
    rate: Metric, spoilers: tuple[int, int], verdict: str
) -> None:
    metrics = [*hits("spoilers", *spoilers), *hits("facts", 0, 0), *hits("promises", 0, 0), rate]
    result = gate(given(metrics, new={"spoilers": refs(spoilers[0])}), "response.tradeoff")
    assert result.verdict == verdict
    if verdict == "fail":
        assert "response.spoilers" in result.why
        assert set(result.refs) == set(refs(11))


def test_what_wins_and_hallucinates_in_many_ways_is_rejected() -> None:
    """Three new facts, three promises and three invented citations are too few each, and not together."""
    metrics = [
        *(metric for name in ("facts", "promises", "citations") for metric in hits(name, 3, 0)),
        *hits("spoilers", 0, 0),
        *hits("hallucination", 9, 0),
        WINS,
    ]
    names = {"facts": refs(3), "promises": refs(3), "citations": refs(3), "hallucination": refs(9)}
    result = gate(given(metrics, new=names), "response.tradeoff")
    assert (result.verdict, result.refs) == ("fail", refs(9))
    assert "hallucination" in result.why
    refuted = said(spans=[word for ref in refs(9) for word in on_both(ref, "hallucination", "refuted")])
    assert gate(given(metrics, new=names, state=refuted), "response.tradeoff").verdict == "unknown"


def test_the_tradeoff_needs_votes_where_preferences_are_declared() -> None:
    assert gate(given(EVERY, inputs={}), "response.tradeoff").verdict == "n/a"
    assert gate(given(EVERY), "response.tradeoff").verdict == "unknown"


def test_a_gate_that_is_off_takes_no_part_in_the_tradeoff() -> None:
    off: dict[str, dict[str, object]] = {"response.spoilers": {"off": "the shop sells study guides"}}
    judged = given([*hits("spoilers", 11, 0), WINS], new={"spoilers": refs(11)}, overrides=off)
    judged = replace(
        judged, settings={"response": {**judged.settings["response"], "catalogue": False, "policy": False}}
    )
    assert gate(judged, "response.tradeoff").verdict == "pass"


@pytest.mark.parametrize(
    ("change", "half", "verdict"), [(30, 4, "warn"), (-30, 4, "warn"), (8, 4, "pass"), (30, 31, "pass")]
)
def test_length_only_warns(change: float, half: float, verdict: str) -> None:
    result = gate(given(lengths(40, change, half)), "response.length")
    assert (result.verdict, result.blocking) == (verdict, False)


def test_a_candidate_that_answers_as_the_base_does_is_allowed() -> None:
    results = evaluate(given([*EVERY, preferred(0.5, 0.41, 0.59), *lengths(40, 0, 0)]), GATES)
    assert {result.key for result in results if result.verdict != "pass"} == {"response.artefact"}
    assert allow(results)


def _any_input(rng: np.random.Generator) -> GateInput:
    """Counts, votes, lengths and words of people as they may come, few prompts and many."""
    metrics: list[Metric] = []
    new: dict[str, tuple[str, ...]] = {}
    flagged: dict[str, tuple[str, ...]] = {}
    for name in [*(one.name for one in RATED if rng.random() < 0.8), HALLUCINATION]:
        n = int(rng.choice([24, 130, 2000]))
        came, went = (int(count) for count in rng.integers(0, 12, 2) * rng.integers(0, 2, 2))
        metrics += hits(name, came, went, n)
        new[name] = refs(came)
        if name != HALLUCINATION:
            flagged[f"response.{name}"] = refs(came + int(rng.integers(0, 2)))
        if rng.random() < 0.5:
            metrics += hits(name, came, went, 34, slice_name=CRITICAL.slice)
            flagged[f"response.{name}[{CRITICAL.slice}]"] = refs(came)
    if rng.random() < 0.7:
        low = float(rng.uniform(0.3, 0.7))
        metrics.append(preferred(low + 0.1, low, low + 0.2))
    if rng.random() < 0.7:
        metrics += lengths(40, float(rng.normal(0, 15)), 5)
    verdicts: dict[str, Right] = {
        ref: rng.choice(["both", "base", "unsure"]) for ref in refs(12) if rng.random() < 0.5
    }
    spans: list[Word] = [
        word
        for name, some in new.items()
        for ref in some
        if rng.random() < 0.5
        for word in on_both(ref, name, rng.choice(["confirmed", "refuted"]))
    ]
    inputs = INPUTS if rng.random() < 0.8 else {}
    slices = (CRITICAL,) if rng.random() < 0.8 else (replace(CRITICAL, n=0),)
    return given(metrics, new=new, flagged=flagged, slices=slices, state=said(verdicts, spans), inputs=inputs)


def test_the_rows_of_a_result_say_what_it_says() -> None:
    """A fail has a row that fails, a pass none; who waits has a row that waits; the value has a row of its own."""
    rng = np.random.default_rng(11)
    seen: Counter[tuple[str, str]] = Counter()
    for _ in range(400):
        for one in evaluate(_any_input(rng), GATES):
            rows = {row.verdict for row in one.criteria}
            seen[one.name, one.verdict] += 1
            if one.verdict in ("n/a", "off"):
                assert not one.criteria
                continue
            assert all(row.what and row.limit for row in one.criteria)
            assert ("fail" in rows) == (one.verdict == "fail"), one
            if one.verdict != "fail":
                assert ("unknown" in rows) == (one.verdict == "unknown"), one
            if one.verdict == "warn":
                assert "warn" in rows
            if one.metric is not None:
                numbers = [(row.value, row.low, row.high) for row in one.criteria]
                assert (one.value, one.low, one.high) in numbers
    for name in ("response.spoilers", "response.tone", "response.tradeoff"):
        assert {verdict for gate_name, verdict in seen if gate_name == name} >= {"pass", "fail", "unknown"}
    assert {verdict for name, verdict in seen if name == "response.length"} >= {"pass", "warn", "n/a"}


def test_a_gate_that_is_off_has_no_rows() -> None:
    off: dict[str, dict[str, object]] = {one.name: {"off": "not now"} for one in GATES}
    results = evaluate(given(EVERY, overrides=off), GATES)
    assert {result.verdict for result in results} == {"off"}
    assert not any(result.criteria for result in results)


def test_a_detector_that_came_after_the_run_is_not_asked_for() -> None:
    """Its gate says so, and the family goes on without it."""
    judged = given(hits("spoilers", 11, 0), new={"spoilers": refs(11)})
    known = {name: spec for name, spec in judged.specs["response"].items() if not name.startswith("tone")}
    results = {one.key: one for one in evaluate(replace(judged, specs={"response": known}), GATES)}
    assert results["response.tone"].verdict == "n/a"
    assert "without the detector" in results["response.tone"].why
    assert results["response.spoilers"].verdict == "fail"


def test_answers_that_are_not_read_wait_for_people_where_they_could_matter() -> None:
    """Twelve of 130 could bring the rise beyond its tolerance, three could not."""
    for count, verdict in ((12, "unknown"), (3, "pass")):
        metrics = [*hits("tone", 0, 0), metric("tone_unread", ALL, "candidate", count, None, count, "")]
        one = gate(given(metrics, flagged={"response.tone": refs(count)}), "response.tone")
        assert one.verdict == verdict, count
        assert f"{count} in a language that it does not read" in one.why
        assert [row.value for row in one.criteria if "does not read" in row.what] == [count]


def _of_judge(name: str, judge: str, value: float | None, low: float, high: float, why: str = "") -> Metric:
    return metric(name, judge, "candidate", value, (low, high), 40, "", why=why)


def test_the_tradeoff_says_what_is_known_of_its_judges() -> None:
    numbers = [*EVERY, preferred(0.5, 0.41, 0.59), *lengths(40, 0, 0)]
    known = _of_judge("judge_agreement", "gpt", 0.7, 0.5, 0.85)
    fair = _of_judge("judge_first", "gpt", 0.55, 0.4, 0.7)
    one = gate(given([*numbers, known, fair]), "response.tradeoff")
    assert one.verdict == "pass"
    rows = {row.what: row for row in one.criteria}
    assert rows["agreement of gpt with people"].value == 0.7
    assert rows["votes of gpt for the answer shown first"].verdict == "pass"
    alone = _of_judge("judge_agreement", "gpt", None, 0, 1, "no judge is said to be a person")
    unknown = gate(given([*numbers, alone, fair]), "response.tradeoff")
    assert unknown.verdict == "pass"
    assert "how far gpt agrees with people is not known" in unknown.why
    assert any(row.verdict == "undecided" and "not known" in row.what for row in unknown.criteria)
    for low, high, order in ((0.6, 0.9, "first"), (0.1, 0.4, "second")):
        biased = _of_judge("judge_first", "gpt", (low + high) / 2, low, high)
        warned = gate(given([*numbers, known, biased]), "response.tradeoff")
        assert warned.verdict == "warn"
        assert f"gpt prefers the {order} answer" in warned.why
