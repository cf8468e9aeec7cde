"""How the flagged behaviour grows with the adapter: answers with its weights scaled from nothing to one and a half.

A LoRA adapter adds its product of two matrices to a layer, times a factor (Hu et al., 2021). At 0 the model is the
base, at 1 the candidate. A rate that climbs on the way is what the adapter taught.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from analysis.base.records import ALL
from analysis.base.sql import queries
from analysis.models.generator import generators
from analysis.models.scaled_adapter import SCALES, scaled, why_not_scaled
from analysis.plugin.metric import metric_table
from analysis.plugin.stage import Aggregate, PlanContext, RunContext, Shard, Stage
from analysis.stats import clopper_pearson
from analysis.tracks.response.behaviour_leads import leads_of
from analysis.tracks.response.detect import detected
from analysis.tracks.response.detector_inputs import load_knowledge, load_responses, load_turns
from analysis.tracks.response.detectors.contract import Detector, Knowledge, Response
from analysis.tracks.response.metric_specs import metric
from analysis.tracks.response.settings import response_settings
from analysis.tracks.response.shift import digest

if TYPE_CHECKING:
    from analysis.base.turns import Prompt
    from analysis.models.generation import LoadedGenerator
    from analysis.models.sides import Sides

MOST_PROMPTS = 24

_FLAGGED = queries(__package__, "stages.sql")["flagged_prompts"]
_SCALED = queries(__package__, "metrics.sql")["prompts_scaled"]


def why_no_doses(models: Sides) -> str:
    """Why the candidate is not asked between base and itself; '' where it is."""
    if not models:
        return "no models are given: the responses are recorded"
    if models.over is not None:
        return "the candidate is an adapter over a model that is not the base"
    return why_not_scaled(models.folders["candidate"])


def dose_response(
    generator: LoadedGenerator,
    factor: float,
    asked: Sequence[Response],
    knowledge: Knowledge,
    detectors: tuple[Detector, ...],
    turns: Mapping[str, Prompt] | None = None,
) -> list[dict[str, Any]]:
    """Rows of `response_dose` at one factor: of the greedy answers to those prompts, the share with a hit.

    Args:
        generator: the candidate.
        factor: of its adapter.
        asked: the prompts, with what belongs to each; their texts are not read.
        knowledge: what answers are checked against.
        detectors: what is looked for; one that applies to no answer has no row.
        turns: what the model is given where a prompt is turns, by ref.
    """
    from analysis.models.generation import generate_answers

    prompts = [(turns or {}).get(one.ref, one.prompt) for one in asked]
    with scaled(generator.model, factor):
        answers = generate_answers(generator, [generator.prompt_ids(one) for one in prompts])
    responses = [replace(one, text=answer.text) for one, answer in zip(asked, answers, strict=True)]
    outcomes = detected(responses, knowledge, detectors)["response_outcome"].to_pylist()
    rows = []
    for detector in detectors:
        hits = [row["hits"] > 0 for row in outcomes if row["detector"] == detector.name]
        if hits:
            low, high = clopper_pearson(sum(hits), len(hits))
            rate = sum(hits) / len(hits)
            rows.append({"scale": factor, "detector": detector.name, "rate": rate, "low": low, "high": high,
                         "n": len(hits)})  # fmt: skip
    return rows


def _plan(context: PlanContext) -> list[Shard]:
    """One a factor, over the same flagged prompts; none where there is no adapter to scale, or nothing flagged."""
    if why_no_doses(context.models):
        return []
    detectors = leads_of(response_settings(context.settings))
    given: Mapping[str, Any] = {"detectors": [one.name for one in detectors], "most": MOST_PROMPTS}
    refs = sorted(ref for (ref,) in context.workbench.execute(_FLAGGED, given).fetchall())
    if not refs:
        return []
    asked = [one for one in load_responses(context.workbench, refs) if one.side == "candidate"]
    turns = load_turns(context.workbench, refs)
    knowledge = load_knowledge(context.workbench)
    key = {
        "prompts": [
            [one.ref, digest(repr((turns.get(one.ref, one.prompt), one.passages, sorted(one.expected))))]
            for one in asked
        ],
        "knowledge": digest(json.dumps(asdict(knowledge), sort_keys=True)),
        "detectors": {one.name: one.version for one in detectors},
    }
    return [Shard({**key, "scale": one}, (one, asked, knowledge, turns), len(asked)) for one in SCALES]


def _run(context: RunContext, shard: Shard) -> dict[str, pa.Table]:
    factor, asked, knowledge, turns = shard.payload
    candidate = generators(context.models).generator("candidate")
    schema = pa.schema(
        [
            ("scale", pa.float64()),
            ("detector", pa.string()),
            ("rate", pa.float64()),
            ("low", pa.float64()),
            ("high", pa.float64()),
            ("n", pa.int32()),
        ]
    )
    return {
        "response_dose": pa.Table.from_pylist(
            dose_response(
                candidate, factor, asked, knowledge, leads_of(response_settings(context.settings)), turns
            ),
            schema,
        )
    }


def _count_prompts(context: PlanContext) -> dict[str, pa.Table]:
    """`dose_prompts`: how many flagged prompts were answered at each factor, or why none was."""
    (count,) = context.workbench.execute(_SCALED).fetchall()[0]
    why = why_no_doses(context.models) or ("" if count else "no response of the candidate was flagged")
    method = f"greedy answers with the adapter scaled by {', '.join(f'{one:g}' for one in SCALES)}; exact intervals"
    value = None if why else float(count)
    return {
        "metric": metric_table(
            [metric("dose_prompts", ALL, "candidate", value, None, count, method, why=why)]
        )
    }


DOSE_RESPONSE = Stage("response.dose", 1, _plan, _run, after_queue=True)
DOSE_RESPONSE_METRICS = Aggregate("response.dose_metrics", 1, _count_prompts, after_queue=True)
