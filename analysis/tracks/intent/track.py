"""The intent track: a base and a candidate text classifier."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from analysis.run.queue import shuffled
from analysis.tracks.intent.flags import flags
from analysis.tracks.intent.gates import GATES
from analysis.tracks.intent.method_names import ON_DEMAND
from analysis.tracks.intent.report_sections import headlines
from analysis.tracks.intent.triggers import triggers

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

    from analysis.base.records import Side
    from analysis.data.examples import Examples
    from analysis.live.client import LiveRequest
    from analysis.models.sides import Sides
    from analysis.plugin.stage import Stage
    from analysis.run.review_file import Problem, Review, TrackSettings


def settings() -> type[TrackSettings]:
    """Its section of the review file."""
    from analysis.tracks.intent.settings import IntentSettings

    return IntentSettings


def read(settings: TrackSettings, review: Review, skip_bad_rows: bool) -> Examples:
    """The labelled messages, with the out-of-scope texts as a set beside them.

    Raises:
        AssayError: a file or row that cannot be read, a label that the models do not know.
    """
    from analysis.tracks.intent.load_data import read_messages
    from analysis.tracks.intent.settings import intent_settings

    return read_messages(intent_settings(settings), skip_bad_rows)


def stages() -> tuple[Stage, ...]:
    """Probes are made first, so that variants are predicted with everything else."""
    from analysis.tracks.intent.attribution import ATTRIBUTE
    from analysis.tracks.intent.counterfactual import EFFECTS, VARIANTS
    from analysis.tracks.intent.enrichment import ENRICH
    from analysis.tracks.intent.licence_metrics import LICENCE
    from analysis.tracks.intent.metrics import METRICS
    from analysis.tracks.intent.predict import PREDICT
    from analysis.tracks.intent.randomisation import RANDOMISE

    return (VARIANTS, PREDICT, EFFECTS, METRICS, ATTRIBUTE, ENRICH, RANDOMISE, LICENCE)


def also_costly(workbench: duckdb.DuckDBPyConnection, settings: TrackSettings, seed: int) -> list[list[str]]:
    """For each class and cue that must not support it, the texts that hold the cue: those of the class first."""
    from analysis.tracks.intent.settings import intent_settings

    sets = []
    for target, cues in intent_settings(settings).irrelevant.items():
        for cue in cues:
            rows = workbench.execute(
                """
                SELECT i.ref, $target IN (p.gold, p.base_label, p.candidate_label)
                FROM intent_mention i JOIN intent_pair p USING (ref) WHERE i.kind = 'cue' AND i.name = $cue
                """,
                {"target": target, "cue": cue},
            ).fetchall()
            of_class = shuffled([ref for ref, concerned in rows if concerned], seed)
            sets.append(of_class + shuffled([ref for ref, concerned in rows if not concerned], seed))
    return sets


def gate_settings(settings: TrackSettings, workbench: duckdb.DuckDBPyConnection) -> dict[str, object]:
    """What the gates need of the settings: the declared irrelevant cues and expected signals, by class."""
    from analysis.tracks.intent.settings import intent_settings

    intent = intent_settings(settings)
    return {"irrelevant": dict(intent.irrelevant), "signals": dict(intent.signals)}


def model_paths(settings: TrackSettings) -> Mapping[Side, Path]:
    """The model folder of each side."""
    from analysis.tracks.intent.settings import intent_settings

    intent = intent_settings(settings)
    return {"base": intent.base, "candidate": intent.candidate}


def pair(folders: Mapping[Side, Path], device: str) -> Sides:
    """Both classifiers, loaded when first asked for."""
    from analysis.models.pair import ModelPair

    return ModelPair(folders["base"], folders["candidate"], device)


def check_models(models: Sides, settings: TrackSettings, problems: list[Problem]) -> list[str]:
    """What can be said of the classifiers without running them."""
    from analysis.tracks.intent.preflight import check_classifiers

    return check_classifiers(models, settings, problems)


def fit(examples: Examples, models: Sides, skip_bad_rows: bool) -> Examples:
    """The messages whose gold label both classifiers know. Raises AssayError for the others."""
    from analysis.data.examples import check_labels
    from analysis.models.pair import classifiers

    return check_labels(examples, classifiers(models).labels, skip_bad_rows)


def live(
    models: Sides,
    settings: Mapping[str, Any],
    evidence: duckdb.DuckDBPyConnection,
    request: LiveRequest,
) -> dict[str, Any]:
    """What both classifiers say of one text, and why. Raises AssayError."""
    from analysis.models.pair import classifiers
    from analysis.tracks.intent.live import answer

    return answer(classifiers(models), settings, evidence, request)


__all__ = [
    "GATES",
    "ON_DEMAND",
    "also_costly",
    "check_models",
    "fit",
    "flags",
    "gate_settings",
    "headlines",
    "live",
    "model_paths",
    "pair",
    "read",
    "settings",
    "stages",
    "triggers",
]
