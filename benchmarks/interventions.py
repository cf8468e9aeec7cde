"""How many flips of healthy candidates an intervention reverts: `python -m benchmarks.interventions --help`.

Pairs of models of one recipe with other seeds, on CLINC150 and BANKING77 as in `benchmarks.shortcuts`: a candidate as
good as its base, whose flips have no common reason. What is counted are the flips of its queue. Beside each reverted
flip stands what random changes of the same size do, and what as many tries at random would come to.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import time
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from itertools import permutations
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

from benchmarks.measure import machine
from benchmarks.shortcut_models import make_recipe
from benchmarks.shortcut_reviews import Case, write_review
from benchmarks.shortcut_texts import DATASETS, Dataset, Split, read, split

if TYPE_CHECKING:
    import duckdb

    from analysis.base.records import Flag
    from analysis.plugin.settings import TrackSettings
    from analysis.plugin.stage import StageProgress, Step
    from analysis.plugin.track import Track

RESULTS = Path(__file__).parent / "interventions.json"
APART = 7
"""Every so manieth of the ordered pairs of models is taken, so that few pairs hold many different models."""
FLIPS = """
SELECT f.ref, f.reverts, f.kind, f.operation, f.words, f.tried, f.random_reverted, f.random_tried
FROM evidence.intent_flip f ORDER BY f.ref
"""
FLIPPED = "SELECT count(*) FROM evidence.intent_pair WHERE flipped"


def track_of(*, whole: bool) -> Track:
    """The intent track without its probes, and with only flips in the queue.

    Unless `whole`, attributions ask for no licence, whose deletions cost many times what is measured here.
    """
    from analysis.tracks.intent.attribution import ATTRIBUTE, QUEUED, attribution_stage
    from analysis.tracks.intent.intervention_stage import INTERVENE
    from analysis.tracks.intent.predict import PREDICT
    from analysis.tracks.intent.track import IntentTrack

    ranking = tuple(
        replace(method, spec=replace(method.spec, context_only=True))
        for method in QUEUED
        if method.contrastive
    )

    class Flips(IntentTrack):
        def stages(self) -> tuple[Step, ...]:
            return PREDICT, ATTRIBUTE if whole else attribution_stage(ranking), INTERVENE

        def also_costly(
            self, workbench: duckdb.DuckDBPyConnection, settings: TrackSettings, seed: int
        ) -> list[list[str]]:
            return []

        def flags(self, workbench: duckdb.DuckDBPyConnection, settings: TrackSettings) -> list[Flag]:
            flipped = workbench.execute("SELECT ref FROM intent_pair WHERE flipped").fetchall()
            return [one for one in super().flags(workbench, settings) if (one.ref,) in flipped]

    return Flips()


def review_pair(
    folder: Path, sets: Split, dataset: Dataset, models: tuple[Path, Path], *, whole: bool
) -> dict[str, Any]:
    """The flips in the queue of one pair, with what reverts each, and the process seconds of each stage."""
    from analysis.plugin.registry import registered
    from analysis.review.session import ReviewSession
    from analysis.run.pipeline import analyze

    seconds: Counter[str] = Counter()
    last = time.process_time()

    def took(event: StageProgress) -> None:
        nonlocal last
        now = time.process_time()
        seconds[event.stage] += now - last
        last = now

    review = write_review(folder, sets, Case(dataset, "healthy", 0, "causal", *models))
    with registered(track_of(whole=whole)):
        store = analyze(review, on_progress=took).store
    with ReviewSession.open(store, read_only=True) as session:
        found = session.connection.execute(FLIPS)
        names = [name for name, *_ in found.description or ()]
        flips = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
        (flipped,) = session.connection.execute(FLIPPED).fetchone() or (0,)
    shutil.rmtree(folder)
    return {
        "dataset": dataset.name, "pair": "-".join(one.name for one in models), "whole": whole, "flipped": flipped,
        "seconds": {name: round(value, 2) for name, value in seconds.items()}, "flips": flips,
    }  # fmt: skip


def summary(pairs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """For each data set, and all: how many flips were reverted, by what, and what chance would do."""
    from analysis.stats import clopper_pearson

    found = []
    for name in [*dict.fromkeys(one["dataset"] for one in pairs), "all"]:
        flips = [flip for one in pairs if name in ("all", one["dataset"]) for flip in one["flips"]]
        reverted = [flip for flip in flips if flip["reverts"]]
        known = [flip for flip in reverted if flip["random_tried"]]
        rates = [flip["random_reverted"] / flip["random_tried"] for flip in known]
        low, high = clopper_pearson(len(reverted), len(flips))
        sizes = Counter(
            flip["kind"] if flip["kind"] != "deletion" else f"{flip['words']} deleted" for flip in reverted
        )
        found.append(
            {
                "dataset": name, "flips": len(flips), "reverted": len(reverted),
                "share": round(len(reverted) / len(flips), 3), "low": round(low, 3), "high": round(high, 3),
                "by": dict(sorted(sizes.items())),
                "first_word": sum(flip["tried"] == 1 and flip["kind"] == "deletion" for flip in reverted),
                "random": round(fmean(rates), 3) if rates else None,
                "tried": round(fmean(flip["tried"] for flip in reverted), 1) if reverted else None,
                "as_many_at_random": round(
                    fmean(1 - (1 - rate) ** flip["tried"] for rate, flip in zip(rates, known, strict=True)), 3
                ) if rates else None,
            }
        )  # fmt: skip
    return found


def cost(pairs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the search costs beside the attribution stage; where that is not `whole`, beside one that tests nothing."""
    return [
        {
            "dataset": one["dataset"], "pair": one["pair"], "whole": one["whole"], "flips": len(one["flips"]),
            **{name: one["seconds"][name] for name in ("intent.attribution", "intent.interventions")},
            "share": round(one["seconds"]["intent.interventions"] / one["seconds"]["intent.attribution"], 3),
        }
        for one in pairs
    ]  # fmt: skip


