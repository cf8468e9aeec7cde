"""Keys of the reviewer's own: a file that says which key does which action, read before the console opens.

`keys.toml` in the folder `assay` of `$XDG_CONFIG_HOME` (`~/.config` by default) has one line for an action, by its id:

    verdict.first = "1"
    example.next = ["j", "down"]
    app.quit = "ctrl+x"
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from textual.keys import Keys

from analysis.base.errors import AssayError
from analysis.base.problems import suggest
from tui.plugin.action import NAMED, Action, ActionTable, key_named, shown
from tui.plugin.frame_actions import FRAME_ACTIONS
from tui.plugin.registry import action_table, built_in, views_of

NAMES = frozenset(key.value for key in Keys if not key.value.startswith("<")) | NAMED
"""What keys that type no character are called."""
SAME_BYTE = {"ctrl+m": "enter", "ctrl+j": "enter", "ctrl+i": "tab", "ctrl+h": "backspace"}
"""Keys that a terminal sends as another one."""

Keymap = Mapping[str, tuple[str, ...]]
"""Keys by the id of the action that they do."""


def keymap_path(environ: Mapping[str, str]) -> Path:
    """Where a reviewer's own keys are looked for."""
    config = environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(config) / "assay" / "keys.toml"


def read_keymap(path: Path) -> Keymap:
    """The reviewer's own keys; none where there is no such file. Raises AssayError for a file that cannot be read."""
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise AssayError(f"cannot be read: {error.strerror}", where=str(path)) from None
    except ValueError as error:
        raise AssayError(f"is no TOML: {error}", where=str(path), hint=_EXAMPLE) from None
    return {identifier: _keys(value, identifier, path) for identifier, value in _flat(content)}


_NAMED = "one character, or a name such as enter, space, f2, pageup, ctrl+x"
_EXAMPLE = 'write one line for an action, such as verdict.first = "1"; docs/keys.md has the ids'


def _flat(content: Mapping[str, Any], before: str = "") -> Iterable[tuple[str, Any]]:
    for name, value in content.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{name}.")
        else:
            yield f"{before}{name}", value


def _keys(value: Any, identifier: str, path: Path) -> tuple[str, ...]:
    given = value if isinstance(value, list) else [value]
    where = f"{path}: {identifier}"
    if not all(isinstance(one, str) and one for one in given):
        raise AssayError("a key is a text, or several in brackets", where=where, hint=_EXAMPLE)
    keys = tuple(key_named(one) for one in given)
    for key in keys:
        if key in SAME_BYTE:
            raise AssayError(f"a terminal sends {key} as {SAME_BYTE[key]}: take another key", where=where)
        if len(key) > 1 and key not in NAMES:
            raise AssayError(f"there is no key {key!r}", where=where, hint=_NAMED)
    return keys


def remapped(table: ActionTable, keymap: Keymap, path: Path) -> ActionTable:
    """The actions on the reviewer's own keys.

    Args:
        table: the actions on their usual keys.
        keymap: keys by action.
        path: the file that they stand in, for what is wrong with it.

    Raises:
        AssayError: an action that there is not, or a key that would do two things on one screen.
    """
    known = {entry.id: entry for entry in table}
    missing = [identifier for identifier in keymap if identifier not in known]
    if missing:
        # One file for all reviews: it may name what only other tracks have.
        others = {entry.id for entry in action_table(FRAME_ACTIONS, views_of(built_in()))}
        for identifier in missing:
            if identifier not in others:
                hint = suggest(identifier, sorted(others | set(known)))
                raise AssayError(f"there is no action {identifier!r}", where=str(path), hint=hint)
    changed = [replace(entry, keys=keymap.get(entry.id, entry.keys)) for entry in table]
    for number, one in enumerate(changed):
        for two in changed[number + 1 :]:
            key = _clash(one, two)
            if key and key != _clash(known[one.id], known[two.id]):
                raise AssayError(
                    f"the key {shown(key)} would do {one.id} and {two.id}",
                    where=str(path),
                    hint="give one of them another key",
                )
    return ActionTable(changed)


def _clash(one: Action, two: Action) -> str:
    """A key that two actions share on a screen; empty where there is none."""
    together = not one.screens or not two.screens or set(one.screens) & set(two.screens)
    return next((key for key in one.keys if together and key in two.keys), "")
