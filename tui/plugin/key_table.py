"""The table of keys for the documents: every action of this program's own screens and views."""

from __future__ import annotations

from tui.plugin.action import Action, ActionTable, shown
from tui.plugin.console import EXAMPLES
from tui.plugin.frame_actions import FRAME_ACTIONS
from tui.plugin.registry import action_table, built_in, view_of, views_of

TITLES = {
    "overview": "Overview",
    "review": "Examples",
    "gates": "Gates",
    "signoff": "Sign-off",
    "whatif": "What-if",
}
"""The screens of every review, as the table calls them."""


def markdown_table() -> str:
    """The keys of all screens as a Markdown table."""
    views = views_of(sorted(built_in(), key=lambda track: view_of(track).key))
    table = action_table(FRAME_ACTIONS, views)
    titles = TITLES | {screen.name: screen.title for view in views.values() for screen in view.screens()}
    rows = ["| key | does | where | id |", "|---|---|---|---|"]
    for entry in _by_screen(table):
        keys = " ".join(f"`{shown(key)}`" for key in entry.keys)
        own = views[entry.track].name if entry.about_example and entry.track else ""
        names = [own if own and name == EXAMPLES else titles[name] for name in entry.screens]
        rows.append(f"| {keys} | {entry.tooltip} | {', '.join(names) or 'everywhere'} | `{entry.id}` |")
    return "\n".join(rows) + "\n"


def _by_screen(table: ActionTable) -> list[Action]:
    """What belongs to some screens first, in the order of the table, then what is valid everywhere, by its rank."""
    return sorted(
        table, key=lambda entry: (0, 0, "") if entry.screens else (1, entry.rank or 99, entry.keys[0])
    )
