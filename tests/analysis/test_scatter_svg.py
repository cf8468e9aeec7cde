"""Figures of the report: well-formed, the same bytes each time, and nothing but a picture."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import duckdb
import pytest

from analysis.base.errors import AssayError
from analysis.plots.figure import Curve, Figure, Plot, figure_of
from analysis.plots.figure_svg import figure_svg
from analysis.plots.scatter_svg import check_svg
from analysis.plugin.registry import registered
from analysis.report import canonical
from analysis.report.build import export
from analysis.report.sums import SUMMED, parse_sums, sums_problems
from analysis.review.session import ReviewSession
from tests.analysis.report_fixture import HOSTILE, ToyTrack, toy_store

NAME = "toy-map.svg"


def a_map(title: str = "map", names: tuple[str, ...] = ("Quiet Suspect", "Cold Harbor")) -> Figure:
    points = [(name, float(number), number**0.5, number % 3 or None) for number, name in enumerate(names)]
    return Figure(title, [Plot("base", points), Plot("candidate", points)], ["a", "b"], ["n 2"])


def drawn(title: str = "map", names: tuple[str, ...] = ("Quiet Suspect", "Cold Harbor")) -> bytes:
    return figure_svg(a_map(title, names))


def test_it_is_well_formed_and_the_same_each_time() -> None:
    picture = drawn()
    assert picture == drawn()
    root = ElementTree.fromstring(picture)
    paths = [one for one in root.iter() if str(one.tag).endswith("}path")]
    assert len(paths) == 2 * 2 + 2
    check_svg(picture, NAME)


def test_curves_have_axes_marks_and_dashes_of_their_own() -> None:
    curves = [Curve("base", [(0.0, 0.1), (0.5, 0.4)]), Curve("candidate", [(0.0, 0.1), (0.5, -0.2)])]
    figure = Figure("dose", [Plot("", curves=curves, x="scale", y="rate")], header=["x"], rows=[["1"]])
    picture = figure_svg(figure)
    check_svg(picture, NAME)
    root = ElementTree.fromstring(picture)
    shown = [one.text for one in root.iter() if str(one.tag).endswith("}text")]
    assert {"dose", "scale", "rate", "base", "candidate", "-0.2", "0.4", "0.5"} <= set(shown)
    lines = [one for one in root.iter() if one.get("stroke-width") == "2"]
    assert len({(one.get("stroke"), one.get("stroke-dasharray")) for one in lines}) == len(curves)
    # A curve of one point, and one on which nothing changes, have axes, too.
    for points in ([(1.0, 1.0)], [(0.0, 3.0), (1.0, 3.0)]):
        check_svg(figure_svg(Figure("flat", [Plot("", curves=[Curve("a", points)])])), NAME)


def test_a_figure_is_drawn_from_the_json_of_a_report_as_from_itself() -> None:
    curve = Plot("c", curves=[Curve("base", [(0, 1), (1, 0.5)])], x="x", y="y", diagonal=True)
    for figure in (a_map(), Figure("both", [curve], notes=["a note"], header=["x"], rows=[["1"]])):
        content = canonical.loads(canonical.dumps(figure), "figure")
        assert figure_svg(figure_of(content)) == figure_svg(figure)
    for broken in ({}, {"plots": [{}]}, {**content, "plots": 3}, {**content, "script": "x"}):
        with pytest.raises((KeyError, TypeError, ValueError)):
            figure_svg(figure_of(broken))


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text(text: str) -> None:
    picture = drawn(text, (text, "x"))
    check_svg(picture, NAME)
    assert b"<script" not in picture
    assert not any(byte < 0x20 and byte != 0x0A for byte in picture)
    assert len(picture) < 20_000


@pytest.mark.parametrize(
    "planted",
    [
        b"<script>alert(1)</script>",
        b'<image href="http://evil/x.png"/>',
        b'<a href="javascript:x"><text>t</text></a>',
        b'<rect onload="x()"/>',
        b'<rect fill="url(http://evil/)"/>',
        b"<style>@import 'x'</style>",
        b"<!-- c -->",
        b'<?xml-stylesheet href="x"?>',
        b"<g>",
    ],
)
def test_anything_else_in_it_is_refused(planted: bytes) -> None:
    with pytest.raises(AssayError):
        check_svg(drawn().replace(b"</svg>", planted + b"</svg>"), NAME)


def test_what_a_parser_passes_over_is_refused_by_writing_it_again() -> None:
    picture = drawn()
    declaration, rest = picture.split(b"\n", 1)
    sheet = b'<?xml-stylesheet type="text/xsl" href="data:text/xml;base64,eA=="?>'
    utf16 = declaration.replace(b"utf-8", b"utf-16").decode().encode("utf-16") + rest.decode().encode(
        "utf-16-le"
    )
    for odd in (sheet + rest, rest, utf16, picture + b"\n", picture.replace(b" />", b"/>", 1)):
        assert odd != picture
        with pytest.raises(AssayError):
            check_svg(odd, NAME)


def test_a_report_carries_the_figures_of_its_tracks_and_checks_them(tmp_path: Path) -> None:
    class Drawing(ToyTrack):
        """Adds a picture to the report."""

        def figures(self, connection: duckdb.DuckDBPyConnection) -> dict[str, Figure]:
            return {"toy-map": a_map()}

    track = Drawing()
    made = toy_store(tmp_path)
    with registered(track), ReviewSession.open(made.store, "alice") as session:
        report = export(session, tmp_path / "report", "hold", "not yet")
    assert (report / NAME).read_bytes() == drawn()
    assert set(parse_sums((report / "SHA256SUMS").read_bytes(), "SHA256SUMS")) == {*SUMMED, NAME}
    assert sums_problems(report) == []
    (report / "other.svg").write_bytes(drawn())
    assert sums_problems(report) == ["'other.svg' was added to the folder"]
    (report / "other.svg").unlink()
    (report / NAME).write_bytes(drawn("changed"))
    assert sums_problems(report) == [f"{NAME} is not the file that was summed"]
