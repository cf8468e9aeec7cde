"""How good the leads of a behaviour are on the user's own answers: measured on what people labelled, by side.

Plain Python: the console computes it while a reviewer labels.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from analysis.base.gate_records import Criterion, GateInput
from analysis.base.records import SIDES, Side
from analysis.stats import clopper_pearson, fisher_exact
from analysis.tracks.response.estimates import Estimate
from analysis.tracks.response.heard import heard

DIFFERS = 0.05
"""Largest p at which the leads are said to find more on one side than on the other."""


@dataclass(frozen=True)
class Share:
    """`k` of `n`."""

    k: int
    n: int

    @property
    def value(self) -> float | None:
        """The share; None where there is nothing to be a share of."""
        return self.k / self.n if self.n else None

    @property
    def bounds(self) -> tuple[float, float]:
        """The exact interval at 95 % (Clopper and Pearson); (0, 1) when n is 0."""
        return clopper_pearson(self.k, self.n)


@dataclass(frozen=True)
class Quality:
    """Of one side: how many answers with the behaviour were flagged, and how many of the flagged have it."""

    recall: Share
    precision: Share


def quality(labels: Iterable[tuple[bool, bool]]) -> Quality:
    """Recall and precision of flags, from labels (truth, flagged) of single answers.

    Only labels of a random sample may be given: those that were chosen by a score flatter it.
    """
    pairs = list(labels)
    right = sum(truth and flagged for truth, flagged in pairs)
    there, flags = (sum(column) for column in zip(*pairs, strict=True)) if pairs else (0, 0)
    return Quality(Share(right, there), Share(right, flags))


def recall_differs(sides: Mapping[Side, Quality]) -> float:
    """Exact two-sided p (Fisher) that recall is the same on both sides; 1 where one has no case."""
    base, candidate = (sides[side].recall for side in SIDES)
    return fisher_exact(base.k, base.n, candidate.k, candidate.n)


def lead_quality(given: GateInput, one: Estimate) -> dict[Side, Quality]:
    """Recall and precision of the leads by side, on the labelled prompts that an estimate rests on.

    Those were drawn by no score. Answers that nobody was sure of, and those that the leads do not read, are left out.
    """
    known, name = heard(given), one.behaviour.name
    labels: dict[Side, list[tuple[bool, bool]]] = {side: [] for side in SIDES}
    for ref in one.counted:
        hits = known.hits(ref, name)
        if hits is None:
            continue
        for side, hit in zip(SIDES, hits, strict=True):
            fault = known.fault(ref, name, side)
            if fault in ("yes", "no"):
                labels[side].append((fault == "yes", hit))
    return {side: quality(labels[side]) for side in SIDES}


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
    p = recall_differs(found)
    if p <= DIFFERS:
        what = "p, its leads find as many faults on both sides"
        rows.append(Criterion(what, p, None, None, "what they point at does not compare", "warn", "p"))
    for side in SIDES:
        shares = found[side].recall, found[side].precision
        for what, share in zip(("found by its leads", "right where they point"), shares, strict=True):
            bounds = (None, None) if share.value is None else share.bounds
            label = f"{what}, {side}: {share.k} of {share.n}"
            rows.append(
                Criterion(label, share.value, bounds[0], bounds[1], "on your answers", "pass", "level")
            )
    return rows
