"""How good the leads of a behaviour are on the user's own answers: measured on what people labelled, by side."""

from __future__ import annotations

from analysis.base.gate_records import Criterion, GateInput
from analysis.base.records import SIDES
from analysis.tracks.response.estimates import Estimate
from analysis.tracks.response.heard import heard
from analysis.tracks.response.leads.quality import Quality, quality

DIFFERS = 0.05
"""Largest p at which the leads are said to find more on one side than on the other."""


def lead_quality(given: GateInput, one: Estimate) -> Quality:
    """Recall and precision of the leads by side, on the labelled prompts that an estimate rests on.

    Those were drawn by no score. Answers that nobody was sure of, and those that the leads do not read, are left out.
    """
    known, name = heard(given), one.behaviour.name
    labels: dict[str, list[tuple[bool, bool]]] = {side: [] for side in SIDES}
    for ref in one.counted:
        hits = known.hits(ref, name)
        if hits is None:
            continue
        for side, hit in zip(SIDES, hits, strict=True):
            fault = known.fault(ref, name, side)
            if fault in ("yes", "no"):
                labels[side].append((fault == "yes", hit))
    return quality({side: labels[side] for side in SIDES})


def quality_rows(given: GateInput, one: Estimate) -> list[Criterion]:
    """Recall and precision of the leads by side, as rows of the gate; one row where nothing was labelled."""
    if not one.behaviour.leads and not one.behaviour.any_of:
        return []
    if one.rise is None:
        return [
            Criterion("quality of its leads on your answers", None, None, None, "not measured yet", "n/a")
        ]
    found = lead_quality(given, one)
    rows = []
    p = found.recall_differs
    if p <= DIFFERS:
        what = "p, its leads find as many faults on both sides"
        rows.append(Criterion(what, p, None, None, "what they point at does not compare", "warn", "p"))
    for side in SIDES:
        shares = found.sides[side].recall, found.sides[side].precision
        for what, share in zip(("found by its leads", "right where they point"), shares, strict=True):
            bounds = (None, None) if share.value is None else (share.low, share.high)
            label = f"{what}, {side}: {share.k} of {share.n}"
            rows.append(
                Criterion(label, share.value, bounds[0], bounds[1], "on your answers", "pass", "level")
            )
    return rows
