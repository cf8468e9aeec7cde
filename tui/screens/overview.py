"""The first screen: what may be done, what changed, what blocks, and where to look first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType
from textual.widget import Widget

from tui.draw.figures import figure, with_interval
from tui.draw.gate_lines import (
    GATE_MARKS,
    by_urgency,
    counts_of,
    gate_head,
    gate_line,
    reason_lines,
    verdict_of,
)
from tui.draw.lines import Line, Target, rule, text_line, wrap
from tui.plugin.actions import bindings
from tui.screens.base import BaseScreen
from tui.widgets.line_view import LineView

if TYPE_CHECKING:
    from analysis.base.records import GateResult, Metric, Trigger
    from analysis.review.queries import SliceProgress

NAME_CELLS = 26
"""Cells of a slice's name."""


class OverviewScreen(BaseScreen):
    """What changed, what blocks, and where to look first; every line leads to its examples."""

    NAME: ClassVar[str] = "overview"
    BINDINGS: ClassVar[list[BindingType]] = bindings("overview")

    def compose_body(self) -> Iterable[Widget]:
        yield LineView(self.console_app.look, widget_id="overview")

    def focus_body(self) -> None:
        self.set_focus(self.query_one("#overview"))

    def on_mount(self) -> None:
        super().on_mount()
        self.focus_body()

    def head_lines(self, width: int) -> Sequence[Line]:
        return review_head(self, width)

    def reload(self) -> None:
        view = self.query_one("#overview", LineView)
        width = max(self.size.width - 1, 20)
        view.show_lines(self.overview_lines(width), top=not view.lines)

    def overview_lines(self, width: int) -> list[Line]:
        """The whole screen below its head."""
        session = self.session
        lines = [text_line(" WHAT CHANGED", "title")]
        lines += accuracy_lines(session.metrics(), width)
        lines += trigger_lines(session.triggers(), width)
        lines.append(rule(width))
        lines += gates_lines(session.gates(), width)
        lines.append(rule(width))
        return lines + slices_lines(session.slices(), width)

    def entered(self, purpose: str, text: str) -> None:
        self.console_app.show_example(self.session.resolve_ref(text.strip()))

    def do_example_go(self) -> None:
        """Open an example by its id."""
        self.entry.ask("go", "id")


def review_head(screen: BaseScreen, width: int) -> list[Line]:
    """Two lines on what is under review and what may be done with it, and a rule."""
    session = screen.session
    review = session.description["review"]
    first = Line().add(" ").add(review["name"], "strong")
    first.add(f"   base {review['base_version']} → candidate {review['candidate_version']}", "dim")
    first.end(f"run {session.run[:6]} · {session.reviewer}", width - 1, "dim")
    gates = session.gates()
    words, style = verdict_of(gates)
    inspected, total = session.progress()
    second = Line().add(" ").add(f" {words} ", style).add("  ").add(counts_of(gates), "text")
    second.end(f"{inspected}/{total} seen", width - 1, "number")
    return [first, second, rule(width)]


def accuracy_lines(metrics: Iterable[Metric], width: int) -> list[Line]:
    """Accuracy of both sides and its change, with broken and fixed."""
    found = {(metric.track, metric.name, metric.side): metric for metric in metrics if metric.slice == "all"}
    lines: list[Line] = []
    for track in dict.fromkeys(track for track, name, _ in found if name == "accuracy"):
        base, candidate = found.get((track, "accuracy", "base")), found.get((track, "accuracy", "candidate"))
        change = found.get((track, "accuracy", "difference"))
        if base is None or candidate is None or change is None or change.value is None:
            continue
        style = "good" if change.value > 0 else "bad" if change.value < 0 else "text"
        line = Line(Target("slice", "", track=track)).add(" ")
        line.add("▲" if change.value > 0 else "▼" if change.value < 0 else "=", style)
        line.add(f" accuracy  {figure(base.value)} → {figure(candidate.value)}  ")
        line.add(with_interval(change.value, change.low, change.high, change=True), style)
        fixed, broken = found.get((track, "fixed", "difference")), found.get((track, "broken", "difference"))
        if fixed is not None and broken is not None:
            line.add(f"  {fixed.value or 0:.0f} fixed, {broken.value or 0:.0f} broken of {change.n:,}")
        lines.append(line.end("⏎", width - 1, "key"))
    return lines


