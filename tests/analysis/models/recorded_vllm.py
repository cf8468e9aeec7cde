"""vLLM's interface as its documentation had it in November 2026, as far as Assay uses it, over Transformers.

It takes no argument that was not recorded, returns what vLLM's `RequestOutput` holds, and leaves the token that ended
an answer where vLLM leaves it: at the end.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

import pytest

from analysis.models.generation import generate_answers, load_adapted, load_generator
from analysis.models.generator_config import inspect_generator


@dataclass
class SamplingParams:
    temperature: float = 1.0
    top_p: float = 1.0
    top_k: int = 0
    min_p: float = 0.0
    seed: int | None = None
    repetition_penalty: float = 1.0
    stop_token_ids: list[int] | None = None
    ignore_eos: bool = False
    max_tokens: int | None = 16
    min_tokens: int = 0
    logprobs: int | None = None
    detokenize: bool = True
    logit_bias: dict[int, float] | None = None


@dataclass
class LoRARequest:
    lora_name: str
    lora_int_id: int
    lora_path: str


@dataclass
class Logprob:
    logprob: float


@dataclass
class CompletionOutput:
    token_ids: tuple[int, ...]
    logprobs: list[dict[int, Logprob]]
    finish_reason: str | None


@dataclass
class RequestOutput:
    outputs: list[CompletionOutput]


class LLM:
    """The engine; `started` are those of a test, `wrong` is what their log-probabilities are wrong by."""

    started: ClassVar[list[LLM]] = []
    wrong: ClassVar[float] = 0.0

    def __init__(
        self,
        *,
        model: str,
        skip_tokenizer_init: bool,
        trust_remote_code: bool,
        load_format: str,
        generation_config: str,
        dtype: str,
        seed: int,
        enable_prefix_caching: bool,
        logprobs_mode: str,
        gpu_memory_utilization: float,
        max_model_len: int | None,
        enable_lora: bool = False,
        max_loras: int = 1,
        max_lora_rank: int = 16,
    ) -> None:
        assert skip_tokenizer_init
        assert not trust_remote_code
        assert not enable_prefix_caching
        assert (load_format, generation_config) == ("safetensors", "vllm")
        assert logprobs_mode == "processed_logprobs"
        assert 0 < gpu_memory_utilization < 1
        self.model, self.adapters = Path(model), enable_lora
        self.passes: list[str | None] = []
        self.started.append(self)

    def generate(
        self,
        prompts: list[dict[str, list[int]]],
        sampling_params: list[SamplingParams],
        *,
        use_tqdm: bool,
        lora_request: LoRARequest | None,
    ) -> list[RequestOutput]:
        self.passes.append(lora_request and lora_request.lora_name)
        base = load_generator(inspect_generator(self.model), self.model, "cpu")
        generator = base
        if lora_request is not None:
            assert self.adapters
            folder = Path(lora_request.lora_path)
            generator = load_adapted(inspect_generator(folder, self.model), folder, base)
        return [
            RequestOutput([self._one(generator, one["prompt_token_ids"], asked)])
            for one, asked in zip(prompts, sampling_params, strict=True)
        ]

    def _one(self, generator: Any, ids: list[int], asked: SamplingParams) -> CompletionOutput:
        assert asked.ignore_eos
        assert asked.logprobs == 0
        assert not asked.detokenize
        settings = replace(
            generator.head.settings, max_new_tokens=asked.max_tokens, ends=tuple(asked.stop_token_ids or ())
        )
        limited = replace(generator, head=replace(generator.head, settings=settings))
        assert (asked.temperature == 0) == (asked.seed is None)
        (answer,) = generate_answers(limited, [ids], None if asked.seed is None else [asked.seed])
        stopped = answer.ended == "stop"
        tokens = (*answer.ids, *(settings.ends[:1] if stopped else ()))
        logps = (*answer.logps, *([0.0] if stopped else ()))
        return CompletionOutput(
            tokens,
            [{token: Logprob(logp + self.wrong)} for token, logp in zip(tokens, logps, strict=True)],
            "stop" if stopped else "length",
        )


def install(monkeypatch: pytest.MonkeyPatch) -> type[LLM]:
    """Put the recording where vLLM would be."""
    package, lora, request = (ModuleType(name) for name in ("vllm", "vllm.lora", "vllm.lora.request"))
    found: Any = package
    found.LLM, found.SamplingParams = LLM, SamplingParams
    named: Any = request
    named.LoRARequest = LoRARequest
    for module in (package, lora, request):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(LLM, "started", [])
    monkeypatch.setattr(LLM, "wrong", 0.0)
    return LLM
