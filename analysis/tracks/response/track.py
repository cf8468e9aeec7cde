"""The response track: a base and a candidate text generator, or what was recorded of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from analysis.tracks.response.flags import flags
from analysis.tracks.response.gates import GATES
from analysis.tracks.response.judged import new_hit_spans
from analysis.tracks.response.report_sections import headlines
from analysis.tracks.response.triggers import triggers

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

    from analysis.base.records import Side
    from analysis.data.examples import Examples
    from analysis.models.sides import Sides
    from analysis.plugin.stage import Stage
    from analysis.run.review_file import Problem, Review, TrackSettings


def settings() -> type[TrackSettings]:
    """Its section of the review file."""
    from analysis.tracks.response.settings import ResponseSettings

    return ResponseSettings


def read(settings: TrackSettings, review: Review, skip_bad_rows: bool) -> Examples:
    """The prompts, with recorded responses where there are any, and what answers are checked against.

    Raises:
        AssayError: a file, row or policy that cannot be read.
    """
    from analysis.tracks.response.load_data import read_response
    from analysis.tracks.response.settings import response_settings

    return read_response(response_settings(settings), skip_bad_rows)


def stages() -> tuple[Stage, ...]:
    """Answers are made first; what is found in them is counted before any is explained."""
    from analysis.tracks.response.adapter_scaling import DOSE, DOSE_METRICS
    from analysis.tracks.response.detect import DETECT
    from analysis.tracks.response.generate import ENDINGS, GENERATE
    from analysis.tracks.response.rates import RATES
    from analysis.tracks.response.shift import SHIFT, SHIFT_METRICS
    from analysis.tracks.response.span_attribution import SPAN_ATTRIBUTION
    from analysis.tracks.response.upweighted_tokens import ODDS

    return (
        GENERATE,
        ENDINGS,
        DETECT,
        RATES,
        SHIFT,
        SPAN_ATTRIBUTION,
        SHIFT_METRICS,
        ODDS,
        DOSE,
        DOSE_METRICS,
    )


def gate_settings(settings: TrackSettings, workbench: duckdb.DuckDBPyConnection) -> dict[str, object]:
    """What the gates need of the settings: which inputs there are; and the spans that people may judge."""
    from analysis.tracks.response.settings import response_settings

    response = response_settings(settings)
    return {
        "catalogue": response.catalogue is not None,
        "policy": response.policy is not None,
        "preferences": response.preferences is not None,
        "models": response.has_models,
        "generated": response.generates,
        "new_hits": new_hit_spans(workbench),
    }


def model_paths(settings: TrackSettings) -> Mapping[Side, Path]:
    """The model folder of each side, or the file of recorded responses where no models are given."""
    from analysis.tracks.response.settings import response_settings

    response = response_settings(settings)
    if response.base is not None and response.candidate is not None:
        return {"base": response.base, "candidate": response.candidate}
    return {} if response.records is None else {"base": response.records, "candidate": response.records}


def pair(folders: Mapping[Side, Path], device: str) -> Sides:
    """Both generators, loaded when first asked for; what was recorded where there are none."""
    from analysis.models.generator import GeneratorPair
    from analysis.models.sides import Recorded

    if any(path.is_file() for path in folders.values()):
        return Recorded(folders, device)
    return GeneratorPair(folders, device)


def check_models(models: Sides, settings: TrackSettings, problems: list[Problem]) -> list[str]:
    """What can be said of the generators without running them."""
    from analysis.tracks.response.preflight import check_generators

    return check_generators(models, problems)


def beside(connection: duckdb.DuckDBPyConnection, ref: str) -> dict[str, tuple[dict[str, Any], ...]]:
    """What is shown with a prompt: both answers, what was found in them and what they were checked against."""
    from analysis.tracks.response.example_context import beside as shown

    return shown(connection, ref)


__all__ = [
    "GATES",
    "beside",
    "check_models",
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
