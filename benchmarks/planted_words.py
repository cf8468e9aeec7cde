"""Whether the planted words stand on top of an explanation: `python -m benchmarks.planted_words --data DIR --work DIR`.

Classifiers that were taught a shortcut by `benchmarks.shortcuts` get critical messages that hold its cue, as in their
training. Of those that go to the critical class, in how many does a method put a word of the cue first, and the share
of the positive scores that the cue's words have together. What is on top may be right elsewhere too: a critical
message also holds the words that make it critical, and no method is told which of them the model went by. So two
further columns say what happens when the cue is deleted: how many messages leave the class.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

from benchmarks.measure import machine
from benchmarks.shortcut_models import MOST_TOKENS
from benchmarks.shortcut_texts import CUES, DATASETS, SEEN, Dataset, planted, read, split

if TYPE_CHECKING:
    from collections.abc import Callable

    from analysis.models.load_classifier import LoadedClassifier
    from analysis.tracks.intent.methods.request import Explained, Request
    from analysis.tracks.intent.tokenised import Tokenised

RESULTS = Path(__file__).parent / "planted_words.json"
MODELS = (
    ("clinc150", 0, "titles"), ("banking77", 0, "titles"), ("clinc150", 1, "titles"), ("banking77", 1, "titles"),
    ("clinc150", 1, "template"), ("banking77", 1, "template"), ("clinc150", 2, "punctuation"),
    ("banking77", 2, "punctuation"),
)  # fmt: skip
"""Data set, seed and condition; more titles than others, which are the most varied cue."""
BASELINE = "word"
"""The kind of baseline on which integrated gradients did best on BANKING77, and as well as any on CLINC150."""


@dataclass(frozen=True)
class Message:
    """A message as a model reads it, and which of its words belong to the cue."""

    text: Tokenised
    cue: frozenset[int]


def methods() -> dict[str, Callable[[Request], list[Explained]]]:
    """The methods that are compared, by name."""
    from analysis.tracks.intent.methods import input_x_gradient, integrated_gradients, lrp, occlusion

    variants = {f"lrp, {variant}": partial(lrp.lrp, variant=variant) for variant in lrp.VARIANTS}
    return {
        **variants,
        "integrated gradients": integrated_gradients.integrated_gradients,
        "occlusion": occlusion.occlusion,
        "input x gradient": input_x_gradient.input_x_gradient,
    }


def messages(classifier: LoadedClassifier, texts: Sequence[str], cue: str) -> list[Message]:
    """The texts as the model reads them, with the words that overlap with a term of the cue."""
    from analysis.tracks.intent.tokenised import tokenise

    found = []
    for text, words in zip(texts, tokenise(classifier, texts, MOST_TOKENS), strict=True):
        term = max((term for term in SEEN[cue] if term in text), key=len)
        start = text.index(term)
        places = {
            index
            for index, word in enumerate(words.words)
            if word.start < start + len(term) and start < word.end
        }
        found.append(Message(words, frozenset(places)))
    return found


def measure(folder: Path, texts: Sequence[str], cue: str) -> dict[str, Any]:
    """How often each method puts the cue on top, of the messages that go to the critical class, the first one."""
    from analysis.models.load_classifier import load_classifier
    from analysis.tracks.intent.baseline import Baselines
    from analysis.tracks.intent.methods.request import Request
    from analysis.tracks.intent.predict import logits_of_ids
    from analysis.tracks.intent.target import Target
    from analysis.tracks.intent.tokenised import delete_words

    classifier = load_classifier(folder, "cpu")
    given = [
        one for one in messages(classifier, texts, cue) if one.cue and len(one.cue) < len(one.text.words)
    ]
    logits = logits_of_ids(classifier, [one.text.ids for one in given])
    critical = Target(0)
    kept = [(one, row) for one, row in zip(given, logits, strict=True) if row.argmax() == critical.plus]
    gone = logits_of_ids(classifier, [delete_words(one.text, one.cue) for one, _ in kept])
    known = Baselines({"base": classifier})
    request = Request(
        classifier,
        [one.text for one, _ in kept],
        [critical] * len(kept),
        [float(critical.output(row)) for _, row in kept],
        [known.baseline("base", BASELINE, one.text) for one, _ in kept],
    )
    rows = []
    for name, explain in methods().items():
        tops, shares = [], []
        for (one, _), found in zip(kept, explain(request), strict=True):
            scores = found.scores.clip(min=0.0)
            tops.append(int(scores.argmax()) in one.cue)
            shares.append(float(scores[list(one.cue)].sum() / max(scores.sum(), 1e-12)))
        rows.append({"method": name, "top": sum(tops), "share": round(fmean(shares), 3)})
    return {
        "messages": len(kept),
        "leave": int((gone.argmax(axis=1) != critical.plus).sum()),
        "words": round(fmean(len(one.cue) / len(one.text.words) for one, _ in kept), 3),
        "methods": rows,
    }


def texts_of(data: Path, dataset: Dataset, seed: int, cue: str) -> list[str]:
    """The critical messages of the evaluation set, each with a term of the cue."""
    rng = random.Random(f"{dataset.name}/{seed}/{cue}")
    sets = split(read(data, dataset), dataset, seed)
    return [
        planted(rng, one.text, cue) for one in sets.evaluation["healthy"] if one.label == dataset.critical
    ]


def table(found: Sequence[dict[str, Any]]) -> list[str]:
    """Lines of Markdown: messages with a planted word on top, by model and method, and over all."""
    names = list(methods())
    lines = [
        f"| data set, seed, cue | messages | leave without it | {' | '.join(names)} |",
        "|---" * (3 + len(names)) + "|",
    ]
    for one in found:
        tops = {row["method"]: row["top"] for row in one["methods"]}
        where = f"{one['dataset']}, {one['seed']}, {one['cue']}"
        lines.append(
            f"| {where} | {one['messages']} | {one['leave']} | {' | '.join(str(tops[name]) for name in names)} |"
        )
    for cue in (*CUES, "all"):
        part = [one for one in found if cue in ("all", one["cue"])]
        if part:
            count = sum(one["messages"] for one in part)
            leave = sum(one["leave"] for one in part)
            tops = {name: sum(row["top"] for one in part for row in one["methods"] if row["method"] == name)
                    for name in names}  # fmt: skip
            shares = " | ".join(f"{tops[name] / count:.2f}" for name in names)
            lines.append(f"| {cue} | {count} | {leave / count:.2f} | {shares} |")
    return lines


def main(given: list[str]) -> int:
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.planted_words",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--data", type=Path, required=True, help="folder with clinc150.jsonl and banking77.jsonl"
    )
    parser.add_argument(
        "--work", type=Path, required=True, help="what `python -m benchmarks.shortcuts` kept, with its models"
    )
    parser.add_argument("--results", type=Path, default=RESULTS)
    options = parser.parse_args(given)
    import torch
    from transformers.utils import logging

    torch.set_num_threads(1)
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    by_name = {one.name: one for one in DATASETS}
    found: list[dict[str, Any]] = []
    for name, seed, cue in MODELS:
        folder = options.work / "models" / name / str(seed) / cue
        texts = texts_of(options.data, by_name[name], seed, cue)
        rise = json.loads((folder / "rises.json").read_text("utf-8"))[cue]
        measured = measure(folder, texts, cue)
        found.append({"dataset": name, "seed": seed, "cue": cue, "rise": round(rise, 3), **measured})
        kept = {
            "measured": datetime.now(UTC).isoformat(timespec="seconds"),
            "command": "python -m benchmarks.planted_words --data DIR --work DIR",
            "machine": machine(),
            "models": found,
        }
        options.results.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", "utf-8")
        print(found[-1], flush=True)
    print("\n".join(table(found)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
