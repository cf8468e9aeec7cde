"""What `assay check` says of two generators."""

from __future__ import annotations

from analysis.base.problems import Problem, attempt
from analysis.base.records import SIDES
from analysis.models.generator import generators
from analysis.models.generator_config import GeneratorHead
from analysis.models.preflight import sound_heads
from analysis.models.sides import Sides


def check_generators(models: Sides, problems: list[Problem]) -> list[str]:
    """Read the heads of both generators; what is wrong is added to `problems`.

    Returns:
        What a reader should know of them, a line each.
    """
    if not models:
        return ["models    none: responses are recorded, and nothing is said of why the candidate gave them"]
    pair = generators(models)
    notes: list[str] = []
    heads: list[GeneratorHead] = []
    for side, head, digest in sound_heads(pair, problems):
        heads.append(head)
        notes.append(f"{side:<10}{_described(head)}, sha256 {digest[:12]}")
        notes += [f"{'':<10}{note}" for note in head.notes]
    if len(heads) < len(SIDES):
        return notes
    base, candidate = heads
    if base.settings != candidate.settings:
        notes.append("settings  of the sides differ; each answers with its own, as it would when deployed")
    if base.template != candidate.template:
        notes.append("prompts   go through a chat template on one side only")
    if attempt(lambda: pair.tokenizers_equal, problems) is False:
        notes.append("tokenizer differs between the sides: no token is compared with the other side's")
    return notes


def _described(head: GeneratorHead) -> str:
    over = f"{head.adapter} adapter over " if head.adapter else ""
    limit = "" if head.max_positions is None else f", {head.max_positions:,} positions"
    return (
        f"{over}{head.architecture}, {head.parameters:,} parameters{limit}, "
        f"answers of at most {head.settings.max_new_tokens:,} tokens"
    )
