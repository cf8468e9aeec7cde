"""The rows of the budget table that need a GPU, in one go of at most ten minutes; skipped where there is none.

A classifier of MiniLM's size with random weights: times do not depend on what a model knows. Wall seconds, after a
first call that compiles and allocates, with the device waited for; alternatives in turn with ours, in one process.
`python -m benchmarks.gpu --device cpu --texts 8` tries the same on a machine without a GPU; its figures say nothing.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from benchmarks.measure import Result

if TYPE_CHECKING:
    from analysis.tracks.intent.methods.request import Request

TEXTS = 1_024
EACH = 32
"""Of these, texts that the alternatives are called for, one by one."""
ROUNDS = 3
MOST_S = 540.0
"""What has not begun by then is left out and said."""
CAPTUM_STEPS = 50
MATMUL = 4_096
WORDS = (8, 24)
CLASSES, VOCABULARY, FIRST, LAST = 150, 30_522, 101, 102


def run(device: str = "cuda", texts: int = TEXTS) -> list[Result]:
    """Attribution, occlusion and prediction against one call an example, the share of the card's peak, and back-off."""
    import torch

    if device.startswith("cuda") and not torch.cuda.is_available():
        print("  skipped: this machine has no CUDA device")
        return []
    torch.manual_seed(0)
    began = time.monotonic()
    request = _request(device, texts)
    results: list[Result] = []
    for part in (_predictions, _attributions, _deletions, _peak, _backs_off, _devices):
        if time.monotonic() - began > MOST_S:
            print(f"  left out, for want of time: {part.__name__.strip('_').replace('_', ' ')}")
            continue
        results += part(request)
    return results


def _request(device: str, texts: int) -> Request:
    """Texts of random token ids, the predicted class of each, and baselines, as the run would ask for them."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification

    from analysis.models.load_classifier import LoadedClassifier
    from analysis.text.word_spans import Word
    from analysis.tracks.intent.baseline import Baseline
    from analysis.tracks.intent.methods.request import Request
    from analysis.tracks.intent.predict import logits_of_ids, softmax
    from analysis.tracks.intent.target import Target
    from analysis.tracks.intent.tokenised import Tokenised

    config = BertConfig(
        vocab_size=VOCABULARY, hidden_size=384, num_hidden_layers=6, num_attention_heads=12, intermediate_size=1536,
        num_labels=CLASSES, attn_implementation="eager",
    )  # fmt: skip
    model: Any = BertForSequenceClassification(config).eval().requires_grad_(False).to(device)
    labels = tuple(f"class-{number}" for number in range(CLASSES))
    tokenizer: Any = None
    classifier = LoadedClassifier(model, tokenizer, labels, device)
    rng = random.Random(0)
    words = []
    for _ in range(texts):
        count = rng.randint(*WORDS)
        ids = [FIRST, *(rng.randrange(1_000, VOCABULARY) for _ in range(count)), LAST]
        spans = [Word(6 * at, 6 * at + 5, (at + 1,)) for at in range(count)]
        words.append(Tokenised(ids, spans))
    logits = logits_of_ids(classifier, [one.ids for one in words])
    targets = [Target(int(index)) for index in logits.argmax(axis=1)]
    embed = model.get_input_embeddings()
    by_length: dict[int, Baseline] = {}
    for length in {len(one.ids) for one in words}:
        blank = [FIRST, *([0] * (length - 2)), LAST]
        said = logits_of_ids(classifier, [blank])[0]
        states = embed(torch.tensor(blank, device=device)).detach()
        by_length[length] = Baseline("pad", states, said, softmax(said[None])[0])
    outputs = [float(logits[row, one.plus]) for row, one in enumerate(targets)]
    return Request(classifier, words, targets, outputs, [by_length[len(one.ids)] for one in words])


def _predictions(request: Request) -> list[Result]:
    """The prediction of a text, in batches and alone."""
    from analysis.tracks.intent.predict import logits_of_ids

    model, ids = request.classifier, [one.ids for one in request.texts]
    return [
        _against(
            "prediction, a text", "one call a text", model.device,
            (partial(logits_of_ids, model, ids), len(ids)),
            (lambda: [logits_of_ids(model, [one]) for one in ids[:EACH]], min(EACH, len(ids))),
        )
    ]  # fmt: skip


def _attributions(request: Request) -> list[Result]:
    """The leading method and integrated gradients, against Captum called for each text at its default steps."""
    import torch
    from captum.attr import IntegratedGradients

    from analysis.tracks.intent.methods.integrated_gradients import MAX_DELTA, integrated_gradients
    from analysis.tracks.intent.methods.lrp import VARIANT, lrp

    model, texts = request.classifier, request.texts
    embed: Any = model.model.get_input_embeddings()

    def forward(embeddings: torch.Tensor) -> torch.Tensor:
        result: torch.Tensor = model.model(inputs_embeds=embeddings).logits
        return result

    def captum_each() -> None:
        method = IntegratedGradients(forward)
        for text, target, baseline in list(zip(texts, request.targets, request.baselines, strict=True))[
            :EACH
        ]:
            inputs = embed(torch.tensor([text.ids], device=model.device)).detach()
            method.attribute(
                inputs, baselines=baseline.embeddings[None], target=target.plus, n_steps=CAPTUM_STEPS
            )

    theirs = (captum_each, min(EACH, len(texts)))
    against = "integrated gradients by Captum for each text at its default 50 steps"
    found = [
        _against(f"{what}, a text", against, model.device, (ours, len(texts)), theirs, "50x")
        for what, ours in (
            ("leading gradient attribution", partial(lrp, request, VARIANT)),
            ("integrated gradients", partial(integrated_gradients, request)),
        )
    ]
    complete = sum(one.delta is not None and one.delta <= MAX_DELTA for one in integrated_gradients(request))
    return [*found, Result("share of texts within 5 % completeness", complete / len(texts), "of 1")]


def _deletions(request: Request) -> list[Result]:
    """Every word deleted from every text, against one forward pass for each deletion."""
    from analysis.tracks.intent.methods.occlusion import occlusion
    from analysis.tracks.intent.predict import logits_of_ids
    from analysis.tracks.intent.tokenised import delete_words

    model, texts = request.classifier, request.texts

    def each() -> None:
        for text in texts[:EACH]:
            for word in range(len(text.words)):
                logits_of_ids(model, [delete_words(text, [word])])

    return [
        _against(
            "occlusion of every word, a text", "one forward pass for each deletion", model.device,
            (partial(occlusion, request), len(texts)), (each, min(EACH, len(texts))), "8x",
        )
    ]  # fmt: skip


def _peak(request: Request) -> list[Result]:
    """Arithmetic of the leading method beside the card's own peak, a large product of float32 matrices."""
    import torch

    from analysis.tracks.intent.methods.lrp import VARIANT, lrp

    device = request.classifier.device
    left, right = (torch.randn(MATMUL, MATMUL, device=device) for _ in range(2))
    product = statistics.median(_wall_s(lambda: left @ right, device) for _ in range(ROUNDS + 1))
    peak = 2 * MATMUL**3 / product
    encoder: Any = request.classifier.model.bert.encoder
    weights = sum(weight.numel() for weight in encoder.parameters())
    tokens = sum(len(one.ids) for one in request.texts)
    # A multiplication and an addition for each weight and token, forwards and backwards to the inputs.
    needed = 2 * 2 * weights * tokens
    spent = statistics.median(_wall_s(partial(lrp, request, VARIANT), device) for _ in range(ROUNDS))
    return [
        Result("float32 matrix products, the card's peak", peak / 1e12, "TFLOP/s"),
        Result("leading attribution, share of that peak", needed / spent / peak, "of 1"),
    ]


