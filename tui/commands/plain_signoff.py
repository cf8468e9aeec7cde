"""The sign-off of the linear front-end: what the report says, the decision, export, signature and check."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from analysis.base.review_records import DECISIONS, Decision
from analysis.review.evaluate import blocking
from tui.draw.number_text import plural
from tui.draw.safe_text import as_written
from tui.screens.signoff_refusals import (
    check_allowed,
    check_typed,
    key_file,
    signers_file,
    why_not_export,
    why_not_promote,
    why_not_sign,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from analysis.review.session import ReviewSession

LETTERS: dict[str, Decision] = {name[0]: name for name in DECISIONS}
"""Letters of the decisions: p, h and r."""
TEXTS = {
    "i": "reason",
    "S": "key file, empty for the first of your agent or the usual one",
    "C": "allowed signers file",
}
"""Letters that a text follows here, and what it is."""
HELP = (
    "p promote, h hold, r reject; i TEXT gives the reason; X records both and writes the report; S KEY signs it; "
    "C FILE checks it against a file of allowed signers; 6 says all of it again; 2 goes back to the examples"
)
PROMPT = "p h r i X S C 2 q > "


class PlainSignoff:
    """The sign-off of one review, line by line; a draft is kept as in the console.

    Args:
        session: the review, open.
        say: prints one line.
        ask: asks for a line; what is in brackets is taken where none is given.
    """

    def __init__(
        self, session: ReviewSession, say: Callable[[str], None], ask: Callable[[str, str], str]
    ) -> None:
        self.session = session
        self.say = say
        self.ask = ask
        self.decision, self.reason = session.decision_draft()
        self.folder: Path | None = None

    def show(self) -> None:
        """What is wrong with the record, the fields of the report, what blocks, and what is decided so far."""
        from analysis.report.preview import Preview

        for one in self.session.alarms():
            self.say(f"record: {one}")
        for name, sentences in Preview(self.session).whole().items():
            more = f" (and {len(sentences) - 1} more)" if len(sentences) > 1 else ""
            self.say(f"{name}: {sentences[0] if sentences else 'nothing to report'}{more}")
        against = blocking(self.session.gates())
        self.say(
            f"{plural(len(against), 'gate')} against promotion" if against else "no gate is against promotion"
        )
        self._show_draft()
        self.say(HELP)

    def _show_draft(self) -> None:
        self.say(f"decision: {self.decision or 'none yet'}; reason: {self.reason or 'none yet'}")

    def answer(self, text: str) -> bool:
        """Do what one answer says; False where it is none of the sign-off. Raises AssayError where it is refused."""
        letter, _, rest = text.partition(" ")
        if letter in LETTERS and not rest:
            self._choose(LETTERS[letter])
        elif letter == "i":
            self.reason = as_written(rest.strip() or self.ask(TEXTS["i"], self.reason))
            self._keep()
        elif letter == "X" and not rest:
            self._export()
        elif letter == "S":
            self._sign(rest.strip())
        elif letter == "C":
            self._check(rest.strip())
        else:
            return False
        return True

    def _choose(self, decision: Decision) -> None:
        if decision == "promote":
            check_allowed(why_not_promote(self.session.gates()))
        self.decision = decision
        self._keep()

    def _keep(self) -> None:
        self.session.save_decision_draft(self.decision, self.reason)
        self._show_draft()

    def _export(self) -> None:
        from tui.screens.jobs import export_job

        decision = self.decision
        check_allowed(why_not_export(decision, self.reason))
        assert decision is not None
        lines, folder, _ = export_job(self.session, decision, self.reason)
        self.folder = Path(folder)
        self.session.clear_decision_draft()
        for line in lines:
            self.say(line)

    def _exported(self) -> Path:
        from analysis.store.signatures import latest_report

        folder = self.folder or latest_report(self.session.store)
        check_allowed(why_not_sign(folder))
        assert folder is not None
        return folder

    def _sign(self, key: str) -> None:
        from tui.screens.jobs import page_job, sign_job

        folder, path = self._exported(), key_file(key)
        sentences, decision, _ = page_job(folder)
        for sentence in sentences:
            self.say(f"you sign: {sentence}")
        typed = self.ask("type the decision that you read", "")
        check_typed(typed, decision)
        principal = self.ask("signed by, empty for the comment of the key", "")
        lines, _, _ = sign_job(folder, path, principal or None, sentences, typed)
        for line in lines:
            self.say(line)

    def _check(self, allowed: str) -> None:
        from tui.screens.jobs import verify_job

        folder = self._exported()
        path = signers_file(allowed or self.ask(TEXTS["C"], ""))
        lines, decision, ok = verify_job(folder, path)
        for line in lines:
            self.say(line)
        self.say(f"verified: {decision}" if ok else "NOT verified")
