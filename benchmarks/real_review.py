"""One review of recorded refusals, as the product reads, labels and judges it, without its store and its queue."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from analysis.base.gate_records import GateInput
from analysis.base.records import SIDES, Side, Slice
from analysis.base.review_records import ReviewState
from analysis.base.sql import records as read_records
from analysis.base.sql import sql_text
from analysis.data.memberships import membership_rows
from analysis.models.sides import Recorded
from analysis.plugin.alpha import declared_for_gates
from analysis.plugin.metric import spec_by_name
from analysis.plugin.registry import get
from analysis.plugin.stage import Aggregate, PlanContext, Stage
from analysis.review.evaluate import evaluate, resolve_rules
from analysis.run.pipeline import insert_arrow, insert_rows
from analysis.run.review_file import load_review
from analysis.run.slices import build_slices
from analysis.store.run import SCHEMA
from analysis.tracks.response.detect import DECLARE, DETECT
from analysis.tracks.response.gates.behaviours import GATES
from analysis.tracks.response.labelled_sample import DRAW
from analysis.tracks.response.learned_leads import LEARN
from analysis.tracks.response.load_data import KIND, read_response
from analysis.tracks.response.metric_specs import TRACK
from analysis.tracks.response.scores import SCORES
from analysis.tracks.response.settings import response_settings

BEHAVIOUR, WORDS, LEARNED = "refuses", "refusal-words", "refusal-learned"
_REVIEW = """\
[review]
name = "real-answers"
owner = "carol"
base_version = "base"
candidate_version = "candidate"
seed = {seed}
device = "cpu"

[response]
records = "records.jsonl"

[[response.behaviour]]
name = "{behaviour}"
question = "Does the answer refuse?"
{roles}
leads = ["{words}", "{learned}"]

[response.detector.{words}]
kind = "patterns"
words = "refusal.en"

[response.detector.{learned}]
kind = "learned"
unit = "opening"

