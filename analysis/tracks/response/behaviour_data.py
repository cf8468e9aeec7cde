"""What the gates of behaviours need of a run: populations in their drawn order, leads, and recorded labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analysis.base.records import ALL
from analysis.base.sql import queries
from analysis.stats.prediction_powered import LOOKS, lead_moments
from analysis.tracks.response.metric_specs import TRACK

if TYPE_CHECKING:
    import duckdb

_SQL = queries(__package__, "behaviour_data.sql")


def behaviour_data(workbench: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """Plain data for the gates, read back by `analysis.tracks.response.heard`.

    Of each population only the first prompts of the drawn order are named, as many as the last look reads; all of them
    where labels were recorded of more.

    Returns:
        `populations` (by behaviour and judged slice: n, mean and variance of the leads,
        `first` and their `leads`), `prompts` (by ref: same, matched, roles, recorded labels, spans, lead hits) of all
        that are named, and `found` (where the leads of a strict behaviour see a fault on one side only, by
        behaviour and judged slice: whether it is the candidate's).
    """

    def rows(name: str, **given: object) -> list[tuple[Any, ...]]:
        return workbench.execute(_SQL[name], given).fetchall()

    recorded = int(rows("recorded_count")[0][0])
    named = max(LOOKS[-1], recorded)
    populations: dict[str, dict[str, dict[str, Any]]] = {}
    refs: set[str] = set()
    for behaviour, slice_name, order, leads in rows("populations", track=TRACK, all=ALL):
        moments = lead_moments(leads)
        populations.setdefault(behaviour, {})[slice_name] = {
            "n": moments.n,
            "mean": moments.mean,
            "variance": moments.variance,
            "first": order[:named],
            "leads": leads[:named],
        }
        refs.update(order[:named])
    found: dict[str, dict[str, dict[str, bool]]] = {}
    for behaviour, slice_name, ref, candidate in rows("found", track=TRACK, all=ALL):
        found.setdefault(behaviour, {}).setdefault(slice_name, {})[ref] = candidate
        refs.add(ref)
    asked = sorted(refs)
    prompts: dict[str, dict[str, Any]] = {
        ref: {"same": same, "matched": matched, "roles": roles, "recorded": {}, "spans": {}, "hits": {}}
        for ref, same, matched, roles in rows("prompts", refs=asked)
    }
    for ref, behaviour, base, candidate in rows("recorded", refs=asked):
        prompts[ref]["recorded"][behaviour] = [base, candidate]
    for ref, behaviour, spans in rows("spans", refs=asked):
        if ref in prompts:
            prompts[ref]["spans"][behaviour] = [
                [side, name, int(start), int(end)] for side, name, start, end in spans
            ]
    for ref, behaviour, base, candidate in rows("lead_hits", refs=asked):
        prompts[ref]["hits"][behaviour] = [base, candidate]
    return {"populations": populations, "prompts": prompts, "found": found}
