"""The minimal examples on which looking at a candidate once made it fail, or not looking made it pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from analysis.base.gate_records import GateInput
from analysis.base.records import ALL, Contested, Metric, Slice
from analysis.base.review_records import FindingRecord, ReviewState, Right, VerdictRecord
from analysis.review.evaluate import deciding_refs, evaluate
from analysis.stats.clusters import clustered_interval
from analysis.tracks.intent.metric_specs import metric
from tests.analysis.gate_fixture import NOTHING, check_criteria, flips, gate, given

CLASS = Slice("label=escalation", "intent", "class", True, "", 60)
RECALL = "intent.critical_recall[escalation]"
ROUTING = "intent.critical_routing[escalation]"


def counted(
    name: str, n: int, worse: int, better: int, size: int = 1
) -> tuple[list[Metric], list[Contested]]:
    """Metrics and contested examples of a slice, in clusters of `size`."""
    rows = [_row(name, "accuracy", number, worse, size) for number in range(worse + better)]
    return [*flips(name, n, worse, better), *clusters("", name, n, worse, better, size)], rows


def clusters(prefix: str, name: str, n: int, worse: int, better: int, size: int = 1) -> list[Metric]:
    first, second = ("routed_gained", "routed_lost") if prefix else ("broken", "fixed")
    values = {
        f"{first}_clusters": -(-worse // size),
        f"{second}_clusters": -(-better // size),
        f"{'routed_' if prefix else ''}net_squares": (worse + better) * size,
    }
    return [metric(key, name, "difference", value, None, n, "") for key, value in values.items()]


def routed(name: str, negatives: int, gained: int, lost: int) -> tuple[list[Metric], list[Contested]]:
    """Metrics and contested examples of what is newly sent to a class, and no longer."""
    low, high = clustered_interval(gained, lost, negatives, gained + lost)
    found = [
        metric("routed_gained", name, "difference", gained, None, negatives, ""),
        metric("routed_lost", name, "difference", lost, None, negatives, ""),
        metric(
            "false_positive_rate",
            name,
            "difference",
            (gained - lost) / negatives,
            (-high, -low),
            negatives,
            "",
        ),
        *clusters("routed_", name, negatives, gained, lost),
    ]
    return found, [_row(name, "routing", number, gained, 1) for number in range(gained + lost)]


def _row(name: str, measure: str, number: int, worse: int, size: int) -> Contested:
    ref, lost = f"intent/message:{measure}{number}", number < worse
    cluster = f"{'w' if lost else 'b'}{(number if lost else number - worse) // size}"
    if measure == "routing":
        sign = 1 if lost else -1
        values = {"candidate": 0 if lost else -1, "base": 1 if lost else 0, "both": 0, "neither": sign}
    else:
        sign = 1 if lost else -1
        values = {"candidate": -1, "base": 1, "both": 0, "neither": 0}
    return Contested("intent", measure, name, ref, cluster, sign, **values)


def review(
    parts: Sequence[tuple[list[Metric], list[Contested]]], slices: tuple[Slice, ...] = (CLASS,)
) -> GateInput:
    metrics = [one for found, _ in parts for one in found]
    whole, _ = counted(ALL, 1300, 20, 20)
    made = given([*whole, *metrics], slices=slices)
    return replace(made, contested=tuple(row for _, rows in parts for row in rows))


def judged(one: GateInput, said: dict[str, Right]) -> GateInput:
    verdicts = tuple(
        VerdictRecord(ref, "alice", "alice", right, None, None, True, 1.0, ()) for ref, right in said.items()
    )
    return replace(one, state=replace(one.state, verdicts=verdicts))


def by_gold(one: GateInput, slice_name: str = CLASS.slice, measure: str = "accuracy") -> dict[str, Right]:
    """What an honest reviewer says where gold is right."""
    rows = one.contested_at.get(("intent", measure, slice_name), ())
    return {row.ref: "base" if row.gold > 0 else "candidate" for row in rows}


def test_w1_two_confirmed_losses_beside_23_gains_do_not_keep_a_candidate_back() -> None:
    one = review([counted(CLASS.slice, 60, 2, 23)])
    waiting = gate(one, RECALL)
    assert waiting.verdict == "unknown"
    assert len(waiting.open) == 25
    after = judged(one, by_gold(one))
    assert gate(after, RECALL).verdict == "pass"
    assert gate(after, "review.findings").verdict == "pass"
    check_criteria(gate(after, RECALL))


def test_w1_a_blocker_stands_whatever_the_counts_say() -> None:
    one = review([counted(CLASS.slice, 60, 2, 23)])
    blocker = FindingRecord(
        "e", "alice", "alice", "it must not", None, (one.contested[0].ref,), "blocker", ""
    )
    after = judged(one, by_gold(one))
    assert (
        gate(replace(after, state=replace(after.state, findings=(blocker,))), "review.findings").verdict
        == "fail"
    )


def test_w2_what_was_fixed_is_not_believed_without_a_look() -> None:
    one = review([counted(CLASS.slice, 60, 6, 3)])
    only_broken = {ref: right for ref, right in by_gold(one).items() if right == "base"}
    assert gate(judged(one, only_broken), RECALL).verdict == "unknown"
    wrong_labels: dict[str, Right] = {
        ref: "neither" for ref, right in by_gold(one).items() if right == "candidate"
    }
    assert gate(judged(one, {**only_broken, **wrong_labels}), RECALL).verdict == "fail"


def test_w2_a_verdict_on_gold_corrects_the_count() -> None:
    one = review([counted(CLASS.slice, 60, 9, 0)])
    assert gate(one, RECALL).verdict == "fail"
    after = gate(judged(one, dict.fromkeys(by_gold(one), "both")), RECALL)
    assert after.verdict == "pass"
    assert after.value == 0


def test_w3_a_flood_of_false_alarms_is_a_share_of_the_class() -> None:
    one = review([counted(CLASS.slice, 60, 0, 0), routed(CLASS.slice, 1300, 26, 0)])
    for case in (one, judged(one, by_gold(one, measure="routing"))):
        assert gate(case, ROUTING).verdict == "fail"
        check_criteria(gate(case, ROUTING))


def test_w3_a_message_that_the_sender_has_right_is_no_false_alarm() -> None:
    one = review([counted(CLASS.slice, 60, 0, 0), routed(CLASS.slice, 1300, 8, 0)])
    said: dict[str, Right] = dict.fromkeys(by_gold(one, measure="routing"), "candidate")
    assert gate(judged(one, said), ROUTING).verdict == "pass"


@pytest.mark.parametrize(("size", "expected"), [(1, "fail"), (8, "unknown")])
def test_w7_what_changes_together_is_counted_once(size: int, expected: str) -> None:
    """Eight that break together are one piece of evidence: people are asked, and the test alone does not fail it."""
    one = review([counted(CLASS.slice, 60, 8, 0, size)])
    assert gate(one, RECALL).verdict == expected


def among_thirty(name: str, n: int, worse: int) -> GateInput:
    """One slice lost some; 29 others changed alike both ways, so that alpha is spent thinly."""
    names = [f"tone={number}" for number in range(29)]
    slices = tuple(Slice(one, "intent", "metadata", False, "", 100) for one in names)
    rest = [counted(one, 100, 6, 6) for one in names]
    lost = Slice(name, "intent", "metadata", False, "", n)
    made = review([counted(name, n, worse, 0), *rest], slices=(lost, *slices))
    return replace(made, contested=made.contested_at["intent", "accuracy", name])


def test_w10_a_slice_that_collapsed_is_not_passed() -> None:
    tiny = Slice("tone=rare", "intent", "metadata", False, "", 8)
    one = among_thirty(tiny.slice, 8, 8)
    key = f"intent.slices[{tiny.slice}]"
    asked = gate(one, key)
    assert asked.verdict == "unknown"
    assert len(asked.open) == 8
    assert gate(judged(one, by_gold(one, tiny.slice)), key).verdict == "fail"
    assert gate(judged(one, dict.fromkeys(by_gold(one, tiny.slice), "both")), key).verdict == "undecided"


def test_w10_a_class_that_fell_from_11_to_3_of_13_is_asked_about() -> None:
    one = among_thirty("label=rare", 13, 8)
    assert gate(one, "intent.slices[label=rare]").verdict == "unknown"


def test_w10_thirty_examples_do_not_show_that_nothing_is_lost() -> None:
    found, _ = counted(ALL, 30, 3, 3)
    one = given(found)
    said = gate(one, "intent.accuracy")
    assert said.verdict == "undecided"
    assert "would exclude" in said.why
    check_criteria(said)


def test_a_declared_margin_must_be_reached() -> None:
    one = review([counted(CLASS.slice, 60, 1, 1)])
    assert gate(one, RECALL).verdict == "pass"
    settings = {"intent": {**one.settings["intent"], "margins": {"escalation": 0.05}}}
    said = gate(replace(one, settings=settings), RECALL)
    assert said.verdict == "unknown"
    assert not said.open
    assert "would" in said.why
    check_criteria(said)


@pytest.mark.parametrize(
    ("n", "worse", "better", "expected"),
    [
        (3, 1, 0, "pass"),
        (3, 2, 0, "unknown"),
        (60, 3, 0, "pass"),
        (60, 4, 0, "unknown"),
        (60, 2, 3, "unknown"),
    ],
)
def test_settled_means_that_no_open_verdict_can_change_it(
    n: int, worse: int, better: int, expected: str
) -> None:
    one = review([counted(CLASS.slice, n, worse, better)])
    said = gate(one, RECALL)
    assert said.verdict == expected
    assert set(said.open) == (set(by_gold(one)) if expected == "unknown" else set())
    assert deciding_refs(evaluate(one)) == said.open


def test_settled_as_soon_as_the_rest_cannot_change_it() -> None:
    one = review([counted(CLASS.slice, 60, 0, 6)])
    said = list(by_gold(one).items())
    assert gate(judged(one, dict(said[:1])), RECALL).verdict == "unknown"
    assert gate(judged(one, dict(said[:2])), RECALL).verdict == "pass"


@pytest.mark.parametrize("right", ["unsure", "base"])
def test_an_unsure_verdict_leaves_an_example_open(right: Right) -> None:
    one = review([counted(CLASS.slice, 60, 4, 0)])
    assert gate(judged(one, dict.fromkeys(by_gold(one), right)), RECALL).verdict == (
        "unknown" if right == "unsure" else "fail"
    )


def test_reviewers_who_do_not_agree_leave_it_open_until_they_settle() -> None:
    one = review([counted(CLASS.slice, 60, 4, 0)])
    ref, *rest = by_gold(one)
    after = judged(one, dict.fromkeys([ref, *rest], "both"))
    other = VerdictRecord(ref, "bob", "bob", "base", None, None, True, 1.0, ())
    disputed = replace(after, state=replace(after.state, verdicts=(*after.state.verdicts, other)))
    # One of four can no longer bring the loss beyond the tolerance of three: nobody has to settle it.
    assert gate(disputed, RECALL).verdict == "pass"
    alone = replace(one, state=ReviewState((*after.state.verdicts[:1], other), {}, (), (), None))
    assert gate(alone, RECALL).verdict == "unknown"
    assert gate(alone, "review.findings").verdict == "unknown"
    settled = replace(alone, state=replace(alone.state, settled={ref: "both"}))
    assert gate(settled, RECALL).verdict == "pass"


def test_two_reviewers_are_needed_where_two_are_required() -> None:
    one = replace(review([counted(CLASS.slice, 60, 4, 0)]), reviewers_required=2)
    after = judged(one, dict.fromkeys(by_gold(one), "both"))
    assert gate(after, RECALL).verdict == "unknown"
    seconds = tuple(replace(verdict, actor="bob", reviewer="bob") for verdict in after.state.verdicts)
    both = replace(after, state=replace(NOTHING, verdicts=(*after.state.verdicts, *seconds)))
    assert gate(both, RECALL).verdict == "pass"
