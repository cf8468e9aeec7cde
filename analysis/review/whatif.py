"""What-if: an example's text changed by a reviewer, the cues that can be deleted from it, and what is kept of it.

An answer is an event of the reviewer. It may support a finding, and never enters a statistic.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analysis.attribution.licences import AttributionLicence
from analysis.base.errors import AssayError
from analysis.base.records import SIDES, Attribution, Side
from analysis.base.review_records import Event
from analysis.plugin import registry
from analysis.text.lexicon import BUILT_IN, Finder, Lexicon, Span

MARKED = "marked"
"""Name of the cue that a reviewer's own marks make."""


@dataclass(frozen=True, slots=True)
class SavedWhatIf:
    """A what-if as it was saved; `outputs` maps each side to what its track keeps of an answer."""

    event_id: str
    reviewer: str
    text: str
    outputs: dict[Side, dict[str, Any]]


def cue_finders(description: Mapping[str, Any], track: str) -> tuple[Finder, ...]:
    """What a run declares as cues of a track: the review's lexicons, then built-in classes called irrelevant.

    Args:
        description: the run's `run.json`.
        track: name of the track.
    """
    determined = description["determined_by"]
    settings = determined.get("tracks", {}).get(track, {}).get("settings", {})
    named = {name for names in settings.get("irrelevant", {}).values() for name in names}
    lexicons = determined.get("lexicons", {})
    # What is declared irrelevant is what a reviewer deletes first.
    ordered = sorted(lexicons, key=lambda name: name not in named)
    return (
        *(Lexicon(name, tuple(lexicons[name])) for name in ordered),
        *(finder for name, finder in BUILT_IN.items() if name in named and name not in lexicons),
    )


def marked_finder(text: str, marks: Iterable[tuple[int, int]]) -> Lexicon:
    """Finds again, also in a text that was changed since, the stretches that a reviewer marked in `text`."""
    return Lexicon(MARKED, tuple(text[start:end] for start, end in marks))


def next_cue(text: str, finders: Sequence[Finder]) -> Span | None:
    """The first cue in a text, of the first class that it has one of; None where it has none."""
    return next((span for finder in finders for span in finder.find(text)[:1]), None)


def answers_live(track: str) -> bool:
    """Whether the models of a track can be asked about a changed text."""
    return registry.known(track) and bool(registry.get(track).live_output)


def missing_models(description: Mapping[str, Any], track: str) -> AssayError | None:
    """Why this machine cannot answer, where that can be seen without a model: a folder that is not there."""
    folders = description.get("model_folders", {}).get(track)
    if not folders:
        return AssayError(
            "the run does not say where its models are", hint="analyse the review again on this machine"
        )
    for side, folder in folders.items():
        if not Path(folder).is_dir():
            return AssayError(
                f"the {side} is not on this machine", where=folder, hint="a what-if needs both models"
            )
    return None


def attributions_of(reply: Mapping[str, Any], ref: str) -> tuple[Attribution, ...]:
    """The attributions in the answer of both models (`Track.live`), as records.

    Raises:
        KeyError: the answer has no sides.
    """
    return tuple(
        Attribution(ref, side, **{**row, "parameters": json.dumps(row["parameters"], sort_keys=True)})
        for side in SIDES
        for row in reply["sides"][side]["attributions"]
    )


def licences_of(reply: Mapping[str, Any]) -> tuple[AttributionLicence, ...]:
    """The licences of the attributions in an answer of both models, as records. Raises KeyError as above."""
    return tuple(AttributionLicence(**row) for side in SIDES for row in reply["sides"][side]["licences"])


def outputs_of(reply: Mapping[str, Any]) -> dict[Side, dict[str, Any]]:
    """What each side answers, by the names of its track's `live_output`."""
    return {side: dict(reply["sides"][side]["output"]) for side in SIDES}


def saved_whatifs(history: Iterable[Event]) -> list[SavedWhatIf]:
    """The what-ifs in an example's history that were not taken back, oldest first."""
    kept: dict[str, SavedWhatIf] = {}
    undone: set[str | None] = set()
    for event in history:
        if event.kind == "undo":
            undone.add(event.target)
        elif event.kind == "redo":
            undone.discard(event.target)
        elif event.kind == "whatif":
            body = json.loads(event.body)
            kept[event.event_id] = SavedWhatIf(event.event_id, event.reviewer, body["text"], body["outputs"])
    return [one for identifier, one in kept.items() if identifier not in undone]
