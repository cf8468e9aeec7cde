"""Flags of the retrieval track: which examples bear on which gate, and why."""

from __future__ import annotations

import duckdb
import pytest

from analysis.base.records import Flag
from analysis.plugin.flag import BROKEN_CRITICAL, NEVER_CUT, SMALL_CRITICAL
from analysis.plugin.settings import QueueSection
from analysis.run.pipeline import insert_rows
from analysis.run.queue import build_queue
from analysis.tracks.retrieval.flags import (
    DUPLICATES,
    EDIT_MOVES,
    GAVE_UP,
    LOST,
    MOVED,
    PER_GATE,
    UNWANTED,
    VIOLATED,
    flags,
)
from tests.analysis.tracks.retrieval.gate_inputs import one
from tests.analysis.tracks.retrieval.measured import answers, measure, settings
from tests.analysis.tracks.retrieval.spaces import catalogue, workbench

CRITICAL = "retrieval.probes[no-spoiler queries]"


def named(flagged: list[Flag], reason: str) -> list[tuple[str, str | None]]:
    return [(flag.ref.rpartition(":")[2], flag.gate) for flag in flagged if flag.reason == reason]


def run(critical: int = 25) -> duckdb.DuckDBPyConnection:
    """Sixty probes, of which the first `critical` are critical; publishers matter more than before, themes less."""
    space = catalogue()
    names = {"no-spoiler queries": space.queries[:critical]}
    connection = workbench(space, answers(space), {}, names, list(names))
    rose, fell = one("grouping_conditional_lift", "publisher", "difference", 0.2), -0.2
    insert_rows(connection, "metric", [rose, one("grouping_lift", "theme", "difference", fell)])
    return connection


def probe(
    connection: duckdb.DuckDBPyConnection,
    number: int,
    base: float | None,
    candidate: float | None,
    gained: tuple[str, ...] = (),
    lost: tuple[str, ...] = (),
) -> None:
    connection.execute(
        "INSERT INTO retrieval_probe VALUES (?, .8, .8, [], ?, ?, ?, ?, 0, 0, 0, 0)",
        [f"retrieval/query:q{number:04}", list(gained), list(lost), base, candidate],
    )


def shift(
    connection: duckdb.DuckDBPyConnection,
    ref: str,
    gained: tuple[str, ...],
    lost: tuple[str, ...],
    overlap: float = 0.6,
) -> None:
    connection.execute(
        "INSERT INTO retrieval_shift VALUES (?, ?, ?, ?, .5)", [ref, overlap, list(gained), list(lost)]
    )


def holding(connection: duckdb.DuckDBPyConnection, **labels: str) -> list[str]:
    """Items that have each of those labels."""
    found: set[str] | None = None
    for attribute, label in labels.items():
        rows = connection.execute(
            "SELECT ref FROM retrieval_attribute WHERE attribute = ? AND list_contains(labels, ?)",
            [attribute, label],
        ).fetchall()
        refs = {ref for (ref,) in rows}
        found = refs if found is None else found & refs
    return sorted(found or ())


def test_probes_that_lost_relevant_items_come_first_in_a_critical_slice() -> None:
    connection = run()
    for number in range(60):
        probe(connection, number, 0.5, 0.5)
    connection.execute("UPDATE retrieval_probe SET candidate_recall = .1 WHERE ref LIKE '%q0003'")
    connection.execute("UPDATE retrieval_probe SET candidate_recall = .4 WHERE ref LIKE '%q0001'")
    connection.execute("UPDATE retrieval_probe SET candidate_recall = .3 WHERE ref LIKE '%q0040'")
    connection.execute("UPDATE retrieval_probe SET candidate_recall = .9 WHERE ref LIKE '%q0002'")
    found = flags(connection, settings())
    assert named(found, BROKEN_CRITICAL) == [("q0003", CRITICAL), ("q0001", CRITICAL)]
    assert [ref for ref, _ in named(found, LOST)] == ["q0003", "q0040", "q0001"]
    assert not named(found, SMALL_CRITICAL)
    assert BROKEN_CRITICAL in NEVER_CUT
    queue = build_queue(connection, "retrieval", found, QueueSection(budget=0, controls=0), 0)
    assert {flag.ref.rpartition(":")[2] for flag in queue if flag.rank is not None} == {"q0001", "q0003"}


def test_a_small_critical_slice_is_flagged_whole_by_the_probes_that_can_be_judged() -> None:
    connection = run()
    for number in range(60):
        probe(connection, number, 0.5 if number < 19 else None, 0.5 if number < 19 else None)
    found = named(flags(connection, settings()), SMALL_CRITICAL)
    assert found == [(f"q{number:04}", CRITICAL) for number in range(19)]


def test_only_newly_violated_pairs_are_flagged_the_worst_first() -> None:
    connection = run()
    connection.execute(
        "INSERT INTO retrieval_margin VALUES ('retrieval/pair:a', .2, -.1, false, true), "
        "('retrieval/pair:b', .4, -.4, false, true), ('retrieval/pair:c', -.1, -.9, true, true), "
        "('retrieval/pair:d', -.1, .3, true, false)"
    )
    gate = "retrieval.hard_negatives"
    assert named(flags(connection, settings()), VIOLATED) == [("b", gate), ("a", gate)]


