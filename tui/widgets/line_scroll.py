"""What scrolls line by line with the keys of a list: the base of the console's lists and views."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.scroll_view import ScrollView

from tui.draw.theme import Colours


class LineScroll(ScrollView, can_focus=True):
    """Keys and colours; a subclass has the actions `step`, `page`, `edge` and `open`, and draws the lines."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "step(-1)", "up", show=False),
        Binding("down", "step(1)", "down", show=False),
        Binding("pageup", "page(-1)", "page up", show=False),
        Binding("pagedown", "page(1)", "page down", show=False),
        Binding("home", "edge(-1)", "first", show=False),
        Binding("end", "edge(1)", "last", show=False),
        Binding("enter", "open", "open", show=False),
    ]
    DEFAULT_CSS = """
    LineScroll {
        background: $background;
        overflow-x: hidden;
        overflow-y: scroll;
        scrollbar-size-vertical: 1;
        scrollbar-background: $background;
        scrollbar-background-hover: $background;
        scrollbar-background-active: $background;
    }
    """

    def __init__(self, colours: Colours, *, widget_id: str | None = None) -> None:
        super().__init__(id=widget_id)
        self.colours = colours

    @property
    def cells(self) -> int:
        """Cells of a line: what there is beside the scrollbar."""
        return max(self.scrollable_content_region.width, 0)

    @property
    def rows(self) -> int:
        """Lines that are seen at once; one at least."""
        return max(self.size.height, 1)

    def change_colours(self, colours: Colours) -> None:
        """Draw in other colours."""
        self.colours = colours
        self.refresh()
