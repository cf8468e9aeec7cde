"""The text of a what-if: how it is changed, taken back and typed over, cue by cue or by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.review.whatif import cue_finders, marked_finder, next_cue
from tui.draw.safe_text import as_typed, printable
from tui.plugin.common import marked_spans
from tui.screens.base import BaseScreen
from tui.widgets.entry import EDITOR_KEY

if TYPE_CHECKING:
    from analysis.text.lexicon import Finder


class EditScreen(BaseScreen):
    """A screen with a text that can be changed, and had back.

    Attributes:
        text: as it is now.
    """

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self._changes: list[str] = []
        self._taken_back: list[str] = []
        self._typed: str | None = None

    def draw(self) -> None:
        """Draw the screen anew."""
        raise NotImplementedError

    def do_whatif_ask(self) -> None:
        """Ask both models about the text."""
        raise NotImplementedError

    @property
    def original(self) -> str:
        """The example's own text."""
        return "" if self.evidence is None else self.evidence.example.text

    def start_from(self, text: str) -> None:
        """Begin anew with a text."""
        self.text = text
        self._changes, self._taken_back, self._typed = [], [], None

    def finders(self) -> list[Finder]:
        """What finds the cues that can be deleted: the words that were marked, then what the run declares."""
        evidence = self.evidence
        if evidence is None:
            return []
        marked = marked_finder(self.original, marked_spans(evidence))
        return [marked, *cue_finders(self.session.description, evidence.example.track)]

    def _change(self, text: str) -> None:
        """Make a text the one to be asked about; the one before can be had back."""
        if text != self.text:
            self._changes.append(self.text)
            self._taken_back.clear()
            self._become(text)

    def _become(self, text: str) -> None:
        self.text = text
        self.draw()
        self.show_bars()
        self.notice("")

    def do_whatif_delete(self) -> None:
        """Delete the next cue."""
        from analysis.text.lexicon import remove_spans

        cue = next_cue(self.text, self.finders())
        if cue is None:
            self.notice("no marked or declared cue is left in this text: i edits it", "warn")
            return
        words = self.text[cue.start : cue.end]
        self._change(remove_spans(self.text, [cue]))
        self.notice(f"deleted “{words}” ({cue.label}); ⏎ asks both models, u undoes")

    def do_whatif_edit(self) -> None:
        """Change the text by hand."""
        if as_typed(printable(self.text), self.text) is None:
            self.notice(
                "this text cannot be typed over: too long, or characters no key has; d deletes", "warn"
            )
            return
        self.entry.ask("text", "text", self.text)
        self.notice(f"⏎ asks both models · esc leaves the line and keeps the text · {EDITOR_KEY}")

    def typing(self, purpose: str, text: str) -> None:
        self._typed = text

    def entered(self, purpose: str, text: str) -> None:
        self._typed = text
        self._keep_typed()
        self.do_whatif_ask()

    def close_entry(self) -> None:
        """Hide the entry line; what was typed into it is the text now."""
        self._keep_typed()
        super().close_entry()

    def _keep_typed(self) -> None:
        typed, self._typed = self._typed, None
        meant = None if typed is None else as_typed(typed, self.text)
        if meant is not None:
            self._change(meant)

    def do_whatif_undo(self) -> None:
        """Take back the last change of the text."""
        self._turn(self._changes, self._taken_back, "nothing was changed")

    def do_whatif_redo(self) -> None:
        """Make it again."""
        self._turn(self._taken_back, self._changes, "nothing was taken back")

    def _turn(self, out_of: list[str], into: list[str], nothing: str) -> None:
        if not out_of:
            self.notice(nothing, "warn")
            return
        into.append(self.text)
        self._become(out_of.pop())
