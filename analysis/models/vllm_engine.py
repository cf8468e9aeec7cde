"""Answers of both generators by vLLM, for models that Transformers takes too long to answer by; an optional extra.

It keeps the contract of `analysis.models.generation`: token ids in, `Answer` out, with the same settings and limits,
and log-probabilities after penalties and, in a sample, the limits. One engine runs a whole model; an adapter over it
answers in a second pass of the same engine. Prefixes are not cached, so that what is said of a prompt does not depend
on what was asked before. A sample is drawn by its own seed, which both sides share.

It is believed of a side only after a test: its likeliest answers to some prompts must be those of Transformers.

Source of the interface: vLLM's documentation and `vllm.SamplingParams` as of November 2026. It was not run against vLLM
itself, which could not be installed, but against a recording of that interface (`tests/analysis/models/recorded_vllm`).
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from analysis.base.errors import AssayError
from analysis.models.adapter import ADAPTER_CONFIG
from analysis.models.files import read_json
from analysis.models.generation import Answer, answer_of, generate_answers, room_for, token_ids_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from transformers import PreTrainedTokenizerFast

    from analysis.base.records import Side
    from analysis.base.turns import Prompt
    from analysis.models.generation import LoadedGenerator
    from analysis.models.generator_config import GeneratorHead

NAME = "vllm"
WHERE = "engine"
"""Key of a review file that asks for it."""
TESTED_PROMPTS, TESTED_TOKENS = 4, 16
"""Of the first prompts that a side is asked, and of each answer, what is compared with Transformers."""
NEAR = 0.05
"""Largest difference of two log-probabilities of one token; and where the tokens differ, how near a tie they were."""
MEMORY = 0.8
"""Share of the device's memory that the engines take together."""
NEVER = -100.0
"""What vLLM adds to the score of a token that is never to be written, at the most."""
RANKS = (8, 16, 32, 64, 128, 256, 320, 512)
"""Ranks of adapters that vLLM has room for."""


def refusals(head: GeneratorHead) -> list[str]:
    """What a side asks for that vLLM does not do as Transformers does."""
    settings = head.settings
    why = []
    if settings.no_repeat_ngram_size:
        why.append("no_repeat_ngram_size")
    if settings.typical_p < 1:
        why.append("typical_p")
    if head.adapter not in ("", "LORA"):
        why.append(f"adapters of type {head.adapter}")
    return why


def is_installed() -> bool:
    """Whether vLLM is there; it is not imported."""
    return importlib.util.find_spec("vllm") is not None


@dataclass(frozen=True)
class _Known:
    """What is kept of a side once it is believed: how it reads and writes, and the adapter that its passes name."""

    head: GeneratorHead
    tokenizer: PreTrainedTokenizerFast
    adapter: Any


class Generators(Protocol):
    """What an engine asks of the pair of generators that it answers for."""

    device: str

    @property
    def folders(self) -> Mapping[Side, Path]:
        """Where each side lies."""

    @property
    def heads(self) -> Mapping[Side, GeneratorHead]:
        """What each side says of itself."""

    def generator(self, side: Side) -> LoadedGenerator:
        """One side, loaded by Transformers."""

    def unload(self) -> None:
        """Let go of what was loaded."""


