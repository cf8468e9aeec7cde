"""What scripted reviewers make of real reviews: of candidates of one recipe and another seed, and of shortcuts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from statistics import median
from typing import Any

from benchmarks.shortcut_table import VERDICTS, Outcome, share
from benchmarks.shortcut_texts import CONDITIONS, DATASETS


def people(outcomes: Sequence[Outcome], pairs: Sequence[Outcome]) -> dict[str, Any]:
    """Shares of reviews allowed after each reviewer, and what their gates said before; by set of reviews.

    Returns:
        `people`: rows with the `set` ("another seed" and the conditions), the data set, the reviewer, how often the
        gates allow, how many pages were answered, and which gates keep candidates back. `pair_verdicts`: verdicts of
        each gate before anybody looked, over the pairs.
    """
    sets = {"another seed": pairs} | {
        name: [one for one in outcomes if one["condition"] == name and one["depth"] == "causal"]
        for name in CONDITIONS
    }
    rows = []
    for name, members in sets.items():
        for dataset in DATASETS:
            part = [one["reviewers"] for one in members if one["dataset"] == dataset.name]
            for reviewer in part[0] if part else ():
                ends = [one[reviewer] for one in part]
                against = Counter(gate for one in ends for gate in one["against"])
                rows.append(
                    {"set": name, "dataset": dataset.name, "reviewer": reviewer,
                     "allowed": share(sum(one["allowed"] for one in ends), len(ends)),
                     "answered": median(one["answered"] for one in ends),
                     "answered_most": max(one["answered"] for one in ends), "against": dict(against.most_common())}
                )  # fmt: skip
    verdicts = []
    for dataset in DATASETS:
        part = [one["gates"] for one in pairs if one["dataset"] == dataset.name]
        for gate in dict.fromkeys(key.split("[")[0] for one in part for key in one):
            counts = Counter(
                found["verdict"] for one in part for key, found in one.items() if key.split("[")[0] == gate
            )
            verdicts.append({"dataset": dataset.name, "gate": gate, "reviews": len(part), **counts})
    return {"people": rows, "pair_verdicts": verdicts}


def people_table(results: dict[str, Any]) -> list[str]:
    """The rows of `people` as Markdown tables."""
    lines = ["", "| set | data set | reviewer | allowed | pages, most | kept back by |", "|---" * 6 + "|"]
    lines += [
        f"| {r['set']} | {r['dataset']} | {r['reviewer']} | "
        f"{r['allowed']['count']} of {r['allowed']['n']} [{r['allowed']['low']:.2f}, {r['allowed']['high']:.2f}] | "
        f"{r['answered']:.0f}, {r['answered_most']} | "
        f"{', '.join(f'{gate} {count}' for gate, count in r['against'].items())} |"
        for r in results["people"]
    ]
    columns = ("data set", "gate, another seed", "reviews", *VERDICTS)
    lines += ["", f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]
    lines += [
        f"| {r['dataset']} | {r['gate']} | {r['reviews']} | {' | '.join(str(r.get(name, 0)) for name in VERDICTS)} |"
        for r in results["pair_verdicts"]
    ]
    return lines
