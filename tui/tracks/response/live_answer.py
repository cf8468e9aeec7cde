"""What two generators answer to one prompt, in a what-if: both answers, and what in them is new."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.base.records import SIDES
from tui.draw.lines import Line
from tui.draw.number_text import plural
from tui.tracks.response.answers import ENDINGS, thoughts
from tui.tracks.response.word_diff import word_diff
from tui.widgets.marked_text import Mark, inserts_of, row_line, rows_of

if TYPE_CHECKING:
    from tui.plugin.live_lines import Outputs


def written_answer_lines(outputs: Outputs, before: Outputs | None, width: int) -> list[Line]:
    """Both answers whole, with what is new in them where there was one before.

    Args:
        outputs: by side, `text`, `ended` and `words`.
        before: what both sides answered before the prompt was changed; None for that prompt itself.
        width: cells there are.
    """
    lines: list[Line] = []
    for side in SIDES:
        text: str = outputs[side]["text"]
        ending, style = ENDINGS[outputs[side]["ended"]]
        head = (
            Line()
            .add(f" {side} ", f"bar.{side}")
            .add(f" {plural(outputs[side]['words'], 'word')} ", "number")
        )
        lines.append(head.add(f" {ending}", style))
        if not text.strip():
            lines.append(Line().add("   no words", "warn"))
            continue
        marks = thoughts(text)
        if before is not None:
            _, new = word_diff(before[side]["text"], text)
            marks += [Mark(start, end, "{+", "+}", "good") for start, end in new]
        marks.sort()
        lines += [
            row_line(text, row, marks, label=" ", indent=2, width=width - 2)
            for row in rows_of(text, width - 2, inserts_of(marks))
        ]
    return lines


def change_sentence(before: Outputs, after: Outputs) -> tuple[str, str]:
    """Whose answer became another, and by how many words."""
    parts = []
    for side in ("candidate", "base"):
        was, now = before[side]["text"], after[side]["text"]
        words = f"{before[side]['words']} → {plural(after[side]['words'], 'word')}"
        parts.append(
            f"the {side} answers the same" if was == now else f"the {side} answers otherwise ({words})"
        )
    said = "; ".join(parts)
    if any(before[side]["ended"] == "recorded" for side in SIDES):
        said += "; the answers before were recorded, and not made here"
    same = all(before[side]["text"] == after[side]["text"] for side in SIDES)
    return said, "text" if same else "warn"
