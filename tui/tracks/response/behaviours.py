"""What is asked of both answers of a prompt: what people said of each, beside what the leads found in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.base.people import account_of
from analysis.base.records import SIDES, Side
from tui.draw.lines import Line, wrap, wrapped
from tui.draw.safe_text import cells
from tui.tracks.response.layout import INDENT, TALL

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from analysis.base.review_records import Answer
    from analysis.review.queries import ExampleEvidence
    from tui.plugin.options import ViewOptions

WANTED = "wanted"
MINE = "you"
HALF = 0.5
"""What the leads say of an answer from which it is a hit."""
NAME_CELLS = 20
"""Most cells of the name of a behaviour."""
SAID: dict[Answer, str] = {"yes": "yes", "no": "no", "unsure": "not sure"}


@dataclass(frozen=True)
class Cell:
    """What is known of one answer, asked one thing.

    Args:
        labels: what people said, as (who, answer): the reader first, then what was recorded, then others.
        leads: what the leads say, from 0 to 1; None where none of them reads the answer.
        unread: why none does, as the language of the answer.
    """

    labels: tuple[tuple[str, Answer], ...]
    leads: float | None
    unread: str = ""

    @property
    def hit(self) -> bool:
        """Whether the leads see it."""
        return self.leads is not None and self.leads >= HALF

    @property
    def told(self) -> bool:
        """Whether anybody saw it, or could not tell, or the leads do."""
        return self.hit or any(answer != "no" for _, answer in self.labels)

    def label_text(self) -> str:
        """What people said: the reader's own word bare, others with their name."""
        return ", ".join(
            SAID[answer] if who == MINE else f"{who}: {SAID[answer]}" for who, answer in self.labels
        )

    def lead_text(self) -> str:
        """What the leads say, in a word or two."""
        if self.leads is None:
            return f"not read: {self.unread}" if self.unread else "no lead"
        if self.leads in (0.0, 1.0):
            return "lead yes" if self.hit else "lead no"
        return f"lead .{min(round(self.leads * 100), 99):02d}"

    def text(self) -> str:
        """Both."""
        return f"{self.label_text() or '–'} · {self.lead_text()}"


@dataclass(frozen=True)
class BehaviourShown:
    """One thing that is asked of both answers.

    Args:
        name: as it is recorded.
        question: what people are asked.
        wanted: whether the answers should do it.
        strict: whether the cases that people confirm decide.
        leads: detectors that point at it.
        cells: what is known of each answer that there is, by side.
    """

    name: str
    question: str
    wanted: bool
    strict: bool
    leads: tuple[str, ...]
    cells: Mapping[Side, Cell]

    @property
    def title(self) -> str:
        """The name as people read it."""
        return self.name.replace("_", " ")


def behaviours_of(evidence: ExampleEvidence) -> list[BehaviourShown]:
    """What people are asked of the answers to a prompt, in the order of the review file.

    A behaviour that is any of others is none of them: nobody is asked about it.
    """
    return [
        BehaviourShown(
            row["name"],
            row["question"],
            row["role"] == WANTED,
            row["strict"],
            tuple(row["leads"]),
            {side: _cell(evidence, row["name"], side) for side in _answered(evidence)},
        )
        for row in evidence.context.get("behaviours", ())
        if not row["any_of"]
    ]


def _answered(evidence: ExampleEvidence) -> list[Side]:
    rows = evidence.payload.get("response_side", ())
    there = {row["side"] for row in rows if row["ended"] != "missing"}
    return [side for side in SIDES if side in there]