def test_gained_neighbours_count_that_share_an_unwanted_value_and_no_wanted_one() -> None:
    connection = run()
    item = holding(connection, theme="theme 0", publisher="publisher 1")[0]
    strangers = holding(connection, theme="theme 2", publisher="publisher 1")[:2]
    of_theme = tuple(holding(connection, theme="theme 0", publisher="publisher 1")[1:3])
    shift(connection, item, tuple(strangers), ())
    gate = "retrieval.confounds[publisher]"
    label = item.rpartition(":")[2]
    assert named(flags(connection, settings()), UNWANTED) == [(label, gate)]
    connection.execute("UPDATE retrieval_shift SET gained = ?", [list(of_theme)])
    assert (label, gate) not in named(flags(connection, settings()), UNWANTED)
    connection.execute("UPDATE retrieval_shift SET gained = ?, lost = ?", [strangers, strangers[:1]])
    assert (label, gate) not in named(flags(connection, settings()), UNWANTED)


def test_answers_of_a_probe_are_compared_with_its_relevant_items() -> None:
    connection = run()
    relevant = [item for (item,) in connection.execute(
        "SELECT item_ref FROM retrieval_relevance WHERE ref LIKE '%q0000' ORDER BY item_ref"
    ).fetchall()]  # fmt: skip
    (publisher,) = connection.execute(
        "SELECT labels[1] FROM retrieval_attribute WHERE ref = ? AND attribute = 'publisher'", [relevant[0]]
    ).fetchone() or ("",)
    strangers = tuple(holding(connection, theme="theme 3", publisher=publisher)[:2])
    probe(connection, 0, 0.5, 0.5, gained=strangers)
    probe(connection, 1, 0.5, 0.5, gained=tuple(relevant[:2]))
    found = named(flags(connection, settings()), UNWANTED)
    assert ("q0000", "retrieval.confounds[publisher]") in found
    connection.execute(
        "INSERT INTO retrieval_relevance SELECT 'retrieval/query:q0000', unnest(?)", [strangers]
    )
    assert "q0000" not in [ref for ref, _ in named(flags(connection, settings()), UNWANTED)]


def test_items_that_lost_neighbours_of_their_theme_bear_on_what_must_be_kept() -> None:
    connection = run()
    item, *others = holding(connection, theme="theme 0")
    shift(connection, item, (), tuple(others[:3]))
    assert named(flags(connection, settings()), GAVE_UP) == [
        (item.rpartition(":")[2], "retrieval.grouping[theme]")
    ]


def test_items_that_moved_most_and_no_more_of_them_than_a_person_reads() -> None:
    connection = run()
    refs = [f"retrieval/item:i{number:04}" for number in range(30)]
    for number, ref in enumerate(refs):
        shift(connection, ref, (), (), overlap=0.4 - number / 100)
    shift(connection, "retrieval/item:i0099", (), (), overlap=0.9)
    found = named(flags(connection, settings()), MOVED)
    assert found == [(ref.rpartition(":")[2], "retrieval.grouping") for ref in reversed(refs)][:PER_GATE]


def test_edits_that_only_the_candidate_follows() -> None:
    connection = run()
    connection.execute(
        "INSERT INTO retrieval_counterfactual VALUES "
        "('retrieval/variant:a', 'i', 'publisher', 'x', 'y', .9, .4, 0, .5), "
        "('retrieval/variant:b', 'i', 'publisher', 'x', 'y', .4, .4, .5, .5), "
        "('retrieval/variant:c', 'i', 'theme', 'x', 'y', .9, .1, 0, .9)"
    )
    assert named(flags(connection, settings()), EDIT_MOVES) == [("a", "retrieval.confounds[publisher]")]


def test_lists_that_hold_more_duplicates_than_before() -> None:
    space = catalogue()
    found = measure(space)
    query = space.queries[0]
    listed = [space.refs[row] for row in space.ranking["base"][0][:3]]
    assert found.flagged(DUPLICATES) == []
    found.connection.execute(
        "UPDATE retrieval_item SET duplicate_of = ? WHERE ref = ?", [listed[0], listed[1]]
    )
    assert named(flags(found.connection, settings()), DUPLICATES) == []
    found.connection.execute(
        "UPDATE retrieval_side SET neighbours = list_filter(neighbours, lambda one: one <> $gone) "
        "WHERE ref = $query AND side = 'base'",
        {"gone": listed[1], "query": query},
    )
    assert named(flags(found.connection, settings()), DUPLICATES) == [("q0000", "retrieval.probes")]


@pytest.mark.parametrize("reason", [UNWANTED, MOVED, GAVE_UP])
def test_a_catalogue_of_which_nothing_is_known_flags_nothing(reason: str) -> None:
    assert named(flags(run(), settings()), reason) == []


@pytest.mark.parametrize(("change", "expected"), [(0.2, True), (0.01, False), (-0.2, False), (None, True)])
def test_single_items_are_flagged_only_for_attributes_that_matter_more_or_may(
    change: float | None, expected: bool
) -> None:
    connection = run()
    connection.execute("DELETE FROM metric")
    insert_rows(connection, "metric", [one("grouping_conditional_lift", "publisher", "difference", change)])
    item = holding(connection, theme="theme 0", publisher="publisher 1")[0]
    strangers = holding(connection, theme="theme 2", publisher="publisher 1")[:2]
    shift(connection, item, tuple(strangers), ())
    assert bool(named(flags(connection, settings()), UNWANTED)) is expected
