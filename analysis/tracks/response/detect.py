"""Every detector over every response: what it found, whether that makes the response a hit; and what each is."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from analysis.base.sql import queries
from analysis.plugin.stage import Aggregate, PlanContext, RunContext, Shard, Stage
from analysis.text.cleaned import cleaned
from analysis.text.language import unread_language
from analysis.tracks.response.behaviour_leads import LeadRow, leads_of, other_leads
from analysis.tracks.response.detector_inputs import load_knowledge, load_responses
from analysis.tracks.response.detectors.contract import Detector, Found, Knowledge, Response
from analysis.tracks.response.known_detectors import DETECTORS
from analysis.tracks.response.metric_specs import TRACK
from analysis.tracks.response.settings import response_settings

if TYPE_CHECKING:
    import duckdb

PROMPTS_PER_SHARD = 256
READING = 2
"""Rises with every change of how a text is read before detectors see it."""

_SQL = queries(__package__, "stages.sql")

SPAN_ROW = pa.schema(
    [
        ("ref", pa.string()),
        ("side", pa.string()),
        ("detector", pa.string()),
        ("start", pa.int32()),
        ("end", pa.int32()),
        ("label", pa.string()),
        ("why", pa.string()),
    ]
)
HIT_ROW = pa.schema([field for field in SPAN_ROW if field.name != "why"])
OUTCOME = pa.schema(
    [
        ("ref", pa.string()),
        ("side", pa.string()),
        ("detector", pa.string()),
        ("score", pa.float64()),
        ("hits", pa.int32()),
        ("why", pa.string()),
    ]
)
_SAMPLE_OUTCOME = pa.schema(
    [
        ("ref", pa.string()),
        ("side", pa.string()),
        ("number", pa.int32()),
        ("detector", pa.string()),
        ("score", pa.float64()),
    ]
)
UNREAD = pa.schema(
    [("ref", pa.string()), ("side", pa.string()), ("detector", pa.string()), ("why", pa.string())]
)

_DETECTOR = pa.schema(
    [
        ("name", pa.string()),
        ("place", pa.int32()),
        ("kind", pa.string()),
        ("title", pa.string()),
        ("languages", pa.list_(pa.string())),
        ("against", pa.string()),
        ("version", pa.int64()),
    ]
)


def detected(
    responses: Iterable[Response], knowledge: Knowledge, detectors: tuple[Detector, ...] = DETECTORS
) -> dict[str, pa.Table]:
    """Rows of `span`, `response_hit`, `response_outcome` and `response_unread` for some responses.

    Detectors read the cleaned text; the places of spans are in the text as written. A detector that does not apply to
    a response, or that does not read its language, has no outcome for it. The `score` of an outcome, in [0, 1], is 1
    where a span counts, and its `why` is that of the first such span; two equal spans are one.
    """
    spans: list[dict[str, Any]] = []
    hits: list[dict[str, Any]] = []
    outcomes: list[dict[str, Any]] = []
    unread: list[dict[str, Any]] = []
    for response in responses:
        text = cleaned(response.text)
        as_read = readable(response)
        for detector in detectors:
            if not detector.applies(as_read, knowledge):
                continue
            where = {"ref": response.ref, "side": response.side, "detector": detector.name}
            found = [
                replace(one, start=start, end=end)
                for one in dict.fromkeys(detector.detect(as_read, knowledge))
                for start, end in [text.place(one.start, one.end)]
            ]
            unread_why = why_unread(as_read.text, detector.languages)
            if unread_why:
                # What it found is shown all the same; that there is nothing cannot be said.
                unread.append({**where, "why": unread_why})
                spans += [{**where, **_place(one), "why": one.why} for one in found]
                continue
            counting = [one for one in found if one.counts]
            spans += [{**where, **_place(one), "why": one.why} for one in found]
            hits += [{**where, **_place(one)} for one in counting]
            why = counting[0].why if counting else ""
            outcomes.append({**where, "score": float(bool(counting)), "hits": len(counting), "why": why})
    return {
        "span": pa.Table.from_pylist(spans, SPAN_ROW),
        "response_hit": pa.Table.from_pylist(hits, HIT_ROW),
        "response_outcome": pa.Table.from_pylist(outcomes, OUTCOME),
        "response_unread": pa.Table.from_pylist(unread, UNREAD),
    }


def lead_tables(
    outcomes: Sequence[dict[str, Any]], counting: Sequence[dict[str, Any]], unread: Sequence[dict[str, Any]]
) -> dict[str, pa.Table]:
    """The same tables from rows of a lead all of whose spans count."""
    hits = [{name: row[name] for name in HIT_ROW.names} for row in counting]
    return {
        "span": pa.Table.from_pylist(list(counting), SPAN_ROW),
        "response_hit": pa.Table.from_pylist(hits, HIT_ROW),
        "response_outcome": pa.Table.from_pylist(list(outcomes), OUTCOME),
        "response_unread": pa.Table.from_pylist(list(unread), UNREAD),
    }


def readable(response: Response) -> Response:
    """A response with its prompt and passages as they are read."""
    return replace(
        response,
        prompt=cleaned(response.prompt).text,
        text=cleaned(response.text).text,
        passages=tuple(replace(one, text=cleaned(one.text).text) for one in response.passages),
    )


def why_unread(text: str, languages: Collection[str]) -> str:
    """Why a lead of some languages does not read a text, for people; empty where it does."""
    language = unread_language(text, languages)
    return "" if language is None else f"language {language}"


def sample_outcomes(
    samples: Iterable[tuple[int, Response]],
    knowledge: Knowledge,
    detectors: tuple[Detector, ...] = DETECTORS,
) -> pa.Table:
    """Rows of `response_sample_outcome` for numbered sampled responses that are read; their spans are not kept."""
    rows = [
        {
            "ref": response.ref,
            "side": response.side,
            "number": number,
            "detector": detector.name,
            "score": float(any(one.counts for one in detector.detect(response, knowledge))),
        }
        for number, as_written in samples
        for response in [readable(as_written)]
        for detector in detectors
        if detector.applies(response, knowledge) and not why_unread(response.text, detector.languages)
    ]
    return pa.Table.from_pylist(rows, _SAMPLE_OUTCOME)


def _place(found: Found) -> dict[str, Any]:
    return {"start": found.start, "end": found.end, "label": found.label}


def _samples(
    connection: duckdb.DuckDBPyConnection, refs: list[str], responses: Iterable[Response]
) -> list[tuple[int, Response]]:
    """The sampled responses to some prompts, each with what its prompt's greedy response was asked and given."""
    asked = {(one.ref, one.side): one for one in responses}
    rows = connection.execute(_SQL["samples"], {"refs": refs}).fetchall()
    return [(number, replace(asked[ref, side], text=text)) for number, ref, side, text in rows]


