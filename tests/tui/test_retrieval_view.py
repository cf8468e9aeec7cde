"""The retrieval view: both lists of a query, an item and a pair, what is missing, and what leads where."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from analysis.plugin.registry import specs_of
from analysis.review.queries import ExampleEvidence
from analysis.review.scope import Scope
from analysis.review.session import ReviewSession
from analysis.tracks.retrieval import questions
from analysis.tracks.retrieval.example_context import example_context
from analysis.tracks.retrieval.map_limits import QUALITIES
from analysis.tracks.retrieval.questions import LIST_CHARACTERS
from analysis.tracks.retrieval.vectors import EmbeddingSpace
from tests.analysis.tracks.retrieval.map_fixture import analysed, noise, regrouped
from tests.tui.reading import look, shown, until, until_true
from tests.tui.retrieval_fixture import (
    DUPLICATE,
    ITEM,
    NO_RELEVANCE,
    ORPHAN_PAIR,
    PAIR,
    QUERY,
    TITLES,
    VARIANT,
    analysed_retrieval,
    item_ref,
)
from tests.tui.test_drift import CHANGE
from tests.tui.test_hostile_text import SHORT, unclean
from tui.console.app import AssayApp
from tui.draw.lines import Line, Target
from tui.draw.number_text import figure
from tui.draw.theme import Colours
from tui.plugin.asked_page import AskedPage
from tui.plugin.closed_page import closed_lines
from tui.plugin.options import SideMode, ViewOptions
from tui.plugin.registry import view_of
from tui.tracks.retrieval.neighbours import read_lists
from tui.widgets.line_view import LineView

SIZES = [(80, 24), (120, 36)]
VIEW = view_of("retrieval")
SPECS = specs_of("retrieval")


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One store for all tests that only look."""
    return analysed_retrieval(tmp_path_factory.mktemp("retrieval") / "review")


@asynccontextmanager
async def looking(
    store: Path, ref: str, size: tuple[int, int], colours: Colours | None = None
) -> AsyncIterator[Pilot[int]]:
    """The console on one example."""
    with ReviewSession.open(store, "alice") as session:
        async with AssayApp(session, colours or Colours()).run_test(size=size) as pilot:
            await pilot.pause()
            assert isinstance(pilot.app, AssayApp)
            pilot.app.show_example(ref)
            await look(pilot)
            yield pilot


@contextmanager
def evidence_of(store: Path, ref: str) -> Iterator[ExampleEvidence]:
    """The evidence on one example."""
    with ReviewSession.open(store, "alice", read_only=True) as session:
        yield session.example(ref)


def drawn(store: Path, ref: str, width: int = 110, height: int = 50, **options: Any) -> str:
    """The whole view of an example as text."""
    with evidence_of(store, ref) as evidence:
        return text_of(VIEW.example(evidence, ViewOptions(width, height, Colours(), **options)))


def text_of(lines: list[Line]) -> str:
    return "\n".join(line.plain for line in lines)


def numbers(evidence: ExampleEvidence) -> str:
    """The numbers of an example as text, its paragraphs as lines of their own."""
    return " ".join(text_of(VIEW.numbers(evidence, ViewOptions(109, 50, Colours(), specs=SPECS))).split())


def not_queued(store: Path) -> str:
    """The title of an item that is not in the queue."""
    with ReviewSession.open(store, "alice", read_only=True) as session:
        queued = {row.ref for row in session.queue_page(Scope(), 0, 1000)}
    return next(title for number, title in enumerate(TITLES) if item_ref(number) not in queued)


