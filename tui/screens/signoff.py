"""The sign-off: the report's fields, the decision with its reason, export, signature and verification."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import SuspendNotSupported
from textual.widget import Widget

from analysis.base.errors import AssayError
from analysis.base.review_records import Decision
from analysis.store.signatures import latest_report, reports_of, signed_by
from tui.draw.lines import Line, wrapped
from tui.draw.messages import JobFinished, LineOpened
from tui.draw.safe_text import as_written
from tui.screens.base import BaseScreen
from tui.screens.form import Field, FormScreen
from tui.screens.frame import FAILURES
from tui.screens.head import review_head
from tui.screens.jobs import (
    default_key,
    evidence_job,
    export_job,
    needs_terminal,
    page_job,
    run_job,
    sign_job,
    verify_job,
)
from tui.screens.pick import TextScreen
from tui.screens.record_lines import record_lines
from tui.screens.signoff_lines import (
    DECISION_ROWS,
    Deciding,
    blocking_lines,
    check_lines,
    decision_lines,
    field_lines,
    finding_lines,
)
from tui.screens.signoff_refusals import (
    SIGNERS_LINE,
    check_typed,
    key_file,
    signers_file,
    why_not_export,
    why_not_promote,
    why_not_sign,
)
from tui.widgets.entry import EDITOR_KEY
from tui.widgets.line_view import Bar, LineView

if TYPE_CHECKING:
    from collections.abc import Callable

    from analysis.base.gate_records import GateInput

MOST_SHOWN = 4
"""Sentences of a folded field that a high screen shows."""
SOON = 0.01
"""Seconds after which the fields are read: the screen is drawn first."""


class SignoffScreen(BaseScreen):
    """The report as it would be written now; the decision stays in sight, and hold and reject are always possible."""

    NAME: ClassVar[str] = "signoff"
    DEFAULT_CSS = f"""
    SignoffScreen #signoff {{ height: 1fr; }}
    SignoffScreen #decision {{ height: {DECISION_ROWS}; }}
    """

    def __init__(self) -> None:
        super().__init__()
        self.decision: Decision | None = None
        self.reason = ""
        self.folder: Path | None = None
        self.results: list[tuple[str, bool]] = []
        self.opened_fields: frozenset[str] = frozenset()
        self._checked: bool | None = None
        self._fields: dict[str, list[str]] | None = None
        self._asked_at: GateInput | None = None
        self._begun = False
        self._half: str | None = None

    def body(self) -> Widget:
        """Fields above, decision below."""
        from textual.containers import Vertical

        return Vertical(id="body")

    def compose_body(self) -> Iterable[Widget]:
        colours = self.console_app.colours
        yield LineView(colours, widget_id="signoff")
        yield Bar(colours, widget_id="decision")

    def on_mount(self) -> None:
        super().on_mount()
        self.focus_body()
        self._check_evidence()

    def focus_body(self) -> None:
        self.set_focus(self.query_one("#signoff"))

    def head_lines(self, width: int) -> Sequence[Line]:
        return review_head(self.session, width)

    @property
    def _written(self) -> str:
        """The reason as far as it is written, also in a line that was left."""
        return self.reason if self._half is None else self._half

    def reload(self) -> None:
        given = self.session.gate_input()
        if not self._begun:
            self._begin()
        if self.decision == "promote" and why_not_promote(self.session.gates()):
            self.decision = None
        if self._asked_at is not given:
            # What the report would say depends on the events alone: read once for each, after the screen is drawn.
            self._asked_at = given
            if self.console_app.preview.fields is None:
                self.set_timer(SOON, self._read_fields)
            else:
                self._fields = self.console_app.preview.fields
        self._show()

    def _begin(self) -> None:
        """Start from the draft of before, else from what was decided last."""
        self._begun = True
        self.decision, self.reason = self.session.decision_draft()
        made = self.session.gate_input().state.decision
        if made is not None and self.decision is None and not self.reason:
            self.decision, self.reason = made.decision, made.reason

    def _read_fields(self) -> None:
        """Read a part of the fields, and the next after the keys that were pressed meanwhile."""
        if self.console_app.busy:
            # Whoever works on the review has it alone; what it left is read when it is done.
            self._asked_at = None
            return
        try:
            if self.console_app.preview.step():
                self.set_timer(SOON, self._read_fields)
                return
        except FAILURES as error:
            self.complain(error)
        else:
            self._fields = self.console_app.preview.fields
            self._show()

    def _show(self) -> None:
        view = self.query_one("#signoff", LineView)
        width = max(self.size.width - 1, 40)
        gates, findings = self.session.gates(), self.session.gate_input().state.findings
        rows = max(self.size.height - DECISION_ROWS - self.HEAD_ROWS - self.KEY_ROWS - 1, 1)
        lines = record_lines(self.session.alarms(), width)
        lines += field_lines(self._fields, self.opened_fields, min(max(rows // 12, 1), MOST_SHOWN), width)
        lines += check_lines(self.results, width)
        lines += [Line(), *blocking_lines(gates, width), Line(), *finding_lines(findings, gates, width)]
        view.show_lines(lines, top=not view.lines)
        self._show_decision()

    def _show_decision(self) -> None:
        gates, findings = self.session.gates(), self.session.gate_input().state.findings
        lines = decision_lines(gates, findings, self._deciding(), max(self.size.width, 40))
        self.query_one("#decision", Bar).show_lines(lines)

    def _deciding(self) -> Deciding:
        made, store = self.session.gate_input().state.decision, self.session.store
        required = self.session.description["review"].get("signers_required") or 1
        if made is None or (made.decision, made.reason) != (self.decision, self.reason):
            return Deciding(self.decision, self.reason, False, "", (), required, None)
        reports, signers = reports_of(store, made.event_id), signed_by(store, made.event_id)
        name = reports[-1].name if reports else ""
        return Deciding(self.decision, self.reason, True, name, signers, required, self._checked)

    def opened(self, message: LineOpened) -> None:
        if message.target.kind != "choice":
            super().opened(message)
            return
        self.opened_fields ^= {message.target.name}
        self._show()

    def unavailable(self, identifier: str) -> str | None:
        reason = super().unavailable(identifier)
        if reason is not None:
            return reason
        if identifier == "decision.promote":
            return why_not_promote(self.session.gates())
        if identifier == "report.export":
            return why_not_export(self.decision, self.reason)
        if identifier in ("report.sign", "report.verify"):
            return why_not_sign(self._latest_folder())
        return None

    def _latest_folder(self) -> Path | None:
        return self.folder or latest_report(self.session.store)

    def _choose(self, decision: Decision) -> None:
        self.decision = decision
        self._drafted()

    def _drafted(self) -> None:
        """Keep what was chosen and written so far, and show it."""
        self.session.save_decision_draft(self.decision, self._written)
        self._show_decision()
        self.show_bars()

    def do_decision_promote(self) -> None:
        """Choose promote."""
        self._choose("promote")

    def do_decision_hold(self) -> None:
        """Choose hold."""
        self._choose("hold")

    def do_decision_reject(self) -> None:
        """Choose reject."""
        self._choose("reject")

    def do_decision_reason(self) -> None:
        """Write the reason."""
        self.entry.ask("reason", "reason", self._written)
        self.notice(f"⏎ takes it · esc leaves it · {EDITOR_KEY}")

    def do_entry_editor(self) -> None:
        """Write the reason in one's own editor."""
        self.do_decision_reason()
        self.entry.edit()

    def typing(self, purpose: str, text: str) -> None:
        if purpose == "reason":
            self._half = as_written(text).strip()
            self.session.save_decision_draft(self.decision, self._written)

    def entered(self, purpose: str, text: str) -> None:
        if purpose == "reason":
            self.reason, self._half = as_written(text).strip(), None
            self._drafted()
            self.notice("kept as a draft: X records it with the report")
        elif purpose == "allowed":
            path, folder = signers_file(text), self._latest_folder()
            if folder is not None:
                self._start("verify", partial(verify_job, folder, path))

    def do_report_export(self) -> None:
        """Record the decision and write the report."""
        if self.decision is not None:
            self._start("export", partial(export_job, self.session, self.decision, self.reason))

    def do_report_sign(self) -> None:
        """Show what the exported report says, ask for its decision and a key, and sign."""
        folder = self._latest_folder()
        if folder is not None:
            self._start("read the report", partial(page_job, folder))

    def _show_what_is_signed(self, shown: list[str], decision: str) -> None:
        """The report's own words, on a page that scrolls; whoever closes it is asked to sign."""

        def build(width: int) -> list[Line]:
            return [line for sentence in shown for line in wrapped(" •", sentence, width, indent=3)]

        self.app.push_screen(
            TextScreen(self.console_app.colours, "what you sign: read it, then close it", build),
            lambda _: self._ask_to_sign(shown, decision),
        )

    def _ask_to_sign(self, shown: list[str], decision: str) -> None:
        folder = self._latest_folder()
        if folder is None:
            return

        def submit(values: dict[str, str]) -> None:
            key, typed = key_file(values["key"]), values["decision"].strip()
            check_typed(typed, decision)
            self._sign(folder, key, values["principal"].strip() or None, shown, typed)

        paragraphs = [
            f"Signs {folder.name}, {decision}. {shown[-1]}",
            f"Type the decision that you read. Empty key: {default_key()}. Empty name: the comment of the key.",
        ]
        fields = [Field("decision", "decision"), Field("key", "key file"), Field("principal", "signed by")]
        self.app.push_screen(FormScreen(self.console_app.colours, "sign", paragraphs, fields, submit))

    def _sign(
        self, folder: Path, key: Path | None, principal: str | None, shown: list[str], typed: str
    ) -> None:
        job = partial(sign_job, folder, key, principal, shown, typed)
        if not needs_terminal(key):
            self._start("sign", job)
            return
        try:
            with self.app.suspend():
                finished = run_job("sign", job)
        except SuspendNotSupported as error:
            raise AssayError(
                "this key asks for something on the terminal, which cannot be lent to it here",
                hint="sign with `assay sign DIR`, or load the key into an agent",
            ) from error
        self.post_message(finished)

    def do_report_verify(self) -> None:
        """Ask for the allowed signers and verify."""
        self.entry.ask("allowed", "allowed signers file", "")
        self.notice(SIGNERS_LINE)

    def _start(self, name: str, job: Callable[[], tuple[list[str], str, bool]]) -> None:
        self.console_app.busy = name
        self.notice(f"{name} …")
        self.show_bars()
        self._work(name, job)

    @work(thread=True, exclusive=True, group="report")
    def _work(self, name: str, job: Callable[[], tuple[list[str], str, bool]]) -> None:
        self.post_message(run_job(name, job))

    @work(thread=True, group="evidence")
    def _check_evidence(self) -> None:
        """Say so where the evidence that is decided on is not what was published; deciding refuses it as well."""
        finished = run_job("evidence", partial(evidence_job, self.session.store, self.session.run))
        if not finished.ok:
            self.post_message(finished)

    @on(JobFinished)
    def _finished(self, message: JobFinished) -> None:
        self.console_app.busy = ""
        if message.name == "read the report" and message.ok:
            self.notice("")
            self._show_what_is_signed(list(message.lines), message.result)
            return
        if message.name == "export" and message.ok:
            self.folder, self._checked = Path(message.result), None
            self.session.clear_decision_draft()
        self.results = [(line, message.ok or line.startswith("✓")) for line in message.lines]
        words = (
            f"{message.name}: done"
            if message.ok
            else f"{message.name}: {message.lines[0] if message.lines else 'failed'}"
        )
        if message.name == "verify":
            self._checked = message.ok
            words = (
                "verified: every check holds" if message.ok else "verify: NOT verified, see the checks above"
            )
        self.reload_guarded()
        self.notice(words, "saved" if message.ok else "bad")
