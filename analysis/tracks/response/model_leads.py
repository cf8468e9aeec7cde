"""Leads that are models of the user's: their scores of every answer, in the cleaned form that all leads read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analysis.base.sql import queries
from analysis.plugin.stage import PlanContext, RunContext, Shard, Stage
from analysis.text.cleaned import cleaned
from analysis.tracks.response.behaviour_leads import model_leads
from analysis.tracks.response.detect import (
    READING,
    digest_of,
    digest_of_knowledge,
    lead_tables,
    readable,
    said_by,
)
from analysis.tracks.response.detector_inputs import load_knowledge, load_responses
from analysis.tracks.response.metric_specs import TRACK
from analysis.tracks.response.settings import response_settings

if TYPE_CHECKING:
    import pyarrow as pa

    from analysis.tracks.response.leads.model import Reading

PROMPTS_PER_SHARD = 64
_PROMPTS = queries(__package__, "stages.sql")["prompts"]


def _plan(context: PlanContext) -> list[Shard]:
    from analysis.tracks.response.leads.model import ModelLead, lead_key

    sections = model_leads(response_settings(context.settings))
    if not sections:
        return []
    knowledge = load_knowledge(context.workbench)
    held = digest_of_knowledge(knowledge)
    refs = [ref for (ref,) in context.workbench.execute(_PROMPTS, {"track": TRACK}).fetchall()]
    shards = []
    for name, section in sections.items():
        lead = ModelLead(name, section)
        key = lead_key(lead)
        for start in range(0, len(refs), PROMPTS_PER_SHARD):
            # Both sides of a prompt are read together: some models compare them.
            part = refs[start : start + PROMPTS_PER_SHARD]
            responses = load_responses(context.workbench, part)
            said = digest_of([said_by(one) for one in responses])
            made = {"reading": READING, "lead": [name, key], "knowledge": held, "responses": said}
            shards.append(Shard(made, (lead, knowledge, responses), len(part)))
    return shards


def _run(context: RunContext, shard: Shard) -> dict[str, pa.Table]:
    from analysis.tracks.response.leads.model import model_scores

    lead, knowledge, responses = shard.payload
    readings = model_scores(lead, list(map(readable, responses)), knowledge, context.models.device)
    outcomes: list[dict[str, Any]] = []
    unread: list[dict[str, Any]] = []
    spans: list[dict[str, Any]] = []
    for one, reading in zip(responses, readings, strict=True):
        where = {"ref": one.ref, "side": one.side, "detector": lead.name}
        if reading.score is None:
            unread.append({**where, "why": reading.why})
            continue
        outcomes.append({**where, **_outcome(reading)})
        text = cleaned(one.text)
        spans += [
            {**where, "start": start, "end": end, "label": found.label, "why": found.why}
            for found in reading.found
            if found.counts
            for start, end in [text.place(found.start, found.end)]
        ]
    return lead_tables(outcomes, spans, unread)


def _outcome(reading: Reading) -> dict[str, Any]:
    counting = [one for one in reading.found if one.counts]
    return {"score": reading.score, "hits": len(counting), "why": counting[0].why if counting else ""}


READ_BY_MODELS = Stage("response.model_leads", 2, _plan, _run)
