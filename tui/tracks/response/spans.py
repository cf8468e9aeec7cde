"""What the detectors found in both answers, numbered as it is shown, with what people said of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.base.people import shown_as
from analysis.base.records import Side
from analysis.review.queries import by_side
from tui.draw.lines import Line, Target, first_rows, wrapped
from tui.draw.palette import MINUS
from tui.draw.safe_text import cells, printable
from tui.tracks.response.behaviours import asked_after
from tui.tracks.response.layout import INDENT, TALL, cut

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analysis.review.queries import ExampleEvidence
    from tui.plugin.options import ViewOptions

SPAN = "span"
"""Kind of the target of a line that stands for a span; its name is the span's number, from 0."""
NOTES_SHOWN = 8
"""Findings that do not count, listed one by one."""
LISTED_FROM = 44
"""Rows from which findings that do not count are listed and not only counted."""
SHORT_SIDES: Mapping[Side, str] = {"base": "base", "candidate": "cand"}


@dataclass(frozen=True)
class SpanShown:
    """One finding of a detector.

    Args:
        side: whose answer it is in.
        detector: which detector found it.
        start: first character in that answer.
        end: one past the last.
        label: what it is.
        why: what it was checked against, in a sentence.
        counts: whether it counts as a hit; the others are shown and have no number.
        text: what it says, '' where it is about the whole answer.
        verdicts: what people said of it, by actor.
        reviewers: their names, by actor.
    """

    side: Side
    detector: str
    start: int
    end: int
    label: str
    why: str
    counts: bool
    text: str
    verdicts: Mapping[str, str]
    reviewers: Mapping[str, str]

    @property
    def target(self) -> str:
        """As an attribution of it is stored."""
        return f'{self.detector}: "{self.text}"'

    @property
    def state(self) -> tuple[str, str]:
        """Confirmed, refuted, disputed or unconfirmed, with the style of it."""
        said = set(self.verdicts.values())
        if len(said) > 1:
            return "? reviewers disagree", "warn"
        if not said:
            return "· unconfirmed", "dim"
        names = ", ".join(sorted(set(self.reviewers.values())))
        (verdict,) = said
        return (f"✓ confirmed, {names}", "bad") if verdict == "confirmed" else (f"✗ refuted, {names}", "good")


def texts_of(evidence: ExampleEvidence) -> dict[Side, str]:
    """The answers that there are."""
    rows = by_side(evidence.payload.get("response_side", ()))
    return {side: row["text"] for side, row in rows.items() if row["ended"] != "missing"}


def spans_of(evidence: ExampleEvidence) -> list[SpanShown]:
    """Every finding: what counts first, the candidate's before the base's, then in order of reading.

    What others said of a span is shown once the reader's own verdict exists, as their verdicts are.
    """
    shown = {event.actor for event in evidence.history}
    said: dict[tuple[str, str, int, int], dict[str, tuple[str, str]]] = {}
    for row in evidence.context.get("judged", ()):
        if row["actor"] in shown:
            place = (row["side"], row["detector"], row["start"], row["end"])
            said.setdefault(place, {})[row["actor"]] = (row["verdict"], row["reviewer"])
    texts = texts_of(evidence)
    found = []
    for row in evidence.context.get("spans", ()):
        start, end = row["start"], row["end"]
        whole = texts.get(row["side"], "")
        own = said.get((row["side"], row["detector"], start, end), {})
        found.append(
            SpanShown(
                **row,
                text="" if (start, end) == (0, len(whole)) else whole[start:end],
                verdicts={actor: verdict for actor, (verdict, _) in own.items()},
                reviewers={actor: shown_as(actor, reviewer) for actor, (_, reviewer) in own.items()},
            )
        )
    # What an answer lacks has no place in it, and comes after what it says.
    return sorted(
        found, key=lambda one: (not one.counts, one.side != "candidate", not one.text, one.start, -one.end)
    )


def hits_of(evidence: ExampleEvidence) -> list[SpanShown]:
    """The findings that count, as they are numbered from 1 on the screen."""
    return [one for one in spans_of(evidence) if one.counts]


def span_lines(evidence: ExampleEvidence, options: ViewOptions, selected: int) -> list[Line]:
    """The hits, one below the other, with their reasons; then what was found and does not count.

    Args:
        evidence: of one prompt.
        options: width and height.
        selected: number of the chosen hit, from 0.
    """
    found = spans_of(evidence)
    hits = [one for one in found if one.counts]
    notes = [one for one in found if not one.counts]
    lines: list[Line] = []
    if not hits:
        words = "nothing in either answer" if evidence.context.get("spans") is not None else "not looked for"
        lines.append(Line().column(" found", INDENT, "dim").add(words, "dim"))
    for number, one in enumerate(hits):
        chosen = number == selected
        lines += _hit(number, one, options, chosen=chosen)
        if chosen and options.height >= TALL:
            lines += _question(evidence, one, options.width)
    return lines + _notes(notes, options)


def _hit(number: int, one: SpanShown, options: ViewOptions, *, chosen: bool) -> list[Line]:
    width = options.width
    state, style = one.state
    line = Line(Target(SPAN, str(number)))
    line.add(" ").add("→" if chosen else " ", "key").add(f"{number + 1:>2} ", "key" if chosen else "number")
    line.add(f"{SHORT_SIDES[one.side]} ", "dim").add(one.detector, "strong").add(f" {one.label} ", "bad")
    room = width - line.width - cells(state) - 3
    quote = f"“{one.text}”" if one.text else "the whole answer"
    line.column(quote, min(room, cells(quote)), "mark" if one.text else "dim") if room > 8 else None
    line.end(state, width - 1, style)
    if not chosen and options.height < 26:
        return [line]
    rows = wrapped("", one.why, width, indent=9, style="text" if chosen else "dim")
    return [line, *(rows if chosen or options.height >= 40 else first_rows(rows, 1, width))]


def _question(evidence: ExampleEvidence, one: SpanShown, width: int) -> list[Line]:
    """What a person is asked of the chosen hit: the question of the behaviour that its detector leads to."""
    question = asked_after(evidence, one.detector)
    if not question:
        return []
    return wrapped("", f"Does this {question}  + yes, {MINUS} no", width, indent=9, style="key")


def _notes(notes: Sequence[SpanShown], options: ViewOptions) -> list[Line]:
    """What was found and is no hit: one line of counts where the screen is low, else each."""
    if not notes:
        return []
    if options.height < LISTED_FROM:
        counts: dict[str, int] = {}
        for one in notes:
            words = f"{SHORT_SIDES[one.side]} {one.detector} {one.label}"
            counts[words] = counts.get(words, 0) + 1
        words = " · ".join(f"{name} {count}" if count > 1 else name for name, count in counts.items())
        return cut(wrapped(" also", words, options.width - 2, indent=INDENT, style="dim"), 2)
    lines = []
    for number, one in enumerate(notes[:NOTES_SHOWN]):
        line = Line().column("" if number else " also", INDENT, "dim")
        line.add(f"{SHORT_SIDES[one.side]} {one.detector} {one.label} ", "dim")
        quote = f"“{printable(one.text)}”" if one.text else "the whole answer"
        line.column(quote, min(cells(quote), max(options.width // 3, 10)), "text").add(" ")
        line.column(one.why, max(options.width - line.width - 1, 1), "dim")
        lines.append(line)
    if len(notes) > NOTES_SHOWN:
        more = f"{len(notes) - NOTES_SHOWN} more: space shows all"
        lines.append(Line().to(INDENT).add(more, "dim"))
    return lines
