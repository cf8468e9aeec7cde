"""The first screen: what may be done, what changed, what blocks, and where to look first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.timer import Timer
from textual.widget import Widget

from analysis.base.records import ALL
from tui.draw.gate_lines import (
    GATE_MARKS,
    by_urgency,
    cause_lines,
    gate_head,
    gate_line,
    reason_lines,
)
from tui.draw.lines import Line, Target, first_rows, rule, text_line, wrap, wrapped
from tui.draw.messages import CursorMoved
from tui.draw.number_text import IMPROVEMENT_MARKS, improvement, value_text, value_with_interval
from tui.plugin.asked_page import AskedPage
from tui.plugin.other_candidate import column_cells, other_lines, with_other
from tui.screens.base import BaseScreen, opens_track
from tui.screens.beside import beside_lines
from tui.screens.frame import FAILURES
from tui.screens.head import review_head
from tui.screens.record_lines import record_lines
from tui.widgets.line_view import Bar, LineView

if TYPE_CHECKING:
    from analysis.base.gate_records import GateResult, Trigger
    from analysis.base.records import Metric, MetricSpec
    from analysis.review.queries import SliceProgress
    from tui.plugin.action import Action

NAME_CELLS, WHAT_CELLS = 22, 17
"""Cells of a slice's name, and of the track and metric that are measured on it."""
WIDE_NAME_CELLS, WIDE_WHAT_CELLS = 38, 30
"""The same from 100 columns on."""
COLUMNS = (("n", 6), ("base", 7), ("cand", 8), ("b/f", 8), ("seen", 8))
"""The numbers of a slice and their cells."""
WHOLE_FROM = NAME_CELLS + 3 + WHAT_CELLS + sum(cells for _, cells in COLUMNS)
"""Cells from which they stand so."""
NARROW_COLUMNS = (("n", 6), ("base", 6), ("cand", 7), ("b/f", 7), ("seen", 6))
"""The same where there are fewer: beside an example, and on a small screen, where the track is left out, too."""
TRACK_FROM = 12
"""Cells of what is measured from which the track is named there."""


BESIDE_FROM = 120
"""Cells from which the first example of the line under the cursor stands beside it."""
WITH_EXAMPLE = [(0, "-narrow"), (BESIDE_FROM, "-beside")]
"""Classes of the screen by its columns."""
RESTS = 0.08
"""Seconds after which the cursor rests on a line."""


