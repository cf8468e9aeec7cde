"""The answers of both sides to every prompt: the likeliest one, and samples with the same seeds."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import pyarrow as pa

from analysis.base.records import ALL, SIDES
from analysis.base.sql import queries
from analysis.models.generator import generators
from analysis.plugin.metric import metric_table
from analysis.plugin.stage import Aggregate, PlanContext, RunContext, Shard, Stage
from analysis.stats import clopper_pearson
from analysis.tracks.response.detector_inputs import load_turns
from analysis.tracks.response.load_data import side_table
from analysis.tracks.response.metric_specs import metric
from analysis.tracks.response.settings import TRANSFORMERS, response_settings

if TYPE_CHECKING:
    from analysis.base.turns import Prompt
    from analysis.models.generation import Answer, LoadedGenerator

SAMPLES = 5
"""Samples of each prompt and side, beside the likeliest answer."""

PROMPTS_PER_SHARD = 128
"""Prompts that are answered before the work is kept: of more prompts, more have the same length."""

_PROMPTS = queries(__package__, "stages.sql")["prompts_by_length"]
_ENDINGS = queries(__package__, "metrics.sql")["endings"]


def sample_seed(seed: int, ref: str, number: int) -> int:
    """The seed of one sample, from 0 to 2**63 - 1: the same on both sides, and whatever else is answered."""
    named = hashlib.sha256(json.dumps([seed, ref, number]).encode()).digest()
    return int.from_bytes(named[:8]) >> 1


def _plan(context: PlanContext) -> list[Shard]:
    """Prompts of like length together; none where the responses are recorded."""
    if not response_settings(context.settings).generates:
        return []
    rows = context.workbench.execute(_PROMPTS, {"track": context.track}).fetchall()
    turns = load_turns(context.workbench)
    seed, engine = context.seed, response_settings(context.settings).engine
    shards = []
    for start in range(0, len(rows), PROMPTS_PER_SHARD):
        part = [
            (ref, turns.get(ref, text), sha256)
            for ref, text, sha256 in rows[start : start + PROMPTS_PER_SHARD]
        ]
        key = {
            "prompts": [[ref, sha256] for ref, _, sha256 in part],
            "samples": SAMPLES,
            "seed": seed,
            **({} if engine == TRANSFORMERS else {"engine": engine}),
        }
        shards.append(Shard(key, part, len(part)))
    return shards


def _run(context: RunContext, shard: Shard) -> dict[str, pa.Table]:
    refs = [ref for ref, *_ in shard.payload]
    prompts = [prompt for _, prompt, _ in shard.payload]
    seed = context.seed
    pair = generators(context.models)
    greedy: list[pa.Table] = []
    samples: list[pa.Table] = []
    for side in SIDES:
        numbers = [number for _ in refs for number in range(SAMPLES)]
        repeated = [ref for ref in refs for _ in range(SAMPLES)]
        seeds = [sample_seed(seed, ref, number) for ref, number in zip(repeated, numbers, strict=True)]
        if response_settings(context.settings).engine == TRANSFORMERS:
            likeliest, drawn = answer(pair.generator(side), prompts, seeds)
        else:
            likeliest, drawn = pair.vllm.answer(side, prompts, seeds)
        greedy.append(
            side_table(
                refs,
                [side] * len(refs),
                [one.text for one in likeliest],
                [one.ended for one in likeliest],
                [len(one.ids) for one in likeliest],
                [sum(one.logps) for one in likeliest],
            )
        )
        samples.append(
            pa.table(
                {
                    "ref": pa.array(repeated, pa.string()),
                    "side": pa.array([side] * len(repeated), pa.string()),
                    "number": pa.array(numbers, pa.int32()),
                    "seed": pa.array(seeds, pa.int64()),
                    "text": pa.array([one.text for one in drawn], pa.string()),
                    "ended": pa.array([one.ended for one in drawn], pa.string()),
                }
            )
        )
    return {"response_side": pa.concat_tables(greedy), "response_sample": pa.concat_tables(samples)}


def answer(
    generator: LoadedGenerator, prompts: Sequence[Prompt], seeds: list[int]
) -> tuple[list[Answer], list[Answer]]:
    """The likeliest answer to each prompt, and samples of each, as many as there are seeds for it."""
    from analysis.models.generation import generate_answers

    ids = [generator.prompt_ids(prompt) for prompt in prompts]
    each = len(seeds) // len(prompts)
    repeated = [row for row in ids for _ in range(each)]
    return generate_answers(generator, ids), generate_answers(generator, repeated, seeds)


def _count_endings(context: PlanContext) -> dict[str, pa.Table]:
    """Shares of the prompts whose response was cut by the limit, is missing or says nothing, by side."""
    made = generators(context.models).settings() if response_settings(context.settings).generates else {}
    metrics = []
    for side, n, *counts in context.workbench.execute(_ENDINGS).fetchall():
        method = "recorded responses; exact interval"
        if side in made:
            method = f"generated, {SAMPLES} samples: {json.dumps(made[side], sort_keys=True)}; exact interval"
        for name, count in zip(("answers_cut", "answers_missing", "answers_empty"), counts, strict=True):
            known = side in made or name != "answers_cut"
            metrics.append(
                metric(
                    name,
                    ALL,
                    side,
                    count / n if known else None,
                    clopper_pearson(count, n),
                    n,
                    method,
                    why="" if known else "recorded responses do not say whether a limit cut them",
                )
            )
    return {"metric": metric_table(metrics)}


GENERATE = Stage("response.generate", 1, _plan, _run)
ENDINGS = Aggregate("response.endings", 1, _count_endings)
