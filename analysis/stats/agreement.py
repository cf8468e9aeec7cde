"""How far several people agree beyond chance. Plain Python."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Sequence

from analysis.stats.bounds import clopper_pearson
from analysis.stats.numeric import require


def gwet_ac1(judged: Sequence[Sequence[Hashable]]) -> float:
    """Gwet's AC1 of what several people said of the same items: 1 is full agreement, 0 what chance would give.

    Unlike Cohen's kappa it does not fall towards 0 where nearly all items are alike.

    Args:
        judged: for each item, the category that each of its judges chose; at least two judges an item.

    Returns:
        The coefficient, in [-1, 1]; 1 where only one category was ever chosen.

    Raises:
        ValueError: no item, or one with fewer than two judges.

    Source: Gwet (2008), British Journal of Mathematical and Statistical Psychology 61:29.
    """
    observed, by_chance = _agreement(judged)
    return (observed - by_chance) / (1 - by_chance)


def gwet_ac1_bounds(first: Sequence[Hashable], second: Sequence[Hashable]) -> tuple[float, float]:
    """Bounds (95 %) of the AC1 of two judges who judged the same items.

    The share of items on which they agree is bounded exactly (Clopper-Pearson), what chance would give is taken as it
    was observed: full agreement on few items is then as wide as few items leave it, and not without width.

    Args:
        first: what one judge said of each item.
        second: what the other said of it.

    Raises:
        ValueError: no item, or not as many from both.
    """
    pairs = list(zip(first, second, strict=True))
    _, by_chance = _agreement(pairs)
    agreed = sum(one == other for one, other in pairs)
    low, high = ((share - by_chance) / (1 - by_chance) for share in clopper_pearson(agreed, len(pairs)))
    return low, high


def _agreement(judged: Sequence[Sequence[Hashable]]) -> tuple[float, float]:
    """The agreement that was observed, and that which chance would give: 0 where only one category was ever chosen."""
    require(bool(judged), "agreement needs an item")
    require(all(len(said) > 1 for said in judged), "every item needs two judges")
    shares: defaultdict[Hashable, float] = defaultdict(float)
    agreed = 0.0
    for said in judged:
        counts = Counter(said)
        judges = len(said)
        agreed += sum(count * (count - 1) for count in counts.values()) / (judges * (judges - 1))
        for category, count in counts.items():
            shares[category] += count / judges
    n = len(judged)
    observed, categories = agreed / n, len(shares)
    if categories == 1:
        return observed, 0.0
    return observed, sum(share / n * (1 - share / n) for share in shares.values()) / (categories - 1)
