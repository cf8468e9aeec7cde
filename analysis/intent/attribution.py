"""Token attributions of both sides: integrated gradients and occlusion by deletion, through Captum.

Every attribution explains the logit of the class that its side predicts. Integrated gradients
(Sundararajan, Taly and Yan, 2017) run on the input embeddings from a neutral baseline with the midpoint
rule; examples whose completeness delta is above 5 % run again with more steps. Occlusion deletes one
word at a time from the token ids and records the drop of the logit.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from analysis.intent.baseline import Baseline, BaselineChooser
from analysis.intent.predict import TOKENS_PER_BATCH, equal_length_batches, logits_of_ids, token_limit
from analysis.intent.words import Tokenised, tokenise
from analysis.records import SIDES, Attribution, Side
from analysis.stage import Shard, Stage, StageContext

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray

    from analysis.models.load import LoadedClassifier

INTEGRATED_GRADIENTS = "integrated_gradients"
OCCLUSION = "occlusion"
STEPS = (10, 30, 90, 400)
"""Steps of the midpoint rule: all examples take the first, the failures of one try take the next."""
MAX_DELTA = 0.05
"""Largest completeness delta of an attribution that counts as converged."""
DELTA_FLOOR = 0.1
"""Least denominator of the completeness delta, in logits: a relative error explodes near zero."""
REFS_PER_SHARD = 64


@dataclass(frozen=True)
class Explained:
    """Scores of one text, per word."""

    scores: NDArray[np.float32]
    delta: float | None
    steps: int | None


def completeness_delta(total: float, output: float, baseline_output: float) -> float:
    """|sum - (F(x) - F(x'))| / max(|F(x) - F(x')|, floor): 0 where the attribution is complete."""
    difference = output - baseline_output
    return abs(total - difference) / max(abs(difference), DELTA_FLOOR)


def integrated_gradients(
    classifier: LoadedClassifier,
    texts: Sequence[Tokenised],
    targets: Sequence[int],
    outputs: Sequence[float],
    baselines: Sequence[Baseline],
) -> list[Explained]:
    """Integrated gradients of the target logits with respect to the input embeddings.

    Args:
        classifier: one side's model; its parameters are frozen.
        texts: token ids and words, n of them.
        targets: class index per text, (n,).
        outputs: the target logit of each text, from the prediction pass, (n,).
        baselines: the neutral baseline of each text, (n,).

    Returns:
        Signed scores per word, with the completeness delta over all tokens and the steps taken. Special
        tokens are the same in input and baseline and therefore receive exactly zero.
    """
    import torch
    from captum.attr import IntegratedGradients

    embed = classifier.model.get_input_embeddings()

    def forward(embeddings: torch.Tensor) -> torch.Tensor:
        mask = torch.ones(embeddings.shape[:2], dtype=torch.long, device=embeddings.device)
        logits: torch.Tensor = classifier.model(inputs_embeds=embeddings, attention_mask=mask).logits
        return logits.float()

    method = IntegratedGradients(forward)
    results: list[Explained | None] = [None] * len(texts)
    pending = list(range(len(texts)))
    for steps in STEPS:
        failed: list[int] = []
        groups = equal_length_batches([texts[index].ids for index in pending], TOKENS_PER_BATCH // steps)
        for group in groups:
            batch = [pending[position] for position in group]
            ids = torch.tensor([texts[index].ids for index in batch], device=classifier.device)
            inputs = embed(ids).detach()
            scores = method.attribute(
                inputs,
                baselines=torch.stack([baselines[index].embeddings for index in batch]),
                target=torch.tensor([targets[index] for index in batch], device=classifier.device),
                n_steps=steps,
                method="riemann_middle",
                internal_batch_size=max(len(batch), TOKENS_PER_BATCH // ids.shape[1]),
            )
            per_token = scores.sum(dim=-1).detach().float().cpu().numpy()
            for row, index in enumerate(batch):
                delta = completeness_delta(
                    float(per_token[row].sum()), outputs[index], baselines[index].logits[targets[index]]
                )
                results[index] = Explained(merge_words(texts[index], per_token[row]), delta, steps)
                if not delta <= MAX_DELTA:
                    failed.append(index)
        pending = sorted(failed)
        if not pending:
            break
    return [one for one in results if one is not None]


def merge_words(text: Tokenised, per_token: NDArray[np.float32]) -> NDArray[np.float32]:
    """Signed sums of token scores over each word, (words,)."""
    return np.array([per_token[list(word.tokens)].sum() for word in text.words], dtype=np.float32)


def delete_words(text: Tokenised, deleted: Sequence[int]) -> list[int]:
    """Token ids of the text without the words of those positions; never tokenised again."""
    gone = {position for index in deleted for position in text.words[index].tokens}
    return [token for position, token in enumerate(text.ids) if position not in gone]


def occlusion(
    classifier: LoadedClassifier, texts: Sequence[Tokenised], targets: Sequence[int]
) -> list[Explained]:
    """Occlusion by deletion: the drop of the target logit when a word is deleted, per word.

    Captum's feature ablation walks over word indicators; the model sees ids with the words removed, all
    deletions of all texts with the same number of words as rows of the same batches.
    """
    import torch
    from captum.attr import FeatureAblation

    def forward(keep: torch.Tensor, which: torch.Tensor) -> torch.Tensor:
        rows, row_targets = [], []
        for indicators, index in zip(keep.tolist(), which.tolist(), strict=True):
            gone = [word for word, value in enumerate(indicators) if value < 0.5]
            rows.append(delete_words(texts[index], gone))
            row_targets.append(targets[index])
        logits = logits_of_ids(classifier, rows)
        return torch.from_numpy(logits[np.arange(len(rows)), row_targets])

    by_words: dict[int, list[int]] = defaultdict(list)
    for index, text in enumerate(texts):
        by_words[len(text.words)].append(index)
    results = [Explained(np.zeros(0, dtype=np.float32), None, None) for _ in texts]
    method = FeatureAblation(forward)
    for words, indices in by_words.items():
        if words == 0:
            continue
        scores = method.attribute(
            torch.ones(len(indices), words),
            baselines=0.0,
            additional_forward_args=(torch.tensor(indices),),
            perturbations_per_eval=words,
        )
        for row, index in enumerate(indices):
            results[index] = Explained(scores[row].numpy().astype(np.float32), None, None)
    return results


def _shards(context: StageContext) -> list[Shard]:
    rows = context.workbench.execute(
        """
        SELECT e.ref, e.text, e.sha256 FROM example e JOIN selected USING (ref)
        WHERE e.track = ? ORDER BY length(e.text), e.ref
        """,
        [context.track],
    ).fetchall()
    shards = []
    for start in range(0, len(rows), REFS_PER_SHARD):
        part = rows[start : start + REFS_PER_SHARD]
        key = {
            "max_length": token_limit(context),
            "steps": list(STEPS),
            "rows": [[ref, sha256] for ref, _, sha256 in part],
        }
        shards.append(Shard(key, part, len(part)))
    return shards


def _run(context: StageContext, shard: Shard) -> dict[str, pa.Table]:
    refs = [row[0] for row in shard.payload]
    texts = [row[1] for row in shard.payload]
    tokenised = {side: tokenise(context.models.side(side), texts, token_limit(context)) for side in SIDES}
    logits = {
        side: logits_of_ids(context.models.side(side), [one.ids for one in tokenised[side]]) for side in SIDES
    }
    targets = {side: logits[side].argmax(axis=1) for side in SIDES}
    chooser = BaselineChooser({side: context.models.side(side) for side in SIDES})
    chosen = [
        chooser.choose(
            {side: tokenised[side][row] for side in SIDES},
            {side: int(targets[side][row]) for side in SIDES},
        )
        for row in range(len(refs))
    ]
    rows: list[Attribution] = []
    for side in SIDES:
        classifier = context.models.side(side)
        outputs = [float(logits[side][row, targets[side][row]]) for row in range(len(refs))]
        gradients = integrated_gradients(
            classifier,
            tokenised[side],
            [int(target) for target in targets[side]],
            outputs,
            [choice.baseline[side] for choice in chosen],
        )
        deletions = occlusion(classifier, tokenised[side], [int(target) for target in targets[side]])
        for row, ref in enumerate(refs):
            words = tokenised[side][row]
            target = classifier.labels[int(targets[side][row])]
            finite = bool(np.isfinite(logits[side][row]).all())
            baseline = chosen[row].baseline[side]
            status, why = _status(finite, chosen[row].neutral, gradients[row].delta)
            predicted = int(baseline.p.argmax())
            rows.append(
                _attribution(
                    ref,
                    side,
                    INTEGRATED_GRADIENTS,
                    target,
                    words,
                    gradients[row],
                    status,
                    why,
                    baseline=baseline.kind,
                    baseline_class=classifier.labels[predicted],
                    baseline_p=float(baseline.p[predicted]),
                    parameters={
                        "rule": "riemann_middle",
                        "steps": gradients[row].steps,
                        "layer": "input embeddings",
                        "output": "logit",
                        "p_target_at_baseline": float(baseline.p[int(targets[side][row])]),
                        "p_target": chosen[row].p_targets[side],
                    },
                )
            )
            status, why = ("ok", "") if finite else ("not interpretable", "the logits are not numbers")
            rows.append(
                _attribution(
                    ref,
                    side,
                    OCCLUSION,
                    target,
                    words,
                    deletions[row],
                    status,
                    why,
                    parameters={"operator": "deletion of token ids", "unit": "word", "output": "logit"},
                )
            )
    return {"attribution": _arrow(rows)}


def _status(finite: bool, neutral: bool, delta: float | None) -> tuple[str, str]:
    if not finite:
        return "not interpretable", "the logits are not numbers"
    if not neutral:
        return "not interpretable", "no baseline is neutral for both sides"
    if delta is None or not delta <= MAX_DELTA:
        return "not converged", f"completeness delta {delta:.3f} after {STEPS[-1]} steps"
    return "ok", ""


def _attribution(
    ref: str, side: Side, method: str, target: str, words: Tokenised, explained: Explained,
    status: str, why: str, *, parameters: dict[str, Any],
    baseline: str | None = None, baseline_class: str | None = None, baseline_p: float | None = None,
) -> Attribution:  # fmt: skip
    finite = np.nan_to_num(explained.scores, nan=0.0, posinf=0.0, neginf=0.0)
    delta = explained.delta
    return Attribution(
        ref, side, method, target,
        [word.start for word in words.words], [word.end for word in words.words], finite.tolist(),
        baseline, baseline_class, baseline_p,
        None if delta is None or not np.isfinite(delta) else float(delta), explained.steps,
        status, why, json.dumps(parameters, sort_keys=True),
    )  # fmt: skip


def _arrow(rows: Sequence[Attribution]) -> pa.Table:
    columns = {name: [getattr(row, name) for row in rows] for name in Attribution.__slots__}
    types = {"starts": pa.list_(pa.int32()), "ends": pa.list_(pa.int32()), "scores": pa.list_(pa.float32())}
    nullable = {"baseline": pa.string(), "baseline_class": pa.string(), "baseline_p": pa.float64(),
                "completeness_delta": pa.float64(), "steps": pa.int32()}  # fmt: skip
    kinds = {**types, **nullable}
    return pa.table({name: pa.array(values, kinds.get(name)) for name, values in columns.items()})


ATTRIBUTE = Stage("intent.attribution", 1, _shards, _run, costly=True)
