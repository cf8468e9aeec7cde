"""Causes before gates: what the examples that got worse share, whichever gates they fail.

What goes wrong is one thing and shows in many gates. A stage of a track names its outcomes, by what `contested` counts
for gates, and what its examples may share beside what every track has (slices, templates, words); what is found is
written into the tables `cause` and `cause_member` once, and gates fold under it when they are read. The same properties
and pairs of them give the discovered slices, which advise and are never tested by a gate.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from analysis.base.records import ALL, Cause, CauseKind
from analysis.base.seeds import draw
from analysis.base.sql import queries
from analysis.stats.groups import SIGN_HALF_P, Found, Properties, Tested, Units, discovered, told_apart
from analysis.text.traits import traits

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa
    from numpy.typing import NDArray

    from analysis.text.traits import TraitKind

_SQL = queries(__package__, "causes.sql")

LEVEL = 0.05
"""False discovery rate of causes, for each outcome over all groups that were tried."""
SLICE_LEVEL = 0.10
"""False discovery rate of discovered slices."""
LEAST_MEMBERS = 3
"""Fewest examples that got worse and share something."""
LEAST_SHARING = 8
"""Fewest examples, of all, that make a group of what texts share, or a template."""
SHARING_OF = 200
"""One in so many examples must share it, where there are many."""
SAME_EXAMPLES = 0.6
"""Share of the examples of a cause that an earlier one has from which it is that one under another name."""
MOST_CAUSES = 6
"""Causes of a track; the first that were told."""
QUOTED = 40
"""Characters of a template that are quoted."""


@dataclass(frozen=True)
class Outcome:
    """Something that happened to examples and that gates count.

    Args:
        name: short and unique in its track.
        words: what the examples are called: `broken`, `newly sent to escalation`.
        units: which examples it happened to.
        says_where: whether the words say where the examples went.
    """

    name: str
    words: str
    units: Units
    says_where: bool = False


@dataclass(frozen=True)
class Group:
    """Examples that share something.

    Args:
        kind: what kind of thing.
        shared: it, in a few words, as the name of a slice.
        words: it, as what the examples do: `begin “hi”`, `are labelled returns`.
        of_all: how the sentence ends that says how many of all do it: `do`, `are`.
        refs: the examples.
        outcome: the only outcome that it is tried for; None for every one.
    """

    kind: CauseKind
    shared: str
    words: str
    of_all: str
    refs: tuple[str, ...]
    outcome: str | None = None


@dataclass(frozen=True)
class Beside:
    """What a track knows of examples that got worse, beside what they share.

    Args:
        went: where an example went, in words (`go to new_card`); for a sentence where most went one way.
        came: where it came from, in words (`are labelled returns`); the same, of a group that went to one place.
        reverted: whether an intervention takes an example's change back, by ref, where one was tried.
        intervention: which one, in words.
    """

    went: Mapping[str, str]
    came: Mapping[str, str]
    reverted: Mapping[str, bool]
    intervention: str


@dataclass(frozen=True)
class Examples:
    """The examples that outcomes are counted over, in the order of their refs.

    `cluster` (n,) numbers what is not independent; `first` (n,) is the half that finds for the other, drawn by cluster.
    """

    texts: Mapping[str, str]
    cluster: NDArray[np.int64]
    first: NDArray[np.bool_]

    def mask(self, refs: Iterable[str]) -> NDArray[np.bool_]:
        """Which examples some refs are, (n,); others are passed over."""
        mask = np.zeros(len(self.texts), bool)
        mask[[self._places[ref] for ref in refs if ref in self._places]] = True
        return mask

    @cached_property
    def _places(self) -> dict[str, int]:
        return {ref: place for place, ref in enumerate(self.texts)}

    def properties(self, groups: Sequence[Group]) -> Properties:
        """Which of them are in which group."""
        return Properties.of((self.mask(one.refs) for one in groups), len(self.texts))

    def only(self, refs: Iterable[str]) -> Examples:
        """Those of some refs."""
        kept = self.mask(refs)
        texts = {ref: text for (ref, text), keep in zip(self.texts.items(), kept, strict=True) if keep}
        return Examples(texts, self.cluster[kept], self.first[kept])

    @property
    def least(self) -> int:
        """Fewest examples that make a group of what texts share."""
        return max(LEAST_SHARING, len(self.texts) // SHARING_OF)


def examples_of(
    connection: duckdb.DuckDBPyConnection, track: str, drawn: str, slice_name: str = ALL
) -> Examples:
    """The evaluation examples of a track.

    Args:
        connection: the workbench.
        track: whose.
        drawn: what random halves are drawn by.
        slice_name: which of them; what a track counts by itself, as pairs, is a slice of its own.
    """
    rows = connection.execute(_SQL["examples"], {"track": track, "slice": slice_name}).fetchall()
    numbers: dict[str, int] = {}
    cluster = np.array([numbers.setdefault(name, len(numbers)) for _, _, name in rows], np.int64)
    half = {name: draw(drawn, track, "half", name) % 2 == 0 for name in numbers}
    first = np.array([half[name] for _, _, name in rows], bool)
    return Examples({ref: text for ref, text, _ in rows}, cluster, first)


def fixed_groups(connection: duckdb.DuckDBPyConnection, track: str, label: str = "label") -> list[Group]:
    """What was known of examples before any model ran: classes, metadata, declared slices, lengths, templates."""
    made: list[Group] = []
    for kind, name, definition, refs in connection.execute(_SQL["slices"], {"track": track}).fetchall():
        prefix = f"{label}="
        words = f"are labelled {name.removeprefix(prefix)}" if kind == "class" else f"are of {name}"
        if kind == "length":
            words = f"are {definition}" if "=" not in definition else f"are of {name}"
        made.append(Group(kind, name, words, "are", tuple(refs)))
    found = connection.execute(_SQL["templates"], {"track": track, "least": LEAST_SHARING}).fetchall()
    for _, refs, text in found:
        said = text if len(text) <= QUOTED else f"{text[: QUOTED - 1]}…"
        words = f"are one template, “{said}”"
        made.append(Group("template", f"template “{said}”", words, "are", tuple(refs)))
    return made


_TRAIT_WORDS: dict[TraitKind, str] = {
    "opening": "begin “{} …”",
    "ending": "end “… {}”",
    "words": "hold “{}”",
    "mark": "hold {}",
}


def text_groups(examples: Examples) -> list[Group]:
    """What texts share, which nobody declared."""
    made = []
    for one in traits(examples.texts, examples.least):
        words = _TRAIT_WORDS[one.kind].format(one.name)
        shared = one.name if one.kind == "mark" else words
        made.append(Group(one.kind, shared, words, "do", one.refs))
    return made


def contested_units(
    connection: duckdb.DuckDBPyConnection, track: str, measure: str, slice_name: str, examples: Examples
) -> Units:
    """What got worse and what got better, as gates count it by gold; measure and slice as in the table `contested`."""
    asked = {"track": track, "measure": measure, "slice": slice_name}
    rows = connection.execute(_SQL["outcome"], asked).fetchall()
    worse, better = (examples.mask(ref for ref, lost in rows if lost is which) for which in (True, False))
    return Units(worse, better, examples.cluster)


def shared_causes(
    track: str,
    examples: Examples,
    outcomes: Sequence[Outcome],
    fixed: Sequence[Group],
    texts: Sequence[Group],
    beside: Beside,
) -> list[Cause]:
    """What the examples of each outcome share more often than all examples do.

    What was known before is held against chance at once; what texts happen to share is found on one half of them and
    confirmed on the other (`analysis.stats.groups`).

    Args:
        track: whose.
        examples: that outcomes are counted over.
        outcomes: what may have happened.
        fixed: groups that were known before.
        texts: groups of what texts share.
        beside: what else is known of them.
    """
    refs = np.array(list(examples.texts), object)
    shared = examples.properties(texts)
    made: list[Cause] = []
    for outcome in outcomes:
        units = outcome.units
        if units.worse.sum() < LEAST_MEMBERS:
            continue
        groups = [one for one in fixed if one.outcome in (None, outcome.name)]
        masks = (examples.mask(one.refs) for one in groups)
        tested = told_apart(masks, units, LEVEL, (one.kind == "template" for one in groups))
        told = [
            (test, group, len(groups), test.over_p)
            for test, group in zip(tested, groups, strict=True)
            if test is not None
        ]
        if texts:
            for found in discovered(
                shared, units, examples.first, LEVEL, examples.least // 2, pairs=False, sign=SIGN_HALF_P
            ):
                (number,) = found.literals
                told.append((found.whole, texts[number], found.tried, found.confirmed.over_p))
        for test, group, tried, p in told:
            if test.worse >= LEAST_MEMBERS:
                members = [str(ref) for ref in refs[examples.mask(group.refs) & units.worse]]
                made.append(_cause(track, outcome, group, test, members, tried, p, beside))
    return sorted(made, key=lambda one: (one.p if one.p is not None else 0.0, -one.members, one.cause))


def _cause(
    track: str,
    outcome: Outcome,
    group: Group,
    test: Tested,
    members: Sequence[str],
    tried: int,
    p: float,
    beside: Beside,
) -> Cause:
    share = test.inside / test.n
    sentence = (
        f"{test.worse} of {test.all_worse} {outcome.words} {group.words} ({share:.0%} of all {group.of_all})"
    )
    ways = beside.came if group.kind == "destination" else beside.went
    most = Counter(ways[ref] for ref in members if ref in ways).most_common(1)
    if most and 2 * most[0][1] >= len(members) and not outcome.says_where:
        sentence += f"; {most[0][1]} of them {most[0][0]}"
    tests = [beside.reverted[ref] for ref in members if ref in beside.reverted]
    if tests:
        sentence += f"; {beside.intervention} takes {sum(tests)} of {len(tests)} back"
    return Cause(
        track=track,
        cause=f"{outcome.name}/{group.kind}:{group.shared}",
        place=0,
        kind=group.kind,
        shared=group.shared,
        outcome=outcome.words,
        members=test.worse,
        outcomes=test.all_worse,
        holding=test.inside,
        examples=test.n,
        p=p,
        tried=tried,
        base=None,
        candidate=None,
        neutral=None,
        reverted=sum(tests),
        intervened=len(tests),
        intervention=beside.intervention if tests else "",
        sentence=sentence,
        gates=(),
        refs=tuple(members),
    )


def distinct(causes: Sequence[Cause]) -> list[Cause]:
    """The causes in their order without those whose examples an earlier one has, with their places, at most a few."""
    kept: list[Cause] = []
    for one in causes:
        own = set(one.refs)
        same = any(len(own & set(other.refs)) >= SAME_EXAMPLES * len(own) for other in kept)
        if not own or not same:
            kept.append(one)
    return [_placed(one, place) for place, one in enumerate(kept[:MOST_CAUSES])]


def _placed(one: Cause, place: int) -> Cause:
    values = {field.name: getattr(one, field.name) for field in fields(Cause)}
    return Cause(**{**values, "place": place})


def cause_tables(causes: Sequence[Cause]) -> dict[str, pa.Table]:
    """The rows of `cause` and `cause_member`."""
    import pyarrow as pa

    names = [field.name for field in fields(Cause) if field.name != "refs"]
    kinds = {
        "gates": pa.list_(pa.string()),
        **dict.fromkeys(("p", "base", "candidate", "neutral"), pa.float64()),
    }
    rows = {name: pa.array([getattr(one, name) for one in causes], kinds.get(name)) for name in names}
    members = [(one.track, one.cause, place, ref) for one in causes for place, ref in enumerate(one.refs)]
    columns = list(zip(*members, strict=True)) or [(), (), (), ()]
    types = (pa.string(), pa.string(), pa.int32(), pa.string())
    return {
        "cause": pa.table(rows),
        "cause_member": pa.table(
            {
                name: pa.array(list(values), kind)
                for name, values, kind in zip(("track", "cause", "place", "ref"), columns, types, strict=True)
            }
        ),
    }


@dataclass(frozen=True)
class DiscoveredSlice:
    """A slice that one half of the examples found and the other confirmed, with what the other has of it.

    `name` and `definition` are those of the slice, `refs` all its examples, `confirming` those of the half that
    confirms.
    """

    name: str
    definition: str
    refs: tuple[str, ...]
    confirming: tuple[str, ...]


def discovered_slices(examples: Examples, units: Units, groups: Sequence[Group]) -> list[DiscoveredSlice]:
    """Slices by one property or two on which the candidate lost more than elsewhere; advisory.

    Args:
        examples: that outcomes are counted over.
        units: what got worse and better of them.
        groups: the properties.
    """
    if not groups or not units.worse.any():
        return []
    properties = examples.properties(groups)
    refs = np.array(list(examples.texts), object)
    made = []
    for one in discovered(properties, units, examples.first, SLICE_LEVEL, examples.least):
        mask = properties.having(one.literals)
        half = mask & (examples.first == one.confirmed_on_first)
        names = " + ".join(groups[number].shared for number in one.literals)
        made.append(
            DiscoveredSlice(f"discovered: {names}", _definition(one), tuple(refs[mask]), tuple(refs[half]))
        )
    return made


def _definition(one: Found) -> str:
    return (
        f"found on one half of the examples; of {one.confirmed.inside} of the other half {one.confirmed.worse} got "
        f"worse and {one.confirmed.better} better (p {one.confirmed.p:.2g}; {one.asked} were asked there, {one.tried} "
        "tried); advisory"
    )


def discovered_tables(track: str, found: Sequence[DiscoveredSlice]) -> dict[str, pa.Table]:
    """The rows of `slice` and `membership`."""
    import pyarrow as pa

    from analysis.data.memberships import membership_rows

    slices = [
        {
            "slice": one.name, "track": track, "kind": "discovered", "critical": False,
            "definition": one.definition, "n": len(one.refs),
        }
        for one in found
    ]  # fmt: skip
    text = pa.string()
    shape = [("slice", text), ("track", text), ("kind", text), ("critical", pa.bool_()), ("definition", text),
             ("n", pa.int64())]  # fmt: skip
    return {
        "slice": pa.Table.from_pylist(slices, pa.schema(shape)),
        "membership": membership_rows(track, {one.name: one.refs for one in found}),
    }
