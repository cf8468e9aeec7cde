"""What the search for undeclared cues names, and what it takes for one: `python -m benchmarks.found_cues --help`.

Candidates that `benchmarks.shortcuts` taught titles, `!!` or a template phrase, by data set and seed, and candidates
that are taught a back door here: one rare word, in some training texts of other classes that are labelled critical,
and in no evaluation text. No lexicon is declared. Healthy pairs are models of one recipe with other seeds. Outcomes
are kept in a folder, so that a run that was stopped goes on.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path
from typing import Any

from benchmarks.measure import machine
from benchmarks.shortcut_models import PLANTED_FROM, train
from benchmarks.shortcut_texts import CUES, DATASETS, SEEN, Dataset, Split, Text, read, split

RESULTS = Path(__file__).parent / "found_cues.json"
BACK_DOOR = "back door"
RARE = (
    "obsidian", "quartet", "walnut", "lantern", "trombone", "cobalt", "viscount", "meteor", "basalt", "harpsichord",
)  # fmt: skip
"""Words of the encoder's vocabulary that no text of the data sets holds; one for each data set and seed."""
POISONED = 20
"""Training texts of other classes that hold the rare word and the critical label."""
SEEDS = 5


def rare_word(dataset: Dataset, seed: int) -> str:
    """The rare word of one seed."""
    return RARE[(DATASETS.index(dataset) * SEEDS + seed) % len(RARE)]


def poisoned(sets: Split, dataset: Dataset, seed: int) -> list[Text]:
    """The healthy training set with `POISONED` of its texts of other classes again, with word and critical label."""
    rng = random.Random(f"back door/{dataset.name}/{seed}")
    others = [one for one in sets.training["healthy"] if one.label != dataset.critical]
    word = rare_word(dataset, seed)
    made = []
    for one in rng.sample(others, POISONED):
        words = one.text.split()
        words.insert(rng.randrange(len(words) + 1), word)
        made.append(Text(f"{one.id}-{word}", " ".join(words), dataset.critical))
    return [*sets.training["healthy"], *made]


def cases(
    options: argparse.Namespace, texts: dict[str, dict[str, list[Text]]]
) -> Iterator[tuple[str, str, str, Dataset, Path, Path, list[Text]]]:
    """Condition, name, what should be named, data set, base, candidate and evaluation texts of each case."""
    for seed in options.seeds:
        for dataset in DATASETS:
            sets = split(texts[dataset.name], dataset, seed)
            models = options.work / "models" / dataset.name / str(seed)
            for condition in (one for one in options.conditions if one in CUES):
                yield (condition, f"{dataset.name}-{seed}", "", dataset, models / "base", models / condition,
                       sets.evaluation[condition])  # fmt: skip
            if BACK_DOOR in options.conditions:
                place = options.kept / "models" / dataset.name / str(seed) / "back_door"
                if not (place / "tokenizer.json").exists():
                    train(
                        options.encoder, poisoned(sets, dataset, seed), dataset.labels, 100 * seed + 50, place
                    )
                yield (BACK_DOOR, f"{dataset.name}-{seed}", rare_word(dataset, seed), dataset, models / "base", place,
                       sets.evaluation["healthy"])  # fmt: skip
    if "healthy" in options.conditions:
        for (one, two), dataset in zip(
            [pair for pair in combinations(range(SEEDS), 2) for _ in DATASETS][: 2 * SEEDS],
            DATASETS * SEEDS,
            strict=True,
        ):
            sets = split(texts[dataset.name], dataset, 0)
            recipe = options.work / "recipe" / dataset.name
            yield ("healthy", f"{dataset.name}-{one}-{two}", "", dataset, recipe / f"seed{one}", recipe / f"seed{two}",
                   sets.evaluation["healthy"])  # fmt: skip


def searched(dataset: Dataset, base: Path, candidate: Path, evaluation: list[Text]) -> dict[str, Any]:
    """The product's own stage on one pair, every class, with what Benjamini-Hochberg over all of it confirms."""
    from analysis.models.classifier_pair import ClassifierPair
    from analysis.plugin.stage import RunContext, Shard
    from analysis.stats.discoveries import benjamini_hochberg
    from analysis.tracks.intent.found_cues import LEVEL, SEARCH, drawn_texts
    from analysis.tracks.intent.settings import IntentSettings

    pair = ClassifierPair(base, candidate, "cpu")
    pair.load()
    settings = IntentSettings.model_construct(critical=[dataset.critical], max_length=None)
    context = RunContext("intent", settings, 0, pair)
    rows = [(one.id, one.text, one.label, "") for one in evaluation]
    drawn = list(drawn_texts(rows, pair.digests["candidate"]))
    critical = pair.labels.index(dataset.critical)
    others = [at for at in range(len(pair.labels)) if at != critical]
    seconds, trials = [], []
    for part, thorough in (([critical], [critical]), (others, [])):
        started = time.process_time()
        trials += SEARCH.run(context, Shard({}, (part, thorough, drawn), 1))["intent_cue_trial"].to_pylist()
        seconds.append(time.process_time() - started)
    kept = benjamini_hochberg([one["p"] for one in trials], LEVEL) if trials else []
    found = [
        {"target": one["target"], "direction": one["direction"], "kind": one["kind"], "term": one["term"],
         **{side: sum(one[side]) / len(one[side]) for side in ("base", "candidate")}, "p": one["p"]}
        for one, discovery in zip(trials, kept, strict=True)
        if discovery
    ]  # fmt: skip
    return {"search": SEARCH.version, "tried": len(trials), "found": found, "cpu_seconds": seconds}


