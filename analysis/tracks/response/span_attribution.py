"""Why did it say that? A flagged span of the candidate's response, traced back to the words of the prompt.

What is explained is the sum of the log-probabilities of the span's tokens, given the prompt and the response up to
the span, which is held as it is. Layer-wise relevance (`analysis.attribution.relevance`), which leads where its rules
hold for the model; integrated gradients through the embedding layer (Sundararajan, Taly and Yan, 2017) and occlusion by
deletion of words, both through Captum. Gradients and deletion differ in their faults.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa

from analysis.attribution.completeness import completeness_delta
from analysis.attribution.relevance import Rule, relevance_rules
from analysis.attribution.relevance_check import refusal
from analysis.attribution.stored_scores import in_steps
from analysis.base.records import Attribution, MethodSpec
from analysis.base.sql import queries
from analysis.base.turns import PlacedTurn, Turn, placed, prompt_key
from analysis.models.batches import batch_tokens, equal_length_batches
from analysis.models.generator import generators
from analysis.plugin.stage import PlanContext, RunContext, Shard, Stage
from analysis.text.word_spans import Word, words_of_tokens
from analysis.tracks.response.detector_inputs import load_turns
from analysis.tracks.response.likelihood import response_tokens
from analysis.tracks.response.shift import digest

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray

    from analysis.models.generation import LoadedGenerator

LRP, INTEGRATED_GRADIENTS, OCCLUSION = "lrp", "integrated_gradients", "occlusion"
METHODS = (
    MethodSpec(LRP, "layer-wise relevance", "gradient"),
    MethodSpec(INTEGRATED_GRADIENTS, "integrated gradients", "gradient"),
    MethodSpec(OCCLUSION, "occlusion by deletion", "perturbation"),
)
RULE: Rule = "cp"
"""What attention passes on of relevance."""
STEPS = (10, 30, 90, 400)
"""Steps of the midpoint rule: a span takes the first, and the next where it does not add up."""
MAX_DELTA = 0.05
"""Largest completeness delta of an attribution that counts as converged."""
MOST_SPANS = 3
"""Spans of a response that are explained: the first of each detector in turn."""
MOST_TOKENS = 1024
"""Tokens of prompt, response before the span and span; gradients of more need more memory than a span is worth."""
COMMON_WORD = "the"
SPANS_PER_SHARD = 16

_SPANS = queries(__package__, "stages.sql")["spans_to_explain"]


@dataclass(frozen=True)
class Span:
    """What is explained: characters `start` to `end` of a response to a prompt; `turns` where that has any."""

    ref: str
    detector: str
    start: int
    end: int
    prompt: str
    response: str
    turns: tuple[Turn, ...] = ()

    @property
    def target(self) -> str:
        """As it is stored and printed."""
        return f'{self.detector}: "{self.response[self.start : self.end]}"'


class Asked(NamedTuple):
    """A span as the model reads it: ids of what is given, its words by their places there, ids that follow.

    `words` have offsets into the prompt; `before` are the tokens of the response up to the span, `span` its own.
    """

    given: list[int]
    words: list[Word]
    before: list[int]
    span: list[int]

    @property
    def ids(self) -> list[int]:
        return [*self.given, *self.before, *self.span]


class Traced(NamedTuple):
    """Signed scores per word of the prompt: positive makes the span more probable."""

    scores: NDArray[np.float32]
    baseline: str | None = None
    baseline_logp: float | None = None
    delta: float | None = None
    steps: int | None = None


def ask(generator: LoadedGenerator, span: Span) -> Asked:
    """Token ids of a span and its context, and the words of the prompt among them.

    A chat template's own words are no words of the prompt, and are never changed; nor are those of a system prompt,
    which the prompt's text leaves out.
    """
    tokenizer: Any = generator.tokenizer
    filled = generator.given(span.turns or span.prompt)
    encoded = tokenizer(
        filled,
        add_special_tokens=not generator.head.template,
        return_offsets_mapping=True,
        return_special_tokens_mask=True,
    )
    contents = content_places(span, filled)
    offsets, special = [], []
    for mark, (start, end) in zip(encoded["special_tokens_mask"], encoded["offset_mapping"], strict=True):
        inside = next((one for one in contents if start < one.at + one.length and end > one.at), None)
        special.append(int(bool(mark) or inside is None))
        offsets.append((0, 0) if inside is None else inside.in_text(start, end))
    tokens = response_tokens(generator, span.response)
    own = [
        place
        for place, (start, end) in enumerate(zip(tokens.starts, tokens.ends, strict=True))
        if start < span.end and end > span.start
    ]
    first, last = (own[0], own[-1] + 1) if own else (0, 0)
    return Asked(
        list(encoded["input_ids"]),
        words_of_tokens(span.prompt, offsets, special),
        tokens.ids[:first],
        tokens.ids[first:last],
    )


class Content(NamedTuple):
    """Where some characters of a prompt's text, from `start` on, stand in what the model is given: from `at` on."""

    at: int
    length: int
    start: int

    def in_text(self, start: int, end: int) -> tuple[int, int]:
        """Characters `start` to `end` of what is given, as far as they are of it, as characters of the text."""
        return max(0, start - self.at) + self.start, min(end - self.at, self.length) + self.start