[response.labels.{behaviour}]
base = "refuses_base"
candidate = "refuses_candidate"
source = "people"
"""

Key = tuple[str, Side]
Roles = tuple[str, str | None]
"""Where a refusal is unwanted and where it is wanted, as SQL over the records; None where it is nowhere."""
Shards = dict[str, dict[str, pa.Table]]
"""What detectors found, by the key of a shard: they say the same of the same answers in every draw."""


@dataclass(frozen=True)
class Reviewed:
    """What a review comes to: verdict, (value, low, high) once a look is reached, and scores by (id, side)."""

    verdict: str
    why: str
    interval: tuple[float, float, float] | None
    combined: Mapping[Key, float]
    leads: Mapping[str, Mapping[Key, float]]


def draw_of(
    folder: Path, records: Sequence[Mapping[str, Any]], roles: Roles, drawn: str, seed: int
) -> list[str]:
    """The ids in the order in which people would label the prompts."""
    context = _opened(folder, records, roles, drawn, seed, {})
    rows = context.workbench.execute("SELECT ref FROM response_drawn ORDER BY place").fetchall()
    return [_id(ref) for (ref,) in rows]


def reviewed(
    folder: Path,
    records: Sequence[Mapping[str, Any]],
    roles: Roles,
    drawn: str,
    seed: int,
    labels: Mapping[Key, bool],
    shards: Shards,
) -> Reviewed:
    """Read, look for leads, teach the head, and judge.

    Args:
        folder: where the review's files are written.
        records: `{id, prompt, base_response, candidate_response}` and columns that `roles` read.
        roles: where a refusal is unwanted and wanted.
        drawn: what the order of labels is drawn by.
        seed: of the review.
        labels: whether answers refuse; those that are missing are not known.
        shards: what was found before; what is found now is added.
    """
    context = _opened(folder, records, roles, drawn, seed, labels)
    connection = context.workbench
    _compute(DECLARE, context)
    _detect(DETECT, context, shards)
    _compute(LEARN, context)
    _compute(SCORES, context)
    result = next(one for one in evaluate(_given(context), GATES) if one.key == f"{TRACK}.{BEHAVIOUR}")
    interval = None
    if result.value is not None and result.low is not None and result.high is not None:
        interval = (result.value, result.low, result.high)
    combined: dict[Key, float] = {
        (_id(ref), side): score
        for ref, side, score in connection.execute("SELECT ref, side, score FROM response_score").fetchall()
    }
    leads: dict[str, dict[Key, float]] = {}
    for ref, side, name, score in connection.execute(
        "SELECT ref, side, detector, score FROM response_outcome"
    ).fetchall():
        leads.setdefault(name, {})[_id(ref), side] = score
    connection.close()
    return Reviewed(result.verdict, result.why, interval, combined, leads)


def _opened(
    folder: Path,
    records: Sequence[Mapping[str, Any]],
    roles: Roles,
    drawn: str,
    seed: int,
    labels: Mapping[Key, bool],
) -> PlanContext:
    """The review with its records read into a workbench and the order drawn."""
    unwanted, wanted = roles
    lines = [f"unwanted = {json.dumps(unwanted)}"]
    lines += [f"wanted = {json.dumps(wanted)}"] if wanted is not None else []
    review_file = folder / "review.toml"
    review_file.write_text(
        _REVIEW.format(seed=seed, behaviour=BEHAVIOUR, words=WORDS, learned=LEARNED, roles="\n".join(lines)),
        "utf-8",
    )
    words = {True: "yes", False: "no", None: None}
    rows = [
        {**one, **{f"refuses_{side}": words[labels.get((one["id"], side))] for side in SIDES}}
        for one in records
    ]
    (folder / "records.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    review = load_review(review_file)
    settings = response_settings(review.tracks[TRACK])
    examples = read_response(settings, skip_bad_rows=False)
    connection = duckdb.connect(":memory:")
    connection.execute(sql_text(SCHEMA, "evidence.sql"))
    connection.execute(get(TRACK).schema())
    slices, members = build_slices(TRACK, settings, examples)
    for table, found in (("example", examples.rows), ("slice", slices)):
        insert_rows(connection, table, found)
    insert_arrow(connection, "membership", membership_rows(TRACK, members))
    for table, payload in examples.payload.items():
        insert_arrow(connection, table, payload)
    models = Recorded(settings.recorded, "cpu")
    context = PlanContext(TRACK, settings, seed, models, review=review, workbench=connection, drawn=drawn)
    _compute(DRAW, context)
    return context


def _compute(step: Aggregate, context: PlanContext) -> None:
    for table, rows in step.compute(context).items():
        insert_arrow(context.workbench, table, rows)


def _detect(stage: Stage, context: PlanContext, shards: Shards) -> None:
    for shard in stage.plan(context):
        key = json.dumps(shard.key, sort_keys=True)
        if key not in shards:
            shards[key] = stage.run(context.for_run(), shard)
        for table, rows in shards[key].items():
            insert_arrow(context.workbench, table, rows)


def _given(context: PlanContext) -> GateInput:
    """What the gate reads of a review in which nobody has said anything yet: what is known was recorded."""
    track, settings, review = get(TRACK), context.settings, context.review
    return GateInput(
        run="0123456789ab",
        owner=review.review.owner,
        today="2026-01-01",
        reviewers_required=1,
        tracks=(TRACK,),
        metrics=(),
        specs={TRACK: spec_by_name(track.metrics_for(settings.as_recorded()))},
        slices=tuple(read_records(context.workbench, Slice, "SELECT * FROM slice")),
        rules=resolve_rules({}, track.gates()),
        settings={
            TRACK: {
                **track.measured_for_gates(settings, context.workbench),
                **declared_for_gates(review.rules, review.as_recorded())[TRACK],
            }
        },
        expected=(),
        queue=(),
        flagged={},
        state=ReviewState((), {}, (), (), None),
    )


def _id(ref: str) -> str:
    return ref.removeprefix(f"{TRACK}/{KIND}:")
