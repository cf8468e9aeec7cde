"""What two classifiers answer to one text: first and second class of each with their shares, and what changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from analysis.base.records import SIDES, Side
from tui.draw.lines import Line, wrapped
from tui.draw.number_text import bar, figure, signed
from tui.plugin.common import INDENT
from tui.plugin.live_lines import SHORT_SIDES

if TYPE_CHECKING:
    from tui.plugin.live_lines import Outputs

ONE_ROW = 70
"""Cells from which the first and the second class of a side stand in one row."""
TAIL_CELLS = 23
"""Cells of the margin and its change."""
SAME = 1e-6
"""A change of a probability below this is that of arithmetic."""
LEAST = 0.005
"""The least change that two decimals show."""
MARKS = {"=": "the same class as before", "≠": "another class than before"}
"""What stands before a predicted class after a text was changed."""
MOST_CLASSES = 10
"""Classes whose probabilities are listed, the likeliest first."""


def change_sentence(before: Outputs, after: Outputs) -> tuple[str, str]:
    """What became of both predictions, in a sentence, and the style of it."""
    base, candidate = ([one["base"]["label"], one["candidate"]["label"]] for one in (before, after))
    was_base, was = base
    now_base, now = candidate
    if was != was_base and now == was_base:
        said, style = f"the flip reverts: the candidate predicts {now} again", "good"
    elif now != was:
        said, style = f"the candidate's prediction changes: {was} → {now}", "warn"
    else:
        said, style = f"the candidate still predicts {now}", "text"
    if now_base != was_base:
        said += f"; so does the base's: {was_base} → {now_base}" if now != was else ""
        said += f"; the base's changes: {was_base} → {now_base}" if now == was else ""
    elif was == was_base and now != was:
        said += f"; the base still predicts {now_base}"
    return said, style


def prediction_lines(outputs: Outputs, before: Outputs | None, gold: str | None, width: int) -> list[Line]:
    """Per side: first class, its share and bar, second class, margin and what became of it.

    Args:
        outputs: what both sides answer.
        before: what they answered to the text before it was changed; None for that text itself.
        gold: the label of the example, where it has one.
        width: cells there are.
    """
    lines: list[Line] = []
    one_row = width >= ONE_ROW
    room = width - INDENT - 2 - 5 - TAIL_CELLS - (6 if one_row else 0)
    label_width = max(8, min(24, (room - 8) // 2 if one_row else room - 5))
    bar_width = max(0, min(24, room - label_width * (2 if one_row else 1)))
    marks: set[str] = set()
    for side in SIDES:
        row = outputs[side]
        if before is None:
            known = (row["label"] == gold) if gold else None
            mark, style = {True: ("✓", "good"), False: ("✗", "bad"), None: ("·", "dim")}[known]
        else:
            same = row["label"] == before[side]["label"]
            mark, style = ("=", "dim") if same else ("≠", "warn")
            marks.add(mark)
        line = Line().column(f" {SHORT_SIDES[side]}", INDENT, "dim").add(mark, style).add(" ")
        line.column(row["label"], label_width, "strong").add(f"{figure(row['p'], 2):>4} ", "number")
        line.column(bar(row["p"] or 0.0, bar_width), bar_width, f"bar.{side}")
        second = Line().column(row["runner_up"] or "", label_width, "dim")
        second.add(f"{figure(row['runner_up_p'], 2):>4}", "dim")
        margin = f"margin {figure(row['margin'], 2)}"
        if before is not None and None not in (row["margin"], before[side]["margin"]):
            margin += f" ({change_of_margin(row['margin'] - before[side]['margin'])})"
        if one_row:
            line.add(" ").pieces.extend(second.pieces)
        lines.append(line.end(margin, width - 1))
        if not one_row:
            lines.append(Line().to(INDENT + 2))
            lines[-1].pieces.extend(second.pieces)
    meant = " · ".join(f"{mark} {meaning}" for mark, meaning in MARKS.items() if mark in marks)
    return [*lines, *(wrapped("", meant, width, indent=INDENT, style="dim") if meant else [])]


def change_of_margin(change: float) -> str:
    """By how much a margin changed: in two decimals, or that it did not, or that it did by less than they show."""
    if abs(change) < SAME:
        return "same"
    if abs(change) < LEAST:
        return f"<{LEAST:.2f} {'more' if change > 0 else 'less'}".replace("0.", ".")
    return signed(change, 2)


def probability_sentences(reply: Mapping[str, Any], side: Side) -> tuple[str, ...]:
    """The likeliest classes of one side with their probabilities, what it read, and how it was explained."""
    answered = reply["sides"][side]
    ranked = sorted(
        zip(reply["labels"], answered["probabilities"], strict=True), key=lambda one: -(one[1] or 0.0)
    )
    top = ", ".join(f"p({label}) {figure(p, 4)}" for label, p in ranked[:MOST_CLASSES])
    sentences = (f"{top}; {answered['tokens']} tokens read",)
    if not answered["attributions"] or not reply["options"]:
        return sentences
    chosen = ", ".join(f"{method.replace('_', ' ')} {option}" for method, option in reply["options"].items())
    return (*sentences, f"explained as the run chose on other texts: {chosen.replace('_', ' ')}")
