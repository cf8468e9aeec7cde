"""The views of a review's tracks: finds them by name, and has a plain one for a track without.

A built-in view is `VIEW` in `tui/tracks/NAME/plug.py`; another package brings one by an entry point of the group
`assay.views`, named as its track, that names its `View`. Only the views of the tracks that are asked for are loaded.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from analysis.base.errors import AssayError
from analysis.plugin import registry
from analysis.plugin.discovery import distribution_of, entry_points, load
from tui.plugin.action import Action, ActionTable
from tui.plugin.view import View

GROUP = "assay.views"
BUILT_IN = "tui.tracks"
DIGITS = ("2", "3", "4")
"""Keys that open the examples of a track."""


def view_of(track: str) -> View:
    """The view of a track; one that has none, or whose view cannot be loaded, is drawn as what is stored of it.

    Raises:
        AssayError: there is no such track.
    """
    if track in built_in():
        view: View = importlib.import_module(f"{BUILT_IN}.{track}.plug").VIEW
        return view
    try:
        found = _of_package(track)
    except AssayError:
        found = None
    return View(registry.get(track).name) if found is None else found


def view_fault(track: str) -> AssayError | None:
    """Why the view that a package brings of a track cannot be used; None where it can, or where there is none."""
    try:
        _of_package(track)
    except AssayError as error:
        return error
    return None


def _of_package(track: str) -> View | None:
    if track in built_in():
        return None
    point = next((one for one in entry_points(GROUP) if one.name == track), None)
    if point is None:
        return None
    found: View = load(point, View)
    if found.track != track:
        raise AssayError(
            f"the view of the track {track!r} cannot be used: it is of {found.track!r}",
            where=distribution_of(point),
            hint="mend it, or uninstall that package",
        )
    return found


def built_in() -> tuple[str, ...]:
    """The tracks that have a view here."""
    folder = Path(str(importlib.import_module(BUILT_IN).__file__)).parent
    return tuple(sorted(path.parent.name for path in folder.glob("*/plug.py")))


def views_of(tracks: Iterable[str]) -> dict[str, View]:
    """The views of some tracks, by track. Raises AssayError as `view_of`."""
    return {track: view_of(track) for track in tracks}


def digits_of(views: Iterable[View]) -> dict[str, str]:
    """The key of each track's examples, by track: its own, else the first free one; none where all are taken."""
    keys: dict[str, str] = {}
    views = list(views)
    for view in sorted(views, key=lambda one: not one.key):
        free = [digit for digit in DIGITS if digit not in keys.values()]
        if view.key in free:
            keys[view.track] = view.key
        elif free:
            keys[view.track] = free[0]
    return keys


def action_table(frame: Iterable[Action], views: Mapping[str, View]) -> ActionTable:
    """The actions of a review: the frame's, those that open the examples of its tracks, and those of their views.

    Args:
        frame: the actions of every review.
        views: of the tracks of the review, by name.
    """
    keys = digits_of(views.values())
    tracks = [
        Action(
            f"track.{track}",
            (keys[track],) if track in keys else (),
            view.name,
            view.tooltip,
            rank=31,
            track=track,
        )
        for track, view in views.items()
    ]
    screens = [screen for view in views.values() for screen in view.screens()]
    shared = [
        replace(entry, screens=(*entry.screens, *(one.name for one in screens if entry.id in one.takes)))
        if entry.screens
        else entry
        for entry in frame
    ]
    own = [replace(entry, track=track) for track, view in views.items() for entry in view.actions()]
    return ActionTable([*shared, *own, *tracks])
