"""What a reviewer can do, as rows of one table: bindings, key line, palette, help and documents come from it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from textual.binding import Binding

_SHOWN = {
    "question_mark": "?",
    "slash": "/",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "equals_sign": "=",
    "enter": "⏎",
    "escape": "esc",
    "ctrl+p": "^p",
    "ctrl+q": "^q",
    "ctrl+z": "^z",
    "space": "space",
    "plus": "+",
    "minus": "-",
    "full_stop": ".",
    "comma": ",",
    "left": "←",
    "right": "→",
}
NAMED = frozenset(_SHOWN)
"""Keys that are written otherwise than Textual calls them."""


@dataclass(frozen=True)
class Action:
    """Something that a reviewer can do.

    Args:
        id: `area.verb`; also the id by which a key can be remapped.
        keys: key names as Textual knows them; the first is the one that is shown.
        title: a word or three, for the key line.
        tooltip: a sentence, for help and palette.
        screens: names of the screens where it is valid; empty for all.
        rank: place in the key line, lowest first; None keeps it out.
        track: whose view does it; empty for what the console itself does.
        about_example: whether it needs an example on the screen.
        means: what its letter means on every screen, in a word or two, where the title says it more narrowly.
    """

    id: str
    keys: tuple[str, ...]
    title: str
    tooltip: str
    screens: tuple[str, ...] = ()
    rank: int | None = None
    track: str = ""
    about_example: bool = False
    means: str = ""

    @property
    def meaning(self) -> str:
        """What its keys mean: one thing, wherever a letter is pressed."""
        return self.means or self.title

    @property
    def method(self) -> str:
        """Name of the method that does it."""
        return "do_" + self.id.replace(".", "_").replace("-", "_")

    @property
    def shown_key(self) -> str:
        """The first key, as it is written on a keyboard; empty where it has none."""
        return shown(self.keys[0]) if self.keys else ""


def shown(key: str) -> str:
    """A key name as it is written on a keyboard."""
    return _SHOWN.get(key, key)


def key_named(written: str) -> str:
    """A key by the name that Textual has for it, where it is written as on a keyboard."""
    if len(written) == 2 and written.startswith("^"):
        return f"ctrl+{written[1].lower()}"
    return next((name for name, short in _SHOWN.items() if short == written), written)


class ActionTable:
    """The actions of a review: those of every review, and those that the views of its tracks bring.

    Args:
        entries: the actions; of two on one key of one screen, the first that can be done is done.
    """

    def __init__(self, entries: Iterable[Action]) -> None:
        self.entries = tuple(entries)
        self._by_id = {entry.id: entry for entry in self.entries}

    def __iter__(self) -> Iterator[Action]:
        return iter(self.entries)

    def __getitem__(self, identifier: str) -> Action:
        """The action of that id. Raises KeyError."""
        return self._by_id[identifier]

    def valid_on(self, screen: str) -> list[Action]:
        """The actions of one screen, in the order of the table."""
        return [entry for entry in self.entries if not entry.screens or screen in entry.screens]

    def sharing(self, entry: Action, screen: str) -> list[Action]:
        """The actions of a screen that are on a key of this one, itself among them, in the order of the table."""
        return [one for one in self.valid_on(screen) if one is entry or set(one.keys) & set(entry.keys)]

    def bindings(self, screen: str) -> list[Binding]:
        """Textual bindings of one screen."""
        return [
            Binding(
                ",".join(entry.keys),
                f"do('{entry.id}')",
                entry.title,
                show=False,
                id=entry.id,
                tooltip=entry.tooltip,
            )
            for entry in self.valid_on(screen)
            if entry.keys
        ]

    def key_line(self, screen: str) -> list[Action]:
        """The actions that the key line of a screen shows, most used first."""
        ranked = [entry for entry in self.valid_on(screen) if entry.rank is not None and entry.keys]
        return sorted(ranked, key=lambda entry: entry.rank or 0)
