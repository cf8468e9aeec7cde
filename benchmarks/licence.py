"""The licence's verdicts and its cost, against the first build's rule of a hundred rankings for every text."""

from __future__ import annotations

from pathlib import Path
from statistics import fmean

from benchmarks.first_build import HERE, beside, first_build, pairs
from benchmarks.measure import Result

PUBLIC_TEXTS = 24
"""Messages of each pair: of MiniLM classifiers a hundred rankings of one take a second on both sides."""
PAIRS = (
    ("clinc150", 0, "healthy"),
    ("clinc150", 1, "titles"),
    ("banking77", 0, "healthy"),
    ("banking77", 1, "titles"),
)
LEAD, METHODS = "lrp", ("lrp", "occlusion")
"""The method that leads, which agrees with occlusion or not; both are licensed."""


def run(data: Path | None = None, work: Path | None = None) -> list[Result]:
    """Agreement by pair of models and over all, and CPU time a message for both sides.

    Both rules judge the same attributions, which this tree computes once.
    """
    results: list[Result] = []
    same: list[bool] = []
    with first_build() as old:
        for pair in pairs(data, work, PUBLIC_TEXTS, PAIRS):
            asked = beside(HERE, "explained", pair, methods=METHODS)
            ours, theirs = (beside(tree, "licensed", pair, asked=asked, lead=LEAD) for tree in (HERE, old))
            both = list(zip(ours["verdicts"], theirs["verdicts"], strict=True))
            agreed = [mine["verdict"] == other["verdict"] for mine, other in both]
            apart = [
                mine["percentile"] - other["percentile"]
                for mine, other in both
                if mine["percentile"] is not None and other["percentile"] is not None
            ]
            same += agreed
            per = len(pair.texts) / 1000
            results += [
                Result(f"{pair.name}: same verdict of {len(agreed)}", fmean(agreed), "of 1", target="0.98"),
                Result(f"{pair.name}: mean percentile less the first build's", fmean(apart), "of 1"),
                Result(
                    f"{pair.name}: licences of a message, both sides, one thread",
                    ours["cpu_s"] / per,
                    "cpu-ms",
                    "a hundred rankings",
                    theirs["cpu_s"] / per,
                    theirs["cpu_s"] / ours["cpu_s"],
                ),
            ]
            print(f"  {results[-3].sentence()}\n  {results[-1].sentence()}", flush=True)
    return [*results, Result(f"same verdict of {len(same)} attributions", fmean(same), "of 1", target="0.98")]
