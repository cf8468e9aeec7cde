"""How often answers do what behaviours name, as labels and leads say together, and what judges prefer.

A count of leads is never shown as the rate of a behaviour: it stands beside the estimate of the gate, with how good
the leads are on what people labelled.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from analysis.base.records import ALL, SIDES, Side
from tui.draw.gate_lines import GATE_MARKS
from tui.draw.lines import Line, Target, text_line, wrapped
from tui.draw.number_text import IMPROVEMENT_MARKS, figure, improvement, interval, value_with_interval
from tui.draw.safe_text import cells
from tui.tracks.response.layout import INDENT, TALL

if TYPE_CHECKING:
    from analysis.base.gate_records import Criterion, GateResult
    from analysis.review.queries import ExampleEvidence
    from tui.plugin.options import ViewOptions

WINNERS = {"candidate": "the candidate", "base": "the base", "tie": "neither"}
OF_LEADS = ("found by its leads", "right where they point", "quality of its leads")
"""How the criteria begin that say how good the leads are; the gate names the side in them."""
WIDE = 76
"""Cells from which a verdict stands in words beside an estimate."""
LEAD_CELLS = 18


def rate_lines(evidence: ExampleEvidence, options: ViewOptions) -> list[Line]:
    """The behaviours in the slices that have a gate, critical ones first, and what judges prefer.

    Enter opens what was flagged for the gate.
    """
    rates = rates_of(evidence)
    slices = list(dict.fromkeys(one.slice for one in rates))
    most = len(slices) if options.height >= 40 else 3 if options.height >= TALL else 2
    shown = [name for name in slices if name != ALL][: most - 1] + [name for name in slices if name == ALL]
    lines: list[Line] = []
    for name in shown:
        own = [one for one in rates if one.slice == name]
        told = [one for one in own if one.told(options)]
        told.sort(key=lambda one: one.urgency(options))
        title = "all prompts" if name == ALL else name
        mark = "◆ " if any(one.critical for one in own) else ""
        head = Line().add(f" {mark}", "critical" if mark else "text")
        head.column(title, min(cells(title), max(options.width - 44, 10)), "title")
        if not told:
            lines.append(head.add(": nothing labelled, no lead", "dim"))
            continue
        lines.append(head.end("net rise by labels · leads base → candidate", options.width - 1, "faint"))
        for one in told[: 9 if options.height >= TALL else 3]:
            lines += one.lines(options)
    return lines + _preferences(evidence, options)


class Rate:
    """A behaviour in one slice: what the gate estimates, and how many answers its leads point at."""

    def __init__(self, behaviour: str, rows: Sequence[Mapping[str, Any]]) -> None:
        self.behaviour = behaviour
        by = {row["side"]: row for row in rows}
        any_row = rows[0]
        self.slice: str = any_row["slice"]
        self.critical: bool = bool(any_row["critical"])
        self.gate: str = any_row["gate"]
        self.n: int = any_row["n"] or 0
        self.leads: dict[Side, float | None] = {
            side: by[side]["value"] if side in by else None for side in SIDES
        }

    @property
    def title(self) -> str:
        """The behaviour as people read it."""
        return self.behaviour.replace("_", " ")

    def result(self, options: ViewOptions) -> GateResult | None:
        """What its gate says."""
        return options.gates.get(self.gate)

    def told(self, options: ViewOptions) -> bool:
        """Whether there is anything to tell of it."""
        gate = self.result(options)
        estimated = gate is not None and (gate.value is not None or gate.verdict == "fail")
        return estimated or any(self.leads.values())

    def urgency(self, options: ViewOptions) -> tuple[bool, float]:
        """What fails comes first, then what rose most by estimate, or by leads."""
        gate = self.result(options)
        by_leads = (self.leads["candidate"] or 0.0) - (self.leads["base"] or 0.0)
        rise = gate.value if gate is not None and gate.value is not None else by_leads
        return gate is None or gate.verdict != "fail", -abs(rise)

    def counted(self) -> str:
        """Answers of both sides that leads point at, as counts."""
        shares = ("–" if one is None else f"{round(one * self.n)}/{self.n}" for one in self.leads.values())
        return " → ".join(shares)

    def estimate(self, options: ViewOptions) -> str:
        """The net rise that the gate estimates from labels and leads, or why there is none."""
        gate = self.result(options)
        if gate is None or gate.value is None:
            return "not labelled yet"
        return value_with_interval(gate.value, gate.low, gate.high, "change", 2)

    def quality(self, options: ViewOptions) -> list[Criterion]:
        """How good its leads are on what people labelled."""
        gate = self.result(options)
        return [] if gate is None else [row for row in gate.criteria if row.what.startswith(OF_LEADS)]

    def lines(self, options: ViewOptions) -> list[Line]:
        """One row of the panel, and how good the leads are where there is room."""
        gate = self.result(options)
        line = Line(Target("flagged", self.gate)).add("   ")
        wide = options.width >= WIDE
        line.column(self.title, 16 if wide else 12, "text").add(" ")
        said = improvement(gate.value, gate.better) if gate is not None else ""
        glyph, tone = IMPROVEMENT_MARKS[said]
        line.add(f"{glyph} " if said else "  ", tone)
        known = gate is not None and gate.value is not None
        line.column(self.estimate(options), 20 if wide else 18, "strong" if known else "dim").add(" ")
        line.column(self.counted(), LEAD_CELLS, "number")
        if gate is not None:
            mark, style = GATE_MARKS[gate.verdict]
            line.end(f"{mark} {gate.verdict}" if wide else mark, options.width - 1, style)
        return [line, *self._quality_lines(options)]

    def _quality_lines(self, options: ViewOptions) -> list[Line]:
        rows = [row for row in self.quality(options) if row.value is not None]
        if not rows:
            words = "how good its leads are on your answers is not measured"
            return (
                wrapped("", words, options.width, indent=6, style="faint") if options.height >= TALL else []
            )
        if options.height < TALL:
            # The candidate's alone, which the question is about; both stand on a taller screen and under space.
            parts = [row.what.replace(", candidate:", "") for row in rows if "candidate" in row.what]
            said = f"candidate: {', '.join(parts)}" if parts else ""
        else:
            said = " · ".join(quality_text(row) for row in rows)
        return wrapped("", said, options.width, indent=6, style="dim") if said else []


def quality_text(row: Criterion) -> str:
    """How good leads are, in words with their interval."""
    return f"{row.what} {interval(row.low, row.high, 2)}".rstrip()


def rates_of(evidence: ExampleEvidence) -> list[Rate]:
    """Behaviours in the slices that the prompt is in and that are judged, in the order of the review file."""
    found: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for row in evidence.context.get("rates", ()):
        if row["behaviour"] is not None and row["gate"] is not None:
            found.setdefault((row["slice"], row["behaviour"]), []).append(row)
    return [Rate(behaviour, rows) for (_, behaviour), rows in found.items()]


def votes_text(evidence: ExampleEvidence) -> str:
    """What judges preferred here."""
    votes = evidence.context.get("votes", ())
    return ", ".join(
        f"{row['judge'] or 'the judge'}: {WINNERS.get(row['winner'], row['winner'])}" for row in votes
    )


def _preferences(evidence: ExampleEvidence, options: ViewOptions) -> list[Line]:
    lines: list[Line] = []
    votes = votes_text(evidence)
    if votes:
        lines += wrapped(" preferred", f"here by {votes}", options.width, indent=INDENT)
    wins, controlled = (
        next(
            (row for row in evidence.context.get("rates", ()) if (row["name"], row["slice"]) == (name, ALL)),
            None,
        )
        for name in ("win_rate", "win_rate_length_controlled")
    )
    if wins is None:
        return lines
    key: str = wins["gate"]
    line = Line(Target("flagged", key)).column("" if votes else " preferred", INDENT, "dim")
    line.add(f"wins {figure(wins['value'], 2)} {interval(wins['low'], wins['high'], 2)}", "number")
    if controlled is not None and controlled["value"] is not None and options.width >= 70:
        bounds = interval(controlled["low"], controlled["high"], 2)
        line.add(f"  at like length {figure(controlled['value'], 2)} {bounds}", "number")
    gate = options.gates.get(key)
    mark, style = GATE_MARKS.get(gate.verdict if gate else "", ("", "dim"))
    if mark and line.width + 22 < options.width:
        return [*lines, line.end(f"{mark} {key}", options.width - 1, style)]
    return [*lines, line, text_line(f"   {mark} {key}", style)] if mark else [*lines, line]