def content_places(span: Span, filled: str) -> list[Content]:
    """Where the text of a prompt, or each turn that is in it, stands in what the model is given.

    Turns are found from the last one backwards; one that a template changes or leaves out is nowhere.
    """
    turns = placed(span.turns)[1] if span.turns else [PlacedTurn("", span.prompt, 0, len(span.prompt))]
    found: list[Content] = []
    before = len(filled)
    for turn in reversed(turns):
        # Templates may trim what they are given.
        inner = turn.content.strip()
        at = filled.rfind(inner, 0, before)
        if not inner or at < 0:
            continue
        before = at
        if turn.start is not None:
            skipped = len(turn.content) - len(turn.content.lstrip())
            found.append(Content(at, len(inner), turn.start + skipped))
    return found[::-1]


def relevance(generator: LoadedGenerator, asked: Asked) -> Traced:
    """Relevance of each word of the prompt for the log-probability of the span.

    What is passed back from a token of the span is its logit less the model's mean logit, each weighed by its
    probability: the part of a log-probability that is linear in the logits.
    """
    import torch

    model: Any = generator.model
    ids = torch.tensor([asked.ids], device=generator.device)
    span = torch.tensor(asked.span, device=generator.device)
    given = model.get_input_embeddings()(ids).detach().requires_grad_()
    with relevance_rules(generator.model, RULE):
        logp = _span_logp(model, span, inputs_embeds=given)
        (gradient,) = torch.autograd.grad(logp.sum(), given)
    per_token = (given.detach() * gradient).sum(dim=-1)[0].float().cpu().numpy()
    return Traced(_per_word(asked, per_token))


