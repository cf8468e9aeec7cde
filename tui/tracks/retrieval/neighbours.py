"""Neighbour lists of both sides, as the evidence beside an example has them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from analysis.base.records import SIDES, Side

if TYPE_CHECKING:
    from analysis.review.queries import ExampleEvidence

TYPICAL = 0.5
"""Share of the items compared with that must have a value for it to be typical of them."""

TALL = 30
"""Rows from which texts are shown whole and every hard negative is listed."""

Value = tuple[str, str]
"""Attribute and label."""


@dataclass(frozen=True)
class Attributes:
    """What is known of one item, by attribute, wanted ones first."""

    wanted: Mapping[str, tuple[str, ...]]
    unwanted: Mapping[str, tuple[str, ...]]
    numbers: Mapping[str, float]

    def values(self, *, wanted: bool) -> frozenset[Value]:
        """Labels of the wanted or of the unwanted attributes."""
        of = self.wanted if wanted else self.unwanted
        return frozenset((name, label) for name, labels in of.items() for label in labels)


NONE = Attributes({}, {}, {})


@dataclass(frozen=True)
class Neighbour:
    """One place of a list; `other_rank` is None where the other side's stored list ends before the item."""

    ref: str
    title: str
    side: Side
    rank: int
    other_rank: int | None
    score: float
    relevant: bool | None
    attributes: Attributes
    suspect: bool


@dataclass(frozen=True)
class Lists:
    """Both top-k lists of one example.

    Args:
        base: the base's k nearest, best first.
        candidate: the candidate's.
        k: length asked for; a list is shorter where there are fewer items.
        depth: length of the stored lists, within which a lost item's new rank is known.
        titles: by ref, of every item named.
        attributes: by ref.
    """

    base: tuple[Neighbour, ...]
    candidate: tuple[Neighbour, ...]
    k: int
    depth: int
    titles: Mapping[str, str]
    attributes: Mapping[str, Attributes]

    def side(self, side: Side) -> tuple[Neighbour, ...]:
        """The list of one side."""
        return self.base if side == "base" else self.candidate

    def changed(self, one: Neighbour) -> bool:
        """Whether the other side's list lacks the item: gained by the candidate, or lost from the base."""
        return one.other_rank is None or one.other_rank > self.k

    @property
    def gained(self) -> list[Neighbour]:
        """Items that only the candidate has among its k nearest."""
        return [one for one in self.candidate if self.changed(one)]

    @property
    def lost(self) -> list[Neighbour]:
        """Items that only the base has among its k nearest."""
        return [one for one in self.base if self.changed(one)]

    def title(self, ref: str) -> str:
        """Title of an item, its id where it has none."""
        return self.titles.get(ref) or ref.partition(":")[2] or ref


def read_attributes(rows: Iterable[Mapping[str, Any]]) -> dict[str, Attributes]:
    """Attributes by item."""
    wanted: dict[str, dict[str, tuple[str, ...]]] = {}
    unwanted: dict[str, dict[str, tuple[str, ...]]] = {}
    numbers: dict[str, dict[str, float]] = {}
    refs: dict[str, None] = {}
    for row in rows:
        ref, name = row["ref"], row["attribute"]
        refs[ref] = None
        if row["kind"] == "numeric":
            numbers.setdefault(ref, {})[name] = row["number"]
        else:
            of = wanted if row["wanted"] else unwanted
            of.setdefault(ref, {})[name] = tuple(row["labels"] or ())
    return {ref: Attributes(wanted.get(ref, {}), unwanted.get(ref, {}), numbers.get(ref, {})) for ref in refs}


def read_lists(evidence: ExampleEvidence) -> Lists:
    """The lists of a query, item or pair."""
    given = evidence.context
    measures = about(evidence)
    titles = {row["ref"]: row["title"] for row in given.get("items", ())}
    attributes = read_attributes(given.get("attributes", ()))
    rows = given.get("neighbours", ())
    k = measures.get("k") or 0
    suspects = _suspects(evidence, rows, attributes, k)
    sides: dict[Side, list[Neighbour]] = {side: [] for side in SIDES}
    for row in rows:
        ref = row["ref"]
        title = titles.get(ref) or ref.partition(":")[2]
        sides[row["side"]].append(
            Neighbour(
                ref,
                title,
                row["side"],
                row["rank"],
                row["other_rank"],
                row["score"],
                row["relevant"],
                attributes.get(ref, NONE),
                row["side"] == "candidate" and ref in suspects,
            )
        )
    return Lists(
        tuple(sides["base"]), tuple(sides["candidate"]), k, measures.get("depth") or 0, titles, attributes
    )


def about(evidence: ExampleEvidence) -> Mapping[str, Any]:
    """The measures of the example itself."""
    return next(iter(evidence.context.get("about", ())), {})


def typical_values(items: Sequence[Attributes]) -> frozenset[Value]:
    """Wanted values that at least half of the items that have the attribute have."""
    holders = Counter(name for one in items for name in one.wanted)
    counts = Counter(value for one in items for value in one.values(wanted=True))
    return frozenset(value for value, count in counts.items() if count >= TYPICAL * holders[value[0]])


def _suspects(
    evidence: ExampleEvidence,
    rows: Iterable[Mapping[str, Any]],
    attributes: Mapping[str, Attributes],
    k: int,
) -> set[str]:
    """Gained items that share an unwanted value and no wanted one.

    Of an item, with the item itself. Of a query: an unwanted value with another gained item, and none of the
    wanted values that are typical of its relevant items (without relevance: of the items that both sides have).
    An item whose wanted attributes are all unknown, or others than those compared with, is not suspected.
    """
    ranked = [row for row in rows if row["side"] == "candidate"]
    gained = [row["ref"] for row in ranked if row["other_rank"] is None or row["other_rank"] > k]
    if evidence.example.kind in ("item", "variant"):
        own = attributes.get(evidence.example.ref, NONE)
        compared, peers = [own], {ref: own.values(wanted=False) for ref in gained}
    else:
        relevant = [row["item_ref"] for row in evidence.context.get("relevant", ())]
        kept = [row["ref"] for row in ranked if row["ref"] not in gained]
        compared = [attributes[ref] for ref in relevant or kept if ref in attributes]
        unwanted = {ref: attributes.get(ref, NONE).values(wanted=False) for ref in gained}
        peers = {
            ref: frozenset(value for other in gained if other != ref for value in unwanted[other])
            for ref in gained
        }
    typical = typical_values(compared)
    names = {name for name, _ in typical}
    found = set()
    for ref in gained:
        one = attributes.get(ref, NONE)
        comparable = bool(names & one.wanted.keys())
        if comparable and one.values(wanted=False) & peers[ref] and not one.values(wanted=True) & typical:
            found.add(ref)
    return found
