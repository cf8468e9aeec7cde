"""The retrieval track: a base and a candidate text encoder."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from analysis.tracks.retrieval.example_context import beside
from analysis.tracks.retrieval.flags import flags
from analysis.tracks.retrieval.gates import GATES
from analysis.tracks.retrieval.report_sections import headlines
from analysis.tracks.retrieval.triggers import triggers

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

    from analysis.base.records import GateInput, Side
    from analysis.data.examples import Examples
    from analysis.models.sides import Sides
    from analysis.plugin.stage import Stage
    from analysis.run.review_file import Problem, Review, TrackSettings


def settings() -> type[TrackSettings]:
    """Its section of the review file."""
    from analysis.tracks.retrieval.settings import RetrievalSettings

    return RetrievalSettings


def read(settings: TrackSettings, review: Review, skip_bad_rows: bool) -> Examples:
    """Probes, items and hard negatives, with what the data says of how they belong together.

    Raises:
        AssayError: a file or row that cannot be read, a name that nothing has.
    """
    from analysis.tracks.retrieval.load_data import read_retrieval
    from analysis.tracks.retrieval.settings import retrieval_settings

    return read_retrieval(retrieval_settings(settings), skip_bad_rows)


def stages() -> tuple[Stage, ...]:
    """Counterfactual items are made first, so that they are encoded with everything else."""
    from analysis.tracks.retrieval.counterfactual import COUNTERFACTUAL, VARIANTS
    from analysis.tracks.retrieval.drift import DRIFT
    from analysis.tracks.retrieval.encode import ENCODE
    from analysis.tracks.retrieval.geometry import GEOMETRY
    from analysis.tracks.retrieval.grouping import GROUP
    from analysis.tracks.retrieval.map_stage import MAPS
    from analysis.tracks.retrieval.negatives import NEGATIVES
    from analysis.tracks.retrieval.neighbours import NEIGHBOURS
    from analysis.tracks.retrieval.probes import PROBES

    return (
        VARIANTS,
        ENCODE,
        NEIGHBOURS,
        GROUP,
        GEOMETRY,
        COUNTERFACTUAL,
        PROBES,
        NEGATIVES,
        DRIFT,
        MAPS,
    )


def gate_settings(settings: TrackSettings, workbench: duckdb.DuckDBPyConnection) -> dict[str, object]:
    """What the gates need of the settings: the declared attributes, and which inputs there are."""
    from analysis.tracks.retrieval.settings import retrieval_settings

    retrieval = retrieval_settings(settings)
    return {
        "group_by": list(retrieval.group_by),
        "must_keep": list(retrieval.must_keep),
        "not_by": list(retrieval.not_by),
        "probes": retrieval.probes is not None,
        "hard_negatives": retrieval.hard_negatives is not None,
        "k": retrieval.k,
    }


def model_paths(settings: TrackSettings) -> Mapping[Side, Path]:
    """The model folder, or the file of vectors, of each side."""
    from analysis.tracks.retrieval.settings import retrieval_settings

    retrieval = retrieval_settings(settings)
    return {"base": retrieval.base, "candidate": retrieval.candidate}


def pair(folders: Mapping[Side, Path], device: str) -> Sides:
    """Both encoders, loaded when first asked for."""
    from analysis.models.encoder import EncoderPair

    return EncoderPair(folders, device)


def check_models(models: Sides, settings: TrackSettings, problems: list[Problem]) -> list[str]:
    """What can be said of the encoders without running them."""
    from analysis.tracks.retrieval.preflight import check_encoders

    return check_encoders(models, settings, problems)


def figures(connection: duckdb.DuckDBPyConnection, given: GateInput) -> dict[str, bytes]:
    """Both maps as files for the report, where they may be drawn."""
    from analysis.tracks.retrieval.map_plots import figures as pictures

    return pictures(connection, given)


def fit(examples: Examples, models: Sides, skip_bad_rows: bool) -> Examples:
    """The examples, all of which stored vectors must cover. Raises AssayError."""
    from analysis.tracks.retrieval.preflight import fit_vectors

    return fit_vectors(examples, models, skip_bad_rows)


__all__ = [
    "GATES",
    "beside",
    "check_models",
    "figures",
    "fit",
    "flags",
    "gate_settings",
    "headlines",
    "model_paths",
    "pair",
    "read",
    "settings",
    "stages",
    "triggers",
]
