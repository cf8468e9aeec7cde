"""The attribution stage and its licences of one source tree, on PYTHONPATH: `python beside.py TASK RESULT`.

It runs alike under this tree and under that of the first build, which has its modules in other places: so it imports
nothing of either until it knows which one it has, and `benchmarks.first_build` reads what it writes.
"""

from __future__ import annotations

import dataclasses
import importlib
import importlib.util
import json
import os
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

MOST_TOKENS = 64
PARTS = {
    "tokenise": "predictions",
    "logits_of_ids": "predictions",
    "cases_of": "baselines",
    "licence_rows": "licences",
    "check_flips": "flips",
}
"""Functions of the attribution module by the part of the stage that they are."""


class Tree:
    """The modules of the source tree that is on the path."""

    def __init__(self) -> None:
        first_build = importlib.util.find_spec("analysis.intent") is not None
        self.root = "analysis.intent" if first_build else "analysis.tracks.intent"
        self.attribution = self.module("attribution")
        self.tokenised = self.module("words" if first_build else "tokenised")
        place, name = ("pair", "ModelPair") if first_build else ("classifier_pair", "ClassifierPair")
        self.pair_of = getattr(importlib.import_module(f"analysis.models.{place}"), name)
        self.run = self.attribution.attribute if first_build else self.attribution._run
        self.seed = importlib.import_module(f"analysis.{'draws' if first_build else 'base.seeds'}").draw

    def module(self, name: str) -> Any:
        return importlib.import_module(f"{self.root}.{name}")


def timed(run: Callable[..., Any], part: str, spent: dict[str, float]) -> Callable[..., Any]:
    """The function, adding the CPU seconds that it takes to a part."""

    def runs(*given: Any, **named: Any) -> Any:
        before = time.process_time()
        try:
            return run(*given, **named)
        finally:
            spent[part] += time.process_time() - before

    return runs


def stage(tree: Tree, task: dict[str, Any]) -> dict[str, Any]:
    """CPU seconds of the whole stage over the texts, shard by shard, and of its parts; rows that it found."""
    pair = tree.pair_of(Path(task["base"]), Path(task["candidate"]), "cpu")
    pair.load()
    attribution, spent = tree.attribution, defaultdict[str, float](float)
    attribution.token_limit = lambda context: MOST_TOKENS
    for name, part in PARTS.items():
        setattr(attribution, name, timed(getattr(attribution, name), part, spent))
    methods = [
        dataclasses.replace(one, explain=timed(one.explain, one.name, spent))
        for one in attribution.QUEUED
        if one.name not in task.get("without", ())
    ]
    texts = sorted(task["texts"], key=len)
    before, found = time.process_time(), defaultdict[str, int](int)
    for start in range(0, len(texts), attribution.REFS_PER_SHARD):
        rows = [
            (f"r{start + place}", text, "")
            for place, text in enumerate(texts[start : start + attribution.REFS_PER_SHARD])
        ]
        shard = SimpleNamespace(payload=rows)
        for name, table in tree.run(SimpleNamespace(models=pair), shard, methods).items():
            found[name] += table.num_rows
    return {"cpu_s": time.process_time() - before, "parts": dict(spent), "rows": dict(found)}


def explained(tree: Tree, task: dict[str, Any]) -> list[dict[str, Any]]:
    """What the licensable methods say of the texts, on both sides: the attributions that are to be licensed."""
    pair = tree.pair_of(Path(task["base"]), Path(task["candidate"]), "cpu")
    attribution, texts = tree.attribution, task["texts"]
    sides = ("base", "candidate")
    models = {side: pair.side(side) for side in sides}
    words = {side: attribution.tokenise(models[side], texts, MOST_TOKENS) for side in sides}
    logits = {
        side: attribution.logits_of_ids(models[side], [one.ids for one in words[side]]) for side in sides
    }
    cases = attribution.cases_of(models, words, logits)
    seeds = [tree.seed("attribution", text) for text in texts]
    methods = [one for one in attribution.QUEUED if one.name in task["methods"]]
    rows = []
    for side in sides:
        for one in attribution.explain(models[side], side, words[side], logits[side], cases, seeds, methods):
            target, delta = one.case.targets[side], one.explained.delta
            rows.append({
                "row": one.case.row, "side": side, "method": one.method.name,
                "target": [target.plus, target.minus], "scores": one.explained.scores.tolist(),
                "neutral": one.case.choice.neutral if one.method.baseline else None,
                "converged": None if delta is None else delta <= 0.05,
            })  # fmt: skip
    return rows


def licensed(tree: Tree, task: dict[str, Any]) -> dict[str, Any]:
    """The verdict on each attribution of `explained`, in its order, and the CPU seconds of all licences."""
    pair = tree.pair_of(Path(task["base"]), Path(task["candidate"]), "cpu")
    licence, target = tree.module("licence"), tree.attribution.Target
    found: list[Any] = [None] * len(task["asked"])
    cpu = 0.0
    for side in ("base", "candidate"):
        model = pair.side(side)
        words = tree.tokenised.tokenise(model, task["texts"], MOST_TOKENS)
        places: dict[int, list[int]] = defaultdict(list)
        for place, one in enumerate(task["asked"]):
            if one["side"] == side:
                places[one["row"]].append(place)
        asked = [
            [
                licence.Candidate(
                    task["asked"][place]["method"], target(*task["asked"][place]["target"]),
                    np.array(task["asked"][place]["scores"], np.float32),
                    task["asked"][place]["neutral"], task["asked"][place]["converged"],
                )
                for place in places[row]
            ]
            for row in sorted(places)
        ]  # fmt: skip
        rows = sorted(places)
        seeds = [tree.seed("attribution", task["texts"][row]) for row in rows]
        before = time.process_time()
        granted = licence.licences(model, [words[row] for row in rows], asked, seeds)
        cpu += time.process_time() - before
        for row, licences in zip(rows, granted, strict=True):
            for place, one in zip(places[row], licences, strict=True):
                found[place] = {"verdict": verdict(one), "percentile": one.chance_percentile}
    return {"cpu_s": cpu, "verdicts": found}


def verdict(one: Any) -> bool | None:
    """As the view `intent_licensed` judges a licence; None where the text is too short to decide."""
    if not one.decidable:
        return None
    beats = one.chance_p is not None and one.chance_p <= 0.1
    agrees = one.overlap is not None and one.overlap > one.overlap_chance
    return one.neutral is not False and one.converged is not False and beats and agrees


WORK = {"stage": stage, "explained": explained, "licensed": licensed}


def main(task_file: str, result_file: str) -> None:
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    import torch
    from transformers.utils import logging

    torch.set_num_threads(1)
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    task = json.loads(Path(task_file).read_text("utf-8"))
    found = partial(WORK[task["work"]], Tree())(task)
    Path(result_file).write_text(json.dumps(found), "utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:3])
