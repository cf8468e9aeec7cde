"""The retrieval view: both lists of a query, an item and a pair, what is missing, and what leads where."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from analysis.plugin import registry
from analysis.review.queries import ExampleEvidence
from analysis.review.scope import Scope
from analysis.review.session import ReviewSession
from analysis.tracks.retrieval.example_context import beside
from tests.tui.reading import shown, until
from tests.tui.retrieval_fixture import (
    DUPLICATE,
    ITEM,
    NO_RELEVANCE,
    ORPHAN_PAIR,
    PAIR,
    QUERY,
    VARIANT,
    item_ref,
    publish_retrieval,
)
from tests.tui.test_hostile_text import SHORT, unclean
from tui.console.app import AssayApp
from tui.draw.lines import Line, Target
from tui.draw.theme import Look
from tui.plugin.registry import SideMode, ViewOptions, view_of
from tui.tracks.retrieval.neighbours import read_lists
from tui.widgets.line_view import LineView

SIZES = [(80, 24), (120, 36)]
VIEW = view_of("retrieval")


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One store for all tests that only look."""
    return publish_retrieval(tmp_path_factory.mktemp("retrieval") / "retrieval.review")


@asynccontextmanager
async def looking(
    store: Path, ref: str, size: tuple[int, int], look: Look | None = None
) -> AsyncIterator[Pilot[int]]:
    """The console on one example."""
    with ReviewSession.open(store, "alice") as session:
        async with AssayApp(session, look or Look()).run_test(size=size) as pilot:
            await pilot.pause()
            assert isinstance(pilot.app, AssayApp)
            pilot.app.show_example(ref)
            await pilot.pause()
            yield pilot


@contextmanager
def evidence_of(store: Path, ref: str) -> Iterator[ExampleEvidence]:
    """The evidence on one example."""
    with ReviewSession.open(store, "alice", read_only=True) as session:
        yield session.example(ref)


def drawn(store: Path, ref: str, width: int = 110, height: int = 50, **options: Any) -> str:
    """The whole view of an example as text."""
    with evidence_of(store, ref) as evidence:
        return text_of(VIEW.example(evidence, ViewOptions(width, height, Look(), **options)))


def text_of(lines: list[Line]) -> str:
    return "\n".join(line.plain for line in lines)


@pytest.fixture
def changed(tmp_path: Path) -> Any:
    """Publishes the review with something changed."""
    return lambda **changes: publish_retrieval(tmp_path / "changed.review", **changes)


def test_the_track_is_registered_with_what_stands_beside() -> None:
    assert registry.get("retrieval").beside is beside


@pytest.mark.parametrize("size", SIZES)
async def test_a_query_shows_base_before_candidate_with_marks(published: Path, size: tuple[int, int]) -> None:
    async with looking(published, QUERY, size) as pilot:
        text = await until(pilot, "manga like Monster but no spoilers")
        assert "relevant 8 items" in text
        assert text.index(" base  ") < text.index(" candidate  ")
        assert "recall@10 .60" in text
        assert "recall@10 .40" in text
        for mark in ("✓", "→ 2", "− 13", "+ new", "↑ 1"):
            assert mark in text
        assert "Cold Harbor (3→13)" in text
        assert "overlap@10 .50" in text


async def test_lists_stand_side_by_side_where_there_is_room(published: Path) -> None:
    async with looking(published, QUERY, (120, 36)) as pilot:
        await pilot.press("t")
        text = await until(pilot, "groups by publisher (.98) more than by theme (.51)")
        (both,) = [row for row in text.splitlines() if row.startswith(" base ")]
        assert "candidate" in both
        assert "violated by the candidate" in text
        assert "both: publisher Lantern" in text


@pytest.mark.parametrize("size", SIZES)
async def test_an_item_shows_its_neighbours_and_its_edits(published: Path, size: tuple[int, int]) -> None:
    async with looking(published, ITEM, size) as pilot:
        text = await until(pilot, "Quiet Suspect")
        assert "Lantern presents: a bleak thriller" in text
        assert "cosine to its old place" in text
        await pilot.press("pagedown")
        await until(pilot, "publisher: Lantern → Bluewave")


@pytest.mark.parametrize("size", SIZES)
async def test_a_pair_shows_margins_and_ranks_on_both_sides(published: Path, size: tuple[int, int]) -> None:
    async with looking(published, PAIR, size) as pilot:
        text = await until(pilot, "violated by the candidate")
        assert "+ Quiet Suspect" in text
        assert "rank 1 " in text
        assert "−.040" in text
        assert "publisher Lantern (unwanted)" in text


