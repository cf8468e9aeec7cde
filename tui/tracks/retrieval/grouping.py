"""What brings items together, what moved as a whole, and whether a map may be trusted: the panel below the lists."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from analysis.base.records import SIDES, Metric
from analysis.tracks.retrieval.grouping_sentences import attribute_sentence, strongest_sentence
from analysis.tracks.retrieval.map_limits import QUALITIES
from tui.draw.gate_lines import GATE_MARKS
from tui.draw.lines import Line, Target, text_line, wrap, wrapped
from tui.draw.number_text import bar, figure, interval, signed
from tui.draw.safe_text import cells
from tui.plugin.change_lines import graft_words
from tui.plugin.options import ViewOptions

if TYPE_CHECKING:
    from analysis.base.gate_records import GateResult
    from analysis.review.queries import ExampleEvidence

Row = Mapping[str, Any]

BARS_FROM = 100
"""Cells from which the lifts are drawn as bars, too."""
TALL = 40
"""Rows from which drift and movement stand in the view; below that `space` has them."""
NAME_CELLS = 15
LIFT_CELLS = 5
BAR_CELLS = 9
CHANGE_CELLS = 20
INTERVAL_FROM = 70
"""Cells from which the interval of a change is shown; `space` has it always."""
PROMISES = {True: "yes", False: "no", None: "–"}
"""Whether an attribute ought to bring items together."""


def by_side(rows: Iterable[Row], name: str, of: str) -> dict[str, Row]:
    """Metrics of one name and attribute or value, by side."""
    return {row["side"]: row for row in rows if row["name"] == name and row["slice"] == of}


def gate_of(attribute: str, wanted: bool | None, gates: Mapping[str, GateResult]) -> str | None:
    """Key of the gate that watches an attribute; of its own before that of all wanted ones."""
    own = (f"retrieval.grouping[{attribute}]", f"retrieval.confounds[{attribute}]")
    for key in (own[0] if wanted else own[1], "retrieval.grouping" if wanted else own[1]):
        if key in gates:
            return key
    if not gates and wanted is not None:
        return "retrieval.grouping" if wanted else own[1]
    return None


def change_cells(width: int) -> int:
    """Cells of a change in a view of `width` cells."""
    return CHANGE_CELLS if width >= INTERVAL_FROM else 7


def as_metrics(rows: Iterable[Row]) -> list[Metric]:
    """Rows beside an example as metrics of the track."""
    names = [field.name for field in fields(Metric) if field.name != "track"]
    return [Metric("retrieval", *(row[name] for name in names)) for row in rows]


def attributes_of(grouping: Iterable[Row]) -> dict[str, bool | None]:
    """The attributes whose lift was measured, and whether they are wanted; None where no item has one."""
    return {row["slice"]: row["wanted"] for row in grouping if row["name"] == "grouping_lift"}


def judged_change(grouping: Iterable[Row], attribute: str, wanted: bool | None) -> Row | None:
    """The change that is judged: of the lift of a wanted attribute, of the conditional lift of an unwanted one."""
    name = "grouping_lift" if wanted else "grouping_conditional_lift"
    return by_side(grouping, name, attribute).get("difference")


def strongest_attributes(grouping: Sequence[Row]) -> str:
    """What the candidate groups by most, in words."""
    attributes = attributes_of(grouping)
    sides = [[name for name, wanted in attributes.items() if wanted is which] for which in (True, False)]
    return strongest_sentence(as_metrics(grouping), *sides)


def change_text(grouping: Sequence[Row], attribute: str, wanted: bool | None) -> tuple[str, str]:
    """What became of grouping by an attribute in a word or two, and the style of it."""
    if wanted is None:
        return "no item has it", "warn"
    found = attribute_sentence(as_metrics(grouping), attribute, wanted)
    style = {"more": "good" if wanted else "bad", "less": "bad" if wanted else "good"}
    style |= {"kept": "good", "unknown": "warn"}
    if found.word == "unknown":
        return found.sentence.partition(": ")[2] or "not known", "warn"
    return found.word, style.get(found.word, "dim")


def grouping_lines(evidence: ExampleEvidence, options: ViewOptions) -> list[Line]:
    """The table of attributes: lift of base and candidate, conditional change, what is wanted, verdict."""
    width = options.width
    grouping = evidence.context.get("grouping", ())
    attributes = attributes_of(grouping)
    if not attributes:
        return [text_line(" groups by   not measured in this run: no attribute was declared", "dim")]
    with_bars = width >= BARS_FROM
    lift_cells = LIFT_CELLS + (BAR_CELLS + 1 if with_bars else 0)
    head = Line().column(" attribute", NAME_CELLS + 1, "dim")
    head.column("base", lift_cells + 1, "dim").column(
        "candidate" if with_bars else "cand", lift_cells + 1, "dim"
    )
    head.column("change judged", change_cells(width) + 1, "dim").column("wanted", 8, "dim").add(
        "verdict", "dim"
    )
    lines = [*wrapped("", strongest_attributes(grouping), width, indent=1, style="strong"), head]
    for attribute, wanted in attributes.items():
        lines.append(_attribute_line(attribute, wanted, grouping, options, with_bars=with_bars))
    return lines


def _attribute_line(
    attribute: str, wanted: bool | None, grouping: Sequence[Row], options: ViewOptions, *, with_bars: bool
) -> Line:
    lift = by_side(grouping, "grouping_lift", attribute)
    change = judged_change(grouping, attribute, wanted)
    key = gate_of(attribute, wanted, options.gates)
    line = Line(None if key is None else Target("flagged", key)).add(" ")
    line.column(f" {attribute.replace('_', ' ')}", NAME_CELLS)
    for side, style in (("base", "bar.base"), ("candidate", "bar.candidate")):
        value = lift[side]["value"] if side in lift else None
        line.column(figure(value, 2), LIFT_CELLS, "number")
        if with_bars:
            line.column(bar(value or 0.0, BAR_CELLS), BAR_CELLS + 1, style)
        line.add(" ")
    numbers = ""
    if change is not None and change["value"] is not None:
        numbers = signed(change["value"], 2)
        if options.width >= INTERVAL_FROM:
            numbers += f" {interval(change['low'], change['high'], 2)}"
    line.column(numbers or "unknown", change_cells(options.width) + 1, "number" if numbers else "warn")
    line.column(PROMISES[wanted], 8, "dim")
    words, style = change_text(grouping, attribute, wanted)
    gate = options.gates.get(key or "")
    if gate is not None:
        mark, mark_style = GATE_MARKS[gate.verdict]
        line.add(mark, mark_style).add(" ")
        style = mark_style if gate.verdict in ("fail", "warn", "unknown") else "dim"
    room = options.width - line.width - 1
    if gate is not None and cells(f"{words}  {key}") <= room:
        words = f"{words}  {key}"
    return line.column(words, max(room, 1), style)


def drift_lines(evidence: ExampleEvidence, options: ViewOptions, most: int = 4) -> list[Line]:
    """The values whose centroid moved most, after alignment and raw, in the units of the method."""
    drift = [row for row in evidence.context.get("drift", ()) if row["side"] == "difference"]
    if not drift or options.height < TALL:
        return []
    values: dict[str, dict[str, Row]] = {}
    for row in drift:
        values.setdefault(row["slice"], {})[row["method"].split()[0].rstrip(";,:")] = row
    order = sorted(
        values,
        key=lambda value: -(_number(values[value].get("aligned")) or _number(values[value].get("raw"))),
    )
    number_cells = 22 if options.width >= INTERVAL_FROM else 14
    name_cells = max(min(32, options.width - 2 * number_cells - 3), 12)
    head = Line().column(" centroids moved", name_cells + 2, "title")
    lines = [head.column("aligned", number_cells, "dim").column("raw", number_cells, "dim")]
    for value in order[:most]:
        line = Line().add("  ").column(value, name_cells)
        for method in ("aligned", "raw"):
            one = values[value].get(method)
            numbers = "lengths differ" if method == "raw" else "–"
            if one is not None:
                numbers = f"{figure(one['value'], 2)} {interval(one['low'], one['high'], 2)}"
                numbers = numbers if one["value"] is not None else f"unknown: {one['why']}"
            line.column(numbers, number_cells, "number")
        lines.append(line)
    return lines


def _number(row: Row | None) -> float:
    return row["value"] if row is not None and row["value"] is not None else 0.0


def graft_lines(evidence: ExampleEvidence, options: ViewOptions) -> list[Line]:
    """Which layers of the base, put into the candidate, restore what the queries found; none where none are named."""
    words = graft_words(evidence.context.get("change", ()))
    if not words:
        return []
    line = Line().column(" graft", 7, "dim")
    return [line.column(words.removeprefix("graft of "), max(options.width - 8, 8), "text")]


def map_lines(evidence: ExampleEvidence, options: ViewOptions) -> list[Line]:
    """Whether there is a map, with the numbers that it must never be shown without; a drawn one before others."""
    rows = evidence.context.get("map", ())
    drawn = sorted((row for row in rows if row["name"] == "map_drawn"), key=lambda row: not row["value"])
    if not drawn:
        return [Line().column(" map", 7, "dim").add("none was made in this run", "dim")]
    first = drawn[0]
    words, style = (f"drawn by {first['method']}", "good")
    if not first["value"]:
        words, style = f"withheld: {first['why']}", "warn"
    numbers = "   ".join(_quality(row for row in rows if row["method"] == first["method"]))
    room = options.width - 9
    line = Line().column(" map", 7, "dim")
    if cells(words) + cells(numbers) + 3 <= room:
        return [line.add(words, style).end(numbers, options.width - 1, "number")]
    parts = wrap(words, room)
    lines = [line.add(parts[0], style), *(Line().to(7).add(part, style) for part in parts[1:])]
    return [*lines, *(Line().to(7).add(part, "number") for part in (wrap(numbers, room) if numbers else []))]


def _quality(rows: Iterable[Row]) -> list[str]:
    """Base and candidate of each quality number that is known: `trustworthiness .97/.95`."""
    found = list(rows)
    parts = []
    for quality in QUALITIES:
        sides = {row["side"]: row["value"] for row in found if row["name"] == quality.metric}
        if any(value is not None for value in sides.values()):
            both = "/".join(figure(sides[side], 2) for side in SIDES if side in sides)
            parts.append(f"{quality.title} {both}")
    return parts


def panel_lines(evidence: ExampleEvidence, options: ViewOptions) -> list[Line]:
    """Grouping, drift, where the change lives and map of the whole run: the same beside every example of it."""
    return [
        *grouping_lines(evidence, options),
        *drift_lines(evidence, options),
        *graft_lines(evidence, options),
        *map_lines(evidence, options),
    ]
