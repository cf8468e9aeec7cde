"""The slices of a review as a tree: kinds as branches, each slice with its progress and its regret."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.draw.lines import Line, Target, text_line
from tui.widgets.line_view import LineView

if TYPE_CHECKING:
    from analysis.review.queries import SliceProgress

KIND_TITLES = {
    "all": "everything",
    "declared": "declared slices",
    "class": "classes",
    "confusion": "confusions",
    "metadata": "metadata",
    "length": "length",
    "discovered": "discovered: advisory",
}
"""Branches of the tree, in the order in which they are shown."""


class SliceTree(LineView):
    """Slices with progress; Enter opens the examples of one."""

    def show_slices(self, slices: list[SliceProgress], inspected: int, total: int, width: int) -> None:
        """Draw the tree.

        Args:
            slices: every slice, by regret.
            inspected: examples that must be judged and are.
            total: examples that must be judged.
            width: cells there are.
        """
        self.show_lines(tree_lines(slices, inspected, total, width))


def slice_target(entry: SliceProgress) -> Target:
    """The target of the queued examples of one slice."""
    return Target("slice", entry.slice, track=entry.track)


def tree_lines(slices: list[SliceProgress], inspected: int, total: int, width: int) -> list[Line]:
    """The tree as lines: the queue first, then each kind with its slices by regret."""
    head = Line(Target("slice", "", track=None)).add(" ")
    head.column("the queue", max(width - 12, 8), "strong").column(
        f"{inspected}/{total}", 9, "number", right=True
    )
    lines = [head]
    critical = [entry for entry in slices if entry.critical]
    if critical:
        lines.append(text_line(" critical ◆", "title"))
        lines.extend(slice_line(entry, width) for entry in critical)
    for kind, title in KIND_TITLES.items():
        members = [entry for entry in slices if entry.kind == kind and not entry.critical]
        if not members or kind == "all":
            continue
        members.sort(key=lambda entry: entry.queued == 0)
        lines.append(text_line(f" {title}", "title"))
        lines.extend(slice_line(entry, width) for entry in members)
    return lines


def slice_line(entry: SliceProgress, width: int) -> Line:
    """One slice: name, regret, inspected of queued."""
    line = Line(slice_target(entry)).add("  ")
    mark = "◆" if entry.critical else " "
    regret = f"−{entry.broken}" if entry.broken else ""
    progress = f"{entry.seen}/{entry.queued}" if entry.queued else "–"
    name_width = max(width - 17, 6)
    line.column(entry.slice, name_width, "text" if entry.queued else "dim").add(mark, "critical")
    line.column(regret, 5, "bad", right=True)
    done = entry.queued > 0 and entry.undecided == 0
    return line.column(progress, 8, "good" if done else "number", right=True)