async def test_enter_opens_a_neighbour_and_escape_returns(published: Path) -> None:
    async with looking(published, QUERY, (80, 24)) as pilot:
        await pilot.press("down", "enter")
        text = await until(pilot, "item:c0000")
        assert "item     Quiet Suspect" in text
        await pilot.press("escape")
        await until(pilot, "query:q031")


async def test_enter_on_a_grouping_row_opens_what_was_flagged_for_its_gate(published: Path) -> None:
    async with looking(published, QUERY, (120, 60)) as pilot:
        assert pilot.app.screen.query_one("#evidence", LineView).go_to(
            Target("flagged", "retrieval.confounds[publisher]")
        )
        await pilot.press("enter")
        text = await until(pilot, "gate retrieval.confounds[publisher]")
        assert "item:c0000" in text


async def test_a_gate_without_flagged_examples_opens_the_gate(published: Path) -> None:
    async with looking(published, QUERY, (120, 36)) as pilot:
        assert isinstance(pilot.app, AssayApp)
        pilot.app.follow(Target("flagged", "retrieval.confounds[title_length]"))
        await until(pilot, "GATES")


async def test_v_shows_every_place_and_b_one_side_or_what_moved(published: Path) -> None:
    async with looking(published, QUERY, (80, 24)) as pilot:
        assert "more   v shows all" in await until(pilot, "query:q031")
        await pilot.press("v")
        await pilot.pause()
        assert "v shows all" not in shown(pilot.app)
        await pilot.press("b")
        text = await until(pilot, "side: base")
        assert not [row for row in text.splitlines() if row.startswith(" candidate ")]
        await pilot.press("b", "b")
        text = await until(pilot, "gained 5")
        assert "lost 5" in text


async def test_items_are_found_by_title_even_outside_the_queue(published: Path) -> None:
    async with looking(published, QUERY, (80, 24)) as pilot:
        await pilot.press("slash", *"Moonlit ledger", "enter")
        await until(pilot, "item:c0015")
        await until(pilot, "found among all examples (1)")
        await pilot.press("g", *"c0003", "enter")
        await until(pilot, "Night Ferry")


def test_search_matches_titles_texts_and_ids(changed: Any) -> None:
    store = changed(titles={3: "A Name that its Text lacks"})
    with ReviewSession.open(store, "alice", read_only=True) as session:
        row = session.queue_page(Scope(search="NAME THAT ITS", everything=True), 0, 5)[0]
        assert (row.ref, row.title) == (item_ref(3), "A Name that its Text lacks")
        assert session.queue_count(Scope(search="c0003", everything=True)) == 1
        assert session.queue_count(Scope(search="no spoilers")) == 2


def test_unknown_relevance_is_said(published: Path) -> None:
    text = drawn(published, NO_RELEVANCE)
    assert "relevance was not given" in text
    assert "recall@" not in text
    assert " ✓ → " not in text
    assert " ✓ + new" not in text


def test_a_pair_without_a_probe_and_without_lists_is_shown(published: Path) -> None:
    text = drawn(published, ORPHAN_PAIR)
    assert "not ranked" in text
    assert "repaired by the candidate" in text
    assert "no neighbours were computed for this side" in text


def test_a_duplicate_says_of_what(published: Path) -> None:
    assert "text as Quiet Suspect" in drawn(published, DUPLICATE)


def test_an_edited_item_shows_what_was_changed(published: Path) -> None:
    text = drawn(published, VARIANT)
    assert "“Bluewave” for “Lantern”" in text
    assert "cand .30  +.55" in text


def test_without_hard_negatives_there_is_no_empty_section(changed: Any) -> None:
    assert "hard negative" not in drawn(changed(negatives=False), QUERY)


def test_fewer_items_than_k_are_said(changed: Any) -> None:
    store = changed(items=6, negatives=False)
    assert "overlap@6 1.00" in drawn(store, QUERY)
    assert "   no neighbours" not in drawn(store, QUERY)


def test_sides_of_other_dimensions_have_no_raw_drift(changed: Any, published: Path) -> None:
    assert "lengths differ" in drawn(changed(same_dimensions=False), QUERY)
    assert "1.40 [1.37, 1.43]" in drawn(published, QUERY)


def test_without_attributes_the_panel_says_so(changed: Any) -> None:
    text = drawn(changed(grouping=False), QUERY)
    assert "not measured in this run: no attribute was declared" in text
    assert "!" not in text.split("hard negatives")[0].replace("! unwanted only", "")


