"""What the candidate finds more, or less, probable than the base along the responses: per token, and by slice.

Along a response, candidate less base log-probability is the reward that a preference optimisation would have given
its tokens, up to its factor beta (Rafailov et al., 2023). Responses are tokenised from their text and follow what
each side is given as its prompt.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from analysis.base.records import ALL, SIDES, Metric
from analysis.base.seeds import draw
from analysis.base.sql import queries
from analysis.base.turns import prompt_key
from analysis.models.generator import generators
from analysis.plugin.metric import metric_table
from analysis.plugin.stage import Aggregate, PlanContext, RunContext, Shard, Stage
from analysis.tracks.response.detector_inputs import load_turns
from analysis.tracks.response.likelihood import Continued, along, response_tokens
from analysis.tracks.response.metric_specs import TRACK, metric, of_interval

if TYPE_CHECKING:
    import duckdb

    from analysis.models.sides import Sides

RESPONSES_PER_SHARD = 32

TOKEN_SCHEMA = pa.schema(
    [
        ("ref", pa.string()),
        ("side", pa.string()),
        ("tokens", pa.list_(pa.string())),
        ("starts", pa.list_(pa.int32())),
        ("ends", pa.list_(pa.int32())),
        ("base_logp", pa.list_(pa.float32())),
        ("candidate_logp", pa.list_(pa.float32())),
        ("kl", pa.list_(pa.float32())),
    ]
)

_RESPONSES = queries(__package__, "stages.sql")["selected_responses"]
_METRICS = queries(__package__, "metrics.sql")


def why_not(models: Sides) -> str:
    """Why the two sides cannot be compared token by token; '' where they can."""
    if not models:
        return "no models are given: the responses are recorded"
    if not generators(models).tokenizers_equal:
        return "the sides split text into different tokens"
    return ""


def digest(*texts: str) -> str:
    """SHA-256 of some texts, as part of what determines a result."""
    sums = hashlib.sha256()
    for text in texts:
        raw = text.encode("utf-8", "surrogatepass")
        sums.update(len(raw).to_bytes(8, "big") + raw)
    return sums.hexdigest()


def _plan(context: PlanContext) -> list[Shard]:
    """Selected responses of like length together; none where the sides cannot be compared."""
    if why_not(context.models):
        return []
    rows = context.workbench.execute(_RESPONSES, {"track": context.track}).fetchall()
    turns = load_turns(context.workbench)
    shards = []
    for start in range(0, len(rows), RESPONSES_PER_SHARD):
        part = [
            (ref, side, turns.get(ref, prompt), text)
            for ref, side, prompt, text in rows[start : start + RESPONSES_PER_SHARD]
        ]
        key = {"rows": [[ref, side, digest(prompt_key(prompt), text)] for ref, side, prompt, text in part]}
        shards.append(Shard(key, part, len(part)))
    return shards


def _run(context: RunContext, shard: Shard) -> dict[str, pa.Table]:
    pair = generators(context.models)
    sides = {side: pair.generator(side) for side in SIDES}
    tokens = [response_tokens(sides["base"], text) for *_, text in shard.payload]
    rows = [
        Continued({side: sides[side].prompt_ids(prompt) for side in SIDES}, one.ids)
        for (_, _, prompt, _), one in zip(shard.payload, tokens, strict=True)
    ]
    found: list[dict[str, Any]] = []
    for (ref, side, *_), one, measured in zip(shard.payload, tokens, along(sides, rows), strict=True):
        count = len(measured.kl)
        found.append(
            {
                "ref": ref,
                "side": side,
                "tokens": one.names[:count],
                "starts": one.starts[:count],
                "ends": one.ends[:count],
                **measured._asdict(),
            }
        )
    return {"response_token": pa.Table.from_pylist(found, TOKEN_SCHEMA)}


def _summarise(context: PlanContext) -> dict[str, pa.Table]:
    return {"metric": metric_table(shift_metrics(context.workbench, why_not(context.models)))}


def shift_metrics(connection: duckdb.DuckDBPyConnection, why: str) -> list[Metric]:
    """`kl` and `logp_change` of every slice, along the base's and along the candidate's responses.

    Each response counts once, by its mean over its tokens, so that no long one decides. The difference of
    `logp_change` says how much the candidate prefers its own responses to the base's, beyond the base's own
    preference.

    Args:
        connection: the workbench.
        why: why there is nothing to measure; '' where there is.
    """
    methods = {
        "kl": "mean over tokens of KL(candidate || base) over the whole vocabulary, in nats",
        "logp_change": "mean over tokens of candidate less base log-probability, in nats",
    }
    if why:
        return [metric(name, ALL, side, None, None, None, text, why=why) for name, text in methods.items()
                for side in SIDES]  # fmt: skip
    numbers: dict[tuple[str, str], dict[str, dict[str, float]]] = defaultdict(lambda: defaultdict(dict))
    for slice_name, side, kl, change, ref in connection.execute(
        _METRICS["shifts"], {"track": TRACK}
    ).fetchall():
        numbers[slice_name, "kl"][side][ref] = kl
        numbers[slice_name, "logp_change"][side][ref] = change
    slices = [name for (name,) in connection.execute(_METRICS["slices"], {"track": TRACK}).fetchall()]
    found = []
    for slice_name in slices:
        for name, text in methods.items():
            by_side = numbers[slice_name, name]
            for side in SIDES:
                along_side = f"{text}, along the {side}'s response; mean over the selected prompts, bootstrap"
                found.append(_mean(name, slice_name, side, by_side[side], along_side))
        both = numbers[slice_name, "logp_change"]
        apart = {ref: both["candidate"][ref] - both["base"][ref]
                 for ref in both["candidate"] if ref in both["base"]}  # fmt: skip
        text = f"{methods['logp_change']}, candidate's response less base's; mean over the selected prompts, bootstrap"
        found.append(_mean("logp_change", slice_name, "difference", apart, text))
    return found


def _mean(name: str, slice_name: str, side: Any, values: dict[str, float], method: str) -> Metric:
    """The mean of some prompts with its interval; unknown where there is none, or a number is not finite."""
    from analysis.stats import bootstrap_mean

    numbers = np.array(list(values.values()), dtype=np.float64)
    if not len(numbers):
        why = "no prompt of the slice was selected with a response"
        return metric(name, slice_name, side, None, None, 0, method, why=why)
    if not np.isfinite(numbers).all():
        why = "a model's forecasts are not numbers"
        return metric(name, slice_name, side, None, None, len(numbers), method, why=why)
    interval = bootstrap_mean(numbers, None, 0.95, draw("response.shift", slice_name, name, side))
    return of_interval(name, slice_name, side, interval, method)


SHIFT = Stage("response.shift", 1, _plan, _run, costly=True)
SHIFT_METRICS = Aggregate("response.shift_metrics", 1, _summarise, after_queue=True)
