"""Attributions of the sample's messages, against Captum called once per message.

`python -m benchmarks.attribution --model FOLDER --texts FILE` measures another classifier on other texts, such as one
of those that `benchmarks.shortcuts` made, on the texts that they were made from: JSON Lines with `text`.
"""

from __future__ import annotations

import argparse
import json
from functools import partial
from pathlib import Path

from benchmarks.measure import Result, compare

SAMPLE = Path(__file__).parents[1] / "sample_data"
TEXTS = 96
DELETION_TEXTS = 8
"""Messages of the deletion benchmark: one forward each is slow."""
ROUNDS = 3


def run(
    folder: Path = SAMPLE / "models" / "intent-v3", data: Path = SAMPLE / "intent" / "eval.jsonl"
) -> list[Result]:
    """Times of a classifier in `folder` on texts drawn evenly from `data`."""
    import torch
    from captum.attr import IntegratedGradients

    from analysis.models.load_classifier import load_classifier
    from analysis.tracks.intent.baseline import Baselines
    from analysis.tracks.intent.faithfulness import (
        RANKINGS,
        deletions,
        evaluate_deletions,
        reference_rankings,
    )
    from analysis.tracks.intent.methods.integrated_gradients import MAX_DELTA, integrated_gradients
    from analysis.tracks.intent.methods.lrp import lrp
    from analysis.tracks.intent.methods.occlusion import occlusion
    from analysis.tracks.intent.methods.request import Request
    from analysis.tracks.intent.predict import logits_of_ids
    from analysis.tracks.intent.target import Target
    from analysis.tracks.intent.tokenised import delete_words, tokenise

    torch.set_num_threads(1)
    lines = data.read_text("utf-8").splitlines()
    texts = [json.loads(line)["text"] for line in lines[:: max(1, len(lines) // TEXTS)][:TEXTS]]
    model = load_classifier(folder, "cpu")
    words = tokenise(model, texts, 64)
    logits = logits_of_ids(model, [one.ids for one in words])
    targets = [int(index) for index in logits.argmax(axis=1)]
    outputs = [float(logits[row, target]) for row, target in enumerate(targets)]
    known = Baselines({"base": model})
    baselines = [known.baseline("base", "word", one) for one in words]
    request = Request(model, words, [Target(target) for target in targets], outputs, baselines)
    rankings = [reference_rankings(len(text.words), index).rankings for index, text in enumerate(words)]
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

    def deletions_each() -> None:
        with torch.inference_mode():
            for text, orders in zip(words[:DELETION_TEXTS], rankings, strict=False):
                for order in orders:
                    for pair in deletions(order):
                        for gone in pair:
                            model.model(input_ids=torch.tensor([delete_words(text, gone)]))

    def deletions_together() -> None:
        for _ in evaluate_deletions(model, words[:DELETION_TEXTS], rankings[:DELETION_TEXTS]):
            pass

    explained = integrated_gradients(request)
    complete = sum(one.delta is not None and one.delta <= MAX_DELTA for one in explained) / len(texts)
    relevance = [
        compare(
            f"layer-wise relevance ({variant}) per message, float32, one thread",
            "integrated gradients by Captum per message at its default 50 steps",
            partial(lrp, request, variant),
            captum_each,
            rounds=ROUNDS,
            per=len(texts),
            target="15x",
        )
        for variant in ("cp", "attn")
    ]
    return [
        *relevance,
        compare(
            "integrated gradients per message, float32, one thread",
            "Captum per message at its default 50 steps",
            lambda: integrated_gradients(request),
            captum_each,
            rounds=ROUNDS,
            per=len(texts),
            target="5x",
        ),
        Result("share of messages within 5 % completeness", complete, "of 1"),
        compare(
            "occlusion of every word per message, float32, one thread",
            "one forward per deletion",
            lambda: occlusion(request),
            forward_each,
            rounds=ROUNDS,
            per=len(texts),
        ),
        compare(
            f"deletions of {RANKINGS} random rankings per message, float32, one thread",
            "one forward per deletion",
            deletions_together,
            deletions_each,
            rounds=1,
            per=DELETION_TEXTS,
            target="8x",
        ),
    ]


def main() -> None:
    """Measure the classifier of a folder on the texts of a file."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", type=Path, required=True, help="folder of a classifier")
    parser.add_argument("--texts", type=Path, required=True, help="JSON Lines with `text`")
    options = parser.parse_args()
    for one in run(options.model, options.texts):
        print(one.sentence())


if __name__ == "__main__":
    main()
