"""How a page looks that asks of each answer by itself: the text, the answers, and a grid of what is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.draw.lines import Line, Target, rule, text_line, wrap, wrapped
from tui.draw.safe_text import cells
from tui.plugin.closed_page import ALIKE, TEXT_CELLS, block_lines, earlier_sentence, fact_lines, rows_of
from tui.plugin.label_grid import LETTERS
from tui.plugin.live_lines import SHORT_SIDES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.base.review_records import Answer
    from analysis.plugin.question import Fact
    from analysis.review.queries import ExampleEvidence
    from tui.plugin.asked_page import AskedPage
    from tui.plugin.label_grid import LabelGrid

ASK = "ask"
"""Kind of the target of a row of the grid; its name is what is asked after."""
BLIND = "⏎ says no at every · and goes on · sides are hidden until you have answered"
OPEN = "⏎ says no at every · · esc leaves it as it was · not blind"
LONGEST_NAME = 14
"""Cells of who says something, before what is said."""
APART_FROM = 24
"""Rows from which answers stand apart."""
LEAST_QUESTION = 24
"""Cells of a question on the narrowest screen."""
WORDS_FROM = 100
"""Cells from which `not sure` is written out."""
SHOWN: dict[Answer, tuple[str, str]] = {"yes": ("yes", "mark"), "no": ("no", "text"), "unsure": ("?", "warn")}
IN_FULL: dict[Answer, tuple[str, str]] = SHOWN | {"unsure": ("not sure", "warn")}
NOTHING_SAID = ("·", "faint")


def label_lines(
    evidence: ExampleEvidence,
    page: AskedPage,
    width: int,
    height: int,
    said: Sequence[tuple[str, str]],
) -> list[Line]:
    """The whole page; a row of the grid is a line with the target `ask`, however many lines its question takes.

    Args:
        evidence: the example.
        page: what is asked of it.
        width: cells there are.
        height: rows there are.
        said: what was said before the answers, as (who, text); nobody is named where it is one text.
    """
    grid = page.grid
    if page.asked is None or grid is None:
        return []
    room = min(width, TEXT_CELLS)
    lines = []
    names = [f" {who or evidence.example.kind}  " for who, _ in said]
    indent = min(max(map(cells, names), default=0), LONGEST_NAME)
    for name, (_, text) in zip(names, said, strict=True):
        for place, row in enumerate(rows_of(text, room - indent - 1)):
            lines.append(Line().column("" if place else name, indent, "dim").add(row, "strong"))
    if page.heading and page.heading != evidence.example.text:
        lines = [*wrapped("", page.heading, room, indent=1, style="strong"), *lines]
    lines.append(rule(width))
    if page.alike:
        lines.append(text_line(f" {ALIKE}", "dim"))
    lines += block_lines(page, width, apart=height >= APART_FROM)
    keys, offered = BLIND if page.closed else OPEN, earlier_sentence(page)
    below = [Line(), *wrapped("", keys, width, indent=1, style="dim")]
    below += wrapped("", offered, width, indent=1, style="key") if offered else []
    known, asks = fact_lines(page.facts, width), grid_lines(page, grid, width)
    if known and len(lines) + len(known) + len(asks) + len(below) + 2 <= height:
        return [*lines, rule(width), *known, rule(width), *asks, *below]
    return [*lines, rule(width), *grid_lines(page, grid, width, page.facts), *below]


def grid_lines(page: AskedPage, grid: LabelGrid, width: int, facts: Sequence[Fact] = ()) -> list[Line]:
    """The question, the answers as columns, the chosen one in brackets, and a row for each thing that is asked.

    Below the row of the cursor stands what it is held against, of those facts.
    """
    titles = column_titles(page)
    shown = IN_FULL if width >= WORDS_FROM else SHOWN
    longest_word = max(cells(words) for words, _ in shown.values())
    columns = [max(cells(title), longest_word) + 3 for title in titles]
    longest = max(cells(one.text) for one in grid.asks)
    room = max(min(width - sum(columns) - 1, longest + 2), LEAST_QUESTION)
    head = Line().add(" ").column(page.asked.text if page.asked is not None else "", room, "key")
    for number, (title, size) in enumerate(zip(titles, columns, strict=True)):
        chosen = number == grid.column and grid.columns > 1
        head.column(f"[{title}]" if chosen else f" {title} ", size, "key" if chosen else "title")
    lines = [head]
    for one in grid.asks:
        for place, row in enumerate(wrap(one.text, room - 3)):
            here = one.name == grid.row
            line = Line(Target(ASK, one.name) if place == 0 else None).add("   " if place else " ")
            line.column(row, room - 2 * bool(place), "strong" if here else "text")
            for number, size in enumerate(columns if place == 0 else ()):
                answer = grid.said.get((one.name, number))
                words, style = NOTHING_SAID if answer is None else shown[answer]
                brackets = "[]" if here and number == grid.column else "  "
                line.add(brackets[0], "key").add(words, style)
                line.column(brackets[1], size - 1 - cells(words), "key")
            lines.append(line)
        if one.name == grid.row:
            lines += fact_lines([fact for fact in facts if fact.kind in one.against], width, indent=2)
    return lines


def column_titles(page: AskedPage) -> list[str]:
    """What the answers are called: by letter, and by side where that may be known."""
    asked = page.asked
    if asked is None:
        return []
    if page.closed or asked.order is None or page.alike:
        return list(LETTERS[: len(asked.answers)])
    return [f"{letter} {SHORT_SIDES[side]}" for letter, side in zip(LETTERS, asked.order, strict=True)]
