"""Prompts -> answers, as Transformers' `generate` makes them, with noise that both sides share.

Prompts of equal token length go through the model together and are never padded, so padding cannot change an
answer. Samples are drawn with noise that depends on the seed and the place alone: the same seed on another
model differs only where the model does (common random numbers with the Gumbel-max rule, Benz et al. 2025,
"Evaluation of Large Language Models via Coupled Token Generation", arXiv:2502.01754).
"""

from __future__ import annotations

import json
import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from analysis.base.errors import AssayError
from analysis.base.forked import Forked
from analysis.base.limited import LimitError
from analysis.base.turns import USER, Prompt, Turn, as_lines
from analysis.models.adapter import adapted_model
from analysis.models.batches import equal_length_batches, in_halves
from analysis.models.load_transformers import (
    RUNNING_ERRORS,
    check_vocabulary,
    load_tokenizer,
    load_whole,
    reason,
)

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

    from analysis.models.generator_config import GeneratorHead

TOKENS_AT_ONCE = {"cuda": 65_536, "cpu": 8_192}
"""Tokens of prompts and answers that are kept in memory at once, by kind of device."""

TEMPLATE_S = 20.0
"""Wall time that a chat template may take for one prompt, on a busy machine; it takes a thousandth of a second."""
TEMPLATE_BYTES = 512 << 20
_FILLERS: weakref.WeakKeyDictionary[PreTrainedTokenizerFast, Forked] = weakref.WeakKeyDictionary()

Ended = Literal["stop", "length"]


def given_text(head: GeneratorHead, tokenizer: PreTrainedTokenizerFast, prompt: Prompt) -> str:
    """What a model is given to answer a prompt, as `LoadedGenerator.given`; needs no weights.

    Raises:
        AssayError: the template cannot be filled in.
    """
    if not head.template:
        return prompt if isinstance(prompt, str) else as_lines(prompt)
    asked = (Turn(USER, prompt),) if isinstance(prompt, str) else prompt
    question = json.dumps([one._asdict() for one in asked]).encode("ascii")
    try:
        answer: dict[str, str] = json.loads(_filler(tokenizer).ask(question))
    except LimitError as error:
        limits = {
            "time": f"it takes more than {TEMPLATE_S:g} seconds",
            "memory": f"it takes more than {TEMPLATE_BYTES >> 20} MB of memory",
            "failed": f"it ended the process that read it: {error}",
        }
        answer = {"why": limits[error.of]}
    if "why" in answer:
        raise AssayError(f"the chat template cannot be filled in: {answer['why']}", where=str(head.tokens))
    return answer["text"]


def token_ids_of(head: GeneratorHead, tokenizer: PreTrainedTokenizerFast, prompt: Prompt) -> list[int]:
    """Token ids of what a model is given to answer a prompt, as `LoadedGenerator.prompt_ids`; needs no weights.

    Raises:
        AssayError: the template cannot be filled in.
    """
    reads: Any = tokenizer
    ids = reads(given_text(head, tokenizer, prompt), add_special_tokens=not head.template)["input_ids"]
    starts = (reads.bos_token_id, reads.eos_token_id, reads.unk_token_id, 0)
    return list(ids) or [next(int(one) for one in starts if one is not None)]


def _filler(tokenizer: PreTrainedTokenizerFast) -> Forked:
    """A copy of this process that fills in a tokenizer's template, which is a program that came with a model."""
    if tokenizer not in _FILLERS:
        _FILLERS[tokenizer] = Forked(
            partial(_filled, weakref.ref(tokenizer)), seconds=TEMPLATE_S, memory=TEMPLATE_BYTES
        )
    return _FILLERS[tokenizer]


def _filled(holder: weakref.ref[PreTrainedTokenizerFast], question: bytes) -> bytes:
    from jinja2 import TemplateError

    tokenizer, turns = holder(), json.loads(question)
    assert tokenizer is not None
    try:
        text = str(tokenizer.apply_chat_template(turns, add_generation_prompt=True, tokenize=False))
        answer = {"text": text}
    except (TemplateError, *RUNNING_ERRORS) as error:
        answer = {"why": reason(error)}
    return json.dumps(answer).encode("ascii")


