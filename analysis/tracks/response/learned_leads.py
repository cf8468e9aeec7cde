"""Leads that the labels of both sides teach, scored out of fold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from analysis.plugin.stage import Aggregate, PlanContext
from analysis.text.cleaned import cleaned
from analysis.text.language import language_of
from analysis.tracks.response.behaviour_leads import learned_leads
from analysis.tracks.response.detect import lead_tables, why_unread
from analysis.tracks.response.detector_inputs import load_responses
from analysis.tracks.response.scores import HIT, labels_of
from analysis.tracks.response.settings import response_settings

if TYPE_CHECKING:
    import pyarrow as pa

    from analysis.tracks.response.behaviour_settings import BehaviourSection
    from analysis.tracks.response.detectors.contract import Response
    from analysis.tracks.response.leads.settings import LearnedSection

LABEL = "learned"
LEAST_SHARE = 0.05
"""Share of the texts that a head learned from, from which it is taken to read their language."""


def _compute(context: PlanContext) -> dict[str, pa.Table]:
    outcomes: list[dict[str, Any]] = []
    spans: list[dict[str, Any]] = []
    unread: list[dict[str, Any]] = []
    settings = response_settings(context.settings)
    responses = load_responses(context.workbench)
    for name, (section, behaviour) in learned_leads(settings).items():
        found = _learned(context, name, section, behaviour, responses)
        outcomes += found[0]
        spans += found[1]
        unread += found[2]
    return lead_tables(outcomes, spans, unread)


def _learned(
    context: PlanContext,
    name: str,
    section: LearnedSection,
    behaviour: BehaviourSection,
    responses: list[Response],
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]]]:
    """Rows of outcomes, of spans and of what is not read; none where there is nothing to learn from."""
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
        return [], [], []
    # Words that were never learned from say nothing; the vectors of an encoder may know a language all the same.
    read = () if encode is not None else _languages([texts[place].text for place in labels] or like)
    outcomes, spans, unread = [], [], []
    for one, text, score, span in zip(responses, texts, found.scores.tolist(), found.spans, strict=True):
        where = {"ref": one.ref, "side": one.side, "detector": name}
        if why := why_unread(text.text, read):
            unread.append({**where, "why": why})
            continue
        shown = span is not None and score >= HIT
        outcomes.append({**where, "score": score, "hits": int(shown), "why": found.why if shown else ""})
        if span is not None and shown:
            start, end = text.place(span.start, span.end)
            spans.append({**where, "start": start, "end": end, "label": LABEL, "why": found.why})
    return outcomes, spans, unread


def _languages(texts: Sequence[str]) -> tuple[str, ...]:
    """The languages of some texts: that of all together, and those of one in twenty of them at least."""
    found = Counter(language for text in texts if (language := language_of(text)) is not None)
    whole = language_of("\n".join(texts))
    often = {name for name, count in found.items() if count >= LEAST_SHARE * len(texts) and count > 1}
    return tuple(sorted(often | ({whole} if whole is not None else set())))


def _size(context: PlanContext) -> int:
    return len(learned_leads(response_settings(context.settings)))


LEARN = Aggregate("response.learned", 2, _compute, _size)