def _backs_off(request: Request) -> list[Result]:
    """A batch that the device has no memory for is halved until it fits, and says the same."""
    import torch

    from analysis.models.batches import in_halves

    device = request.classifier.device
    if not device.startswith("cuda"):
        return []
    free, _ = torch.cuda.mem_get_info()
    tried: list[int] = []

    def run(rows: list[int]) -> list[int]:
        tried.append(len(rows))
        # Together they want one and a half times what is free.
        held = torch.empty(len(rows), int(1.5 * free / EACH), dtype=torch.uint8, device=device)
        held.fill_(1)
        return rows

    found = dict(in_halves(run, list(range(EACH)), "text"))
    if found != {row: row for row in range(EACH)} or len(tried) < 2:
        raise AssertionError(f"the batch was not halved: {tried}")
    return [Result("batches that did not fit and were halved", len(tried) - 2, "batches")]


def _devices(request: Request) -> list[Result]:
    """What there is: processes, one for each device, share the shards (`assay analyze --workers`, Ray)."""
    import torch

    if not request.classifier.device.startswith("cuda"):
        return []
    names = ", ".join(torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count()))
    return [Result(f"devices: {names}", torch.cuda.device_count(), "devices")]


def _against(
    what: str,
    against: str,
    device: str,
    ours: tuple[Callable[[], object], int],
    theirs: tuple[Callable[[], object], int],
    target: str = "",
) -> Result:
    """Wall milliseconds for each of so many texts, A B A B; the ratio is the median of the rounds'."""
    for work, _ in (ours, theirs):
        work()
    times = [[1000 * _wall_s(work, device) / count for work, count in (ours, theirs)] for _ in range(ROUNDS)]
    mine, other = (statistics.median(column) for column in zip(*times, strict=True))
    ratio = statistics.median(alternative / own for own, alternative in times)
    return Result(f"on a GPU: {what}", mine, "ms", against, other, ratio, target)


def _wall_s(work: Callable[[], object], device: str) -> float:
    import torch

    def wait() -> None:
        if device.startswith("cuda"):
            torch.cuda.synchronize()

    wait()
    started = time.perf_counter()
    work()
    wait()
    return time.perf_counter() - started


def main(given: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu", description=__doc__)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--texts", type=int, default=TEXTS)
    options = parser.parse_args(given)
    for one in run(options.device, options.texts):
        print(f"  {one.sentence()}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