@pytest.fixture
def changed(tmp_path: Path) -> Any:
    """Analyses the review with something changed."""
    return lambda **changes: analysed_retrieval(tmp_path / "changed", **changes)


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_where_the_change_lives_is_a_line_on_the_page_and_a_table_behind_it(
    published: Path, width: int
) -> None:
    with evidence_of(published, QUERY) as evidence:
        given = replace(evidence, context={**evidence.context, "change": CHANGE})
        options = ViewOptions(width, 50, Colours(), specs=SPECS)
        (line,) = [one for one in VIEW.example(given, options) if one.plain.startswith(" graft")]
        assert line.plain.split() == ["graft", "layer", "4", "restores", "14/17"]
        lines = VIEW.numbers(given, options)
        titles = [one.plain.strip() for one in lines]
        own = lines[titles.index("WHERE THE CHANGE LIVES") : titles.index("WORDS AND MARKS")]
        assert all(one.width <= width for one in own)
        assert "the change lives in layer 4: putting the base's back restores 14 of 17 broken" in " ".join(
            text_of(lines).split()
        )
        assert any(one.startswith("the change lives in layer 4") for one in VIEW.summary(given))
        # This review's encoders have no layers.
        assert not any(one.plain.startswith(" graft") for one in VIEW.example(evidence, options))
        assert "no layers are named: no list of layers was found" in " ".join(
            text_of(VIEW.numbers(evidence, options)).split()
        )


@pytest.mark.parametrize("size", SIZES)
async def test_a_query_shows_base_before_candidate_with_marks(published: Path, size: tuple[int, int]) -> None:
    async with looking(published, QUERY, size) as pilot:
        text = await until(pilot, "manga like Monster but no spoilers")
        assert "relevant 9 items" in text
        assert text.index(" base  ") < text.index(" candidate  ")
        assert "recall@10 1.00" in text
        assert "recall@10 .38" in text
        for mark in ("✓", "↘ 11", "+ new", "same"):
            assert mark in text
        assert "Summer Static (4→11)" in text
        assert "overlap@10 .50" in text


async def test_lists_stand_side_by_side_where_there_is_room(published: Path) -> None:
    async with looking(published, QUERY, (120, 36)) as pilot:
        await pilot.press("t")
        text = await until(pilot, "groups by publisher (.76) more than by theme (.11)")
        (both,) = [row for row in text.splitlines() if row.startswith(" base ")]
        assert "candidate" in both
        assert "violated by the candidate" in text
        assert "both: type print" in text


@pytest.mark.parametrize("size", SIZES)
async def test_an_item_shows_its_neighbours_and_its_edits(published: Path, size: tuple[int, int]) -> None:
    async with looking(published, ITEM, size) as pilot:
        text = await until(pilot, "Quiet Suspect")
        assert "Lantern presents: a bleak thriller" in text
        assert "cosine to its old place" in text
        await pilot.press("pagedown")
        await until(pilot, "publisher: Lantern → Kogane")


@pytest.mark.parametrize("size", SIZES)
async def test_a_pair_shows_margins_and_ranks_on_both_sides(published: Path, size: tuple[int, int]) -> None:
    async with looking(published, PAIR, size) as pilot:
        text = await until(pilot, "violated by the candidate")
        assert "+ Cold Harbor" in text
        assert "− Night Ferry" in text
        assert "rank 5 " in text
        assert "−.425" in text
        assert "type print (unwanted)" in text


async def test_enter_opens_a_neighbour_and_escape_returns(published: Path) -> None:
    async with looking(published, QUERY, (80, 24)) as pilot:
        await pilot.press("down", "down", "enter")
        await until(pilot, "item:c0000")
        await look(pilot)
        assert "item     Quiet Suspect" in shown(pilot.app)
        await pilot.press("escape")
        await until(pilot, "query:q031")


async def test_enter_on_a_grouping_row_opens_what_was_flagged_for_its_gate(published: Path) -> None:
    async with looking(published, QUERY, (120, 60)) as pilot:
        assert pilot.app.screen.query_one("#evidence", LineView).go_to(
            Target("flagged", "retrieval.confounds[publisher]")
        )
        await pilot.press("enter")
        text = await until(pilot, "gate retrieval.confounds[publisher]")
        assert "item:" in text
        assert pilot.app.screen.ref == item_ref(0)  # type: ignore[attr-defined]


async def test_a_gate_without_flagged_examples_opens_the_gate(published: Path) -> None:
    async with looking(published, QUERY, (120, 36)) as pilot:
        assert isinstance(pilot.app, AssayApp)
        pilot.app.follow(Target("flagged", "retrieval.confounds[title_length]"))
        await until(pilot, "GATES")