def _plan(context: PlanContext) -> list[Shard]:
    # One Knowledge for all shards: the detectors keep their indexes under it.
    knowledge = load_knowledge(context.workbench)
    held = digest_of_knowledge(knowledge)
    refs = [ref for (ref,) in context.workbench.execute(_SQL["prompts"], {"track": TRACK}).fetchall()]
    detectors = leads_of(response_settings(context.settings))
    if not detectors:
        return []
    versions = {detector.name: detector.version for detector in detectors}
    shards = []
    for start in range(0, len(refs), PROMPTS_PER_SHARD):
        part = refs[start : start + PROMPTS_PER_SHARD]
        responses = load_responses(context.workbench, part)
        samples = _samples(context.workbench, part, responses)
        said = [said_by(one) for one in responses] + [[number, *said_by(one)] for number, one in samples]
        key = {"reading": READING, "detectors": versions, "knowledge": held, "responses": digest_of(said)}
        shards.append(Shard(key, (knowledge, responses, samples), len(part)))
    return shards


def said_by(response: Response) -> list[Any]:
    """Everything that a detector reads of a response, as plain data."""
    passages = [[passage.id, passage.text] for passage in response.passages]
    return [response.ref, response.side, response.prompt, response.text, passages, sorted(response.expected)]


def digest_of(content: list[Any]) -> str:
    """SHA-256 of plain data."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode("ascii")).hexdigest()


def digest_of_knowledge(knowledge: Knowledge) -> str:
    """SHA-256 of what answers are checked against; the order of the catalogue does not matter."""
    return digest_of([sorted(map(repr, knowledge.catalogue)), repr(knowledge.policy)])


def _run(context: RunContext, shard: Shard) -> dict[str, pa.Table]:
    knowledge, responses, samples = shard.payload
    detectors = leads_of(response_settings(context.settings))
    tables = detected(responses, knowledge, detectors)
    if samples:
        tables["response_sample_outcome"] = sample_outcomes(samples, knowledge, detectors)
    return tables


def declared(detectors: Sequence[Detector | LeadRow] = DETECTORS) -> pa.Table:
    """Rows of `response_detector`: what each detector says of itself."""
    rows = [
        {**{name: getattr(one, name) for name in _DETECTOR.names}, "languages": list(one.languages)}
        for one in detectors
    ]
    return pa.Table.from_pylist(rows, _DETECTOR)


def stage_version(detectors: Sequence[Detector] = DETECTORS) -> int:
    """Another one for other detectors, or for another version of one: the run is then another one, too."""
    named = digest_of([READING, *([one.name, one.version] for one in detectors)])
    # JSON numbers are exact up to 53 bits.
    return int(named[:13], 16)


def _declare(context: PlanContext) -> dict[str, pa.Table]:
    settings = response_settings(context.settings)
    return {"response_detector": declared((*leads_of(settings), *other_leads(settings)))}


DECLARE = Aggregate("response.detectors", 2, _declare)
DETECT = Stage("response.detect", stage_version(), _plan, _run)
