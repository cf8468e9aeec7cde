"""What the prompts in whose answers a fault is newly seen share: slices, words of the prompts, words of the answers.

A fault is what people said of an answer, and where nobody did what its leads see: counts that say where to look, and no
estimate of how often the candidate does it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from analysis.base.records import SIDES
from analysis.base.sql import queries
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
from analysis.stats.groups import SAME, Units
from analysis.tracks.response.metric_specs import TRACK
from analysis.tracks.response.role_names import UNWANTED
from analysis.tracks.response.scores import labels_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb
    import pyarrow as pa

    from analysis.base.records import Cause, Side

_SQL = queries(__package__, "causes.sql")


def answer_groups(connection: duckdb.DuckDBPyConnection, examples: Examples) -> list[Group]:
    """What the candidate's answers share."""
    answers = dict(connection.execute(_SQL["answers"]).fetchall())
    said = replace(examples, texts={ref: answers[ref] for ref in examples.texts if ref in answers})
    return [
        replace(one, shared=f"answers {one.words}", words=f"have answers that {one.words}")
        for one in text_groups(said)
    ]


def faults(connection: duckdb.DuckDBPyConnection, behaviour: str, side: Side) -> dict[str, bool]:
    """Whether a side's answers are at fault in a behaviour, by the ref of the prompt, where people or leads tell."""
    asked = {"behaviour": behaviour, "side": side}
    seen = dict(connection.execute(_SQL["seen"], asked).fetchall())
    roles = dict(connection.execute(_SQL["roles"], asked).fetchall())
    said = {
        ref: does == (roles[ref] == UNWANTED)
        for (ref, of), does in labels_of(connection, behaviour).items()
        if of == side and ref in roles
    }
    return seen | said


def _told(connection: duckdb.DuckDBPyConnection, parts: Sequence[str]) -> dict[Side, dict[str, bool]]:
    """Whether each side's answers are at fault in any of some behaviours, where either is told of both sides."""
    told: dict[Side, dict[str, bool]] = {side: {} for side in SIDES}
    for part in parts:
        of_part = {side: faults(connection, part, side) for side in SIDES}
        for ref in of_part["base"].keys() & of_part["candidate"].keys():
            for side in SIDES:
                told[side][ref] = told[side].get(ref, False) or of_part[side][ref]
    return told


def _is_one_part(connection: duckdb.DuckDBPyConnection, parts: Sequence[str]) -> bool:
    """Whether a behaviour that is any of others is one of them under another name, by the faults that are new."""
    new = []
    for some in ([*parts], *([part] for part in parts)):
        told = _told(connection, some)
        new.append(sum(at_fault and not told["base"][ref] for ref, at_fault in told["candidate"].items()))
    return len(parts) > 1 and max(new[1:]) >= SAME * new[0]


def behaviour_causes(
    connection: duckdb.DuckDBPyConnection, behaviour: str, parts: Sequence[str], every: Examples
) -> list[Cause]:
    """What the prompts share in whose answers the fault is on the candidate's side alone.

    They are held against the other prompts whose answers have it or not: where a behaviour is at no fault, none is new.

    Args:
        connection: the workbench.
        behaviour: its name.
        parts: the behaviours of which it is any; itself, where it is none of others.
        every: all prompts.

    Returns:
        The causes; none of a behaviour that is one of its parts under another name, which has its own.
    """
    if _is_one_part(connection, parts):
        return []
    told = _told(connection, parts)
    examples = every.only(told["base"])
    base, candidate = (
        examples.mask(ref for ref, at_fault in told[side].items() if at_fault) for side in SIDES
    )
    words = f"prompts where “{behaviour.replace('_', ' ')}” is new"
    outcome = Outcome(
        f"new:{behaviour}", words, Units(candidate & ~base, base & ~candidate, examples.cluster)
    )
    texts = [*text_groups(examples), *answer_groups(connection, examples)]
    beside = Beside({}, {}, {}, "")
    return shared_causes(TRACK, examples, [outcome], fixed_groups(connection, TRACK), texts, beside)


def _compute(context: PlanContext) -> dict[str, pa.Table]:
    connection = context.workbench
    examples = examples_of(connection, TRACK, context.drawn)
    behaviours = connection.execute(_SQL["behaviours"]).fetchall()
    made = [one for name, parts in behaviours for one in behaviour_causes(connection, name, parts, examples)]
    return cause_tables(distinct(made))


CAUSES = Aggregate("response.causes", 2, _compute)
