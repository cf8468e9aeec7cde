"""What the prompts in whose answers a fault is newly seen share: slices, words of the prompts, words of the answers.

Counts of what leads see, and no estimate of how often the candidate does it: that takes labels. They say where to look.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from analysis.base.sql import column, queries
from analysis.plugin.causes import (
    Beside,
    Examples,
    Group,
    Outcome,
    cause_tables,
    distinct,
    examples_of,
    fixed_groups,
    shared_causes,
    text_groups,
)
from analysis.plugin.stage import Aggregate, PlanContext
from analysis.stats.groups import Units
from analysis.tracks.response.metric_specs import TRACK

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

    from analysis.base.records import Cause

_SQL = queries(__package__, "causes.sql")


def answer_groups(connection: duckdb.DuckDBPyConnection, examples: Examples) -> list[Group]:
    """What the candidate's answers share."""
    answers = dict(connection.execute(_SQL["answers"]).fetchall())
    said = replace(examples, texts={ref: answers[ref] for ref in examples.texts if ref in answers})
    return [
        replace(one, shared=f"answers {one.shared}", words=f"have answers that {one.words}")
        for one in text_groups(said)
    ]


def behaviour_causes(connection: duckdb.DuckDBPyConnection, behaviour: str, every: Examples) -> list[Cause]:
    """What the prompts share in whose answers leads see the fault on the candidate's side alone.

    They are held against the other prompts whose answers have it or not: where a behaviour is at no fault, none is new.

    Args:
        connection: the workbench.
        behaviour: its name.
        every: all prompts.
    """
    rows = connection.execute(_SQL["judged"], {"behaviour": behaviour}).fetchall()
    examples = every.only(ref for ref, _ in rows)
    worse, better = (examples.mask(ref for ref, new in rows if new is which) for which in (True, False))
    words = f"prompts in whose answers “{behaviour.replace('_', ' ')}” is newly seen"
    outcome = Outcome(f"new:{behaviour}", words, Units(worse, better, examples.cluster))
    texts = [*text_groups(examples), *answer_groups(connection, examples)]
    beside = Beside({}, {}, {}, "")
    return shared_causes(TRACK, examples, [outcome], fixed_groups(connection, TRACK), texts, beside)


def _compute(context: PlanContext) -> dict[str, pa.Table]:
    connection = context.workbench
    examples = examples_of(connection, TRACK, context.drawn)
    names = column(connection, _SQL["behaviours"])
    made = [one for name in names for one in behaviour_causes(connection, name, examples)]
    return cause_tables(distinct(made))


CAUSES = Aggregate("response.causes", 1, _compute)
