"""Predictions of both sides: float32 logits, top-2 and margin, batched by equal token length.

The states of the layers, from which drift is measured, come from the same forward passes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from analysis.base.records import SIDES, VARIANT, Side
from analysis.base.sql import queries
from analysis.models.batches import batch_tokens, equal_length_batches, in_halves
from analysis.models.blocks import PooledStates, blocks_path
from analysis.models.classifier_pair import classifiers
from analysis.models.passes import counted
from analysis.plugin.stage import PlanContext, RunContext, Shard, Stage
from analysis.text.token_estimate import tokens_of
from analysis.tracks.intent.drift_states import plan_sample, shift_tables
from analysis.tracks.intent.settings import intent_settings

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.models.classifier_pair import ClassifierPair
    from analysis.models.load_classifier import LoadedClassifier

_SQL = queries(__package__, "stages.sql")

ROWS_PER_SHARD = 512
DEFAULT_TOKENS = 512
"""Tokens read of a text where neither the review file nor the models set a limit."""
MOST_REMEMBERED = 1 << 20
"""Tokens of rows that are remembered at most: further ones are computed whenever they are asked."""


def encode(classifier: LoadedClassifier, texts: Sequence[str], max_length: int) -> list[list[int]]:
    """Token ids with special tokens, one list per text, cut at `max_length` tokens."""
    rows = classifier.tokenizer(list(texts), truncation=True, max_length=max_length)["input_ids"]
    return [classifier.readable(row) for row in rows]


def logits_of_ids(classifier: LoadedClassifier, ids: Sequence[Sequence[int]]) -> NDArray[np.float32]:
    """Logits (n, classes) in float32 for rows of token ids; equal rows are computed once (`remembered`)."""
    memory = _MEMORY.get()
    return logits_and_states(classifier, ids)[0] if memory is None else memory.logits(classifier, ids)


class _Memory:
    """What models said of rows of token ids, by model."""

    def __init__(self) -> None:
        self._known: dict[int, dict[tuple[int, ...], NDArray[np.float32]]] = {}
        self._tokens = 0

    def logits(self, classifier: LoadedClassifier, ids: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        known = self._known.setdefault(id(classifier.model), {})
        rows = [tuple(row) for row in ids]
        new = list(dict.fromkeys(row for row in rows if row not in known))
        found = dict(zip(new, logits_and_states(classifier, new)[0], strict=True))
        out = np.zeros((len(rows), len(classifier.labels)), dtype=np.float32)
        for place, row in enumerate(rows):
            out[place] = found[row] if row in found else known[row]
        for row, logits in found.items():
            if self._tokens < MOST_REMEMBERED:
                self._tokens += len(row)
                known[row] = logits
        return out


_MEMORY: ContextVar[_Memory | None] = ContextVar("rows that models were given", default=None)


@contextmanager
def remembered() -> Iterator[None]:
    """Inside, what a model says of a row of token ids is computed once: occlusion and licence delete the same words.

    The models must not change while it is open.
    """
    token = _MEMORY.set(_Memory())
    try:
        yield
    finally:
        _MEMORY.reset(token)


def logits_and_states(
    classifier: LoadedClassifier, ids: Sequence[Sequence[int]], watched: PooledStates | None = None
) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
    """Logits (n, classes) and, from the same forward passes, the pooled states of every layer (n, layers, width).

    Equal rows are computed once. Both are float32; there are no states where none are watched.
    """
    import torch

    distinct: dict[tuple[int, ...], int] = {}
    # A deletion can leave nothing where the tokenizer adds no special tokens.
    where = [distinct.setdefault(tuple(row) or (classifier.empty_id,), len(distinct)) for row in ids]
    rows = list(distinct)
    out = np.zeros((len(rows), len(classifier.labels)), dtype=np.float32)
    states: NDArray[np.float32] | None = None

    def run(batch: list[int]) -> Iterator[tuple[NDArray[np.float32], NDArray[np.float32] | None]]:
        tensor = torch.tensor([rows[index] for index in batch], device=classifier.device)
        mask = torch.ones_like(tensor)
        logits = classifier.model(input_ids=tensor, attention_mask=mask).logits.float().cpu().numpy()
        pooled = [None] * len(batch) if watched is None else watched.taken().cpu().numpy()
        return zip(logits, pooled, strict=True)

    with torch.inference_mode():
        for batch in equal_length_batches(rows, batch_tokens(classifier.device)):
            for row, (logits, pooled) in in_halves(run, batch, "text"):
                out[row] = logits
                if pooled is not None:
                    if states is None:
                        states = np.zeros((len(rows), *pooled.shape), dtype=np.float32)
                    states[row] = pooled
    return out[where], None if states is None else states[where]


def softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Probabilities along the last axis, in float32; a row with a NaN logit is NaN throughout."""
    with np.errstate(invalid="ignore"):
        shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=-1, keepdims=True), dtype=np.float32)