async def test_v_shows_every_place_and_capital_v_one_side_or_what_moved(published: Path) -> None:
    async with looking(published, QUERY, (80, 24)) as pilot:
        assert "more   v shows all" in await until(pilot, "query:q031")
        await pilot.press("v")
        await until_true(pilot, lambda: "v shows all" not in shown(pilot.app))
        await pilot.press("V")
        text = await until(pilot, "side: base")
        assert not [row for row in text.splitlines() if row.startswith(" candidate ")]
        await pilot.press("V", "V")
        text = await until(pilot, "gained 5")
        assert "lost 5" in text


async def test_items_are_found_by_title_even_outside_the_queue(published: Path) -> None:
    async with looking(published, QUERY, (80, 24)) as pilot:
        title = not_queued(published)
        await pilot.press("slash", *title.lower(), "enter")
        await until(pilot, "found among all examples (")
        await until(pilot, title)
        await pilot.press("g", *"c0003", "enter")
        await until(pilot, "Night Ferry")


def test_search_matches_titles_texts_and_ids(changed: Any) -> None:
    store = changed(titles={3: "A Name that its Text lacks"})
    with ReviewSession.open(store, "alice", read_only=True) as session:
        row = session.queue_page(Scope(search="NAME THAT ITS", everything=True), 0, 5)[0]
        assert (row.ref, row.title) == (item_ref(3), "A Name that its Text lacks")
        assert session.queue_count(Scope(search="c0003", everything=True)) == 1
        assert session.queue_count(Scope(search="no spoilers")) == 3


def test_unknown_relevance_is_said(published: Path) -> None:
    text = drawn(published, NO_RELEVANCE)
    assert "relevance was not given" in text
    assert "recall@" not in text
    assert " ✓ → " not in text
    assert " ✓ + new" not in text


def test_a_pair_without_a_probe_has_lists_of_its_own(published: Path) -> None:
    text = drawn(published, ORPHAN_PAIR)
    assert " probe " not in text
    assert "rank 1 " in text
    assert "kept apart" in text


def test_an_item_without_others_has_no_neighbours(changed: Any) -> None:
    text = drawn(changed(items=1, negatives=False), ITEM)
    assert text.count("no neighbours were computed for this side") == 2


def test_a_duplicate_says_of_what(published: Path) -> None:
    assert "text as Quiet Suspect" in drawn(published, DUPLICATE)


def test_an_edited_item_shows_what_was_changed(published: Path) -> None:
    text = drawn(published, VARIANT)
    assert "“Kogane” for “Lantern”" in text
    assert "cand .10  +.90" in text


def test_without_hard_negatives_there_is_no_empty_section(changed: Any) -> None:
    assert "hard negative" not in drawn(changed(negatives=False), QUERY)


def test_fewer_items_than_k_are_said(changed: Any) -> None:
    store = changed(items=6, negatives=False)
    assert "overlap@6 1.00" in drawn(store, QUERY)
    assert "   no neighbours" not in drawn(store, QUERY)


def test_sides_of_other_dimensions_have_no_raw_drift(changed: Any, published: Path) -> None:
    assert "lengths differ" in drawn(changed(same_dimensions=False), QUERY)
    assert "lengths differ" not in drawn(published, QUERY)


def test_without_attributes_the_panel_says_so(changed: Any) -> None:
    text = drawn(changed(grouping=False), QUERY)
    assert "not measured in this run: no attribute was declared" in text
    assert "!" not in text.split("hard negatives")[0].replace("! unwanted only", "")


def test_unknown_changes_carry_their_reason_in_the_numbers(published: Path) -> None:
    with evidence_of(published, QUERY) as evidence:
        text = numbers(evidence)
    assert "items are nearly all alike in it (chance 1.00)" in text
    for word in ("rank-biased overlap .76", "hubness", "! gained, and shares", "n 28"):
        assert word in text


@pytest.mark.parametrize("ref", [QUERY, ITEM, PAIR, VARIANT])
def test_every_number_has_its_meaning_from_the_run(published: Path, ref: str) -> None:
    with evidence_of(published, ref) as evidence:
        text = numbers(evidence)
        for part in ("slices", "grouping", "drift", "geometry", "map"):
            for row in evidence.context[part]:
                assert SPECS[row["name"]].title in text
                assert SPECS[row["name"]].meaning in text
    assert "the run does not say" not in text


