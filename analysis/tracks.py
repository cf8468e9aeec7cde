"""The registry of tracks: the one place that names them.

Everything else (pipeline, queue, gates, report, console) asks this registry and contains no
`if track == ...`. A track is one `Track` value; `register` and `unregister` let a test or a plug-in
add one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import analysis.intent.track as intent

if TYPE_CHECKING:
    import duckdb

    from analysis.config import Review, TrackSettings
    from analysis.examples import Examples
    from analysis.gates import Gate
    from analysis.models.live import LiveRequest
    from analysis.models.pair import ModelPair
    from analysis.records import Flag, GateInput, Trigger
    from analysis.stage import Stage

    Live = Callable[[ModelPair, Mapping[str, Any], duckdb.DuckDBPyConnection, LiveRequest], dict[str, Any]]
    """Models, the run's settings of the track, its evidence (attached as `evidence`) and a question -> reply."""


@dataclass(frozen=True)
class Track:
    """One kind of model under review, and everything that is particular to it.

    Args:
        name: the name of its section in `review.toml` and the prefix of its refs and gates.
        title: what a reviewer reads.
        settings: the pydantic model of its section.
        read: reads its evaluation data; called with the settings and `skip_bad_rows`.
        schema: name of the SQL file with its payload tables, or None.
        stages: its stages in order; imports models only when called.
        flags: reads the workbench and returns flags without rank, most decision-relevant first.
        gates: its gates.
        gate_settings: what its gates need of the settings, as plain data.
        triggers: computes its triggers from the gate input.
        headlines: field of the inspection report -> sentences, from the evidence and the gate input.
        model_paths: the model folders of the settings, by side.
        live: answers a question about one text with both models, in the worker; None where it cannot.
        also_costly: sets of refs, most telling first, of which some get the costly stages beside the queue;
            called with the workbench after the cheap stages, the settings and the seed.
    """

    name: str
    title: str
    settings: type[TrackSettings]
    read: Callable[[TrackSettings, Review, bool], Examples]
    schema: str | None
    stages: Callable[[], tuple[Stage, ...]]
    flags: Callable[[duckdb.DuckDBPyConnection, TrackSettings], list[Flag]]
    gates: tuple[Gate, ...]
    gate_settings: Callable[[TrackSettings, duckdb.DuckDBPyConnection], dict[str, object]]
    triggers: Callable[[GateInput], list[Trigger]]
    headlines: Callable[[duckdb.DuckDBPyConnection, GateInput], dict[str, list[str]]]
    model_paths: Callable[[TrackSettings], Mapping[str, str]] = field(default=lambda settings: {})
    live: Live | None = None
    also_costly: Callable[[duckdb.DuckDBPyConnection, TrackSettings, int], Sequence[Sequence[str]]] = field(
        default=lambda workbench, settings, seed: ()
    )


_TRACKS: dict[str, Track] = {}


def register(track: Track) -> None:
    """Add a track; its name must be new."""
    if track.name in _TRACKS:
        raise ValueError(f"a track named {track.name!r} is registered already")
    _TRACKS[track.name] = track


@contextmanager
def registered(track: Track) -> Iterator[Track]:
    """Add a track for the length of a `with` block."""
    register(track)
    try:
        yield track
    finally:
        del _TRACKS[track.name]


def all_tracks() -> tuple[Track, ...]:
    """Every registered track, in order of registration."""
    return tuple(_TRACKS.values())


def get(name: str) -> Track:
    """The track of that name. Raises KeyError."""
    return _TRACKS[name]


register(
    Track(
        name="intent",
        title="Intent classifier",
        settings=intent.IntentSettings,
        read=intent.read,
        schema="intent.sql",
        stages=intent.stages,
        flags=intent.flags,
        gates=intent.GATES,
        gate_settings=intent.gate_settings,
        triggers=intent.triggers,
        headlines=intent.headlines,
        model_paths=intent.model_paths,
        live=intent.live,
        also_costly=intent.also_costly,
    )
)
