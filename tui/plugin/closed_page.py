"""How a page looks that is still closed: the text, the question and the answers, and nothing that tells the sides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.base.records import VARIANT
from analysis.review.earlier import choice_of
from tui.draw.lines import Line, beside, rule, text_line, wrap, wrapped
from tui.plugin.asked_page import IS_VARIANT
from tui.plugin.label_grid import LETTERS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.base.review_records import GivenAnswer
    from analysis.plugin.question import Fact
    from analysis.review.asked import Choice
    from analysis.review.queries import ExampleEvidence
    from tui.plugin.asked_page import AskedPage

HIDDEN = "sides, labels and colours are hidden until you have answered · v looks first"
HIDDEN_VARIANT = "sides, labels and colours are hidden until its example is answered · v looks first"
NOTHING = "(no answer)"
ALIKE = "both sides answer the same"
INDENT = 6
"""Cells before an answer, with its letter."""
TEXT_CELLS = 118
"""Widest row of text: longer ones are hard to read."""
BESIDE_FROM = 100
"""Cells from which long answers stand beside each other."""
FACT_INDENT = 12
"""Cells of the kind of a fact."""
LONG_ROWS = 6
"""Rows of both answers from which they are long."""
CHOSEN: dict[Choice, str] = {
    "first": "A",
    "second": "B",
    "either": "right",
    "neither": "neither",
    "unsure": "not sure",
}
KNOWN_WORDS: dict[GivenAnswer, str] = {
    "true": "you chose the right one",
    "wrong": "you chose the wrong one",
    "both": "you said either",
    "neither": "you said neither",
    "unsure": "you were not sure, or looked first",
}


def closed_lines(
    evidence: ExampleEvidence, page: AskedPage, width: int, said: Sequence[tuple[str, str]] = ()
) -> list[Line]:
    """The page of an example before it is answered.

    Args:
        evidence: of the example.
        page: the question.
        width: cells there are.
        said: who says what in it, where that is more than its text.
    """
    asked = page.asked
    if asked is None:
        return []
    if page.variant:
        return _variant_lines(evidence, width)
    cells = min(width, TEXT_CELLS)
    lines = (
        [text_line(f" {row}", "strong") for row in rows_of(page.heading, cells - 2)] if page.heading else []
    )
    if evidence.example.text != page.heading:
        for who, text in said or (("", evidence.example.text),):
            lines += _said(who, text, cells)
    lines += [rule(width), *wrapped("", asked.text, cells, indent=1, style="key")]
    if page.alike:
        lines += [text_line(f" {ALIKE}", "dim")]
    lines.append(Line())
    lines += block_lines(page, width)
    known = fact_lines(page.facts, width)
    lines += [rule(width), *known] if known else []
    offered = earlier_sentence(page)
    lines += [Line(), rule(width), *_hidden(HIDDEN, width)]
    return [*lines, *(wrapped("", offered, width, indent=1, style="key") if offered else [])]


def _variant_lines(evidence: ExampleEvidence, width: int) -> list[Line]:
    """What was made of an example whose own page is still closed: its text, and that nothing is asked of it."""
    lines = [text_line(f" {row}") for row in rows_of(evidence.example.text, min(width, TEXT_CELLS) - 2)]
    said = f"{shown_name(evidence)}: {IS_VARIANT}"
    lines += [rule(width), *wrapped("", said, width, indent=1, style="key"), Line()]
    return [*lines, *_hidden(HIDDEN_VARIANT, width)]


def _hidden(said: str, width: int) -> list[Line]:
    return wrapped("", said, width, indent=1, style="dim")


def _said(who: str, text: str, width: int) -> list[Line]:
    """A text, below who says it and a little to the right where somebody is named."""
    if not who:
        return [text_line(f" {row}") for row in rows_of(text, width - 2)]
    return [text_line(f" {who}", "dim"), *(text_line(f"   {row}") for row in rows_of(text, width - 4))]


def block_lines(page: AskedPage, width: int, *, apart: bool = True) -> list[Line]:
    """The answers one below the other, or beside each other where they are long and there is room."""
    answers = page.asked.answers if page.asked is not None else ()
    cells = min(width, TEXT_CELLS)
    blocks = [answer_lines(letter, answer, cells) for letter, answer in zip(LETTERS, answers, strict=False)]
    rows = sum(map(len, blocks))
    if len(blocks) == 2 and width >= BESIDE_FROM and rows > LONG_ROWS:
        half = min(width // 2, TEXT_CELLS)
        left, right = (
            answer_lines(letter, answer, half - 1) for letter, answer in zip(LETTERS, answers, strict=True)
        )
        return beside(left, right, half)
    # Answers of one row stand close together, as in a list; longer ones apart.
    between = [Line()] if apart and rows > len(blocks) else []
    return [line for number, block in enumerate(blocks) for line in [*(between if number else []), *block]]


def answer_lines(letter: str, answer: Sequence[str], width: int) -> list[Line]:
    """One answer behind its letter; what is a list is numbered, and an empty one is said to be."""
    if not any(entry.strip() for entry in answer):
        return [Line().add("  ").column(letter, INDENT - 2, "key").add(NOTHING, "dim")]
    lines: list[Line] = []
    for number, entry in enumerate(answer, start=1):
        label = f"{number} " if len(answer) > 1 else ""
        for place, row in enumerate(rows_of(entry, max(width - INDENT - len(label) - 1, 10))):
            line = Line().add("  ").column("" if lines else letter, INDENT - 2, "key")
            lines.append(line.column("" if place else label, len(label), "dim").add(row))
    return lines


def fact_lines(facts: Sequence[Fact], width: int, indent: int = 0) -> list[Line]:
    """What the answers are to be held against, each behind its kind.

    Args:
        facts: those of one kind beside each other.
        width: cells there are.
        indent: cells before a kind.
    """
    cells, lines, before = min(width, TEXT_CELLS), [], ""
    for one in facts:
        label = " " * (indent + 1) + ("" if one.kind == before else one.kind)
        lines += wrapped(label, one.text, cells, indent=indent + FACT_INDENT)
        before = one.kind
    return lines


def earlier_sentence(page: AskedPage) -> str:
    """What this reviewer said in a previous review, by letter, which tells no side; empty where nothing was."""
    if page.earlier is None or page.asked is None or page.asked.order is None:
        return ""
    if page.earlier.labels:
        chosen = page.letters(page.earlier.labels)
    else:
        choice = choice_of(page.asked, page.earlier.right)
        chosen = "either" if choice == "either" and not page.alike else CHOSEN[choice]
    return f"in {page.earlier.review}, on {page.earlier.date}, you said: {chosen} · . says it again"


def answer_sentences(page: AskedPage) -> list[str]:
    """The question and its answers as plain sentences, for the linear front-end."""
    asked = page.asked
    if asked is None:
        return []
    if page.variant:
        return [IS_VARIANT, HIDDEN_VARIANT]
    said = [*asks_sentences(page), *([ALIKE] if page.alike else [])]
    for letter, answer in zip(LETTERS, asked.answers, strict=False):
        numbered = [f"{number} {entry}" for number, entry in enumerate(answer, start=1)]
        said.append(f"{letter}: {'; '.join(numbered if len(answer) > 1 else answer).strip() or NOTHING}")
    return said


def fact_sentences(page: AskedPage) -> list[str]:
    """What the answers are to be held against, as plain sentences."""
    return [f"{one.kind}: {one.text}" for one in page.facts]


def asks_sentences(page: AskedPage) -> list[str]:
    """The question, and what is asked of each answer by itself, numbered, as plain sentences."""
    text = [page.asked.text] if page.asked is not None else []
    return text + [f"{number} {one.text}" for number, one in enumerate(page.asks, start=1)]


def shown_name(evidence: ExampleEvidence) -> str:
    """What a closed page is called: the id of a variant says what was done to it, and of which class it was."""
    example = evidence.example
    if example.kind == VARIANT and evidence.parent is not None:
        return f"variant of {evidence.parent.id}"
    return f"{example.kind}:{example.id}"


def sides_text(page: AskedPage) -> str:
    """Which side each letter means on an open page."""
    asked = page.asked
    if asked is None or asked.order is None:
        return ""
    return (
        ALIKE
        if page.alike
        else " · ".join(f"{one} {side}" for one, side in zip(LETTERS, asked.order, strict=True))
    )


def known_sentence(page: AskedPage) -> str:
    """What an example was whose answer was known beforehand, after it was answered; empty for every other."""
    given = page.known
    if given is None:
        return ""
    return f"its answer was known beforehand; {KNOWN_WORDS[given]}"


def rows_of(text: str, width: int) -> list[str]:
    """A text in rows, its own line breaks kept."""
    return [row for part in text.split("\n") for row in wrap(part.rstrip(), max(width, 10))]
