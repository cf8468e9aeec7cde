"""What the leads of each behaviour say together of an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from analysis.base.sql import queries
from analysis.plugin.stage import Aggregate, PlanContext
from analysis.tracks.response.leads.combined import combined_scores
from analysis.tracks.response.metric_specs import TRACK

if TYPE_CHECKING:
    import duckdb

HIT = 0.5
"""Score from which an answer counts as a hit of its leads."""
_SQL = queries(__package__, "stages.sql")
_SCHEMA = pa.schema(
    [
        ("ref", pa.string()),
        ("side", pa.string()),
        ("behaviour", pa.string()),
        ("score", pa.float64()),
        ("hit", pa.bool_()),
    ]
)


def behaviour_scores(workbench: duckdb.DuckDBPyConnection, seed: int = 0) -> pa.Table:
    """Rows of `response_score`: one for each response and behaviour of which a lead reads it.

    The highest lead, until enough labels of both classes say how much each of them is worth.
    """
    rows: list[dict[str, Any]] = []
    for name, leads in workbench.execute(_SQL["leads"]).fetchall():
        outcomes = workbench.execute(_SQL["outcomes"], {"leads": leads}).fetchall()
        answers = list(dict.fromkeys((ref, side) for ref, side, *_ in outcomes))
        place = {answer: number for number, answer in enumerate(answers)}
        column = {lead: number for number, lead in enumerate(leads)}
        scores = np.full((len(answers), len(leads)), np.nan)
        for ref, side, lead, score in outcomes:
            scores[place[ref, side], column[lead]] = score
        labels = {place[one]: said for one, said in labels_of(workbench, name).items() if one in place}
        together = combined_scores(scores, [ref for ref, _ in answers], labels, seed)
        rows += [
            {"ref": ref, "side": side, "behaviour": name, "score": score, "hit": score >= HIT}
            for (ref, side), score in zip(answers, together.tolist(), strict=True)
        ]
    return pa.Table.from_pylist(rows, _SCHEMA)


def labels_of(workbench: duckdb.DuckDBPyConnection, behaviour: str) -> dict[tuple[str, str], bool]:
    """What is known of answers, by ref and side: whether they do it; who was not sure says nothing.

    It is what people agreed on in earlier runs of the store and what was recorded. What is scored by it is scored out
    of fold.
    """
    rows = workbench.execute(_SQL["labels"], {"behaviour": behaviour, "track": TRACK}).fetchall()
    return {(ref, side): answer == "yes" for ref, side, answer in rows}


def _compute(context: PlanContext) -> dict[str, pa.Table]:
    return {"response_score": behaviour_scores(context.workbench, context.seed)}


SCORES = Aggregate("response.scores", 2, _compute)
