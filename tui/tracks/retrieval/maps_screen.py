"""The items on two aligned maps, base and candidate, with how far the maps can be believed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType
from textual.widget import Widget

from analysis.base.records import SIDES, Side
from analysis.tracks.retrieval.map_limits import QUALITIES
from analysis.tracks.retrieval.map_queries import (
    MapPoint,
    MapSummary,
    item_attributes,
    map_attributes,
    map_neighbours,
    map_points,
    map_summaries,
    map_values,
    most_moved,
)
from tui.draw.figures import figure, with_interval
from tui.draw.lines import Line, Target, beside, rule, text_line, wrapped
from tui.plugin.actions import bindings
from tui.screens.base import BaseScreen
from tui.screens.overview import review_head
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
    from analysis.base.records import Metric
    from tui.draw.theme import Look

WIDE = 100
"""Cells from which both maps stand side by side; below, one at a time."""
LEAST_ROWS = 6
"""Rows of the plot that are kept whatever else there is to say."""
NAMES = {"tsne": "t-SNE", "umap": "UMAP"}
MOVED = 40
"""Items listed in the place of a map that is withheld."""
NO_MAP = "this run has no maps: they are made of the items of a retrieval track"


class MapsScreen(BaseScreen):
    """Both maps with a cursor on one item and the ranks of its neighbours, or a table where they are withheld."""

    NAME: ClassVar[str] = "maps"
    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = bindings("maps")
    DEFAULT_CSS = """
    MapsScreen #map { height: 1fr; width: 1fr; }
    MapsScreen #table { height: 1fr; width: 1fr; display: none; }
    MapsScreen.withheld #map { display: none; }
    MapsScreen.withheld #table { display: block; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.side: Side = "base"
        self.ref: str | None = None
        self._of: str | None = None
        self._method = 0
        self._attribute = 0
        self._summaries: list[MapSummary] | None = None
        self._points: dict[str, dict[str, MapPoint]] = {}
        self._groups: dict[str, tuple[dict[str, str], list[str]]] = {}
        self._attributes: list[tuple[str, bool]] | None = None

    def compose_body(self) -> Iterable[Widget]:
        yield Bar(self.console_app.look, widget_id="map")
        yield LineView(self.console_app.look, widget_id="table")

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#map", Bar).styles.height = "1fr"

    def focus_body(self) -> None:
        self.set_focus(self.query_one("#table") if self.has_class("withheld") else None)

    def head_lines(self, width: int) -> Sequence[Line]:
        return review_head(self, width)

    def show(self, ref: str | None) -> None:
        """Put the cursor on an item, or mark the neighbours of a query; None stays where it was."""
        if ref is not None:
            self.ref = self._of = ref
        if self.is_mounted:
            self.call_after_refresh(self.reload_guarded)

    @property
    def summary(self) -> MapSummary | None:
        """The maps that are looked at; None where the run has none."""
        if self._summaries is None:
            self._summaries = map_summaries(self.session.connection)
        return self._summaries[self._method % len(self._summaries)] if self._summaries else None

    @property
    def points(self) -> dict[str, MapPoint]:
        """The items of these maps by ref; read once, for a run never changes."""
        summary = self.summary
        if summary is None:
            return {}
        if summary.method not in self._points:
            found = map_points(self.session.connection, summary.method)
            self._points[summary.method] = {point.ref: point for point in found}
        return self._points[summary.method]

    @property
    def attribute(self) -> tuple[str, bool] | None:
        """What the points are coloured by, and whether it is wanted."""
        if self._attributes is None:
            self._attributes = map_attributes(self.session.connection)
        return self._attributes[self._attribute % len(self._attributes)] if self._attributes else None

    def groups(self) -> tuple[Mapping[str, str], list[str]]:
        """Group by ref, and the groups in the order of their marks."""
        if self.attribute is None:
            return {}, []
        name = self.attribute[0]
        if name not in self._groups:
            self._groups[name] = map_values(self.session.connection, name, len(MARKS))
        return self._groups[name]

    def reload(self) -> None:
        summary, width = self.summary, max(self.size.width - 1, 40)
        drawn = summary is not None and summary.drawn and bool(self.points)
        self.set_class(not drawn, "withheld")
        self.query_one("#table").can_focus = not drawn
        self.focus_body()
        if drawn and summary is not None:
            height = self.query_one("#map", Bar).size.height or self.size.height - 5
            self.query_one("#map", Bar).show_lines(self.map_lines(summary, width, height))
            return
        lines = [text_line(f" {NO_MAP}", "warn")] if summary is None else self.table_lines(summary, width)
        self.query_one("#table", LineView).show_lines(lines, top=True)

    def map_lines(self, summary: MapSummary, width: int, height: int) -> list[Line]:
        """Legend, both maps (or one where they do not fit), the item under the cursor, and the four measures."""
        k, connection = summary.k, self.session.connection
        near = {} if self._of is None else map_neighbours(connection, self._of, k)
        if self.ref not in self.points:
            first = next((ref for side in SIDES for ref in near.get(side, ()) if ref in self.points), None)
            self.ref = first or next(iter(self.points))
            if not near:
                self._of, near = self.ref, map_neighbours(connection, self.ref, k)
        top = [self._title(summary, width), *self._legend(width)]
        below = [rule(width), *self._item_lines(near, width), *quality_lines(summary, width)]
        if summary.rearranged:
            said = "the candidate's map is a new arrangement: compare neighbours, not places"
            below += wrapped("", said, width, indent=1, style="warn")
        rows = max(height - len(top) - len(below) - 1, LEAST_ROWS)
        return [*top, *self._plots(near, width, rows), *below]

    def _title(self, summary: MapSummary, width: int) -> Line:
        line = Line().add(f" {NAMES.get(summary.method, summary.method)}", "title")
        line.add(f"  {summary.items:,} items", "text")
        if summary.items < summary.of_items:
            line.add(f" drawn by lot out of {summary.of_items:,}", "dim")
        if self.attribute is not None:
            name, wanted = self.attribute
            line.add("   by ", "dim").add(name, "strong").add(" (wanted)" if wanted else " (unwanted)", "dim")
        return line.end("v attribute  b side", width - 1, "key")

    def _legend(self, width: int) -> list[Line]:
        look, (_, names) = self.console_app.look, self.groups()
        lines = [Line().add(" ")]
        for number, name in enumerate(names):
            if lines[-1].width + len(name) + 4 > width and lines[-1].width > 1:
                if len(lines) == 2:
                    break
                lines.append(Line().add(" "))
            lines[-1].add(group_mark(number), group_style(number, look)).add(" ")
            lines[-1].column(name, min(len(name), width - 4), "dim").add("  ")
        return lines

    def _plots(self, near: Mapping[Side, Sequence[str]], width: int, rows: int) -> list[Line]:
        places = {side: {ref: point.places[side] for ref, point in self.points.items()} for side in SIDES}
        frame = Frame.around([place for side in SIDES for place in places[side].values()])
        of, names = self.groups()
        number = {name: place for place, name in enumerate(names)}
        groups = {ref: number[name] for ref, name in of.items()}
        look, wide = self.console_app.look, width >= WIDE
        columns = (width - 3) // 2 if wide else width - 2
        blocks: list[list[Line]] = []
        for side in SIDES if wide else (self.side,):
            plot = Scatter(places[side], groups, self.ref, near.get(side, ()))
            blocks.append(
                [self._side_line(side, near, columns), *_indented(plot, frame, columns, rows, look)]
            )
        return beside(blocks[0], blocks[1], columns + 2) if wide else blocks[0]

    def _side_line(self, side: Side, near: Mapping[Side, Sequence[str]], columns: int) -> Line:
        review = self.session.description["review"]
        version = review.get(f"{side}_version") or ""
        line = Line().add("▸" if side == self.side else " ", "key").add(f"{side} {version}", "strong")
        missing = sum(ref not in self.points for ref in near.get(side, ()))
        return line.end(f"{missing} of its neighbours not drawn", columns, "warn") if missing else line

    def _item_lines(self, near: Mapping[Side, Sequence[str]], width: int) -> list[Line]:
        """The item under the cursor, its attributes, and what both sides' neighbours have in common."""
        assert self.ref is not None
        line = Line().add(f" {CURSOR} ", "banner.warn").add(" ")
        line.column(self.points[self.ref].title, min(max(width - 46, 20), 60), "strong")
        both = [set(near.get(side, ())) for side in SIDES]
        if all(both):
            line.add(f"  keeps {len(both[0] & both[1])} of {len(both[0])}", "number")
        lines = [line.end("1…0 nearest by vector   ⏎ open", width - 1, "dim")]
        if self._of not in (None, self.ref):
            example = self.session.example(str(self._of)).example
            lines += wrapped("", f"ranks are of {example.kind} {example.text}", width, indent=4)[:1]
        said = " · ".join(
            f"{name} {value}" for name, _, value in item_attributes(self.session.connection, self.ref)
        )
        return lines + wrapped("", said, width, indent=4, style="dim")[:2]

    def table_lines(self, summary: MapSummary, width: int) -> list[Line]:
        """What stands in the place of maps that are withheld: why, the measures, and the items that moved most."""
        name = NAMES.get(summary.method, summary.method)
        lines = wrapped(f" {name}", f"withheld: {summary.why}", width, indent=7, style="warn")
        lines += [Line(), *measure_table(summary, width), Line()]
        moved = most_moved(self.session.connection, MOVED)
        if moved:
            lines.append(text_line(" items whose nearest changed most, by their vectors", "title"))
        for item in moved:
            line = Line(Target("example", item.ref)).add("  ").column(item.title, max(width - 36, 20))
            lines.append(line.add(f"  keeps {figure(item.overlap, 2)} of its nearest", "number"))
        return lines

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
        places = {ref: point.places[self.side] for ref, point in self.points.items()}
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
        self._attribute += 1
        self.reload_guarded()

    def do_map_side(self) -> None:
        """Walk on the other side's map."""
        self.side = "candidate" if self.side == "base" else "base"
        self.reload_guarded()

    def do_map_method(self) -> None:
        """The maps of the next method."""
        if self._summaries is not None and len(self._summaries) < 2:
            self.notice(
                "UMAP is drawn where the extra `maps` is installed when the review is analysed", "warn"
            )
            return
        self._method += 1
        self.reload_guarded()

    def do_view_numbers(self) -> None:
        """The measures with their definitions."""
        from tui.screens.pick import TextScreen

        summary = self.summary
        if summary is None:
            return

        def build(width: int) -> list[Line]:
            lines = [*measure_table(summary, width), Line()]
            for quality in QUALITIES:
                lines += wrapped(f" {quality.title}", quality.definition, width, indent=18)
            about = (
                f"{summary.parameters}; {summary.items:,} of {summary.of_items:,} items, {summary.k} nearest"
            )
            lines += wrapped(" made by", about, width, indent=18)
            said = (
                "Both maps start from the same map of the base, and the candidate's is turned onto the base's. "
                "Sizes of groups and gaps between them mean nothing; who is near whom is as true as the measures say."
            )
            return lines + wrapped(" read it", said, width, indent=18)

        self.app.push_screen(TextScreen(self.console_app.look, "maps", build))


