"""Which examples a person sees: flagged ones within their budget, random controls, and known-answer items."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain, zip_longest
from typing import TYPE_CHECKING

from analysis.base import seeds
from analysis.base.records import ALL, Flag
from analysis.base.seeds import shuffled, standing
from analysis.base.sql import column, queries
from analysis.plugin.flag import RANDOM_CONTROL, never_cut
from analysis.plugin.question import KnownAnswer

if TYPE_CHECKING:
    import duckdb

    from analysis.plugin.settings import QueueSection

_SQL = queries(__package__, "queue.sql")


def build_queue(
    workbench: duckdb.DuckDBPyConnection, track: str, flags: Sequence[Flag], queue: QueueSection, drawn: str
) -> list[Flag]:
    """Rank the flagged examples of a track and add the random controls.

    Args:
        workbench: holds the tables `example` and `membership`.
        track: whose examples.
        flags: most decision-relevant first; an example may carry several.
        queue: budget and number of controls.
        drawn: what the controls are drawn by; it holds the digest of the candidate, so that nobody who makes one knows
            beforehand what is looked at.

    Returns:
        The flags, ranked from 1 where their example is in the queue, and one flag per control.
    """
    reason_of: dict[str, str] = {}
    for flag in flags:
        reason_of.setdefault(flag.ref, flag.reason)
    kept = [ref for ref, reason in reason_of.items() if never_cut(reason)]
    groups = _groups(workbench, track)
    tiers: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for ref, reason in reason_of.items():
        if not never_cut(reason):
            tiers[reason][groups.get(ref, "")].append(ref)
    for reason, by_group in tiers.items():
        # A share of what is left for each reason, so that a common reason cannot crowd out the rest.
        open_reasons = len(tiers) - list(tiers).index(reason)
        room = max(0, -(-(queue.budget - len(kept)) // open_reasons))
        spread = [ref for ref in chain.from_iterable(zip_longest(*by_group.values())) if ref is not None]
        kept.extend(spread[:room])
    left = queue.budget - len(kept)
    if left > 0:
        chosen = set(kept)
        kept.extend([ref for ref in reason_of if ref not in chosen][:left])
    order = {ref: position for position, ref in enumerate(reason_of)}
    ranks = {ref: rank for rank, ref in enumerate(sorted(kept, key=order.__getitem__), start=1)}
    controls = _controls(workbench, track, queue.controls, drawn)
    for _, ref in controls:
        ranks.setdefault(ref, len(ranks) + 1)
    ranked = [replace(flag, rank=ranks.get(flag.ref)) for flag in flags]
    return ranked + [Flag(ref, reason, None, ranks[ref], None, control=True) for reason, ref in controls]


def selected_refs(
    workbench: duckdb.DuckDBPyConnection,
    track: str,
    queue: Sequence[Flag],
    attribute: str,
    seed: int,
    also: Sequence[Sequence[str]] = (),
) -> list[str]:
    """Refs that get the costly stages: the queue with its controls and a sample of what must stand on its own.

    Args:
        workbench: holds the tables `example`, `slice` and `membership`.
        track: whose examples.
        queue: the ranked flags.
        attribute: `queue`, or `all` for every example.
        seed: decides which members of a large critical slice are taken.
        also: further sets of refs, most telling first; as many of each are taken.
    """
    queued = {flag.ref for flag in queue if flag.rank is not None}
    if attribute == "all":
        return sorted({*column(workbench, _SQL["examples"], {"track": track}), *queued})
    for _, members in workbench.execute(_SQL["critical_members"], {"track": track}).fetchall():
        queued.update(standing(members, seed))
    for members in also:
        queued.update(members[: seeds.STANDING])
    return sorted(queued)


def _groups(workbench: duckdb.DuckDBPyConnection, track: str) -> dict[str, str]:
    """The gold label of each example (a variant has its parent's), to spread the budget over."""
    return dict(workbench.execute(_SQL["groups"], {"track": track}).fetchall())


def _controls(
    workbench: duckdb.DuckDBPyConnection, track: str, count: int, drawn: str
) -> list[tuple[str, str]]:
    """Simple random samples as (reason, ref): of each critical slice, all of a smaller one, and of what is in none.

    Controls of critical slices count towards those over all: what is in no critical slice is sampled for as many as are
    left. Each sample is a prefix of one random order, so that overlapping slices share their controls.
    """
    critical = workbench.execute(_SQL["critical_members"], {"track": track}).fetchall()
    found = [
        (f"{RANDOM_CONTROL} of {name}", ref)
        for name, members in critical
        for ref in shuffled(members, drawn)[:count]
    ]
    inside = {ref for _, members in critical for ref in members}
    rest = [
        ref for ref in column(workbench, _SQL["members"], {"track": track, "slice": ALL}) if ref not in inside
    ]
    left = max(0, count - len({ref for _, ref in found}))
    return [*found, *((RANDOM_CONTROL, ref) for ref in shuffled(rest, drawn)[:left])]


def draw_known_answers(
    offered: Sequence[KnownAnswer], queue: Sequence[Flag], count: int, drawn: str
) -> list[KnownAnswer]:
    """Some of the examples that a track offers as known-answer items; none that is in the queue for another reason.

    Nor one that a gate names, though the budget cut it: what decides joins the queue later, and a known-answer item
    gets no verdict.

    Args:
        offered: examples whose answer is known, each with one that is wrong.
        queue: the ranked flags.
        count: how many are drawn.
        drawn: what they are drawn by.
    """
    taken = {flag.ref for flag in queue if flag.rank is not None or flag.gate is not None}
    by_ref = {one.ref: one for one in offered if one.ref not in taken}
    return [by_ref[ref] for ref in shuffled(list(by_ref), f"{drawn}/known")[:count]]