class VllmEngine:
    """The engines of a pair of generators, started when first asked.

    Args:
        pair: the generators; Transformers loads each once, for the test, and lets it go.

    Raises:
        AssayError: vLLM is not installed, or a device that it cannot be told.
    """

    def __init__(self, pair: Generators) -> None:
        if pair.device.partition(":")[2] not in ("", "0"):
            raise AssayError(
                f"vLLM takes the first device that it sees, and the review names {pair.device}",
                where="review.device",
                hint='set CUDA_VISIBLE_DEVICES, and device = "cuda"',
            )
        self._vllm = _imported()
        self._pair = pair
        self._running: dict[Path, Any] = {}
        self._known: dict[Side, _Known] = {}

    def answer(
        self, side: Side, prompts: Sequence[Prompt], seeds: Sequence[int]
    ) -> tuple[list[Answer], list[Answer]]:
        """The likeliest answer to each prompt, and samples of each, as many as there are seeds for it.

        Raises:
            AssayError: the engine does not start, or does not answer as Transformers does.
        """
        if side not in self._known:
            self._known[side] = self._believed(side, prompts)
        known = self._known[side]
        ids = [token_ids_of(known.head, known.tokenizer, prompt) for prompt in prompts]
        repeated = [row for row in ids for _ in range(len(seeds) // len(prompts))]
        return self._ask(known, ids, None), self._ask(known, repeated, seeds)

    def _believed(self, side: Side, prompts: Sequence[Prompt]) -> _Known:
        """Start the engine of a side and hold it against Transformers. Raises AssayError."""
        generator = self._pair.generator(side)
        head = generator.head
        short = replace(
            head,
            settings=replace(head.settings, max_new_tokens=min(TESTED_TOKENS, head.settings.max_new_tokens)),
        )
        asked = [generator.prompt_ids(prompt) for prompt in prompts[:TESTED_PROMPTS]]
        right = generate_answers(replace(generator, head=short), asked)
        tokenizer = generator.tokenizer
        # Both in memory at once would be twice what the model takes.
        del generator
        self._pair.unload()
        folder = self._pair.folders[side]
        adapter = self._vllm.adapter(side, len(self._known) + 1, folder) if head.adapter else None
        self._start(head, folder)
        found = self._ask(_Known(short, tokenizer, adapter), asked, None)
        for number, (ours, theirs) in enumerate(zip(right, found, strict=True)):
            if why := difference(ours, theirs):
                raise AssayError(
                    f"vLLM does not answer as Transformers does: of the answer to prompt {number + 1}, {why}",
                    where=str(folder),
                    hint='leave out engine = "vllm", or try another version of vLLM',
                )
        return _Known(head, tokenizer, adapter)

    def _start(self, head: GeneratorHead, folder: Path) -> None:
        if head.whole in self._running:
            return
        wholes = {one.whole for one in self._pair.heads.values()}
        ranks = [
            int(read_json(self._pair.folders[side] / ADAPTER_CONFIG).get("r", RANKS[0]))
            for side, one in self._pair.heads.items()
            if one.adapter and one.whole == head.whole
        ]
        try:
            self._running[head.whole] = self._vllm.engine(
                head.whole, MEMORY / len(wholes), head.max_positions, max(ranks, default=None)
            )
        except Exception as error:
            # vLLM raises whatever its parts raise, and starts processes that raise more.
            said = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise AssayError(
                f"vLLM cannot run this model: {said}", where=str(folder), hint='leave out engine = "vllm"'
            ) from error

    def _ask(
        self, known: _Known, prompts: Sequence[Sequence[int]], seeds: Sequence[int] | None
    ) -> list[Answer]:
        """As `generate_answers`: a prompt that leaves no room is answered with nothing."""
        answers = [Answer((), (), "", "length")] * len(prompts)
        room = [room_for(known.head, len(ids)) for ids in prompts]
        fitting = [number for number in range(len(prompts)) if room[number] > 0]
        written = self._vllm.written(
            self._running[known.head.whole],
            [list(prompts[number]) for number in fitting],
            [
                self._vllm.params(known.head, room[number], None if seeds is None else seeds[number])
                for number in fitting
            ],
            known.adapter,
        )
        for number, (ids, logps, stopped) in zip(fitting, written, strict=True):
            answer = answer_of(known.tokenizer, known.head.settings.ends, ids, logps)
            # A token that ends an answer may be left out of it.
            answers[number] = replace(answer, ended="stop") if stopped else answer
        return answers


def difference(ours: Answer, theirs: Answer) -> str:
    """Where two answers differ by more than rounding, in words; empty where they do not.

    Where two tokens were as likely as each other, either may be written, and what follows says nothing.
    """
    for place, (mine, other) in enumerate(zip(ours.ids, theirs.ids, strict=False)):
        apart = abs(ours.logps[place] - theirs.logps[place])
        if apart > NEAR:
            return (
                f"token {place + 1} has the log-probability {theirs.logps[place]:.3f} and not "
                f"{ours.logps[place]:.3f}"
            )
        if mine != other:
            return ""
    if len(ours.ids) != len(theirs.ids) or ours.ended != theirs.ended:
        return f"{len(theirs.ids)} tokens were written and not {len(ours.ids)}"
    return ""


class _Vllm:
    """vLLM's own interface, as far as it is used."""

    def __init__(self, module: Any, lora: Any) -> None:
        self._module, self._lora = module, lora

    def engine(self, whole: Path, memory: float, positions: int | None, rank: int | None) -> Any:
        """An engine for a whole model and, where there is a rank, for adapters over it."""
        adapters = {}
        if rank is not None:
            room = next((one for one in RANKS if one >= rank), rank)
            adapters = {"enable_lora": True, "max_loras": 1, "max_lora_rank": room}
        return self._module.LLM(
            model=str(whole),
            skip_tokenizer_init=True,
            trust_remote_code=False,
            load_format="safetensors",
            generation_config="vllm",
            dtype="float32",
            seed=0,
            enable_prefix_caching=False,
            logprobs_mode="processed_logprobs",
            gpu_memory_utilization=memory,
            max_model_len=positions,
            **adapters,
        )

    def adapter(self, name: str, number: int, folder: Path) -> Any:
        """What a pass names its adapter by."""
        return self._lora.LoRARequest(name, number, str(folder))

    def params(self, head: GeneratorHead, room: int, seed: int | None) -> Any:
        """How one answer is made; greedy without a seed."""
        settings = head.settings
        drawn = {"temperature": 0.0}
        if seed is not None:
            drawn = {
                "temperature": settings.temperature,
                "top_k": settings.top_k,
                "top_p": settings.top_p,
                "min_p": settings.min_p or 0.0,
                "seed": seed,
            }
        return self._module.SamplingParams(
            max_tokens=room,
            min_tokens=min(settings.min_new_tokens, room),
            repetition_penalty=settings.repetition_penalty,
            stop_token_ids=list(settings.ends) or None,
            ignore_eos=True,
            logit_bias=dict.fromkeys(settings.suppress_tokens, NEVER) or None,
            logprobs=0,
            detokenize=False,
            **drawn,
        )

    def written(
        self, engine: Any, prompts: list[list[int]], params: list[Any], adapter: Any
    ) -> list[tuple[list[int], list[float], bool]]:
        """Tokens, their log-probabilities, and whether the model ended it, of each prompt."""
        outputs = engine.generate(
            [{"prompt_token_ids": ids} for ids in prompts],
            sampling_params=params,
            lora_request=adapter,
            use_tqdm=False,
        )
        made = []
        for output in outputs:
            (one,) = output.outputs
            ids = list(one.token_ids)
            logps = [place[token].logprob for token, place in zip(ids, one.logprobs, strict=True)]
            made.append((ids, logps, one.finish_reason == "stop"))
        return made


def _imported() -> _Vllm:
    try:
        return _Vllm(importlib.import_module("vllm"), importlib.import_module("vllm.lora.request"))
    except ImportError as error:
        raise AssayError(
            "vLLM is not installed", where=WHERE, hint="pip install 'assay-review[vllm]'"
        ) from error
