"""Where the change of a track's models lives: the sentences, and a table of what each graft restores and brings.

They say where to look. Nothing here is good or bad, and nothing is drawn as if it were.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from analysis.plugin.change_sentence import LAYERS, MODULES, change_sentences, why_nothing_named
from tui.draw.lines import Line, rule, text_line, wrapped

PARTS = {
    LAYERS: "one part",
    "up to": "up to",
    "from": "from",
    MODULES: "one module",
    "kind": "kind",
    "dose": "dose",
}
"""Kinds of grafts that are listed, and what heads each group."""
GRAFT = (
    "graft",
    "parts of the base put into the candidate; “brings”: those of the candidate, put into the base",
)
"""The word of the table, and what it means."""


def short_parts(name: str) -> str:
    """The name of parts where room is short: `L4`, `emb and L1`."""
    return name.replace("layers ", "L").replace("layer ", "L").replace("embeddings", "emb")


def graft_words(rows: Sequence[Mapping[str, Any]]) -> str:
    """What the named layers restore, in a few words; '' where none are named."""
    named = next((row for row in rows if row["kind"] == f"named {LAYERS}"), None)
    if named is None or named["restored"] is None:
        return ""
    return f"graft of {named['name']} restores {named['restored']}/{named['n']}"


def change_lines(rows: Sequence[Mapping[str, Any]], width: int) -> list[Line]:
    """All that is known of where the change lives under a title; none where the run has no rows of it."""
    if not rows:
        return []
    lines = [rule(width), text_line(" WHERE THE CHANGE LIVES", "title")]
    for sentence in change_sentences(rows):
        lines += wrapped("", sentence, width, indent=2, style="strong")
    why = why_nothing_named(rows)
    if why:
        lines += wrapped("", f"no layers are named: {why}", width, indent=2, style="dim")
    name = max(20, min(46, width - 40))
    head = Line().add("  ").column("put back", name, "dim").column("restores", 10, "dim", right=True)
    lines.append(head.column("brings", 9, "dim", right=True).column("weights", 9, "dim", right=True))
    for kind, title in PARTS.items():
        own = [row for row in rows if row["kind"] == kind and row["restored"] is not None]
        for number, row in enumerate(own):
            words = row["name"] if len(title) + 2 + len(row["name"]) <= name else short_parts(row["name"])
            words = f"{title}: {words}" if number == 0 else f"{' ' * (len(title) + 2)}{words}"
            line = Line().add("  ").column(words, name, "text")
            line.column(f"{row['restored']}/{row['n']}", 10, "number", right=True)
            brings = "–" if row["transferred"] is None else f"{row['transferred']}/{row['n']}"
            line.column(brings, 9, "text", right=True)
            moved = "" if row["weight_change"] is None else f"{row['weight_change']:.1%}"
            lines.append(line.column(moved, 9, "dim", right=True))
    return lines