def predict_texts(classifier: LoadedClassifier, texts: Sequence[str], max_length: int) -> NDArray[np.float32]:
    """Logits (n, classes) of one side for texts."""
    return logits_of_ids(classifier, encode(classifier, texts, max_length))


def side_rows(
    refs: Sequence[str],
    side: Side,
    logits: NDArray[np.float32],
    labels: Sequence[str],
    golds: Sequence[str | None],
) -> pa.Table:
    """Rows of the table `intent_side`: top-2, margin (p1 - p2), gold.

    Logits are kept to four decimals and probabilities to six: whoever shows them and whoever counts by them reads
    the same numbers. The label is that of the logits before.

    A row whose logits are not all finite predicts the label `not a number` with probability 0: it is
    wrong, never silently right.
    """
    probabilities = softmax(logits)
    finite: NDArray[np.bool_] = np.isfinite(logits).min(axis=1, initial=True)
    safe = np.where(finite[:, None], probabilities, 0.0)
    order = np.argsort(-safe, axis=1, kind="stable")
    first, second = order[:, 0], order[:, 1]
    rows = np.arange(len(refs))
    kept = np.round(safe.astype(np.float64), P_DECIMALS)
    p, runner_up_p = kept[rows, first], kept[rows, second]
    index_of = {label: index for index, label in enumerate(labels)}
    names = [labels[i] if ok else NOT_A_NUMBER for i, ok in zip(first, finite, strict=True)]
    return pa.table(
        {
            "ref": list(refs),
            "side": [side] * len(refs),
            "label": names,
            "p": p,
            "runner_up": [labels[i] if ok else NOT_A_NUMBER for i, ok in zip(second, finite, strict=True)],
            "runner_up_p": runner_up_p,
            "margin": np.round(p - runner_up_p, P_DECIMALS),
            "p_gold": pa.array(
                [None if gold is None else float(kept[i, index_of[gold]]) for i, gold in enumerate(golds)],
                pa.float64(),
            ),
            "correct": pa.array(
                [None if gold is None else name == gold for gold, name in zip(golds, names, strict=True)],
                pa.bool_(),
            ),
            "logits": pa.array(np.round(logits, LOGIT_DECIMALS).tolist(), pa.list_(pa.float32())),
        }
    )


P_DECIMALS, LOGIT_DECIMALS = 6, 4
"""Decimals of the probabilities and logits that are kept."""
NOT_A_NUMBER = "not a number"
"""The label of a prediction whose logits are not finite."""


def token_limit(context: RunContext) -> int:
    """Tokens of a text that are read on both sides: the declared limit, or the smaller of the models' own."""
    return tokens_read(classifiers(context.models), intent_settings(context.settings).max_length)


def tokens_read(models: ClassifierPair, declared: int | None) -> int:
    """Tokens of a text that are read on both sides, where the review file declares that limit."""
    limits = [models.heads[side].max_positions for side in SIDES]
    return min([limit for limit in (*limits, declared) if limit is not None], default=DEFAULT_TOKENS)


def _plan(context: PlanContext) -> list[Shard]:
    rows = context.workbench.execute(_SQL["messages_to_predict"], {"track": context.track}).fetchall()
    max_length = token_limit(context)
    sampled = set(plan_sample(context))
    shards = []
    for start in range(0, len(rows), ROWS_PER_SHARD):
        part = rows[start : start + ROWS_PER_SHARD]
        kept = [ref for ref, *_ in part if ref in sampled]
        key = {
            "max_length": max_length,
            "rows": [[ref, sha256] for ref, _, _, sha256, _ in part],
            "sampled": kept,
        }
        cost = sum(tokens_of(text, max_length) for _, text, *_ in part)
        shards.append(Shard(key, (part, frozenset(kept)), len(part), cost))
    return shards


def _run(context: RunContext, shard: Shard) -> dict[str, pa.Table]:
    part, sampled = shard.payload
    refs = [row[0] for row in part]
    texts = [row[1] for row in part]
    golds = [row[2] for row in part]
    messages = np.array([row[4] != VARIANT for row in part], dtype=bool)
    limit = token_limit(context)
    planned = len(SIDES) * sum(tokens_of(text, limit) for text in texts)
    models = {side: classifiers(context.models).side(side) for side in SIDES}
    tables = []
    states: dict[Side, NDArray[np.float32]] = {}
    with counted((one.model for one in models.values()), lambda read: context.report(read, planned)):
        for side, classifier in models.items():
            ids = encode(classifier, texts, limit)
            path = blocks_path(classifier.model) if messages.any() else ""
            with PooledStates(classifier.model, path) if path else nullcontext() as watched:
                logits, pooled = logits_and_states(classifier, ids, watched)
            tables.append(side_rows(refs, side, logits, classifier.labels, golds))
            if pooled is not None:
                states[side] = pooled[messages]
    compared = [ref for ref, message in zip(refs, messages, strict=True) if message]
    return {"intent_side": pa.concat_tables(tables), **shift_tables(compared, states, sampled)}


PREDICT = Stage("intent.predict", 3, _plan, _run, asks_models=True)
