"""One prompt through both generators, as the stages will answer all of them."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from analysis.base.records import SIDES
from analysis.models.generator import generators
from analysis.models.trial import trying
from analysis.tracks.response.detector_inputs import turns_by_ref

if TYPE_CHECKING:
    from analysis.base.turns import Prompt
    from analysis.data.examples import Examples
    from analysis.models.sides import Sides

_TOKENS = 4
"""Tokens of the answer that is made on trial."""


def try_generators(models: Sides, examples: Examples) -> float:
    """Answer the first prompt with both sides, a few tokens long.

    Returns:
        Seconds that one whole answer of each side takes at most, by what those tokens took.

    Raises:
        AssayError: a model that cannot be loaded, or fails on the prompt.
    """
    from analysis.models.generation import generate_answers

    if not models:
        return 0.0
    pair = generators(models)
    turns = turns_by_ref(
        (row["ref"], row["role"], row["text"]) for row in examples.payload["response_turn"].to_pylist()
    )
    first = examples.rows[0]
    prompt: Prompt = turns.get(first.ref, first.text)
    seconds = 0.0
    for side in SIDES:
        generator = pair.generator(side)
        most = generator.head.settings.max_new_tokens
        short = replace(generator.head.settings, max_new_tokens=min(_TOKENS, most))
        tried = replace(generator, head=replace(generator.head, settings=short))
        with trying(models.folders[side], "answer one prompt"):
            started = time.monotonic()
            generate_answers(tried, [generator.prompt_ids(prompt)])
        seconds += (time.monotonic() - started) / short.max_new_tokens * most
    return seconds
