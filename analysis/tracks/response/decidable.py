"""What the data of a response review can decide, said before anything runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analysis.base.records import ALL, Slice
from analysis.stats.prediction_powered import LeadMoments, looks, net_rise
from analysis.tracks.response.settings import ResponseSettings

CHURNS = (0.0, 0.02, 0.05)
"""Shares of prompts that differ each way for which it is said what is excluded."""


def decidable_notes(settings: ResponseSettings, slices: Sequence[Slice]) -> Iterator[str]:
    """For each limit that behaviours declare, and each judged slice: how many labelled prompts exclude such a rise.

    It is said for behaviours that count on every prompt; one that counts on fewer has fewer.
    """
    limits = sorted({one.max_net_rise for one in settings.behaviour})
    for one in (one for one in slices if one.slice == ALL or one.critical):
        for limit in limits:
            yield f"labels    {_sentence(one, limit)}"


def _sentence(one: Slice, limit: float) -> str:
    where = f"{one.n:,} prompts" if one.slice == ALL else f"{one.slice}: {one.n:,} prompts"
    for churn in reversed(CHURNS):
        for look in looks(one.n) if one.n else ():
            if _excluded(look, one.n, churn, limit):
                differ = f"where up to {churn:.0%} of them differ each way" if churn else "where none differs"
                return f"{where}: {look:,} labelled exclude a rise of {limit:.0%} {differ}"
    return f"{where}: too few to exclude a rise of {limit:.0%}, whatever people say"


def _excluded(look: int, n: int, churn: float, limit: float) -> bool:
    each = round(churn * look)
    labels = [(1.0, 1.0)] * each + [(-1.0, -1.0)] * each + [(0.0, 0.0)] * (look - 2 * each)
    return net_rise(labels, (), LeadMoments(n)).high < limit