def _cell(evidence: ExampleEvidence, name: str, side: Side) -> Cell:
    def of(table: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        return [row for row in table if row["behaviour"] == name and row["side"] == side]

    said: list[tuple[str, Answer]] = []
    for who, record in (
        (MINE, evidence.mine),
        *((account_of(one.actor).name, one) for one in evidence.others),
    ):
        for behaviour, *answers in record.labels if record is not None else ():
            if behaviour == name:
                said.append((who, answers[SIDES.index(side)]))
    recorded = [(row["source"], row["answer"]) for row in of(evidence.context.get("labels", ()))]
    own = [one for one in said if one[0] == MINE]
    scores = of(evidence.payload.get("response_score", ()))
    leads = next((row["leads"] for row in evidence.context.get("behaviours", ()) if row["name"] == name), ())
    unread = next(
        (
            row["why"]
            for row in evidence.payload.get("response_unread", ())
            if row["side"] == side and row["detector"] in leads
        ),
        "",
    )
    rest = [one for one in said if one[0] != MINE]
    return Cell((*own, *recorded, *rest), scores[0]["score"] if scores else None, unread)


def behaviour_lines(evidence: ExampleEvidence, options: ViewOptions) -> list[Line]:
    """A row for each behaviour that anybody or a lead sees, by side; the rest in a line, or each on a tall screen.

    Below them stands whether the reviewers agree, or what they settled.
    """
    found = behaviours_of(evidence)
    if not found:
        return []
    every = options.height >= TALL
    shown = found if every else [one for one in found if any(cell.told for cell in one.cells.values())]
    width = min(options.width, 120)
    names = min(max((cells(_head(one)) for one in shown), default=0) + 2, NAME_CELLS)
    room = max((width - names - 1) // 2 - 1, 12)
    lines: list[Line] = []
    if shown:
        head = Line().column(" it does", names + 1, "dim").column("base", room, "bar.base").add(" ")
        lines.append(head.column("candidate", room, "bar.candidate"))
    for one in shown:
        lines += _row(one, names, room)
    rest = [one.title for one in found if one not in shown]
    if rest:
        labelled = all(cell.labels for one in found if one not in shown for cell in one.cells.values())
        words = "no, and no lead" if labelled else "no label, no lead"
        lines += wrapped(f" {words}: ", ", ".join(rest), options.width, indent=cells(words) + 4, style="dim")
    agreement, style = options.agreement
    return lines + (wrapped("", agreement, options.width, indent=1, style=style) if agreement else [])


def _head(one: BehaviourShown) -> str:
    return f"{one.title}{' (wanted)' if one.wanted else ''}"


def _row(one: BehaviourShown, names: int, room: int) -> list[Line]:
    """A row, or more where names or words are long: what people said, then what the leads do, of each answer."""
    blocks = [_pieces(one, one.cells.get(side), room - 1) for side in SIDES]
    heads = wrap(_head(one), names - 1)
    lines = []
    for number in range(max(len(heads), *map(len, blocks))):
        line = Line().add(" ").column(heads[number] if number < len(heads) else "", names)
        for place, block in enumerate(blocks, start=1):
            for text, style in block[number] if number < len(block) else ():
                line.add(text, style)
            line.to(1 + names + place * (room + 1))
        lines.append(line)
    return lines


def _pieces(one: BehaviourShown, cell: Cell | None, room: int) -> list[list[tuple[str, str]]]:
    """Rows of what is known of an answer, each of pieces with their style; a fault that people see is marked."""
    if cell is None:
        return [[("no answer", "faint")]]
    style = "mark" if _fault(one, cell) else "text" if cell.labels else "faint"
    said, leads = cell.label_text() or "–", cell.lead_text()
    if cells(said) + 3 + cells(leads) <= room:
        return [[(said, style), (" · ", "dim"), (leads, "number" if cell.hit else "dim")]]
    return [*([(row, style)] for row in wrap(said, room)), *([(row, "dim")] for row in wrap(leads, room))]


def _fault(one: BehaviourShown, cell: Cell) -> bool:
    """Whether people say what is wrong with an answer."""
    return any(answer == ("no" if one.wanted else "yes") for _, answer in cell.labels)


def behaviour_sentences(evidence: ExampleEvidence) -> list[str]:
    """The same as plain sentences."""
    return [
        f"{_head(one)}: "
        + "; ".join(
            f"{side} {one.cells[side].text() if side in one.cells else 'no answer'}" for side in SIDES
        )
        for one in behaviours_of(evidence)
    ]


def asked_after(evidence: ExampleEvidence, detector: str) -> str:
    """What people are asked where a detector points at something; empty where it leads to no behaviour here."""
    return next((one.question for one in behaviours_of(evidence) if detector in one.leads), "")


def number_lines(evidence: ExampleEvidence, width: int, indent: int = INDENT) -> list[Line]:
    """Each behaviour with its question, its leads, and all that is known of either answer."""
    lines: list[Line] = []
    for one in behaviours_of(evidence):
        leads = f"leads {', '.join(one.leads)}" if one.leads else "no leads"
        about = [leads, "strict" if one.strict else "", "wanted here" if one.wanted else "unwanted here"]
        lines += wrapped(f" {one.title}", f"Does the answer {one.question}", width, indent=indent)
        lines += wrapped("", " · ".join(part for part in about if part), width, indent=indent, style="dim")
        for side in SIDES:
            said = one.cells[side].text() if side in one.cells else "no answer"
            lines += wrapped("", f"{side}: {said}", width, indent=indent)
    return lines
