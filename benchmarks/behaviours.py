"""The rule that judges a behaviour, simulated: its level, its coverage, and what it lets pass.

    python -m benchmarks.behaviours [--draws 400] [--only NAME] [--workers 2] [--table]

Every draw makes answers of two models with a known net rise of a behaviour, leads of a detector with errors of its own
on each side, and a reviewer who labels in a drawn order; the product's own functions estimate and the gate's rule
decides.
Outcomes are kept in `behaviours.json`, one entry for each world, lead and reviewer; what is there already with as many
draws is not drawn again.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from analysis.stats import (
    LeadMoments,
    NetRise,
    lead_moments,
    look_share,
    looks,
    mcnemar_one_sided,
    net_rise,
)
from analysis.stats.numeric import student_quantile

RESULTS = Path(__file__).parent / "behaviours.json"
LIMIT = 0.10
"""`max_net_rise`: the rise that a pass excludes."""
RISE = 0.02
"""The rise below which nothing fails."""
ALPHA = 0.05 / 3 / 5
"""What one of five behaviours in one of three tracks may spend."""
LEVEL = 0.05
"""A level with more rejections to count than `ALPHA` gives."""
OF_ALL = "any"
"""Every look together, where an outcome has numbers by look."""
CHUNK = 250

Answers = NDArray[np.int64]
Floats = NDArray[np.float64]
Label = tuple[float, float]


@dataclass(frozen=True)
class World:
    """Prompts with a known truth: `net` more of them are harmed by the candidate, and `churn` each way besides.

    `both` is the share that is harmed on both sides.
    """

    prompts: int
    net: float
    churn: float
    both: float = 0.05

    @property
    def name(self) -> str:
        rare = ", rare" if self.both < self.churn else ""
        return f"{self.prompts} prompts, net {self.net:+.2f}, {self.churn:.2f} each way{rare}"

    @property
    def seeds(self) -> tuple[int, ...]:
        """What makes the draws of this world its own."""
        return tuple(round(share * 10_000) for share in (self.prompts, self.net, self.churn, self.both))


@dataclass(frozen=True)
class Lead:
    """A detector by side: how much of what is there it finds, and how often it finds what is not there."""

    name: str
    base: tuple[float, float]
    candidate: tuple[float, float]


_SHARED = 0.02**2
NETS = (0.0, 0.05, 0.08, LIMIT, 0.15)
WORLDS = tuple(
    world
    for prompts in (400, 1000)
    for world in (
        *(World(prompts, net, churn) for churn in (0.02, 0.05) for net in NETS),
        # Two samples of one model, of which 2 % are harmed: whether both are is chance.
        World(prompts, 0.0, 0.02 - _SHARED, _SHARED),
    )
)
LEADS = (
    Lead("none", (0.0, 0.0), (0.0, 0.0)),
    Lead("equal", (0.71, 0.03), (0.71, 0.03)),
    Lead("chattier", (0.71, 0.03), (0.71, 0.08)),
    Lead("blinder", (0.91, 0.03), (0.04, 0.03)),
    Lead("shorter", (0.30, 0.03), (0.87, 0.03)),
    Lead("good", (0.95, 0.02), (0.95, 0.02)),
)
REVIEWERS = ("honest", "unsure in 5 %", "always unsure", "always no")
UNSURE = 0.05


@dataclass(frozen=True)
class Case:
    """One draw: harm on either side, leads, and what one reviewer says of every prompt in the drawn order."""

    labels: list[Label]
    leads: list[float]
    moments: LeadMoments


@dataclass(frozen=True)
class Work:
    """Some draws of one cell: `count` of them from the seed `start` on."""

    world: World
    lead: Lead
    reviewer: str
    start: int
    count: int


def harms(world: World, rng: np.random.Generator) -> tuple[Answers, Answers]:
    """Harm of base and candidate, (prompts,) each of 0 and 1."""
    where = rng.random(world.prompts)
    new = where < world.net + world.churn
    gone = ~new & (where < world.net + 2 * world.churn)
    both = ~new & ~gone & (where < world.net + 2 * world.churn + world.both)
    return (gone | both).astype(np.int64), (new | both).astype(np.int64)


def found(harm: Answers, quality: tuple[float, float], rng: np.random.Generator) -> Floats:
    """What a detector says of answers: 1 where it has a hit."""
    recall, alarms = quality
    return (rng.random(len(harm)) < np.where(harm == 1, recall, alarms)).astype(np.float64)


def said(base: Answers, candidate: Answers, reviewer: str, rng: np.random.Generator) -> list[Label]:
    """Least and most that the difference may be by what a reviewer says of either side."""
    if reviewer == "always no":
        return [(0.0, 0.0)] * len(base)
    share = {"honest": 0.0, "unsure in 5 %": UNSURE, "always unsure": 1.0}[reviewer]
    untold_base, untold_candidate = rng.random((2, len(base))) < share
    least = np.where(untold_candidate, 0, candidate) - np.where(untold_base, 1, base)
    most = np.where(untold_candidate, 1, candidate) - np.where(untold_base, 0, base)
    return list(zip(map(float, least), map(float, most), strict=True))


def draw(world: World, lead: Lead, reviewer: str, seed: int) -> Case:
    """The same seed draws the same answers for every lead and reviewer, so that differences are theirs."""
    base, candidate = harms(world, np.random.default_rng([seed, *world.seeds]))
    rng = np.random.default_rng([seed, *world.seeds, 1])
    leads = found(candidate, lead.candidate, rng) - found(base, lead.base, rng)
    labels = said(base, candidate, reviewer, np.random.default_rng([seed, *world.seeds, 2]))
    return Case(
        labels, leads.tolist(), LeadMoments(world.prompts, float(leads.mean()), float(leads.var(ddof=1)))
    )


def verdict(rise: NetRise) -> str:
    """The gate's rule: a rise beyond chance fails, whatever is excluded besides."""
    if rise.p <= ALPHA and rise.value > RISE:
        return "fail"
    return "pass" if rise.high < LIMIT else "unknown"