@pytest.mark.parametrize(
    ("items", "said"), [(regrouped, "drawn by tsne"), (noise, "withheld: base trustworthiness")]
)
def test_a_map_never_stands_without_its_numbers(
    tmp_path: Path, items: Callable[[], EmbeddingSpace], said: str
) -> None:
    store = analysed(tmp_path / "maps", items())
    text = drawn(store, "retrieval/item:i0000")
    assert said in text
    with ReviewSession.open(store, read_only=True) as session:
        for quality in QUALITIES:
            values = {one.side: one.value for one in session.metrics("retrieval", quality.metric, "all")}
            assert f"{quality.title} {figure(values['base'], 2)}/{figure(values['candidate'], 2)}" in text


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
                options = ViewOptions(width, height, Colours(), side)
                assert max(line.width for line in VIEW.example(evidence, options)) <= width
            assert max(line.width for line in VIEW.numbers(evidence, options)) <= width


@pytest.mark.parametrize("depth", ["truecolor", "16", "none"])
def test_marks_do_not_rest_on_colour(published: Path, depth: Any) -> None:
    with evidence_of(published, QUERY) as evidence:
        text = text_of(VIEW.example(evidence, ViewOptions(119, 45, Colours(depth))))
    for mark in ("✓", "+ new", "↘ 11", "→ 4", "↑ 4", "!"):
        assert mark in text


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store whose titles and queries are the payloads."""
    texts = [text.replace("\ud800", "").replace("\udfff", "") for text in SHORT.values()]
    return analysed_retrieval(
        tmp_path_factory.mktemp("hostile") / "review",
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
            await pilot.pause()
            assert unclean(shown(pilot.app)) == set()
            await look(pilot)
            for keys in (["pagedown"], ["o"], ["o"], ["space"], ["space"]):
                await pilot.press(*keys)
                await pilot.pause()
                assert unclean(shown(pilot.app)) == set()


def test_the_summary_is_plain_sentences(published: Path) -> None:
    with evidence_of(published, QUERY) as evidence:
        rows = VIEW.summary(evidence)
    assert rows[0] == "query: manga like Monster but no spoilers"
    assert "relevant: 9 items" in rows
    (base,) = [row for row in rows if row.startswith("base, ")]
    assert base.startswith("base, recall@10 1.00")
    assert "2 Quiet Suspect (relevant" in base
    assert any(row.startswith("lost: Summer Static from 4 to 11") for row in rows)
    assert any(row.startswith("hard negative: Cold Harbor over Night Ferry: margin base") for row in rows)
    assert "groups by publisher (.76) more than by theme (.11)" in rows
    with evidence_of(published, ITEM) as evidence:
        assert VIEW.summary(evidence)[0] == "title: Quiet Suspect"


def test_an_unknown_ref_has_no_context(published: Path) -> None:
    with ReviewSession.open(published, "alice", read_only=True) as session:
        assert example_context(session.connection, "retrieval/item:none") == {}


def test_a_closed_pair_says_what_its_titles_are_and_a_list_says_less_of_each(published: Path) -> None:
    with ReviewSession.open(published, "alice", read_only=True) as session:
        page = AskedPage(session)
        page.turn_to(session.example(PAIR))
        assert page.closed
        titles = [title for answer in page.asked.answers for title in answer]  # type: ignore[union-attr]
        assert len(titles) == 2
        assert [one.kind for one in page.facts] == ["item", "item"]
        assert all(one.text.startswith(title) for one, title in zip(page.facts, titles, strict=True))
        assert "presents: a" in page.facts[0].text
        drawn = " ".join(line.plain for line in closed_lines(session.example(PAIR), page, 80)).split()
        assert page.facts[1].text.split()[-1] in drawn
        assert not {"base", "candidate", "violated"} & set(drawn)
        page.turn_to(session.example(QUERY))
        assert all(len(one.text) <= LIST_CHARACTERS + 60 for one in page.facts)


def test_a_long_text_is_cut_with_a_sign(published: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(questions, "PAIR_CHARACTERS", 10)
    with ReviewSession.open(published, "alice", read_only=True) as session:
        page = AskedPage(session)
        page.turn_to(session.example(PAIR))
        assert all(one.text.endswith("…") for one in page.facts)
