"""The gates as a list, what blocks first, with the detail of one: waive it, or record a finding on it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.widget import Widget

from analysis.base.gate_records import GateResult
from tui.draw import clipboard
from tui.draw.gate_lines import folded_gates, gate_head, gate_value, in_listed_order
from tui.draw.lines import Line, Target, text_line
from tui.draw.messages import CursorMoved, LineOpened
from tui.draw.safe_text import printable
from tui.plugin.other_candidate import column_cells, with_other
from tui.screens.base import BaseScreen
from tui.screens.gate_detail import definition_lines, detail_lines
from tui.screens.head import review_head
from tui.screens.record_forms import finding_form, waiver_form
from tui.widgets.line_view import LineView

if TYPE_CHECKING:
    from tui.plugin.console import Subject


class GatesScreen(BaseScreen):
    """A list of gates, what blocks first, and the detail of one: beside it from 100 columns, else on Enter."""

    NAME: ClassVar[str] = "gates"
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
        colours = self.console_app.colours
        yield LineView(colours, widget_id="gate-list")
        yield LineView(colours, widget_id="gate-detail")

    def on_mount(self) -> None:
        super().on_mount()
        self.focus_body()

    def focus_body(self) -> None:
        self.set_focus(self.query_one("#gate-detail" if self.has_class("detail") else "#gate-list"))

    def head_lines(self, width: int) -> Sequence[Line]:
        return review_head(self.session, width)

    def show(self, subject: Subject) -> None:
        """Show the detail of a gate by its key; None leaves the list as it is."""
        if not isinstance(subject, str):
            return
        self.key = subject
        self.add_class("detail")
        if self.is_mounted:
            self.focus_body()
            self.reload_soon()

    @property
    def subject(self) -> str | None:
        return self.key

    @property
    def gate(self) -> GateResult | None:
        """The gate that is shown."""
        return next((gate for gate in self.session.gates() if gate.key == self.key), None)

    def reload(self) -> None:
        folded = self.session.causes()
        gates = in_listed_order(folded)
        view = self.query_one("#gate-list", LineView)
        width = max((view.size.width or self.size.width) - 1, 30)
        other = self.console_app.other
        room = width - column_cells(other, width)
        lines = (
            [
                gate_head("GATES", room).add(f"   {other.version}" if other else "", "dim").cropped(width),
                *with_other(folded_gates(folded, room), other, width),
            ]
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
        self.end_notice()
        view = self.query_one("#gate-detail", LineView)
        gate = self.gate
        if not view.display or gate is None:
            return
        width = max((view.size.width or self.size.width) - 2, 30)
        view.show_lines(detail_lines(self.session, gate, width, self.console_app.other), top=top)

    @on(CursorMoved)
    def _moved(self, message: CursorMoved) -> None:
        if message.view_id == "gate-list" and message.target is not None:
            self.key = message.target.name
            self._show_detail(top=True)

    def opened(self, message: LineOpened) -> None:
        if message.target.kind == "gate":
            self.show(message.target.name)
        else:
            super().opened(message)

    def do_slice_next(self) -> None:
        """The next gate."""
        self._step_gate(1)

    def do_slice_previous(self) -> None:
        """The previous gate."""
        self._step_gate(-1)

    def _step_gate(self, step: int) -> None:
        keys = [gate.key for gate in in_listed_order(self.session.causes())]
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

    def do_gate_waive(self) -> None:
        """Waive the gate that is shown."""
        if self.gate is not None:
            self.app.push_screen(waiver_form(self.console_app.colours, self.session, self.gate), self._waived)

    def _waived(self, saved: bool | None) -> None:
        if saved:
            self.after_write()
            self.notice(f"saved  waiver  {self.key}", "saved")

    def do_finding_record(self) -> None:
        """Record a finding on the gate that is shown."""
        gate = self.gate
        if gate is not None:
            form = finding_form(self.console_app.colours, self.session, gate.key, gate.refs[:20])
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

        session = self.session

        def build(width: int) -> list[Line]:
            return definition_lines(session, gate, width)

        self.app.push_screen(TextScreen(self.console_app.colours, gate.key, build))

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
            self.reload_soon()
        else:
            super().do_app_back()