def read(case: Case) -> dict[int, NetRise]:
    """The estimate at the looks up to 400 labels."""
    return {
        look: net_rise(case.labels[:look], case.leads[:look], case.moments)
        for look in looks(case.moments.n)
        if look <= 400
    }


def outcomes(work: Work) -> list[dict[int, tuple[str, float, float, float, float]]]:
    """Of each draw and look: verdict, value, interval and p."""
    done = []
    for seed in range(work.start, work.start + work.count):
        rises = read(draw(work.world, work.lead, work.reviewer, seed))
        done.append(
            {look: (verdict(one), one.value, one.low, one.high, one.p) for look, one in rises.items()}
        )
    return done


def summed(
    world: World, done: Sequence[Mapping[int, tuple[str, float, float, float, float]]]
) -> dict[str, Any]:
    """Rates over draws, by look and for who takes the first look that suits him, as plain data."""
    table: dict[str, Any] = {"draws": len(done)}
    for look in done[0]:
        rows = [one[look] for one in done]
        table[str(look)] = {
            "net": fmean(value for _, value, _, _, _ in rows),
            "pass": _share(said == "pass" for said, *_ in rows),
            "fail": _share(said == "fail" for said, *_ in rows),
            "rejected_at_level": _share(p <= LEVEL for *_, p in rows),
            "covered": _share(low <= world.net <= high for _, _, low, high, _ in rows),
            "width": fmean(high - low for _, _, low, high, _ in rows),
        }
    table[OF_ALL] = {
        "pass": _share(any(row[0] == "pass" for row in one.values()) for one in done),
        "fail": _share(any(row[0] == "fail" for row in one.values()) for one in done),
        "rejected_at_level": _share(any(row[4] <= LEVEL for row in one.values()) for one in done),
        "covered": _share(all(row[2] <= world.net <= row[3] for row in one.values()) for one in done),
    }
    return table


