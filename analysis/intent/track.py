"""The intent track: a base and a candidate text classifier."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from analysis.intent.flags import flags
from analysis.intent.gates import GATES
from analysis.intent.headlines import headlines
from analysis.intent.settings import IntentSettings, intent_settings
from analysis.intent.triggers import triggers

if TYPE_CHECKING:
    import duckdb

    from analysis.config import Review, TrackSettings
    from analysis.examples import Examples
    from analysis.stage import Stage


def read(settings: TrackSettings, review: Review, skip_bad_rows: bool) -> Examples:
    """The labelled messages, with the out-of-scope texts as a set beside them.

    Raises:
        AssayError: a file or row that cannot be read, a label that the models do not know.
    """
    from analysis.intent.reading import read_messages

    return read_messages(intent_settings(settings), skip_bad_rows)


def stages() -> tuple[Stage, ...]:
    """Probes are made first, so that variants are predicted with everything else."""
    from analysis.intent.attribution import ATTRIBUTE
    from analysis.intent.counterfactual import EFFECTS, VARIANTS
    from analysis.intent.metrics import METRICS
    from analysis.intent.predict import PREDICT

    return (VARIANTS, PREDICT, EFFECTS, METRICS, ATTRIBUTE)


def gate_settings(settings: TrackSettings, workbench: duckdb.DuckDBPyConnection) -> dict[str, object]:
    """What the gates need of the settings: the declared irrelevant cues, by class."""
    return {"irrelevant": dict(intent_settings(settings).irrelevant)}


def model_paths(settings: TrackSettings) -> Mapping[str, str]:
    """The model folder of each side."""
    intent = intent_settings(settings)
    return {"base": str(intent.base), "candidate": str(intent.candidate)}


__all__ = [
    "GATES",
    "IntentSettings",
    "flags",
    "gate_settings",
    "headlines",
    "model_paths",
    "read",
    "stages",
    "triggers",
]
