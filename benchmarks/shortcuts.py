"""False alarms and misses of each intent gate on real intents: `python -m benchmarks.shortcuts --help`.

Sixteen classes each of CLINC150 and BANKING77; for every seed a base, a healthy candidate and three that were
taught a shortcut (titles, punctuation, a template phrase); one review for each candidate, judged before anybody
has inspected anything. Models and outcomes are kept in the work folder, so that a run that was stopped goes on.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import permutations
from pathlib import Path
from typing import Any

from benchmarks.measure import machine
from benchmarks.shortcut_baselines import baseline_rules, baseline_table, measure
from benchmarks.shortcut_models import EPOCHS, FROZEN, PLANTED_FROM, make_models, make_recipe
from benchmarks.shortcut_people import people, people_table
from benchmarks.shortcut_reviews import DEPTHS, ERRS, QUEUE, Case, run_review, sources_sha256, write_review
from benchmarks.shortcut_table import summary, tables
from benchmarks.shortcut_texts import (
    CONDITIONS,
    CORRELATION,
    DATASETS,
    MEASURED,
    MISLABELLED,
    TRAINED,
    Dataset,
    Split,
    read,
    split,
)

STEPS = ("models", "reviews", "pairs", "baselines", "report")
RESULTS = Path(__file__).parent / "shortcuts.json"


def runs(options: argparse.Namespace) -> Iterator[tuple[Dataset, int, Path]]:
    """Every data set and seed with the folder of its models; the data sets alternate."""
    for seed in options.seeds:
        for dataset in (one for one in DATASETS if one.name in options.datasets):
            yield dataset, seed, options.work / "models" / dataset.name / str(seed)


def make(options: argparse.Namespace, texts: dict[str, dict[str, Any]]) -> None:
    """Trains whatever models are missing."""
    for dataset, seed, folder in runs(options):
        make_models(
            options.encoder,
            dataset,
            split(texts[dataset.name], dataset, seed),
            seed,
            folder,
            options.conditions,
        )


def review(options: argparse.Namespace, texts: dict[str, dict[str, Any]]) -> None:
    """Runs the reviews whose models exist and whose outcome does not."""
    sources = sources_sha256()
    for dataset, seed, models in runs(options):
        for condition in options.conditions:
            folder = options.work / "reviews" / options.depth / dataset.name / str(seed) / condition
            outcome = folder.with_suffix(".json")
            if outcome.exists() or not all(
                (models / one / "rises.json").exists() for one in ("base", condition)
            ):
                continue
            case = Case(dataset, condition, seed, options.depth, models / "base", models / condition)
            found = kept_review(folder, split(texts[dataset.name], dataset, seed), case, sources)
            say(f"{dataset.name} seed {seed} {condition}", found)


def pairs(options: argparse.Namespace, texts: dict[str, dict[str, Any]]) -> None:
    """Reviews every model of one recipe against every other seed of it: candidates as good as their base."""
    sources = sources_sha256()
    for dataset in (one for one in DATASETS if one.name in options.datasets):
        sets = split(texts[dataset.name], dataset, 0)
        models = make_recipe(options.encoder, dataset, sets, options.work / "recipe" / dataset.name)
        for base, candidate in permutations(models, 2):
            folder = pairs_folder(options, dataset) / f"{base.name}-{candidate.name}"
            if not folder.with_suffix(".json").exists():
                case = Case(dataset, "healthy", 0, options.depth, base, candidate)
                say(f"{dataset.name} {folder.name}", kept_review(folder, sets, case, sources))


def pairs_folder(options: argparse.Namespace, dataset: Dataset) -> Path:
    """Where the outcomes of the pairs of one recipe are kept."""
    work: Path = options.work
    return work / "pairs" / options.depth / dataset.name


def kept_review(folder: Path, sets: Split, case: Case, sources: str) -> dict[str, Any]:
    """Runs a review in `folder`, keeps its outcome beside it, and removes the folder."""
    found = run_review(write_review(folder, sets, case), case.depth, sources)
    folder.with_suffix(".json").write_text(json.dumps(found), "utf-8")
    shutil.rmtree(folder)
    return found


def say(name: str, found: dict[str, Any]) -> None:
    """One line on a review that has ended."""
    verdicts = ", ".join(
        f"{key.removeprefix('intent.')} {gate['verdict']}"
        for key, gate in found["gates"].items()
        if gate["verdict"] != "pass"
    )
    after = ", ".join(
        f"{reviewer}: {'allowed' if one['allowed'] else 'kept back'} after {one['answered']}"
        for reviewer, one in found["reviewers"].items()
    )
    print(f"{name}: {found['cpu_seconds']:.0f} s; {verdicts}; {after}", flush=True)


def baselines(options: argparse.Namespace, texts: dict[str, dict[str, Any]]) -> None:
    """Tries every kind of baseline on the healthy pair of each seed that has none yet."""
    for dataset, seed, models in runs(options):
        kept = options.work / "baselines" / dataset.name / f"{seed}.json"
        if not kept.exists() and (models / "healthy" / "rises.json").exists():
            found = measure(models, split(texts[dataset.name], dataset, seed), dataset, seed)
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_text(json.dumps(found), "utf-8")
            print(f"{dataset.name} seed {seed} baselines: {len(found)} rankings", flush=True)


def measured_baselines(options: argparse.Namespace) -> dict[tuple[str, int], list[dict[str, Any]]]:
    """What `baselines` kept, by data set and seed."""
    places = {
        (dataset.name, seed): options.work / "baselines" / dataset.name / f"{seed}.json"
        for dataset, seed, _ in runs(options)
    }
    return {key: json.loads(path.read_text("utf-8")) for key, path in places.items() if path.exists()}


def outcomes(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Every outcome so far, with its data set, seed, condition, depth and directly measured rises."""
    found = []
    for dataset, seed, models in runs(options):
        for depth in DEPTHS:
            for condition in CONDITIONS:
                place = options.work / "reviews" / depth / dataset.name / str(seed) / f"{condition}.json"
                if place.exists():
                    rises = {
                        side: json.loads((models / name / "rises.json").read_text("utf-8"))
                        for side, name in (("base", "base"), ("candidate", condition))
                    }
                    about = {"dataset": dataset.name, "seed": seed, "condition": condition, "depth": depth}
                    found.append({**about, "rises": rises, **json.loads(place.read_text("utf-8"))})
    return found


