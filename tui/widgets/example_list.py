"""The examples of a scope as a list: drawn line by line, read page by page, whatever their number."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from rich.segment import Segment
from textual import events
from textual.geometry import Size
from textual.strip import Strip

from analysis.base.records import VARIANT
from tui.draw.highlight import highlighted
from tui.draw.lines import Line
from tui.draw.messages import ExampleChosen
from tui.draw.right_words import RIGHT_MARKS
from tui.draw.theme import Colours
from tui.widgets.line_scroll import LineScroll

if TYPE_CHECKING:
    from analysis.review.scope import QueueRow, Scope
    from analysis.review.session import ReviewSession

PAGE = 64
"""Rows per page read from the evidence."""
CACHED_PAGES = 8
"""Pages kept; the oldest goes first."""

UNDECIDED = ("·", "faint")
ANSWERED = ("✓", "dim")
"""Marks and styles of an example without a verdict, and of one that was answered and needs none."""


class ExampleList(LineScroll):
    """One line per example of a scope: verdict, criticality, id, reasons, text.

    | key | does |
    |---|---|
    | up, down, pageup, pagedown, home, end | moves, and shows the example |
    | enter | goes to the example |
    """

    def __init__(self, session: ReviewSession, colours: Colours, *, widget_id: str | None = None) -> None:
        super().__init__(colours, widget_id=widget_id)
        self.session = session
        self.scope: Scope | None = None
        self.total = 0
        self.position: int | None = None
        self._pages: OrderedDict[int, list[QueueRow]] = OrderedDict()

    def show_scope(self, scope: Scope, total: int, position: int | None) -> None:
        """List the examples of a scope, with the cursor at a position of it."""
        if scope != self.scope or total != self.total:
            self.scope, self.total = scope, total
            self.virtual_size = Size(max(self.size.width, 1), total)
        self._pages.clear()
        self.position = position
        self._into_view()
        self.refresh()

    def move_to(self, position: int | None, *, changed: bool) -> None:
        """Put the cursor at a position; `changed` says that rows must be read again (a verdict was saved)."""
        before, self.position = self.position, position
        if changed:
            self._pages.clear()
            self.refresh()
        for number in (before, position):
            if number is not None:
                self.refresh_line(number)
        self._into_view()

    def row(self, number: int) -> QueueRow | None:
        """The row at a position, read with its page."""
        if self.scope is None or not 0 <= number < self.total:
            return None
        page = number // PAGE
        rows = self._pages.get(page)
        if rows is None:
            rows = self._pages[page] = self.session.queue_page(self.scope, page * PAGE, PAGE)
            if len(self._pages) > CACHED_PAGES:
                self._pages.popitem(last=False)
        self._pages.move_to_end(page)
        offset = number - page * PAGE
        return rows[offset] if offset < len(rows) else None

    def action_step(self, step: int) -> None:
        """Choose the next or previous example."""
        self._choose((self.position if self.position is not None else -1) + step, leave=False)

    def action_page(self, step: int) -> None:
        """Choose the example a page away."""
        self._choose((self.position or 0) + step * max(self.size.height - 1, 1), leave=False)

    def action_edge(self, step: int) -> None:
        """Choose the first or last example."""
        self._choose(0 if step < 0 else self.total - 1, leave=False)

    def action_open(self) -> None:
        """Go to the example under the cursor."""
        self._choose(self.position or 0, leave=True)

    def on_click(self, event: events.Click) -> None:
        self._choose(event.y + self.scroll_offset.y, leave=False)

    def on_resize(self, event: events.Resize) -> None:
        self.virtual_size = Size(event.size.width, self.total)
        self._into_view()

    def _choose(self, number: int, *, leave: bool) -> None:
        if self.total == 0:
            return
        row = self.row(max(0, min(number, self.total - 1)))
        if row is not None:
            self.post_message(ExampleChosen(row.ref, leave=leave))

    def _into_view(self) -> None:
        if self.position is None or not self.size.height:
            return
        top, height = self.scroll_offset.y, self.size.height
        if self.position < top:
            self.scroll_to(y=self.position, animate=False)
        elif self.position >= top + height:
            self.scroll_to(y=self.position - height + 1, animate=False)

    def render_line(self, y: int) -> Strip:
        width, background = self.size.width, self.rich_style
        number = y + self.scroll_offset.y
        row = self.row(number)
        if row is None:
            return Strip.blank(width, background)
        shown = example_line(row, self.cells, blind=is_blind(self.session))
        search = self.scope.search if self.scope is not None else None
        segments = highlighted([shown], search)[0].segments(self.colours)
        if number == self.position:
            cursor = self.colours.style("cursor")
            segments = [Segment(text, (style or cursor) + cursor) for text, style, _ in segments]
            if self.has_focus:
                mark = Segment("▸", self.colours.style("key") + cursor)
                segments = [mark, *Strip(segments).crop(1)]
            background = background + cursor
        return Strip(segments).adjust_cell_length(width, background).apply_style(background)


def example_line(row: QueueRow, width: int, *, blind: bool = False) -> Line:
    """One example as a line of a list, `width` cells wide.

    Of one that is still to be answered blind it tells nothing that would tell an answer: no reason, no critical slice,
    no change that made a variant.
    """
    hidden = blind and not row.answered
    if not row.answered:
        mark, style = UNDECIDED
    else:
        mark, style = ANSWERED if row.right is None else RIGHT_MARKS[row.right]
    line = Line().add(" ").add(mark, style)
    line.add(*(("◆", "critical") if row.critical_slices and not hidden else (" ", "text")))
    name = "a variant" if hidden and row.kind == VARIANT else row.id
    line.add(" ").column(name, min(12, max(6, width // 6)), "dim").add(" ")
    reasons = " · ".join(sorted(row.reasons, key=len, reverse=True))
    if width >= 76 and not hidden:
        line.column(reasons, 16 if width < 100 else 30, "number").add(" ")
    text = f"{row.title}  {row.text}" if row.title else row.text
    return line.column(text, max(width - line.width, 4))


def is_blind(session: ReviewSession) -> bool:
    """Whether examples are answered before their sides are shown."""
    return bool(session.description["review"].get("blind", True))
