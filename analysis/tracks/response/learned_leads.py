"""Leads that the labels of both sides teach, scored out of fold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from analysis.base.sql import queries
from analysis.plugin.stage import Aggregate, PlanContext
from analysis.text.cleaned import cleaned
from analysis.tracks.response.behaviour_leads import learned_leads
from analysis.tracks.response.detect import HIT_ROW, OUTCOME, SPAN_ROW
from analysis.tracks.response.detector_inputs import load_responses
from analysis.tracks.response.scores import HIT
from analysis.tracks.response.settings import response_settings

if TYPE_CHECKING:
    import duckdb

    from analysis.tracks.response.behaviour_settings import BehaviourSection
    from analysis.tracks.response.detectors.contract import Response
    from analysis.tracks.response.leads.settings import LearnedSection

_LABELS = queries(__package__, "stages.sql")["labels"]
LABEL = "learned"


def _compute(context: PlanContext) -> dict[str, pa.Table]:
    outcomes: list[dict[str, Any]] = []
    spans: list[dict[str, Any]] = []
    settings = response_settings(context.settings)
    responses = load_responses(context.workbench)
    for name, (section, behaviour) in learned_leads(settings).items():
        found = _learned(context, name, section, behaviour, responses)
        outcomes += found[0]
        spans += found[1]
    hits = [{key: row[key] for key in HIT_ROW.names} for row in spans]
    return {
        "response_outcome": pa.Table.from_pylist(outcomes, OUTCOME),
        "span": pa.Table.from_pylist(spans, SPAN_ROW),
        "response_hit": pa.Table.from_pylist(hits, HIT_ROW),
    }


def _learned(
    context: PlanContext,
    name: str,
    section: LearnedSection,
    behaviour: BehaviourSection,
    responses: list[Response],
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Rows of outcomes and of spans; none where there is nothing to learn from."""
    from analysis.tracks.response.leads.learned import learn

    texts = [cleaned(one.text) for one in responses]
    said = labels_of(context.workbench, behaviour.name)
    labels = {
        place: said[one.ref, one.side] for place, one in enumerate(responses) if (one.ref, one.side) in said
    }
    encode = None
    if section.encoder is not None:
        from analysis.tracks.response.leads.encoder import load_encode

        encode = load_encode(section.encoder, context.models.device)
    refs = [one.ref for one in responses]
    like = section.like or behaviour.examples
    found = learn([one.text for one in texts], refs, labels, like, section.unit, encode, context.seed)
    if found.scores is None:
        return [], []
    outcomes, spans = [], []
    for one, text, score, span in zip(responses, texts, found.scores.tolist(), found.spans, strict=True):
        where = {"ref": one.ref, "side": one.side, "detector": name}
        shown = span is not None and score >= HIT
        outcomes.append({**where, "score": score, "hits": int(shown), "why": found.why if shown else ""})
        if span is not None and shown:
            start, end = text.place(span.start, span.end)
            spans.append({**where, "start": start, "end": end, "label": LABEL, "why": found.why})
    return outcomes, spans


def labels_of(workbench: duckdb.DuckDBPyConnection, behaviour: str) -> dict[tuple[str, str], bool]:
    """What is known of answers, by ref and side: whether they do it; who was not sure says nothing."""
    rows = workbench.execute(_LABELS, {"behaviour": behaviour}).fetchall()
    return {(ref, side): answer == "yes" for ref, side, answer in rows}


def _size(context: PlanContext) -> int:
    return len(learned_leads(response_settings(context.settings)))


LEARN = Aggregate("response.learned", 1, _compute, _size)
