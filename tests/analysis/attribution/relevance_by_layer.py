"""Relevance of a one-layer BERT-like classifier, handed back layer by layer, in double precision.

Written from the papers (Ali et al., 2022; Achtibat et al., 2024) without any gradient: each step shares the relevance
of what it computed among what it was computed from.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]


def _weights(module: Any) -> tuple[Numbers, Numbers]:
    return module.weight.detach().double().numpy(), module.bias.detach().double().numpy()


def _linear(given: Numbers, module: Any) -> Numbers:
    weight, bias = _weights(module)
    return np.einsum("ti,ji->tj", given, weight) + bias


def _through_linear(given: Numbers, module: Any, relevance: Numbers) -> Numbers:
    """R_i = sum over j of x_i w_ji / z_j R_j."""
    weight, _ = _weights(module)
    return np.einsum("ti,ji,tj->ti", given, weight, relevance / _linear(given, module))


def _norm(given: Numbers, module: Any) -> tuple[Numbers, Numbers]:
    """What LayerNorm gives, and the constant by which it multiplies each centred number."""
    weight, bias = _weights(module)
    scale = weight / np.sqrt(given.var(axis=1, keepdims=True) + module.eps)
    return (given - given.mean(axis=1, keepdims=True)) * scale + bias, scale


def _through_norm(given: Numbers, module: Any, relevance: Numbers) -> Numbers:
    """R_i = sum over j of x_i (1[i = j] - 1/n) scale_j / y_j R_j."""
    output, scale = _norm(given, module)
    size = given.shape[1]
    centre = np.eye(size) - 1 / size
    return np.einsum("ti,ij,tj->ti", given, centre, scale * relevance / output)


def _gelu(given: Numbers) -> Numbers:
    from scipy.special import erf

    return given * 0.5 * (1 + erf(given / np.sqrt(2)))


def _heads(given: Numbers, heads: int) -> Numbers:
    """(tokens, width) -> (heads, tokens, width of a head)"""
    return given.reshape(len(given), heads, -1).transpose(1, 0, 2)


def _flat(given: Numbers) -> Numbers:
    return given.transpose(1, 0, 2).reshape(given.shape[1], -1)


def _through_attention(
    query: Numbers, key: Numbers, value: Numbers, relevance: Numbers, rule: str
) -> tuple[Numbers, Numbers, Numbers]:
    """Relevance of queries, keys and values, each (heads, tokens, width of a head)."""
    scores = np.einsum("hid,hjd->hij", query, key) / np.sqrt(query.shape[2])
    weights = np.exp(scores - scores.max(axis=2, keepdims=True))
    weights /= weights.sum(axis=2, keepdims=True)
    share = relevance / np.einsum("hij,hjd->hid", weights, value)
    to_value = np.einsum("hij,hjd,hid->hjd", weights, value, share)
    if rule == "cp":
        return np.zeros_like(query), np.zeros_like(key), to_value
    to_weights = np.einsum("hij,hjd,hid->hij", weights, value, share) / 2
    to_scores = scores * (to_weights - weights * to_weights.sum(axis=2, keepdims=True))
    each = np.einsum("hid,hjd,hij->hijd", query, key, to_scores / scores) / np.sqrt(query.shape[2]) / 2
    return each.sum(axis=2), each.sum(axis=1), to_value / 2


def relevance_by_layer(model: Any, embeddings: Numbers, target: int, rule: str) -> Numbers:
    """Relevance of each number of the word embeddings (tokens, width) for the logit of a class, same shape."""
    bert, heads = model.bert, model.config.num_attention_heads
    table, layer = bert.embeddings, bert.encoder.layer[0]
    attention, output = layer.attention, layer.output
    added = table.position_embeddings.weight[: len(embeddings)] + table.token_type_embeddings.weight[0]
    summed = embeddings + added.detach().double().numpy()
    given, _ = _norm(summed, table.LayerNorm)
    parts = [
        _heads(_linear(given, one), heads)
        for one in (attention.self.query, attention.self.key, attention.self.value)
    ]
    scores = np.einsum("hid,hjd->hij", parts[0], parts[1]) / np.sqrt(parts[0].shape[2])
    weights = np.exp(scores) / np.exp(scores).sum(axis=2, keepdims=True)
    mixed = _flat(np.einsum("hij,hjd->hid", weights, parts[2]))
    attended = _linear(mixed, attention.output.dense)
    first = attended + given
    middle, _ = _norm(first, attention.output.LayerNorm)
    raised = _linear(middle, layer.intermediate.dense)
    lowered = _linear(_gelu(raised), output.dense)
    second = lowered + middle
    last, _ = _norm(second, output.LayerNorm)
    pooled = np.tanh(_linear(last[:1], bert.pooler.dense))
    logits = _linear(pooled, model.classifier)

    back = np.zeros_like(logits)
    back[0, target] = logits[0, target]
    back = _through_linear(pooled, model.classifier, back)
    at_last = np.zeros_like(last)
    at_last[:1] = _through_linear(last[:1], bert.pooler.dense, back)
    back = _through_norm(second, output.LayerNorm, at_last)
    to_raised = _through_linear(_gelu(raised), output.dense, back * lowered / second)
    at_middle = back * middle / second + _through_linear(middle, layer.intermediate.dense, to_raised)
    back = _through_norm(first, attention.output.LayerNorm, at_middle)
    to_mixed = _through_linear(mixed, attention.output.dense, back * attended / first)
    to_parts = _through_attention(*parts, _heads(to_mixed, heads), rule)
    at_given = back * given / first
    for module, one in zip(
        (attention.self.query, attention.self.key, attention.self.value), to_parts, strict=True
    ):
        at_given = at_given + _through_linear(given, module, _flat(one))
    back = _through_norm(summed, table.LayerNorm, at_given)
    return back * embeddings / summed