def arguments(given: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.interventions", description=__doc__)
    parser.add_argument(
        "--data", type=Path, required=True, help="folder with clinc150.jsonl and banking77.jsonl"
    )
    parser.add_argument("--encoder", type=Path, required=True, help="Transformers folder of the encoder")
    parser.add_argument("--work", type=Path, required=True, help="keeps models, as benchmarks.shortcuts does")
    parser.add_argument("--pairs", type=int, default=2, help="of each data set")
    parser.add_argument("--whole", type=int, default=0, help="of these, with the whole attribution stage")
    parser.add_argument("--results", type=Path, default=RESULTS)
    return parser.parse_args(given)


def main(given: list[str]) -> int:
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    options = arguments(given)
    import torch
    from transformers.utils import logging

    torch.set_num_threads(1)
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    found: list[dict[str, Any]] = []
    for number in range(options.pairs):
        for dataset in DATASETS:
            sets = split(read(options.data, dataset), dataset, 0)
            models = make_recipe(options.encoder, dataset, sets, options.work / "recipe" / dataset.name)
            base, candidate = list(permutations(models, 2))[number * APART]
            folder = options.work / "interventions" / f"{dataset.name}-{base.name}-{candidate.name}"
            whole = number >= options.pairs - options.whole
            found.append(review_pair(folder, sets, dataset, (base, candidate), whole=whole))
            kept = {
                "measured": datetime.now(UTC).isoformat(timespec="seconds"),
                "command": "python -m benchmarks.interventions --data DIR --encoder DIR --work DIR",
                "machine": machine(),
                "summary": summary(found),
                "cost": cost(found),
                "pairs": found,
            }
            options.results.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", "utf-8")
            print(
                f"{dataset.name} {found[-1]['pair']}: {summary(found[-1:])[0]}; {found[-1]['seconds']}",
                flush=True,
            )
    for one in (*kept["summary"], *kept["cost"]):
        print(one)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
