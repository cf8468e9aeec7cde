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
from tui.draw.messages import CursorMoved, KeysClicked, LineOpened, WidthChanged
from tui.draw.theme import Colours
from tui.widgets.line_scroll import LineScroll


class LineView(LineScroll):
    """Shows lines; the cursor stops at those that have a target.

    | key | does |
    |---|---|
    | up, down | cursor to the previous or next line with a target; scrolls where there is none |
    | pageup, pagedown, home, end | scrolls, and takes the cursor along |
    | enter | opens the line under the cursor |
    """

    def __init__(self, colours: Colours, *, widget_id: str | None = None) -> None:
        super().__init__(colours, widget_id=widget_id)
        self.lines: list[Line] = []
        self.cursor: int | None = None
        self._drawn_for = 0

    def show_lines(self, lines: Sequence[Line], *, top: bool = False) -> None:
        """Replace the content; the cursor stays on its target where that still exists.

        Args:
            lines: the new content.
            top: scroll to the start and put the cursor on the first line that leads somewhere.
        """
        old, old_cursor = self.lines, self.cursor
        target = self.target
        # Before it is laid out, whoever draws takes the width of the screen.
        self._drawn_for = self.cells or self.app.size.width - 1
        self.lines = list(lines)
        stops = self._stops()
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
        top, _ = self._window()
        wanted = min(max(top, last - self.rows + 1), first)
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
        """Move the cursor to the next stop within a page of what is seen; where there is none, scroll by a line.

        From a cursor that is out of sight it goes on from what is seen: no line is jumped over unread.
        """
        top, last = self._window()
        here = -1 if self.cursor is None else self.cursor
        here = max(here, top - 1) if step > 0 else min(here, last + 1)
        ahead = [number for number in self._stops() if (number > here if step > 0 else number < here)]
        found = (ahead[0] if step > 0 else ahead[-1]) if ahead else None
        if found is None or not top - self.rows < found < last + self.rows:
            self.scroll_to(y=self.scroll_offset.y + step, animate=False)
        else:
            self._set_cursor(found)

    def action_page(self, step: int) -> None:
        """Scroll by a page, and take the cursor along."""
        moved = step * max(self.rows - 1, 1)
        before, _ = self._window()
        top = self._scroll_top(before + moved)
        if top == before:
            self.action_edge(step)
        else:
            self._cursor_into(top, (self.cursor if self.cursor is not None else before) + moved)

    def action_edge(self, step: int) -> None:
        """Scroll to one end, and take the cursor along."""
        top = self._scroll_top(0 if step < 0 else len(self.lines))
        self._cursor_into(top, 0 if step < 0 else len(self.lines))

    def action_section(self, step: int) -> None:
        """Put the cursor on the first stop of the next section, or of this or the previous one; at an end, round.

        A section begins with a title, and is passed over where nothing in it leads anywhere.
        """
        titles = [number for number, line in enumerate(self.lines) if line.is_title]
        stops = self._stops()
        first = [
            next((stop for stop in stops if title <= stop < end), None)
            for title, end in zip(titles, [*titles[1:], len(self.lines)], strict=True)
        ]
        starts = [(title, stop) for title, stop in zip(titles, first, strict=True) if stop is not None]
        if not starts:
            return
        here = -1 if self.cursor is None else self.cursor
        if step > 0:
            title, stop = next((one for one in starts if one[1] > here), starts[0])
        else:
            title, stop = next((one for one in reversed(starts) if one[1] < here), starts[-1])
        self._set_cursor(stop)
        top, last = self._window()
        # The title is seen with it, and what follows: a section that ends below is shown from its head.
        if title < top or stop + self.rows // 2 > last:
            self._scroll_top(title)

    def _stops(self) -> list[int]:
        return [number for number, line in enumerate(self.lines) if line.target is not None]

    def _window(self) -> tuple[int, int]:
        """The first and last line that are seen."""
        top = round(self.scroll_offset.y)
        return top, top + self.rows - 1

    def _scroll_top(self, wanted: int) -> int:
        """Scroll so that a line is the first, as far as there are lines; returns the first."""
        top = max(0, min(wanted, len(self.lines) - self.rows))
        self.scroll_to(y=top, animate=False)
        return top

    def _cursor_into(self, top: int, near: int) -> None:
        """Put the cursor on the stop that is nearest to a line, of those seen; it stays where none is."""
        seen = [number for number in self._stops() if top <= number < top + self.rows]
        if seen:
            self._set_cursor(min(seen, key=lambda number: abs(number - near)), scroll=False)

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
        if self.can_focus and self.lines and self.cells != self._drawn_for:
            self.post_message(WidthChanged())

    def on_focus(self) -> None:
        if self.cursor is not None:
            self.refresh_line(self.cursor)

    def on_blur(self) -> None:
        if self.cursor is not None:
            self.refresh_line(self.cursor)

    def _set_cursor(self, number: int, *, scroll: bool = True) -> None:
        before, self.cursor = self.cursor, number
        if before is not None:
            self.refresh_line(before)
        self.refresh_line(number)
        top, last = self._window()
        if scroll and number < top:
            self.scroll_to(y=0 if self._first_stop(number) else number, animate=False)
        elif scroll and number > last:
            self.scroll_to(y=number - self.rows + 1, animate=False)
        self.post_message(CursorMoved(self.id, self.target))

    def _first_stop(self, number: int) -> bool:
        return all(line.target is None for line in self.lines[:number]) and number < self.size.height

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        number = y + self.scroll_offset.y
        background = self.rich_style
        if number >= len(self.lines):
            return Strip.blank(width, background)
        line = self.lines[number].cropped(self.cells)
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


class KeyBar(Bar, can_focus=False, inherit_bindings=False):
    """The key line, which can be clicked."""

    def on_click(self, event: events.Click) -> None:
        self.post_message(KeysClicked(round(event.x), round(event.y)))


def _without_first_cell(segments: list[Segment]) -> list[Segment]:
    """The segments after one cell; lines that lead somewhere start with a blank for the cursor's mark."""
    return list(Strip(segments).crop(1)) if segments else segments
