"""The maps in the console: both sides, the cursor and its neighbours, and the table where they are withheld."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from math import cos, sin
from pathlib import Path

import duckdb
import pytest
from textual.geometry import Size

from analysis.base.records import Side
from analysis.plots.figure_svg import figure_svg
from analysis.plots.scatter_svg import check_svg
from analysis.review.session import ReviewSession
from analysis.tracks.retrieval.map_figures import figures
from analysis.tracks.retrieval.map_queries import MapPoint, MapSummary, map_points, map_summaries, most_moved
from tests.analysis.report_fixture import HOSTILE
from tests.analysis.tracks.retrieval.map_fixture import QUERY, analysed, noise, regrouped
from tests.tui.pictures import differences, faint, foreign, painted, picture
from tests.tui.reading import until, until_true
from tui.console.app import AssayApp
from tui.draw.theme import Colours
from tui.tracks.retrieval import map_reader
from tui.tracks.retrieval.maps_screen import MapsScreen
from tui.tracks.retrieval.scatter_plot import Frame, Scatter, nearest_towards, scatter_lines


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The store of a review whose maps are drawn; its titles are hostile."""
    titles = dict(enumerate(text[:500] for text in HOSTILE))
    return analysed(tmp_path_factory.mktemp("maps") / "drawn", regrouped(), titles)


@pytest.fixture
def mapped(drawn: Path) -> Iterator[ReviewSession]:
    """A session on it."""
    with ReviewSession.open(drawn, "alice", read_only=True) as session:
        yield session


@pytest.mark.parametrize(("size", "colours"), [((80, 24), Colours("none")), ((120, 36), Colours("16"))])
async def test_maps_with_their_numbers_at_every_width(
    mapped: ReviewSession, size: tuple[int, int], colours: Colours
) -> None:
    app = AssayApp(mapped, colours)
    async with app.run_test(size=size) as pilot:
        await pilot.press("M")
        screen = await until(pilot, "seed stability")
        for said in ("trustworthiness", "continuity", "kNN recall", "theme (wanted)", "@", "base v1"):
            assert said in screen
        assert ("candidate v2" in screen.split("\n", 3)[3]) == (size[0] >= 100)
        assert not any(character < " " and character != "\n" for character in screen)
        maps = app.screen
        assert isinstance(maps, MapsScreen)
        before = maps.ref
        for key in ("right", "left", "up", "j", "left", "down", "k", "right"):
            await pilot.press(key)
            await pilot.pause()
            if maps.ref != before:
                break
        assert maps.ref != before
        assert maps.maps.attribute == ("theme", True)
        await pilot.press("G")
        assert "theme (wanted)" not in await until(pilot, "popularity (unwanted)")
        await pilot.press("V")
        await until(pilot, "▸candidate v2")
        await pilot.press("space")
        await until(pilot, "made by")
        await pilot.press("escape")
        await until(pilot, "kNN recall")
        await pilot.press("enter")
        assert maps.ref is not None
        await until(pilot, "item:" + maps.ref.rpartition(":")[2])


def laid_out(connection: duckdb.DuckDBPyConnection, method: str) -> list[MapPoint]:
    """The items of the maps in places that no arithmetic of a machine moves: on spirals, the candidate's turned."""
    found = []
    for number, point in enumerate(map_points(connection, method)):
        angle, radius = 2.4 * number, ((number + 1) / 120) ** 0.5
        places: dict[Side, tuple[float, float]] = {
            side: (radius * cos(angle + turn), radius * sin(angle + turn))
            for side, turn in (("base", 0.0), ("candidate", 0.5))
        }
        found.append(replace(point, places=places))
    return found


def measured(connection: duckdb.DuckDBPyConnection) -> list[MapSummary]:
    """The maps of a run with measures that are the same on every machine."""
    return [
        replace(one, metrics={key: replace(metric, value=0.91) for key, metric in one.metrics.items()})
        for one in map_summaries(connection)
    ]


