"""How good the leads of a behaviour are on the user's own answers: measured on what people labelled, by side."""

from __future__ import annotations

from analysis.base.gate_records import Criterion, GateInput
from analysis.base.records import SIDES, Side
from analysis.stats.bounds import clopper_pearson
from analysis.tracks.response.estimates import Estimate
from analysis.tracks.response.heard import heard


def quality_counts(given: GateInput, one: Estimate, side: Side) -> tuple[int, int, int]:
    """Of the labelled prompts that an estimate rests on: faults found, faults in all, faults that leads see.

    Answers that are the same on both sides were labelled by nobody, and those that the leads do not read are left out.
    """
    known, name = heard(given), one.behaviour.name
    found = faults = pointed = 0
    for ref in one.counted:
        hits, fault = known.hits(ref, name), known.fault(ref, name, side)
        if hits is None or fault not in ("yes", "no"):
            continue
        hit = hits[SIDES.index(side)]
        faults += fault == "yes"
        pointed += hit
        found += hit and fault == "yes"
    return found, faults, pointed


def quality_rows(given: GateInput, one: Estimate) -> list[Criterion]:
    """Recall and precision of the leads by side, as rows of the gate; one row where nothing was labelled."""
    if not one.behaviour.leads and not one.behaviour.any_of:
        return []
    if one.rise is None:
        return [
            Criterion("quality of its leads on your answers", None, None, None, "not measured yet", "n/a")
        ]
    rows = []
    for side in SIDES:
        found, faults, pointed = quality_counts(given, one, side)
        for what, part, whole in (
            ("found by its leads", found, faults),
            ("right where they point", found, pointed),
        ):
            low, high = clopper_pearson(part, whole)
            share = part / whole if whole else None
            label = f"{what}, {side}: {part} of {whole}"
            bounds = (None, None) if share is None else (low, high)
            rows.append(Criterion(label, share, bounds[0], bounds[1], "on your answers", "pass", "level"))
    return rows
