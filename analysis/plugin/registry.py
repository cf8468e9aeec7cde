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

import analysis.tracks.intent.track as intent
import analysis.tracks.response.track as response
import analysis.tracks.retrieval.track as retrieval
from analysis.models.sides import Sides

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

    from analysis.base.records import Flag, GateInput, Side, Trigger
    from analysis.data.examples import Examples
    from analysis.live.client import LiveRequest
    from analysis.plugin.stage import Stage
    from analysis.review.gates import Gate
    from analysis.run.review_file import Problem, Review, TrackSettings

    Live = Callable[[Sides, Mapping[str, Any], duckdb.DuckDBPyConnection, LiveRequest], dict[str, Any]]
    """Models, the run's settings of the track, its evidence (attached as `evidence`) and a question -> reply."""


@dataclass(frozen=True)
class Track:
    """One kind of model under review, and everything that is particular to it.

    Args:
        name: the name of its section in `review.toml` and the prefix of its refs and gates.
        title: what a reviewer reads.
        settings: gives the pydantic model of its section; imported only when called, since the console needs none.
        read: reads its evaluation data; called with the settings and `skip_bad_rows`.
        schema: name of the SQL file with its payload tables, or None.
        stages: its stages in order; imports models only when called.
        flags: reads the workbench and returns flags without rank, most decision-relevant first.
        gates: its gates.
        gate_settings: what its gates need of the settings, as plain data.
        triggers: computes its triggers from the gate input.
        headlines: field of the inspection report -> sentences, from the evidence and the gate input.
        main: the metric that stands for a slice where there is room for one.
        model_paths: the model folders (or files of recorded evidence) of the settings, by side; empty where all
            is recorded with the examples.
        pair: the two sides, from those paths and the device.
        check_models: looks at the sides without running them: adds what is wrong to the problems and returns
            what a reader should know of them.
        fit: leaves out, or refuses, the examples that the sides cannot answer for; called with the examples,
            the sides and `skip_bad_rows`.
        live: answers a question about one text with both models, in the worker; None where it cannot.
        on_demand: names of the attribution methods that `live` computes when a reviewer asks for them.
        also_costly: sets of refs, most telling first, of which some get the costly stages beside the queue;
            called with the workbench after the cheap stages, the settings and the seed.
        beside: what else of the evidence (attached as `evidence`) is shown with an example, by ref.
        figures: files of pictures for the report by name, from the evidence and the gate input.
    """

    name: str
    title: str
    settings: Callable[[], type[TrackSettings]]
    read: Callable[[TrackSettings, Review, bool], Examples]
    schema: str | None
    stages: Callable[[], tuple[Stage, ...]]
    flags: Callable[[duckdb.DuckDBPyConnection, TrackSettings], list[Flag]]
    gates: tuple[Gate, ...]
    gate_settings: Callable[[TrackSettings, duckdb.DuckDBPyConnection], dict[str, object]]
    triggers: Callable[[GateInput], list[Trigger]]
    headlines: Callable[[duckdb.DuckDBPyConnection, GateInput], dict[str, list[str]]]
    main: str = ""
    model_paths: Callable[[TrackSettings], Mapping[Side, Path]] = field(default=lambda settings: {})
    pair: Callable[[Mapping[Side, Path], str], Sides] = Sides
    check_models: Callable[[Sides, TrackSettings, list[Problem]], list[str]] = field(
        default=lambda models, settings, problems: []
    )
    fit: Callable[[Examples, Sides, bool], Examples] = field(
        default=lambda examples, models, skip_bad_rows: examples
    )
    live: Live | None = None
    on_demand: tuple[str, ...] = ()
    also_costly: Callable[[duckdb.DuckDBPyConnection, TrackSettings, int], Sequence[Sequence[str]]] = field(
        default=lambda workbench, settings, seed: ()
    )
    beside: Callable[[duckdb.DuckDBPyConnection, str], dict[str, tuple[dict[str, Any], ...]]] = field(
        default=lambda connection, ref: {}
    )
    figures: Callable[[duckdb.DuckDBPyConnection, GateInput], dict[str, bytes]] = field(
        default=lambda connection, given: {}
    )


_TRACKS: dict[str, Track] = {}


def register(track: Track) -> None:
    """Add a track; its name must be new."""
    if track.name in _TRACKS:
        raise ValueError(f"a track named {track.name!r} is registered already")
    _TRACKS[track.name] = track


@contextmanager
def registered(track: Track) -> Iterator[Track]:
    """Add a track, or put it in the place of the one of its name, for the length of a `with` block."""
    before = _TRACKS.get(track.name)
    _TRACKS[track.name] = track
    try:
        yield track
    finally:
        if before is None:
            del _TRACKS[track.name]
        else:
            _TRACKS[track.name] = before


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
        settings=intent.settings,
        read=intent.read,
        schema="intent.sql",
        stages=intent.stages,
        flags=intent.flags,
        gates=intent.GATES,
        gate_settings=intent.gate_settings,
        triggers=intent.triggers,
        headlines=intent.headlines,
        main="accuracy",
        model_paths=intent.model_paths,
        pair=intent.pair,
        check_models=intent.check_models,
        fit=intent.fit,
        live=intent.live,
        on_demand=intent.ON_DEMAND,
        also_costly=intent.also_costly,
    )
)
register(
    Track(
        name="retrieval",
        title="Retrieval encoder",
        settings=retrieval.settings,
        read=retrieval.read,
        schema="retrieval.sql",
        stages=retrieval.stages,
        flags=retrieval.flags,
        gates=retrieval.GATES,
        gate_settings=retrieval.gate_settings,
        triggers=retrieval.triggers,
        headlines=retrieval.headlines,
        main="recall",
        model_paths=retrieval.model_paths,
        pair=retrieval.pair,
        check_models=retrieval.check_models,
        fit=retrieval.fit,
        beside=retrieval.beside,
        figures=retrieval.figures,
    )
)
register(
    Track(
        name="response",
        title="Response model",
        settings=response.settings,
        read=response.read,
        schema="response.sql",
        stages=response.stages,
        flags=response.flags,
        gates=response.GATES,
        gate_settings=response.gate_settings,
        triggers=response.triggers,
        headlines=response.headlines,
        main="spoilers_rate",
        model_paths=response.model_paths,
        pair=response.pair,
        check_models=response.check_models,
        beside=response.beside,
    )
)