class OverviewScreen(BaseScreen):
    """What changed, what blocks, and where to look first; every line leads to its examples."""

    NAME: ClassVar[str] = "overview"
    HORIZONTAL_BREAKPOINTS = WITH_EXAMPLE
    DEFAULT_CSS = """
    OverviewScreen #overview { width: 3fr; }
    OverviewScreen #beside { width: 2fr; height: 1fr; display: none; }
    OverviewScreen.-beside #beside { display: block; border-left: solid $panel; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._page: AskedPage | None = None
        self._soon: Timer | None = None

    def compose_body(self) -> Iterable[Widget]:
        yield LineView(self.console_app.colours, widget_id="overview")
        yield Bar(self.console_app.colours, widget_id="beside")

    def focus_body(self) -> None:
        self.set_focus(self.query_one("#overview"))

    def on_mount(self) -> None:
        super().on_mount()
        self.focus_body()

    def head_lines(self, width: int) -> Sequence[Line]:
        return review_head(self.session, width)

    def bar_actions(self) -> list[Action]:
        """The other screens first: from here a review goes on, to its end."""
        return sorted(
            super().bar_actions(), key=lambda one: not (one.id.startswith("screen.") or opens_track(one))
        )

    def reload(self) -> None:
        view = self.query_one("#overview", LineView)
        # The first picture is drawn before what stands beside it is laid out, and is not drawn twice.
        most = self.size.width * 3 // 5 if self.size.width >= BESIDE_FROM else self.size.width
        width = max(min(view.cells or most, most - 1), 20)
        view.show_lines(self.overview_lines(width), top=not view.lines)
        self._show_beside_soon()

    @on(CursorMoved)
    def _moved(self) -> None:
        self._show_beside_soon()

    def _show_beside_soon(self) -> None:
        """Show the example of the line once the cursor rests: who walks through lines waits for none."""
        if self._soon is not None:
            self._soon.stop()
            self._soon = None
        if self.query_one("#beside").display:
            self._soon = self.set_timer(RESTS, self._show_beside)

    def _show_beside(self) -> None:
        self._soon = None
        page = self._page = self._page or AskedPage(self.session)
        beside, target = self.query_one("#beside", Bar), self.query_one("#overview", LineView).target
        width, height = beside.cells - 1, beside.rows
        try:
            lines = beside_lines(self.session, page, target, self.console_app.colours, width, height)
        except FAILURES as error:
            self.complain(error)
        else:
            beside.show_lines(first_rows(lines, height, width), top=True)

    def overview_lines(self, width: int) -> list[Line]:
        """The whole screen below its head."""
        session = self.session
        folded = session.causes()
        alarms = session.alarms()
        lines = record_lines(alarms, width)
        lines += [line for one in folded.causes for line in cause_lines(one, width)]
        other = self.console_app.other
        room = width - column_cells(other, width)
        # What fails under no cause is as much a fault as a cause is, and stands beside them.
        failing = [gate for gate in folded.rest if gate.verdict == "fail"] if folded.causes else []
        if failing:
            lines += with_other(gates_lines(failing, room, "FAIL UNDER NO CAUSE"), other, width)
        notes = [note for note in session.notes() if note not in alarms]
        lines += [line for note in notes for line in wrapped(" note", note, width, indent=7, style="warn")]
        lines += other_lines(other, width)
        lines += self._changed_lines(width)
        lines.append(rule(width))
        rest = [gate for gate in folded.rest if gate not in failing]
        title = (
            "OTHER GATES UNDER NO CAUSE" if failing else "GATES UNDER NO CAUSE" if folded.causes else "GATES"
        )
        lines += with_other(gates_lines(rest, room, title), other, width)
        lines.append(rule(width))
        return lines + slices_lines(session.slices(), width)

    def _changed_lines(self, width: int) -> list[Line]:
        """What changed, track by track: its main metric, and what fired."""
        given, triggers, mains = self.session.gate_input(), self.session.triggers(), self.session.mains()
        lines: list[Line] = []
        for track in given.tracks:
            lines.append(
                text_line(f" WHAT CHANGED · {track}" if len(given.tracks) > 1 else " WHAT CHANGED", "title")
            )
            lines += main_lines(given.metrics, {track: given.specs.get(track, {})}, mains, width)
            lines += trigger_lines([one for one in triggers if one.track == track], width)
        rest = [one for one in triggers if one.track not in given.tracks]
        return lines + (
            [text_line(" WHAT ELSE CHANGED", "title"), *trigger_lines(rest, width)] if rest else []
        )

    def entered(self, purpose: str, text: str) -> None:
        self.console_app.show_example(self.session.resolve_ref(text.strip()))

    def do_example_go(self) -> None:
        """Open an example by its id."""
        self.entry.ask("go", "id")


def main_lines(
    metrics: Iterable[Metric],
    specs: Mapping[str, Mapping[str, MetricSpec]],
    mains: Mapping[str, str],
    width: int,
) -> list[Line]:
    """The metric that stands for each track: both sides and its change, with broken and fixed.

    Args:
        metrics: of the review.
        specs: what each track says of its metrics, by track and name.
        mains: the metric that stands for each track.
        width: cells there are.
    """
    found = {(one.track, one.name, one.side): one for one in metrics if one.slice == ALL}
    lines: list[Line] = []
    for track, declared in specs.items():
        spec = declared.get(mains.get(track, ""))
        if spec is None:
            continue
        base, candidate, change = (
            found.get((track, spec.name, side)) for side in ("base", "candidate", "difference")
        )
        if base is None or candidate is None or change is None or change.value is None:
            continue
        better = improvement(change.value, spec.better)
        mark, style = IMPROVEMENT_MARKS[better] if change.value else ("=", "text")
        line = Line(Target("slice", "", track=track)).add(" ").add(mark, style)
        values = " → ".join(value_text(one.value, spec.measures) for one in (base, candidate))
        line.add(f" {spec.title.lower()}  {values}  ")
        line.add(value_with_interval(change.value, change.low, change.high, "change"), style)
        fixed, broken = (found.get((track, name, "difference")) for name in ("fixed", "broken"))
        if fixed is not None and broken is not None and change.n is not None:
            counts = f"  {fixed.value or 0:.0f} fixed, {broken.value or 0:.0f} broken of {change.n:,}"
            line.add(counts if line.width + len(counts) < width - 2 else "")
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
            mark, _ = IMPROVEMENT_MARKS["worse" if trigger.worse else "better"]
            line.add(mark if number == 0 else " ", "warn" if trigger.worse else "good").add(" ").add(row)
            if number == 0 and trigger.refs:
                line.end(f"{len(trigger.refs)} ⏎", width - 1, "key")
            lines.append(line)
    fired = {trigger.name for trigger in triggers if trigger.fired}
    names = dict.fromkeys(trigger.name for trigger in triggers if trigger.name not in fired)
    quiet = [name.replace("_", " ") for name in names]
    if quiet:
        text = " · ".join(quiet) + ": nothing that can be told from noise"
        lines += [Line().add("   ").add(row, "dim") for row in wrap(text, max(width - 4, 20))]
    return lines


def gates_lines(gates: Sequence[GateResult], width: int, title: str) -> list[Line]:
    """Gates that block or warn, one by one; the others in one line.

    Args:
        gates: those that rest on no cause.
        width: cells there are.
        title: what they are.
    """
    urgent = [gate for gate in by_urgency(gates) if gate.verdict in ("fail", "unknown", "warn", "waived")]
    lines = [gate_head(title, width)]
    for gate in urgent:
        lines.append(gate_line(gate, width))
        if gate.verdict in ("fail", "unknown"):
            lines += reason_lines(gate, width)
    rest: list[str] = []
    for verdict in ("pass", "undecided", "off", "n/a"):
        count = sum(1 for gate in gates if gate.verdict == verdict)
        if count:
            rest.append(f"{GATE_MARKS[verdict][0]} {count} {verdict}")
    if rest:
        line = Line(Target("screen", "gates")).add(" ").add(" · ".join(rest), "good")
        lines.append(line.end("⏎", width - 1, "key"))
    return lines


def slices_lines(slices: Sequence[SliceProgress], width: int) -> list[Line]:
    """Slices with what is measured and how far they are seen: critical ones first, then by net broken."""
    name, what = (NAME_CELLS, WHAT_CELLS) if width < 100 else (WIDE_NAME_CELLS, WIDE_WHAT_CELLS)
    columns = COLUMNS
    if width < WHOLE_FROM:
        columns = NARROW_COLUMNS
        room = width - 3 - sum(cells for _, cells in columns)
        what = min(WHAT_CELLS, max(room // 3, room - NAME_CELLS))
        name = room - what
    title = " SLICES BY NET BROKEN" if name + 3 > len(" SLICES BY NET BROKEN") else " SLICES"
    head = Line().add(title, "title").to(name + 3).column("measured", what, "dim")
    for title, cells in columns:
        head.column(title, cells, "dim", right=True)
    lines = [head]
    for entry in slices:
        if entry.kind == "all" or not (entry.critical or entry.broken or entry.fixed):
            continue
        line = Line(Target("slice", entry.slice, track=entry.track)).add(" ")
        line.column(entry.slice, name - 2, "strong" if entry.critical else "text")
        line.add(" ◆ " if entry.critical else "   ", "critical").to(name + 3)
        measured = entry.title.lower()
        line.column(measured if what < TRACK_FROM else f"{entry.track} {measured}", what, "dim")
        change = None
        if entry.base is not None and entry.candidate is not None:
            change = entry.candidate - entry.base
        better = improvement(change, entry.better)
        mark, style = IMPROVEMENT_MARKS[better]
        broken, fixed = entry.broken or 0, entry.fixed or 0
        counts = "–" if entry.broken is None else f"{broken}/{fixed}"
        done = entry.queued > 0 and entry.undecided == 0
        values = (
            (f"{entry.n:,}", "text"),
            (value_text(entry.base, entry.measures), "dim"),
            (f"{mark if better else ' '} {value_text(entry.candidate, entry.measures)}", style),
            (counts, "bad" if broken > fixed else "text"),
            (f"{entry.seen}/{entry.queued}", "good" if done else "number"),
        )
        for (_, size), (text, tone) in zip(columns, values, strict=True):
            line.column(text, size, tone, right=True)
        lines.append(line)
    return lines