def _indented(plot: Scatter, frame: Frame, columns: int, rows: int, look: Look) -> list[Line]:
    """A plot with a blank cell at its left."""
    lines = []
    for drawn in scatter_lines(plot, frame, columns - 1, rows, look):
        line = Line().add(" ")
        line.pieces.extend(drawn.pieces)
        lines.append(line)
    return lines


def quality_lines(summary: MapSummary, width: int) -> list[Line]:
    """The four measures of both sides, on as few lines as they fit."""
    lines = [Line()]
    for quality in QUALITIES:
        values = [summary.metrics.get((quality.metric, side)) for side in SIDES]
        shown = " ".join(figure(one.value if one else None, 2) for one in values)
        if lines[-1].width + len(quality.title) + len(shown) + 5 > width:
            lines.append(Line())
        lines[-1].add(f" {quality.title} ", "dim").add(shown, "number").add("  ")
    if lines[-1].width + 14 <= width:
        lines[-1].add("base, candidate", "faint")
    return lines


def measure_table(summary: MapSummary, width: int) -> list[Line]:
    """The four measures of both sides with intervals and limits."""
    cells = 18 if width >= 76 else 8
    head = Line().add(" ").column("measure", 17, "dim")
    head.column("base", cells, "dim").column("candidate", cells, "dim").column("at least", 9, "dim")
    lines = [head]
    for quality in QUALITIES:
        line = Line().add(" ").column(quality.title, 17)
        for side in SIDES:
            one = summary.metrics.get((quality.metric, side))
            low = one is None or one.value is None or one.value < quality.limit
            line.column(_value(one, cells), cells, "bad" if low else "good")
        lines.append(line.column(figure(quality.limit, 2), 9, "dim"))
    return lines


def _value(one: Metric | None, cells: int) -> str:
    if one is None or one.value is None:
        return "unknown"
    return with_interval(one.value, one.low, one.high, digits=2) if cells > 10 else figure(one.value, 2)