def cells() -> Iterator[tuple[World, Lead, str]]:
    """Everything that is measured: leads with an honest reviewer, and other reviewers with the equal lead."""
    for world in WORLDS:
        for lead in LEADS:
            yield world, lead, REVIEWERS[0]
    for world in WORLDS:
        if world.prompts == 400:
            for reviewer in REVIEWERS[1:]:
                yield world, LEADS[1], reviewer


def run(draws: int, only: str | None, workers: int) -> None:
    """Draw what is not kept yet, and print every line as it is done."""
    with ProcessPoolExecutor(workers) as pool:
        for world, lead, reviewer in cells():
            key = _key(world, lead, reviewer)
            if (only is not None and only not in key) or _kept().get(key, {}).get("draws", 0) >= draws:
                continue
            work = [Work(world, lead, reviewer, at, min(CHUNK, draws - at)) for at in range(0, draws, CHUNK)]
            done = [one for part in pool.map(outcomes, work) for one in part]
            _keep(key, summed(world, done))
            print(_line(key, _kept()[key]), flush=True)
        for name, other in COMPARISONS.items():
            if (only is not None and only not in name) or _kept().get(name, {}).get("draws", 0) >= draws:
                continue
            _keep(name, {"draws": draws, **other(draws)})
            print(name, json.dumps(_kept()[name]), flush=True)


def student(case: Case, labelled: int, confidence: float) -> tuple[float, float]:
    """The usual prediction-powered interval, for comparison: Student's t, l from the same labels, no floor."""
    ys = np.array([least for least, _ in case.labels[:labelled]])
    fs = np.array(case.leads[:labelled])
    spread = float(fs.var(ddof=1))
    weight = min(1.0, max(0.0, float(np.cov(ys, fs)[0, 1]) / spread)) if spread else 0.0
    value = float(ys.mean()) + weight * (case.moments.mean - float(fs.mean()))
    seen = labelled / case.moments.n
    variance = ((1 - seen) * float((ys - weight * fs).var(ddof=1)) + seen * float(ys.var(ddof=1))) / labelled
    half = student_quantile(confidence, labelled - 1) * math.sqrt(variance)
    return value - half, value + half


def compare_with_student(draws: int) -> dict[str, Any]:
    """Coverage at the first look, of the product's interval and of Student's t, at the confidence of that look."""
    found: dict[str, Any] = {}
    share = look_share(120, 400)
    for world in (
        WORLDS[0],
        next(world for world in WORLDS if world.both == _SHARED),
        World(400, 0.03, 0.001),
    ):
        for lead in (LEADS[0], LEADS[1], LEADS[-1]):
            cases = [draw(world, lead, "honest", seed) for seed in range(draws)]
            ours = [net_rise(case.labels[:120], case.leads[:120], case.moments) for case in cases]
            theirs = [student(case, 120, 1 - LEVEL * share) for case in cases]
            found[f"{world.name} / {lead.name}"] = {
                "nominal": 1 - LEVEL * share,
                "covered": _share(one.low <= world.net <= one.high for one in ours),
                "covered_by_student": _share(low <= world.net <= high for low, high in theirs),
                "above_by_student": _share(low > world.net for low, _ in theirs),
                "below_by_student": _share(high < world.net for _, high in theirs),
            }
    return found


def compare_shares(draws: int) -> dict[str, Any]:
    """At 120 labels alone, what equal shares of the error for three looks would give, beside the product's."""
    found: dict[str, Any] = {}
    for world in (world for world in WORLDS if world.prompts == 400 and world.both >= world.churn):
        cases = [draw(world, LEADS[0], "honest", seed) for seed in range(draws)]
        for name, share in (("equal", 1 / 3), ("ours", look_share(120, 400))):
            rises = [
                net_rise(case.labels[:120], [], case.moments, 1 - LEVEL * share, at_once=True)
                for case in cases
            ]
            failed = [one.p <= ALPHA * share and one.value > RISE for one in rises]
            found[f"{world.name} / {name}"] = {
                "pass": _share(one.high < LIMIT and not bad for one, bad in zip(rises, failed, strict=True)),
                "fail": _share(failed),
            }
    return found


