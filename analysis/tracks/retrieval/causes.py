"""What the queries that lost relevant items, and the pairs newly violated, share.

An unwanted attribute by which the candidate newly groups its items is a cause by measurement, by the rule of
`retrieval.confounds`: it stands for the queries that lost relevant items to neighbours with one label of it, and for
the items that gained such neighbours. Everything else is a cause by counts (`analysis.plugin.causes`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.base.records import ALL, Cause, Metric
from analysis.base.sql import queries, records
from analysis.plugin.causes import (
    SAME_EXAMPLES,
    Beside,
    Outcome,
    cause_tables,
    contested_units,
    distinct,
    examples_of,
    fixed_groups,
    shared_causes,
    text_groups,
)
from analysis.plugin.stage import Aggregate, PlanContext
from analysis.tracks.retrieval.changes import MIN_ITEMS, enough, rise_let_pass, rose, signed
from analysis.tracks.retrieval.gates.confounds import CONFOUNDS
from analysis.tracks.retrieval.grouping_sentences import attribute_name
from analysis.tracks.retrieval.load_data import HARD_NEGATIVES
from analysis.tracks.retrieval.metric_specs import TRACK
from analysis.tracks.retrieval.probes import ROUNDING
from analysis.tracks.retrieval.settings import retrieval_settings

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

_SQL = queries(__package__, "causes.sql")
OUTCOMES = (
    (ALL, "lost", "queries that lost relevant items", "probes"),
    (HARD_NEGATIVES, "violated", "newly violated hard negatives", "hard_negatives"),
)
"""What may have happened to the examples of a slice: its name, the words for it, what `contested` calls it."""


Alike = tuple[str, str, str, bool | None]
"""Ref, attribute, label, and whether a query lost relevant items, None of an item."""


@dataclass(frozen=True)
class _Confound:
    """An unwanted attribute by which the candidate newly groups its items.

    `alike`: queries and items that gained neighbours of one label of it, that label, and whether a query lost relevant
    items, None of an item. `violated`: pairs newly violated by an item with a label that the right one has not.
    """

    attribute: str
    own: Metric
    base: Metric
    change: Metric
    alike: tuple[tuple[str, str, bool | None], ...]
    violated: tuple[str, ...]

    @property
    def refs(self) -> tuple[str, ...]:
        return (*(ref for ref, *_ in self.alike), *self.violated)

    def echoes(self, other: _Confound) -> bool:
        """Whether most of its examples are those of a stronger one: attributes that go together rise together."""
        own = set(self.refs)
        return len(own & set(other.refs)) >= SAME_EXAMPLES * len(own)


def confound_causes(
    connection: duckdb.DuckDBPyConnection,
    alike: Sequence[Alike],
    unwanted: Sequence[str],
    thresholds: Mapping[str, float],
) -> list[Cause]:
    """The unwanted attributes by which the candidate newly groups its items, the largest rise first.

    One that rises less and has mostly the examples of another is told with that.

    Args:
        connection: the workbench, with the labels of `make_label`.
        alike: the queries and items that gained neighbours of one label.
        unwanted: the attributes that are declared in `not_by`.
        thresholds: of `retrieval.confounds`.
    """
    at = {
        (one.name, one.slice, one.side): one
        for one in records(connection, Metric, _SQL["lifts"], {"track": TRACK})
    }
    wanted = at.get(("grouping_wanted_lift", ALL, "candidate"))
    violated = dict(connection.execute(_SQL["negatives_alike"]).fetchall())
    probes, lost = connection.execute(_SQL["lost_queries"], {"rounding": ROUNDING}).fetchone() or (0, 0)
    risen: list[_Confound] = []
    for attribute in unwanted:
        own, base = (at.get(("grouping_lift", attribute, side)) for side in ("candidate", "base"))
        change = at.get(("grouping_conditional_lift", attribute, "difference"))
        if own is None or base is None or change is None or not enough(change, MIN_ITEMS):
            continue
        if rose(change, rise_let_pass(own, wanted, thresholds)):
            mine = tuple((ref, label, worse) for ref, name, label, worse in alike if name == attribute)
            risen.append(_Confound(attribute, own, base, change, mine, tuple(violated.get(attribute, ()))))
    risen.sort(key=lambda one: -(one.change.value or 0.0))
    echoes: dict[str, list[_Confound]] = {}
    for one in risen:
        first = next((each for each in risen if each.attribute in echoes and one.echoes(each)), None)
        if first is None:
            echoes[one.attribute] = []
        else:
            echoes[first.attribute].append(one)
    counts = (probes, lost, len(unwanted))
    return [_confound_cause(one, echoes[one.attribute], counts) for one in risen if one.attribute in echoes]


def _confound_cause(one: _Confound, echoes: Sequence[_Confound], counts: tuple[int, int, int]) -> Cause:
    """The cause of one attribute, with those that move the same examples less; `counts`: queries, lost ones, tried."""
    probes, lost, tried = counts
    name = attribute_name(one.attribute)
    worse = [label for _, label, worse in one.alike if worse]
    sentence = (
        f"items come together by {name}: lift over chance {_lift(one.base)} → {_lift(one.own)}, beyond what is wanted "
        f"{signed(one.change)}"
    )
    if worse:
        sentence += f"; {len(worse)} of {lost} queries that lost relevant items gained items of one {name}"
        label, most = Counter(worse).most_common(1)[0]
        sentence += f" ({most} of them: {label})" if 2 * most >= len(worse) and most > 1 else ""
    if echoes:
        weaker = (f"{attribute_name(each.attribute)} {signed(each.change)}" for each in echoes)
        sentence += f"; weaker, of the same examples, {', '.join(weaker)}"
    return Cause(
        track=TRACK,
        cause=f"confound:{one.attribute}",
        place=0,
        kind="confound",
        shared=name,
        outcome="items newly together by it",
        members=len(worse),
        outcomes=lost,
        holding=sum(1 for _, _, worse in one.alike if worse is not None),
        examples=probes,
        p=None,
        tried=tried,
        base=one.base.value,
        candidate=one.own.value,
        neutral=None,
        reverted=0,
        intervened=0,
        intervention="",
        sentence=sentence,
        gates=tuple(f"{CONFOUNDS.name}[{each.attribute}]" for each in (one, *echoes)),
        refs=one.refs,
    )


def _lift(metric: Metric) -> str:
    return "unknown" if metric.value is None else f"{metric.value:.2f}"


def _compute(context: PlanContext) -> dict[str, pa.Table]:
    connection, settings = context.workbench, retrieval_settings(context.settings)
    connection.execute(_SQL["make_label"])
    alike: list[Alike] = connection.execute(_SQL["alike"], {"rounding": ROUNDING}).fetchall()
    thresholds = context.review.rules[CONFOUNDS.name].thresholds
    confounds = confound_causes(connection, alike, settings.not_by, thresholds)
    went = {ref: f"gain items of {attribute_name(name)} {label}" for ref, name, label, _ in alike}
    known = fixed_groups(connection, TRACK)
    shared = []
    for slice_name, name, words, measure in OUTCOMES:
        examples = examples_of(connection, TRACK, context.drawn, slice_name)
        units = contested_units(connection, TRACK, measure, ALL, examples)
        happened = [Outcome(name, words, units)]
        shared += shared_causes(
            TRACK, examples, happened, known, text_groups(examples), Beside(went, {}, {}, "")
        )
    return cause_tables(distinct([*confounds, *shared]))


CAUSES = Aggregate("retrieval.causes", 1, _compute)
