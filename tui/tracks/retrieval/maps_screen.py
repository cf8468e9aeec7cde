"""The items on two aligned maps, base and candidate, with how far the maps can be believed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.widget import Widget

from analysis.base.records import SIDES, Side
from analysis.tracks.retrieval.map_queries import MapPoint, item_attributes, map_neighbours, most_moved
from analysis.tracks.retrieval.metric_specs import TRACK
from tui.draw.lines import Line, beside, first_rows, rule, wrapped
from tui.draw.safe_text import cells
from tui.screens.base import BaseScreen
from tui.screens.head import review_head
from tui.tracks.retrieval.map_lines import meaning_lines, quality_lines, withheld_lines
from tui.tracks.retrieval.map_reader import MapReader
from tui.tracks.retrieval.scatter_plot import (
    CURSOR,
    MARKS,
    Direction,
    Frame,
    Scatter,
    group_mark,
    group_style,
    nearest_towards,
    scatter_lines,
)
from tui.widgets.line_view import Bar, LineView

if TYPE_CHECKING:
    from tui.draw.theme import Colours
    from tui.plugin.console import Subject

WIDE = 100
"""Cells from which both maps stand side by side; below, one at a time."""
LEAST_ROWS = 6
"""Rows of the plot that are kept whatever else there is to say."""
RANKS_MEAN = ("1…0 nearest by vector   ⏎ open", "1…0 nearest by vector", "1…0 nearest")
"""What the digits on a map are, as there is room."""
NO_GROUP_MEANS = "none of these"
MOVED = 40
"""Items listed in the place of a map that is withheld."""


class MapsScreen(BaseScreen):
    """Both maps with a cursor on one item and the ranks of its neighbours, or a table where they are withheld."""

    NAME: ClassVar[str] = "maps"
    AUTO_FOCUS = ""
    DEFAULT_CSS = """
    MapsScreen #map { height: 1fr; width: 1fr; }
    MapsScreen #table { height: 1fr; width: 1fr; display: none; }
    MapsScreen.withheld #map { display: none; }
    MapsScreen.withheld #table { display: block; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.walked: Side = "base"
        self.ref: str | None = None
        self._of: str | None = None
        self._maps: MapReader | None = None

    def compose_body(self) -> Iterable[Widget]:
        yield Bar(self.console_app.colours, widget_id="map")
        yield LineView(self.console_app.colours, widget_id="table")

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#map", Bar).styles.height = "1fr"

    def focus_body(self) -> None:
        self.set_focus(self.query_one("#table") if self.has_class("withheld") else None)

    def head_lines(self, width: int) -> Sequence[Line]:
        return review_head(self.session, width)

    def show(self, subject: Subject) -> None:
        """Put the cursor on an item, or mark the neighbours of a query; None stays where it was."""
        if isinstance(subject, str):
            self.ref = self._of = subject
        if self.is_mounted:
            self.reload_soon()

    @property
    def maps(self) -> MapReader:
        """The maps of the run, read when they are first shown."""
        if self._maps is None:
            self._maps = MapReader(self.session.connection, len(MARKS))
        return self._maps

    @property
    def points(self) -> dict[str, MapPoint]:
        """The items of the maps that are looked at, by ref."""
        return self.maps.points

    def reload(self) -> None:
        summary, width = self.maps.summary, max(self.size.width - 1, 40)
        self.set_class(not summary.drawn, "withheld")
        self.query_one("#table").can_focus = not summary.drawn
        self.focus_body()
        if summary.drawn:
            height = self.query_one("#map", Bar).size.height or self.size.height - 5
            self.query_one("#map", Bar).show_lines(self.map_lines(width, height))
            return
        moved = most_moved(self.session.connection, MOVED)
        self.query_one("#table", LineView).show_lines(withheld_lines(summary, moved, width), top=True)

    def map_lines(self, width: int, height: int) -> list[Line]:
        """Legend, both maps (or one where they do not fit), the item under the cursor, and the four measures."""
        summary, connection = self.maps.summary, self.session.connection
        near = {} if self._of is None else map_neighbours(connection, self._of, summary.k)
        if self.ref not in self.points:
            first = next((ref for side in SIDES for ref in near.get(side, ()) if ref in self.points), None)
            self.ref = first or next(iter(self.points))
            if not near:
                self._of, near = self.ref, map_neighbours(connection, self.ref, summary.k)
        top = [self._title(width), *self._legend(width)]
        below = [rule(width), *self._item_lines(self.ref, near, width), *quality_lines(summary, width)]
        if summary.rearranged:
            said = "the candidate's map is a new arrangement: compare neighbours, not places"
            below += wrapped("", said, width, indent=1, style="warn")
        rows = max(height - len(top) - len(below) - 1, LEAST_ROWS)
        return [*top, *self._plots(near, width, rows), *below]

    def _title(self, width: int) -> Line:
        summary, attribute = self.maps.summary, self.maps.attribute
        line = Line().add(f" {summary.title}", "title")
        line.add(f"  {summary.items:,} items", "text")
        if summary.items < summary.of_items:
            line.add(f" drawn by lot out of {summary.of_items:,}", "dim")
        if attribute is not None:
            name, wanted = attribute
            line.add("   by ", "dim").add(name, "strong").add(" (wanted)" if wanted else " (unwanted)", "dim")
        return line.end("G group by  V side", width - 1, "key")

    def _legend(self, width: int) -> list[Line]:
        colours, (of, names) = self.console_app.colours, self.maps.groups
        lines = [Line().add(" ")]
        groups: list[tuple[int | None, str]] = list(enumerate(names))
        if names and any(ref not in of for ref in self.points):
            groups.append((None, NO_GROUP_MEANS))
        for number, name in groups:
            if lines[-1].width + len(name) + 4 > width and lines[-1].width > 1:
                if len(lines) == 2:
                    break
                lines.append(Line().add(" "))
            lines[-1].add(group_mark(number), group_style(number, colours)).add(" ")
            lines[-1].column(name, min(len(name), width - 4), "dim").add("  ")
        return lines

    def _plots(self, near: Mapping[Side, Sequence[str]], width: int, rows: int) -> list[Line]:
        places = {side: {ref: point.places[side] for ref, point in self.points.items()} for side in SIDES}
        frame = Frame.around([place for side in SIDES for place in places[side].values()])
        of, names = self.maps.groups
        number = {name: place for place, name in enumerate(names)}
        groups = {ref: number[name] for ref, name in of.items()}
        colours, wide = self.console_app.colours, width >= WIDE
        columns = (width - 3) // 2 if wide else width - 2
        blocks: list[list[Line]] = []
        for side in SIDES if wide else (self.walked,):
            plot = Scatter(places[side], groups, self.ref, near.get(side, ()))
            blocks.append(
                [self._side_line(side, near, columns), *_indented(plot, frame, columns, rows, colours)]
            )
        return beside(blocks[0], blocks[1], columns + 2) if wide else blocks[0]

    def _side_line(self, side: Side, near: Mapping[Side, Sequence[str]], columns: int) -> Line:
        review = self.session.description["review"]
        version = review.get(f"{side}_version") or ""
        line = Line().add("▸" if side == self.walked else " ", "key").add(f"{side} {version}", "strong")
        missing = sum(ref not in self.points for ref in near.get(side, ()))
        return line.end(f"{missing} of its neighbours not drawn", columns, "warn") if missing else line

    def _item_lines(self, ref: str, near: Mapping[Side, Sequence[str]], width: int) -> list[Line]:
        """The item under the cursor, its attributes, and what both sides' neighbours have in common."""
        line = Line().add(f" {CURSOR} ", "banner.warn").add(" ")
        line.column(self.points[ref].title, min(max(width - 46, 20), 60), "strong")
        both = [set(near.get(side, ())) for side in SIDES]
        if all(both):
            line.add(f"  keeps {len(both[0] & both[1])} of {len(both[0])}", "number")
        fitting = (said for said in RANKS_MEAN if line.width + cells(said) + 2 < width)
        lines = [line.end(next(fitting, ""), width - 1, "dim")]
        if self._of not in (None, ref):
            example = self.session.example(str(self._of)).example
            ranked = wrapped("", f"ranks are of {example.kind} {example.text}", width, indent=4)
            lines += first_rows(ranked, 1, width)
        attributes = item_attributes(self.session.connection, ref)
        said = " · ".join(f"{name} {value}" for name, _, value in attributes)
        return lines + first_rows(wrapped("", said, width, indent=4, style="dim"), 2, width)

    def do_map_left(self) -> None:
        """Cursor to the nearest item at the left."""
        self._move("left")

    def do_map_right(self) -> None:
        """Cursor to the nearest item at the right."""
        self._move("right")

    def do_map_up(self) -> None:
        """Cursor to the nearest item above; in the table, to the line above."""
        self._move("up")

    def do_map_down(self) -> None:
        """Cursor to the nearest item below; in the table, to the line below."""
        self._move("down")

    def _move(self, direction: Direction) -> None:
        if self.has_class("withheld"):
            if direction in ("up", "down"):
                self.query_one("#table", LineView).action_step(1 if direction == "down" else -1)
            return
        if self.ref not in self.points:
            return
        places = {ref: point.places[self.walked] for ref, point in self.points.items()}
        found = nearest_towards(places, self.ref, direction)
        if found is None:
            self.notice("no further item in this direction", "warn")
            return
        self.ref = self._of = found
        self.notice("")
        self.reload_guarded()

    def do_map_open(self) -> None:
        """Open the item under the cursor."""
        if self.ref in self.points:
            self.console_app.show_example(self.ref)

    def do_map_attribute(self) -> None:
        """Mark and colour by the next attribute."""
        self.maps.next_attribute()
        self.reload_guarded()

    def do_map_side(self) -> None:
        """Walk on the other side's map."""
        self.walked = "candidate" if self.walked == "base" else "base"
        self.reload_guarded()

    def do_map_method(self) -> None:
        """The maps of the next method."""
        if len(self.maps.summaries) < 2:
            self.notice(
                "UMAP is drawn where the extra `maps` is installed when the review is analysed", "warn"
            )
            return
        self.maps.next_method()
        self.reload_guarded()

    def do_view_numbers(self) -> None:
        """The measures with their definitions."""
        from tui.screens.pick import TextScreen

        summary, specs = self.maps.summary, self.session.gate_input().specs[TRACK]
        colours = self.console_app.colours
        self.app.push_screen(TextScreen(colours, "maps", lambda width: meaning_lines(summary, specs, width)))


def _indented(plot: Scatter, frame: Frame, columns: int, rows: int, colours: Colours) -> list[Line]:
    """A plot with a blank cell at its left."""
    lines = []
    for drawn in scatter_lines(plot, frame, columns - 1, rows, colours):
        line = Line().add(" ")
        line.pieces.extend(drawn.pieces)
        lines.append(line)
    return lines
