"""Messages between widgets, background work and screens: past-tense events, posted, never called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.message import Message

from tui.draw.lines import Target

if TYPE_CHECKING:
    from analysis.base.errors import AssayError
    from analysis.plugin.live import LiveRequest


class LineOpened(Message):
    """Enter was pressed on a line that leads somewhere, or it was clicked once more."""

    def __init__(self, target: Target, *, clicked: bool = False) -> None:
        super().__init__()
        self.target = target
        self.clicked = clicked


class KeysClicked(Message):
    """The key line was clicked, at a cell of it."""

    def __init__(self, x: int, y: int) -> None:
        super().__init__()
        self.x = x
        self.y = y


class WidthChanged(Message):
    """A list has another width than its lines were drawn for."""


class CursorMoved(Message):
    """The cursor of a list stands on another line."""

    def __init__(self, view_id: str | None, target: Target | None) -> None:
        super().__init__()
        self.view_id = view_id
        self.target = target


class ExampleChosen(Message):
    """An example was chosen from a list."""

    def __init__(self, ref: str, *, leave: bool) -> None:
        super().__init__()
        self.ref = ref
        self.leave = leave


class EntrySubmitted(Message):
    """Text was entered in the entry line."""

    def __init__(self, purpose: str, text: str) -> None:
        super().__init__()
        self.purpose = purpose
        self.text = text


class EntryChanged(Message):
    """Text in the entry line changed; the last of a burst is enough."""

    def __init__(self, purpose: str, text: str) -> None:
        super().__init__()
        self.purpose = purpose
        self.text = text

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, EntryChanged) and message.purpose == self.purpose


class EditorFailed(Message):
    """A text could not be edited in the reviewer's own editor."""

    def __init__(self, error: AssayError) -> None:
        super().__init__()
        self.error = error


class EntryCancelled(Message):
    """The entry line was left with esc."""

    def __init__(self, purpose: str) -> None:
        super().__init__()
        self.purpose = purpose


class JobFinished(Message):
    """Background work ended; `lines` say how, and `ok` whether it did what was asked."""

    def __init__(self, name: str, ok: bool, lines: list[str], result: str = "") -> None:
        super().__init__()
        self.name = name
        self.ok = ok
        self.lines = lines
        self.result = result


class ProbeAnswered(Message):
    """Both models answered one request of a question; `error` says why there is no reply.

    `left` is the number of requests of the question that follow.
    """

    def __init__(
        self,
        number: int,
        request: LiveRequest,
        reply: dict[str, Any] | None,
        left: int,
        error: AssayError | None = None,
    ) -> None:
        super().__init__()
        self.number = number
        self.request = request
        self.reply = reply
        self.left = left
        self.error = error
