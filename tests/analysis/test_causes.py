"""Causes before gates: what folds under what, in the order of urgency, and how it is said."""

from __future__ import annotations

from dataclasses import replace

import duckdb
import pytest

from analysis.base.gate_records import GateInput, GateResult, GateVerdict
from analysis.base.records import Cause
from analysis.base.sql import queries, sql_text
from analysis.plugin.causes import cause_tables, distinct
from analysis.review.causes import causes_content, fold
from analysis.store.run import SCHEMA, create_evidence_tables
from tests.analysis.gate_fixture import contested, given


def cause(name: str, refs: tuple[str, ...], gates: tuple[str, ...] = (), place: int = 0) -> Cause:
    return Cause(
        "intent", name, place, "cue", name, "broken", len(refs), len(refs), 10, 100, 0.001, 5, 0.0, 0.5, 0.01, 1, 2,
        "removing it", f"{name} breaks {len(refs)}", gates, refs,
    )  # fmt: skip


def gate(
    key: str, verdict: GateVerdict, refs: tuple[str, ...] = (), *, opened: tuple[str, ...] = ()
) -> GateResult:
    name = key.partition("[")[0]
    track = name.partition(".")[0]
    return GateResult(
        key=key, name=name, track=track, slice=None, metric_slice="label=a", verdict=verdict, blocking=True,
        metric=None, measures=None, unit="", better="neither", value=None, low=None, high=None, n=None, threshold="",
        why="", refs=refs, protects="", open=opened,
    )  # fmt: skip


def with_causes(*causes: Cause) -> GateInput:
    return replace(given(), causes=causes)


def keys(one: GateInput, gates: list[GateResult]) -> dict[str, list[str]]:
    return {folded.cause.cause: [gate.key for gate in folded.gates] for folded in fold(one, gates).causes}


def test_gates_that_rest_on_its_examples_fold_under_a_cause() -> None:
    one = with_causes(cause("titles", ("m1", "m2", "m3")))
    gates = [
        gate("intent.slices[a]", "unknown", ("m1", "m2", "m9")),
        gate("intent.accuracy", "fail", ("m1", "m2", "m3")),
        gate("intent.slices[b]", "fail", ("m7", "m8", "m1")),
        gate("intent.slices[c]", "pass", ("m1",)),
        gate("review.coverage", "unknown", ("m1", "m2")),
    ]
    folded = fold(one, gates)
    assert keys(one, gates) == {"titles": ["intent.accuracy", "intent.slices[a]"]}
    assert [one.key for one in folded.rest] == ["intent.slices[b]", "intent.slices[c]", "review.coverage"]
    assert folded.causes[0].verdict == "fail"
    assert folded.causes[0].sentence == "titles breaks 3 · 2 gates: 1 fail, 1 unknown"


def test_a_gate_that_measures_the_cause_folds_first_whatever_its_examples() -> None:
    one = with_causes(cause("titles", ("v1",), ("intent.relevance[a/titles]",)))
    gates = [gate("intent.accuracy", "fail", ("v1",)), gate("intent.relevance[a/titles]", "fail", ("m9",))]
    assert keys(one, gates) == {"titles": ["intent.relevance[a/titles]", "intent.accuracy"]}


def test_open_verdicts_say_what_a_gate_rests_on_before_what_is_behind_it() -> None:
    one = with_causes(cause("titles", ("m1",)))
    assert keys(one, [gate("intent.accuracy", "unknown", ("m1",), opened=("m5", "m6", "m7"))]) == {}


def test_a_gate_without_examples_rests_on_what_got_worse_in_its_slice() -> None:
    one = replace(given(contested=contested("label=a", 3, 4)), causes=(cause("titles", ("m1", "m2", "m3")),))
    assert keys(one, [gate("intent.slices[a]", "fail")]) == {"titles": ["intent.slices[a]"]}


