"""The maps in the console: both sides, the cursor and its neighbours, and the table where they are withheld."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from analysis.plots.scatter_svg import check_svg
from analysis.review.session import ReviewSession
from analysis.tracks.retrieval.map_plots import figures
from tests.analysis.report_fixture import HOSTILE
from tests.analysis.tracks.retrieval.map_fixture import QUERY, noise, publish_maps, regrouped
from tests.tui.reading import shown, until
from tui.console.app import AssayApp
from tui.draw.theme import Look
from tui.tracks.retrieval.maps_screen import MapsScreen
from tui.tracks.retrieval.scatter_plot import Frame, Scatter, nearest_towards, scatter_lines

ITEM = "retrieval/item:i0000"


@pytest.fixture(scope="module")
def drawn() -> list[Path]:
    """Where the review with maps is, once it is published; its track has to be registered for that."""
    return []


@pytest.fixture
def mapped(drawn: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReviewSession]:
    """A session on a review whose maps are drawn; its titles are hostile."""
    if not drawn:
        titles = dict(enumerate(text[:500] for text in HOSTILE))
        drawn.append(publish_maps(tmp_path_factory.mktemp("maps") / "m.review", regrouped(), titles))
    with ReviewSession.open(drawn[0], "alice", read_only=True) as session:
        yield session


@pytest.mark.parametrize(("size", "look"), [((80, 24), Look("none")), ((120, 36), Look("16"))])
async def test_maps_with_their_numbers_at_every_width(
    mapped: ReviewSession, size: tuple[int, int], look: Look
) -> None:
    app = AssayApp(mapped, look)
    async with app.run_test(size=size) as pilot:
        await pilot.press("M")
        screen = await until(pilot, "seed stability")
        for said in ("trustworthiness", "continuity", "kNN recall", "theme (wanted)", "@", "base v3"):
            assert said in screen
        assert ("candidate v4-rc1" in screen.split("\n", 3)[3]) == (size[0] >= 100)
        assert not any(character < " " and character != "\n" for character in screen)
        maps = app.screen
        assert isinstance(maps, MapsScreen)
        before = maps.ref
        for key in ("right", "h", "up", "j", "left", "down", "k", "l"):
            await pilot.press(key)
            await pilot.pause()
            if maps.ref != before:
                break
        assert maps.ref != before
        await pilot.press("v")
        await until(pilot, "popularity (unwanted)")
        await pilot.press("b")
        await until(pilot, "▸candidate v4-rc1")
        await pilot.press("space")
        await until(pilot, "made by")
        await pilot.press("escape")
        await until(pilot, "kNN recall")
        await pilot.press("enter")
        assert maps.ref is not None
        await until(pilot, "item:" + maps.ref.rpartition(":")[2])


async def test_neighbours_of_a_query_are_marked(mapped: ReviewSession) -> None:
    app = AssayApp(mapped, Look("none"))
    async with app.run_test(size=(120, 36)) as pilot:
        app.show_maps(QUERY)
        screen = await until(pilot, "ranks are of query")
        assert "@" in screen


async def test_withheld_maps_are_a_table_that_leads_to_the_items(tmp_path: Path) -> None:
    store = publish_maps(tmp_path / "n.review", noise())
    with ReviewSession.open(store, "alice") as session:
        assert figures(session.connection, session.gate_input()) == {}
        app = AssayApp(session, Look())
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.press("M")
            screen = await until(pilot, "withheld: base trustworthiness")
            assert "at least" in screen
            assert "@" not in screen
            await pilot.press("j", "enter")
            await until(pilot, "item:i0010")


def test_the_picture_of_the_report_is_one_per_kind_of_attribute(mapped: ReviewSession) -> None:
    found = figures(mapped.connection, mapped.gate_input())
    assert sorted(found) == ["retrieval-map-tsne-unwanted.svg", "retrieval-map-tsne-wanted.svg"]
    assert found == figures(mapped.connection, mapped.gate_input())
    for name, data in found.items():
        check_svg(data, name)
        assert b"seed stability" in data


async def test_a_review_without_maps_says_so(session: ReviewSession) -> None:
    app = AssayApp(session, Look())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("M")
        assert "this review has no retrieval track" in await until(pilot, "no retrieval track")
        app.show_maps(None)
        assert "has no maps" in await until(pilot, "has no maps")
        await pilot.press("h", "v", "b", "enter", "space")
        assert "has no maps" in shown(app)


def test_the_cursor_goes_where_the_key_points() -> None:
    places = {"a": (0.0, 0.0), "b": (1.0, 0.1), "c": (0.5, 2.0), "d": (3.0, 0.0), "e": (-1.0, 0.0)}
    assert nearest_towards(places, "a", "right") == "b"
    assert nearest_towards(places, "a", "up") == "c"
    assert nearest_towards(places, "a", "left") == "e"
    assert nearest_towards(places, "e", "left") is None


def test_points_are_told_apart_without_colour() -> None:
    places = {"a": (0.0, 0.0), "b": (1.0, 1.0), "c": (2.0, 0.0), "d": (0.0, 1.0)}
    plot = Scatter(places, {"b": 0, "c": 1}, "a", ["d"])
    lines = scatter_lines(plot, Frame.around(list(places.values())), 21, 6, Look("none"))
    assert sorted("".join(line.plain for line in lines).replace(" ", "")) == sorted("@o1x")
    assert all(line.width <= 21 for line in lines)