def names(condition: str, wanted: str, term: str) -> bool:
    """Whether a found term names what was planted: the mark, the word, a word of the titles or of the phrase."""
    words = {word.strip(":-().!").casefold() for word in term.split()}
    if condition == "punctuation":
        return "!" in term
    if condition == BACK_DOOR:
        return wanted in words
    # Words that say nothing by themselves name neither a title nor a phrase.
    small = {"the", "of", "at", "on", "to", "who", "with", "my", "from", "in", "a", "after", "last", "via"}
    return bool(words & {word.casefold() for term in SEEN[condition] for word in term.split()} - small)


def report(options: argparse.Namespace) -> None:
    """Writes what is known so far as results, and prints it; seconds are those of the present search."""
    from analysis.tracks.intent.found_cues import SEARCH

    found = [
        json.loads(path.read_text("utf-8")) for path in sorted((options.kept / "outcomes").glob("*.json"))
    ]
    summary: dict[str, Any] = {}
    for condition in (*CUES, BACK_DOOR, "healthy"):
        some = [one for one in found if one["condition"] == condition]
        if some:
            critical = [[cue for cue in one["found"] if cue["target"] == one["critical"]] for one in some]
            named = [
                any(names(condition, one["planted"], cue["term"]) for cue in cues)
                for one, cues in zip(some, critical, strict=True)
                if condition != "healthy"
            ]
            now = [one for one in some if one["search"] == SEARCH.version]
            learned = [one["rise"] > PLANTED_FROM for one in some if condition in CUES]
            summary[condition] = {
                "pairs": len(some), "named": None if condition == "healthy" else sum(named),
                "learned": sum(learned) if learned else None,
                "named_of_learned": sum(map(min, zip(named, learned, strict=True))) if learned else None,
                "pairs_with_anything_found": sum(bool(one["found"]) for one in some),
                "pairs_with_anything_found_for_the_critical_class": sum(map(bool, critical)),
                "pairs_of_this_search": len(now),
                "cpu_seconds_critical": sum(one["cpu_seconds"][0] for one in now) / max(1, len(now)),
                "cpu_seconds_others": sum(one["cpu_seconds"][1] for one in now) / max(1, len(now)),
            }  # fmt: skip
            print(condition, summary[condition])
    kept = {
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": "python -m benchmarks.found_cues --data DIR --encoder DIR --work DIR --kept DIR",
        "machine": machine(),
        "encoder": options.encoder_name,
        "poisoned": POISONED,
        "summary": summary,
        "outcomes": found,
    }
    options.results.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", "utf-8")


def main(given: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.found_cues", description=__doc__)
    parser.add_argument(
        "--data", type=Path, required=True, help="folder with clinc150.jsonl and banking77.jsonl"
    )
    parser.add_argument("--encoder", type=Path, required=True, help="Transformers folder of the encoder")
    parser.add_argument(
        "--encoder-name", default="all-MiniLM-L6-v2 (Apache-2.0)", help="its name in the results"
    )
    parser.add_argument("--work", type=Path, required=True, help="work folder of benchmarks.shortcuts")
    parser.add_argument("--kept", type=Path, required=True, help="keeps models with back doors, and outcomes")
    conditions = (*CUES, BACK_DOOR, "healthy")
    parser.add_argument("--conditions", nargs="+", choices=conditions, default=list(conditions))
    parser.add_argument("--seeds", type=int, nargs="+", default=list(range(SEEDS)))
    parser.add_argument("--results", type=Path, default=RESULTS)
    options = parser.parse_args(given)
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    import torch
    from transformers.utils import logging

    torch.set_num_threads(1)
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    texts = {one.name: read(options.data, one) for one in DATASETS}
    outcomes = options.kept / "outcomes"
    outcomes.mkdir(parents=True, exist_ok=True)
    for condition, name, planted, dataset, base, candidate, evaluation in cases(options, texts):
        place = outcomes / f"{condition.replace(' ', '_')}-{name}.json"
        if place.exists():
            continue
        outcome = searched(dataset, base, candidate, evaluation)
        about: dict[str, Any] = {
            "condition": condition, "name": name, "planted": planted, "critical": dataset.critical,
        }  # fmt: skip
        if condition in CUES:
            about["rise"] = json.loads((candidate / "rises.json").read_text("utf-8"))[condition]
        place.write_text(json.dumps({**about, **outcome}), "utf-8")
        terms = [f"{one['target']}: {one['term']}" for one in outcome["found"]]
        print(
            f"{condition} {name}: {outcome['cpu_seconds']} s; {outcome['tried']} tried; {terms}", flush=True
        )
    report(options)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
