"""Where the change lives, in a sentence and as a number, from a track's rows of the table `change_part`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from analysis.base.records import MetricSpec

LAYERS = "layer"
MODULES = "module"
"""Kinds of units; `named KIND` is the set that holds the change, `control of KIND` what it was held against."""


CHANGE_RESTORED = MetricSpec(
    "change_restored", "flips restored by where the change lives",
    "flips with the base's outcome once the named part is put back, where that beats parts as large drawn by lot",
    "share", "level", "neither", ("difference",),
)  # fmt: skip


def change_sentences(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """One sentence of the layers, and of an adapter one of its modules; none where nothing is named.

    It says what these parts do to answers. It does not say that the change is bad.
    """
    found = []
    for kind, words in ((LAYERS, "layers"), (MODULES, "modules")):
        named = next((row for row in rows if row["kind"] == f"named {kind}"), None)
        if named is None or named["restored"] is None:
            continue
        controls = [row["restored"] for row in rows if row["kind"] == f"control of {kind}"]
        whole = named["broken"] == named["n"]
        flips = f"{named['restored']} of {named['n']} {'broken' if whole else 'flipped'} examples"
        if named["broken"] and not whole:
            flips += f" ({named['broken_restored']} of {named['broken']} broken)"
        other = f"other {words}" if named["size"] == 1 else f"as many other {words}"
        brings = "brings" if named["size"] == 1 else "bring"
        found.append(
            f"the change lives in {named['name']}: putting the base's back restores {flips}, and the candidate's alone "
            f"{brings} {named['transferred']} into the base; {other} restore at most {max(controls, default=0)}"
        )
    return found


def why_nothing_named(rows: Sequence[Mapping[str, Any]]) -> str:
    """Why no layers are named; '' where some are, or nothing flipped."""
    if any(row["kind"] == f"named {LAYERS}" and row["restored"] is not None for row in rows):
        return ""
    return next((str(row["why"]) for row in rows if row["why"]), "")
