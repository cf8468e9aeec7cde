"""What the steps of a comparison of generators will take, by what some answers take on this machine.

An answer is made one token after the other; of one that is there all tokens are read at once. How many answers are
flagged nobody knows yet: about one span of each that is looked at is explained.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from analysis.base.records import SIDES
from analysis.models.generator import generators
from analysis.models.scaled_adapter import SCALES
from analysis.models.trial import duration, trying
from analysis.plugin.expected import Expected, shards_of
from analysis.tracks.response.adapter_scaling import DOSE_RESPONSE, MOST_PROMPTS, why_no_doses
from analysis.tracks.response.generate import GENERATE, PROMPTS_PER_SHARD, SAMPLES
from analysis.tracks.response.likelihood import Continued, along, response_tokens
from analysis.tracks.response.settings import response_settings
from analysis.tracks.response.shift import RESPONSES_PER_SHARD, SHIFT, why_not
from analysis.tracks.response.span_attribution import SPAN_ATTRIBUTION, SPANS_PER_SHARD
from analysis.tracks.response.trial import try_generators

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.data.examples import Examples
    from analysis.models.generator import GeneratorPair
    from analysis.models.sides import Sides
    from analysis.plugin.settings import Review, TrackSettings

SPAN_READINGS = 40
"""About how often a span's text is read to explain it: by ten steps with gradients, each worth two, and without each
word; a third of the spans take more steps."""
TIMED = 8
"""Texts whose reading is timed."""


def expected_steps(
    models: Sides, examples: Examples, settings: TrackSettings, review: Review
) -> dict[str, Expected]:
    """What the steps will take that ask models, by name; none where there are none.

    Raises:
        AssayError: a model fails on a prompt.
    """
    if not models:
        return {}
    pair, recorded = generators(models), _recorded(examples)
    prompts = [row.text for row in examples.evaluation_rows()]
    answer_s = try_generators(models, examples) / len(SIDES)
    queue = review.queue
    wanted = -(-queue.budget // len(review.tracks)) + queue.controls
    selected = len(prompts) if queue.attribute == "all" else min(len(prompts), wanted)
    steps = {}
    if response_settings(settings).generates:
        answers = len(prompts) * (1 + SAMPLES)
        steps[GENERATE.name] = Expected(
            len(prompts),
            len(SIDES) * answer_s * answers / len(prompts),
            shards_of(len(prompts), PROMPTS_PER_SHARD),
        )
    else:
        answer_s *= _share_of_longest(pair, recorded)
    if not why_not(models):
        read_s = _read_s(pair, prompts, recorded or prompts)
        answers = len(SIDES) * selected
        steps[SHIFT.name] = Expected(answers, read_s, shards_of(answers, RESPONSES_PER_SHARD))
        steps[SPAN_ATTRIBUTION.name] = Expected(
            selected, SPAN_READINGS * read_s / len(SIDES), shards_of(selected, SPANS_PER_SHARD)
        )
    if not why_no_doses(models):
        flagged = min(MOST_PROMPTS, selected)
        steps[DOSE_RESPONSE.name] = Expected(flagged * len(SCALES), answer_s, len(SCALES))
    return steps


def foretell(models: Sides, examples: Examples, settings: TrackSettings, review: Review) -> list[str]:
    """What all answers will take at most, a line; none where they are recorded. Raises AssayError."""
    steps = expected_steps(models, examples, settings, review)
    if GENERATE.name not in steps:
        return []
    answers = len(examples.evaluation_rows()) * (1 + SAMPLES)
    return [
        f"time      {duration(steps[GENERATE.name].seconds)} at most to make {answers:,} answers of each side, "
        f"one at a time (on {models.device}); prompts of one length are answered together"
    ]


def _recorded(examples: Examples) -> list[str]:
    """Some of the answers that were recorded."""
    side = examples.payload.get("response_side")
    texts = [text for text in side["text"].to_pylist() if text] if side is not None else []
    return texts[:: max(1, len(texts) // TIMED)][:TIMED]


def _share_of_longest(pair: GeneratorPair, answers: Sequence[str]) -> float:
    """How long answers are, as a share of the longest that the candidate may give."""
    candidate = pair.generator("candidate")
    tokens = [len(response_tokens(candidate, text).ids) for text in answers]
    return sum(tokens) / max(1, len(tokens)) / candidate.head.settings.max_new_tokens


def _read_s(pair: GeneratorPair, prompts: Sequence[str], answers: Sequence[str]) -> float:
    """Seconds that both sides take to read a prompt with an answer."""
    sides = {side: pair.generator(side) for side in SIDES}
    rows = [
        Continued(
            {side: sides[side].prompt_ids(prompt) for side in SIDES}, response_tokens(sides["base"], text).ids
        )
        for prompt, text in zip(prompts, answers[:TIMED], strict=False)
    ]
    with trying(pair.folders["candidate"], "read some answers beside the base"):
        started = time.monotonic()
        along(sides, rows)
        return (time.monotonic() - started) / len(rows)
