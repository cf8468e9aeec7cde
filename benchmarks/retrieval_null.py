"""Does the rule of grouping hold its level, and what does it miss: candidates whose change is known by construction.

Items have two wanted attributes (theme, tone), and four unwanted ones: publisher, which comes with theme; template
and popularity, which come with nothing; studio, which the base groups by already. Vectors are directions of theme,
tone and studio plus noise of each item. Directions are drawn once for each candidate, items anew in every run.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.base.records import SIDES, Side
from analysis.stats import bootstrap_mean, clopper_pearson
from analysis.tracks.retrieval.dependent_pairs import interval
from analysis.tracks.retrieval.grouping import Grouping, Lift, grouping, wanted_lift
from analysis.tracks.retrieval.nearest import nearest
from analysis.tracks.retrieval.vectors import Attribute, EmbeddingSpace
from benchmarks.measure import Result

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Codes = NDArray[np.int64]
    Vectors = NDArray[np.float64]

DIMENSIONS, K = 64, 10
CONFOUND, WANTED = 0.10, 0.10
LABELS = {"theme": 8, "tone": 5, "publisher": 6, "template": 5, "studio": 5}
UNWANTED = ("publisher", "template", "studio", "popularity")
UNCHANGED = ("publisher", "template", "popularity")
"""Unwanted attributes that no vector knows of unless they are planted."""
WEIGHTS = {"theme": 0.40, "tone": 0.25, "studio": 0.25}
"""Length of the direction of each attribute; the noise of an item has length 1 / 2 in the base."""
FOLLOWS_THEME = 0.7
"""Share of the items whose publisher is the one of their theme."""
FRESH = "the base's encoder with fresh noise"


@dataclass(frozen=True)
class Candidate:
    """How a candidate differs from the base; `planted` adds the direction of an attribute at `strength`.

    `runs` are the runs by number of items; `noise` is the length of the item's noise of that side.
    """

    name: str
    runs: dict[int, int]
    theme: float = 1.0
    noise: float = 0.5
    planted: str = ""
    strength: float = 0.0

    def truth(self, name: str) -> float | None:
        """The change that the construction implies: 0, or None where it is only known from the runs.

        The base has no direction of publisher, template and popularity; studio and the wanted ones lose to
        whatever is added.
        """
        if self.name == FRESH or (name in UNCHANGED and name != self.planted):
            return 0.0
        return None


CANDIDATES = (
    Candidate(FRESH, {500: 200, 1_500: 200}),
    Candidate("noise 0.2 added", {500: 200}, noise=float(np.hypot(0.5, 0.2))),
    Candidate("noise 0.4 added", {500: 200}, noise=float(np.hypot(0.5, 0.4))),
    Candidate("theme counts 1.5 times", {500: 200, 1_500: 200}, theme=1.5),
    Candidate("publisher planted at 0.10", {500: 50}, planted="publisher", strength=0.10),
    Candidate("publisher planted at 0.15", {500: 50, 1_500: 50}, planted="publisher", strength=0.15),
    Candidate("publisher planted at 0.20", {500: 50}, planted="publisher", strength=0.20),
    Candidate("publisher planted at 0.30", {500: 50}, planted="publisher", strength=0.30),
    Candidate("template planted at 0.15", {500: 50}, planted="template", strength=0.15),
    Candidate("template planted at 0.20", {500: 50}, planted="template", strength=0.20),
    Candidate("template planted at 0.40", {500: 50}, planted="template", strength=0.40),
)


@dataclass
class Tally:
    """What the runs of one candidate said of one attribute, or of the mean over wanted ones."""

    changes: list[float]
    lows: list[float]
    highs: list[float]
    item_lows: list[float]
    item_highs: list[float]
    failed: int = 0

    def covered(self, truth: float) -> tuple[int, int]:
        """Runs whose dyadic interval, and whose bootstrap over items, holds the truth."""
        dyadic = sum(low <= truth <= high for low, high in zip(self.lows, self.highs, strict=True))
        items = sum(low <= truth <= high for low, high in zip(self.item_lows, self.item_highs, strict=True))
        return dyadic, items


def run() -> list[Result]:
    """Every candidate at every size."""
    return list(measured())


def measured() -> Iterator[Result]:
    """The figures of each candidate and size as they come, and the time of all of them at the end."""
    started = time.process_time()
    for number, candidate in enumerate(CANDIDATES):
        directions = directions_of(np.random.default_rng(number))
        for size, runs in candidate.runs.items():
            tallies: dict[str, Tally] = defaultdict(lambda: Tally([], [], [], [], []))
            for seed in range(runs):
                space = space_of(candidate, directions, size, np.random.default_rng([size, number, seed]))
                _judge(space, seed, tallies)
            yield from _results(candidate, size, runs, tallies)
    yield Result("all of it", time.process_time() - started, "cpu-s", target="at most 480")


def _judge(space: EmbeddingSpace, seed: int, tallies: dict[str, Tally]) -> None:
    groupings = {one.name: grouping(space, one, seed, draws=0) for one in space.attributes}
    wanted = wanted_lift(list(groupings.values()))
    change = wanted["candidate"].minus(wanted["base"])
    tally = tallies["wanted"]
    _note(tally, change, seed)
    tally.failed += tally.changes[-1] < -WANTED and tally.highs[-1] < 0
    for name in UNWANTED:
        change = _conditional(groupings[name])
        if change.why:
            raise ValueError(f"run {seed}, {name}: {change.why}")
        tally = tallies[name]
        _note(tally, change, seed)
        bonferroni = interval(change.value, change.errors, change.n, 1 - 0.05 / len(UNWANTED))
        tally.failed += change.value > CONFOUND and bonferroni.low > 0


def _conditional(one: Grouping) -> Lift:
    return one.conditional["candidate"].minus(one.conditional["base"])


def _note(tally: Tally, change: Lift, seed: int) -> None:
    dyadic = interval(change.value, change.errors, change.n, 0.95)
    by_item = np.bincount(change.errors.owner, weights=change.errors.amount).astype(np.float64)
    items = bootstrap_mean(by_item * len(by_item), None, 0.95, seed, draws=500)
    tally.changes.append(change.value)
    tally.lows.append(dyadic.low)
    tally.highs.append(dyadic.high)
    tally.item_lows.append(change.value + items.low - items.value)
    tally.item_highs.append(change.value + items.high - items.value)


def directions_of(rng: np.random.Generator) -> dict[str, Vectors]:
    """(labels, d) unit vectors of the labels of each attribute."""
    return {name: _unit(rng.normal(size=(labels, DIMENSIONS))) for name, labels in LABELS.items()}


def space_of(
    candidate: Candidate, directions: dict[str, Vectors], size: int, rng: np.random.Generator
) -> EmbeddingSpace:
    """Items, attributes and both sides' neighbours of one run."""
    codes = {name: rng.integers(0, labels, size) for name, labels in LABELS.items()}
    follows = rng.random(size) < FOLLOWS_THEME
    codes["publisher"] = np.where(follows, codes["theme"] % LABELS["publisher"], codes["publisher"])
    own = 0.5 * _unit(rng.normal(size=(size, DIMENSIONS)))
    vectors: dict[Side, NDArray[np.float32]] = {}
    for side in SIDES:
        made = Candidate("", {}) if side == "base" else candidate
        rows = own + sum(
            weight * (made.theme if name == "theme" else 1) * directions[name][codes[name]]
            for name, weight in WEIGHTS.items()
        )
        rows = rows + made.noise * _unit(rng.normal(size=(size, DIMENSIONS)))
        if made.planted:
            rows = rows + made.strength * directions[made.planted][codes[made.planted]]
        vectors[side] = _unit(rows).astype(np.float32)
    neighbours = {side: nearest(vectors[side], vectors[side], K, exclude_self=True)[0] for side in SIDES}
    attributes = [
        Attribute(
            name,
            name in ("theme", "tone"),
            "categorical",
            tuple(str(code) for code in range(labels)),
            np.arange(size + 1),
            codes[name].astype(np.int32),
            np.empty(0),
        )
        for name, labels in LABELS.items()
    ]
    popularity = rng.lognormal(size=size)
    none = np.zeros(size + 1, np.int64)
    attributes.append(Attribute("popularity", False, "numeric", (), none, np.empty(0, np.int32), popularity))
    names = [f"{row:06d}" for row in range(size)]
    return EmbeddingSpace(names, names, vectors, neighbours, tuple(attributes))


