"""Whether the first line names what was planted, and what slice discovery finds: `python -m benchmarks.causes --help`.

Reviews of the models that `benchmarks.shortcuts` trained, candidates that were taught titles, punctuation or a
template and healthy ones, and of candidates with one class mislabelled in training, which are trained here. Discovery
is measured on real texts whose changes are drawn: a slice of those that name a title and a price, and null data with
classes that are hard for both sides. What was analysed is kept in the work folder. `effects` reads of every review
that `benchmarks.shortcuts` kept which cue newly moves the class most, by the rule that makes causes of cues.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.discovery_tables import discover, planted_run
from benchmarks.measure import machine
from benchmarks.mislabelled import MISLABELLED_CLASS, make_mislabelled, mistake
from benchmarks.shortcut_reviews import Case, sources_sha256, write_review
from benchmarks.shortcut_texts import CONDITIONS, CUES, DATASETS, EVALUATED, Dataset, Split, read, split

STEPS = ("reviews", "effects", "discovery", "report")
PLANTED = (*CUES, MISLABELLED_CLASS)
RESULTS = Path(__file__).parent / "causes.json"
SAME = 0.6
"""Jaccard index with the planted slice from which a discovered one is it."""


def review(options: argparse.Namespace) -> None:
    """Analyses each review that was not yet, or reads those that were, and keeps what is said first of each."""
    from analysis.plugin.registry import registered
    from analysis.run.pipeline import analyze
    from analysis.tracks.intent.causes import CAUSES
    from analysis.tracks.intent.found_cues import CONFIRM, SEARCH
    from analysis.tracks.intent.track import IntentTrack

    class Counted(IntentTrack):
        """The track without attribution: causes stand on predictions and counterfactuals.

        Without the search for undeclared cues, too, which `benchmarks.found_cues` measures: no cause is made of what
        it finds.
        """

        def stages(self) -> tuple[Any, ...]:
            left_out = ("intent.leading", "intent.options", SEARCH.name, CONFIRM.name)
            return tuple(
                one
                for one in super().stages()
                if one is CAUSES or not (one.costly or one.after_queue or one.name in left_out)
            )

    for seed in options.seeds:
        for dataset in DATASETS:
            sets = split(read(options.data, dataset), dataset, seed)
            for condition in options.conditions:
                folder = options.work / "reviews" / dataset.name / str(seed) / condition.replace(" ", "_")
                kept = list(folder.glob("*.review/current"))
                if options.only_kept != bool(kept):
                    continue
                if kept:
                    store = kept[0].parent
                else:
                    case = case_of(options, dataset, sets, seed, condition)
                    with registered(Counted()):
                        store = analyze(write_review(folder, sets, case)).store
                planted = (
                    f"label={mistake(dataset, seed).label}" if condition == MISLABELLED_CLASS else condition
                )
                about = {"dataset": dataset.name, "seed": seed, "condition": condition, "planted": planted}
                with registered(Counted()):
                    found = {**about, **said_first(store)}
                (folder / "outcome.json").write_text(json.dumps(found), "utf-8")
                print(
                    f"{dataset.name} seed {seed} {condition} ({planted}): {found['first_line']}", flush=True
                )


def case_of(options: argparse.Namespace, dataset: Dataset, sets: Split, seed: int, condition: str) -> Case:
    """The review of one candidate; one with a mislabelled class is trained where it is missing.

    Cues are declared where one was taught: what they do to the healthy candidates `benchmarks.shortcuts` has measured.
    """
    models = options.models / dataset.name / str(seed)
    candidate = models / condition
    if condition == MISLABELLED_CLASS:
        candidate = options.work / "models" / dataset.name / str(seed) / "mislabelled_class"
        make_mislabelled(models / "healthy", dataset, sets, seed, candidate)
    held = condition if condition in CUES else "healthy"
    return Case(dataset, held, seed, "causal", models / "base", candidate, cues=condition in CUES)


def said_first(store: Path) -> dict[str, Any]:
    """The first line of `assay status`, the causes with the gates under them, and the failing gates under none."""
    from analysis.review.session import ReviewSession
    from tui.commands.status_formats.text import status_lines

    with ReviewSession.open(store, read_only=True) as session:
        folded = session.causes()
        first, *rest = status_lines(session.status())
        more = next(at for at, line in enumerate(rest) if not line.startswith(" "))
        return {
            "first_line": " ".join([first, *(line.strip() for line in rest[:more])]),
            "causes": [
                {"kind": one.cause.kind, "shared": one.cause.shared, "said": one.sentence,
                 "gates": [gate.key for gate in one.gates]}
                for one in folded.causes
            ],
            "failing_under_none": [one.key for one in folded.rest if one.verdict == "fail"],
        }  # fmt: skip


def outcomes(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """What was kept of the reviews."""
    for place in sorted((options.work / "reviews").glob("*/*/*/outcome.json")):
        yield json.loads(place.read_text("utf-8"))


def effects(options: argparse.Namespace) -> list[dict[str, Any]]:
    """The cue that newly moves the critical class most, or none, by the effects that were kept of each review."""
    from analysis.base.records import Metric
    from analysis.review.evaluate import gates_of, resolve_rules
    from analysis.tracks.intent.cue_evidence import LEAST_TEXTS, count_of, newly_moves, shift_limits
    from analysis.tracks.intent.names import RELEVANCE

    limits = shift_limits(resolve_rules({}, gates_of(("intent",)))[RELEVANCE].thresholds)
    rows = []
    for place in sorted((options.models.parent / "reviews" / "causal").glob("*/*/*.json")):
        kept = json.loads(place.read_text("utf-8"))["metrics"]
        at = {(one["name"], one["slice"], one["side"]): Metric("intent", **one, status="ok") for one in kept}
        moves = {}
        for cue in {name for _, name, _ in at if "/" in name}:
            for population, limit in limits.items():
                own, base, change = (
                    at.get((f"relevance_own_{population}", cue, side))
                    for side in ("candidate", "base", "difference")
                )
                enough = own is not None and count_of(own) >= LEAST_TEXTS[population]
                if enough and own is not None and newly_moves(own, base, change, limit):
                    moves[cue.partition("/")[2]] = max(
                        abs(own.value or 0.0), moves.get(cue.partition("/")[2], 0.0)
                    )
        dataset, seed, condition = (*place.parts[-3:-1], place.stem)
        rows.append(
            {"dataset": dataset, "seed": int(seed), "condition": condition,
             "moves": max(moves, key=lambda name: moves[name], default="")}
        )  # fmt: skip
    return rows


def named(found: dict[str, Any]) -> bool:
    """Whether the first cause is what was planted; of a healthy candidate, whether there is none."""
    causes = found["causes"]
    if found["condition"] not in PLANTED:
        return not causes
    kind = "class" if found["condition"] == MISLABELLED_CLASS else "cue"
    return bool(causes) and (causes[0]["kind"], causes[0]["shared"]) == (kind, found["planted"])


def discovery(options: argparse.Namespace) -> list[dict[str, Any]]:
    """What is discovered in tables with and without a planted slice."""
    rows = []
    for dataset in DATASETS:
        texts = read(options.data, dataset)
        chosen = [one for label in dataset.labels for one in texts[label][: EVALUATED["other"]]]
        for seed in options.discovery_seeds:
            for planted in (True, False):
                connection, both = planted_run(chosen, seed, planted=planted)
                slices = discover(connection, seed)
                connection.close()
                alike = [len(both & set(one.refs)) / len(both | set(one.refs)) for one in slices]
                rows.append(
                    {"dataset": dataset.name, "seed": seed, "planted": planted, "texts": len(chosen),
                     "slice": len(both), "found": [one.name for one in slices], "alike": alike}
                )  # fmt: skip
                print(f"{dataset.name} seed {seed} planted {planted}: {rows[-1]['found']}", flush=True)
    return rows


def report(options: argparse.Namespace, rows: list[dict[str, Any]], by_effects: list[dict[str, Any]]) -> None:
    """Writes what was measured, and prints it in a few lines."""
    before = json.loads(options.results.read_text("utf-8")) if options.results.exists() else {}
    reviews = list(outcomes(options)) or before.get("reviews", [])
    tables = rows or before.get("discovery", [])
    moved = by_effects or before.get("effects", [])
    planted = [one for one in tables if one["planted"]]
    null = [one for one in tables if not one["planted"]]
    said = _by_condition(reviews)
    said["planted slice discovered"] = [
        sum(max(one["alike"], default=0) >= SAME for one in planted),
        len(planted),
    ]
    said["null data with a discovered slice"] = [sum(bool(one["found"]) for one in null), len(null)]
    for words, of in (
        (
            "taught candidates whose kept effects name the cue",
            [one for one in moved if one["condition"] in CUES],
        ),
        ("healthy ones whose kept effects name none", [one for one in moved if one["condition"] not in CUES]),
    ):
        right = sum(one["moves"] == (one["condition"] if one["condition"] in CUES else "") for one in of)
        said[words] = [right, len(of)]
    kept = {
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": "python -m benchmarks.causes --data DIR --models DIR --work DIR",
        "machine": machine(),
        "sources_sha256": sources_sha256(),
        "summary": said,
        "reviews": reviews,
        "effects": moved,
        "discovery": tables,
    }
    options.results.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", "utf-8")
    for what, (count, of) in said.items():
        print(f"{what}: {count} of {of}")


def _by_condition(reviews: list[dict[str, Any]]) -> dict[str, list[int]]:
    said = {}
    for condition in (*CONDITIONS, MISLABELLED_CLASS):
        of = [one for one in reviews if one["condition"] == condition]
        words = f"{condition} named first" if condition in PLANTED else "healthy without a cause"
        said[words] = [sum(map(named, of)), len(of)]
    return said


def main(given: list[str]) -> int:
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    parser = argparse.ArgumentParser(prog="python -m benchmarks.causes", description=__doc__)
    parser.add_argument(
        "steps", nargs="*", choices=STEPS, metavar="STEP", help=f"of {', '.join(STEPS)}; all by default"
    )
    parser.add_argument(
        "--data", type=Path, required=True, help="folder with clinc150.jsonl and banking77.jsonl"
    )
    parser.add_argument(
        "--models", type=Path, required=True, help="`models` of the work folder of the shortcuts"
    )
    parser.add_argument(
        "--work", type=Path, required=True, help="keeps what was analysed, and models trained here"
    )
    parser.add_argument("--results", type=Path, default=RESULTS, help="what `report` writes")
    parser.add_argument("--seeds", type=int, nargs="+", default=list(range(5)))
    parser.add_argument("--discovery-seeds", type=int, nargs="+", default=list(range(10)))
    conditions = (*PLANTED, *(one for one in CONDITIONS if one not in CUES))
    parser.add_argument(
        "--only-kept", action="store_true", help="reads the reviews that were analysed before anew"
    )
    parser.add_argument("--conditions", nargs="+", choices=conditions, default=list(conditions))
    options = parser.parse_args(given)
    steps = options.steps or list(STEPS)
    if "reviews" in steps:
        import torch

        torch.set_num_threads(1)
        review(options)
    rows = discovery(options) if "discovery" in steps else []
    if "report" in steps:
        report(options, rows, effects(options) if "effects" in steps else [])
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
