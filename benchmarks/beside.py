"""The attribution of a run and its licences by one source tree, on PYTHONPATH: `python beside.py TASK RESULT`.

It runs alike under this tree and under that of the first build, which has its modules in other places: so it imports
nothing of either until it knows which one it has, and `benchmarks.first_build` reads what it writes.

What the first build did in one stage, this tree does in four: the test of the rules of relevance, the choice of
baselines and variants, attribution with its licences, and the search for what reverts a flip. They are counted
together. What both have as stages of their own, and alike, is counted on neither side: predictions, enrichment, and the
comparison with re-initialised models.
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
CONTRAST = " − "
"""Between the classes of a flip's target, as both trees name it."""
INTEGRATED_GRADIENTS = "integrated_gradients"
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
        self.first_build = first_build = importlib.util.find_spec("analysis.intent") is not None
        self.root = "analysis.intent" if first_build else "analysis.tracks.intent"
        self.attribution = self.module("attribution")
        self.tokenised = self.module("words" if first_build else "tokenised")
        place, name = ("pair", "ModelPair") if first_build else ("classifier_pair", "ClassifierPair")
        self.pair_of = getattr(importlib.import_module(f"analysis.models.{place}"), name)
        seeds = importlib.import_module(f"analysis.{'draws' if first_build else 'base.seeds'}")
        self.seed, self.shuffled = seeds.draw, getattr(seeds, "shuffled", None)

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
    """CPU seconds of all that attributes the texts, shard by shard, and of its parts; what it found.

    `licensed` are the verdicts of predicted classes, by method and side.
    """
    pair = tree.pair_of(Path(task["base"]), Path(task["candidate"]), "cpu")
    pair.load()
    context = SimpleNamespace(models=pair, report=lambda done, planned: None)
    attribution, spent = tree.attribution, defaultdict[str, float](float)
    attribution.token_limit = lambda context: MOST_TOKENS
    for name, part in PARTS.items():
        if hasattr(attribution, name):
            setattr(attribution, name, timed(getattr(attribution, name), part, spent))
    methods = [
        dataclasses.replace(one, explain=timed(one.explain, one.name, spent)) for one in attribution.QUEUED
    ]
    texts = {f"r{place}": text for place, text in enumerate(sorted(task["texts"], key=len))}
    before, found = time.process_time(), defaultdict[str, list[dict[str, Any]]](list)
    options = {} if tree.first_build else chosen(tree, pair, context, texts, spent)
    refs = list(texts)
    for start in range(0, len(refs), attribution.REFS_PER_SHARD):
        rows = [(ref, texts[ref], "") for ref in refs[start : start + attribution.REFS_PER_SHARD]]
        if tree.first_build:
            tables = attribution.attribute(context, SimpleNamespace(payload=rows), methods)
        else:
            tables = attribution._run(context, SimpleNamespace(payload=(rows, options)), methods)
        for name, table in tables.items():
            found[name] += table.to_pylist()
    if not tree.first_build:
        timed(intervene, "flips", spent)(tree, pair, context, texts, found)
    cpu = time.process_time() - before
    return {
        "cpu_s": cpu,
        "parts": dict(spent),
        "rows": {name: len(rows) for name, rows in found.items()},
        "options": options,
        "licensed": licensed_of(found["intent_licence"]),
    }


def chosen(
    tree: Tree, pair: Any, context: Any, texts: dict[str, str], spent: dict[str, float]
) -> dict[str, dict[str, str]]:
    """What the stages before attribution decide of the texts: the method that leads, and options by half."""
    leading, choose, crossfit = (tree.module(name) for name in ("leading", "choose_options", "crossfit"))
    timed(leading._run, "leading", spent)(context, None)
    models = {side: pair.side(side) for side in ("base", "candidate")}
    digest = pair.digests["candidate"]
    halves: dict[str, list[str]] = {"A": [], "B": []}
    for ref in tree.shuffled(list(texts), digest):
        halves[crossfit.half_of(digest, ref)].append(ref)
    rows = timed(choose.choose, "options", spent)(models, texts, halves, tree.attribution.QUEUED, MOST_TOKENS)
    picked = {(one["method"], one["half"], one["option"]) for one in rows if one["chosen"]}
    found: dict[str, dict[str, str]] = crossfit.used_by(sorted(picked))
    return found