def _unit(rows: Vectors) -> Vectors:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True))


def _results(candidate: Candidate, size: int, runs: int, tallies: dict[str, Tally]) -> Iterator[Result]:
    where = f"{size} items, {candidate.name}, seeds 0 to {runs - 1}"
    for name, tally in tallies.items():
        mean, truth = float(np.mean(tally.changes)), candidate.truth(name)
        limit = WANTED if name == "wanted" else CONFOUND
        beyond = mean < -limit if name == "wanted" else mean > limit
        missed = truth is None and beyond
        count = runs - tally.failed if missed else tally.failed
        kind = "misses" if missed else "fails" if truth is None else "false alarms"
        rule = "retrieval.grouping" if name == "wanted" else f"retrieval.confounds[{name}]"
        low, high = clopper_pearson(count, runs)
        yield Result(
            f"{where}: {kind} of {rule} (mean change {mean:+.3f}, spread over runs "
            f"{np.std(tally.changes):.3f}; exact interval [{low:.3f}, {high:.3f}])",
            count / runs,
            "share of runs",
            target="at most 0.025" if kind == "false alarms" else "",
        )
        dyadic, items = tally.covered(mean if truth is None else truth)
        yield Result(
            f"{where}: 95 % interval of the change of {name} holds {'the mean change' if truth is None else '0'} "
            f"(a bootstrap over items: {items / runs:.3f})",
            dyadic / runs,
            "share of runs",
            target="0.92 to 0.98",
        )
