"""Attributions of the sample's messages, against Captum called once per message."""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks.measure import Result, compare

SAMPLE = Path(__file__).parents[1] / "sample_data"
TEXTS = 96
ROUNDS = 3


def run() -> list[Result]:
    import torch
    from captum.attr import IntegratedGradients

    from analysis.intent.attribution import MAX_DELTA, delete_words, integrated_gradients, occlusion
    from analysis.intent.baseline import BaselineChooser
    from analysis.intent.predict import logits_of_ids
    from analysis.intent.words import tokenise
    from analysis.models.load import load_classifier

    torch.set_num_threads(1)
    lines = (
        (SAMPLE / "intent" / "eval.jsonl").read_text("utf-8").splitlines()[:: max(1, 1300 // TEXTS)][:TEXTS]
    )
    texts = [json.loads(line)["text"] for line in lines]
    model = load_classifier(SAMPLE / "models" / "intent-v3", "cpu")
    words = tokenise(model, texts, 64)
    logits = logits_of_ids(model, [one.ids for one in words])
    targets = [int(index) for index in logits.argmax(axis=1)]
    outputs = [float(logits[row, target]) for row, target in enumerate(targets)]
    chooser = BaselineChooser({"base": model, "candidate": model})
    baselines = [
        chooser.choose({"base": one, "candidate": one}, {"base": target, "candidate": target}).baseline[
            "base"
        ]
        for one, target in zip(words, targets, strict=True)
    ]
    embed = model.model.get_input_embeddings()

    def forward(embeddings: torch.Tensor) -> torch.Tensor:
        result: torch.Tensor = model.model(inputs_embeds=embeddings).logits
        return result

    def captum_each() -> None:
        method = IntegratedGradients(forward)
        for text, target, baseline in zip(words, targets, baselines, strict=True):
            inputs = embed(torch.tensor([text.ids])).detach()
            method.attribute(inputs, baselines=baseline.embeddings[None], target=target)

    def forward_each() -> None:
        with torch.inference_mode():
            for text in words:
                for index in range(len(text.words)):
                    model.model(input_ids=torch.tensor([delete_words(text, [index])]))

    explained = integrated_gradients(model, words, targets, outputs, baselines)
    complete = sum(one.delta is not None and one.delta <= MAX_DELTA for one in explained) / len(texts)
    return [
        compare(
            "integrated gradients per message, float32, one thread",
            "Captum per message at its default 50 steps",
            lambda: integrated_gradients(model, words, targets, outputs, baselines),
            captum_each,
            rounds=ROUNDS,
            per=len(texts),
            target="5x",
        ),
        Result("share of messages within 5 % completeness", complete, "of 1"),
        compare(
            "occlusion of every word per message, float32, one thread",
            "one forward per deletion",
            lambda: occlusion(model, words, targets),
            forward_each,
            rounds=ROUNDS,
            per=len(texts),
        ),
    ]