async def test_the_maps_look_as_they_are_kept(
    mapped: ReviewSession, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(map_reader, "map_points", laid_out)
    monkeypatch.setattr(map_reader, "map_summaries", measured)
    remake = request.config.getoption("--remake-snapshots")
    pictures: dict[str, dict[str, str]] = {}
    async with AssayApp(mapped, Colours()).run_test(size=(80, 24)) as pilot:
        for name, subject in (("maps", None), ("maps of a query", QUERY)):
            pilot.app.open("maps", subject)  # type: ignore[attr-defined]
            await until(pilot, "seed stability")
            for width, height in ((60, 20), (80, 24), (120, 36), (200, 50)):
                await pilot.resize_terminal(width, height)
                size = Size(width, height)
                await until_true(pilot, lambda size=size: pilot.app.screen.size == size)  # type: ignore[misc]
                await pilot.pause()
                pictures.setdefault(name, {})[f"{width}x{height}"] = picture(pilot.app)
            assert faint(pilot.app, dark=True) == [], name
    assert differences(pictures, remake=remake) == []
    drawn: dict[str, dict[str, str]] = {}
    for kind, colours in (("in light", Colours(dark=False)), ("in 16 colours", Colours("16"))):
        async with AssayApp(mapped, colours).run_test(size=(120, 36)) as pilot:
            await pilot.press("M")
            await until(pilot, "seed stability")
            unfit = foreign(pilot.app, "16") if colours.native else faint(pilot.app, dark=False)
            assert unfit == [], kind
            drawn[f"maps {kind}"] = {"120x36": painted(pilot.app)}
    assert differences(drawn, remake=remake) == []


async def test_neighbours_of_a_query_are_marked(mapped: ReviewSession) -> None:
    app = AssayApp(mapped, Colours("none"))
    async with app.run_test(size=(120, 36)) as pilot:
        app.open("maps", QUERY)
        screen = await until(pilot, "ranks are of query")
        assert "@" in screen


async def test_withheld_maps_are_a_table_that_leads_to_the_items(tmp_path: Path) -> None:
    with ReviewSession.open(analysed(tmp_path / "noise", noise()), "alice") as session:
        second = most_moved(session.connection, 2)[1].ref
        assert figures(session.connection) == {}
        app = AssayApp(session, Colours())
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.press("M")
            screen = await until(pilot, "withheld: base trustworthiness")
            assert "at least" in screen
            assert "@" not in screen
            await pilot.press("j", "enter")
            await until(pilot, second.removeprefix("retrieval/"))


def test_the_picture_of_the_report_is_one_per_kind_of_attribute(mapped: ReviewSession) -> None:
    found = figures(mapped.connection)
    assert sorted(found) == ["retrieval-map-tsne-unwanted", "retrieval-map-tsne-wanted"]
    assert found == figures(mapped.connection)
    for name, figure in found.items():
        check_svg(figure_svg(figure), name)
        assert "seed stability" in [row[0] for row in figure.rows]


def test_a_review_without_the_track_has_no_maps(session: ReviewSession) -> None:
    assert "maps.open" not in [entry.id for entry in AssayApp(session, Colours()).actions]


def test_the_cursor_goes_where_the_key_points() -> None:
    places = {"a": (0.0, 0.0), "b": (1.0, 0.1), "c": (0.5, 2.0), "d": (3.0, 0.0), "e": (-1.0, 0.0)}
    assert nearest_towards(places, "a", "right") == "b"
    assert nearest_towards(places, "a", "up") == "c"
    assert nearest_towards(places, "a", "left") == "e"
    assert nearest_towards(places, "e", "left") is None


def test_points_are_told_apart_without_colour() -> None:
    places = {"a": (0.0, 0.0), "b": (1.0, 1.0), "c": (2.0, 0.0), "d": (0.0, 1.0)}
    plot = Scatter(places, {"b": 0, "c": 1}, "a", ["d"])
    lines = scatter_lines(plot, Frame.around(list(places.values())), 21, 6, Colours("none"))
    assert sorted("".join(line.plain for line in lines).replace(" ", "")) == sorted("@o1x")
    assert all(line.width <= 21 for line in lines)
