"""The gates, one by one: what each protects, its numbers, its findings, and the examples behind it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import BindingType
from textual.widget import Widget

from analysis.base.records import ALLOWING, GateResult
from analysis.review.scope import Scope
from tui.draw import clipboard
from tui.draw.figures import interval, plural
from tui.draw.gate_lines import GATE_MARKS, by_urgency, gate_head, gate_line, gate_value
from tui.draw.lines import Line, Target, rule, text_line, wrapped
from tui.draw.messages import CursorMoved, LineOpened
from tui.draw.metric_lines import decisive, metric_lines
from tui.draw.safe_text import printable
from tui.plugin.actions import bindings
from tui.screens.base import BaseScreen
from tui.screens.overview import review_head
from tui.screens.record_forms import finding_form, waiver_form
from tui.tracks.intent.probes_screen import PROBED_GATES
from tui.widgets.line_view import LineView

if TYPE_CHECKING:
    from analysis.base.records import GateInput, Metric

INDENT = 13
"""Cells of the labels of a gate's detail."""
SHOWN_EXAMPLES = 60
"""Examples listed in the detail of a gate; Enter on the count opens all of them."""


class GatesScreen(BaseScreen):
    """A list of gates, what blocks first, and the detail of one: beside it from 100 columns, else on Enter."""

    NAME: ClassVar[str] = "gates"
    BINDINGS: ClassVar[list[BindingType]] = bindings("gates")
    DEFAULT_CSS = """
    GatesScreen #gate-list { width: 1fr; }
    GatesScreen #gate-detail { width: 1fr; display: none; }
    GatesScreen.-wide #gate-list { width: 46%; }
    GatesScreen.-broad #gate-list { width: 46%; }
    GatesScreen.-wide #gate-detail, GatesScreen.-broad #gate-detail {
        display: block; border-left: solid $panel; padding: 0 0 0 1;
    }
    GatesScreen.detail.-narrow #gate-list { display: none; }
    GatesScreen.detail.-narrow #gate-detail { display: block; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.key: str | None = None

    def compose_body(self) -> Iterable[Widget]:
        look = self.console_app.look
        yield LineView(look, widget_id="gate-list")
        yield LineView(look, widget_id="gate-detail")

    def on_mount(self) -> None:
        super().on_mount()
        self.focus_body()

    def focus_body(self) -> None:
        self.set_focus(self.query_one("#gate-detail" if self.has_class("detail") else "#gate-list"))

    def head_lines(self, width: int) -> Sequence[Line]:
        return review_head(self, width)

    def show(self, key: str) -> None:
        """Show the detail of a gate."""
        self.key = key
        self.add_class("detail")
        if self.is_mounted:
            self.focus_body()
            self.call_after_refresh(self.reload_guarded)

    @property
    def gate(self) -> GateResult | None:
        """The gate that is shown."""
        return next((gate for gate in self.session.gates() if gate.key == self.key), None)

    def reload(self) -> None:
        gates = by_urgency(self.session.gates())
        view = self.query_one("#gate-list", LineView)
        width = max((view.size.width or self.size.width) - 1, 30)
        lines = (
            [gate_head("GATES", width), *(gate_line(gate, width) for gate in gates)]
            if gates
            else [text_line(" no gates", "warn")]
        )
        view.show_lines(lines, top=not view.lines)
        if self.key is None and gates:
            self.key = gates[0].key
        elif self.key is not None:
            view.go_to(Target("gate", self.key))
        self._show_detail()

    def _show_detail(self, *, top: bool = False) -> None:
        view = self.query_one("#gate-detail", LineView)
        gate = self.gate
        if not view.display or gate is None:
            return
        width = max((view.size.width or self.size.width) - 2, 30)
        view.show_lines(self.detail_lines(gate, width), top=top)

    def detail_lines(self, gate: GateResult, width: int) -> list[Line]:
        """Everything about one gate."""
        given = self.session.gate_input()
        mark, style = GATE_MARKS[gate.verdict]
        head = Line().add(" ").add(gate.key, "strong")
        words = f"{mark} {gate.verdict.upper()} · {'blocking' if gate.blocking else 'advisory'}"
        lines = [head.end(words, width - 1, style)]
        if lines[0].width < width - 1 - len(words):
            lines.append(Line().add(" ").add(words, style))
        lines += wrapped(" protects", gate.protects, width, indent=INDENT)
        lines.append(rule(width))
        value = f"{gate_value(gate)} {interval(gate.low, gate.high)}".strip()
        if gate.n is not None:
            value += f"   n {gate.n:,}"
        lines += wrapped(" value", value, width, indent=INDENT, style="number")
        lines += wrapped(" limit", gate.threshold or "–", width, indent=INDENT)
        lines += wrapped(" why", gate.why or "–", width, indent=INDENT, style=style)
        if gate.name in PROBED_GATES and gate.slice is not None:
            line = Line(Target("probes", gate.slice)).column(" probes", INDENT, "dim")
            lines.append(line.add("base against candidate, worst texts first").end("d ⏎", width - 1, "key"))
        lines += _rule_lines(gate, given, width)
        if gate.slice is not None:
            named = self.session.metrics(track=gate.track, slice=gate.slice)
            lines += metric_lines(decisive(gate.name, named)[0], width)
            lines += self._sentence_lines(gate.slice, gate.track, width)
        lines.append(rule(width))
        lines += self._record_lines(gate, given, width)
        lines.append(rule(width))
        return lines + self._example_lines(gate, width)

    def _metrics_of(self, gate: GateResult) -> list[Metric]:
        """Metrics of the gate's slice; those of a class stand under `label=CLASS`, too."""
        named = self.session.metrics(track=gate.track, slice=gate.slice or "all")
        if gate.slice is None:
            return named
        return [*named, *self.session.metrics(track=gate.track, slice=f"label={gate.slice}")]

    def _sentence_lines(self, name: str, track: str, width: int) -> list[Line]:
        """What is known of a slice, of its rest, and of future traffic: three sentences, never merged."""
        if not any(entry.slice == name and entry.track == track for entry in self.session.slices()):
            return []
        known, this_slice, future = self.session.slice_sentences(name, track)
        lines: list[Line] = []
        for label, sentence in ((" known", known), (" this slice", this_slice), (" future", future)):
            lines += wrapped(label, sentence, width, indent=INDENT)
        return lines

    def _record_lines(self, gate: GateResult, given: GateInput, width: int) -> list[Line]:
        state = given.state
        flagged = given.flagged.get(gate.key, ())
        lines: list[Line] = []
        if flagged:
            caused = {record.ref for record in state.verdicts if record.cause}
            done = sum(1 for ref in flagged if ref in caused)
            text = f"{done} of {len(flagged)} flagged have a verdict with a cause"
            line = Line(
                Target("examples", gate.key, tuple(ref for ref in flagged if ref not in caused) or flagged)
            )
            line.column(" analysis", INDENT, "dim").add(text, "good" if done == len(flagged) else "warn")
            lines.append(line.end("⏎ next", width - 1, "key"))
        findings = [finding for finding in state.findings if finding.gate == gate.key]
        for number, finding in enumerate(findings):
            label = f" {plural(len(findings), 'finding')}" if number == 0 else ""
            text = f"{finding.severity}: “{finding.text}” {finding.reviewer}"
            text += f"; evidence: {finding.evidence}" if finding.evidence else ""
            lines += wrapped(label, text, width, indent=INDENT)
        if not findings:
            lines += wrapped(" findings", "none yet: F records one", width, indent=INDENT, style="dim")
        waivers = [waiver for waiver in state.waivers if waiver.key == gate.key]
        for waiver in waivers:
            text = f"{waiver.reviewer} until {waiver.expires}: {waiver.reason}"
            lines += wrapped(" waiver", text, width, indent=INDENT, style="warn")
        if not waivers and gate.verdict not in ALLOWING:
            lines += wrapped(
                " waiver",
                "none; W accepts this value in this run, with a reason",
                width,
                indent=INDENT,
                style="dim",
            )
        return lines

    def _example_lines(self, gate: GateResult, width: int) -> list[Line]:
        if not gate.refs:
            return [text_line(" no examples stand behind this gate", "dim")]
        head = Line(Target("examples", gate.key, gate.refs)).add(
            f" {plural(len(gate.refs), 'example')}", "title"
        )
        lines = [head.add(", worst first", "dim").end("all ⏎", width - 1, "key")]
        scope = Scope(refs=gate.refs, everything=True)
        from tui.widgets.example_list import example_line

        for row in self.session.queue_page(scope, 0, SHOWN_EXAMPLES):
            line = example_line(row, width)
            line.target = Target("ref", row.ref, gate.refs)
            lines.append(line)
        return lines

    @on(CursorMoved)
    def _moved(self, message: CursorMoved) -> None:
        if message.view_id == "gate-list" and message.target is not None:
            self.key = message.target.name
            self._show_detail(top=True)

    def opened(self, message: LineOpened) -> None:
        if message.target.kind == "gate":
            self.show(message.target.name)
        else:
            self.console_app.follow(message.target)

    def do_slice_next(self) -> None:
        """The next gate."""
        self._step_gate(1)

    def do_slice_previous(self) -> None:
        """The previous gate."""
        self._step_gate(-1)

    def _step_gate(self, step: int) -> None:
        keys = [gate.key for gate in by_urgency(self.session.gates())]
        if keys:
            here = keys.index(self.key) if self.key in keys else -1
            self.key = keys[(here + step) % len(keys)]
            self.query_one("#gate-list", LineView).go_to(Target("gate", self.key))
            self._show_detail(top=True)

    def unavailable(self, identifier: str) -> str | None:
        reason = super().unavailable(identifier)
        if reason is None and identifier == "gate.waive":
            gate = self.gate
            if gate is None:
                return "no gate is chosen"
            if gate.verdict not in ("fail", "unknown"):
                return f"{gate.key} is {gate.verdict}: only what fails or is unknown can be waived"
            return gate.waiver_blocked or None
        return reason

    def do_probes_open(self) -> None:
        """Show the probes of the gate that is shown, or those that move most."""
        gate = self.gate
        probed = gate is not None and gate.name in PROBED_GATES
        self.console_app.show_probes(gate.slice if gate is not None and probed else None)

    def do_gate_waive(self) -> None:
        """Waive the gate that is shown."""
        if self.gate is not None:
            self.app.push_screen(waiver_form(self.console_app.look, self.session, self.gate), self._waived)

    def _waived(self, saved: bool | None) -> None:
        if saved:
            self.after_write()
            self.notice(f"saved  waiver  {self.key}", "saved")

    def do_finding_record(self) -> None:
        """Record a finding on the gate that is shown."""
        gate = self.gate
        if gate is not None:
            form = finding_form(self.console_app.look, self.session, gate.key, gate.refs[:20])
            self.app.push_screen(form, self._found)

    def _found(self, saved: bool | None) -> None:
        if saved:
            self.after_write()
            self.notice(f"saved  finding  {self.key}", "saved")

    def do_view_numbers(self) -> None:
        """Every metric of the gate's slice."""
        from tui.screens.pick import TextScreen

        gate = self.gate
        if gate is None:
            return

        def build(width: int) -> list[Line]:
            lines = self.detail_lines(gate, width)
            read, beside = decisive(gate.name, self._metrics_of(gate))
            lines += [rule(width), text_line(" WHAT DECIDED IT", "title")]
            lines += metric_lines(read, width, methods=True) or [text_line(" no metric", "dim")]
            if beside:
                lines += [rule(width), text_line(" MEASURED BESIDE IT", "title")]
                lines += metric_lines(beside, width, methods=True)
            return lines

        self.app.push_screen(TextScreen(self.console_app.look, gate.key, build))

    def do_example_copy(self) -> None:
        """Copy the gate as one line."""
        gate = self.gate
        if gate is not None:
            text = f"{gate.key}\t{gate.verdict}\t{gate_value(gate)}\t{gate.threshold}\t{gate.why}"
            self.notice(clipboard.copy(printable(text), self.console_app.osc52))

    def do_app_back(self) -> None:
        """From the detail to the list, from the list back."""
        if self.has_class("detail") and not self.entry.is_open:
            self.remove_class("detail")
            self.focus_body()
            self.call_after_refresh(self.reload_guarded)
        else:
            super().do_app_back()


def _rule_lines(gate: GateResult, given: GateInput, width: int) -> list[Line]:
    found = given.rules.get(gate.name)
    if found is None:
        return []
    lines: list[Line] = []
    for loosened in found.loosened:
        lines += wrapped(" loosened", f"{loosened}: {found.reason or ''}", width, indent=INDENT, style="warn")
    if found.thresholds:
        text = ", ".join(f"{name} {value:g}" for name, value in found.thresholds.items())
        lines += wrapped(" thresholds", text, width, indent=INDENT, style="dim")
    return lines
