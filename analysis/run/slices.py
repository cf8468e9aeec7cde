"""Slices: named sets of examples, all fixed before any model runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from analysis.base.errors import AssayError
from analysis.base.problems import suggest
from analysis.base.records import ALL, Example, Slice, SliceKind
from analysis.data.examples import predicate_table
from analysis.data.predicates import evaluate_predicates
from analysis.text.units import word_count

if TYPE_CHECKING:
    from analysis.data.examples import Examples
    from analysis.plugin.settings import TrackSettings

MAX_VALUES = 20
"""A metadata column with more distinct values than this makes no slices."""

LENGTH_BANDS = (("short", 0, 5), ("medium", 6, 20), ("long", 21, None))
"""Bands of text length in words, as (name, at least, at most)."""


@dataclass(frozen=True)
class AutomaticSlice:
    """A slice that the data itself defines."""

    name: str
    kind: SliceKind
    definition: str
    refs: list[str]


def automatic_slices(examples: Examples) -> list[AutomaticSlice]:
    """Classes (`label=returns`), metadata values (`channel=web`), lengths (`length=short`), cut texts (`cut=yes`).

    Lengths are counted in the words that attributions score, punctuation and emoji set aside. Metadata columns of text,
    truth values or lists of text make slices where they have 2 to 20 values.
    """
    rows = examples.evaluation_rows()
    made: dict[str, AutomaticSlice] = {}
    if "label" in examples.columns:
        column = examples.columns["label"]
        for label in sorted({row.gold for row in rows if row.gold is not None}):
            refs = [row.ref for row in rows if row.gold == label]
            name = f"{column}={label}"
            made[name] = AutomaticSlice(name, "class", f"{column} is {label}", refs)
    for one in [*_metadata_slices(examples.metadata), *_length_slices(rows), *_cut_slices(examples, rows)]:
        made.setdefault(one.name, one)
    return list(made.values())


def build_slices(
    track: str, settings: TrackSettings, examples: Examples
) -> tuple[list[Slice], dict[str, list[str]]]:
    """Every slice of a track, and the refs of its members by its name.

    The slice `all` and the automatic and declared slices hold evaluation examples only; the named
    sets of `examples` (such as `out of scope`) have members and no slice, so that nothing is tested
    on them; a row of such a set that has an evaluation example as its parent (a hard negative of a probe)
    belongs to its parent's slices beside. A declared slice that matches nothing is kept with n = 0.

    An automatic slice with the members of a declared one is left out, unless it is a class or critical.

    Raises:
        AssayError: a predicate that cannot be evaluated, a name used twice, or a critical slice that
            does not exist.
    """
    rows = examples.evaluation_rows()
    automatic = automatic_slices(examples)
    names = {one.name: one for one in automatic}
    declared = dict(settings.slices)
    for name in declared:
        if name in names or name == ALL or name in examples.memberships:
            raise AssayError(
                f"the name {name!r} belongs to a slice that every review has",
                where=settings.where("slices", name),
                hint="choose another name",
            )
    places = {name: settings.where("slices", name) for name in declared}
    matched = evaluate_predicates(predicate_table(examples), declared, places)
    known = [*declared, *names]
    for index, name in enumerate(settings.critical_slices):
        if name not in known:
            raise AssayError(
                f"critical_slices names {name!r}, and there is no such slice",
                where=settings.where("critical_slices", index),
                hint=suggest(name, known),
            )
    critical = set(settings.critical_slices)
    if "label" in examples.columns:
        critical |= {f"{examples.columns['label']}={name}" for name in settings.critical_classes()}
    slices = [Slice(ALL, track, "all", False, "every evaluation example", len(rows))]
    members = {ALL: [row.ref for row in rows]}
    for name, refs in matched.items():
        slices.append(Slice(name, track, "declared", name in critical, declared[name], len(refs)))
        members[name] = refs
    already = {frozenset(refs) for refs in matched.values()}
    for one in automatic:
        # The same set under two names would be tested, and paid for, twice.
        if one.kind != "class" and one.name not in critical and frozenset(one.refs) in already:
            continue
        slices.append(Slice(one.name, track, one.kind, one.name in critical, one.definition, len(one.refs)))
        members[one.name] = one.refs
    aside = {ref for refs in examples.memberships.values() for ref in refs}
    children: dict[str, list[str]] = {}
    for row in examples.rows:
        if row.ref in aside and row.parent_ref is not None:
            children.setdefault(row.parent_ref, []).append(row.ref)
    for name in [name for name in members if name != ALL]:
        members[name] = [*members[name], *(child for ref in members[name] for child in children.get(ref, ()))]
    members |= examples.memberships
    return slices, members


def _metadata_slices(metadata: pa.Table) -> list[AutomaticSlice]:
    made = []
    refs = metadata["ref"].to_pylist()
    for column in metadata.column_names[1:]:
        kind = metadata.schema.field(column).type
        listed = pa.types.is_list(kind)
        if not (listed or pa.types.is_string(kind) or pa.types.is_boolean(kind)):
            continue
        by_value: dict[str, list[str]] = {}
        for ref, value in zip(refs, metadata[column].to_pylist(), strict=True):
            for one in _values(value, listed):
                by_value.setdefault(one, []).append(ref)
            if len(by_value) > MAX_VALUES:
                break
        if 2 <= len(by_value) <= MAX_VALUES:
            made += [
                AutomaticSlice(f"{column}={value}", "metadata", f"{column} is {value}", by_value[value])
                for value in sorted(by_value)
            ]
    return made


def _values(value: Any, listed: bool) -> Sequence[str]:
    if value is None:
        return ()
    if listed:
        return list(dict.fromkeys(value))
    return (str(value).lower(),) if isinstance(value, bool) else (value,)


def _length_slices(rows: Sequence[Example]) -> list[AutomaticSlice]:
    made = []
    words = [(row.ref, word_count(row.text)) for row in rows]
    for name, low, high in LENGTH_BANDS:
        refs = [ref for ref, count in words if low <= count and (high is None or count <= high)]
        wording = f"{low} words or more" if high is None else f"{low} to {high} words"
        if refs:
            made.append(AutomaticSlice(f"length={name}", "length", wording, refs))
    return made


def _cut_slices(examples: Examples, rows: Sequence[Example]) -> list[AutomaticSlice]:
    cut = set(examples.cut)
    refs = [row.ref for row in rows if row.ref in cut]
    return [AutomaticSlice("cut=yes", "length", "longer than what a side reads of it", refs)] if refs else []
