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
from analysis.review.evaluate import allow
from tui.draw.lines import Line, Target, rule, wrapped
from tui.draw.messages import JobFinished, LineOpened
from tui.screens.base import BaseScreen
from tui.screens.form import Field, FormScreen
from tui.screens.head import review_head
from tui.screens.jobs import export_job, needs_terminal, page_job, run_job, sign_job, verify_job
from tui.screens.pick import TextScreen
from tui.screens.signoff_lines import INDENT, NO_REASON, decision_lines, finding_lines, state_lines
from tui.widgets.line_view import LineView

if TYPE_CHECKING:
    from collections.abc import Callable

RELEASE = "Release decision"
"""The field of the report that this screen is about."""
ROWS_OF_THE_DECISION = 18
"""Rows that are kept for head, decision and keys; where the fields do not fit beside them, a field is one line."""
WIDE_INDENT = 34
"""Cells of the names of the report's fields from 100 columns on, where the longest name fits."""


class SignoffScreen(BaseScreen):
    """The report as it would be written now; hold and reject are always possible."""

    NAME: ClassVar[str] = "signoff"

    def __init__(self) -> None:
        super().__init__()
        self.decision: Decision | None = None
        self.reason = ""
        self.folder: Path | None = None
        self.results: list[tuple[str, bool]] = []
        self._fields: dict[str, list[str]] = {}

    def compose_body(self) -> Iterable[Widget]:
        yield LineView(self.console_app.colours, widget_id="signoff")

    def on_mount(self) -> None:
        super().on_mount()
        self.focus_body()

    def focus_body(self) -> None:
        self.set_focus(self.query_one("#signoff"))

    def head_lines(self, width: int) -> Sequence[Line]:
        return review_head(self.session, width)

    @property
    def promotable(self) -> bool:
        """Whether the gates allow promotion now."""
        return allow(self.session.gates())

    def reload(self) -> None:
        given = self.session.gate_input()
        if self.decision is None and given.state.decision is not None:
            self.decision, self.reason = given.state.decision.decision, given.state.decision.reason
        if self.decision == "promote" and not self.promotable:
            self.decision = None
        view = self.query_one("#signoff", LineView)
        view.show_lines(self.signoff_lines(max(self.size.width - 1, 40)), top=not view.lines)

    def signoff_lines(self, width: int) -> list[Line]:
        """The whole screen below its head."""
        lines = self._field_lines(width)
        lines.append(rule(width))
        lines += decision_lines(self.session.gates(), self.decision, self.reason, width)
        lines.append(rule(width))
        lines += state_lines(self.session, self.folder, width)
        lines += [rule(width), *finding_lines(self.session, width)]
        for text, ok in self.results:
            lines += wrapped("", text, width, indent=2, style="text" if ok else "bad")
        return lines

    def _field_lines(self, width: int) -> list[Line]:
        from analysis.report.build import statement

        made = statement(self.session, self.decision or "hold", self.reason or NO_REASON)
        self._fields = {entry["field"]: entry["sentences"] for entry in made["predicate"]["fields"]}
        indent = INDENT if width < 100 else WIDE_INDENT
        fields = {name: said for name, said in self._fields.items() if name != RELEASE}
        full = [
            line
            for field, sentences in fields.items()
            for number, sentence in enumerate(sentences)
            for line in wrapped("" if number else f" {field}", sentence, width, indent=indent)
        ]
        if len(full) <= self.size.height - ROWS_OF_THE_DECISION:
            return full
        lines: list[Line] = []
        for field, sentences in fields.items():
            line = Line(Target("choice", field)).add(" ").column(field, indent - 2, "dim").add(" ")
            lines.append(line.column(" · ".join(sentences), width - line.width))
        return lines

    def opened(self, message: LineOpened) -> None:
        if message.target.kind != "choice":
            super().opened(message)
            return
        field = message.target.name
        sentences = self._fields.get(field, [])

        def build(width: int) -> list[Line]:
            return [
                line for sentence in sentences for line in [*wrapped(" •", sentence, width, indent=3), Line()]
            ]

        self.app.push_screen(TextScreen(self.console_app.colours, field, build))

    def unavailable(self, identifier: str) -> str | None:
        reason = super().unavailable(identifier)
        if reason is not None:
            return reason
        if identifier == "decision.promote" and not self.promotable:
            return "the gates do not allow it"
        if identifier == "report.export":
            if self.decision is None:
                return "choose promote, hold or reject first"
            if not self.reason.strip():
                return "a decision needs a reason: e"
        if identifier in ("report.sign", "report.verify") and self._latest_folder() is None:
            return "nothing is exported yet: E"
        return None

    def _latest_folder(self) -> Path | None:
        if self.folder is not None:
            return self.folder
        found = sorted(
            (path.parent for path in (self.session.store / "report").glob("*/SHA256SUMS")),
            key=lambda folder: folder.stat().st_mtime_ns,
        )
        return found[-1] if found else None

    def _choose(self, decision: Decision) -> None:
        self.decision = decision
        self.reload()
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
        self.entry.ask("reason", "reason", self.reason)

    def entered(self, purpose: str, text: str) -> None:
        if purpose == "reason":
            self.reason = text.strip()
            self.reload()
            self.show_bars()
        elif purpose == "allowed":
            path = Path(text.strip()).expanduser()
            folder = self._latest_folder()
            if not path.is_file():
                raise AssayError(
                    "there is no such file",
                    where=str(path),
                    hint="a file in the format of ssh-keygen's ALLOWED SIGNERS",
                )
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
            key = Path(values["key"].strip()).expanduser() if values["key"].strip() else None
            if key is not None and not key.is_file():
                raise AssayError(
                    "there is no such key",
                    where=str(key),
                    hint="empty: the first key of the agent, else ~/.ssh/id_ed25519",
                )
            typed = values["decision"].strip()
            if typed != decision:
                raise AssayError(f"its decision is {decision}: type that", hint="esc leaves it unsigned")
            self._sign(folder, key, values["principal"].strip() or None, shown, typed)

        paragraphs = [
            f"Signs {folder.name}, {decision}. {shown[-1]}",
            "Type the decision that you read. Empty key: the first key of your SSH agent, else ~/.ssh/id_ed25519. "
            "Empty name: the comment of the key.",
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

    def _start(self, name: str, job: Callable[[], tuple[list[str], str, bool]]) -> None:
        self.console_app.busy = name
        self.notice(f"{name} …")
        self.show_bars()
        self._work(name, job)

    @work(thread=True, exclusive=True, group="report")
    def _work(self, name: str, job: Callable[[], tuple[list[str], str, bool]]) -> None:
        self.post_message(run_job(name, job))

    @on(JobFinished)
    def _finished(self, message: JobFinished) -> None:
        self.console_app.busy = ""
        if message.name == "read the report" and message.ok:
            self.notice("")
            self._show_what_is_signed(list(message.lines), message.result)
            return
        if message.name == "export" and message.ok:
            self.folder = Path(message.result)
        self.results = [(line, message.ok or line.startswith("✓")) for line in message.lines]
        self.reload_guarded()
        words = (
            f"{message.name}: done"
            if message.ok
            else f"{message.name}: {message.lines[0] if message.lines else 'failed'}"
        )
        if message.name == "verify":
            words = (
                "verified: every check holds" if message.ok else "verify: NOT verified, see the checks above"
            )
        self.notice(words, "saved" if message.ok else "bad")
        self.query_one("#signoff", LineView).action_edge(1)