def compare_later_passes(draws: int) -> dict[str, Any]:
    """What passes at 200, 400 and any look if the upper end spends less at 200 and 400. Half the draws."""
    seeds, measured = range(max(1, draws // 2)), {}
    for world in (
        World(400, net, churn) for net, churn in ((0.0, 0.05), (0.05, 0.02), (0.08, 0.02), (0.08, 0.05))
    ):
        for lead in (LEADS[0], LEADS[1], LEADS[-1]):
            cases = [draw(world, lead, "honest", seed) for seed in seeds]
            failed = [{look: verdict(one) == "fail" for look, one in read(case).items()} for case in cases]
            for later in (None, 0.1, 0.05, 0.02):
                shares = {look: look_share(look, 400) if later is None else later for look in (200, 400)}
                shares[120] = look_share(120, 400)
                passed = [
                    {look: _passes(case, look, share) and not bad[look] for look, share in shares.items()}
                    for case, bad in zip(cases, failed, strict=True)
                ]
                name = "as now" if later is None else f"{later:.2f}"
                measured[f"{world.name} / {lead.name} / {name}"] = {
                    "200": _share(one[200] for one in passed),
                    "400": _share(one[400] for one in passed),
                    OF_ALL: _share(any(one.values()) for one in passed),
                }
    return measured


def _passes(case: Case, look: int, share: float) -> bool:
    rise = net_rise(case.labels[:look], case.leads[:look], case.moments, 1 - LEVEL * share, at_once=True)
    return rise.high < LIMIT


def compare_without_looks(draws: int) -> dict[str, Any]:
    """How often an equal candidate is rejected by who tests after every label from the 20th on, and needs no look."""
    found: dict[str, Any] = {}
    for world in (world for world in WORLDS if world.prompts == 400 and world.net == 0):
        rejected = {LEVEL: 0, ALPHA: 0}
        for seed in range(draws):
            base, candidate = harms(world, np.random.default_rng([seed, *world.seeds]))
            worse, better = np.cumsum(candidate > base), np.cumsum(base > candidate)
            counts = sorted(set(zip(worse[19:].tolist(), better[19:].tolist(), strict=True)))
            least = min(mcnemar_one_sided(b, c) for b, c in counts)
            for level in rejected:
                rejected[level] += least <= level
        found[world.name] = {f"rejected_at_{level:.4f}": count / draws for level, count in rejected.items()}
    return found


def compare_learned(draws: int) -> dict[str, Any]:
    """A lead learned from the very labels that estimate: out of fold there, by the folds' heads together elsewhere.

    Answers are 30 numbers, two of which move with harm and one with the side. A twentieth of the draws.
    """
    seeds, measured = range(max(1, draws // 20)), {}
    for world in (World(400, 0.0, 0.05), World(1000, 0.0, 0.02), World(1000, 0.08, 0.02)):
        rises, alone = [], []
        for seed in seeds:
            base, candidate = harms(world, np.random.default_rng([seed, *world.seeds]))
            leads = _learned(np.stack([base, candidate]), 120, np.random.default_rng([seed, *world.seeds, 3]))
            labels = [(float(d), float(d)) for d in (candidate - base)[:120]]
            rises.append(net_rise(labels, leads[:120], lead_moments(leads)))
            alone.append(net_rise(labels, [], LeadMoments(world.prompts)))
        measured[world.name] = {
            "draws": len(seeds),
            "net": fmean(one.value for one in rises),
            "weight": fmean(one.weight for one in rises),
            "covered": _share(one.low <= world.net <= one.high for one in rises),
            "rejected_at_level": _share(one.p <= LEVEL for one in rises),
            "width": fmean(one.high - one.low for one in rises),
            "width_of_labels_alone": fmean(one.high - one.low for one in alone),
        }
    return measured


def _learned(harm: Answers, labelled: int, rng: np.random.Generator) -> list[float]:
    """Leads of a logistic head for harm by side, (2, prompts), of which the first `labelled` prompts are labelled."""
    prompts, folds = harm.shape[1], 5
    texts = rng.normal(size=(2, prompts, 30))
    texts[..., 0] += 2.4 * harm
    texts[..., 1] += 1.2 * harm
    texts[1, :, 2] += 1.5
    fold = rng.permutation(labelled) % folds
    scores = np.zeros((2, prompts))
    for out in range(folds):
        known = np.flatnonzero(fold != out)
        x, y = texts[:, known].reshape(-1, 30), harm[:, known].ravel()
        if y.min() == y.max():
            continue
        head = LogisticRegression(C=1.0, class_weight="balanced", max_iter=1000).fit(x, y)
        said = head.predict_proba(texts.reshape(-1, 30))[:, 1].reshape(2, prompts)
        held = np.flatnonzero(fold == out)
        scores[:, held] = said[:, held]
        scores[:, labelled:] += said[:, labelled:] / folds
    leads: list[float] = (scores[1] - scores[0]).tolist()
    return leads


COMPARISONS: dict[str, Callable[[int], dict[str, Any]]] = {
    "compared: Student's t": compare_with_student,
    "compared: equal shares": compare_shares,
    "compared: less error for later passes": compare_later_passes,
    "compared: a test after every label": compare_without_looks,
    "compared: a lead learned from the labels": compare_learned,
}


def table(kept: Mapping[str, Mapping[str, Any]]) -> str:
    """What is kept, as a Markdown table: a line for each world, lead and reviewer."""
    lines = [
        "| prompts | net | each way | lead, reviewer | mean at 120 | pass at 120, 200, 400 | fail at 120, 200, 400 "
        "| pass, fail at any look | covered at all looks | width at 120, 200, 400 |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for world, lead, reviewer in cells():
        one = kept.get(_key(world, lead, reviewer))
        if one is None:
            continue
        who = lead.name if reviewer == REVIEWERS[0] else f"{lead.name}, {reviewer}"
        churn = f"{world.churn:.2f}" if world.both >= world.churn else "rare"
        lines.append(
            f"| {world.prompts} | {world.net:+.2f} | {churn} | {who} "
            f"| {one['120']['net']:+.3f} | {_over(one, 'pass')} | {_over(one, 'fail')} "
            f"| {one[OF_ALL]['pass']:.3f}, {one[OF_ALL]['fail']:.3f} | {one[OF_ALL]['covered']:.3f} "
            f"| {_over(one, 'width')} |"
        )
    return "\n".join(lines)


def _over(one: Mapping[str, Any], what: str) -> str:
    return ", ".join(f"{one[look][what]:.3f}" for look in one if look.isdigit())


def _share(holds: Iterable[bool]) -> float:
    return fmean(map(float, holds))


def _key(world: World, lead: Lead, reviewer: str) -> str:
    return f"{world.name} / {lead.name} / {reviewer}"


def _kept() -> dict[str, Any]:
    return dict(json.loads(RESULTS.read_text("utf-8"))) if RESULTS.exists() else {}


def _keep(key: str, found: dict[str, Any]) -> None:
    RESULTS.write_text(json.dumps({**_kept(), key: found}, indent=1, sort_keys=True) + "\n", "utf-8")


def _line(key: str, one: Mapping[str, Any]) -> str:
    return (
        f"{key:75} pass {_over(one, 'pass')}  fail {_over(one, 'fail')}  any {one[OF_ALL]['pass']:.3f} "
        f"{one[OF_ALL]['fail']:.3f}  covered {one[OF_ALL]['covered']:.3f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--draws", type=int, default=400)
    parser.add_argument("--only", help="entries whose name holds this")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument(
        "--table", action="store_true", help="print what is kept as a table, and draw nothing"
    )
    arguments = parser.parse_args()
    if arguments.table:
        print(table(_kept()))
        return
    run(arguments.draws, arguments.only, arguments.workers)


if __name__ == "__main__":
    main()
