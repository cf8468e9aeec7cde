"""The help of a screen, with its keys and words, and the palette of what can be done on it now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.draw.glossary import found
from tui.plugin.console import EXAMPLES, GATES, OVERVIEW, SIGNOFF, WHATIF
from tui.plugin.key_table import TITLES
from tui.screens.pick import Choice, PickScreen

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui.draw.theme import Colours
    from tui.plugin.action import Action, ActionTable

MOVES = (
    Choice("", "↑↓", "move", "The cursor, to the next line that leads somewhere; the text scrolls with it."),
    Choice("", "PgUp/Dn", "page", "By a page; Home and End go to both ends. The cursor comes along."),
    Choice("", "⏎", "open", "Where the line under the cursor leads; a second click does the same."),
)
"""Keys of every list, which are no actions."""
PAGES = {
    OVERVIEW: "Each line leads to its examples or its gate: ⏎. The worst stands first; ▲ is better, ▼ is worse, "
    "whatever way the number went. [ and ] go from section to section.",
    EXAMPLES: "A page is closed until it is answered: which side is A is drawn for you, and gold, flags and colours "
    "are hidden. v looks first, and so does every key that shows a side; the verdict is then not blind. In lists: · "
    "open, ▲ candidate is right, ▼ base is right, = both, × neither, ? not sure, ✓ answered. Orange supports the "
    "class, blue opposes it; the marks below the words say the same: +9 is the largest score here, −3 a third of it "
    "the other way.",
    GATES: "A gate is ✓ pass, ! warn, ✗ fail, ? unknown, ◌ undecided, ○ off, – not applicable, or ≈ waived. Those "
    "that fail or are unknown keep the candidate back, but for advisory ones. Its detail says what it protects.",
    SIGNOFF: "The fields are what the report would say now; ⏎ unfolds one. Decision and reason are a draft until X "
    "writes the report with them. S signs it with your SSH key, C checks it as anybody can.",
    WHATIF: "Both models answer to a text that you changed. It is an experiment: it counts in no statistic and no "
    "gate, but it can support a finding.",
}
"""What the help says of a screen, below its keys."""
SAVED = (
    "Everything is saved when the notice line says `saved`. Leaving, or losing the connection, loses nothing."
)


def by_use(actions: ActionTable, screen: str) -> list[Action]:
    """The actions of a screen: its own in the order of the key line, then its other ones, then those of all screens."""
    return sorted(
        actions.valid_on(screen), key=lambda entry: (not entry.screens, entry.rank is None, entry.rank or 0)
    )


def palette_screen(
    colours: Colours, screen: str, actions: ActionTable, unavailable: Callable[[str], str | None]
) -> PickScreen:
    """Every action that is valid on a screen now, as `area: verb`, what the screen is for first."""
    choices = []
    for entry in by_use(actions, screen):
        if unavailable(entry.id) is None:
            area, verb = entry.id.split(".", 1)
            choices.append(
                Choice(entry.id, entry.shown_key, f"{area}: {verb.replace('-', ' ')}", entry.tooltip)
            )
    return PickScreen(colours, "all actions", choices)


def help_screen(colours: Colours, screen: str, actions: ActionTable) -> PickScreen:
    """The keys of a screen, what it shows, and the words that the screens use."""
    choices = [
        Choice(entry.id, entry.shown_key, entry.title, entry.tooltip) for entry in by_use(actions, screen)
    ]
    foot = [*([PAGES[screen]] if screen in PAGES else []), SAVED]
    title = f"help · {TITLES.get(screen, screen)}"
    return PickScreen(colours, title, [*choices, *MOVES], foot=foot, closing="?", words=found)
