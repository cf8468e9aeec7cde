"""Saying of each answer by itself what it does: a grid on the page, a key for each word, and enter for the rest."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from textual import on

from tui.draw.messages import CursorMoved
from tui.plugin.asked_page import BY_ITSELF, IS_KNOWN, NOT_BY_ITSELF
from tui.plugin.label_page import ASK
from tui.screens.annotate import AnnotateScreen
from tui.screens.base import opens_track
from tui.screens.example import EVIDENCE

if TYPE_CHECKING:
    from analysis.base.review_records import Answer
    from tui.draw.messages import LineOpened
    from tui.plugin.action import Action

HERE = f"{BY_ITSELF}: + yes, - no, enter none of the rest"
AGAIN = f"{BY_ITSELF}: l asks again"
AREA = "label."
MOVES = ("label.left", "label.right")
TITLES = {"verdict.repeat": "as before", "view.method": "look first"}
ON_PAGE = (
    "label.done",
    "label.left",
    "label.yes",
    "label.no",
    "verdict.unsure",
    "verdict.repeat",
    "view.method",
    "annotation.undo",
    "example.next-undecided",
    "example.previous",
    "annotation.note",
    "annotation.blocker",
    "annotation.mark",
    "whatif.open",
    "example.list",
    "app.help",
    "app.palette",
)
"""What the key line of such a page shows, most used first."""
ONLY_CLOSED = ("verdict.repeat", "view.method", "example.next-undecided")


class LabelScreen(AnnotateScreen):
    """An example screen that can ask of each answer by itself."""

    def go_on(self, said: str) -> None:
        """Show the next undecided example, and say what was saved of this one."""
        raise NotImplementedError

    def action_do(self, identifier: str) -> None:
        """Do an action; what a page that asks of each answer has no use for is told without the key's own title."""
        reason = self._not_labelled(self.console_app.actions[identifier])
        if reason is not None and identifier.startswith(("verdict.", AREA)):
            self.notice(reason, "warn")
        else:
            super().action_do(identifier)

    def unavailable(self, identifier: str) -> str | None:
        return self._not_labelled(self.console_app.actions[identifier]) or super().unavailable(identifier)

    def _not_labelled(self, entry: Action) -> str | None:
        """Why what is asked of each answer by itself leaves no room for an action, or asks for none; or None."""
        page = self.page
        if self.ref is None or page.variant:
            return None
        if entry.id.startswith(AREA):
            return self._no_label(entry.id)
        if entry.id.startswith("verdict.") and page.asks and (page.closed or page.known is None):
            if page.grid is None:
                return AGAIN
            allowed = entry.id == "verdict.unsure" or (
                entry.id == "verdict.repeat" and page.earlier is not None
            )
            return None if allowed else HERE
        hidden = page.grid is not None and not page.closed and self._shows_evidence(entry)
        return "esc leaves this page first" if hidden else None

    def _no_label(self, identifier: str) -> str | None:
        """Why a key of the page that asks of each answer by itself cannot be used, or None."""
        page = self.page
        if not page.asks:
            return NOT_BY_ITSELF
        if not self.evidence_view.display:
            return "the list is shown: o goes back"
        if page.grid is None and not page.closed and page.known is not None:
            return IS_KNOWN
        if identifier == "label.again":
            return HERE if page.closed else None
        return AGAIN if page.grid is None else None

    def _shows_evidence(self, entry: Action) -> bool:
        """Whether an action changes how an open page is drawn, which is hidden while its answers are asked again."""
        own = self._of_view(entry) and entry.about_example
        return own or entry.id in ("view.side", "view.method")

    def bar_actions(self) -> list[Action]:
        """Where each answer is asked by itself, the keys of that page; `l` first where it can be asked again."""
        page, actions = self.page, self.console_app.actions
        if page.grid is None:
            entries = super().bar_actions()
            if not page.asks:
                return entries
            again = [actions["label.again"]] if self.unavailable("label.again") is None else []
            return [*again, *(one for one in entries if not one.id.startswith("verdict."))]
        shown = [actions[name] for name in ON_PAGE if page.closed or name not in ONLY_CLOSED]
        shown = [one for one in shown if one.id != "verdict.repeat" or page.earlier is not None]
        titled = [replace(one, title=TITLES.get(one.id, one.title)) for one in shown]
        keys = "←→↑↓" if page.grid.columns > 1 else "↑↓"
        named = [replace(one, keys=(keys,), title="move") if one.id in MOVES else one for one in titled]
        if not page.closed:
            named[0] = replace(named[0], title="none (more)")
        return [
            *named,
            *(one for one in super().bar_actions() if opens_track(one) or one.id.startswith("screen.")),
        ]

    def show_grid(self) -> None:
        """Draw the grid anew, after a mark or a move: only the lines that changed."""
        self.draw()

    def _at_cursor(self) -> None:
        """Take the row from the cursor, which keys move faster than messages say so."""
        target = self.evidence_view.target
        if self.page.grid is not None and target is not None and target.kind == ASK:
            self.page.grid.row = target.name

    def _mark(self, answer: Answer) -> None:
        if self.page.grid is not None:
            self._at_cursor()
            self.page.grid.mark(answer)
            self.notice("")
            self.show_grid()
            self.evidence_view.reveal()

    def _step_column(self, step: int) -> None:
        if self.page.grid is not None:
            self._at_cursor()
            self.page.grid.step(step)
            self.show_grid()

    def do_label_yes(self) -> None:
        """Yes, the answer of this column does it."""
        self._mark("yes")

    def do_label_no(self) -> None:
        """No, it does not."""
        self._mark("no")

    def do_verdict_unsure(self) -> None:
        """Cannot tell, of this one thing or of the example."""
        if self.page.grid is not None:
            self._mark("unsure")
        else:
            super().do_verdict_unsure()

    def do_label_left(self) -> None:
        """The answer before."""
        self._step_column(-1)

    def do_label_right(self) -> None:
        """The next answer."""
        self._step_column(1)

    def do_label_done(self) -> None:
        """None of the rest: saved; from a closed page on to the next example, an open one shows what is now known."""
        closed = self.page.closed
        said = self.page.label()
        if closed:
            self.go_on(said)
        else:
            self._answered(said)

    def do_verdict_repeat(self) -> None:
        """The last verdict once more; what was labelled in a previous review as it was labelled then."""
        if self.page.grid is not None:
            self.go_on(self.page.confirm())
        else:
            super().do_verdict_repeat()

    def do_label_again(self) -> None:
        """Ask of each answer by itself on an open page; or leave that again."""
        if not self.page.leave_grid():
            self.page.ask_again()
        self.show_page()

    def show_page(self) -> None:
        """Draw the page from its first line, and its keys."""
        self.draw(top=True)
        self.show_bars()
        self.notice("")

    def opened(self, message: LineOpened) -> None:
        if message.target.kind != ASK:
            super().opened(message)
        elif not message.clicked:
            # A second click on a row is no word on all that is left open.
            self.action_do("label.done")

    @on(CursorMoved)
    def _row_chosen(self, message: CursorMoved) -> None:
        grid = self.page.grid
        if message.view_id == EVIDENCE and grid is not None and message.target is not None:
            self._at_cursor()
            self.show_grid()
            self.evidence_view.reveal()
