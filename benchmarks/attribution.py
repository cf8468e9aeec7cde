"""Attributions of messages, against Captum called once per message: of the sample, and of MiniLM classifiers.

`--data DIR --work DIR` measures two of those that `benchmarks.shortcuts` trained too, on the messages that they were
evaluated on; `benchmarks.stage` says how many of their attributions are licensed.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks.first_build import Pair, pairs
from benchmarks.measure import Result, compare, compare_all

TEXTS = 288
"""Messages of the sample, as many as a queue has: batches of one length hold as few messages as there are of it."""
PUBLIC_TEXTS = 48
"""Messages of each MiniLM classifier: fifty steps of Captum for one take a third of a second."""
PAIRS = (("clinc150", 0, "healthy"), ("banking77", 0, "healthy"))
DELETION_TEXTS = 8
"""Messages of the deletion benchmark: one forward each is slow."""
ROUNDS = 3


def run(data: Path | None = None, work: Path | None = None) -> list[Result]:
    """Times of the candidate of each pair; what deletions cost on the sample only."""
    sample, *others = [
        *pairs(None, None, TEXTS, ()),
        *pairs(data, work, PUBLIC_TEXTS, PAIRS)[1:],
    ]
    return [
        *measure(sample, deletion=True),
        *(one for pair in others for one in measure(pair, deletion=False)),
    ]


def measure(pair: Pair, *, deletion: bool) -> list[Result]:
    """Times of the candidate on the messages of a pair."""
    import torch
    from captum.attr import IntegratedGradients

    from analysis.models.load_classifier import load_classifier
    from analysis.tracks.intent.baseline import Baselines
    from analysis.tracks.intent.faithfulness import (
        RANKINGS,
        deletions,
        evaluate_sets,
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
    texts = pair.texts
    model = load_classifier(pair.candidate, "cpu")
    words = tokenise(model, texts, 64)
    logits = logits_of_ids(model, [one.ids for one in words])
    targets = [int(index) for index in logits.argmax(axis=1)]
    outputs = [float(logits[row, target]) for row, target in enumerate(targets)]
    known = Baselines({"base": model})
    baselines = [known.baseline("base", "word", one) for one in words]
    request = Request(model, words, [Target(target) for target in targets], outputs, baselines)
    rankings = [
        reference_rankings(len(text.words), index).rankings
        for index, text in enumerate(words[:DELETION_TEXTS])
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

    def deletions_each() -> None:
        with torch.inference_mode():
            for text, orders in zip(words[:DELETION_TEXTS], rankings, strict=True):
                for order in orders:
                    for both in deletions(order):
                        for gone in both:
                            model.model(input_ids=torch.tensor([delete_words(text, gone)]))

    def deletions_together() -> None:
        sets = [
            {gone for order in orders for both in deletions(order) for gone in both} for orders in rankings
        ]
        for _ in evaluate_sets(model, words[:DELETION_TEXTS], sets):
            pass

    explained = integrated_gradients(request)
    complete = sum(one.delta is not None and one.delta <= MAX_DELTA for one in explained) / len(texts)
    ours: dict[str, tuple[Callable[[], object], str]] = {
        f"{pair.name}: layer-wise relevance ({variant}) per message, float32, one thread": (
            partial(lrp, request, variant),
            "15x",
        )
        for variant in ("cp", "attn")
    }
    ours[f"{pair.name}: integrated gradients per message, float32, one thread"] = (
        partial(integrated_gradients, request),
        "5x",
    )
    found = [
        *compare_all(
            ours,
            "integrated gradients by Captum per message at its default 50 steps",
            captum_each,
            rounds=ROUNDS,
            per=len(texts),
        ),
        Result(f"{pair.name}: share of messages within 5 % completeness", complete, "of 1"),
    ]
    if not deletion:
        return found
    return [
        *found,
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
