"""How good the time left that `assay analyze` tells is: a review of 1,000 messages, 77 classes, of MiniLM's size.

    python -m benchmarks.estimate --data DIR --encoder DIR --work DIR
    python -m benchmarks.estimate --data DIR --encoder DIR --work DIR --corpus clinc150 --classes 30 --texts 600
    python -m benchmarks.estimate --review REVIEW.toml

Fine-tunes a base and a candidate for the classes of a corpus where the work folder has none, analyses texts that
neither saw, with the queue of a review file that says nothing of it, and keeps every event of progress; or analyses a
review that is there. What a stage tells of its time left when a third of its work is done, and what is told of the
whole run when a third and two thirds of it are done, is held against what was left: in CPU seconds of this process,
which others disturb less. So is the silence, the longest time in which nothing was told.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import shutil
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from analysis.plugin.stage import StageProgress
from analysis.run.pipeline import analyze
from benchmarks.measure import machine
from benchmarks.shortcut_models import train
from benchmarks.shortcut_texts import Text

TEXTS = 1000
CLASSES = 77
TRAINED = {"base": 12, "candidate": 24}
"""Texts of each class that a model is fine-tuned on."""
CRITICAL = {"banking77": "lost_or_stolen_card", "clinc150": "report_lost_card"}
"""The critical class of each corpus."""
TOLD_AT = 1 / 3
"""Share of a stage's time at which its estimate is read."""
WHOLE_TOLD_AT = (1 / 3, 2 / 3)
"""Shares of the run's time at which what is told of all of it is read."""
WORTH_S = 5.0
"""CPU seconds below which nobody waits for a stage."""
KEPT = Path(__file__).with_suffix(".json")


@dataclass(frozen=True)
class Told:
    """One event of progress, with the seconds and CPU seconds since the run began at which it came."""

    at_s: float
    cpu_s: float
    event: StageProgress


@dataclass(frozen=True)
class Judged:
    """What was said to be left at one third, and what was: seconds as they passed and as CPU seconds.

    Args:
        stage: which.
        took_s, took_cpu_s: from its first event's beginning to its end.
        told_at: share of its CPU seconds that had passed when the estimate was told.
        said_cpu_s: the estimate, in CPU seconds as the stage had taken them until then.
        left_cpu_s: what was left.
        ratio: said over left.
    """

    stage: str
    took_s: float
    took_cpu_s: float
    told_at: float
    said_cpu_s: float
    left_cpu_s: float
    ratio: float


@dataclass(frozen=True)
class WholeJudged:
    """What was said to be left of the whole run, and what was, in CPU seconds as it had taken them until then."""

    told_at: float
    said_cpu_s: float
    left_cpu_s: float
    ratio: float


@dataclass(frozen=True)
class Corpus:
    """Labelled texts in a file of JSON lines, and the classes that are taken of it.

    Args:
        name: of the corpus, and of its file.
        data: folder of that.
        classes: how many; the critical one is among them.
    """

    name: str
    data: Path
    classes: int

    def texts(self, split: str) -> list[Text]:
        """The texts of one part, of the classes that are taken."""
        rows = [
            json.loads(line) for line in (self.data / f"{self.name}.jsonl").read_text("utf-8").splitlines()
        ]
        labels = sorted({row["label"] for row in rows if row["split"] == "train"} - {CRITICAL[self.name]})
        taken = {CRITICAL[self.name], *labels[: self.classes - 1]}
        return [
            Text(row["id"], row["text"], row["label"])
            for row in rows
            if row["split"] == split and row["label"] in taken
        ]


def models(corpus: Corpus, encoder: Path, work: Path) -> None:
    """Fine-tune base and candidate where they are not there."""
    by_label: dict[str, list[Text]] = defaultdict(list)
    for one in corpus.texts("train"):
        by_label[one.label].append(one)
    labels = sorted(by_label)
    for seed, (name, count) in enumerate(TRAINED.items()):
        folder = work / "models" / name
        if not (folder / "tokenizer.json").exists():  # what is written last
            rng = random.Random(seed)
            some = [
                one
                for label in labels
                for one in rng.sample(by_label[label], min(count, len(by_label[label])))
            ]
            train(encoder, some, labels, seed, folder)


def write_review(folder: Path, corpus: Corpus, work: Path, count: int) -> Path:
    """A review of so many texts that no model was trained on, in a fresh folder."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    drawn = random.Random(0).sample(corpus.texts("test"), count)
    (folder / "eval.jsonl").write_text("".join(f"{json.dumps(asdict(one))}\n" for one in drawn), "utf-8")
    review = folder / "review.toml"
    review.write_text(
        f"""\