def intervene(
    tree: Tree, pair: Any, context: Any, texts: dict[str, str], found: dict[str, list[dict[str, Any]]]
) -> None:
    """The stage of interventions over the flips, with words ranked from the attributions that were found."""
    import duckdb
    import pyarrow as pa

    stage = tree.module("intervention_stage")
    stage.token_limit = lambda context: MOST_TOKENS
    flips = {
        one["ref"]: tuple(reversed(one["target"].split(CONTRAST)))
        for one in found["attribution"]
        if CONTRAST in one["target"]
    }
    with duckdb.connect() as workbench:
        attributions = pa.Table.from_pylist(found["attribution"])
        pairs = pa.Table.from_pylist(
            [{"ref": ref, "flipped": True, "base_label": base, "candidate_label": candidate}
             for ref, (base, candidate) in flips.items()]
        )  # fmt: skip
        selected = pa.Table.from_pylist([{"ref": ref} for ref in texts])
        for name, table in (("attribution", attributions), ("intent_pair", pairs), ("selected", selected)):
            workbench.register(name, table)
        ranked = stage._ranked(SimpleNamespace(workbench=workbench)) if flips else {}
    planned = [
        stage.PlannedFlip(ref, "", texts[ref], base, candidate, *ranked.get(ref, (None, [])), [])
        for ref, (base, candidate) in flips.items()
    ]
    for start in range(0, len(planned), stage.REFS_PER_SHARD):
        shard = SimpleNamespace(payload=planned[start : start + stage.REFS_PER_SHARD])
        for name, table in stage._run(context, shard).items():
            found[name] += table.to_pylist()


def licensed_of(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Licensed, and decidable, attributions of a predicted class, by method and side."""
    counts: dict[tuple[str, str], list[bool]] = defaultdict(list)
    for row in rows:
        said = verdict(SimpleNamespace(**row))
        if CONTRAST not in row["target"] and said is not None:
            counts[row["method"], row["side"]].append(said)
    return [
        {"method": method, "side": side, "decidable": len(said), "licensed": sum(said)}
        for (method, side), said in sorted(counts.items())
    ]


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
    cases = attribution.cases_of(models, words, logits, [{}] * len(texts))
    seeds = [tree.seed("attribution", text) for text in texts]
    methods = [one for one in attribution.QUEUED if one.name in task["methods"]]
    rows = []
    for side in sides:
        for one in attribution.explain(models[side], side, words[side], logits[side], cases, seeds, methods):
            target, delta = one.case.targets[side], one.explained.delta
            rows.append({
                "row": one.case.row, "side": side, "method": one.method.name,
                "target": [target.plus, target.minus], "scores": one.explained.scores.tolist(),
                "neutral": one.neutral, "converged": None if delta is None else delta <= 0.05,
            })  # fmt: skip
    return rows


def licensed(tree: Tree, task: dict[str, Any]) -> dict[str, Any]:
    """The verdict on each attribution of `explained`, in its order, and the CPU seconds of all licences.

    The first build knows no method but its own: what leads, `lead`, is judged there under the name of integrated
    gradients, which led then.
    """
    pair = tree.pair_of(Path(task["base"]), Path(task["candidate"]), "cpu")
    licence, target, lead = tree.module("licence"), tree.attribution.Target, task["lead"]
    names = {lead: INTEGRATED_GRADIENTS} if tree.first_build else {}
    named = () if tree.first_build else (lead,)
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
                    names.get(one["method"], one["method"]), target(*one["target"]),
                    np.array(one["scores"], np.float32), one["neutral"], one["converged"],
                )
                for one in (task["asked"][place] for place in places[row])
            ]
            for row in sorted(places)
        ]  # fmt: skip
        rows = sorted(places)
        seeds = [tree.seed("attribution", task["texts"][row]) for row in rows]
        before = time.process_time()
        granted = licence.licences(model, [words[row] for row in rows], asked, seeds, *named)
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
