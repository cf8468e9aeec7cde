"""What `assay check` says of two generators."""

from __future__ import annotations

from functools import partial

from analysis.base.errors import AssayError
from analysis.base.problems import Problem, attempt
from analysis.base.records import SIDES
from analysis.base.turns import USER, Prompt
from analysis.data.examples import Examples
from analysis.models.digest import folder_digest
from analysis.models.files import stored_dtype
from analysis.models.generator import generators
from analysis.models.generator_config import GeneratorHead, inspect_generator
from analysis.models.preflight import sound_heads
from analysis.models.sides import Sides
from analysis.tracks.response.artefact import BATCH, PROMPTS, unlike, why_not
from analysis.tracks.response.behaviour_leads import learned_leads, model_leads
from analysis.tracks.response.detector_inputs import turns_by_ref
from analysis.tracks.response.settings import TRANSFORMERS, ResponseSettings


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


def check_engine(models: Sides, settings: ResponseSettings, problems: list[Problem]) -> list[str]:
    """Whether the engine that is to answer is there and does what both sides ask; what is wrong is added to `problems`.

    Returns:
        A line that names an engine other than Transformers.
    """
    if settings.engine == TRANSFORMERS:
        return []
    from analysis.models.vllm_engine import is_installed, refusals

    where = settings.where("engine")
    if not (models and settings.generates):
        problems.append(Problem("engine answers nothing: the responses are recorded", where, "leave it out"))
        return []
    if not is_installed():
        problems.append(Problem("vLLM is not installed", where, "pip install 'assay-review[vllm]'"))
    for side, head, _ in sound_heads(generators(models), []):
        problems.extend(
            Problem(f"vLLM does not do what the {side} asks for: {why}", where, "leave the engine out")
            for why in refusals(head)
        )
    return ["engine    vLLM, once its first answers are those of Transformers"]


def check_turns(examples: Examples, models: Sides) -> None:
    """Fill the chat template of each side with one prompt of each sequence of roles; templates may refuse some.

    Raises:
        AssayError: the first sequence that a template refuses, with the line of the first prompt that has it.
    """
    if not models:
        return
    from analysis.models.generation import given_text
    from analysis.models.load_transformers import load_tokenizer

    firsts: dict[tuple[str, ...], tuple[str, Prompt]] = {}
    turns = turns_by_ref(
        (row["ref"], row["role"], row["text"]) for row in examples.payload["response_turn"].to_pylist()
    )
    for row in examples.rows:
        prompt = turns.get(row.ref, row.text)
        roles = (USER,) if isinstance(prompt, str) else tuple(one.role for one in prompt)
        firsts.setdefault(roles, (row.ref, prompt))
    for side, head in generators(models).heads.items():
        if not head.template:
            continue
        tokenizer = load_tokenizer(head.tokens)
        for roles, (ref, prompt) in firsts.items():
            try:
                given_text(head, tokenizer, prompt)
            except AssayError as error:
                raise AssayError(
                    f"turns of {', '.join(roles)} do not fit the {side}'s model: {error.message}",
                    where=f"{examples.source}:{examples.lines[ref]}",
                    hint="recorded responses to them can be reviewed without models",
                ) from error


def check_deployed(models: Sides, settings: ResponseSettings, problems: list[Problem]) -> list[str]:
    """Read the head of the form that will be served; what is wrong with it is added to `problems`.

    Returns:
        What a reader should know of it and of what comparing it costs, a line each; nothing where none is given.
    """
    notes: list[str] = []
    if not models or not settings.forms:
        return notes
    folder = settings.deployed
    before = len(problems)
    head = attempt(lambda: inspect_generator(folder), problems) if folder else None
    candidate = attempt(lambda: generators(models).head("candidate"), [])
    if folder is not None and head is not None and candidate is not None:
        stored = attempt(
            lambda: f"stored as {stored_dtype(folder)}, sha256 {folder_digest(folder)[:12]}", problems
        )
        notes.append(f"deployed  {_described(head)}, {stored}")
        why = attempt(lambda: why_not(models, settings), problems)
        if why:
            notes.append(f"{'':<10}{why}: response.artefact will be unknown")
        if differs := unlike(candidate, head):
            notes.append(f"{'':<10}answers otherwise than the candidate: {'; '.join(differs)}")
    if len(problems) == before:
        notes.append(
            f"deployed  up to {PROMPTS} prompts are answered {(BATCH + 4) * len(settings.forms)} times more to "
            "compare it, with one more model in memory"
        )
    return notes


def check_leads(settings: ResponseSettings, problems: list[Problem]) -> list[str]:
    """Read the heads of the models that leads are made with; what is wrong is added to `problems`.

    Returns:
        What a reader should know of them, a line each.
    """
    from analysis.tracks.response.leads.encoder import check_encoder
    from analysis.tracks.response.leads.model import ModelLead, check_model_lead

    notes: list[str] = []
    for name, section in model_leads(settings).items():
        lead = ModelLead(name, section, settings.where("detector", name))
        notes += attempt(partial(check_model_lead, lead), problems) or []
    for name, (learned, _) in learned_leads(settings).items():
        if learned.encoder is not None:
            notes += attempt(partial(check_encoder, name, learned.encoder), problems) or []
    return [f"lead      {note}" for note in notes]


def _described(head: GeneratorHead) -> str:
    over = f"{head.adapter} adapter over " if head.adapter else ""
    limit = "" if head.max_positions is None else f", {head.max_positions:,} positions"
    return (
        f"{over}{head.architecture}, {head.parameters:,} parameters{limit}, "
        f"answers of at most {head.settings.max_new_tokens:,} tokens"
    )
