"""Model randomisation: an attribution that survives re-initialised weights says nothing of the model.

Adebayo et al. (2018), Sanity checks for saliency maps: all weights are drawn anew from the architecture's own
initialisation, and the attributions of both models are compared by their signed rank correlation. For one
text that is noise, so it is averaged over the texts of a slice and over three seeds.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa

from analysis.base.records import SIDES, Side
from analysis.base.seeds import shuffled
from analysis.base.sql import queries
from analysis.models.classifier_pair import classifiers
from analysis.models.passes import BACKWARD
from analysis.plugin.stage import PlanContext, RunContext, Shard, Stage
from analysis.text.token_estimate import tokens_of
from analysis.text.units import word_count
from analysis.tracks.intent.baseline import Baselines
from analysis.tracks.intent.enrichment import enriched
from analysis.tracks.intent.methods.integrated_gradients import STEPS, integrated_gradients
from analysis.tracks.intent.methods.lrp import VARIANT, lrp
from analysis.tracks.intent.methods.occlusion import occlusion
from analysis.tracks.intent.methods.request import Explained, Request, seeded
from analysis.tracks.intent.names import LRP, OCCLUSION
from analysis.tracks.intent.predict import logits_of_ids, token_limit
from analysis.tracks.intent.target import Target
from analysis.tracks.intent.tokenised import tokenise

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.models.load_classifier import LoadedClassifier

_SQL = queries(__package__, "stages.sql")

SEEDS = (1, 2, 3)
TEXTS_PER_SLICE = 40
"""Texts of each slice that are compared; drawn by hashing refs with the seed where there are more."""
MIN_EXAMPLES = 20
"""Attributed examples from which a slice is judged at all."""
REFS_PER_SHARD = 256

_SCHEMA = pa.schema(
    [("ref", pa.string()), ("side", pa.string()), ("method", pa.string()), ("seed", pa.int32()),
     ("correlation", pa.float64())]
)  # fmt: skip


class Trained(NamedTuple):
    """One attribution of a trained model's predicted class; `variant` of the methods that have several."""

    ref: str
    side: Side
    method: str
    target: str
    baseline: str | None
    variant: str | None
    scores: list[float]


def reinitialised(classifier: LoadedClassifier, seed: int) -> LoadedClassifier:
    """The same architecture with every weight drawn anew, as Transformers initialises it before training."""
    from transformers import AutoModelForSequenceClassification

    architectures: Any = AutoModelForSequenceClassification
    with seeded(seed):
        model = architectures.from_config(classifier.model.config, attn_implementation="eager")
    model = model.float().to(classifier.device).eval().requires_grad_(False)
    return replace(classifier, model=model)


def rank_correlation(
    one: Sequence[float] | NDArray[np.float32], other: Sequence[float] | NDArray[np.float32]
) -> float:
    """Spearman's rank correlation, ties averaged; NaN where either is constant or shorter than two."""
    from scipy.stats import rankdata

    if len(one) < 2:
        return float("nan")
    first, second = rankdata(one), rankdata(other)
    if first.std() == 0 or second.std() == 0:
        return float("nan")
    return float(np.corrcoef(first, second)[0, 1])


def _plan(context: PlanContext) -> list[Shard]:
    rows = context.workbench.execute(
        _SQL["messages_to_randomise"],
        {"track": context.track, "least": MIN_EXAMPLES},
    ).fetchall()
    by_ref = {row[0]: row for row in rows}
    taken: Counter[str] = Counter()
    chosen = []
    for ref in shuffled(list(by_ref), context.seed):
        slices = by_ref[ref][3]
        if any(taken[name] < TEXTS_PER_SLICE for name in slices):
            chosen.append(by_ref[ref][:3])
            taken.update(slices)
    chosen.sort()
    shards = []
    for start in range(0, len(chosen), REFS_PER_SHARD):
        part = chosen[start : start + REFS_PER_SHARD]
        texts = {ref: text for ref, text, _ in part}
        trained = _trained(context, list(texts))
        key = {
            "max_length": token_limit(context),
            "steps": STEPS[0],
            "seeds": list(SEEDS),
            "rows": [[ref, sha256] for ref, _, sha256 in part],
            "trained": hashlib.sha256(json.dumps(trained).encode()).hexdigest(),
        }
        shards.append(
            Shard(
                key,
                (texts, trained),
                len(part),
                randomisation_cost(list(texts.values()), token_limit(context)),
            )
        )
    return shards


