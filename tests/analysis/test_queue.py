"""The queue: its budget, what is never cut, and controls that no score chose."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import duckdb
import pytest

from analysis.base.records import ALL, Flag
from analysis.base.seeds import STANDING
from analysis.plugin.flag import BROKEN_CRITICAL, RANDOM_CONTROL
from analysis.plugin.question import KnownAnswer
from analysis.plugin.settings import QueueSection
from analysis.run.queue import build_queue, draw_known_answers, selected_refs


@pytest.fixture
def workbench() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute(
        "CREATE TABLE example (ref VARCHAR, track VARCHAR, kind VARCHAR, parent_ref VARCHAR, gold VARCHAR)"
    )
    connection.execute("CREATE TABLE membership (slice VARCHAR, track VARCHAR, ref VARCHAR)")
    connection.execute(
        "INSERT INTO example SELECT 'm' || i, 'intent', 'message', NULL, ['a', 'b', 'c'][1 + i % 3] "
        "FROM range(300) t(i)"
    )
    connection.execute("INSERT INTO membership SELECT ?, 'intent', ref FROM example", [ALL])
    connection.execute("CREATE TABLE slice (slice VARCHAR, track VARCHAR, critical BOOLEAN)")
    connection.execute("INSERT INTO slice VALUES (?, 'intent', false)", [ALL])
    return connection


def flag(number: int, reason: str) -> Flag:
    return Flag(f"m{number}", reason, None, None, None, control=False)


def queue(
    workbench: duckdb.DuckDBPyConnection, flags: list[Flag], budget: int, controls: int, drawn: str = "c0/0"
) -> list[Flag]:
    return build_queue(workbench, "intent", flags, QueueSection(budget=budget, controls=controls), drawn)


def add_slice(
    workbench: duckdb.DuckDBPyConnection, name: str, first: int, size: int, *, critical: bool
) -> None:
    """A slice of so many messages, from the first on."""
    workbench.execute("INSERT INTO slice VALUES (?, 'intent', ?)", [name, critical])
    workbench.executemany(
        "INSERT INTO membership VALUES (?, 'intent', ?)",
        [(name, f"m{i}") for i in range(first, first + size)],
    )


def controls_of(made: list[Flag], reason: str = RANDOM_CONTROL) -> list[str]:
    return [one.ref for one in made if one.control and one.reason == reason]


def test_the_budget_holds_and_ranks_are_a_sequence(workbench: duckdb.DuckDBPyConnection) -> None:
    made = queue(workbench, [flag(i, "broken") for i in range(100)], 30, 0)
    ranks = sorted(one.rank for one in made if one.rank is not None)
    assert ranks == list(range(1, 31))
    assert sum(one.rank is None for one in made) == 70


def test_examples_broken_in_a_critical_slice_are_never_cut(workbench: duckdb.DuckDBPyConnection) -> None:
    flags = [flag(i, BROKEN_CRITICAL) for i in range(50)] + [flag(i, "flip") for i in range(50, 80)]
    made = queue(workbench, flags, 10, 0)
    assert {one.ref for one in made if one.rank is not None} == {f"m{i}" for i in range(50)}


def test_a_common_reason_does_not_crowd_out_a_rare_one(workbench: duckdb.DuckDBPyConnection) -> None:
    flags = [flag(i, "broken") for i in range(200)] + [flag(i, "margin cliff") for i in range(200, 205)]
    kept = {one.ref for one in queue(workbench, flags, 20, 0) if one.rank is not None}
    assert {f"m{i}" for i in range(200, 205)} <= kept
    assert len(kept) == 20


def test_the_budget_is_spread_over_classes(workbench: duckdb.DuckDBPyConnection) -> None:
    flags = [flag(i, "flip") for i in sorted(range(90), key=lambda i: i % 3)]
    kept = [int(one.ref[1:]) % 3 for one in queue(workbench, flags, 30, 0) if one.rank is not None]
    assert {kept.count(label) for label in range(3)} == {10}


def test_all_flags_of_an_example_have_one_rank(workbench: duckdb.DuckDBPyConnection) -> None:
    made = queue(workbench, [flag(1, "broken"), flag(2, "broken"), flag(1, "overconfident error")], 5, 0)
    assert len({one.rank for one in made if one.ref == "m1"}) == 1


def test_controls_depend_on_candidate_and_seed_and_not_on_the_flags(
    workbench: duckdb.DuckDBPyConnection,
) -> None:
    plain = controls_of(queue(workbench, [], 30, 20))
    assert len(plain) == 20
    assert controls_of(queue(workbench, [flag(i, "flip") for i in range(100)], 30, 20)) == plain
    assert controls_of(queue(workbench, [], 30, 20)) == plain
    assert set(controls_of(queue(workbench, [], 30, 20, "c1/0"))) != set(plain)
    assert set(controls_of(queue(workbench, [], 30, 20, "c0/1"))) != set(plain)


def test_controls_stand_in_the_order_of_their_hashes(workbench: duckdb.DuckDBPyConnection) -> None:
    def place(ref: str) -> bytes:
        return hashlib.sha256(f"c0/0/{ref}".encode()).digest()

    add_slice(workbench, "large", 0, 100, critical=True)
    made = queue(workbench, [], 30, 20)
    expected = sorted((f"m{i}" for i in range(100)), key=place)
    assert controls_of(made, f"{RANDOM_CONTROL} of large") == expected[:20]
    fewer = queue(workbench, [], 30, 10)
    assert controls_of(fewer, f"{RANDOM_CONTROL} of large") == expected[:10], "fewer are a prefix of more"


def test_each_critical_slice_has_controls_and_a_small_one_is_all_controls(
    workbench: duckdb.DuckDBPyConnection,
) -> None:
    add_slice(workbench, "large", 0, 100, critical=True)
    add_slice(workbench, "small", 200, 7, critical=True)
    add_slice(workbench, "plain", 100, 100, critical=False)
    made = queue(workbench, [], 30, 20)
    assert len(controls_of(made, f"{RANDOM_CONTROL} of large")) == 20
    assert set(controls_of(made, f"{RANDOM_CONTROL} of small")) == {f"m{i}" for i in range(200, 207)}
    assert controls_of(made, f"{RANDOM_CONTROL} of plain") == []
    assert controls_of(made) == [], "those of critical slices count towards those over all"


def test_what_is_in_no_critical_slice_has_the_controls_that_are_left(
    workbench: duckdb.DuckDBPyConnection,
) -> None:
    add_slice(workbench, "small", 200, 7, critical=True)
    made = queue(workbench, [], 30, 20)
    rest = controls_of(made)
    assert len(rest) == 13
    assert not set(rest) & {f"m{i}" for i in range(200, 207)}


def test_overlapping_critical_slices_share_their_controls(workbench: duckdb.DuckDBPyConnection) -> None:
    add_slice(workbench, "wide", 0, 60, critical=True)
    add_slice(workbench, "narrow", 0, 50, critical=True)
    made = queue(workbench, [], 30, 20)
    wide, narrow = (set(controls_of(made, f"{RANDOM_CONTROL} of {name}")) for name in ("wide", "narrow"))
    assert len(wide | narrow) < 30
    assert all(one.rank is not None for one in made if one.control)


def test_controls_are_drawn_evenly(workbench: duckdb.DuckDBPyConnection) -> None:
    drawn = [one.ref for number in range(150) for one in queue(workbench, [], 0, 20, f"c{number}/0")]
    counts = [drawn.count(f"m{i}") for i in range(300)]
    # 3,000 draws over 300 examples: ten each; a chi-square of 300 +- 100 is far inside chance.
    chi_square = sum((count - 10) ** 2 / 10 for count in counts)
    assert 200 < chi_square < 400


def known(number: int) -> KnownAnswer:
    return KnownAnswer("intent", f"m{number}", ("a",), ("b",))


def test_known_answers_are_drawn_from_what_is_in_the_queue_for_nothing_else(
    workbench: duckdb.DuckDBPyConnection,
) -> None:
    cut = replace(flag(299, "wrongly answered"), gate="intent.accuracy")
    made = queue(workbench, [flag(i, "flip") for i in range(100)] + [cut], 30, 20)
    offered = [known(i) for i in range(300)]
    drawn = draw_known_answers(offered, made, 8, "c0/0")
    assert len({one.ref for one in drawn}) == 8
    assert not {one.ref for one in drawn} & {one.ref for one in made if one.rank is not None}
    assert draw_known_answers(offered, made, 8, "c0/0") == drawn
    assert draw_known_answers(offered, made, 8, "c1/0") != drawn
    everything = draw_known_answers(offered, made, 300, "c0/0")
    assert "m299" not in {one.ref for one in everything}, "a gate may wait for it, whatever the budget"
    assert draw_known_answers([], made, 8, "c0/0") == []


def test_a_control_that_is_flagged_too_takes_no_second_place(workbench: duckdb.DuckDBPyConnection) -> None:
    made = queue(workbench, [flag(i, "flip") for i in range(300)], 300, 20)
    assert max(one.rank or 0 for one in made) == 300
    assert sum(one.reason == RANDOM_CONTROL for one in made) == 20


def test_what_gets_attributed(workbench: duckdb.DuckDBPyConnection) -> None:
    made = queue(workbench, [flag(1, "flip")], 5, 2)
    assert set(selected_refs(workbench, "intent", made, "queue", 0)) == {one.ref for one in made}
    assert len(selected_refs(workbench, "intent", made, "all", 0)) == 300


def test_critical_slices_stand_on_their_own(workbench: duckdb.DuckDBPyConnection) -> None:
    for name, critical, size in (("rare", True, 10), ("large", True, 200), ("plain", False, 150)):
        workbench.execute("INSERT INTO slice VALUES (?, 'intent', ?)", [name, critical])
        workbench.execute(
            "INSERT INTO membership SELECT ?, 'intent', ref FROM example ORDER BY ref LIMIT ?", [name, size]
        )
    rare = {row[0] for row in workbench.execute("SELECT ref FROM membership WHERE slice = 'rare'").fetchall()}
    chosen = selected_refs(workbench, "intent", [], "queue", 0)
    assert rare <= set(chosen)
    assert STANDING <= len(chosen) <= STANDING + len(rare)
    assert selected_refs(workbench, "intent", [], "queue", 0) == chosen
    assert selected_refs(workbench, "intent", [], "queue", 1) != chosen


def test_sets_that_a_track_names_are_taken_from_the_front(workbench: duckdb.DuckDBPyConnection) -> None:
    named = [f"m{number}" for number in range(100)]
    assert set(selected_refs(workbench, "intent", [], "queue", 0, [named, ["m299"]])) == {
        *named[:STANDING],
        "m299",
    }