@dataclass(frozen=True)
class LoadedGenerator:
    """A generator ready to run: float32, evaluation mode, no parameter requires gradients.

    Args:
        head: what its folder says of it.
        model: its `logits` are (n, tokens, vocabulary).
        tokenizer: gives character offsets.
        device: where the model is.
    """

    head: GeneratorHead
    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerFast
    device: str

    def given(self, prompt: Prompt) -> str:
        """What the model is given to answer a prompt: in its chat template, where it has one.

        Turns go through the template as they are; without one they are lines that begin with their role.

        Raises:
            AssayError: the template cannot be filled in.
        """
        return given_text(self.head, self.tokenizer, prompt)

    def prompt_ids(self, prompt: Prompt) -> list[int]:
        """Token ids of what the model is given to answer a prompt.

        Raises:
            AssayError: the template cannot be filled in.
        """
        return token_ids_of(self.head, self.tokenizer, prompt)


@dataclass(frozen=True)
class Answer:
    """What a generator wrote.

    Args:
        ids: tokens of the answer, without the one that ended it.
        logps: natural logarithm of the probability that each was chosen with, after the penalties and, in a
            sample, the limits of the settings: what Transformers calls transition scores.
        text: the tokens as text, without special ones.
        ended: `stop` where the model ended it, `length` where a limit cut it.
    """

    ids: tuple[int, ...]
    logps: tuple[float, ...]
    text: str
    ended: Ended


def load_generator(head: GeneratorHead, folder: Path, device: str) -> LoadedGenerator:
    """Load a whole generator onto `device`, from local safetensors only.

    Raises:
        AssayError: weights that do not fit the architecture, or a device that is not there.
    """
    from transformers import AutoModelForCausalLM

    return _complete(head, load_whole(AutoModelForCausalLM, folder, device), device)


def load_adapted(head: GeneratorHead, folder: Path, base: LoadedGenerator) -> LoadedGenerator:
    """Put an adapter over a loaded generator; the two share every weight that it does not replace.

    Raises:
        AssayError: weights that do not fit the base.
    """
    return _complete(head, adapted_model(folder, base.model, base.device), base.device)


def _complete(head: GeneratorHead, model: PreTrainedModel, device: str) -> LoadedGenerator:
    from transformers import GenerationConfig

    tokenizer = load_tokenizer(head.tokens)
    check_vocabulary(model, tokenizer, head.tokens)
    # `generate` fills what it is not told from here; all that counts is in the head's settings.
    anything: Any = model
    anything.generation_config = GenerationConfig()
    return LoadedGenerator(head, model, tokenizer, device)


def generate_answers(
    generator: LoadedGenerator, prompts: Sequence[Sequence[int]], seeds: Sequence[int] | None = None
) -> list[Answer]:
    """One answer to each prompt: the likeliest token each time, or a sample by its seed.

    A prompt that leaves no room in the model's context is answered with nothing, cut by the limit.

    Args:
        generator: who answers.
        prompts: token ids as `prompt_ids` gives them.
        seeds: one a prompt, from 0 to 2**63 - 1; None for greedy answers.

    Raises:
        AssayError: the device has not enough memory for one answer.
    """
    head = generator.head
    answers = [Answer((), (), "", "length")] * len(prompts)
    room = [room_for(head, len(ids)) for ids in prompts]
    fitting = [index for index in range(len(prompts)) if room[index] > 0]
    # A row costs its whole answer, too, so rows of a batch are counted with that.
    longest = [range(len(prompts[index]) + room[index]) for index in fitting]
    for batch in equal_length_batches(longest, TOKENS_AT_ONCE[generator.device.partition(":")[0]]):
        by_length: dict[int, list[int]] = {}
        for index in (fitting[one] for one in batch):
            by_length.setdefault(len(prompts[index]), []).append(index)
        for rows in by_length.values():
            run = partial(_generate_rows, generator, prompts, seeds, room[rows[0]])
            for row, answer in in_halves(run, rows, "answer"):
                answers[row] = answer
    return answers


def room_for(head: GeneratorHead, length: int) -> int:
    """Tokens that the answer to a prompt of that many may have; 0 or less where there is none."""
    most = head.settings.max_new_tokens
    return most if head.max_positions is None else min(most, head.max_positions - length)


