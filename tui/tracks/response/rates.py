"""Rates of the detectors in the slices that a prompt is in, and what judges prefer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from analysis.base.records import ALL
from tui.draw.gate_lines import GATE_MARKS
from tui.draw.lines import Line, Target, text_line, wrapped
from tui.draw.number_text import IMPROVEMENT_MARKS, figure, improvement, interval, signed
from tui.draw.safe_text import cells
from tui.tracks.response.layout import INDENT, TALL

if TYPE_CHECKING:
    from analysis.review.queries import ExampleEvidence
    from tui.plugin.options import ViewOptions

WINNERS = {"candidate": "the candidate", "base": "the base", "tie": "neither"}


def rate_lines(evidence: ExampleEvidence, options: ViewOptions) -> list[Line]:
    """Rates of the slices that the prompt is in, critical ones first, and what judges prefer; enter opens a gate."""
    rates = rates_of(evidence)
    slices = list(dict.fromkeys(row["slice"] for row in evidence.context.get("rates", ())))
    most = len(slices) if options.height >= 40 else 3 if options.height >= TALL else 2
    shown = [name for name in slices if name != ALL][: most - 1] + [name for name in slices if name == ALL]
    lines: list[Line] = []
    for name in shown:
        own = [one for one in rates if one.slice == name]
        told = [one for one in own if one.base or one.candidate or one.verdict(options) == "fail"]
        told.sort(key=lambda one: -abs((one.candidate or 0) - (one.base or 0)))
        title = "all prompts" if name == ALL else name
        mark = "◆ " if any(one.critical for one in own) else ""
        if not told:
            if own:
                lines.append(Line().add(f" {mark}{title}: ", "title").add("no hit on either side", "dim"))
            continue
        head = Line().add(f" {mark}", "critical" if mark else "text")
        head.column(title, min(cells(title), max(options.width - 40, 10)), "title")
        lines.append(head.end("hits of base → candidate", options.width - 1, "faint"))
        for one in told[: 8 if options.height >= TALL else 3]:
            lines.append(one.line(options))
    return lines + _preferences(evidence, options)


class Rate:
    """A detector's rate in one slice: both sides on the same prompts, and how far it rose."""

    def __init__(self, detector: str, rows: Sequence[Mapping[str, Any]]) -> None:
        self.detector = detector
        by = {row["side"]: row for row in rows}
        any_row = rows[0]
        self.slice: str = any_row["slice"]
        self.critical: bool = bool(any_row["critical"])
        self.gate: str | None = any_row["gate"]
        self.n: int = any_row["n"] or 0
        self.base, self.candidate = (
            by[side]["value"] if side in by else None for side in ("base", "candidate")
        )
        self.change: Mapping[str, Any] | None = by.get("difference")

    def verdict(self, options: ViewOptions) -> str:
        """Verdict of the gate that reads it; '' where there is none."""
        gate = options.gates.get(self.gate or "")
        return gate.verdict if gate is not None else ""

    def counted(self) -> str:
        """Hits of both sides, as counts."""
        shares = (
            "–" if one is None else f"{round(one * self.n)}/{self.n}" for one in (self.base, self.candidate)
        )
        return " → ".join(shares)

    def line(self, options: ViewOptions) -> Line:
        """One row of the panel."""
        line = Line(Target("flagged", self.gate) if self.gate else None)
        line.add("   ").column(self.detector, 14).column(self.counted(), 18, "number")
        if self.change is not None and self.change["value"] is not None:
            spec = options.specs.get(f"{self.detector}_rate")
            said = improvement(self.change["value"], spec.better if spec else "neither")
            glyph, tone = IMPROVEMENT_MARKS[said]
            line.add(f"{glyph} " if said else "  ", tone)
            line.column(signed(self.change["value"], 2), 6, "strong")
            line.add(interval(self.change["low"], self.change["high"], 2), "dim")
        elif self.change is not None:
            line.add(self.change["why"] or "unknown", "warn")
        mark, style = GATE_MARKS.get(self.verdict(options), ("", "dim"))
        return line.end(f"{mark} gate {self.verdict(options)}" if mark else "", options.width - 1, style)


def rates_of(evidence: ExampleEvidence) -> list[Rate]:
    """Rates in the slices that the prompt is in, in the order of the detectors; hallucination comes last."""
    found: list[Rate] = []
    rows = evidence.context.get("rates", ())
    for name in dict.fromkeys(row["slice"] for row in rows):
        of: dict[str, list[Mapping[str, Any]]] = {}
        for row in rows:
            if row["slice"] == name and row["rate_of"] is not None:
                of.setdefault(row["rate_of"], []).append(row)
        found += [Rate(detector, own) for detector, own in of.items()]
    return found


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