[review]
name = "{corpus.name}"
owner = "benchmark"
base_version = "base"
candidate_version = "candidate"
seed = 0
device = "cpu"

[intent]
base = {json.dumps(str(work / "models" / "base"))}
candidate = {json.dumps(str(work / "models" / "candidate"))}
examples = "eval.jsonl"
critical = [{json.dumps(CRITICAL[corpus.name])}]
""",
        "utf-8",
    )
    return review


def followed(review: Path) -> tuple[list[Told], float]:
    """Every event of progress of a run, and its CPU seconds."""
    told: list[Told] = []
    began, cpu = time.monotonic(), time.process_time()
    analyze(
        review,
        fresh=True,
        on_progress=lambda event: told.append(
            Told(time.monotonic() - began, time.process_time() - cpu, event)
        ),
    )
    return told, time.process_time() - cpu


def whole_judged(told: Sequence[Told], took_cpu_s: float) -> list[WholeJudged]:
    """What was last told of the whole run when those shares of its CPU seconds had passed, and what was left."""
    found = []
    for share in WHOLE_TOLD_AT:
        early = [one for one in told if one.event.run_eta_s is not None and one.cpu_s <= share * took_cpu_s]
        if not early:
            print(f"nothing was told of the whole run when {share:.0%} of it was done")
            continue
        shown = early[-1]
        said = (shown.event.run_eta_s or 0.0) * shown.cpu_s / shown.at_s
        left = took_cpu_s - shown.cpu_s
        found.append(WholeJudged(shown.cpu_s / took_cpu_s, said, left, said / left))
    return found


def judged(told: Sequence[Told]) -> list[Judged]:
    """The estimates at one third of each stage that is worth waiting for."""
    found = []
    # What comes before the first stage is a trial of one example, and the models being loaded.
    before = told[0]
    for at, one in enumerate(told):
        if at and told[at - 1].event.stage != one.event.stage:
            before = told[at - 1]
        ends = at + 1 == len(told) or told[at + 1].event.stage != one.event.stage
        if not ends:
            continue
        began_cpu = before.cpu_s
        took = one.cpu_s - began_cpu
        if took < WORTH_S:
            continue
        events = [each for each in told[:at] if each.at_s > before.at_s and each.event.eta_s is not None]
        early = [each for each in events if each.cpu_s - began_cpu <= took * TOLD_AT]
        if not events:
            print(f"{one.event.stage}: {took:.1f} CPU seconds, and nothing was told of the time left")
            continue
        # What stands on the screen at one third; where nothing was told by then, what was told first.
        shown = early[-1] if early else events[0]
        spent, spent_cpu = shown.at_s - before.at_s, shown.cpu_s - began_cpu
        said = (shown.event.eta_s or 0.0) * spent_cpu / spent
        left = one.cpu_s - shown.cpu_s
        found.append(
            Judged(one.event.stage, one.at_s - before.at_s, took, spent_cpu / took, said, left, said / left)
        )
    return found


def main(given: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.estimate", description=__doc__)
    parser.add_argument("--data", type=Path, help="folder with banking77.jsonl and clinc150.jsonl")
    parser.add_argument("--encoder", type=Path, help="a Transformers folder of all-MiniLM-L6-v2")
    parser.add_argument("--work", type=Path)
    parser.add_argument("--corpus", choices=sorted(CRITICAL), default="banking77")
    parser.add_argument("--classes", type=int, default=CLASSES)
    parser.add_argument("--texts", type=int, default=TEXTS)
    parser.add_argument("--review", type=Path, help="a review file that is there, in place of a corpus")
    options = parser.parse_args(given)
    if options.review:
        review = options.review
    elif options.data and options.encoder and options.work:
        work = options.work / f"{options.corpus}-{options.classes}"
        corpus = Corpus(options.corpus, options.data, options.classes)
        models(corpus, options.encoder, work)
        review = write_review(work / "review", corpus, work, options.texts)
    else:
        parser.error("give --data, --encoder and --work, or --review")
    told, took = followed(review)
    found, whole = judged(told), whole_judged(told, took)
    for one in (*found, *whole):
        print(one)
    kept = json.loads(KEPT.read_text("utf-8")) if KEPT.exists() else {}
    kept[review.parent.name if options.review else f"{options.corpus}, {options.classes} classes"] = {
        "machine": machine(),
        "texts": None if options.review else options.texts,
        "took_s": told[-1].at_s,
        "took_cpu_s": took,
        "longest_silence_s": max(after.at_s - one.at_s for one, after in itertools.pairwise(told)),
        "stages": [asdict(one) for one in found],
        "whole": [asdict(one) for one in whole],
    }
    KEPT.write_text(json.dumps(kept, indent=2) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