def trigger_lines(triggers: Sequence[Trigger], width: int) -> list[Line]:
    """What fired, each with its number and examples; what did not, in one sentence."""
    lines: list[Line] = []
    for trigger in triggers:
        if not trigger.fired:
            continue
        rows = wrap(trigger.sentence, max(width - 10, 20))
        target = Target("examples", trigger.name, trigger.refs) if trigger.refs else None
        for number, row in enumerate(rows):
            line = Line(target if number == 0 else None).add(" ")
            mark = "•" if trigger.value is None else "▲" if trigger.value > 0 else "▼"
            line.add(mark if number == 0 else " ", "warn" if trigger.worse else "good").add(" ").add(row)
            if number == 0 and trigger.refs:
                line.end(f"{len(trigger.refs)} ⏎", width - 1, "key")
            lines.append(line)
    fired = {trigger.name for trigger in triggers if trigger.fired}
    names = dict.fromkeys(trigger.name for trigger in triggers if trigger.name not in fired)
    quiet = [name.replace("_", " ") for name in names]
    if quiet:
        text = ", ".join(quiet) + ": nothing that can be told from noise"
        lines += [Line().add("   ").add(row, "dim") for row in wrap(text, max(width - 4, 20))]
    return lines


def gates_lines(gates: Sequence[GateResult], width: int) -> list[Line]:
    """Gates that block or warn, one by one; the others in one line."""
    urgent = [gate for gate in by_urgency(gates) if gate.verdict in ("fail", "unknown", "warn", "waived")]
    lines = [gate_head("GATES", width)]
    for gate in urgent:
        lines.append(gate_line(gate, width))
        if gate.verdict in ("fail", "unknown"):
            lines += reason_lines(gate, width)
    rest: list[str] = []
    for verdict in ("pass", "off", "n/a"):
        count = sum(1 for gate in gates if gate.verdict == verdict)
        if count:
            rest.append(f"{GATE_MARKS[verdict][0]} {count} {verdict}")
    if rest:
        line = Line(Target("screen", "gates")).add(" ").add(" · ".join(rest), "good")
        lines.append(line.end("⏎", width - 1, "key"))
    return lines


def slices_lines(slices: Sequence[SliceProgress], width: int) -> list[Line]:
    """Slices by regret: size, both sides, broken and fixed, progress, and what is known of them."""
    name = NAME_CELLS if width < 100 else 40
    head = Line().add(" SLICES BY REGRET", "title").to(name + 3)
    for title, cells in (("n", 7), ("base", 7), ("cand", 7), ("b/f", 9), ("seen", 9)):
        head.column(title, cells, "dim", right=True)
    lines = [head.add("  known" if width >= 74 else "", "dim")]
    for entry in slices:
        if entry.kind == "all" or not (entry.critical or entry.broken or entry.fixed):
            continue
        line = Line(Target("slice", entry.slice, track=entry.track)).add(" ")
        line.column(entry.slice, name - 2, "strong" if entry.critical else "text")
        line.add(" ◆ " if entry.critical else "   ", "critical").to(name + 3)
        line.column(f"{entry.n:,}", 7, "text", right=True)
        line.column(figure(entry.base), 7, "dim", right=True)
        worse = entry.base is not None and entry.candidate is not None and entry.candidate < entry.base
        line.column(figure(entry.candidate), 7, "bad" if worse else "text", right=True)
        broken, fixed = entry.broken or 0, entry.fixed or 0
        counts = "–" if entry.broken is None else f"{broken}/{fixed}"
        line.column(counts, 9, "bad" if broken > fixed else "text", right=True)
        done = entry.queued > 0 and entry.undecided == 0
        line.column(f"{entry.seen}/{entry.queued}", 9, "good" if done else "number", right=True)
        if width >= 74:
            known = "" if entry.broken is None else f"  {broken} of {entry.n:,} broken"
            line.column(known, max(width - line.width, 1), "dim")
        lines.append(line)
    return lines
