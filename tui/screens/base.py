"""What all screens do: an action of the table by its method, and the keys that mean the same everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on

from analysis.plugin.registry import known
from tui.draw.messages import KeysClicked, LineOpened
from tui.plugin.console import GATES, OVERVIEW, SIGNOFF
from tui.plugin.registry import view_of
from tui.screens.frame import FAILURES, FrameScreen
from tui.screens.key_bar import action_at, key_rows
from tui.widgets.line_view import LineView

if TYPE_CHECKING:
    from analysis.base.gate_records import GateResult
    from analysis.review.queries import ExampleEvidence
    from analysis.review.session import Undone
    from tui.draw.lines import Target
    from tui.plugin.action import Action
    from tui.plugin.options import SideMode
    from tui.plugin.view import View

ALWAYS_VALID = ("app", "list")
"""Areas of the actions that can be done while something runs in the background."""
FOCUS_KEYS = frozenset({"tab", "shift+tab"})
"""Keys that go from part to part of a screen, where no action takes them."""


class BaseScreen(FrameScreen):
    """A screen of the console.

    It has a method `do_AREA_VERB` for each of its actions; those of a track's view are the view's. For views it is a
    `Place`: a screen that shows an example or a gate says so in `evidence` and `gate`.
    """

    def __init__(self) -> None:
        super().__init__()
        self.evidence: ExampleEvidence | None = None
        self.side: SideMode = "both"
        self.chosen = 0
        self.switched: frozenset[str] = frozenset()

    @property
    def gate(self) -> GateResult | None:
        """The gate that is shown; None where the screen shows none."""
        return None

    @property
    def reading(self) -> bool:
        """Whether the keys go to the lines of an example."""
        return False

    def show_example(self) -> None:
        """Draw the example anew; there is none on most screens."""

    def go_to_line(self, target: Target) -> None:
        """Scroll the example to the line with that target; there is none on most screens."""

    @property
    def views(self) -> list[View]:
        """The views of the tracks of the review."""
        return [view_of(track) for track in self.session.description["tracks"] if known(track)]

    def unavailable(self, identifier: str) -> str | None:
        """Why an action cannot be done now, or None."""
        entry = self.console_app.actions[identifier]
        if self.console_app.busy and identifier.split(".", maxsplit=1)[0] not in ALWAYS_VALID:
            return f"{self.console_app.busy} is still running"
        if self._of_view(entry):
            return view_of(entry.track).unavailable(identifier, self)
        return None

    def _of_view(self, entry: Action) -> bool:
        """Whether an action is done by a view, not by a method of this screen or by the console."""
        return bool(entry.track) and not opens_track(entry) and not hasattr(self, entry.method)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """An action that cannot be done now leaves its key to what else is bound to it here.

        Where none of them can be done, the one that belongs to what is shown says why.
        """
        if action != "do":
            return super().check_action(action, parameters)
        actions = self.console_app.actions
        entry = actions[str(parameters[0])]
        sharing = actions.sharing(entry, self.NAME)
        to_focus = self._of_view(entry) and bool(FOCUS_KEYS & set(entry.keys))
        if (len(sharing) == 1 and not to_focus) or self.unavailable(entry.id) is None:
            return True
        if to_focus or any(self.unavailable(one.id) is None for one in sharing):
            return False
        shown = "" if self.evidence is None else self.evidence.example.track
        return entry is next((one for one in sharing if one.track == shown), sharing[0])

    def action_do(self, identifier: str) -> None:
        """Do an action of the table, or say why not."""
        entry = self.console_app.actions[identifier]
        reason = self.unavailable(identifier)
        if reason is not None:
            self.notice(f"{entry.title}: {reason}", "warn")
            return
        try:
            if opens_track(entry):
                self.console_app.show_track(entry.track)
            elif self._of_view(entry):
                view_of(entry.track).do(entry, self)
            else:
                getattr(self, entry.method)()
        except FAILURES as error:
            self.complain(error)

    @on(KeysClicked)
    def _key_clicked(self, message: KeysClicked) -> None:
        """A click on a key of the key line does what the key does."""
        placed = key_rows(self.bar_actions(), self.size.width, self.KEY_ROWS, self.unavailable)
        entry = action_at(placed, message.x, message.y)
        if entry is not None:
            self.action_do(entry.id)

    def opened(self, message: LineOpened) -> None:
        """Enter on a line: go where it leads, first asking the views whether the target is theirs."""
        if not any(view.opened(message.target, self) for view in self.views):
            self.console_app.follow(message.target)

    def do_list_down(self) -> None:
        """Cursor to the next line."""
        self._step(1)

    def do_list_up(self) -> None:
        """Cursor to the previous line."""
        self._step(-1)

    def _step(self, step: int) -> None:
        focused = self.focused
        if isinstance(focused, LineView):
            focused.action_step(step)

    def do_slice_next(self) -> None:
        """The next section."""
        self._step_section(1)

    def do_slice_previous(self) -> None:
        """The start of this section, or the previous one."""
        self._step_section(-1)

    def _step_section(self, step: int) -> None:
        focused = self.focused
        if isinstance(focused, LineView):
            focused.action_section(step)

    def do_annotation_undo(self) -> None:
        """Undo the last event of this reviewer."""
        self._told("undone", "nothing of yours to undo", self.session.undo())

    def do_annotation_redo(self) -> None:
        """Redo what was undone last."""
        self._told("redone", "nothing to redo", self.session.redo())

    def _told(self, done: str, nothing: str, what: Undone | None) -> None:
        if what is None:
            self.notice(nothing, "warn")
            return
        self.after_write()
        self.notice(f"{done}: {what.sentence}", "saved")

    def after_write(self) -> None:
        """An event was recorded: show what it changed."""
        self.reload()
        self.show_bars()

    def do_app_tour(self) -> None:
        """The first five minutes, from the start."""
        self.console_app.start_tour()

    def do_screen_overview(self) -> None:
        """Go to the overview."""
        self.console_app.open(OVERVIEW)

    def do_screen_gates(self) -> None:
        """Go to the gates."""
        self.console_app.open(GATES)

    def do_screen_signoff(self) -> None:
        """Go to the sign-off."""
        self.console_app.open(SIGNOFF)

    def do_app_back(self) -> None:
        """One level back."""
        if self.entry.is_open:
            self.close_entry()
        else:
            self.console_app.go_back()

    def do_app_help(self) -> None:
        """Show the keys and words of this screen."""
        from tui.screens.help import help_screen

        self.app.push_screen(
            help_screen(self.console_app.colours, self.NAME, self.console_app.actions), self._picked
        )

    def do_app_palette(self) -> None:
        """Show every action that is valid now."""
        from tui.screens.help import palette_screen

        self.app.push_screen(
            palette_screen(self.console_app.colours, self.NAME, self.console_app.actions, self.unavailable),
            self._picked,
        )

    def _picked(self, identifier: str | None) -> None:
        if identifier is not None:
            self.action_do(identifier)

    def do_app_theme(self) -> None:
        """Change between dark and light."""
        self.console_app.change_theme()

    def do_app_suspend(self) -> None:
        """Back to the shell, as any program; its `fg` brings the console back."""
        self.console_app.stop_job()

    def do_app_quit(self) -> None:
        """Leave, unless typed text is still unsaved."""
        if self.entry.is_open and self.entry.text:
            self.notice("what you typed is not saved: enter saves it, esc leaves it", "warn")
            return
        self.app.exit(0)


def opens_track(entry: Action) -> bool:
    """Whether an action opens the examples of a track."""
    return bool(entry.track) and entry.id == f"track.{entry.track}"