def _per_word(asked: Asked, per_token: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.array([per_token[list(word.tokens)].sum() for word in asked.words], dtype=np.float32)


def integrated_gradients(generator: LoadedGenerator, asked: Asked) -> Traced:
    """Integrated gradients of the span's log-probability, per word of the prompt.

    The path starts where every word of the prompt is a common one. The response up to the span and the words of
    a template are the same at both ends, and receive exactly zero.
    """
    import torch
    from captum.attr import LayerIntegratedGradients

    model: Any = generator.model
    count = len(asked.span)
    kind, neutral = neutral_ids(generator, asked)
    ids, baseline = (torch.tensor([row], device=generator.device) for row in (asked.ids, neutral))
    span = torch.tensor(asked.span, device=generator.device)

    def forward(given: torch.Tensor) -> torch.Tensor:
        return _span_logp(model, span, input_ids=given)

    with torch.no_grad():
        output, at_baseline = (float(forward(row)[0]) for row in (ids, baseline))
    method = LayerIntegratedGradients(forward, model.get_input_embeddings())
    traced = Traced(np.zeros(0, dtype=np.float32))
    for steps in STEPS:
        scores = method.attribute(
            ids,
            baselines=baseline,
            n_steps=steps,
            method="riemann_middle",
            internal_batch_size=max(1, batch_tokens(generator.device) // (len(asked.ids) + count)),
        )
        per_token = scores.sum(dim=-1)[0].detach().float().cpu().numpy()
        delta = completeness_delta(float(per_token.sum()), output, at_baseline)
        traced = Traced(_per_word(asked, per_token), kind, at_baseline, delta, steps)
        if delta <= MAX_DELTA:
            break
    return traced


def occlusion(generator: LoadedGenerator, asked: Asked) -> Traced:
    """The drop of the span's log-probability when a word of the prompt is deleted from the token ids."""
    import torch
    from captum.attr import FeatureAblation

    def forward(keep: torch.Tensor) -> torch.Tensor:
        rows = []
        for indicators in keep.tolist():
            gone = {
                place
                for word, kept in zip(asked.words, indicators, strict=True)
                if not kept
                for place in word.tokens
            }
            rows.append([token for place, token in enumerate(asked.ids) if place not in gone])
        return torch.tensor(span_logps(generator, rows, asked.span))

    count = len(asked.words)
    scores = FeatureAblation(forward).attribute(
        torch.ones(1, count), baselines=0.0, perturbations_per_eval=count
    )
    return Traced(scores[0].numpy().astype(np.float32))


def span_logps(
    generator: LoadedGenerator, rows: Sequence[Sequence[int]], span: Sequence[int]
) -> NDArray[np.float32]:
    """Sum of the log-probabilities of the last tokens of each row, which are the span's, (rows,)."""
    import torch

    found = np.zeros(len(rows), dtype=np.float32)
    last = torch.tensor(list(span), device=generator.device)
    with torch.inference_mode():
        for batch in equal_length_batches(rows, batch_tokens(generator.device)):
            ids = torch.tensor([list(rows[index]) for index in batch], device=generator.device)
            found[batch] = _span_logp(generator.model, last, input_ids=ids).cpu().numpy()
    return found


def _span_logp(model: Any, span: torch.Tensor, **given: torch.Tensor) -> torch.Tensor:
    """Sum of the log-probabilities of `span` at the end of each row of what is given, (rows,), float32.

    Given are the ids of the tokens or their embeddings, by the model's own name of the argument.
    """
    import torch

    count = len(span)
    few = "logits_to_keep" in inspect.signature(model.forward).parameters
    logits = model(**given, use_cache=False, **({"logits_to_keep": count + 1} if few else {})).logits
    logs = torch.log_softmax(logits[:, -count - 1 : -1].float(), dim=-1)
    return logs.gather(-1, span.expand(len(logs), count)[..., None]).sum(dim=(1, 2))


def neutral_ids(generator: LoadedGenerator, asked: Asked) -> tuple[str, list[int]]:
    """The ids with a common word, or the end of one, in the place of every token of the prompt's words.

    Ordinary tokens have an embedding that was trained. Padding often has none: of zeros, where the gradient of a
    normalising layer has no bound and no number of steps adds up.
    """
    tokenizer: Any = generator.tokenizer
    pieces = tokenizer(f" {COMMON_WORD}", add_special_tokens=False)["input_ids"]
    ids = list(asked.ids)
    for word in asked.words:
        for place in word.tokens:
            ids[place] = pieces[-1]
    return COMMON_WORD if len(pieces) == 1 else f"last piece of {COMMON_WORD!r}", ids


def trace(generator: LoadedGenerator, span: Span) -> list[Attribution]:
    """Rows of the table `attribution` of one span, one a method."""
    asked = ask(generator, span)
    limit = min(MOST_TOKENS, generator.head.max_positions or MOST_TOKENS)
    refused = ""
    if not asked.words:
        refused = "the prompt has no words of its own in what the model is given"
    elif not asked.span:
        refused = "no token of the response belongs to the span"
    elif len(asked.ids) > limit:
        refused = f"the span ends at token {len(asked.ids):,}, and at most {limit:,} are explained"
    rows = []
    nothing = Traced(np.zeros(len(asked.words), dtype=np.float32))
    for method, explain in EXPLAIN.items():
        why = refused or (refusal(generator.model) if method == LRP else "")
        rows.append(_row(span, asked, method, nothing if why else explain(generator, asked), why))
    return rows


EXPLAIN = {LRP: relevance, INTEGRATED_GRADIENTS: integrated_gradients, OCCLUSION: occlusion}
"""How each method traces a span."""


def _row(span: Span, asked: Asked, method: str, traced: Traced, refused: str) -> Attribution:
    status, why = "ok", ""
    if refused or not np.isfinite(traced.scores).all():
        status, why = "not interpretable", refused or "the log-probabilities are not numbers"
    elif traced.delta is not None and not traced.delta <= MAX_DELTA:
        status, why = "not converged", f"completeness delta {traced.delta:.3f} after {traced.steps} steps"
    parameters: dict[str, Any] = {
        "output": "sum of the log-probabilities of the span's tokens",
        "span": [span.start, span.end],
        "tokens": len(asked.span),
    }
    if method == OCCLUSION:
        parameters |= {"operator": "deletion of token ids", "unit": "word"}
    elif method == LRP:
        parameters |= {"variant": RULE, "layer": "input embeddings"}
    else:
        parameters |= {"rule": "riemann_middle", "steps": traced.steps, "layer": "input embeddings"}
    at_baseline = traced.baseline_logp
    return Attribution(
        span.ref, "candidate", method, span.target,
        [word.start for word in asked.words], [word.end for word in asked.words], in_steps(traced.scores).tolist(),
        traced.baseline, None,
        # The mean probability of the span's tokens at the baseline, geometrically.
        None if at_baseline is None else float(np.exp(at_baseline / len(asked.span))),
        traced.delta, traced.steps, status, why, json.dumps(parameters, sort_keys=True),
    )  # fmt: skip


def _plan(context: PlanContext) -> list[Shard]:
    if not context.models:
        return []
    rows = context.workbench.execute(_SPANS, {"most": MOST_SPANS}).fetchall()
    turns = load_turns(context.workbench)
    spans = [replace(Span(*row), turns=turns.get(row[0], ())) for row in rows]
    shards = []
    for start in range(0, len(spans), SPANS_PER_SHARD):
        part = spans[start : start + SPANS_PER_SHARD]
        key = {
            "steps": list(STEPS),
            "most_tokens": MOST_TOKENS,
            "spans": [
                [
                    one.ref,
                    one.detector,
                    one.start,
                    one.end,
                    digest(prompt_key(one.turns or one.prompt), one.response),
                ]
                for one in part
            ],
        }
        shards.append(Shard(key, part, len(part)))
    return shards


def _run(context: RunContext, shard: Shard) -> dict[str, pa.Table]:
    candidate = generators(context.models).generator("candidate")
    rows = [row for span in shard.payload for row in trace(candidate, span)]
    types = {
        "starts": pa.list_(pa.int32()),
        "ends": pa.list_(pa.int32()),
        "scores": pa.list_(pa.float32()),
        "baseline_p": pa.float64(),
        "completeness_delta": pa.float64(),
        "steps": pa.int32(),
    }
    return {
        "attribution": pa.table(
            {
                name: pa.array([getattr(row, name) for row in rows], types.get(name, pa.string()))
                for name in Attribution.__slots__
            }
        )
    }


SPAN_ATTRIBUTION = Stage("response.span_attribution", 3, _plan, _run, costly=True)