def test_a_gate_that_counts_both_ways_rests_on_what_got_worse_as_verdicts_leave_it() -> None:
    counts = contested("label=a", 3, 9)
    every = tuple(one.ref for one in counts)
    (first, second, third), better = every[:3], every[3:]
    one = replace(given(contested=counts), causes=(cause("titles", (first, second)),))
    folds = {"titles": ["intent.slices[a]"]}
    assert keys(one, [gate("intent.slices[a]", "fail", every, opened=every)]) == folds
    # A gate with other examples counts something else.
    assert keys(one, [gate("intent.slices[a]", "fail", ("m99", *every))]) == {}
    # Of two measures that count them, the one that counts fewer others is the gate's.
    both = replace(one, contested=(*contested("label=a", 13, 0, "routing"), *counts))
    assert keys(both, [gate("intent.slices[a]", "fail", better, opened=better)]) == folds
    judged = replace(one, state=replace(one.state, settled={first: "candidate", second: "candidate"}))
    assert keys(judged, [gate("intent.slices[a]", "fail", every, opened=(third, *better))]) == {}


def test_each_gate_stands_under_one_cause_and_what_fails_comes_first() -> None:
    one = with_causes(cause("weak", ("m1", "m2")), cause("strong", ("m1", "m2", "m5", "m6"), place=1))
    gates = [
        gate("intent.slices[a]", "unknown", ("m1", "m2")),
        gate("intent.slices[b]", "fail", ("m5", "m6")),
    ]
    assert list(keys(one, gates)) == ["strong", "weak"]
    assert sum(map(len, keys(one, gates).values())) == 2


def test_a_cause_that_nothing_rests_on_is_not_listed() -> None:
    one = with_causes(cause("titles", ("m1",)))
    assert fold(one, [gate("intent.accuracy", "pass", ("m1",))]).causes == ()


def test_a_cause_of_another_track_takes_no_gate() -> None:
    one = with_causes(replace(cause("titles", ("m1",)), track="retrieval"))
    assert keys(one, [gate("intent.accuracy", "fail", ("m1",))]) == {}


def test_the_content_names_gates_numbers_and_examples() -> None:
    one = with_causes(cause("titles", ("m1", "m2")))
    (content,) = causes_content(fold(one, [gate("intent.accuracy", "fail", ("m1",))]))
    assert content["gates"] == ["intent.accuracy"]
    assert content["refs"] == ["m1", "m2"]
    assert (content["base"], content["candidate"], content["neutral"]) == (0.0, 0.5, 0.01)


@pytest.mark.parametrize(
    ("second", "kept"), [(("m1", "m2"), ["first"]), (("m1", "m7", "m8"), ["first", "second"])]
)
def test_one_set_of_examples_is_one_cause(second: tuple[str, ...], kept: list[str]) -> None:
    found = distinct([cause("first", ("m1", "m2", "m3")), cause("second", second)])
    assert [one.cause for one in found] == kept
    assert [one.place for one in found] == list(range(len(kept)))


def test_no_cause_makes_empty_tables() -> None:
    tables = cause_tables([])
    assert (tables["cause"].num_rows, tables["cause_member"].num_rows) == (0, 0)


@pytest.mark.parametrize(
    ("broken", "fixed", "n", "kind", "critical", "judged"),
    [
        (52, 13, 868, "length", False, True),  # Lost 4.5 points, far more than chance: its gate can fail.
        (3, 0, 40, "class", False, True),  # Lost a twentieth.
        (20, 17, 868, "length", False, False),  # Chance.
        (17, 20, 868, "length", True, True),  # Critical.
        (13, 52, 868, "length", False, False),  # Won.
        (52, 13, 868, "discovered", False, False),  # No gate judges it.
    ],
)
def test_what_got_worse_in_a_slice_that_can_fail_is_read_with_the_gates(
    broken: int, fixed: int, n: int, kind: str, critical: bool, judged: bool
) -> None:
    with duckdb.connect() as connection:
        connection.execute("ATTACH ':memory:' AS evidence; USE evidence")
        create_evidence_tables(connection, [sql_text(SCHEMA, "evidence.sql")])
        connection.execute("INSERT INTO slice VALUES ('s', 'intent', ?, ?, '', ?)", [kind, critical, n])
        rows = [("broken", broken), ("fixed", fixed)]
        for name, value in rows:
            connection.execute(
                "INSERT INTO metric VALUES ('intent', ?, 's', 'difference', ?, NULL, NULL, ?, 'ok', '', '', NULL)",
                [name, value, n],
            )
        (create,) = (
            one.query
            for one in connection.extract_statements(queries("analysis.review", "session.sql")["tables"])
            if "CREATE TABLE judged_slice" in one.query
        )
        connection.execute(create)
        assert connection.execute("SELECT slice FROM judged_slice").fetchall() == [("s",)] * judged
