"""Base and candidate text generator as one object, and what their folders say of them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from analysis.base.records import SIDES, Side
from analysis.models.classifier_pair import tokenizer_rules
from analysis.models.generator_config import GeneratorHead, inspect_generator
from analysis.models.sides import Sides

if TYPE_CHECKING:
    from analysis.models.generation import LoadedGenerator
    from analysis.models.vllm_engine import VllmEngine


class GeneratorPair(Sides):
    """The two generators of a review, loaded when first asked for and kept; none where all is recorded.

    Args:
        folders: the model folder of each side; the candidate may be a PEFT adapter over the base, and both
            may be over `over`.
        device: `cpu`, `cuda` or `cuda:N`.
    """

    def __init__(self, folders: Mapping[str, Path], device: str) -> None:
        super().__init__(folders, device)
        self._loaded: dict[Side, LoadedGenerator] = {}
        self._below: LoadedGenerator | None = None

    @cached_property
    def heads(self) -> dict[Side, GeneratorHead]:
        """What each side says of itself, read without loading it."""
        return {side: self.head(side) for side in self.folders}

    def head(self, side: Side) -> GeneratorHead:
        """What one side says of itself. Raises AssayError."""
        return inspect_generator(self.folders[side], self.below(side))

    @property
    def parameters(self) -> int:
        """Parameters of the larger model, read without loading it; 0 where there is none to run."""
        return max((head.parameters for head in self.heads.values()), default=0)

    @cached_property
    def tokenizers_equal(self) -> bool:
        """Whether both sides split text into the same tokens (padding and truncation set aside)."""
        first, second = (self.heads[side].tokens for side in SIDES)
        return first == second or tokenizer_rules(first) == tokenizer_rules(second)

    def load(self) -> None:
        """Load the models of both sides. Raises AssayError."""
        for side in self.folders:
            self.generator(side)

    def unload(self) -> None:
        """Let go of every model that was loaded; each is loaded anew when it is asked for."""
        self._loaded.clear()
        self._below = None

    @cached_property
    def vllm(self) -> VllmEngine:
        """The engines of vLLM for both sides, started when first asked. Raises AssayError where there is no vLLM."""
        from analysis.models.vllm_engine import VllmEngine

        return VllmEngine(self)

    def generator(self, side: Side) -> LoadedGenerator:
        """The loaded model of one side; an adapter shares the weights of the base. Raises AssayError."""
        from analysis.models.generation import load_adapted, load_generator

        if side not in self._loaded:
            head = self.heads[side]
            if head.adapter:
                loaded = load_adapted(head, self.folders[side], self._whole_below())
            else:
                loaded = load_generator(head, self.folders[side], self.device)
            self._loaded[side] = loaded
        return self._loaded[side]

    def _whole_below(self) -> LoadedGenerator:
        """What adapters go over: the base, or the model that is named."""
        from analysis.models.generation import load_generator

        if self.over is None:
            return self.generator("base")
        if self._below is None:
            self._below = load_generator(inspect_generator(self.over), self.over, self.device)
        return self._below

    def settings(self) -> dict[Side, dict[str, Any]]:
        """How each side makes its answers, as plain data."""
        return {
            side: {**head.settings.as_data(), "chat_template": head.template}
            for side, head in self.heads.items()
        }


def generators(models: Sides) -> GeneratorPair:
    """The sides of a track that is known to compare generators."""
    return cast(GeneratorPair, models)