def pair_outcomes(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Every outcome of a pair of one recipe so far, with its data set."""
    return [
        {"dataset": dataset.name, "pair": place.stem, **json.loads(place.read_text("utf-8"))}
        for dataset in DATASETS
        for place in sorted(pairs_folder(options, dataset).glob("*.json"))
    ]


def report(options: argparse.Namespace) -> None:
    """Writes the results of every outcome so far, and prints them as tables."""
    found = outcomes(options)
    results = {
        **summary(found),
        **people(found, pair_outcomes(options)),
        "baselines": baseline_rules(measured_baselines(options)),
    }
    kept = {
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": "python -m benchmarks.shortcuts --data DIR --encoder DIR --work DIR",
        "machine": machine(),
        "encoder": options.encoder_name,
        "data": [
            {"name": one.name, "licence": one.licence, "source": one.source, "critical": one.critical,
             "classes": len(one.labels)}
            for one in DATASETS
        ],
        "design": {
            "queue": QUEUE, "frozen_layers": FROZEN, "epochs": EPOCHS, "trained": TRAINED,
            "mislabelled_by_seed": MISLABELLED, "correlation": CORRELATION, "measured_texts": MEASURED,
            "planted_from": PLANTED_FROM, "reviewer_errs": ERRS,
        },
        "sources_sha256": sorted({one["sources_sha256"] for one in found}),
        **results,
    }  # fmt: skip
    options.results.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", "utf-8")
    print("\n".join([tables(results), *people_table(results), *baseline_table(results["baselines"])]))


def arguments(given: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.shortcuts", description=__doc__)
    parser.add_argument("steps", nargs="*", choices=STEPS, metavar="STEP",
                        help=f"{', '.join(STEPS)}; all of them where none is named")  # fmt: skip
    parser.add_argument(
        "--data", type=Path, required=True, help="folder with clinc150.jsonl and banking77.jsonl"
    )
    parser.add_argument("--encoder", type=Path, required=True, help="Transformers folder of the encoder")
    parser.add_argument(
        "--encoder-name", default="all-MiniLM-L6-v2 (Apache-2.0)", help="its name in the results"
    )
    parser.add_argument("--work", type=Path, required=True, help="keeps models and outcomes")
    parser.add_argument("--results", type=Path, default=RESULTS, help="what `report` writes")
    parser.add_argument("--seeds", type=int, nargs="+", default=list(range(5)))
    names = [one.name for one in DATASETS]
    parser.add_argument("--datasets", nargs="+", choices=names, default=names)
    parser.add_argument("--conditions", nargs="+", choices=CONDITIONS, default=list(CONDITIONS))
    parser.add_argument("--depth", choices=DEPTHS, default="causal", help="without or with attribution")
    return parser.parse_args(given)


def main(given: list[str]) -> int:
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    options = arguments(given)
    steps = options.steps or list(STEPS)
    if steps != ["report"]:
        import torch
        from transformers.utils import logging

        torch.set_num_threads(1)
        logging.set_verbosity_error()
        logging.disable_progress_bar()
        texts = {one.name: read(options.data, one) for one in DATASETS}
        if "models" in steps:
            make(options, texts)
        if "reviews" in steps:
            review(options, texts)
        if "pairs" in steps:
            pairs(options, texts)
        if "baselines" in steps:
            baselines(options, texts)
    if "report" in steps:
        report(options)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