def _generate_rows(
    generator: LoadedGenerator,
    prompts: Sequence[Sequence[int]],
    seeds: Sequence[int] | None,
    room: int,
    rows: list[int],
) -> list[Answer]:
    chosen = None if seeds is None else [seeds[row] for row in rows]
    return _generate(generator, [prompts[row] for row in rows], chosen, room)


def _generate(
    generator: LoadedGenerator, prompts: Sequence[Sequence[int]], seeds: Sequence[int] | None, room: int
) -> list[Answer]:
    import torch
    from transformers import GenerationConfig, LogitsProcessorList

    settings = generator.head.settings
    config = GenerationConfig(
        max_new_tokens=room,
        min_new_tokens=min(settings.min_new_tokens, room) or None,
        do_sample=False,
        num_beams=1,
        repetition_penalty=settings.repetition_penalty,
        no_repeat_ngram_size=settings.no_repeat_ngram_size,
        suppress_tokens=list(settings.suppress_tokens) or None,
        eos_token_id=list(settings.ends) or None,
        pad_token_id=settings.padding,
    )
    ids = torch.tensor([list(row) for row in prompts], device=generator.device)
    choose = _Choose(seeds)
    limits = [] if seeds is None else _limits(generator)
    model: Any = generator.model
    with torch.inference_mode():
        made = model.generate(
            input_ids=ids,
            attention_mask=torch.ones_like(ids),
            generation_config=config,
            logits_processor=LogitsProcessorList([*limits, choose]),
        )
    written = made[:, ids.shape[1] :].tolist()
    logps = torch.stack(choose.logps, dim=1).tolist()
    ends = settings.ends
    return [
        answer_of(generator.tokenizer, ends, row, scores) for row, scores in zip(written, logps, strict=True)
    ]


def answer_of(
    tokenizer: PreTrainedTokenizerFast, ends: Sequence[int], row: list[int], logps: list[float]
) -> Answer:
    """The answer that tokens are, up to the first of those that end one."""
    length = next((place for place, token in enumerate(row) if token in ends), len(row))
    kept = row[:length]
    reads: Any = tokenizer
    text: str = reads.decode(kept, skip_special_tokens=True)
    return Answer(tuple(kept), tuple(logps[:length]), text, "stop" if length < len(row) else "length")


def _limits(generator: LoadedGenerator) -> list[Any]:
    """What narrows a distribution before a sample is drawn, in the order of Transformers."""
    from transformers.generation.logits_process import (
        MinPLogitsWarper,
        TemperatureLogitsWarper,
        TopKLogitsWarper,
        TopPLogitsWarper,
        TypicalLogitsWarper,
    )

    settings = generator.head.settings
    limits: list[Any] = []
    if settings.temperature != 1:
        limits.append(TemperatureLogitsWarper(settings.temperature))
    if settings.top_k:
        limits.append(TopKLogitsWarper(settings.top_k))
    if settings.top_p < 1:
        limits.append(TopPLogitsWarper(settings.top_p))
    if settings.min_p is not None:
        limits.append(MinPLogitsWarper(settings.min_p))
    if settings.typical_p < 1:
        limits.append(TypicalLogitsWarper(settings.typical_p))
    return limits


class _Choose:
    """Chooses the token of each row, the likeliest or a sample, and keeps the log-probability of each.

    It is the last of `generate`'s processors and leaves one token possible.
    """

    def __init__(self, seeds: Sequence[int] | None) -> None:
        self.seeds = seeds
        self.logps: list[torch.Tensor] = []

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        import torch

        logp = torch.log_softmax(scores.float(), dim=-1)
        preferred = logp if self.seeds is None else logp + self._noise(logp)
        token = preferred.argmax(dim=-1, keepdim=True)
        self.logps.append(logp.gather(1, token)[:, 0])
        return torch.full_like(scores, float("-inf")).scatter_(1, token, 0.0)

    def _noise(self, logp: torch.Tensor) -> torch.Tensor:
        """Standard Gumbel noise (rows, vocabulary), float32: of each row by its seed and place alone."""
        import torch

        place = len(self.logps)
        rows = [
            np.random.Generator(
                np.random.Philox(key=np.array([seed, place], dtype=np.uint64))
            ).standard_exponential(logp.shape[1], dtype=np.float32)
            for seed in self.seeds or ()
        ]
        return -torch.log(torch.from_numpy(np.stack(rows))).to(logp.device)