def randomisation_cost(texts: Sequence[str], limit: int) -> float:
    """About how many tokens a re-initialised model reads: relevance, integrated gradients of few steps, occlusion."""
    tokens = [tokens_of(text, limit) for text in texts]
    return sum(
        float(size * (BACKWARD * (1 + STEPS[0]) + min(size, word_count(text))))
        for text, size in zip(texts, tokens, strict=True)
    )


def _trained(context: PlanContext, refs: Sequence[str]) -> list[Trained]:
    """What the trained models' attributions of some examples are."""
    found = context.workbench.execute(
        _SQL["trained_attributions"],
        {"methods": list(enriched(context.workbench)), "refs": list(refs)},
    ).fetchall()
    return [Trained(*row) for row in found]


def _run(context: RunContext, shard: Shard) -> dict[str, pa.Table]:
    texts, trained = shard.payload
    rows = []
    compared = models_compared(context)
    for number, (sides, seed) in enumerate(compared):
        context.report(number, len(compared))
        known = [one for one in trained if one.side in sides]
        classifier = reinitialised(classifiers(context.models).side(sides[0]), seed)
        rows += _compare(classifier, seed, texts, known, token_limit(context))
    return {"intent_randomisation": pa.Table.from_pylist(rows, _SCHEMA)}


def models_compared(context: RunContext) -> list[tuple[list[Side], int]]:
    """The re-initialised models that explain the texts: the sides that each stands for, and its seed."""
    return list(itertools.product(_alike(context), SEEDS))


def _alike(context: RunContext) -> list[list[Side]]:
    """The sides, in groups that re-initialise to the same model."""
    base, candidate = (classifiers(context.models).side(side) for side in SIDES)
    same = (
        type(base.model) is type(candidate.model)
        and base.model.config.to_diff_dict() == candidate.model.config.to_diff_dict()
        and classifiers(context.models).tokenizers_equal
    )
    return [list(SIDES)] if same else [[side] for side in SIDES]


def _compare(
    classifier: LoadedClassifier, seed: int, texts: Mapping[str, str], known: Sequence[Trained], limit: int
) -> list[dict[str, Any]]:
    """Correlations of trained models' attributions with those of one re-initialised model."""
    words = dict(zip(texts, tokenise(classifier, list(texts.values()), limit), strict=True))
    outputs = logits_of_ids(classifier, [one.ids for one in words.values()])
    logits = dict(zip(texts, outputs, strict=True))
    baselines = Baselines({SIDES[0]: classifier})
    rows = []
    for method, variant in dict.fromkeys((one.method, one.variant) for one in known):
        entries = [one for one in known if (one.method, one.variant) == (method, variant)]
        # Both sides mostly predict the same class, and then they are compared with the same attribution.
        asked = list(dict.fromkeys((one.ref, one.target, one.baseline) for one in entries))
        targets = [Target(classifier.labels.index(target)) for _, target, _ in asked]
        request = Request(
            classifier,
            [words[ref] for ref, _, _ in asked],
            targets,
            [float(target.output(logits[ref])) for (ref, _, _), target in zip(asked, targets, strict=True)],
            [baselines.baseline(SIDES[0], kind, words[ref]) for ref, _, kind in asked if kind is not None],
        )
        explained = _explained(request, method, variant)
        scores = {one: answer.scores for one, answer in zip(asked, explained, strict=True)}
        for one in entries:
            correlation = rank_correlation(one.scores, scores[one.ref, one.target, one.baseline])
            if np.isfinite(correlation):
                rows.append(
                    {
                        "ref": one.ref,
                        "side": one.side,
                        "method": method,
                        "seed": seed,
                        "correlation": correlation,
                    }
                )
    return rows


def _explained(request: Request, method: str, variant: str | None) -> list[Explained]:
    """By one of the methods that are compared, as the trained models were explained."""
    if method == OCCLUSION:
        return occlusion(request)
    if method == LRP:
        return lrp(request, variant or VARIANT)
    return integrated_gradients(request, STEPS[:1])


RANDOMISE = Stage("intent.randomisation", 2, _plan, _run, after_queue=True, asks_models=True)