def test_unknown_changes_carry_their_reason_in_the_numbers(published: Path) -> None:
    with evidence_of(published, QUERY) as evidence:
        text = " ".join(text_of(VIEW.numbers(evidence, ViewOptions(109, 50, Look()))).split())
    assert "strata too small: 3 of 28 items in strata of 5 or more" in text
    for word in ("rank-biased overlap", "conditional lift", "hubness", "! gained, and shares", "n 28"):
        assert word in text


@pytest.mark.parametrize(
    ("why", "said"), [("", "drawn by tsne"), ("stability .42 < .45", "withheld: stability")]
)
def test_a_map_never_stands_without_its_numbers(changed: Any, why: str, said: str) -> None:
    text = drawn(changed(map_withheld=why), QUERY)
    assert said in text
    assert "trustworthiness .97/.96" in text


def test_the_suspect_mark_needs_an_unwanted_value_and_no_typical_wanted_one(published: Path) -> None:
    with evidence_of(published, ITEM) as evidence:
        lists = read_lists(evidence)
        own = lists.attributes[ITEM]
        for one in lists.candidate:
            alone = not one.attributes.values(wanted=True) & own.values(wanted=True)
            drawn_by = bool(one.attributes.values(wanted=False) & own.values(wanted=False))
            assert one.suspect is (lists.changed(one) and alone and drawn_by)
        assert any(one.suspect for one in lists.candidate)
        assert not any(one.suspect for one in lists.base)


@pytest.mark.parametrize("ref", [QUERY, ITEM, PAIR, VARIANT])
def test_no_line_is_wider_than_the_view(published: Path, ref: str) -> None:
    sides: tuple[SideMode, ...] = ("both", "base", "difference")
    with evidence_of(published, ref) as evidence:
        for width in (59, 79, 104, 119):
            for height, side in product((19, 45), sides):
                options = ViewOptions(width, height, Look(), side)
                assert max(line.width for line in VIEW.example(evidence, options)) <= width
            assert max(line.width for line in VIEW.numbers(evidence, options)) <= width


@pytest.mark.parametrize("depth", ["truecolor", "16", "none"])
def test_marks_do_not_rest_on_colour(published: Path, depth: Any) -> None:
    with evidence_of(published, QUERY) as evidence:
        text = text_of(VIEW.example(evidence, ViewOptions(119, 45, Look(depth))))
    for mark in ("✓", "+ new", "− 13", "→ 2", "↑ 1", "!"):
        assert mark in text


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store whose titles and queries are the payloads."""
    texts = [text.replace("\ud800", "").replace("\udfff", "") for text in SHORT.values()]
    return publish_retrieval(
        tmp_path_factory.mktemp("hostile") / "hostile.review",
        titles={number: texts[number % len(texts)] for number in range(28)},
        queries=dict.fromkeys(("q031", "q002", "q007"), texts[0]),
    )


@pytest.mark.parametrize("size", SIZES)
async def test_hostile_titles_and_queries_are_shown_and_do_nothing(
    hostile: Path, size: tuple[int, int]
) -> None:
    async with looking(hostile, QUERY, size) as pilot:
        assert isinstance(pilot.app, AssayApp)
        for ref in (QUERY, ITEM, PAIR, VARIANT):
            pilot.app.show_example(ref)
            for keys in (["pagedown"], ["o"], ["o"], ["space"], ["space"]):
                await pilot.press(*keys)
                await pilot.pause()
                assert unclean(shown(pilot.app)) == set()


def test_the_summary_is_plain_sentences(published: Path) -> None:
    with evidence_of(published, QUERY) as evidence:
        rows = VIEW.summary(evidence)
    assert rows[0] == "query: manga like Monster but no spoilers"
    assert "relevant: 8 items" in rows
    (base,) = [row for row in rows if row.startswith("base, ")]
    assert base.startswith("base, recall@10 .60")
    assert "1 Quiet Suspect (relevant" in base
    assert any(row.startswith("lost: Cold Harbor from 3 to 13") for row in rows)
    assert any(row.startswith("hard negative: Quiet Suspect over Night Ferry: margin base") for row in rows)
    assert "groups by publisher (.98) more than by theme (.51)" in rows
    with evidence_of(published, ITEM) as evidence:
        assert VIEW.summary(evidence)[0] == "title: Quiet Suspect"
    with evidence_of(published, ORPHAN_PAIR) as evidence:
        assert "base: no neighbours were computed" in VIEW.summary(evidence)


def test_beside_of_an_unknown_ref_is_nothing(published: Path) -> None:
    with ReviewSession.open(published, "alice", read_only=True) as session:
        assert beside(session.connection, "retrieval/item:none") == {}
