"""A scrolling view of styled lines with a cursor: the widget that most of the console is made of.

It draws visible lines only (Textual's Line API), and on new content repaints only the lines that differ,
so that a step over a slow link costs what changed.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment
from textual import events
from textual.geometry import Size
from textual.strip import Strip

from tui.draw.lines import Line, Target
from tui.draw.messages import CursorMoved, LineOpened
from tui.draw.theme import Colours
from tui.widgets.line_scroll import LineScroll


class LineView(LineScroll):
    """Shows lines; the cursor stops at those that have a target.

    | key | does |
    |---|---|
    | up, down | cursor to the previous or next line with a target; scrolls where there is none |
    | pageup, pagedown, home, end | scrolls |
    | enter | opens the line under the cursor |
    """

    def __init__(self, colours: Colours, *, widget_id: str | None = None) -> None:
        super().__init__(colours, widget_id=widget_id)
        self.lines: list[Line] = []
        self.cursor: int | None = None

    def show_lines(self, lines: Sequence[Line], *, top: bool = False) -> None:
        """Replace the content; the cursor stays on its target where that still exists.

        Args:
            lines: the new content.
            top: scroll to the start and put the cursor on the first line that leads somewhere.
        """
        old, old_cursor = self.lines, self.cursor
        target = self.target
        self.lines = list(lines)
        stops = [number for number, line in enumerate(self.lines) if line.target is not None]
        self.cursor = stops[0] if stops else None
        if not top and target is not None:
            same = [number for number in stops if self.lines[number].target == target]
            if same:
                self.cursor = same[0]
            elif old_cursor is not None and stops:
                self.cursor = min(stops, key=lambda number: abs(number - old_cursor))
        if len(old) != len(self.lines):
            self.virtual_size = Size(max(self.size.width, 1), len(self.lines))
        if top and self.scroll_offset.y:
            self.scroll_to(y=0, animate=False)
        for number in range(max(len(old), len(self.lines))):
            before = old[number] if number < len(old) else None
            after = self.lines[number] if number < len(self.lines) else None
            if before != after or (number in (old_cursor, self.cursor) and old_cursor != self.cursor):
                self.refresh_line(number)

    def reveal(self) -> None:
        """Scroll as little as is needed for the line of the cursor and what belongs below it to be seen."""
        if self.cursor is None:
            return
        first = last = self.cursor
        below = self.lines[first + 1 :]
        # What belongs to a line has no target of its own, and ends at a rule or a blank line.
        while below and below[0].target is None and below[0].plain.strip(" ─"):
            last, below = last + 1, below[1:]
        top, height = round(self.scroll_offset.y), max(self.size.height, 1)
        wanted = min(max(top, last - height + 1), first)
        if wanted != top:
            self.scroll_to(y=wanted, animate=False)

    @property
    def target(self) -> Target | None:
        """What the line under the cursor leads to."""
        if self.cursor is None or self.cursor >= len(self.lines):
            return None
        return self.lines[self.cursor].target

    def go_to(self, target: Target) -> bool:
        """Put the cursor on the line with that target, and show what belongs below it; whether there is one."""
        for number, line in enumerate(self.lines):
            if line.target == target:
                self._set_cursor(number)
                self.reveal()
                return True
        return False

    def action_step(self, step: int) -> None:
        """Move the cursor; scroll where there is no further stop, and on to the cursor where it is out of sight."""
        stops = [number for number, line in enumerate(self.lines) if line.target is not None]
        here = -1 if self.cursor is None else self.cursor
        ahead = [number for number in stops if (number > here if step > 0 else number < here)]
        if not ahead or self._out_of_sight(here, step):
            self.scroll_to(y=self.scroll_offset.y + step, animate=False)
            return
        self._set_cursor(ahead[0] if step > 0 else ahead[-1])

    def _out_of_sight(self, number: int, step: int) -> bool:
        """Whether a line lies below what is seen, for a step down, or above it, for one up."""
        top = round(self.scroll_offset.y)
        return number >= top + max(self.size.height, 1) if step > 0 else 0 <= number < top

    def action_page(self, step: int) -> None:
        """Scroll by a page."""
        self.scroll_to(y=self.scroll_offset.y + step * max(self.size.height - 1, 1), animate=False)

    def action_edge(self, step: int) -> None:
        """Scroll to one end."""
        self.scroll_to(y=0 if step < 0 else len(self.lines), animate=False)

    def action_open(self) -> None:
        """Open what the line under the cursor leads to."""
        if self.target is not None:
            self.post_message(LineOpened(self.target))

    def on_click(self, event: events.Click) -> None:
        number = event.y + self.scroll_offset.y
        if number < len(self.lines) and self.lines[number].target is not None:
            again = number == self.cursor
            self._set_cursor(number)
            if again and self.target is not None:
                self.post_message(LineOpened(self.target, clicked=True))

    def on_resize(self, event: events.Resize) -> None:
        self.virtual_size = Size(event.size.width, len(self.lines))

    def on_focus(self) -> None:
        if self.cursor is not None:
            self.refresh_line(self.cursor)

    def on_blur(self) -> None:
        if self.cursor is not None:
            self.refresh_line(self.cursor)

    def _set_cursor(self, number: int) -> None:
        before, self.cursor = self.cursor, number
        if before is not None:
            self.refresh_line(before)
        self.refresh_line(number)
        top, height = self.scroll_offset.y, max(self.size.height, 1)
        if number < top:
            self.scroll_to(y=0 if self._first_stop(number) else number, animate=False)
        elif number >= top + height:
            self.scroll_to(y=number - height + 1, animate=False)
        self.post_message(CursorMoved(self.id, self.target))

    def _first_stop(self, number: int) -> bool:
        return all(line.target is None for line in self.lines[:number]) and number < self.size.height

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        number = y + self.scroll_offset.y
        background = self.rich_style
        if number >= len(self.lines):
            return Strip.blank(width, background)
        line = self.lines[number]
        segments = line.segments(self.colours)
        if line.target is not None and number == self.cursor and self.can_focus:
            cursor = self.colours.style("cursor")
            segments = [Segment(text, (style or cursor) + cursor) for text, style, _ in segments]
            if self.has_focus:
                segments = [Segment("▸", self.colours.style("key") + cursor), *_without_first_cell(segments)]
            return Strip(segments).adjust_cell_length(width, background + cursor).apply_style(background)
        return Strip(segments).adjust_cell_length(width, background).apply_style(background)


class Bar(LineView, can_focus=False, inherit_bindings=False):
    """A few fixed lines: head, notice and key line."""

    DEFAULT_CSS = """
    Bar {
        height: 1;
        overflow: hidden;
        scrollbar-size: 0 0;
    }
    """


def _without_first_cell(segments: list[Segment]) -> list[Segment]:
    """The segments after one cell; lines that lead somewhere start with a blank for the cursor's mark."""
    return list(Strip(segments).crop(1)) if segments else segments
