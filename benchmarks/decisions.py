"""Whole reviews simulated: how often the gates allow a candidate, and at what cost in verdicts.

    python -m benchmarks.decisions [--draws 400] [--only NAME] [--workers 2] [--table]

Each review draws predictions, counts them with the product's own SQL and statistics, makes the product's queue, and
has a scripted reviewer answer what is asked until nothing more is. Outcomes are kept in `decisions.json`, one entry for
each setting and loss; what is there already is not drawn again.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from analysis.stats.bounds import clopper_pearson
from benchmarks.decision_reviews import (
    Outcome,
    Setting,
    draw_case,
    review,
)
from benchmarks.reviewers import always_first, always_unsure, honest

RESULTS = Path(__file__).parent / "decisions.json"
ERRS = 0.03
"""Share of pages that an honest reviewer gets wrong."""
CHUNK = 20
LOSSES = (0.0, 0.05, 0.10, 0.20)


def _even(classes: int, total: int, first: int) -> tuple[int, ...]:
    """Sizes of classes: the first as given, the others alike."""
    rest, more = divmod(total - first, classes - 1)
    return (first, *(rest + (number < more) for number in range(classes - 1)))


SETTINGS = (
    Setting("12 classes of 1,300, critical 60", _even(12, 1300, 60)),
    Setting("12 classes of 1,300, critical 100", _even(12, 1300, 100)),
    Setting("12 classes of 500, critical 25", _even(12, 500, 25)),
    Setting("77 classes of 1,540, three critical of 20", (20,) * 77, critical=3),
    Setting("150 classes of 3,000, critical 20", (20,) * 150),
    Setting("12 classes of 1,300, critical 60, 5 % wrong gold", _even(12, 1300, 60), wrong_gold=0.05),
    Setting("12 classes of 1,300, critical 60, clusters of 4", _even(12, 1300, 60), cluster=4),
    Setting(
        "12 classes of 1,300, critical 60, clusters of 4, 5 % wrong gold",
        _even(12, 1300, 60),
        cluster=4,
        wrong_gold=0.05,
    ),
)
REVIEWERS = ("honest", "always first", "always unsure")


@dataclass(frozen=True)
class Work:
    """Some reviews of one setting: `count` of them from the seed `start` on."""

    setting: Setting
    loss: float
    start: int
    count: int


def outcomes(work: Work) -> dict[str, list[Outcome]]:
    """How each reviewer's reviews end."""
    found: dict[str, list[Outcome]] = {name: [] for name in REVIEWERS}
    for seed in range(work.start, work.start + work.count):
        case = draw_case(work.setting, work.loss, seed)
        reviewers = (honest(seed, ERRS), always_first, always_unsure)
        for name, one in zip(REVIEWERS, reviewers, strict=True):
            found[name].append(review(case, one))
    return found


def summed(done: Sequence[Outcome]) -> dict[str, Any]:
    """Rates with their 95 % intervals, medians, and which gates keep candidates back, as plain data."""
    n = len(done)
    allowed = sum(one.allowed for one in done)
    failed = sum(one.failed_before for one in done)
    against = Counter(name for one in done for name in one.against)
    return {
        "reviews": n,
        "allowed": allowed / n,
        "allowed_interval": clopper_pearson(allowed, n),
        "failed_before_anyone_looked": failed / n,
        "failed_interval": clopper_pearson(failed, n),
        "verdicts": median(one.verdicts for one in done),
        "verdicts_most": max(one.verdicts for one in done),
        "deciding": median(one.deciding for one in done),
        "against": dict(against.most_common()),
    }


def run(draws: int, only: str | None, workers: int, settings: Iterable[Setting] = SETTINGS) -> None:
    """Draw what is not kept yet, and print every line as it is done."""
    with ProcessPoolExecutor(workers) as pool:
        for setting in settings:
            if only is not None and only not in setting.name:
                continue
            for loss in LOSSES:
                kept = _kept()
                key = _key(setting, loss)
                if kept.get(key, {}).get("honest", {}).get("reviews", 0) >= draws:
                    continue
                work = [Work(setting, loss, at, min(CHUNK, draws - at)) for at in range(0, draws, CHUNK)]
                parts = list(pool.map(outcomes, work))
                found = {name: summed([one for part in parts for one in part[name]]) for name in REVIEWERS}
                RESULTS.write_text(
                    json.dumps({**_kept(), key: found}, indent=1, sort_keys=True) + "\n", "utf-8"
                )
                _print(key, found, print)


def table(kept: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> str:
    """What is kept, as a Markdown table: a line for each setting and loss."""
    lines = [
        "| setting | loss | honest | always first | always unsure | failed before anyone looked | verdicts, decide |"
    ]
    lines.append("|---|---|---|---|---|---|---|")
    for setting in SETTINGS:
        for loss in LOSSES:
            found = kept.get(_key(setting, loss))
            if found is None:
                continue
            rates = " | ".join(f"{found[name]['allowed']:.3f}" for name in REVIEWERS)
            one = found["honest"]
            lines.append(
                f"| {setting.name} | {loss:.2f} | {rates} | {one['failed_before_anyone_looked']:.3f} | "
                f"{one['verdicts']:.0f}, {one['deciding']:.0f} |"
            )
    return "\n".join(lines)


def _key(setting: Setting, loss: float) -> str:
    return f"{setting.name} / loss {loss:.2f}"


def _kept() -> dict[str, Any]:
    return dict(json.loads(RESULTS.read_text("utf-8"))) if RESULTS.exists() else {}


def _print(key: str, found: dict[str, dict[str, Any]], say: Callable[[str], None]) -> None:
    for name, one in found.items():
        say(
            f"{key:70} {name:13} allowed {one['allowed']:.3f}  failed before {one['failed_before_anyone_looked']:.3f}  "
            f"verdicts {one['verdicts']:.0f}, deciding {one['deciding']:.0f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--draws", type=int, default=400)
    parser.add_argument("--only", help="settings whose name holds this")
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
